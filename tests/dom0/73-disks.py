#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Disks of guests that run: a snapshot while the guest writes, growth, what
becomes of both when the disk is unplugged; another medium in a CD drive."""
import os
import shutil
import tempfile

from xapid import GUESTS, MIB, Console, Failure, Line, Session, equal, fails, linux, record, run, tests, until
from device import vbd
from storage import disk, make_sr

WORK = tempfile.mkdtemp()
DISKS, DISCS = os.path.join(WORK, "disks"), os.path.join(WORK, "discs")
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
            found.append(int(f.read(20).split(b"\n")[0].strip(b"\0") or b"0"))
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


def medium(name, text):
    path = os.path.join(DISCS, name + ".iso")
    with open(path, "wb") as f:
        f.write(text.encode() + b"\n" + bytes(MIB - len(text) - 1))


def repository(s):
    """By their first letters."""
    os.mkdir(DISCS)
    medium("a", "first medium")
    medium("b", "second medium")
    discs = make_sr(s, kind="iso", name="discs", location=DISCS)
    return {s.VDI.get_location(v)[0]: v for v in s.SR.get_VDIs(discs)}


def discs(daemon):
    """a PV guest, which has no drives, sees media come and go"""
    s = Session(daemon)
    disc = repository(s)
    vm = s.VM.create(linux("pv", "pv", "192.168.128.11"))
    s.VM.set_memory_limits(vm, *[str(128 * MIB)] * 4)
    drive = s.VBD.create(vbd(vm, userdevice="3"))
    s.VM.start(vm, False, False)
    line = Console(daemon, "ref=" + vm)
    for letter, text in ("a", "first medium"), ("b", "second medium"):
        equal(line.ask("grep -c xvdd /proc/partitions || true"), "0")
        s.VBD.insert(drive, disc[letter])
        until(lambda: line.ask("grep -c xvdd /proc/partitions || true") == "1")
        equal(line.ask("dd if=/dev/xvdd bs=2k count=1 2>/dev/null | head -n 1"), text)
        s.VBD.eject(drive)
        until(lambda: line.ask("grep -c xvdd /proc/partitions || true") == "0")
    s.VBD.unplug(drive)
    s.VM.hard_shutdown(vm)
    s.VM.destroy(vm)


def firmware(daemon):
    """an HVM guest of UEFI, without the firmware: the error says where that is to come from"""
    s = Session(daemon)
    vm = s.VM.create(record("uefi", 64, domain_type="hvm", PV_kernel="", HVM_boot_policy="BIOS order",
                            HVM_boot_params={"order": "c", "firmware": "uefi"}))
    run("rm", "-f", "/usr/share/ovmf/OVMF.fd")
    try:
        s.VM.start(vm, False, False)
        raise AssertionError("it started")
    except Failure as failure:
        equal("ovmf, /usr/share/ovmf/OVMF.fd" in " ".join(failure.words), True)
    s.VM.destroy(vm)


def moves(s, vm, line, image):
    """While it writes to its disk, which two qemus may not have open at once."""
    line.ask("{ (i=99; while :; do i=$((i+1)); echo $i | dd of=/dev/xvda bs=4k seek=6000 conv=fsync,notrunc 2>/dev/null; done) & }")
    until(lambda: words(image, 6000) > [100])
    until(lambda: "pool_migrate" in s.VM.get_allowed_operations(vm))
    old = int(s.VM.get_domid(vm))
    s.VM.pool_migrate(vm, s.host.get_all()[0], {})
    equal(int(s.VM.get_domid(vm)) > old, True)
    # What comes on its serial line before its driver is back makes that deaf.
    for _ in range(2):
        at = words(image, 6000)
        until(lambda at=at: words(image, 6000) > at)


def media(daemon):
    """an HVM guest reads one medium, then another, then none; its disk has a snapshot meanwhile; it moves"""
    s = Session(daemon)
    disc = {s.VDI.get_location(v)[0]: v for v in s.SR.get_VDIs(s.SR.get_by_name_label("discs")[0])}
    sr = disks(s)
    shutil.copy(GUESTS + "/hvm.qcow2", os.path.join(DISKS, "boots.qcow2"))
    s.SR.scan(sr)
    boots = [v for v in s.SR.get_VDIs(sr) if s.VDI.get_location(v) == "boots.qcow2"][0]
    vm = s.VM.create(record("hvm", 192, domain_type="hvm", PV_kernel="", HVM_boot_policy="BIOS order",
                            HVM_boot_params={"order": "c", "firmware": "bios"},
                            platform={"hdtype": "ahci", "vga": "none"}))
    s.VBD.create(vbd(vm, boots, userdevice="0", bootable=True))
    drive = s.VBD.create(vbd(vm, userdevice="3"))
    s.VM.set_bios_strings(vm, {"system-manufacturer": "dom0kit works", "system-serial-number": "4711-x"})
    s.VM.start(vm, False, False)
    # Before the guest's firmware is done, too.
    s.VBD.insert(drive, disc["a"])
    s.VBD.eject(drive)
    line = Line(s.VM.get_domid(vm), "serial/0/tty")
    equal(line.ask("cat /sys/class/dmi/id/sys_vendor /sys/class/dmi/id/product_serial").split("\n"),
          ["dom0kit works", "4711-x"])
    line.ask("for m in $(cat /cd/lib/modules/order); do insmod /cd/lib/modules/$m 2>/dev/null; done; true")
    until(lambda: line.ask("cat /sys/block/sr0/device/type 2>/dev/null || true") == "5")
    read = "dd if=/dev/sr0 bs=2k count=1 2>/dev/null | head -n 1"
    for letter, text in ("a", "first medium"), ("b", "second medium"), ("a", "first medium"):
        s.VBD.insert(drive, disc[letter])
        until(lambda t=text: line.ask(read) == t)
        if letter == "b":
            snapshot = s.VDI.snapshot(boots)
        s.VBD.eject(drive)
        until(lambda: line.ask(read + " || true") == "")
    # by xl as well
    run("xl", "cd-insert", "hvm", "hdd", os.path.join(DISCS, "b.iso"))
    until(lambda: line.ask(read) == "second medium")
    run("xl", "cd-eject", "hvm", "hdd")
    until(lambda: line.ask(read + " || true") == "")
    line.ask("echo 99 | dd of=/dev/xvda bs=4k seek=6000 conv=fsync,notrunc 2>/dev/null")
    equal(words(path_of(s, snapshot), 6000), [0])
    # the emulated disk it has begun with is still open: that cannot grow, and nothing has changed
    size = s.VDI.get_virtual_size(boots)
    fails(["SR_BACKEND_FAILURE", "1", "", None], s.VDI.resize_online, boots, str(32 * MIB))
    equal((s.VDI.get_virtual_size(boots), line.ask("cat /sys/block/xvda/size")), (size, str(int(size) // 512)))
    moves(s, vm, line, path_of(s, boots))
    s.VBD.insert(drive, disc["b"])
    line = Line(s.VM.get_domid(vm), "serial/0/tty")
    until(lambda: line.ask(read) == "second medium")
    s.VM.hard_shutdown(vm)
    mends(path_of(s, boots))
    s.VDI.destroy(snapshot)
    s.VM.destroy(vm)


if __name__ == "__main__":
    tests(snapshots, discs, firmware, media)
