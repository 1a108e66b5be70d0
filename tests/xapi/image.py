#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Disks and blobs over HTTP: PUT /import_raw_vdi, GET /export_raw_vdi, /blob.
Images are made and read by the real qemu-img. Calls on disks: storage.py."""
import http.client
import os
import signal
import socket
import struct
import subprocess

from daemon import Session, equal, fails, run
from storage import MIB, disk, files, holds, info, make_sr, path_of, place, write
from vm import until, worker, workers
from xe import Xe


def request(daemon, method, path, body=None, headers=None):
    connection = http.client.HTTPConnection("127.0.0.1", daemon.port, timeout=60)
    connection.request(method, path, body, headers or {})
    answer = connection.getresponse()
    return answer.status, answer.getheader("task-id"), answer.read()


def put(s, body, task=True, headers=None, **params):
    """The status of the answer, and the task's."""
    query = "&".join(f"{k}={v}" for k, v in dict(params, session_id=s.ref).items())
    if task:
        query += "&task_id=" + s.task.create("import", "")
    status, ref, page = request(s.daemon, "PUT", "/import_raw_vdi?" + query, body, headers)
    if not ref:
        return status, None, page
    until(lambda: s.task.get_status(ref) not in ("pending", "cancelling"))
    got = s.task.get_record(ref)
    return status, got["status"], got["result"] or got["error_info"]


def get(s, vdi, **params):
    query = "&".join(f"{k}={v}" for k, v in dict(params, session_id=s.ref, vdi=vdi).items())
    return request(s.daemon, "GET", "/export_raw_vdi/?" + query)


def value(vdi):
    return f"<value>{vdi}</value>"


def raw(daemon):
    """raw bytes in and out, of each format of disk, over old contents"""
    s = Session(daemon)
    sr = make_sr(s)
    content = os.urandom(3 * MIB) + bytes(2 * MIB) + os.urandom(MIB)
    for kind in ("raw", "qcow2", "vhd"):
        vdi = s.VDI.create(disk(sr, kind, 8 * MIB, sm_config={"type": kind}))
        write(path_of(s, vdi), 7, "0", "8M")
        equal(put(s, content, vdi=vdi), (200, "success", value(vdi)))
        status, task, got = get(s, vdi)
        equal((status, len(got), got[:6 * MIB] == content, got[6 * MIB:]), (200, 8 * MIB, True, b"\7" * (2 * MIB)))
        equal(s.task.get_status(task), "success")
        if kind == "raw":
            equal(os.stat(path_of(s, vdi)).st_blocks * 512 < 7 * MIB, True)
        # by uuid, without a task, of which one is made
        equal(put(s, b"abc", task=False, vdi=s.VDI.get_uuid(vdi)), (200, "success", value(vdi)))
        equal(get(s, s.VDI.get_uuid(vdi))[2][:3], b"abc")
        # too much
        status, end, words = put(s, bytes(9 * MIB), vdi=vdi)
        equal((status, end, words[0]), (200, "failure", "SR_BACKEND_FAILURE"))
        equal("more than" in words[3], True)
        # nothing, as XO tries it
        equal(put(s, b"", task=False, vdi=vdi)[0], 200)
        equal(s.VDI.get_current_operations(vdi), {})
    equal([f for f in files(daemon) if f.startswith(".")], [])


