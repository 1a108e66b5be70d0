#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""VMs as files, beyond one VM with its disks (xva.py): its snapshots with it,
templates and snapshots by themselves, and records without disks: GET
/export_metadata, PUT /import_metadata."""
import io
import os
import subprocess
import tarfile

from daemon import ROOT, Session, equal, fails, run
from image import request
from snapshot import address, built, paths, vbds, vdis
from storage import MIB, disk, files, holds, make_sr, place, write
from suspend import life, memories, running, set_default
from vm import NOBODY, Host, agrees, record, until
from xva import get, pack, put, unpack

XE = os.path.join(ROOT, "build/bin/xe")


def xe(daemon, *words):
    done = subprocess.run([XE, *words], env=dict(os.environ, XE_SOCKET=daemon.socket), capture_output=True, text=True)
    return done.returncode, done.stdout.strip(), done.stderr.strip()


def get_records(s, **params):
    query = "&".join(f"{k}={v}" for k, v in dict({"session_id": s.ref}, **params).items())
    return request(s.daemon, "GET", "/export_metadata?" + query)


def put_records(s, body, **params):
    return put(s, body, path="/import_metadata", **params)


def objects(body, cls="VM"):
    records, members = unpack(body)
    equal(members, [])
    return [o["snapshot"] for o in records["objects"] if o["class"] == cls]


def in_order(s, vm):
    """Its snapshots, the oldest first."""
    return sorted(s.VM.get_snapshots(vm), key=s.VM.get_name_label)


def grown(s, sr):
    """A VM with three snapshots of different content, two of them beside each other, and one with memory."""
    vm = built(s, sr, n_disks=1)
    path = lambda: paths(s, vm)[0]
    write(path(), 1)
    first = s.VM.snapshot(vm, "1", [])
    write(path(), 2)
    s.VM.snapshot(vm, "2", [])
    s.VM.revert(first)
    write(path(), 3)
    s.VM.start(vm, False, False)
    s.VM.checkpoint(vm, "3")
    s.VM.hard_shutdown(vm)
    write(path(), 4)
    return vm


def is_grown(s, vm, sr="sr"):
    """What GROWN has made, with all that holds it together."""
    snapshots = in_order(s, vm)
    equal([s.VM.get_name_label(o) for o in snapshots], ["1", "2", "3"])
    for n, (o, path) in enumerate(zip(snapshots, [paths(s, o, sr)[0] for o in snapshots])):
        holds(path, n + 1)
        got = s.VM.get_record(o)
        equal((got["is_a_snapshot"], got["is_a_template"], got["snapshot_of"], got["snapshot_time"].value[:4] > "2000"), (True, True, vm, True))
        vdi = s.VDI.get_record(vdis(s, o)[0])
        equal((vdi["is_a_snapshot"], vdi["snapshot_of"], vdi["read_only"]), (True, vdis(s, vm)[0], True))
    holds(paths(s, vm, sr)[0], 4)
    one, two, three = snapshots
    equal([s.VM.get_parent(o) for o in (one, two, three, vm)], [NOBODY, one, one, three])
    equal(sorted(s.VM.get_children(one)), sorted([two, three]))
    equal((s.VM.get_power_state(three), s.VDI.get_type(s.VM.get_suspend_VDI(three))), ("Suspended", "suspend"))
    equal(s.VM.get_power_state(vm), "Halted")
    return snapshots


def trees(daemon):
    """snapshots go with their VM, and come in again as they were: each can be gone back to"""
    s, host = Session(daemon), Host(daemon)
    sr, other = make_sr(s), make_sr(s, name="other")
    set_default(s, sr)
    vm = grown(s, sr)
    equal(len(is_grown(s, vm)), 3)
    records, _ = unpack(get(s, vm)[2])
    equal(len([o for o in records["objects"] if o["class"] == "VM"]), 1)
    body = get(s, vm, export_snapshots="true", use_compression="gzip")[2]
    refs = put(s, body, sr_id=other)
    (new,) = [ref for ref in refs if not s.VM.get_is_a_snapshot(ref)]
    equal((len(refs), len({s.VM.get_uuid(ref) for ref in refs} & {s.VM.get_uuid(ref) for ref in [vm] + in_order(s, vm)})), (4, 0))
    one, two, three = is_grown(s, new, "other")
    is_grown(s, vm)
    s.VM.revert(two)
    holds(paths(s, new, "other")[0], 2)
    equal((s.VM.get_parent(new), s.VM.get_name_label(new)), (two, "vm"))
    s.VM.revert(three)
    holds(paths(s, new, "other")[0], 3)
    equal(s.VM.get_power_state(new), "Suspended")
    s.VM.resume(new, False, False)
    s.VM.hard_shutdown(new)
    # a VM that has gone comes back as itself and not as the one that it was made of
    uuid = s.VM.get_uuid(new)
    s.VM.destroy(new)
    s.VM.revert(one)
    (again,) = s.VM.get_snapshot_of(one),
    equal((s.VM.get_uuid(again), s.VM.get_snapshots(again) != [], s.VM.get_uuid(vm) != uuid), (uuid, True, True))
    holds(paths(s, again, "other")[0], 1)
    agrees(s, host)


def restored(daemon):
    """the whole tree as itself: over one that is there, and after all of it has gone"""
    s = Session(daemon)
    sr = make_sr(s)
    set_default(s, sr)
    vm = grown(s, sr)
    uuids = [s.VM.get_uuid(ref) for ref in [vm] + in_order(s, vm)]
    body = get(s, vm, export_snapshots="true")[2]
    equal(put(s, body, restore="true")[0], "VM_TO_IMPORT_IS_NOT_NEWER_VERSION")
    late = s.VM.snapshot(vm, "4", [])
    put(s, body, restore="true", force="true")
    again = s.VM.get_by_uuid(uuids[0])
    equal((again != vm, s.VM.get_snapshot_of(late)), (True, again))  # one that the file knows nothing of stays, and is its own
    s.VM.destroy(late)
    is_grown(s, again)
    equal([s.VM.get_uuid(ref) for ref in [again] + in_order(s, again)], uuids)
    for ref in in_order(s, again) + [again]:
        s.VM.destroy(ref)
    for vdi in s.VDI.get_all():
        s.VDI.destroy(vdi)
    equal(files(daemon), [])
    put(s, body, restore="true")
    again = s.VM.get_by_uuid(uuids[0])
    is_grown(s, again)
    equal([s.VM.get_uuid(ref) for ref in [again] + in_order(s, again)], uuids)
    # addresses are as they were, and nobody else's
    other = s.VM.clone(again, "other")
    s.VM.remove_from_other_config(other, "mac_seed")
    s.VM.add_to_other_config(other, "mac_seed", s.VM.get_other_config(again)["mac_seed"])
    for ref in in_order(s, again) + [again]:
        s.VM.destroy(ref)
    equal(put(s, body, restore="true")[0], "DUPLICATE_MAC_SEED")
    equal(len(put(s, body, restore="true", force="true")), 4)


def busy(daemon):
    """a snapshot that goes out is not destroyed meanwhile; one that fails leaves nothing"""
    s = Session(daemon)
    sr = make_sr(s)
    set_default(s, sr)
    vm = grown(s, sr)
    body = get(s, vm, export_snapshots="true")[2]
    (_, _, three) = in_order(s, vm)
    before = (sorted(s.VM.get_all()), sorted(s.VDI.get_all()), files(daemon))
    os.rename(paths(s, three)[0], place(daemon, "gone"))
    status, task, half = get(s, vm, export_snapshots="true")
    equal((s.task.get_status(task), s.task.get_error_info(task)[0]), ("failure", "VDI_MISSING"))
    os.rename(place(daemon, "gone"), paths(s, three)[0])
    equal(put(s, half)[0][:12], "IMPORT_ERROR")
    for cut in (len(body) // 3, len(body) // 2, len(body) - 20000):
        equal(put(s, body[:cut])[0][:12], "IMPORT_ERROR")
    records, members = unpack(body)
    ids = sorted({name.split("/")[0] for name, _ in members})
    equal(put(s, pack(records, [m for m in members if not m[0].startswith(ids[1] + "/")])), ["IMPORT_ERROR_ATTACHED_DISKS_NOT_FOUND"])
    equal((sorted(s.VM.get_all()), sorted(s.VDI.get_all()), files(daemon)), before)
    equal([s.VM.get_current_operations(ref) for ref in [vm, three]], [{}, {}])


def lies(daemon):
    """snapshots of themselves, of snapshots, of disks, of nobody: templates, and nothing that goes round in circles"""
    s = Session(daemon)
    vm = s.VM.create(record("vm"))
    s.VM.snapshot(vm, "snapshot", [])
    records, _ = unpack(get_records(s, ref=vm)[2])
    (root, snapshot) = [o for o in records["objects"] if o["class"] == "VM"]
    metrics = [o["id"] for o in records["objects"] if o["class"] == "VM_metrics"][0]
    for of, parent in ((snapshot["id"], snapshot["id"]), (metrics, metrics), ("Ref:77", "x"), ("OpaqueRef:NULL", vm), (7, {})):
        snapshot["snapshot"].update(snapshot_of=of, parent=parent)
        (new,) = [ref for ref in put_records(s, pack(records, [])) if s.VM.get_name_label(ref) == "snapshot"]
        equal((s.VM.get_is_a_snapshot(new), s.VM.get_is_a_template(new), s.VM.get_snapshot_of(new), s.VM.get_parent(new)), (False, True, NOBODY, NOBODY))
    root["snapshot"].update(is_a_snapshot=True, snapshot_of=snapshot["id"])
    snapshot["snapshot"].update(snapshot_of=root["id"])
    refs = put_records(s, pack(records, []))
    equal(([s.VM.get_is_a_snapshot(ref) for ref in refs], [s.VM.get_snapshot_of(ref) for ref in refs]), ([False, False], [NOBODY, NOBODY]))


def templates(daemon):
    """templates, and snapshots as templates, with xe: out, in, and a VM made of them"""
    s, host = Session(daemon), Host(daemon)
    sr = make_sr(s)
    set_default(s, sr)
    vm = grown(s, sr)
    one, two, three = in_order(s, vm)
    path = place(daemon, "file.xva")

    def around(command, ref, *more, word):
        if os.path.exists(path):
            os.remove(path)
        equal(xe(daemon, command, f"{word}={s.VM.get_uuid(ref)}", "filename=" + path, *more), (0, "", ""))
        status, uuid, err = xe(daemon, "vm-import", "filename=" + path)
        equal((status, err), (0, ""))
        return s.VM.get_by_uuid(uuid)

    for more in ((), ("compress=zstd",), ("compress=gzip",), ("compress=true",)):
        new = around("snapshot-export-to-template", two, *more, word="snapshot-uuid")
        got = s.VM.get_record(new)
        equal((got["is_a_template"], got["is_a_snapshot"], got["snapshot_of"], got["snapshot_metadata"], got["snapshot_info"], got["name_label"]),
              (True, False, NOBODY, "", {}, "2"))
        equal([s.VDI.get_record(v)[k] for v in vdis(s, new) for k in ("is_a_snapshot", "snapshot_of", "read_only")], [False, NOBODY, False])
        with open(path, "rb") as f:
            equal(f.read(4) == b"\x28\xb5\x2f\xfd", more == ("compress=zstd",))
    made = s.VM.clone(new, "made")
    s.VM.provision(made)
    holds(paths(s, made)[0], 2)
    s.VM.start(made, False, False)
    agrees(s, host)
    # memory goes only where it is asked for
    equal(s.VM.get_power_state(around("snapshot-export-to-template", three, word="snapshot-uuid")), "Halted")
    asleep = around("snapshot-export-to-template", three, "preserve-power-state=true", word="snapshot-uuid")
    equal((s.VM.get_power_state(asleep), s.VM.get_is_a_template(asleep)), ("Suspended", True))
    # a template that has disks, and one that is to be given some
    again = around("template-export", new, word="template-uuid")
    holds(paths(s, again)[0], 2)
    equal(s.VM.get_is_a_template(again), True)
    (linux,) = s.VM.get_by_name_label("Linux (BIOS)")
    copy = around("template-export", linux, "compress=zstd", word="template-uuid")
    equal((s.VM.get_is_default_template(copy), s.VM.get_is_a_template(copy)), (False, True))
    vm = s.VM.clone(copy, "of a copy")
    s.VM.provision(vm)
    equal((len(vdis(s, vm)), s.VM.get_is_a_template(vm)), (1, False))


def sleepers(daemon):
    """xe: a suspended VM and its snapshots in one file"""
    s, host = Session(daemon), Host(daemon)
    sr = make_sr(s)
    set_default(s, sr)
    vm = running(s, sr)
    lives = life(s, host, vm)
    s.VM.checkpoint(vm, "awake")
    s.VM.suspend(vm)
    path = place(daemon, "file.xva")
    uuid = s.VM.get_uuid(vm)
    equal(xe(daemon, "vm-export", "uuid=" + uuid, "filename=" + path, "preserve-power-state=true", "include-snapshots=true"), (0, "", ""))
    status, uuids, err = xe(daemon, "vm-import", "filename=" + path)
    refs = [s.VM.get_by_uuid(u) for u in uuids.split(",")]
    (new,) = [ref for ref in refs if not s.VM.get_is_a_snapshot(ref)]
    equal((status, err, len(refs), s.VM.get_power_state(new), len(memories(s))), (0, "", 2, "Suspended", 4))
    s.VM.resume(new, False, False)
    equal(life(s, host, new), lives)
    (snapshot,) = s.VM.get_snapshots(new)
    s.VM.hard_shutdown(new)
    s.VM.revert(snapshot)
    s.VM.resume(new, False, False)
    agrees(s, host)


def records_go(daemon):
    """records without disks: one VM, with or without its snapshots and devices, or all of them"""
    s = Session(daemon)
    sr = make_sr(s)
    set_default(s, sr)
    vm, other = grown(s, sr), built(s, sr, "other")
    status, task, body = get_records(s, uuid=s.VM.get_uuid(vm))
    equal((status, len(body) % 512), (200, 0))
    until(lambda: s.task.get_status(task) == "success")
    equal(sorted(o["name_label"] for o in objects(body)), ["1", "2", "3", "vm"])
    equal([o["name_label"] for o in objects(get_records(s, ref=vm, export_snapshots="false")[2])], ["vm"])
    for types, left in (("vbd", (0, 1)), ("vif", (3, 0)), ("vbd,vif,vgpu", (0, 0)), ("", (3, 1))):
        body = get_records(s, ref=other, excluded_device_types=types)[2]
        equal((len(objects(body, "VBD")), len(objects(body, "VIF")), len(objects(body, "VDI"))), left + (2 if left[0] else 0,))
    names = lambda **params: sorted(o["name_label"] for o in objects(get_records(s, all="true", **params)[2]))
    equal(names(), ["1", "2", "3", "other", "vm"])
    equal(names(include_dom0="false", export_snapshots="false"), ["other", "vm"])
    s.VM.start(vm, False, False)  # also while it runs
    (got,) = objects(get_records(s, ref=vm, export_snapshots="false")[2])
    equal((got["power_state"], got["current_operations"]), ("Running", {}))
    equal((get_records(s, uuid="x")[0], get_records(s)[0], get_records(s, ref=vm, use_compression="x")[0]), (404, 404, 400))
    equal(get_records(s, ref=vm, use_compression="zstd")[2][:4], b"\x28\xb5\x2f\xfd")


def records_come(daemon):
    """records for disks that are here: as others, as themselves, tried only; what is missing"""
    s, host = Session(daemon), Host(daemon)
    sr = make_sr(s)
    set_default(s, sr)
    vm = built(s, sr, n_disks=2)
    s.VM.snapshot(vm, "then", [])
    body = get_records(s, ref=vm)[2]
    before = (sorted(s.VM.get_all()), sorted(s.VDI.get_all()), files(daemon))
    for params in ({"dry_run": "true"}, {"dry_run": "true", "restore": "true", "force": "true"}):
        equal(put_records(s, body, **params), [])
        equal((sorted(s.VM.get_all()), sorted(s.VDI.get_all()), files(daemon)), before)
    refs = put_records(s, body)
    (new,) = [ref for ref in refs if not s.VM.get_is_a_snapshot(ref)]
    equal((vdis(s, new), s.VM.get_uuid(new) != s.VM.get_uuid(vm), address(s, new) != address(s, vm)), (vdis(s, vm), True, True))
    equal(len(s.VM.get_snapshots(new)), 1)
    equal(put_records(s, body, restore="true")[0], "VM_TO_IMPORT_IS_NOT_NEWER_VERSION")
    for ref in s.VM.get_snapshots(new) + [new] + s.VM.get_snapshots(vm) + [vm]:
        s.VM.destroy(ref)
    uuid, seed = objects(body)[0]["uuid"], objects(body)[0]["other_config"]["mac_seed"]
    refs = put_records(s, body, restore="true")
    vm = s.VM.get_by_uuid(uuid)
    equal((len(refs), s.VM.get_other_config(vm)["mac_seed"], len(vdis(s, vm))), (2, seed, 2))
    holds(paths(s, vm)[1], 2)
    s.VM.revert(s.VM.get_snapshots(vm)[0])
    s.VM.start(vm, False, False)
    agrees(s, host)
    s.VM.hard_shutdown(vm)
    # another disk in the place of one that has gone, or none
    body = get_records(s, ref=vm, export_snapshots="false")[2]
    gone, stays = vdis(s, vm)
    gone_uuid = s.VDI.get_uuid(gone)
    s.VM.destroy(vm)
    s.VDI.destroy(gone)
    equal(put_records(s, body), ["IMPORT_ERROR_ATTACHED_DISKS_NOT_FOUND"])
    equal(put_records(s, body, dry_run="true"), ["IMPORT_ERROR_ATTACHED_DISKS_NOT_FOUND"])
    other = s.VDI.create(disk(sr, "other"))
    (vm,) = put_records(s, body, **{f"vdi:{gone_uuid}": s.VDI.get_uuid(other)})
    equal(vdis(s, vm), [other, stays])
    (vm,) = put_records(s, body, force="true")
    equal(sorted(vbds(s, vm)), ["1", "9"])


def images(daemon):
    """a disc in a drive is found by its name, where its repository was made again"""
    s = Session(daemon)
    sr = make_sr(s, "iso", "iso")
    with open(place(daemon, "iso/disc.iso"), "wb") as f:
        f.write(bytes(MIB))
    s.SR.scan(sr)
    (disc,) = s.SR.get_VDIs(sr)
    vm = built(s, make_sr(s), n_disks=0)
    (drive,) = s.VM.get_VBDs(vm)
    s.VBD.insert(drive, disc)
    body = get_records(s, ref=vm)[2]
    s.VM.destroy(vm)
    s.VDI.forget(disc)
    s.SR.scan(sr)
    (again,) = s.SR.get_VDIs(sr)
    (vm,) = put_records(s, body)
    equal((again != disc, s.VBD.get_VDI(s.VM.get_VBDs(vm)[0]), vbds(s, vm)["9"]["empty"]), (True, again, False))
    os.remove(place(daemon, "iso/disc.iso"))
    s.SR.scan(sr)
    (vm,) = put_records(s, body)
    equal((vbds(s, vm)["9"]["empty"], s.VBD.get_VDI(s.VM.get_VBDs(vm)[0])), (True, NOBODY))


def memory(daemon):
    """a suspended VM's record: it wakes up once, as itself"""
    s, host = Session(daemon), Host(daemon)
    sr = make_sr(s)
    set_default(s, sr)
    vm = running(s, sr)
    lives = life(s, host, vm)
    s.VM.suspend(vm)
    body = get_records(s, ref=vm)[2]
    (other,) = put_records(s, body)
    equal((s.VM.get_power_state(other), s.VM.get_suspend_VDI(other)), ("Halted", NOBODY))
    equal(put_records(s, body, restore="true", force="true")[0], "VM_BAD_POWER_STATE")
    equal(s.VM.get_power_state(vm), "Suspended")
    s.VM.resume(vm, False, False)
    equal(life(s, host, vm), lives)


