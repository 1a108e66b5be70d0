#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""xva-img, of Debian: takes a VM's file apart and makes one. Its version 1.4.2
knows the older kind of checksums only, which we read and do not write: so it is
the way in that it can go."""
import os
import tarfile

from host import MIB, ask, ends, equal, run
from image import request


def packs(daemon):
    """a disk image becomes the disk of a VM, in a file that xva-img has packed"""
    s, sr, _, vm = daemon.furnish()
    place = os.path.join(daemon.dir, "xva")
    os.mkdir(place)
    status, _, body = request(daemon, "GET", f"/export?session_id={s.ref}&ref={vm}")
    equal(status, 200)
    with open(os.path.join(place, "out.xva"), "wb") as f:
        f.write(body)
    with tarfile.open(os.path.join(place, "out.xva")) as tar:
        tar.extractall(os.path.join(place, "vm"))
    # the disk is replaced: what was in it, and how its pieces are checked
    (disk,) = {"vm/" + name + "/" for name in os.listdir(os.path.join(place, "vm")) if name.startswith("Ref:")}
    for name in os.listdir(os.path.join(place, disk)):
        os.unlink(os.path.join(place, disk, name))
    size = int(s.VDI.get_virtual_size(s.VBD.get_VDI(s.VM.get_VBDs(vm)[0])))
    content = os.urandom(2 * MIB) + bytes(MIB) + os.urandom(MIB)
    with open(os.path.join(place, "raw"), "wb") as f:
        f.write(content)
        f.truncate(64 * MIB)
    ask("xva-img", "disk-import", disk, "raw", cwd=place)
    ask("xva-img", "package", "in.xva", "vm/ova.xml", disk, cwd=place)
    with open(os.path.join(place, "in.xva"), "rb") as f:
        status, task, _ = request(daemon, "PUT", f"/import?session_id={s.ref}&sr_id={sr}", f.read())
    equal(status, 200)
    equal(ends(s, task), ("success", []))
    (again,) = set(s.VM.get_by_name_label("web")) - {vm}
    vdi = s.VBD.get_VDI(s.VM.get_VBDs(again)[0])
    equal(int(s.VDI.get_virtual_size(vdi)), size)
    status, _, raw = request(daemon, "GET", f"/export_raw_vdi?session_id={s.ref}&vdi={vdi}&format=qcow2")
    equal(status, 200)
    with open(os.path.join(place, "disk.qcow2"), "wb") as f:
        f.write(raw)
    ask("qemu-img", "convert", "-O", "raw", "disk.qcow2", "disk.raw", cwd=place)
    with open(os.path.join(place, "disk.raw"), "rb") as f:
        equal(f.read(len(content)) == content, True)
        equal(any(f.read(64 * MIB)), False)


if __name__ == "__main__":
    run([packs])