def images(daemon):
    """vhd and qcow2 in and out; what is no image, or too large, or needs another file"""
    s = Session(daemon)
    sr = make_sr(s)
    there = place(daemon, "there")
    os.makedirs(there)
    vdi = s.VDI.create(disk(sr, size=8 * MIB))
    write(path_of(s, vdi), 3, "5M")
    for kind, mime in (("vhd", "vpc"), ("qcow2", "qcow2")):
        status, _, got = get(s, vdi, format=kind)
        path = os.path.join(there, "x." + kind)
        with open(path, "wb") as f:
            f.write(got)
        seen = info(path)
        equal((status, seen["format"], seen["virtual-size"], len(got) < 3 * MIB), (200, mime, 8 * MIB, True))
        holds(path, 3, "5M")
        write(path, 4, "1M")
        with open(path, "rb") as f:
            equal(put(s, f.read(), vdi=vdi, format=kind), (200, "success", value(vdi)))
        holds(path_of(s, vdi), 4, "1M")
        holds(path_of(s, vdi), 3, "5M")

    def refused(body, text, **params):
        status, end, words = put(s, body, vdi=vdi, **params)
        equal((status, end, words[:3]), (200, "failure", ["SR_BACKEND_FAILURE", "1", ""]))
        equal(text in words[3], True)
        holds(path_of(s, vdi), 3, "5M")

    refused(b"no image", "no VHD file", format="vhd")
    refused(b"no image" * 1000, "no qcow2 file", format="qcow2")
    path = os.path.join(there, "big.qcow2")
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", path, "1G"], check=True)
    with open(path, "rb") as f:
        refused(f.read(), "at the most", format="qcow2")
    subprocess.run(["qemu-img", "create", "-q", "-u", "-f", "qcow2", "-b", "/etc/shadow", "-F", "raw", path, "1M"], check=True)
    with open(path, "rb") as f:
        refused(f.read(), "/etc/shadow", format="qcow2")
    subprocess.run(["qemu-img", "create", "-q", "-u", "-f", "qcow2", "-b", s.VDI.get_location(vdi), "-F", "qcow2", path, "1M"], check=True)
    with open(path, "rb") as f:
        refused(f.read(), "overlay", format="qcow2")
    equal(put(s, b"x", vdi=vdi, format="tar")[0], 501)
    equal(get(s, vdi, base=vdi)[0], 501)
    equal([f for f in files(daemon) if f.startswith(".")], [])


def chunks(daemon):
    """bytes in chunks with offsets, and where they may not be"""
    s = Session(daemon)
    sr = make_sr(s)
    for kind in ("raw", "qcow2"):
        vdi = s.VDI.create(disk(sr, kind, 4 * MIB, sm_config={"type": kind}))
        end = bytes(12)
        body = struct.pack("<QI", 3 * MIB, 4096) + b"b" * 4096 + struct.pack("<QI", 4096, 3) + b"abc" + end
        equal(put(s, body, vdi=vdi, chunked="true"), (200, "success", value(vdi)))
        got = get(s, vdi)[2]
        equal((got[4096:4099], got[3 * MIB:3 * MIB + 4096], got.count(0)), (b"abc", b"b" * 4096, 4 * MIB - 4099))
        for bad, text in ((struct.pack("<QI", 4 * MIB, 1) + b"x" + end, "more than"), (struct.pack("<QI", 2 ** 63, 1) + b"x" + end, "more than"),
                          (struct.pack("<QI", 1, 2 ** 32 - 1) + end, "more than"), (struct.pack("<QI", 0, 9) + b"x", "ends in a chunk"),
                          (b"abc", "without the chunk of zeros")):
            status, ended, words = put(s, bad, vdi=vdi, chunked="true")
            equal((status, ended, text in words[3]), (200, "failure", True))
        equal(put(s, body, vdi=vdi, chunked="true", format="qcow2")[0], 400)


def made(daemon):
    """a disk made of what comes: sr_id, sr_uuid, Content-Length"""
    s = Session(daemon)
    sr = make_sr(s)
    content = os.urandom(MIB) + bytes(MIB)
    for name, at in (("sr_id", sr), ("sr_uuid", s.SR.get_uuid(sr))):
        status, end, result = put(s, content, **{name: at})
        equal((status, end), (200, "success"))
        vdi = result[len("<value>"):-len("</value>")]
        equal((s.VDI.get_virtual_size(vdi), get(s, vdi)[2] == content), (str(2 * MIB), True))
    equal(put(s, content, sr_id=sr, format="vhd")[0], 411)
    equal(put(s, content, sr_id="OpaqueRef:no")[0], 404)
    equal(len(s.VDI.get_all()), 2)


