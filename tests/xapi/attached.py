#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Disks that guests have: what may be done with them meanwhile, and what is
left when guests, workers or the daemon end. (Devices of guests: device.py;
disks by themselves: storage.py.)"""
import os
import subprocess

from daemon import Session, equal, fails, run
from device import vbd
from storage import MIB, NOBODY, disk, files, holds, info, make_sr, path_of, pbd_of, place, unplug, write
from vm import record


def guest(s, *disks, **more):
    """A running VM with them."""
    vm = s.VM.create(record("guest"))
    for n, vdi in enumerate(disks):
        s.VBD.create(vbd(vm, vdi, userdevice=str(n), bootable=n == 0, **more))
    s.VM.start(vm, False, False)
    return vm


def in_use(daemon):
    """a disk that a guest writes to: what is refused, what is not, and afterwards"""
    s = Session(daemon)
    sr = make_sr(s)
    vdi, other = s.VDI.create(disk(sr)), s.VDI.create(disk(sr, "other"))
    free = set(s.VDI.get_allowed_operations(vdi))
    vm = guest(s, vdi)
    equal(set(s.VDI.get_allowed_operations(vdi)), {"clone", "resize_online", "snapshot"})
    for op, call, args in (("destroy", s.VDI.destroy, (vdi,)), ("forget", s.VDI.forget, (vdi,)), ("update", s.VDI.update, (vdi,)),
                           ("resize", s.VDI.resize, (vdi, str(99 * MIB))), ("copy", s.VDI.copy, (vdi, sr)),
                           ("set_on_boot", s.VDI.set_on_boot, (vdi, "reset"))):
        fails(["VDI_IN_USE", vdi, op], call, *args)
    fails(["VDI_IN_USE", vdi, "copy"], s.VDI.copy, other, NOBODY, NOBODY, vdi)
    fails(["VDI_IN_USE", vdi, "unplug"], s.PBD.unplug, pbd_of(s, sr))
    fails(["SR_HAS_PBD", sr], s.SR.forget, sr)
    s.VDI.resize_online(vdi, str(20 * MIB))
    equal(s.VDI.get_virtual_size(vdi), str(20 * MIB))
    s.VM.hard_shutdown(vm)
    equal(set(s.VDI.get_allowed_operations(vdi)), free)
    s.VDI.destroy(vdi)
    equal(s.VM.get_VBDs(vm), [])
    unplug(s, sr)


def readers(daemon):
    """a disk that guests only read is copied and sent beside them"""
    s = Session(daemon)
    sr = make_sr(s)
    vdi = s.VDI.create(disk(sr))
    write(path_of(s, vdi), 5)
    vms = [guest(s, vdi, mode="RO") for _ in range(2)]
    equal("copy" in s.VDI.get_allowed_operations(vdi), True)
    holds(path_of(s, s.VDI.copy(vdi, sr)), 5)
    s.VM.hard_shutdown(vms[0])
    fails(["VDI_IN_USE", vdi, "destroy"], s.VDI.destroy, vdi)
    equal(len([f for f in files(daemon) if ".used." in f]), 1)
    s.VM.hard_shutdown(vms[1])
    equal([f for f in files(daemon) if f.startswith(".")], [])
    s.VDI.destroy(vdi)


def snapshots(daemon):
    """snapshots of a running guest's disks come and go; the chain is merged when it has ended"""
    s = Session(daemon)
    sr = make_sr(s)
    for kind in ("qcow2", "raw"):
        vdi = s.VDI.create(disk(sr, kind, sm_config={"type": kind}))
        vm = guest(s, vdi)
        for n in range(5):
            write(path_of(s, vdi), n, f"{n}M")
            snapshot = s.VDI.snapshot(vdi)
            holds(path_of(s, snapshot), n, f"{n}M")
            s.VDI.destroy(snapshot)
        bases = len([f for f in files(daemon) if "base" in f])
        equal(bases, 5 if kind == "qcow2" else 0)
        s.VM.hard_shutdown(vm)
        s.SR.scan(sr)
        for n in range(5):
            holds(path_of(s, vdi), n, f"{n}M")
        equal(files(daemon), [s.VDI.get_location(vdi)])
        s.VDI.destroy(vdi)


