#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Disks of guests that run: a snapshot while the guest writes, growth, what
becomes of both when the disk is unplugged."""
import os
import tempfile

from xapid import MIB, Console, Session, equal, linux, run, tests, until
from device import vbd
from storage import disk, make_sr

WORK = tempfile.mkdtemp()
DISKS = os.path.join(WORK, "disks")
# Each number goes to two places, one after the other, as long as there is no file "stop".
WRITES = ("{ (i=0; while [ ! -e /stop ]; do i=$((i+1)); for at in 0 1000; do echo $i | dd of=/dev/xvda bs=4k seek=$at"
          " conv=fsync,notrunc 2>/dev/null; done; echo $i >/count; done; touch /stopped) >/dev/null 2>&1 & }")


def words(path, *places):
    """The number at each place (of 4 KiB) of an image, which somebody may have open."""
    raw = os.path.join(WORK, "raw")
    run("qemu-img", "convert", "-U", "-f", "qcow2", "-O", "raw", path, raw)
    found = []
    with open(raw, "rb") as f:
        for place in places:
            f.seek(place * 4096)
            found.append(int(f.read(20).split(b"\n")[0] or b"0"))
    os.remove(raw)
    return found


def path_of(s, vdi):
    return os.path.join(DISKS, s.VDI.get_location(vdi))


def disks(s):
    """The repository."""
    os.makedirs(DISKS, exist_ok=True)
    return (s.SR.get_by_name_label("sr") or [make_sr(s, location=DISKS)])[0]


def mends(path):
    """No cluster is lost or has two owners."""
    run("qemu-img", "check", "-q", "-f", "qcow2", path)


def snapshots(daemon):
    """a guest writes while snapshots are taken, its disk grows, goes and comes again"""
    s = Session(daemon)
    sr = disks(s)
    vdi = s.VDI.create(disk(sr, size=16 * MIB))
    vm = s.VM.create(linux("pv", "pv", "192.168.128.11"))
    s.VM.set_memory_limits(vm, *[str(128 * MIB)] * 4)
    drive = s.VBD.create(vbd(vm, vdi, userdevice="0"))
    raw = s.VDI.create(disk(sr, size=8 * MIB, sm_config={"type": "raw"}))
    s.VBD.create(vbd(vm, raw, userdevice="1"))
    s.VM.start(vm, False, False)
    line = Console(daemon, "ref=" + vm)
    line.ask(WRITES)
    count = lambda: int(line.ask("cat /count 2>/dev/null || echo 0"))
    until(lambda: count() > 3)
    taken = []
    for _ in range(3):
        snapshot = s.VDI.snapshot(vdi)
        first, second = words(path_of(s, snapshot), 0, 1000)
        equal((first - second in (0, 1), first > 2), (True, True))
        taken.append((snapshot, [first, second]))
        before = count()
        until(lambda b=before: count() > b + 1)
    whole = s.VM.snapshot(vm, "whole")
    for snapshot, found in taken:
        equal(words(path_of(s, snapshot), 0, 1000), found)
    s.VDI.resize_online(vdi, str(24 * MIB))
    until(lambda: line.ask("cat /sys/block/xvda/size") == str(24 * MIB // 512))
    equal(s.VDI.get_virtual_size(vdi), str(24 * MIB))
    s.VDI.resize_online(raw, str(12 * MIB))
    until(lambda: line.ask("cat /sys/block/xvdb/size") == str(12 * MIB // 512))
    line.ask("echo 66 | dd of=/dev/xvdb bs=4k seek=3000 conv=fsync,notrunc 2>/dev/null")
    line.ask("echo 77 | dd of=/dev/xvda bs=4k seek=6000 conv=fsync,notrunc 2>/dev/null")
    line.ask("touch /stop; while [ ! -e /stopped ]; do sleep 0.1; done")
    last = count()
    # Unplugged, all of it is in the file; plugged again, it is there.
    s.VBD.unplug(drive)
    until(lambda: line.ask("grep -c xvda /proc/partitions || true") == "0")
    equal(words(path_of(s, vdi), 0, 1000, 6000), [last, last, 77])
    mends(path_of(s, vdi))
    s.VBD.plug(drive)
    until(lambda: line.ask("grep -c xvda /proc/partitions || true") == "1")
    equal(line.ask("dd if=/dev/xvda bs=4k skip=6000 count=1 2>/dev/null | head -n 1"), "77")
    taken.append((s.VDI.snapshot(vdi), [last, last]))
    line.ask("echo 88 | dd of=/dev/xvda bs=4k conv=fsync,notrunc 2>/dev/null")
    s.VM.clean_shutdown(vm)
    for snapshot, found in taken:
        equal(words(path_of(s, snapshot), 0, 1000), found)
        mends(path_of(s, snapshot))
        s.VDI.destroy(snapshot)
    equal(words(path_of(s, vdi), 0, 1000, 6000), [88, last, 77])
    # It goes back to a state that was taken while it ran.
    s.VM.revert(whole)
    old = [s.VBD.get_VDI(v) for v in s.VM.get_VBDs(vm) if s.VBD.get_userdevice(v) == "0"][0]
    first, second = words(path_of(s, old), 0, 1000)
    equal((first - second in (0, 1), s.VDI.get_virtual_size(old)), (True, str(16 * MIB)))
    s.VM.destroy(vm)


if __name__ == "__main__":
    tests(snapshots)
