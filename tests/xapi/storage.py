#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Storage: repositories of each kind and disks in them, what is in the database
and what is on disk, by the calls of SR, PBD, SM and VDI; images are read and
written by the real qemu-img and qemu-io. What goes over HTTP is in image.py."""
import json
import os
import signal
import subprocess
import time

from daemon import Session, equal, fails, run
from vm import kill_all, until, worker

NOBODY = "OpaqueRef:NULL"
MIB = 1 << 20


def place(daemon, name="sr"):
    return os.path.join(daemon.dir, name)


def make_sr(s, kind="file", name="sr", **config):
    """A repository in a directory of its own."""
    path = place(s.daemon, name)
    if kind == "iso":
        os.makedirs(path, exist_ok=True)
    return s.SR.create(s.host.get_all()[0], dict({"location": path}, **config), "0", name, "about it", kind, "", False, {})


def disk(sr, name="disk", size=16 * MIB, **more):
    """What VDI.create wants."""
    return dict({"name_label": name, "name_description": "", "SR": sr, "virtual_size": str(size), "type": "user",
                 "sharable": False, "read_only": False, "other_config": {}, "sm_config": {}}, **more)


def pbd_of(s, sr):
    return s.SR.get_PBDs(sr)[0]


def unplug(s, sr):
    s.PBD.unplug(pbd_of(s, sr))


def files(daemon, name="sr"):
    """Without what is the repository's own."""
    return sorted(f for f in os.listdir(place(daemon, name)) if f not in (".sr", ".lock", "fault"))


def path_of(s, vdi, name="sr"):
    return os.path.join(place(s.daemon, name), s.VDI.get_location(vdi))


def qemu_io(path, *commands):
    kind = "raw" if path.endswith((".raw", ".iso")) else "vpc" if path.endswith(".vhd") else "qcow2"
    words = [w for c in commands for w in ("-c", c)]
    done = subprocess.run(["qemu-io", "-f", kind, *words, path], capture_output=True, text=True)
    equal((done.returncode, "Pattern verification failed" in done.stdout), (0, False))


def write(path, pattern, at="0", length="1M"):
    qemu_io(path, f"write -P {pattern} {at} {length}")


def holds(path, pattern, at="0", length="1M"):
    qemu_io(path, f"read -P {pattern} {at} {length}")


def info(path):
    return json.loads(subprocess.run(["qemu-img", "info", "-U", "--output=json", path], check=True, capture_output=True).stdout)


def fault(daemon, verb, text, name="sr"):
    os.makedirs(os.path.join(place(daemon, name), "fault"), exist_ok=True)
    path = os.path.join(place(daemon, name), "fault", verb)
    if text:
        with open(path + ".new", "w") as f:
            f.write(text)
        os.rename(path + ".new", path)
    else:
        os.remove(path)


def end_of(s, task):
    until(lambda: s.task.get_status(task) not in ("pending", "cancelling"))
    return s.task.get_status(task)


# ---- repositories ----------------------------------------------------------------------------------------------------


