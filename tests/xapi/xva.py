#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""VMs as files: GET /export and PUT /import. Files are read and made by Python's
own tarfile and XML-RPC, so that both sides are held to the format."""
import gzip
import hashlib
import io
import socket
import tarfile
import xmlrpc.client

from daemon import Session, equal, fails, run
from image import request
from snapshot import address, built, paths, vbds, vdis
from storage import disk, fault, files, holds, make_sr, write
from suspend import life, memories, running, set_default
from vm import NOBODY, Host, agrees, kill_workers, until

PIECE = 1 << 20


def get(s, vm, **params):
    query = "&".join(f"{k}={v}" for k, v in dict(params, session_id=s.ref, ref=vm).items())
    status, task, body = request(s.daemon, "GET", "/export/?" + query)
    return status, task, body


def put(s, body, headers=None, path="/import", **params):
    """The status of the answer, then how the task ended: VMs, or an error."""
    query = "&".join(f"{k}={v}" for k, v in dict({"session_id": s.ref}, **params).items())
    status, task, page = request(s.daemon, "PUT", f"{path}?{query}", body, headers)
    if not task:
        return status, page
    until(lambda: s.task.get_status(task) not in ("pending", "cancelling"))
    got = s.task.get_record(task)
    if got["status"] != "success":
        return got["error_info"]
    (refs,), _ = xmlrpc.client.loads(f"<params><param>{got['result']}</param></params>")
    return refs


def begin_put(s, task, body, length):
    """The connection of one who has sent so much of BODY."""
    client = socket.create_connection(("127.0.0.1", s.daemon.port))
    client.sendall(f"PUT /import?session_id={s.ref}&task_id={task} HTTP/1.0\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body[:length])
    return client


def unpack(body):
    """The records, and the other members in their order."""
    with tarfile.open(fileobj=io.BytesIO(body)) as tar:
        members = [(m.name, tar.extractfile(m).read()) for m in tar.getmembers()]
    equal(members[0][0], "ova.xml")
    (records,), _ = xmlrpc.client.loads(b"<params><param>" + members[0][1] + b"</param></params>")
    return records, members[1:]


def pack(records, members, raw=None):
    out = io.BytesIO()
    text = raw if raw is not None else xmlrpc.client.dumps((records,)).split("<param>")[1].split("</param>")[0].encode()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, content in [("ova.xml", text)] + members:
            m = tarfile.TarInfo(name)
            m.size = len(content)
            tar.addfile(m, io.BytesIO(content))
    return out.getvalue()


def exports(daemon):
    """the tar: records with references of its own, pieces and checksums, zeros left out, compressed"""
    s = Session(daemon)
    sr = make_sr(s)
    vm = built(s, sr)
    write(paths(s, vm)[0], 8, "5M", "1M")
    status, task, body = get(s, vm)
    equal((status, s.task.get_status(task)), (200, "success"))
    records, members = unpack(body)
    equal((records["version"]["export_vsn"], records["version"]["xapi_major"]), ("2", "1"))
    by_id = {o["id"]: o for o in records["objects"]}
    equal(sorted({o["class"] for o in records["objects"]}), ["SR", "VBD", "VDI", "VIF", "VM", "VM_metrics", "network"])
    (guest,) = [o["snapshot"] for o in records["objects"] if o["class"] == "VM"]
    equal((guest["name_label"], guest["power_state"], len(guest["VBDs"]), guest["affinity"]), ("vm", "Halted", 3, "OpaqueRef:NULL"))
    equal([by_id[ref]["class"] for ref in guest["VBDs"] + guest["VIFs"]], ["VBD"] * 3 + ["VIF"])
    equal("OpaqueRef:" in str(records["objects"]).replace("OpaqueRef:NULL", ""), False)
    names = [name for name, _ in members]
    first, second = sorted(o["id"] for o in records["objects"] if o["class"] == "VDI")
    equal(names, [f"{first}/{n:08}{end}" for n in (0, 5, 15) for end in ("", ".xxhash")] +
          [f"{second}/{n:08}{end}" for n in (0, 15) for end in ("", ".xxhash")])
    content = dict(members)
    equal((content[f"{first}/00000000"], content[f"{first}/00000005"]), (b"\1" * PIECE, b"\10" * PIECE))
    # known sums: of a MiB of zeros, as others compute it
    equal(content[f"{first}/00000015.xxhash"], b"87D2A1B6E1163EF1")
    equal(gzip.decompress(get(s, vm, use_compression="true")[2])[:7], b"ova.xml")
    equal(get(s, vm, use_compression="zstd")[2][:4], b"\x28\xb5\x2f\xfd")
    equal((get(s, "x")[0], get(s, vm, use_compression="lzma")[0]), (404, 400))
    s.VM.start(vm, False, False)
    status, task, body = get(s, vm)
    equal(body == b"" or status != 200, True)
    equal(s.VM.get_current_operations(vm), {})


def returns(daemon):
    """out and in again: disks, devices, new uuids and addresses, or the old ones"""
    s, host = Session(daemon), Host(daemon)
    sr, other = make_sr(s), make_sr(s, "file", "other")
    set_default(s, other)
    vm = built(s, sr, tags=["t"], PV_args="quiet", VCPUs_params={"weight": "9"})
    generations = {s.VM.get_generation_id(vm)}
    for kind in ("false", "true", "zstd"):
        body = get(s, vm, use_compression=kind)[2]
        (new,) = put(s, body)
        old, got = s.VM.get_record(vm), s.VM.get_record(new)
        differ = {k for k in got if got[k] != old[k]}
        equal(differ, {"uuid", "VBDs", "VIFs", "metrics", "other_config", "generation_id"})
        generations.add(got["generation_id"])
        equal((sorted(vbds(s, new)), vbds(s, new)["0"]["bootable"], vbds(s, new)["9"]["empty"]), (["0", "1", "9"], True, True))
        equal([s.VDI.get_SR(v) for v in vdis(s, new)], [other, other])
        for n, path in enumerate(paths(s, new, "other")):
            holds(path, n + 1)
            holds(path, 0, "1M", "15M")
        equal(address(s, new) == address(s, vm), False)
        equal(s.VIF.get_network(s.VM.get_VIFs(new)[0]), s.VIF.get_network(s.VM.get_VIFs(vm)[0]))
    equal(len(generations), 4)
    s.VM.start(new, False, False)
    agrees(s, host)
    # as it was, where it was
    uuid, mac = s.VM.get_uuid(vm), address(s, vm)
    equal(put(s, body, restore="true")[0], "VM_TO_IMPORT_IS_NOT_NEWER_VERSION")
    (again,) = put(s, body, restore="true", force="true", sr_uuid=s.SR.get_uuid(sr))
    fails(["HANDLE_INVALID", "VM", vm], s.VM.get_uuid, vm)
    equal((s.VM.get_uuid(again), address(s, again), s.VDI.get_SR(vdis(s, again)[0])), (uuid, mac, sr))
    s.VM.destroy(again)
    (again,) = put(s, body, restore="true", sr_id=sr)
    equal((s.VM.get_uuid(again), s.VM.get_name_label(again), s.VM.get_version(again)), (uuid, "vm", "1"))
    s.VM.start(again, False, False)
    equal(put(s, body, restore="true", force="true"), ["VM_BAD_POWER_STATE", again, "halted", "running"])


def sleeps(daemon):
    """a suspended VM with its memory, or without"""
    s, host = Session(daemon), Host(daemon)
    sr = make_sr(s)
    set_default(s, sr)
    vm = running(s, sr)
    lives = life(s, host, vm)
    s.VM.suspend(vm)
    (halted,) = put(s, get(s, vm)[2])
    equal((s.VM.get_power_state(halted), s.VM.get_suspend_VDI(halted), len(memories(s))), ("Halted", NOBODY, 1))
    (slept,) = put(s, get(s, vm, preserve_power_state="true")[2])
    equal((s.VM.get_power_state(slept), len(memories(s))), ("Suspended", 2))
    s.VM.hard_shutdown(vm)
    s.VM.resume(slept, False, False)
    equal(life(s, host, slept), lives)


def foreign(daemon):
    """files of other makers: SHA-1 sums, pieces of other sizes, numbers without bytes, unknown classes and fields"""
    s = Session(daemon)
    sr = make_sr(s)
    set_default(s, sr)
    records, members = unpack(get(s, built(s, sr, n_disks=1))[2])
    ref = members[0][0].split("/")[0]
    for o in records["objects"]:
        o["snapshot"]["field_of_the_future"] = {"a": ["b"]}
        if o["class"] == "VM":
            o["snapshot"].update(domain_type="of the future", name_label="<&>")
    records["objects"].append({"class": "Thing", "id": "Ref:999", "snapshot": {}})
    records["version"].update(xapi_major="99")

    def piece(number, content, kind="checksum"):
        name = f"{ref}/{number:08}"
        return [(name, content), (f"{name}.checksum", hashlib.sha1(content).hexdigest().encode())]

    half = PIECE // 2
    pieces = piece(0, b"\5" * half) + piece(1, b"") + piece(3, b"\6" * half) + piece(4, b"\7" * half)
    equal(put(s, pack(records, pieces)), ["IMPORT_ERROR_PREMATURE_EOF"])  # the last one is never left out
    body = pack(records, pieces + piece(32, bytes(half - 100) + b"\7" * 100))
    (vm,) = put(s, body)
    equal((s.VM.get_name_label(vm), s.VM.get_domain_type(vm)), ("<&>", "pv"))
    path = paths(s, vm)[0]
    for pattern, at, length in ((5, 0, half), (0, half, half), (6, 2 * half, half), (7, 3 * half, half), (0, 4 * half, 10 * PIECE), (7, 16 * PIECE - 100, 100)):
        holds(path, pattern, str(at), str(length))


def refuses(daemon):
    """what is no such file, lies or ends too early: an error, and nothing of it stays"""
    s = Session(daemon)
    sr = make_sr(s)
    set_default(s, sr)
    vm = built(s, sr, n_disks=1)
    body = get(s, vm)[2]
    records, members = unpack(body)
    ref = members[0][0].split("/")[0]
    before = (sorted(s.VM.get_all()), sorted(s.VDI.get_all()), files(daemon))
    newer = dict(records, version=dict(records["version"], export_vsn="3"))
    no_size = dict(records, objects=[dict(o, snapshot=dict(o["snapshot"], virtual_size="x")) for o in records["objects"]])
    # of nothing, as Xen Orchestra tries whether it is here; and with a task, as somebody who means it
    tasks = s.task.get_all()
    equal((put(s, b""), s.task.get_all()), ((200, b""), tasks))
    task = s.task.create("import", "")
    equal(put(s, b"", task_id=task)[0], "IMPORT_ERROR")
    s.task.destroy(task)
    bad_sum = [members[0], (members[1][0], ("0" * 16).encode())] + members[2:]
    for bad, code in (
            (b"no tar" * 1000, "IMPORT_ERROR"), (gzip.compress(b"no tar" * 1000), "IMPORT_ERROR"),
            (body[:len(body) // 2], "IMPORT_ERROR"), (body[:4 << 10], "IMPORT_ERROR"),
            (pack(None, [], b"<value><!DOCTYPE x>"), "IMPORT_ERROR"), (pack(None, [], b"<value>x</value>"), "IMPORT_ERROR"),
            (pack(None, [], b"<value><struct/></value>"), "IMPORT_ERROR"), (pack(newer, members), "IMPORT_INCOMPATIBLE_VERSION"),
            (pack(no_size, members), "IMPORT_ERROR"), (pack(dict(records, objects=records["objects"] * 2), members), "IMPORT_ERROR"),
            (pack(records, []), "IMPORT_ERROR_ATTACHED_DISKS_NOT_FOUND"),
            (pack(records, members[:1]), "IMPORT_ERROR_PREMATURE_EOF"),
            (pack(records, members[:-2]), "IMPORT_ERROR_PREMATURE_EOF"),  # what is cut off at a seam
            (pack(records, bad_sum), "IMPORT_ERROR_SOME_CHECKSUMS_FAILED"),
            (pack(records, members[1:]), "IMPORT_ERROR_UNEXPECTED_FILE"), (pack(records, members[2:]), "IMPORT_ERROR_UNEXPECTED_FILE"),
            (pack(records, members + members), "IMPORT_ERROR_UNEXPECTED_FILE"),
            (pack(records, [("../../etc/passwd", b"x")]), "IMPORT_ERROR_UNEXPECTED_FILE"),
            (pack(records, [("Ref:777/00000000", b"x")]), "IMPORT_ERROR_UNEXPECTED_FILE"),
            (pack(records, [(f"{ref}/x", b"x")]), "IMPORT_ERROR_UNEXPECTED_FILE"),
            (pack(records, members[:2] + [(f"{ref}/99999999", b"x")]), "IMPORT_ERROR"),
            (pack(records, [(f"{ref}/00000000", b"x" * (PIECE + 1))]), "IMPORT_ERROR")):
        got = put(s, bad)
        if got[0] != code:
            raise AssertionError(f"{got!r}, wanted {code}")
        equal((sorted(s.VM.get_all()), sorted(s.VDI.get_all()), files(daemon)), before)
    (forced,) = put(s, pack(records, bad_sum), force="true")
    holds(paths(s, forced)[0], 1)
    iso = make_sr(s, "iso", "iso")
    equal((put(s, body, sr_id=iso)[0], put(s, body, sr_id="x")[0], put(s, body, {"Transfer-Encoding": "chunked"})[0]), (400, 404, 403))


def dies(daemon):
    """a worker or the daemon killed, a client that goes: nothing half made"""
    s = Session(daemon)
    sr = make_sr(s, "dummy", "sr")
    set_default(s, sr)
    vm = built(s, sr, n_disks=3)
    body = get(s, vm)[2]
    before = (sorted(s.VM.get_all()), sorted(s.VDI.get_all()), files(daemon))
    fault(daemon, "create", "delay 60")  # each disk's
    for whom in ("worker", "cancel", "daemon"):
        task = s.task.create("import", "")
        client = begin_put(s, task, body, PIECE)  # the first disk waits to be made
        until(lambda: len(files(daemon)) > len(before[2]))
        if whom == "worker":
            kill_workers(daemon)
            until(lambda: s.task.get_status(task) == "failure")
        elif whom == "cancel":
            s.task.cancel(task)
            until(lambda: s.task.get_status(task) == "cancelled")
            equal(s.task.get_error_info(task), ["TASK_CANCELLED", task])
        else:
            daemon.kill()
            daemon.start()
            s = Session(daemon)
        client.close()
        s.SR.scan(sr)
        equal((sorted(s.VM.get_all()), sorted(s.VDI.get_all()), files(daemon)), before)
    fault(daemon, "create", None)
    equal(len(put(s, body)), 1)


def beside(daemon):
    """several at once into one repository, and others' work in it meanwhile"""
    s = Session(daemon)
    sr = make_sr(s)
    set_default(s, sr)
    vm = built(s, sr)
    body = get(s, vm)[2]
    half = len(body) // 2
    tasks, clients = [], []
    for n in range(4):
        tasks.append(s.task.create("import", str(n)))
        clients.append(begin_put(s, tasks[n], body, half))
    for task in tasks:
        until(lambda: s.task.get_progress(task) > 0.2)
    new = s.VDI.create(disk(sr, "meanwhile"))
    s.VDI.snapshot(new, {})
    for client in clients:
        client.sendall(body[half:])
    for task, client in zip(tasks, clients):
        until(lambda: s.task.get_status(task) == "success")
        client.close()
    equal((len(s.VM.get_by_name_label("vm")), len(s.SR.get_VDIs(sr))), (5, 12))


if __name__ == "__main__":
    run([exports, returns, sleeps, foreign, refuses, dies, beside], "--hv=sim")
