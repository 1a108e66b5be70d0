#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""xva-img, of Debian: takes a VM's file apart and makes one. Its version 1.4.2
knows the older kind of checksums only, which we read and do not write: so it is
the way in that it can go."""
import os
import tarfile

from furnished import MIB, ask, ends, equal, run
from device import vbd
from image import request
from storage import disk

SIZE = 8 * MIB


def packs(daemon):
    """a disk image becomes the disk of a VM, in a file that xva-img has packed"""
    s, sr, _, vm = daemon.furnish()
    s.VDI.destroy(s.VBD.get_VDI(s.VM.get_VBDs(vm)[0]))
    s.VBD.create(vbd(vm, s.VDI.create(disk(sr, size=SIZE))))
    place = os.path.join(daemon.dir, "xva")
    os.mkdir(place)
    status, _, body = request(daemon, "GET", f"/export?session_id={s.ref}&ref={vm}")
    equal(status, 200)
    with open(os.path.join(place, "out.xva"), "wb") as f:
        f.write(body)
    with tarfile.open(os.path.join(place, "out.xva")) as tar:
        tar.extractall(os.path.join(place, "vm"))
    # the disk is replaced: what was in it, and how its pieces are checked
    (pieces,) = {"vm/" + name + "/" for name in os.listdir(os.path.join(place, "vm")) if name.startswith("Ref:")}
    for name in os.listdir(os.path.join(place, pieces)):
        os.unlink(os.path.join(place, pieces, name))
    content = os.urandom(2 * MIB) + bytes(MIB) + os.urandom(MIB) + bytes(SIZE - 4 * MIB)
    with open(os.path.join(place, "raw"), "wb") as f:
        f.write(content)
    ask("xva-img", "disk-import", pieces, "raw", cwd=place)
    ask("xva-img", "package", "in.xva", "vm/ova.xml", pieces, cwd=place)
    with open(os.path.join(place, "in.xva"), "rb") as f:
        status, task, _ = request(daemon, "PUT", f"/import?session_id={s.ref}&sr_id={sr}", f.read())
    equal(status, 200)
    equal(ends(s, task), ("success", []))
    (again,) = set(s.VM.get_by_name_label("web")) - {vm}
    vdi = s.VBD.get_VDI(s.VM.get_VBDs(again)[0])
    equal(int(s.VDI.get_virtual_size(vdi)), SIZE)
    status, _, raw = request(daemon, "GET", f"/export_raw_vdi?session_id={s.ref}&vdi={vdi}&format=raw")
    equal((status, raw == content), (200, True))


if __name__ == "__main__":
    run([packs])