def repositories(daemon):
    """SR.create, unplug, plug, forget, introduce, destroy; what each refuses"""
    s = Session(daemon)
    equal(s.SR.get_supported_types(), ["dummy", "file", "iso"])
    sr = make_sr(s)
    got = s.SR.get_record(sr)
    equal((got["name_label"], got["name_description"], got["type"], got["content_type"], got["shared"]),
          ("sr", "about it", "file", "user", False))
    equal(int(got["physical_size"]) > int(got["physical_utilisation"]) > 0, True)
    equal(got["current_operations"], {})
    pbd = s.PBD.get_record(pbd_of(s, sr))
    equal((pbd["currently_attached"], pbd["device_config"], pbd["host"]),
          (True, {"location": place(daemon)}, s.host.get_all()[0]))
    with open(place(daemon) + "/.sr") as f:
        equal(f.read().strip(), got["uuid"])
    allowed = set(got["allowed_operations"])
    equal({"scan", "vdi_create", "vdi_clone", "unplug", "update"} <= allowed, True)
    equal({"destroy", "forget", "vdi_mirror", "vdi_enable_cbt"} & allowed, set())
    fails(["SR_HAS_PBD", sr], s.SR.forget, sr)
    fails(["SR_HAS_PBD", sr], s.SR.destroy, sr)
    fails(["OPERATION_NOT_ALLOWED", None], s.PBD.destroy, pbd_of(s, sr))
    fails(["OPERATION_NOT_ALLOWED", None], s.PBD.set_device_config, pbd_of(s, sr), {})
    fails(["PBD_EXISTS", sr, None, None], s.PBD.create,
          {"host": s.host.get_all()[0], "SR": sr, "device_config": {}, "other_config": {}})
    fails(["SR_OPERATION_NOT_SUPPORTED", sr], s.SR.assert_can_host_ha_statefile, sr)
    fails(["SR_OPERATION_NOT_SUPPORTED", sr], s.SR.assert_supports_database_replication, sr)
    equal(s.SR.get_live_hosts(sr), s.host.get_all())
    vdi = s.VDI.create(disk(sr))
    unplug(s, sr)
    unplug(s, sr)
    equal(s.PBD.get_currently_attached(pbd_of(s, sr)), False)
    equal({"forget", "plug"} <= set(s.SR.get_allowed_operations(sr)), True)
    equal({"destroy", "scan", "vdi_create"} & set(s.SR.get_allowed_operations(sr)), set())
    equal(s.VDI.get_allowed_operations(vdi), ["forget"])
    for call, args in ((s.SR.scan, (sr,)), (s.SR.update, (sr,)), (s.VDI.create, (disk(sr),)), (s.VDI.destroy, (vdi,)),
                       (s.VDI.resize, (vdi, str(MIB))), (s.SR.assert_can_host_ha_statefile, (sr,))):
        fails(["SR_HAS_NO_PBDS", sr], call, *args)
    fails(["SR_NOT_EMPTY"], s.SR.destroy, sr)
    s.PBD.plug(pbd_of(s, sr))
    s.PBD.plug(pbd_of(s, sr))
    equal("destroy" in s.VDI.get_allowed_operations(vdi), True)
    # the disks stay when it is forgotten, and are there again when it is introduced
    unplug(s, sr)
    uuid = s.VDI.get_uuid(vdi)
    s.SR.forget(sr)
    fails(["HANDLE_INVALID", "SR", sr], s.SR.get_record, sr)
    fails(["HANDLE_INVALID", "VDI", vdi], s.VDI.get_record, vdi)
    equal(s.PBD.get_all(), [])
    equal(s.SR.probe(s.host.get_all()[0], {"location": place(daemon)}, "file", {}).count(f"<UUID>{got['uuid']}</UUID>"), 1)
    sr = s.SR.introduce(got["uuid"], "again", "", "file", "user", False, {})
    fails(["SR_UUID_EXISTS", got["uuid"]], s.SR.introduce, got["uuid"], "again", "", "file", "user", False, {})
    fails(["SR_HAS_NO_PBDS", sr], s.SR.destroy, sr)
    fails(["SR_HAS_NO_PBDS", sr], s.SR.scan, sr)
    pbd = s.PBD.create({"host": s.host.get_all()[0], "SR": sr, "device_config": {"location": "/nowhere"}, "other_config": {}})
    fails(["SR_BACKEND_FAILURE", "1", "", None], s.PBD.plug, pbd)
    equal(s.PBD.get_currently_attached(pbd), False)
    s.PBD.set_device_config(pbd, {"location": place(daemon)})
    s.PBD.plug(pbd)
    s.SR.scan(sr)
    vdi = s.VDI.get_by_uuid(uuid)
    equal(s.VDI.get_virtual_size(vdi), str(16 * MIB))
    equal(s.SR.get_virtual_allocation(sr), str(16 * MIB))
    unplug(s, sr)
    s.PBD.destroy(pbd)
    s.SR.forget(sr)
    # so they are when it is made again where it was
    sr = make_sr(s)
    equal((s.SR.get_uuid(sr), s.SR.get_VDIs(sr)), (got["uuid"], [s.VDI.get_by_uuid(uuid)]))
    s.VDI.destroy(s.VDI.get_by_uuid(uuid))
    equal(files(daemon), [])


def probes(daemon):
    """probe_ext and make: what is there, whether the database knows it or not"""
    s = Session(daemon)
    host, config = s.host.get_all()[0], {"location": place(daemon, "made")}

    def found(**more):
        return s.SR.probe_ext(host, dict(config, **more), "file", {})

    fails(["SR_UNKNOWN_DRIVER", "zfs"], s.SR.probe_ext, host, {}, "zfs", {})
    fails(["SR_UNKNOWN_DRIVER", "zfs"], s.SR.make, host, {}, "0", "x", "", "zfs", "", {})
    fails(["SR_OPERATION_NOT_SUPPORTED", "iso"], s.SR.probe_ext, host, {"location": "/"}, "iso", {})
    fails(["INVALID_VALUE", "device_config", None], s.SR.make, host, {}, "0", "x", "", "file", "", {})
    os.mkdir(config["location"])
    equal(found(), [{"configuration": config, "complete": True, "extra_info": {}}])
    uuid = s.SR.make(host, config, "0", "x", "", "file", "", {})
    equal(s.SR.get_all_records_where(f'field "uuid" = "{uuid}"'), {})
    fails(["SR_BACKEND_FAILURE", "1", "", None], s.SR.make, host, config, "0", "x", "", "file", "", {})
    got = found()[0]["sr"]
    total, free = int(got.pop("total_space")), int(got.pop("free_space"))
    equal(got, {"uuid": uuid, "name_label": "", "name_description": "", "clustered": False, "health": "healthy"})
    equal(0 <= free < total, True)
    sr = s.SR.introduce(uuid, "known", "by now", "file", "user", False, {})
    s.PBD.plug(s.PBD.create({"host": host, "SR": sr, "device_config": config, "other_config": {}}))
    s.VDI.create(disk(sr))
    equal([found()[0]["sr"][k] for k in ("uuid", "name_label", "name_description")], [uuid, "known", "by now"])
    task = s.Async.SR.probe_ext(host, config, "file", {})
    until(lambda: s.task.get_status(task) == "success")
    equal(f"<value>{uuid}</value>" in s.task.get_result(task), True)
    equal(daemon.json("SR.probe_ext", s.ref, host, config, "file", {})["result"][0]["sr"]["uuid"], uuid)