def gates(daemon):
    """who may not; disks that are in use, cannot be written to, or are not there"""
    s = Session(daemon)
    sr = make_sr(s)
    vdi = s.VDI.create(disk(sr))
    for method, path in (("PUT", "/import_raw_vdi"), ("GET", "/export_raw_vdi")):
        equal(request(daemon, method, f"{path}?vdi={vdi}", b"x" if method == "PUT" else None)[0], 401)
        equal(request(daemon, method, f"{path}?vdi=no&session_id={s.ref}", b"x" if method == "PUT" else None)[0], 404)
    equal(put(s, b"x", vdi=vdi, headers={"Transfer-Encoding": "chunked"})[0], 403)
    status, end, words = put(s, b"x", vdi=s.VDI.snapshot(vdi))
    equal((status, end, words[0]), (200, "failure", "VDI_READONLY"))
    task = s.task.create("x", "")
    s.task.set_status(task, "success")
    status, _, page = request(daemon, "PUT", f"/import_raw_vdi?vdi={vdi}&session_id={s.ref}&task_id={task}", b"x")
    equal((status, b"HANDLE_INVALID" in page), (403, True))
    s.PBD.unplug(s.SR.get_PBDs(sr)[0])
    task = s.task.create("x", "")
    status, _, page = request(daemon, "GET", f"/export_raw_vdi?vdi={vdi}&session_id={s.ref}&task_id={task}")
    equal((status, s.task.get_error_info(task)), (403, ["SR_HAS_NO_PBDS", sr]))


def open_put(s, vdi, length, more=""):
    task = s.task.create("import", "")
    c = socket.create_connection(("127.0.0.1", s.daemon.port), timeout=60)
    c.sendall(f"PUT /import_raw_vdi?vdi={vdi}&session_id={s.ref}&task_id={task}{more} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n".encode())
    head = b""
    while b"\r\n\r\n" not in head:
        head += c.recv(4096)
    equal(head.split(b" ")[1], b"200")
    return c, task


def held_up(daemon):
    """a slow sender: the answer comes at once, the disk is taken, others go on; a short body is its end; deaths"""
    s = Session(daemon)
    sr = make_sr(s)
    vdi = s.VDI.create(disk(sr))
    c, task = open_put(s, vdi, 1 << 50)
    equal(list(s.VDI.get_current_operations(vdi).values()), ["blocked"])
    equal(s.VDI.get_allowed_operations(vdi), [])
    equal(get(s, vdi)[0], 403)
    c.sendall(b"q" * MIB)
    c.shutdown(socket.SHUT_WR)
    until(lambda: s.task.get_status(task) == "success")
    equal(get(s, vdi)[2][:MIB + 1], b"q" * MIB + b"\0")
    # a client that reads nothing costs nothing but its worker
    reader = socket.create_connection(("127.0.0.1", daemon.port), timeout=60)
    reader.sendall(f"GET /export_raw_vdi?vdi={vdi}&session_id={s.ref} HTTP/1.0\r\n\r\n".encode())
    until(lambda: s.VDI.get_current_operations(vdi))
    copy = s.VDI.clone(vdi)
    s.VDI.destroy(copy)
    reader.close()
    until(lambda: not s.VDI.get_current_operations(vdi))
    # its worker dies
    c, task = open_put(s, vdi, 1000)
    until(lambda: workers(daemon))
    os.kill(worker(daemon, "VDI.import_raw"), signal.SIGKILL)
    until(lambda: s.task.get_status(task) == "failure")
    equal(s.VDI.get_current_operations(vdi), {})
    # the daemon dies
    c, task = open_put(s, vdi, 1000)
    daemon.kill()
    daemon.start()
    s = Session(daemon)
    equal((s.task.get_status(task), s.VDI.get_current_operations(vdi)), ("failure", {}))
    until(lambda: not [f for f in files(daemon) if ".used." in f] or s.SR.scan(sr))
    s.VDI.destroy(vdi)
    equal(files(daemon), [])


def put_blob(s, path, content):
    status, task, _ = request(s.daemon, "PUT", path, content)
    until(lambda: s.task.get_status(task) not in ("pending", "cancelling"))
    return status, s.task.get_status(task)


