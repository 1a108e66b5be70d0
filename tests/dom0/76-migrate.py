#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""VM.pool_migrate on Xen: guests go from one domain into another of this host
while they write to a qcow2 disk and talk over the bridge; and nothing is lost or
there twice when that fails, or when who does it is killed."""
import contextlib
import os
import signal
import tempfile
import time

from xapid import MIB, NOBODY, Console, Session, domains, equal, fails, linux, record, run, tests, until

WORK = tempfile.mkdtemp()
LIVE = {"live": "true"}
CLUSTER = 65536
BLOCKS = 256


def children(pid):
    """All that came of it."""
    found = [int(p) for p in run("pgrep", "-P", str(pid), check=False).split()]
    return found + [c for p in found for c in children(p)]


class Rig:
    """A session, a repository and a network, for all tests."""

    def __init__(self, daemon):
        s = self.s = Session(daemon)
        self.daemon, self.host = daemon, s.host.get_all()[0]
        srs = s.SR.get_by_name_label("disks")
        self.sr = srs[0] if srs else s.SR.create(self.host, {"location": WORK}, "0", "disks", "", "file", "user", False, {})
        nets = s.network.get_by_name_label("lab")
        self.net = nets[0] if nets else s.network.create({
            "name_label": "lab", "name_description": "", "MTU": "1500", "other_config": {}, "tags": [],
            "bridge": "xenbr0", "managed": False})

    def disk(self, vm, mib, **more):
        vdi = self.s.VDI.create(dict({
            "name_label": "d", "name_description": "", "SR": self.sr, "virtual_size": str(mib * MIB), "type": "user",
            "sharable": False, "read_only": False, "other_config": {}, "xenstore_data": {}, "sm_config": {}, "tags": []}, **more))
        self.s.VBD.create({
            "VM": vm, "VDI": vdi, "device": "", "userdevice": "autodetect", "bootable": False, "mode": "RW", "type": "Disk",
            "unpluggable": True, "empty": False, "other_config": {}, "qos_algorithm_type": "", "qos_algorithm_params": {}})
        return vdi

    def nic(self, vm):
        self.s.VIF.create({"device": "0", "network": self.net, "VM": vm, "MAC": "", "MTU": "1500", "other_config": {},
                           "qos_algorithm_type": "", "qos_algorithm_params": {}})

    def path(self, vdi):
        return os.path.join(WORK, self.s.VDI.get_location(vdi))

    def line(self, vm):
        return Console(self.daemon, "ref=" + vm)

    def move(self, vm, options=LIVE):
        began = time.monotonic()
        self.s.VM.pool_migrate(vm, self.host, options)
        return time.monotonic() - began

    def is_one(self, vm):
        """Its one domain is what the record says, under its own name, and runs; what is in XenStore is its."""
        got = self.s.VM.get_record(vm)
        mine = [d for d in domains().values() if d["uuid"] == got["uuid"]]
        equal([(d["id"], d["name"]) for d in mine], [(int(got["domid"]), got["name_label"])])
        equal((mine[0]["state"][2], got["power_state"], got["resident_on"], got["scheduled_to_be_resident_on"]),
              ("-", "Running", self.host, NOBODY))
        equal(run("xenstore-read", f"/vm/{got['uuid']}/name").strip(), got["name_label"])
        return int(got["domid"])


def comm(pid):
    try:
        with open(f"/proc/{pid}/comm") as f:
            return f.read().strip()
    except FileNotFoundError:
        return None


def memory(mib):
    """As little as they boot with: all of it is sent, time and again."""
    return {f"memory_{which}": str(mib * MIB) for which in ("static_min", "dynamic_min", "dynamic_max", "static_max")}


def remembers(r, vm):
    """It is the same guest; how far it has come with its writes, which go on."""
    line = r.line(vm)
    equal(line.ask("echo $remembered"), "all-of-it")
    at = int(line.ask("cat /at"))
    until(lambda: int(line.ask("cat /at")) > at)
    line.close()
    return at


def killed(daemon, r, vm):
    """The worker, and the daemon with all that came of it, killed (-9) amid a move: the guest runs on, once."""
    for whom, share in ("worker", 0.4), ("daemon", 0.2):
        task = r.s.Async.VM.pool_migrate(vm, r.host, LIVE)
        until(lambda: r.s.task.get_progress(task) >= share)
        equal(r.s.task.get_status(task), "pending")
        all_of_it = children(daemon.process.pid)
        if whom == "worker":
            os.kill(next(pid for pid in all_of_it if comm(pid) == "VM.pool_migrate"), signal.SIGKILL)
        else:
            for pid in [daemon.process.pid] + all_of_it:
                with contextlib.suppress(ProcessLookupError):  # some end with who made them
                    os.kill(pid, signal.SIGKILL)
            daemon.process.wait()
            daemon.start()
            r.s = Session(daemon)
        until(lambda: not r.s.VM.get_current_operations(vm) and len(domains()) == 1)
        r.is_one(vm)
        print(f"# {whom} killed: {remembers(r, vm)} writes", flush=True)
        equal(os.listdir("/run/dom0kit/create"), [])


def writes(daemon):
    """PV and PVH: memory, a qcow2 disk that is written to meanwhile, a NIC, console, metrics; whoever is killed amid it"""
    r = Rig(daemon)
    for kind in "pv", "pvh":
        vm = r.s.VM.create(linux(kind, kind, "192.168.128.21", **memory(104 if kind == "pv" else 144)))
        vdi = r.disk(vm, BLOCKS * CLUSTER // MIB)
        r.nic(vm)
        r.s.VM.start(vm, False, False)
        line = r.line(vm)
        line.ask("remembered=all-of-it; echo 0 >/at")
        line.ask("{ (i=0; while ! [ -e /stop ]; do i=$((i+1)); printf '%08d' $i | dd of=/dev/xvda "
                 f"bs={CLUSTER} seek=$((i%{BLOCKS})) conv=notrunc,fsync 2>/dev/null || break; echo $i >/at; done) & }}")
        line.close()
        start_time = r.s.VM_metrics.get_start_time(r.s.VM.get_metrics(vm))
        if kind == "pv":
            killed(daemon, r, vm)
        old = r.is_one(vm)
        took = r.move(vm)
        equal(r.is_one(vm) > old, True)
        print(f"# {kind}: {took:.1f} s, {remembers(r, vm)} writes", flush=True)
        equal(r.s.VM_metrics.get_start_time(r.s.VM.get_metrics(vm)), start_time)
        run("ping", "-c", "1", "-w", "480", "192.168.128.21")
        line = r.line(vm)
        line.ask("touch /stop; wait; sync")
        count = int(line.ask("cat /at"))
        line.close()
        r.s.VM.clean_shutdown(vm)
        wrote(r.path(vdi), count)
        equal(domains(), {})
        r.s.VM.destroy(vm)
        r.s.VDI.destroy(vdi)


def wrote(image, count):
    """IMAGE is sound, and each block of its disk has the last number that went there."""
    run("qemu-img", "check", "-q", image)
    raw = os.path.join(WORK, "raw")
    run("qemu-img", "convert", "-O", "raw", image, raw)
    with open(raw, "rb") as f:
        for i in range(max(1, count - BLOCKS + 1), count + 1):
            f.seek(i % BLOCKS * CLUSTER)
            equal(f.read(8), b"%08d" % i)
    os.unlink(raw)


def says(daemon):
    """xe vm-migrate; the message; progress of the task; what Xen and the guest refuse"""
    r = Rig(daemon)
    vm = r.s.VM.create(record("tiny"))
    r.s.VM.start(vm, False, False)
    old = r.is_one(vm)
    run("env", "XE_SOCKET=" + daemon.socket, "xe", "vm-migrate", "vm=tiny", "host=" + r.s.host.get_name_label(r.host), "live=true")
    equal(r.is_one(vm) > old, True)
    task = r.s.Async.VM.pool_migrate(vm, r.host, LIVE)
    until(lambda: r.s.task.get_status(task) == "success")
    equal("VM_MIGRATED" in [m["name"] for m in r.s.message.get_all_records().values()], True)
    r.s.VM.hard_reboot(vm)
    r.s.VM.pause(vm)
    fails(["VM_BAD_POWER_STATE", vm, "running", "paused"], r.s.VM.pool_migrate, vm, r.host, LIVE)
    r.s.VM.unpause(vm)
    r.is_one(vm)
    r.s.VM.hard_shutdown(vm)
    r.s.VM.destroy(vm)


if __name__ == "__main__":
    tests(says, writes)