def refusals(daemon):
    """drivers, directories, names: what cannot be a repository"""
    s = Session(daemon)
    host = s.host.get_all()[0]

    def create(kind, config):
        return s.SR.create(host, config, "0", "x", "", kind, "", False, {})

    fails(["SR_UNKNOWN_DRIVER", "zfs"], create, "zfs", {})
    fails(["SR_UNKNOWN_DRIVER", "zfs"], s.SR.introduce, "", "x", "", "zfs", "", False, {})
    fails(["SR_UNKNOWN_DRIVER", "zfs"], s.SR.probe, host, {}, "zfs", {})
    fails(["INVALID_VALUE", "device_config", None], create, "file", {})
    fails(["SR_BACKEND_FAILURE", "1", "", None], create, "file", {"location": "relative"})
    fails(["SR_BACKEND_FAILURE", "1", "", None], create, "iso", {"location": "/no/such"})
    fails(["SR_BACKEND_FAILURE", "1", "", None], create, "file", {"location": "/dev/null"})
    fails(["HANDLE_INVALID", "host", "x"], s.SR.create, "x", {}, "0", "x", "", "file", "", False, {})
    sr = make_sr(s)
    for sr_of, host_of, cls in ((NOBODY, host, "SR"), (sr, NOBODY, "host")):
        fails(["HANDLE_INVALID", cls, NOBODY], s.PBD.create, {"SR": sr_of, "host": host_of, "device_config": {}, "other_config": {}})
    fails(["SR_BACKEND_FAILURE", "1", "", None], create, "file", {"location": place(daemon)})
    equal(s.SR.get_all(), [sr])
    unplug(s, sr)
    s.SR.destroy(sr)
    equal((s.SR.get_all(), s.PBD.get_all(), os.listdir(place(daemon))), ([], [], []))


def drivers(daemon):
    """SM: one for each kind, with what it can do"""
    s = Session(daemon)
    by_type = {r["type"]: r for r in s.SM.get_all_records().values()}
    equal(sorted(by_type), ["dummy", "file", "iso"])
    equal(by_type["file"]["features"]["VDI_RESET_ON_BOOT"], "2")
    equal("VDI_SNAPSHOT" in by_type["file"]["capabilities"], True)
    equal("VDI_CREATE" in by_type["iso"]["features"], False)
    equal(by_type["file"]["supported_image_formats"], ["qcow2", "raw", "vhd"])
    equal(list(by_type["iso"]["configuration"]), ["location", "path"])
    before = s.SM.get_all_records()
    daemon.kill()
    daemon.start()
    equal(Session(daemon).SM.get_all_records(), before)


# ---- disks -----------------------------------------------------------------------------------------------------------