def forgets(daemon):
    """a disk that is reset on boot: what a guest writes is gone at its next start"""
    s = Session(daemon)
    sr = make_sr(s)
    vdi = s.VDI.create(disk(sr))
    write(path_of(s, vdi), 1)
    s.VDI.set_on_boot(vdi, "reset")
    boot = os.path.join(place(daemon), f".{s.VDI.get_location(vdi)}.boot")
    vm = guest(s, vdi)
    equal("backing-filename" in info(boot), True)
    subprocess.run(["qemu-io", "-f", "qcow2", "-c", "write -P 2 0 1M", boot], check=True, capture_output=True)
    s.VM.hard_reboot(vm)
    subprocess.run(["qemu-io", "-f", "qcow2", "-c", "read -P 1 0 1M", boot], check=True, capture_output=True)
    s.VM.hard_shutdown(vm)
    equal(os.path.exists(boot), False)
    holds(path_of(s, vdi), 1)


def restarts(daemon):
    """the daemon killed while guests run: their disks are theirs still, and merged with nothing"""
    s = Session(daemon)
    sr = make_sr(s)
    vdi = s.VDI.create(disk(sr))
    write(path_of(s, vdi), 1)
    snapshot = s.VDI.snapshot(vdi)
    vm = guest(s, vdi)
    s.VDI.destroy(snapshot)
    before = files(daemon)
    equal(len(before), 3)
    daemon.kill()
    daemon.start()
    s = Session(daemon)
    equal((s.VM.get_power_state(vm), s.PBD.get_currently_attached(pbd_of(s, sr))), ("Running", True))
    equal("snapshot" in s.VDI.get_allowed_operations(vdi) and "destroy" not in s.VDI.get_allowed_operations(vdi), True)
    s.SR.scan(sr)
    equal(files(daemon), before)
    # the file of a disk that a guest has is not there: the record stays
    os.rename(path_of(s, vdi), place(daemon) + "/away")
    s.SR.scan(sr)
    equal(s.VDI.get_missing(vdi), True)
    os.rename(place(daemon) + "/away", path_of(s, vdi))
    s.SR.scan(sr)
    equal(s.VDI.get_missing(vdi), False)
    s.VM.hard_shutdown(vm)
    s.SR.scan(sr)
    equal(files(daemon), [s.VDI.get_location(vdi)])
    holds(path_of(s, vdi), 1)
    # a directory that has gone is a repository that is not plugged
    daemon.kill()
    os.rename(place(daemon), place(daemon) + ".gone")
    daemon.start()
    s = Session(daemon)
    equal(s.PBD.get_currently_attached(pbd_of(s, sr)), False)
    fails(["SR_HAS_NO_PBDS", sr], s.VDI.clone, vdi)
    os.rename(place(daemon) + ".gone", place(daemon))
    s.PBD.plug(pbd_of(s, sr))
    holds(path_of(s, s.VDI.clone(vdi)), 1)


def full(daemon):
    """no space left: SR_FULL, and nothing half-made"""
    mount = place(daemon, "small")
    os.makedirs(mount)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "none", mount], capture_output=True)
    if done.returncode:
        print("# no mount here: not as root")
        return
    try:
        s = Session(daemon)
        big = make_sr(s)
        sr = make_sr(s, "file", "small")
        source = s.VDI.create(disk(big, size=64 * MIB))
        write(path_of(s, source), 9, "0", "32M")
        equal(int(s.SR.get_physical_size(sr)), 8 * MIB)
        before = files(daemon, "small")
        fails(["SR_FULL", str(64 * MIB), None], s.VDI.copy, source, sr)
        equal((files(daemon, "small"), s.SR.get_VDIs(sr)), (before, []))
        unplug(s, sr)
    finally:
        subprocess.run(["umount", mount], check=True)


if __name__ == "__main__":
    run([in_use, readers, snapshots, forgets, restarts, full], "--hv", "sim")
