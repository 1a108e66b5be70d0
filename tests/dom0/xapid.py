# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests of xapid in a Dom0 share: a daemon on this host's Xen, guests
to start on it, and what `xl` says of them. tests/xapi/daemon.py has the rest."""
import json
import os
import select
import socket
import subprocess
import sys
import time
import tty

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "tests/xapi"))
os.environ.setdefault("XAPID", os.path.join(TOP, "build/bin/xapid"))

from daemon import Daemon, Failure, Session, equal, failed, fails  # noqa: E402,F401

GUESTS = os.path.join(TOP, "build/guests")
NOBODY = "OpaqueRef:NULL"
MIB = 1 << 20
QUICK = "quiet mitigations=off cryptomgr.notests"


def record(name, mib=8, **more):
    """What VM.create wants; the tiny guest unless MORE says otherwise."""
    mem = str(mib * MIB)
    return dict({
        "name_label": name, "name_description": "", "user_version": "1", "is_a_template": False,
        "affinity": NOBODY, "memory_static_max": mem, "memory_dynamic_max": mem, "memory_dynamic_min": mem,
        "memory_static_min": mem, "VCPUs_params": {}, "VCPUs_max": "1", "VCPUs_at_startup": "1",
        "actions_after_shutdown": "destroy", "actions_after_reboot": "restart", "actions_after_crash": "restart",
        "PV_bootloader": "", "PV_kernel": GUESTS + "/tiny", "PV_ramdisk": "", "PV_args": "",
        "PV_bootloader_args": "", "PV_legacy_args": "", "HVM_boot_policy": "", "HVM_boot_params": {},
        "platform": {}, "PCI_bus": "", "other_config": {}, "recommendations": ""}, **more)


def linux(name, kind, ip, **more):
    """The Linux guest of the lab, as a PV or PVH guest."""
    args = {"pv": "console=hvc0 quiet cryptomgr.notests",
            "pvh": f"console=hvc0 {QUICK} pci=noearly tsc_early_khz=2500000"}[kind]
    return record(name, {"pv": 128, "pvh": 160}[kind], **dict({
        "domain_type": kind, "PV_kernel": GUESTS + "/vmlinux", "PV_ramdisk": GUESTS + "/guest.initrd",
        "PV_args": f"{args} dom0kit.name={name} ip={ip}/24"}, **more))


def run(*words, check=True):
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if check and done.returncode:
        raise AssertionError(f"{' '.join(words)}: {done.stderr or done.stdout}")
    return done.stdout


def domains():
    """As xl lists them, Dom0 left out, and those whose memory Xen still frees: name -> its row."""
    return {d["name"]: d for d in json.loads(run("xl", "list", "--format", "json")) if d["id"] and "d" not in d["state"]}


def until(true, seconds=60):
    """Seconds of a quiet machine; a busy one gets more of them."""
    end = time.monotonic() + seconds * 8
    while not true():
        if time.monotonic() > end:
            raise AssertionError("it did not come to be")
        time.sleep(0.2)


# Seconds without a word: a firmware and a kernel boot in 30 on a quiet machine.
SILENCE = 1200


class Shell:
    """What comes from a guest's serial line, and its shell; those who know how
    to read and to say are below."""

    def __init__(self):
        self.got = b""

    def until(self, text):
        """All up to TEXT and with it."""
        while text not in self.got:
            more = self.read()
            if not more:
                raise AssertionError(f"it ended, after {self.got!r}")
            self.got += more
        at = self.got.index(text) + len(text)
        before, self.got = self.got[:at], self.got[at:]
        return before

    def prompt(self):
        """What is typed before it comes may get lost."""
        self.say("\n")
        self.until(b"guest# ")

    def ask(self, command):
        """What COMMAND prints, which has to succeed. (Its echo is broken into
        lines wherever the guest likes, and cannot be the markers.)"""
        self.prompt()
        self.say(f'echo "be"gins; {command}; echo "do"ne-$?-\n')
        self.until(b"begins\r\n")
        said, status = self.until(b"done-").decode().replace("\r", ""), self.until(b"-")
        equal(status, b"0-")
        return said[:-len("done-")].strip()


class Console(Shell):
    """CONNECT /console over the daemon's socket, WHICH as ref=... or uuid=..."""

    def __init__(self, daemon, which, session=None):
        super().__init__()
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(SILENCE)
        self.socket.connect(daemon.socket)
        query = which + (f"&session_id={session}" if session else "")
        self.say(f"CONNECT /console?{query} HTTP/1.0\r\n\r\n")
        self.status = int(self.until(b"\r\n\r\n").split()[1])

    def read(self):
        return self.socket.recv(65536)

    def ended(self):
        """Nothing more comes, and the server has closed it."""
        while self.read():
            pass
        return True

    def say(self, text):
        self.socket.sendall(text.encode())

    def close(self):
        self.socket.close()


class Line(Shell):
    """The same line by its pty, without a daemon."""

    def __init__(self, domid, node="console/tty"):
        super().__init__()
        path = run("xenstore-read", f"/local/domain/{domid}/{node}").strip()
        self.fd = os.open(path, os.O_RDWR | os.O_NOCTTY)
        tty.setraw(self.fd)

    def read(self):
        if not select.select([self.fd], [], [], SILENCE)[0]:
            raise AssertionError(f"it is silent, after {self.got!r}")
        return os.read(self.fd, 65536)

    def say(self, text):
        os.write(self.fd, text.encode())


def tests(*fns, options=()):
    """Each with one daemon, which they share; exits 1 when one fails."""
    bad = 0
    daemon = Daemon("--hv", "libxl", *options)
    for fn in fns:
        began = time.monotonic()
        try:
            fn(daemon)
            print(f"ok: {fn.__doc__} ({time.monotonic() - began:.1f} s)", flush=True)
        except Exception:  # a test's failure is one line and why
            bad += 1
            failed("FAILED:", fn)
            for domain in domains().values():
                run("xl", "destroy", str(domain["id"]))
    if bad:
        print("".join("# " + line + "\n" for line in daemon.said().splitlines()[-60:]))
        daemon.kill()
    else:
        daemon.stop()
    sys.exit(bad > 0)