def disks(daemon):
    """VDI.create, resize, destroy: formats, sizes, records, files"""
    s = Session(daemon)
    sr = make_sr(s)
    for kind, size in (("qcow2", 5 * MIB), ("raw", 5 * MIB + 1), ("vhd", 4 * MIB)):
        vdi = s.VDI.create(disk(sr, kind, size, sm_config={"type": kind}, other_config={"a": "b"}, tags=["t"],
                                xenstore_data={"k": "v"}, name_description="d", type="system"))
        got = s.VDI.get_record(vdi)
        equal(got["location"], f"{got['uuid']}.{kind}")
        equal((got["name_label"], got["name_description"], got["type"], got["other_config"], got["tags"], got["xenstore_data"]),
              (kind, "d", "system", {"a": "b"}, ["t"], {"k": "v"}))
        equal((got["managed"], got["missing"], got["is_a_snapshot"], got["SR"]), (True, False, False, sr))
        rounded = (size + 4095) // 4096 * 4096
        equal(int(got["virtual_size"]), rounded)
        seen = info(path_of(s, vdi))
        equal((seen["virtual-size"], seen["format"]), (rounded, {"vhd": "vpc"}.get(kind, kind) if kind != "vhd" else seen["format"]))
        equal(set(got["allowed_operations"]),
              {"clone", "copy", "destroy", "forget", "resize", "resize_online", "set_on_boot", "snapshot", "update"})
        if kind == "vhd":
            fails(["SR_BACKEND_FAILURE", "1", "", None], s.VDI.resize, vdi, str(8 * MIB))
        else:
            write(path_of(s, vdi), 7)
            s.VDI.resize(vdi, str(8 * MIB))
            equal((s.VDI.get_virtual_size(vdi), info(path_of(s, vdi))["virtual-size"]), (str(8 * MIB), 8 * MIB))
            holds(path_of(s, vdi), 7)
            holds(path_of(s, vdi), 0, "7M")
            fails(["VDI_TOO_SMALL", vdi, str(8 * MIB)], s.VDI.resize, vdi, str(MIB))
            s.VDI.resize_online(vdi, str(9 * MIB))
            fails(["VDI_TOO_LARGE", vdi, None], s.VDI.resize, vdi, str(1 << 60))
    equal(s.SR.get_virtual_allocation(sr), str((9 + 9 + 4) * MIB))
    fails(["INVALID_VALUE", "sm_config:type", "vmdk"], s.VDI.create, disk(sr, sm_config={"type": "vmdk"}))
    fails(["INVALID_VALUE", "virtual_size", "0"], s.VDI.create, disk(sr, size=0))
    fails(["INVALID_VALUE", "virtual_size", "-1"], s.VDI.create, disk(sr, size=-1))
    fails(["INVALID_VALUE", "virtual_size", str(1 << 62)], s.VDI.create, disk(sr, size=1 << 62))
    fails(["HANDLE_INVALID", "SR", "OpaqueRef:no"], s.VDI.create, disk("OpaqueRef:no"))
    fails(["HANDLE_INVALID", "SR", NOBODY], s.VDI.create, disk(NOBODY))
    for vdi in s.VDI.get_all():
        s.VDI.destroy(vdi)
    equal((files(daemon), s.VDI.get_all(), s.SR.get_virtual_allocation(sr)), ([], [], "0"))


def branches(daemon):
    """VDI.snapshot and clone: contents apart from each other, chains that stay short"""
    s = Session(daemon)
    sr = make_sr(s)
    for kind in ("qcow2", "raw", "vhd"):
        vdi = s.VDI.create(disk(sr, kind, sm_config={"type": kind}, other_config={"o": "c"}))
        at = path_of(s, vdi)
        write(at, 1)
        snapshot = s.VDI.snapshot(vdi, {})
        got = s.VDI.get_record(snapshot)
        equal((got["is_a_snapshot"], got["snapshot_of"], got["read_only"], got["other_config"], got["name_label"]),
              (True, vdi, True, {"o": "c"}, kind))
        equal(got["snapshot_time"].value > "2020", True)
        equal(s.VDI.get_snapshots(vdi), [snapshot])
        write(at, 2)
        clone = s.VDI.clone(snapshot)
        got = s.VDI.get_record(clone)
        equal((got["is_a_snapshot"], got["snapshot_of"], got["read_only"]), (False, NOBODY, False))
        write(path_of(s, clone), 3)
        other = s.VDI.clone(vdi)
        for ref, pattern in ((vdi, 2), (snapshot, 1), (clone, 3), (other, 2)):
            holds(path_of(s, ref), pattern)
        for ref in (snapshot, other, clone):
            s.VDI.destroy(ref)
            holds(at, 2)
        equal(files(daemon), [s.VDI.get_location(vdi)])
        equal("backing-filename" in info(at), False)
        s.VDI.destroy(vdi)
    # what was cloned a hundred times is no deeper than what was cloned once
    vdi = s.VDI.create(disk(sr))
    write(path_of(s, vdi), 9)
    clones = [s.VDI.clone(vdi) for _ in range(20)]
    equal(len(files(daemon)), 22)
    s.VDI.destroy(vdi)
    for clone in clones[:-1]:
        s.VDI.destroy(clone)
    equal(files(daemon), [s.VDI.get_location(clones[-1])])
    holds(path_of(s, clones[-1]), 9)
    # snapshots of which the oldest goes: the chain does not grow
    vdi = clones[-1]
    kept = []
    for n in range(10):
        write(path_of(s, vdi), n, f"{n}M")
        kept.append(s.VDI.snapshot(vdi))
        if len(kept) > 2:
            s.VDI.destroy(kept.pop(0))
    equal(len([f for f in files(daemon) if f.endswith(".base.qcow2")]) <= 2, True)
    for n in range(10):
        holds(path_of(s, vdi), n, f"{n}M")
        if n < 9:
            holds(path_of(s, kept[0]), n, f"{n}M")
    holds(path_of(s, kept[0]), 0, "9M")
    # a larger clone of what is smaller
    clone = s.VDI.clone(kept[0])
    s.VDI.resize(clone, str(64 * MIB))
    for ref in kept + [vdi]:
        s.VDI.destroy(ref)
    equal(info(path_of(s, clone))["virtual-size"], 64 * MIB)
    holds(path_of(s, clone), 8, "8M")
    equal(files(daemon), [s.VDI.get_location(clone)])


