#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a host says of itself to who shall help: GET /system-status, GET
/host_logs_download, and xe's commands for them."""
import base64
import http.server
import io
import os
import re
import subprocess
import tarfile
import threading
import xml.etree.ElementTree as ElementTree
import zipfile

from daemon import ROOT, Session, equal, fails, run
from image import request
from vm import until, workers

XE = os.path.join(ROOT, "build/bin/xe")


def get(s, path="/system-status", **params):
    query = "&".join(f"{k}={v}" for k, v in dict({"session_id": s.ref}, **params).items())
    return request(s.daemon, "GET", f"{path}?{query}")


def tar(body):
    with tarfile.open(fileobj=io.BytesIO(body)) as t:
        return {m.name: t.extractfile(m).read() for m in t.getmembers()}


def keys(s):
    xml = ElementTree.fromstring(s.host.get_system_status_capabilities(s.host.get_all()[0]))
    return [c.attrib["key"] for c in xml]


def folders(files):
    return sorted({name.split("/")[1] for name in files if name.count("/") > 1})


def says(daemon):
    """what was asked for and no more, in each form; what could not be had is named"""
    s = Session(daemon)
    s.network.create({"name_label": "for the audit log", "name_description": "", "MTU": "1500", "other_config": {}, "bridge": "",
                      "managed": True, "tags": []})
    status, task, body = get(s, entries="kernel-info,xenserver-logs,hardware-info")
    until(lambda: s.task.get_status(task) == "success")
    files = tar(body)
    equal((status, folders(files)), (200, ["hardware-info", "kernel-info", "xenserver-logs"]))
    uname = subprocess.run(["uname", "-a"], capture_output=True, check=True).stdout
    equal(files["report/kernel-info/uname_-a.txt"], uname)
    equal(b"MemTotal" in files["report/hardware-info/proc/meminfo"], True)
    audit = [text for name, text in files.items() if name.endswith("/audit.log")]
    equal((len(audit), b"network.create" in audit[0]), (1, True))
    equal(any("state.db" in name or "secret" in name or "server.pem" in name for name in files), False)
    for output, start in (("tar.bz2", b"BZh"), ("zip", b"PK")):
        body = get(s, entries="kernel-info", output=output)[2]
        equal(body[:len(start)], start)
        files = tar(body) if output != "zip" else {n: zipfile.ZipFile(io.BytesIO(body)).read(n) for n in zipfile.ZipFile(io.BytesIO(body)).namelist()}
        equal((folders(files), files["report/kernel-info/uname_-a.txt"]), (["kernel-info"], uname))
    files = tar(get(s, entries="xen-info")[2])  # no Xen here, or no xl
    equal(b"xen-info: xl info: " in files["report/missing.txt"], True)
    whole = tar(get(s)[2])
    equal(set(folders(whole)) <= set(keys(s)), True)
    equal(len(keys(s)), 10)


def ends(daemon):
    """of long logs the end"""
    s = Session(daemon)
    log = os.path.join(daemon.dir, "audit.log.9")
    with open(log, "wb") as f:
        f.write(b"old\n" * 1000000 + b"x" * (16 << 20) + b"new\n")
    files = tar(get(s, entries="xenserver-logs")[2])
    (text,) = [text for name, text in files.items() if name.endswith("audit.log.9")]
    equal((len(text), text[:1], text[-4:]), (16 << 20, b"x", b"new\n"))