def many(daemon):
    """records of 600 VMs at once, out and in; but for a Dom0"""
    s = Session(daemon)
    for n in range(600):
        s.VM.create(record(f"vm{n}"))
    records, _ = unpack(get_records(s, all="true")[2])
    vms = [o for o in records["objects"] if o["class"] == "VM"]
    equal(len(vms), 600)
    vms[7]["snapshot"]["is_control_domain"] = True
    equal(len(put_records(s, pack(records, []))), 599)


def refuses(daemon):
    """no such file, a body in chunks, a VM that runs, who may not"""
    s = Session(daemon)
    sr = make_sr(s)
    vm = built(s, sr, n_disks=1)
    body = get_records(s, ref=vm)[2]
    before = sorted(s.VM.get_all())
    for bad in (b"x" * 10000, body[:700], body[:512]):
        equal(put_records(s, bad)[0], "IMPORT_ERROR")
    text = pack(None, [], b"<value><struct><member><name>objects</name><value><array><data><value>x</value></data></array></value></member></struct></value>")
    equal(put_records(s, text)[0], "IMPORT_ERROR")
    equal((put_records(s, body, live="true")[0], put_records(s, body, headers={"Transfer-Encoding": "chunked"})[0]), (501, 403))
    equal(sorted(s.VM.get_all()), before)
    equal((get_records(s, ref=vm, session_id="x")[0], put_records(s, body, session_id="x")[0]), (401, 401))
    # a file with disks has records, too
    set_default(s, sr)
    equal(len(put_records(s, get(s, vm)[2])), 1)
    subject = s.subject.create({"subject_identifier": "bob", "other_config": {}})
    for role in s.subject.get_roles(subject):
        s.subject.remove_from_roles(subject, role)
    s.subject.add_to_roles(subject, s.role.get_by_name_label("vm-operator")[0])
    bob = Session(daemon, "bob")
    equal((get_records(bob, ref=vm)[0], put_records(bob, body)[0]), (403, 403))