def copies(daemon):
    """VDI.copy: to other kinds of repositories, into a disk that is there"""
    s = Session(daemon)
    sr, dummy, iso = make_sr(s), make_sr(s, "dummy", "dummy"), make_sr(s, "iso", "iso")
    vdi = s.VDI.create(disk(sr))
    write(path_of(s, vdi), 5, "3M")
    child = s.VDI.clone(vdi)
    write(path_of(s, child), 6)
    copy = s.VDI.copy(child, sr)
    seen = info(path_of(s, copy))
    equal("backing-filename" in seen, False)
    holds(path_of(s, copy), 5, "3M")
    holds(path_of(s, copy), 6)
    equal(os.stat(path_of(s, copy)).st_blocks * 512 < 4 * MIB, True)
    raw = s.VDI.copy(child, dummy)
    equal(path_of(s, raw, "dummy").endswith(".raw"), True)
    holds(path_of(s, raw, "dummy"), 6)
    equal(s.VDI.get_SR(raw), dummy)
    back = s.VDI.copy(raw, sr)
    equal(s.VDI.get_location(back).endswith(".raw"), True)
    holds(path_of(s, back), 5, "3M")
    fails(["SR_OPERATION_NOT_SUPPORTED", iso], s.VDI.copy, vdi, iso)
    fails(["HANDLE_INVALID", "SR", NOBODY], s.VDI.copy, vdi)
    into = s.VDI.create(disk(sr))
    write(path_of(s, into), 8)
    write(path_of(s, into), 8, "8M")
    equal(s.VDI.copy(child, NOBODY, NOBODY, into), into)
    holds(path_of(s, into), 6)
    holds(path_of(s, into), 0, "8M")
    small = s.VDI.create(disk(sr, size=MIB))
    fails(["VDI_TOO_SMALL", small, str(16 * MIB)], s.VDI.copy, child, NOBODY, NOBODY, small)
    fails(["VDI_READONLY", None], s.VDI.copy, child, NOBODY, NOBODY, s.VDI.snapshot(into))
    fails(["INVALID_VALUE", "into_vdi", child], s.VDI.copy, child, NOBODY, NOBODY, child)
    equal([f for f in files(daemon) if f.startswith(".")], [])