def blobs(daemon):
    """blobs: records, bytes, who may read and write, restarts"""
    s = Session(daemon)
    blob = s.blob.create("text/plain", False)
    got = s.blob.get_record(blob)
    equal((got["size"], got["mime_type"], got["public"]), ("0", "text/plain", False))
    path = f"/blob?ref={blob}"
    equal([request(daemon, m, path, b"x" if m == "PUT" else None)[0] for m in ("GET", "PUT")], [401, 401])
    mine = path + "&session_id=" + s.ref
    equal(request(daemon, "GET", mine)[::2], (200, b""))
    content = os.urandom(100000)
    equal(put_blob(s, mine, content), (200, "success"))
    equal((s.blob.get_size(blob), request(daemon, "GET", mine)[::2]), ("100000", (200, content)))
    equal(s.blob.get_last_updated(blob).value > "2020", True)
    equal(request(daemon, "PUT", mine, None, {"Content-Length": str(33 * MIB)})[0], 413)
    # zeros at the end are bytes, too
    content = b"x" * 5000 + bytes(10000)
    equal((put_blob(s, mine, content), request(daemon, "GET", mine)[2]), ((200, "success"), content))
    # the answer comes before the bytes, as xe's protocol wants it; who goes away changes nothing
    xe, path_in, path_out = Xe(daemon), os.path.join(daemon.dir, "in"), os.path.join(daemon.dir, "out")
    with open(path_in, "wb") as f:
        f.write(content[::-1])
    xe.out("blob-put", "uuid=" + got["uuid"], "filename=" + path_in)
    xe.out("blob-get", "uuid=" + got["uuid"], "filename=" + path_out)
    with open(path_out, "rb") as f:
        equal(f.read(), content[::-1])
    task = s.task.create("put", "")
    with socket.create_connection(("127.0.0.1", daemon.port)) as c:
        c.sendall(f"PUT {mine}&task_id={task} HTTP/1.0\r\nContent-Length: 10\r\n\r\nabc".encode())
    until(lambda: s.task.get_status(task) != "pending")
    equal((s.task.get_status(task), s.blob.get_size(blob)), ("failure", "15000"))
    equal(put_blob(s, mine, content), (200, "success"))
    equal(request(daemon, "GET", f"/blob?uuid={got['uuid']}&session_id={s.ref}")[2], content)
    equal([request(daemon, "GET", f"/blob?{q}&session_id={s.ref}")[0] for q in ("ref=no", "uuid=../state.db", "x=y")], [404] * 3)
    s.blob.set_public(blob, True)
    equal(request(daemon, "GET", path)[2], content)
    equal(request(daemon, "PUT", path, b"x")[0], 401)
    # with an object, by a name
    for cls, ref in (("pool", s.pool.get_all()[0]), ("host", s.host.get_all()[0]), ("SR", make_sr(s)), ("network", s.network.get_all()[0])):
        new = getattr(s, cls).create_new_blob(ref, "icon", "", True)
        equal(getattr(s, cls).get_blobs(ref), {"icon": new})
        equal((s.blob.get_mime_type(new), s.blob.get_name_label(new)), ("application/octet-stream", "icon"))
        fails(["MAP_DUPLICATE_KEY", cls, "blobs", ref, "icon"], getattr(s, cls).create_new_blob, ref, "icon", "", True)
    s.blob.destroy(new)
    equal(s.network.get_blobs(ref), {})
    with open(place(daemon, "blobs") + "/stray", "w") as f:
        f.write("x")
    daemon.kill()
    daemon.start()
    equal((request(daemon, "GET", path)[2], os.listdir(place(daemon, "blobs"))), (content, [got["uuid"]]))
    s = Session(daemon)
    s.blob.destroy(blob)
    equal((request(daemon, "GET", path)[0], os.listdir(place(daemon, "blobs"))), (401, []))


if __name__ == "__main__":
    run([raw, images, chunks, made, gates, held_up, blobs], "--hv", "sim")
