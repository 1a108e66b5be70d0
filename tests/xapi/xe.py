#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""xe: connections, the generated commands of every class, errors, --minimal,
and that each side of the protocol stands what the other may send."""
import os
import socket
import struct
import subprocess
import threading

from daemon import ROOT, Session, equal, run
from vm import record

XE = os.path.join(ROOT, "build/bin/xe")
BANNER = b"XenSource thin CLI protocol" + struct.pack("<II", 0, 2)


class Xe:
    """xe(words) gives status, stdout, stderr."""

    def __init__(self, daemon):
        self.env = {"XE_SOCKET": daemon.socket, "HOME": daemon.dir, "PATH": os.environ["PATH"]}

    def __call__(self, *words, stdin="", **env):
        p = subprocess.run([XE, *words], capture_output=True, text=True, timeout=60, env={**self.env, **env}, input=stdin,
                           cwd=self.env["HOME"])
        return p.returncode, p.stdout, p.stderr

    def out(self, *words):
        status, out, err = self(*words)
        equal((status, err), (0, ""))
        return out


def shapes(daemon):
    """records, params=, --minimal and filters as xe prints them"""
    xe, s = Xe(daemon), Session(daemon)
    ref = s.network.create({"name_label": "a,b\\c", "name_description": "d", "other_config": {"k": "v", "x": "y"},
                            "tags": ["t1", "t2"], "MTU": "1500"})
    uuid = s.network.get_uuid(ref)
    equal(xe.out("network-list"),
          f"uuid ( RO)                : {uuid}\n"
          "          name-label ( RW): a,b\\c\n"
          "    name-description ( RW): d\n"
          "              bridge ( RO): xapi0\n\n\n")
    equal(xe.out("network-list", "params=bridge,uuid"), f"uuid ( RO)      : {uuid}\n    bridge ( RO): xapi0\n\n\n")
    equal(xe.out("network-list", "params=name-label", "--minimal"), "a\\,b\\\\c\n")
    equal(xe.out("network-list", "bridge=none"), "")
    equal(xe.out("network-list", "bridge=none", "--minimal"), "\n")
    equal(xe.out("network-list", "other-config:k=v", "tags:contains=t2", "--minimal"), uuid + "\n")
    equal(xe.out("network-list", "other-config:k=w", "--minimal"), "\n")
    equal(xe.out("network-param-get", "uuid=" + uuid, "param-name=other-config"), "k: v; x: y\n")
    equal(xe.out("network-param-get", "uuid=" + uuid, "param-name=other-config", "param-key=x"), "y\n")
    equal(xe.out("network-param-get", "uuid=" + uuid, "param-name=tags"), "t1, t2\n")
    lines = xe.out("network-param-list", "uuid=" + uuid).splitlines()
    equal([line.split(": ")[0].strip() for line in lines if line][:3], ["uuid ( RO)", "name-label ( RW)", "name-description ( RW)"])
    equal(len({line.index(": ") for line in lines if line}), 1)


def templates(daemon):
    """vm-list, template-list and snapshot-list show each their own, in their own way"""
    xe, s = Xe(daemon), Session(daemon)
    record = {"name_label": "t", "name_description": "", "user_version": "1", "is_a_template": True, "affinity": "",
              "memory_target": "0", "memory_static_max": str(64 << 20), "memory_dynamic_max": str(64 << 20),
              "memory_dynamic_min": str(64 << 20), "memory_static_min": str(64 << 20), "VCPUs_params": {}, "VCPUs_max": "1",
              "VCPUs_at_startup": "1", "actions_after_shutdown": "destroy", "actions_after_reboot": "restart",
              "actions_after_crash": "destroy", "PV_bootloader": "", "PV_kernel": "", "PV_ramdisk": "", "PV_args": "",
              "PV_bootloader_args": "", "PV_legacy_args": "", "HVM_boot_policy": "", "HVM_boot_params": {}, "platform": {},
              "PCI_bus": "", "other_config": {}, "recommendations": ""}
    template = s.VM.get_uuid(s.VM.create(record))
    vm = s.VM.create(dict(record, is_a_template=False, name_label="v"))
    snapshot = s.VM.get_uuid(s.VM.snapshot(vm, "s"))
    equal(xe.out("template-list", "name-label=t"), f"uuid ( RO)                : {template}\n          name-label ( RW): t\n"
                                   "    name-description ( RW): \n\n\n")
    equal(xe.out("vm-list", "name-label=v"), f"uuid ( RO)           : {s.VM.get_uuid(vm)}\n     name-label ( RW): v\n"
                                             "    power-state ( RO): halted\n\n\n")
    equal([line.split(" (")[0].strip() for line in xe.out("snapshot-list").splitlines() if line],
          ["uuid", "name-label", "name-description", "is-vmss-snapshot"])
    equal(xe.out("snapshot-list", "--minimal"), snapshot + "\n")


def changes(daemon):
    """param-set, -add, -remove and -clear"""
    xe, s = Xe(daemon), Session(daemon)
    pool = xe.out("pool-list", "--minimal").strip()
    ref = s.pool.get_by_uuid(pool)
    s.pool.set_other_config(ref, {})
    equal(xe.out("pool-param-set", "uuid=" + pool, "name-label=p", "other-config:a=1", "other-config-b=2"), "")
    equal((s.pool.get_name_label(ref), s.pool.get_other_config(ref)), ("p", {"a": "1", "b": "2"}))
    xe.out("pool-param-add", "uuid=" + pool, "param-name=other-config", "c=3", "d=4")
    xe.out("pool-param-remove", "uuid=" + pool, "param-name=other-config", "param-key=a")
    equal(s.pool.get_other_config(ref), {"b": "2", "c": "3", "d": "4"})
    xe.out("pool-param-clear", "uuid=" + pool, "param-name=other-config")
    equal(s.pool.get_other_config(ref), {})
    equal(xe("pool-param-remove", "uuid=" + pool, "param-name=other-config", "param-key=a"),
          (1, "", "Error: Key a is not in map\n"))
    xe.out("pool-param-set", "uuid=" + pool, "ha-allow-overcommit=yes")
    equal(s.pool.get_ha_allow_overcommit(ref), True)
    status, _, err = xe("pool-param-set", "uuid=" + pool, "ha-allow-overcommit=maybe")
    equal((status, err.startswith("Error: ")), (1, True))
    status, _, err = xe("pool-param-set", "uuid=" + pool, "master=x")
    equal((status, err), (1, "Error: Field 'master' is read-only\n"))
    # sets as a whole, by commas; what has no setter is refused
    net = s.network.create({"name_label": "n", "name_description": "", "other_config": {}, "MTU": "1500"})
    equal(xe.out("network-param-set", "uuid=" + s.network.get_uuid(net), "tags=a,b"), "")
    equal(sorted(s.network.get_tags(net)), ["a", "b"])
    status, _, err = xe("network-param-set", "uuid=" + s.network.get_uuid(net), "tags:a=b")
    equal((status, err.startswith("Error: Field 'tags' is a set")), (1, True))
    # words of enums: xe's and the API's, in any case; numbers
    vm = s.VM.create(record("w"))
    uuid = "uuid=" + s.VM.get_uuid(vm)
    xe.out("vm-param-set", uuid, "actions-after-crash=core dump and Destroy", "actions-after-shutdown=RESTART", "domain-type=pv-in-pvh",
           "HVM-shadow-multiplier=2.5")
    equal((s.VM.get_actions_after_crash(vm), s.VM.get_actions_after_shutdown(vm), s.VM.get_domain_type(vm),
           s.VM.get_HVM_shadow_multiplier(vm)), ("coredump_and_destroy", "restart", "pv_in_pvh", 2.5))
    equal(xe.out("vm-list", uuid, "params=actions-after-shutdown,actions-after-crash,domain-type"),
          "actions-after-shutdown ( RW)    : Restart\n       actions-after-crash ( RW): Core dump and destroy\n"
          "               domain-type ( RW): pv-in-pvh\n\n\n")
    equal(xe("vm-param-set", uuid, "actions-after-reboot=restrat"),
          (1, "", "Did you mean 'restart'?\nError: actions-after-reboot: 'restrat' is none of: destroy, restart\n"))
    status, _, err = xe("vm-param-set", uuid, "HVM-shadow-multiplier=x")
    equal((status, err.startswith("Error: ")), (1, True))
    host = xe.out("host-list", "params=allowed-operations", "--minimal")
    equal(("VM.start" in host, "vm_start" in host), (True, False))
    # all keys of it in one call
    vm = s.VM.create(record("a"))
    words = "uuid=" + s.VM.get_uuid(vm), "bios-strings:bios-vendor=Acme", "name-label=b", "bios-strings:bios-version=2"
    equal(xe.out("vm-param-set", *words), "")
    strings = s.VM.get_bios_strings(vm)
    equal((s.VM.get_name_label(vm), strings["bios-vendor"], strings["bios-version"]), ("b", "Acme", "2"))
    equal(xe.out("vm-is-bios-customized", words[0]), "This VM is BIOS-customized.\n")
    equal(xe("vm-param-set", *words)[0], 1)
    equal(xe("vm-param-set", words[0], "bios-strings=x")[::2], (1, "Error: Field 'bios-strings' is read-only\n"))


def errors(daemon):
    """what is said of what is wrong, and the exit status"""
    xe = Xe(daemon)
    run_help = "For usage run: 'xe help'\n"
    equal(xe("nothing-here"), (1, "", "Unknown command: nothing-here\n" + run_help))
    equal(xe("vm-lst"), (1, "", "Did you mean 'vm-list'?\nUnknown command: vm-lst\n" + run_help))
    equal(xe("vm-param-list"), (1, "", "Required parameter not found: uuid\n" + run_help))
    status, out, err = xe("vm-param-list", "uuid=none")
    equal((status, out, err.splitlines()[1:]), (1, "", ["type: VM", "uuid: none"]))
    equal(xe("host-list", "nonsense=1"), (1, "", "Error: Unknown field 'nonsense'\n"))
    equal(xe("vm-list", "-x"), (1, "", "Syntax error: Unknown switch: -x\n" + run_help))
    equal(xe("a=b"), (1, "", "Syntax error: a command is wanted first\n" + run_help))
    equal(xe("vm-list", "name-label=a\nb"), (1, "", "Error: 'name-label=a\nb': a word cannot have line breaks\n"))
    equal(xe("-s")[0], 1)
    equal(xe()[0], 0)
    equal(xe("-version"), (0, "ThinCLI protocol: 0.2\n", ""))
    equal(xe("host-list", XE_SOCKET="/nowhere")[0], 1)
    # no other database is looked into, and this one is not shown in its place
    equal(xe("vm-list", "database:filename=x")[:2], (1, ""))
    # who has read enough is no error to tell
    p = subprocess.run(f"{XE} help --all | :", shell=True, capture_output=True, env=xe.env, timeout=60)
    equal(p.stderr, b"")


def connections(daemon):
    """TCP with a password, XE_EXTRA_ARGS, ~/.xe, a password file"""
    xe = Xe(daemon)
    host = xe.out("host-list", "--minimal")
    tcp = ["-s", "127.0.0.1", "-p", str(daemon.port), "--nossl"]
    equal(xe(*tcp, "-u", "root", "-pw", "secret", "host-list", "--minimal"), (0, host, ""))
    equal(xe("host-list", "--minimal", XE_EXTRA_ARGS=f"server=localhost,port={daemon.port},nossl=true,password=secret"),
          (0, host, ""))
    equal(xe(*tcp, "-pw", "wrong", "host-list"), (1, "", "Authentication failed\nFor usage run: 'xe help'\n"))
    equal(xe(*tcp, "-u", "", "host-list"), (1, "", "Username/password must be specified\nFor usage run: 'xe help'\n"))
    passwords = os.path.join(daemon.dir, "passwords")
    with open(passwords, "w") as f:
        f.write("root\nsecret\n")
    equal(xe(*tcp, "-pwf", passwords, "host-list", "--minimal"), (0, host, ""))
    with open(os.path.join(daemon.dir, ".xe"), "w") as f:
        f.write(f"server=127.0.0.1\nport={daemon.port}\n\nnossl=true\nusername=root\npassword=secret\n")
    equal(xe("host-list", "--minimal"), (0, host, ""))
    # who may read may not write
    s = Session(daemon)
    bob = s.subject.create({"subject_identifier": "bob", "other_config": {}})
    for r in s.subject.get_roles(bob):
        s.subject.remove_from_roles(bob, r)
    s.subject.add_to_roles(bob, s.role.get_by_name_label("read-only")[0])
    pool = xe.out("pool-list", "--minimal").strip()
    as_bob = [*tcp, "-u", "bob", "-pw", "b0b"]
    equal(xe(*as_bob, "pool-list", "--minimal"), (0, pool + "\n", ""))
    status, _, err = xe(*as_bob, "pool-param-set", "uuid=" + pool, "name-label=x")
    equal((status, "pool.set_name_label" in err), (1, True))


def helps(daemon):
    """help, of all commands and of each"""
    xe = Xe(daemon)
    names = xe.out("help", "--minimal", "--all").strip().split(",")
    equal(("vm-list" in names, "vm-param-add" in names, len(names) > 250), (True, True, True))
    text = xe.out("help", *names)
    equal(text.count("command name"), len(names))
    equal(xe.out("help", "snapshot-revert").splitlines()[:3],
          ["command name            : snapshot-revert", "        reqd params     : ", "        optional params : snapshot-uuid, uuid"])
    equal(", tags, tags:contains," in xe.out("help", "vm-list"), True)
    equal(xe("help", "nothing"), (0, "Unknown command 'nothing'\n", ""))
    # every class lists, in each way
    for name in names:
        if name.endswith("-list") and "params, database:" in xe.out("help", name):
            xe.out(name)
            xe.out(name, "params=all", "--all")
            xe.out(name, "--minimal")


def stands(daemon):
    """clients that say nothing, nonsense, or go away do no harm"""
    def talk(*parts):
        s = socket.socket(socket.AF_UNIX)
        s.connect(daemon.socket)
        for part in parts:
            s.sendall(part)
        return s

    body = b"host-list\n"
    head = b"POST /cli HTTP/1.0\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    kept = [talk(head), talk(head, b"XenSource"), talk(head[:20])]
    talk(head).close()
    talk(head, BANNER).close()
    s = talk(head, b"GET / HTTP/1.0\r\n\r\n" + b"x" * 100)
    s.settimeout(60)
    while s.recv(1000):  # ended at once, not when it is tired of waiting
        pass
    equal(Xe(daemon)("host-list")[0], 0)
    for s in kept:
        s.close()


def hears(daemon):
    """what a server may send to xe: errors, prompts, files, nonsense"""
    xe = Xe(daemon)
    path = os.path.join(daemon.dir, "server")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()
    heard = []

    def text(t):
        return struct.pack("<I", len(t)) + t.encode()

    def message(*parts):
        body = b"".join(struct.pack("<I", p) if isinstance(p, int) else text(p) for p in parts)
        return struct.pack("<I", len(body)) + body

    def serve(data, banner):
        s = listener.accept()[0]
        got = b""
        while b"password=null" not in got:
            got += s.recv(65536)
        heard.append(got)
        s.sendall(banner)
        if banner == BANNER:
            s.recv(len(BANNER), socket.MSG_WAITALL)
        s.sendall(data)
        s.shutdown(socket.SHUT_WR)
        answer = b""
        while part := s.recv(65536):
            answer += part
        heard.append(answer)
        s.close()

    def with_server(data, *words, banner=BANNER):
        heard.clear()
        t = threading.Thread(target=serve, args=(data, banner))
        t.start()
        result = xe(*words, XE_SOCKET=path)
        t.join()
        return result

    leave = message(9, 4, 7)
    equal(with_server(message(9, 0, "out") + message(9, 16, "err\n") + leave, "vm-list", "a=b"), (7, "out\n", "err\n"))
    equal(heard[0].split(b"\r\n\r\n")[1].split(b"\n"), [b"vm-list", b"a=b", b"username=root", b"password=null"])
    equal(with_server(message(9, 14, "CODE", 2, "x", "y") + leave, "vm-list"),
          (7, "", "Error code: CODE\nError parameters: x, y\n"))
    secret = os.path.join(daemon.dir, "file")
    with open(secret, "w") as f:
        f.write("content")
    equal(with_server(message(9, 1, secret) + leave, "x", "file=" + secret)[0], 7)
    equal(heard[1], message(10, 5) + message(11, 7, 7) + b"content" + message(11, 8))
    status, _, err = with_server(message(9, 1, secret) + leave, "x")
    equal((heard[1], err), (message(10, 6), f"Operation failed. Error: File not permitted: {secret}\n"))
    for nonsense in (b"\xff\xff\xff\xff", message(9), message(9, 99, "x"), message(3, 0, "x"), struct.pack("<IIII", 12, 9, 0, 1000)):
        status, _, err = with_server(nonsense, "x")
        equal((status, err.startswith("Error: ")), (1, True))
    for end in (b"", message(9, 0, "cut")[:-1]):
        equal(with_server(end, "x"), (1, "", "Lost connection to the server.\n"))
    equal(with_server(b"", "x", banner=b"HTTP"), (1, "", "Server internal error.\n"))


if __name__ == "__main__":
    run([shapes, templates, changes, errors, connections, helps, stands, hears])