def by_hand(daemon):
    """SR.scan: what was put there, what has gone; VDI.introduce, forget, update"""
    s = Session(daemon)
    sr = make_sr(s)
    uuid = "6f1b0c62-3f0e-4a38-9d1e-0a2b7b1c5d11"
    for name in (uuid + ".qcow2", "my own disk.img"):
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2" if "qcow2" in name else "raw", os.path.join(place(daemon), name), "2M"], check=True)
    for name in ("readme.txt", "bad.qcow2", ".hidden.raw"):
        with open(os.path.join(place(daemon), name), "w") as f:
            f.write("no image")
    subprocess.run(["qemu-img", "create", "-q", "-u", "-f", "qcow2", "-b", "/etc/passwd", "-F", "raw", place(daemon) + "/evil.qcow2", "1M"], check=True)
    s.SR.scan(sr)
    equal(len(s.VDI.get_all()), 2)
    equal(s.VDI.get_location(s.VDI.get_by_uuid(uuid)), uuid + ".qcow2")
    own = s.VDI.get_by_name_label("my own disk.img")[0]
    equal((s.VDI.get_virtual_size(own), s.VDI.get_managed(own)), (str(2 * MIB), True))
    with open(path_of(s, own), "ab") as f:
        f.truncate(3 * MIB)
    equal(s.VDI.get_virtual_size(own), str(2 * MIB))
    s.VDI.update(own)
    equal(s.VDI.get_virtual_size(own), str(3 * MIB))
    clone = s.VDI.clone(own)
    os.rename(path_of(s, own), place(daemon) + "/elsewhere")
    fails(["VDI_MISSING", sr, own], s.VDI.clone, own)
    fails(["VDI_MISSING", sr, own], s.VDI.update, own)
    s.SR.scan(sr)
    fails(["HANDLE_INVALID", "VDI", own], s.VDI.get_uuid, own)
    equal(len(s.VDI.get_all()), 2)
    # forgotten, not destroyed; introduced again under its name
    equal(s.VDI.get_nbd_info(clone), [])
    location = s.VDI.get_location(clone)
    old = s.VDI.get_uuid(clone)
    s.VDI.forget(clone)
    equal(os.path.exists(os.path.join(place(daemon), location)), True)
    fails(["UUID_INVALID", "VDI", "../x"], s.VDI.introduce, "../x", "n", "d", sr, "user", False, False, {}, location)

    def introduce(uuid, location):
        return s.VDI.introduce(uuid, "n", "d", sr, "system", True, True, {"o": "1"}, location, {"x": "2"}, {"s": "3"})

    vdi = introduce(old, location)
    got = s.VDI.get_record(vdi)
    equal((got["uuid"], got["virtual_size"], got["type"], got["sharable"], got["read_only"]), (old, str(3 * MIB), "system", True, True))
    equal((got["other_config"], got["xenstore_data"], got["sm_config"]), ({"o": "1"}, {"x": "2"}, {"s": "3"}))
    equal(int(got["physical_utilisation"]) > 0, True)
    fails(["DB_UNIQUENESS_CONSTRAINT_VIOLATION", "VDI", "uuid", old], introduce, old, location)
    fails(["UUID_INVALID", "SR", "../.."], s.SR.introduce, "../..", "x", "", "file", "user", False, {})
    fails(["LOCATION_NOT_UNIQUE", sr, location], introduce, "", location)
    for bad in ("none.raw", "../../etc/passwd", "readme.txt", "", ".hidden.raw", "x" * 300 + ".raw"):
        fails(["VDI_LOCATION_MISSING", sr, bad], introduce, "", bad)


def discs(daemon):
    """an SR of discs: found at once, in directories too, never written to"""
    s = Session(daemon)
    os.makedirs(place(daemon, "iso") + "/linux/debian")
    for name in ("a.iso", "linux/debian/b.ISO", "linux/c.img", "no.txt", ".d.iso"):
        with open(os.path.join(place(daemon, "iso"), name), "wb") as f:
            f.write(b"\1" * 4096)
    os.symlink("..", place(daemon, "iso") + "/linux/loop")
    sr = make_sr(s, "iso", "iso")
    equal(s.SR.get_content_type(sr), "iso")

    def there():
        return sorted(r["location"] for r in s.VDI.get_all_records().values() if r["SR"] == sr)

    equal(there(), ["a.iso", "linux/c.img", "linux/debian/b.ISO"])
    vdi = [v for v, r in s.VDI.get_all_records().items() if r["location"] == "linux/debian/b.ISO"][0]
    got = s.VDI.get_record(vdi)
    equal((got["name_label"], got["read_only"], got["sharable"], got["virtual_size"]), ("b.ISO", True, True, "4096"))
    equal(sorted(got["allowed_operations"]), ["copy", "forget", "update"])
    for call, args in ((s.VDI.create, (disk(sr),)), (s.VDI.destroy, (vdi,)), (s.VDI.clone, (vdi,)), (s.VDI.resize, (vdi, "8192"))):
        fails(["SR_OPERATION_NOT_SUPPORTED", sr], call, *args)
    equal(s.VDI.get_virtual_size(s.VDI.copy(vdi, make_sr(s))), "4096")
    os.remove(place(daemon, "iso") + "/a.iso")
    s.SR.scan(sr)
    equal(there(), ["linux/c.img", "linux/debian/b.ISO"])
    below = s.SR.create(s.host.get_all()[0], {"location": place(daemon, "iso"), "path": "linux/debian"}, "0", "b", "", "iso", "iso", True, {})
    equal([r["location"] for r in s.VDI.get_all_records().values() if r["SR"] == below], ["b.ISO"])
    unplug(s, sr)
    fails(["SR_NOT_EMPTY"], s.SR.destroy, sr)
    s.SR.forget(sr)
    equal(os.path.exists(place(daemon, "iso") + "/linux/c.img"), True)