def downloads(daemon):
    """the logs alone, and both with xe"""
    s = Session(daemon)
    status, task, body = get(s, "/host_logs_download")
    equal((status, body[:2], set(folders(tar(body))) <= {"system-logs", "xenserver-logs"}), (200, b"\x1f\x8b", True))
    for command, name, more in (("host-logs-download", "file-name", ()), ("host-get-system-status", "filename", ("entries=kernel-info", "output=tar"))):
        path = os.path.join(daemon.dir, command)
        done = subprocess.run([XE, command, f"{name}={path}", *more], env=dict(os.environ, XE_SOCKET=daemon.socket), capture_output=True, text=True)
        equal((done.returncode, done.stdout, done.stderr), (0, "", ""))
        with open(path, "rb") as f:
            equal("report/missing.txt" in tar(f.read()), True)
    # the logs have a name of their own
    here = os.path.join(daemon.dir, "here")
    os.mkdir(here)
    subprocess.run([XE, "host-logs-download"], env=dict(os.environ, XE_SOCKET=daemon.socket), cwd=here, check=True)
    equal([re.sub("[0-9]+", "N", name) for name in os.listdir(here)], ["logs-N.tar.gz"])


class Taker(http.server.BaseHTTPRequestHandler):
    """Takes what is put; below /no it does not, /on is somewhere else."""
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_PUT(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        status = {"/no": 507, "/on": 307, "/odd": 304}.get(self.path, 201)
        self.server.got.append((self.path, self.headers.get("authorization"), body))
        self.send_response(status)
        if self.path == "/on":
            self.send_header("location", "/there")
        self.send_header("content-length", "0" if status == 304 else "4")
        self.end_headers()
        self.wfile.write(b"" if status == 304 else b"well")


def uploads(daemon):
    """host.bugreport_upload: what is put where it says, and what is said when it is not"""
    s = Session(daemon)
    host = s.host.get_all()[0]
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Taker)
    server.got = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    at = f"127.0.0.1:{server.server_port}"
    xe = [XE, "host-bugreport-upload", f"url=http://bob:b0b@{at}/report.tar.bz2"]
    equal(subprocess.run(xe, env=dict(os.environ, XE_SOCKET=daemon.socket), capture_output=True, text=True, timeout=300).returncode, 0)
    s.host.bugreport_upload(host, f"http://{at}/on", {})
    equal([(path, who) for path, who, _ in server.got],
          [("/report.tar.bz2", "Basic " + base64.b64encode(b"bob:b0b").decode()), ("/on", None), ("/there", None)])
    for _, _, body in server.got:
        equal((body[:3], "report/missing.txt" in tar(body)), (b"BZh", True))
    for path in ("no", "odd"):
        fails(["SYSTEM_STATUS_RETRIEVAL_FAILED", None], s.host.bugreport_upload, host, f"http://{at}/{path}", {})
    fails(["SYSTEM_STATUS_RETRIEVAL_FAILED", None], s.host.bugreport_upload, host, "http://127.0.0.1:1/", {})
    fails(["INVALID_VALUE", "url", "it is no URL"], s.host.bugreport_upload, host, "", {})
    fails(["INVALID_VALUE", "options", "http_proxy"], s.host.bugreport_upload, host, f"http://{at}/", {"http_proxy": "x"})
    fails(["HANDLE_INVALID", None, "OpaqueRef:x"], s.host.bugreport_upload, "OpaqueRef:x", f"http://{at}/", {})
    equal([name for name in os.listdir(daemon.dir) if name.startswith("report")], [])
    server.shutdown()
    server.server_close()


def refuses(daemon):
    """entries and forms that there are not, who may not, a client that goes"""
    s = Session(daemon)
    equal((get(s, entries="kernel-info,passwords")[0], get(s, output="rar")[0], get(s, session_id="x")[0]), (400, 400, 401))
    subject = s.subject.create({"subject_identifier": "bob", "other_config": {}})
    for role in s.subject.get_roles(subject):
        s.subject.remove_from_roles(subject, role)
    s.subject.add_to_roles(subject, s.role.get_by_name_label("vm-power-admin")[0])
    bob = Session(daemon, "bob")
    equal((get(bob)[0], get(bob, "/host_logs_download")[0]), (403, 403))
    until(lambda: not workers(daemon))


if __name__ == "__main__":
    run([says, ends, downloads, uploads, refuses])