def by_xe(daemon):
    """vm-export metadata=true, vm-import metadata=true with dry-run and vdi:"""
    s = Session(daemon)
    sr = make_sr(s)
    set_default(s, sr)
    vm = built(s, sr, n_disks=1)
    s.VM.snapshot(vm, "then", [])
    path = place(daemon, "records")
    uuid = s.VM.get_uuid(vm)
    equal(xe(daemon, "vm-export", "uuid=" + uuid, "filename=" + path, "metadata=true"), (0, "", ""))
    with tarfile.open(path) as tar:
        equal(tar.getnames(), ["ova.xml"])
    n = len(s.VM.get_all())
    equal(xe(daemon, "vm-import", "filename=" + path, "metadata=true", "--dry-run"), (0, "", ""))
    equal(len(s.VM.get_all()), n)
    other = s.VDI.create(disk(sr, "other"))
    status, out, err = xe(daemon, "vm-import", "filename=" + path, "metadata=true", f"vdi:{s.VDI.get_uuid(vdis(s, vm)[0])}={s.VDI.get_uuid(other)}")
    equal((status, err, len(out.split(","))), (0, "", 2))
    (new,) = [ref for ref in map(s.VM.get_by_uuid, out.split(",")) if not s.VM.get_is_a_snapshot(ref)]
    equal(vdis(s, new), [other])
    os.remove(path)
    equal(xe(daemon, "vm-export", "uuid=" + uuid, "filename=" + path, "metadata=true", "include-snapshots=false"), (0, "", ""))
    with open(path, "rb") as f:
        equal(len(objects(f.read())), 1)
    os.remove(path)
    (linux,) = s.VM.get_by_name_label("Linux (BIOS)")
    equal(xe(daemon, "template-export", "template-uuid=" + s.VM.get_uuid(linux), "filename=" + path, "metadata=true"), (0, "", ""))
    status, out, err = xe(daemon, "vm-import", "filename=" + path, "metadata=true")
    equal((status, err, s.VM.get_is_a_template(s.VM.get_by_uuid(out))), (0, "", True))


if __name__ == "__main__":
    run([trees, restored, busy, lies, templates, sleepers, records_go, records_come, images, memory, many, refuses, by_xe], "--hv=sim")