def fields(daemon):
    """setters of SR and VDI, and what follows of them"""
    s = Session(daemon)
    sr = make_sr(s)
    vdi = s.VDI.create(disk(sr))
    s.SR.set_name_label(sr, "new")
    s.SR.set_name_description(sr, "text")
    s.SR.set_shared(sr, True)
    equal([s.SR.get_record(sr)[k] for k in ("name_label", "name_description", "shared")], ["new", "text", True])
    s.VDI.set_name_label(vdi, "v")
    s.VDI.set_name_description(vdi, "vd")
    fails(["PERMISSION_DENIED", "VDI.virtual_size is what its repository says"], s.VDI.set_virtual_size, vdi, str(1 << 62))
    s.VDI.set_read_only(vdi, True)
    s.VDI.set_allow_caching(vdi, True)
    equal([s.VDI.get_record(vdi)[k] for k in ("name_label", "name_description", "read_only", "allow_caching")], ["v", "vd", True, True])
    s.VDI.set_sharable(vdi, True)
    equal("snapshot" in s.VDI.get_allowed_operations(vdi), False)
    fails(["VDI_IS_SHARABLE", vdi], s.VDI.snapshot, vdi)
    s.VDI.set_sharable(vdi, False)
    s.VDI.set_on_boot(vdi, "reset")
    equal({"snapshot", "copy"} & set(s.VDI.get_allowed_operations(vdi)), set())
    fails(["VDI_ON_BOOT_MODE_INCOMPATIBLE_WITH_OPERATION"], s.VDI.snapshot, vdi)
    fails(["VDI_ON_BOOT_MODE_INCOMPATIBLE_WITH_OPERATION"], s.VDI.copy, vdi, sr)
    s.VDI.set_on_boot(vdi, "persist")
    fails(["NOT_IMPLEMENTED", "VDI.data_destroy"], s.VDI.data_destroy, s.VDI.snapshot(vdi))
    pool = s.pool.get_all()[0]
    for field in ("default_SR", "suspend_image_SR", "crash_dump_SR"):
        getattr(s.pool, "set_" + field)(pool, sr)
        equal(s.pool.get_record(pool)[field], sr)


# ---- when things go wrong --------------------------------------------------------------------------------------------


def faults(daemon):
    """a driver that fails: the error, nothing left, nothing changed"""
    s = Session(daemon)
    os.makedirs(place(daemon) + "/fault")
    fault(daemon, "make", "fail no room")
    fails(["SR_BACKEND_FAILURE", "1", "", "make: no room"], make_sr, s, "dummy")
    fault(daemon, "make", None)
    for verb in ("plug", "space", "list"):
        fault(daemon, verb, "fail broken")
        if verb == "plug":
            fails(["SR_BACKEND_FAILURE", "1", "", "plug: broken"], make_sr, s, "dummy")
            equal((s.SR.get_all(), files(daemon)), ([], []))
        fault(daemon, verb, None)
    sr = make_sr(s, "dummy")
    vdi = s.VDI.create(disk(sr))
    before, there = s.VDI.get_all_records(), files(daemon)
    cases = (("create", s.VDI.create, (disk(sr),)), ("branch", s.VDI.clone, (vdi,)), ("branch", s.VDI.snapshot, (vdi,)),
             ("remove", s.VDI.destroy, (vdi,)), ("resize", s.VDI.resize, (vdi, str(99 * MIB))), ("look", s.VDI.update, (vdi,)),
             ("list", s.SR.scan, (sr,)), ("space", s.SR.update, (sr,)), ("create", s.VDI.copy, (vdi, sr)),
             ("attach", s.VDI.copy, (vdi, sr)), ("unplug", s.PBD.unplug, (pbd_of(s, sr),)), ("space", s.VDI.create, (disk(sr),)),
             ("space", s.VDI.destroy, (vdi,)), ("space", s.VDI.clone, (vdi,)))
    for verb, call, args in cases:
        fault(daemon, verb, "fail broken")
        fails(["SR_BACKEND_FAILURE", "1", "", verb + ": broken"], call, *args)
        fault(daemon, verb, None)
        equal((s.VDI.get_all_records(), files(daemon)), (before, there))
    equal(s.SR.get_current_operations(sr), {})
    # a disk that cannot be deleted has gone all the same, and its file goes later
    fault(daemon, "settle", "fail stuck")
    s.VDI.destroy(vdi)
    equal((s.VDI.get_all(), len(files(daemon))), ([], 2))
    fault(daemon, "settle", None)
    s.SR.scan(sr)
    equal((s.VDI.get_all(), files(daemon)), ([], []))


def cancelled(daemon):
    """a cancelled operation takes back what it did"""
    s = Session(daemon)
    sr = make_sr(s, "dummy")
    vdi = s.VDI.create(disk(sr))
    there = files(daemon)
    for verb, call, args in (("create", s.Async.VDI.create, (disk(sr),)), ("branch", s.Async.VDI.clone, (vdi,)),
                             ("create", s.Async.VDI.copy, (vdi, sr)), ("remove", s.Async.VDI.destroy, (vdi,)),
                             ("list", s.Async.SR.scan, (sr,))):
        fault(daemon, verb, "delay 60")
        task = call(*args)
        time.sleep(0.3)
        s.task.cancel(task)
        equal((end_of(s, task), s.VDI.get_all(), files(daemon)), ("cancelled", [vdi], there))
        fault(daemon, verb, None)
    equal((s.SR.get_current_operations(sr), s.VDI.get_current_operations(vdi)), ({}, {}))


def one_at_a_time(daemon):
    """operations on one repository wait for each other; what runs is advertised"""
    s = Session(daemon)
    sr = make_sr(s, "dummy")
    vdi = s.VDI.create(disk(sr))
    fault(daemon, "create", "delay 60")
    tasks = [s.Async.VDI.create(disk(sr, str(n))) for n in range(3)]
    until(lambda: s.SR.get_current_operations(sr))
    equal(list(s.SR.get_current_operations(sr).values()), ["vdi_create"])
    equal(s.SR.get_allowed_operations(sr), [])
    tasks.append(s.Async.VDI.destroy(vdi))
    time.sleep(0.3)
    equal(([s.task.get_status(t) for t in tasks], s.VDI.get_all()), (["pending"] * 4, [vdi]))
    fault(daemon, "create", None)
    equal([end_of(s, t) for t in tasks], ["success"] * 4)
    equal(sorted(s.VDI.get_name_label(v) for v in s.VDI.get_all()), ["0", "1", "2"])


def slow_qemu_img(daemon, seconds):
    """A qemu-img that takes a while first, for daemons started from now on."""
    os.makedirs(daemon.dir + "/bin", exist_ok=True)
    path = daemon.dir + "/bin/qemu-img"
    with open(path, "w") as f:
        f.write(f"#!/bin/sh\n[ ! -e {daemon.dir}/slow ] || [ \"$1\" != \"$(cat {daemon.dir}/slow)\" ] || sleep {seconds}\nexec /usr/bin/qemu-img \"$@\"\n")
    os.chmod(path, 0o755)
    os.environ["PATH"] = daemon.dir + "/bin:" + os.environ["PATH"]
    daemon.kill()
    daemon.start()


def deaths(daemon):
    """a copy, snapshot, creation that is cancelled, or whose worker or daemon is killed: nothing half-made stays"""
    before = os.environ["PATH"]
    slow_qemu_img(daemon, 30)
    os.environ["PATH"] = before
    s = Session(daemon)
    sr = make_sr(s)
    vdi = s.VDI.create(disk(sr))
    write(path_of(s, vdi), 4)
    there = files(daemon)
    cases = (("convert", "VDI.copy", (vdi, sr)), ("create", "VDI.snapshot", (vdi,)), ("create", "VDI.create", (disk(sr),)))
    for end in ("cancel", "kill the worker", "kill all", "stop"):
        for slow, call, args in cases:
            with open(daemon.dir + "/slow", "w") as f:
                f.write(slow)
            task = s.call("Async." + call, *args)
            worker(daemon, call)
            time.sleep(0.3)
            if end == "kill the worker":
                os.kill(worker(daemon, call), signal.SIGKILL)
            elif end == "kill all":
                kill_all(daemon)
            os.remove(daemon.dir + "/slow")
            if end == "cancel":
                s.task.cancel(task)
                equal(end_of(s, task), "cancelled")
            elif end in ("kill all", "stop"):
                if end == "stop":
                    daemon.process.send_signal(signal.SIGTERM)
                    equal(daemon.process.wait(timeout=120), 0)
                os.environ["PATH"] = daemon.dir + "/bin:" + before
                daemon.start()
                os.environ["PATH"] = before
                s = Session(daemon)
                equal(s.task.get_status(task), "failure")
            else:
                equal(end_of(s, task), "failure")
                s.SR.scan(sr)
            equal((s.VDI.get_all(), s.VDI.get_current_operations(vdi), s.SR.get_current_operations(sr)), ([vdi], {}, {}))
            equal(files(daemon), there)
            holds(path_of(s, vdi), 4)


def scale(daemon):
    """two thousand disks: made, found again, scanned"""
    s = Session(daemon)
    sr = make_sr(s, "dummy")
    unplug(s, sr)
    for n in range(2000):
        with open(place(daemon) + f"/{n}.raw", "wb") as f:
            f.truncate(MIB)
    s.PBD.plug(pbd_of(s, sr))
    started = time.time()
    s.SR.scan(sr)
    equal(len(s.SR.get_VDIs(sr)), 2000)
    equal(s.SR.get_virtual_allocation(sr), str(2000 * MIB))
    s.SR.scan(sr)
    equal(time.time() - started < 60, True)


if __name__ == "__main__":
    run([repositories, probes, refusals, drivers, disks, branches, copies, by_hand, discs, fields, faults, cancelled, one_at_a_time, deaths,
         scale], "--hv", "sim")
