#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""VM.import: the daemon fetches a VM's file by http or https: from a server that
answers in every way a server can, and from another daemon."""
import base64
import http.server
import os
import socketserver
import ssl
import subprocess
import threading
import time
import urllib.parse

from daemon import ROOT, Daemon, Session, equal, fails, run
from snapshot import built, paths
from storage import MIB, files, holds, make_sr, write
from suspend import set_default
from vm import NOBODY, until, workers
from xva import get, pack, unpack

XE = os.path.join(ROOT, "build/bin/xe")


class Handler(http.server.BaseHTTPRequestHandler):
    """/NAME is what the method NAME does."""
    timeout = 60

    def log_message(self, *args):
        pass

    def do_GET(self):
        self.server.asked.append((self.path, self.headers.get("authorization")))
        getattr(self, urllib.parse.urlparse(self.path).path.strip("/"))()

    def send(self, body, status=200, length=None, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if length != -1:
            self.send_header("content-length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)

    def move(self, to):
        self.send(b"somewhere else", 302, location=to)

    def file(self):
        self.send(self.server.body)

    def endless(self):  # until the connection closes
        self.send(self.server.body, length=-1)

    def chunked(self):
        self.protocol_version = "HTTP/1.1"
        self.send(b"", length=-1, **{"transfer-encoding": "chunked"})
        for at in range(0, len(self.server.body), 100000):
            piece = self.server.body[at:at + 100000]
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        self.wfile.write(b"0\r\n\r\n")

    def moved(self):
        self.move("/elsewhere")

    def elsewhere(self):
        self.move("file")

    def loop(self):
        self.move("/loop")

    def local(self):
        self.move("file:///etc/passwd")

    def guarded(self):
        if self.headers.get("authorization") != "Basic " + base64.b64encode(b"me:s3/cret").decode():
            self.send(b"no", 401, **{"www-authenticate": 'Basic realm="x"'})
        else:
            self.file()

    def away(self):
        self.move(self.server.other + "/file")

    def missing(self):
        self.send(b"no", 404)

    def nothing(self):
        self.send(b"", 204, length=-1)

    def broken(self):
        self.send(b"x" * 100, 500)

    def no_tar(self):
        self.send(b"<html>" * 1000)

    def cut(self):
        self.send(self.server.body[:len(self.server.body) // 2], length=len(self.server.body))

    def ends(self):
        self.send(self.server.body[:len(self.server.body) // 2], length=-1)

    def silent(self):
        self.server.over.wait(60)

    def stalls(self):
        self.send(self.server.body[:len(self.server.body) // 2], length=len(self.server.body))
        self.wfile.flush()
        self.server.over.wait(60)

    def slow(self):
        """Half of it at once, the rest when it may."""
        half = len(self.server.body) // 2
        self.send(self.server.body[:half], length=len(self.server.body))
        self.wfile.flush()
        self.server.go.wait(60)
        self.wfile.write(self.server.body[half:])


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, body, certificate=None):
        super().__init__(("127.0.0.1", 0), Handler)
        self.body, self.asked, self.other = body, [], None
        self.over, self.go = threading.Event(), threading.Event()
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.socket = context.wrap_socket(self.socket, server_side=True)
        self.url = f"{'https' if certificate else 'http'}://127.0.0.1:{self.server_port}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request, address):
        pass  # clients that went away

    def end(self):
        self.over.set()
        self.shutdown()
        self.server_close()


def certificate(path, name):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=test",
                    "-addext", "subjectAltName=" + name, "-keyout", path, "-out", path + ".crt"], check=True, capture_output=True)
    with open(path, "a") as both, open(path + ".crt") as more:
        both.write(more.read())
    return path


def fetch(s, url, sr=NOBODY, restore=False, force=False, call="VM.import"):
    return s.call(call, url, sr, restore, force)


def prepared(daemon):
    """A session, the repository where all goes by itself, and a file."""
    s = Session(daemon)
    sr = make_sr(s)
    set_default(s, sr)
    vm = built(s, sr, n_disks=1)
    body = get(s, vm)[2]
    return s, sr, vm, body


def again_with(daemon, *options):
    daemon.kill()
    daemon.options += options
    daemon.start()


def all_there(s):
    return sorted(s.VM.get_all()), sorted(s.VDI.get_all()), files(s.daemon)


def comes(daemon):
    """a file from a URL: with and without a length, in chunks, packed, behind redirections and a password"""
    s, sr, vm, body = prepared(daemon)
    other = make_sr(s, name="other")
    server = Server(body)
    for path in ("file", "endless", "chunked", "moved"):
        (new,) = fetch(s, f"{server.url}/{path}")
        equal((s.VM.get_name_label(new), s.VM.get_uuid(new) != s.VM.get_uuid(vm)), ("vm", True))
        holds(paths(s, new)[0], 1)
    (new,) = fetch(s, f"{server.url}/file?a=b&c=d", other)
    holds(paths(s, new, "other")[0], 1)
    equal(server.asked[-1], ("/file?a=b&c=d", None))
    server.body = get(s, vm, use_compression="zstd")[2]
    fetch(s, server.url + "/file")
    # who is asked for a password, and who must not hear it
    fails(["IMPORT_ERROR", None], fetch, s, server.url + "/guarded")
    with_password = server.url.replace("//", "//me:s3%2Fcret@")
    equal(len(fetch(s, with_password + "/guarded")), 1)
    away = Server(body)
    server.other = away.url.replace("127.0.0.1", "localhost")
    fetch(s, with_password + "/away")
    equal((away.asked, server.asked[-1][1] is None), ([("/file", None)], False))
    equal("cret" in daemon.said(), False)
    # the same VM again
    uuid = s.VM.get_uuid(vm)
    fails(["VM_TO_IMPORT_IS_NOT_NEWER_VERSION", vm, "0", "0"], fetch, s, server.url + "/file", NOBODY, True, False)
    (again,) = fetch(s, server.url + "/file", NOBODY, True, True)
    equal((s.VM.get_uuid(again), vm in s.VM.get_all()), (uuid, False))
    for each in (server, away):
        each.end()


def refuses(daemon):
    """what is no such URL, no file, no tar, too early or too late at its end: an error, and nothing stays"""
    again_with(daemon, "--fetch-seconds", "2")
    s, sr, vm, body = prepared(daemon)
    server = Server(body)
    iso = make_sr(s, "iso", "iso")
    before = all_there(s)
    for url in ("", "x", "/etc/passwd", "file:///etc/passwd", "ftp://127.0.0.1/x", "unix:///run/x", "http://", "http://a b/",
                "http://127.0.0.1/\r\nX: y", "gopher://127.0.0.1:1/x", "http://u:secret@127.0.0.1:99999/", "http://h/" + "x" * 9000):
        fails(["INVALID_VALUE", "url", None], fetch, s, url)
    for path, why in (("missing", "404"), ("nothing", "204"), ("broken", "500"), ("loop", "redirect"), ("local", "file"),
                      ("no_tar", "archive"), ("cut", "closed"), ("ends", "Truncated"), ("silent", "silent"), ("stalls", "silent")):
        try:
            fetch(s, f"{server.url}/{path}")
        except Exception as failure:
            equal((path, failure.words[0], why in failure.words[1]), (path, "IMPORT_ERROR", True))
        else:
            raise AssertionError(path)
        equal(all_there(s), before)
    records, members = unpack(body)
    bad = [members[0], (members[1][0], b"0" * 16)] + members[2:]
    server.body = pack(records, bad)
    fails(["IMPORT_ERROR_SOME_CHECKSUMS_FAILED"], fetch, s, server.url + "/file")
    server.body = pack(records, members[:-2])
    fails(["IMPORT_ERROR_PREMATURE_EOF"], fetch, s, server.url + "/endless")
    gone = server.url.replace("//", "//u:secret@")
    server.end()
    fails(["IMPORT_ERROR", None], fetch, s, gone + "/file")
    fails(["IMPORT_ERROR", None], fetch, s, "http://no.such.host.invalid/x")
    fails(["SR_OPERATION_NOT_SUPPORTED", iso], fetch, s, gone, iso)
    fails(["HANDLE_INVALID", "SR", "OpaqueRef:x"], fetch, s, gone, "OpaqueRef:x")
    s.PBD.unplug(s.SR.get_PBDs(sr)[0])
    fails(["SR_HAS_NO_PBDS", sr], fetch, s, gone, sr)
    equal(("secret" in daemon.said(), all_there(s)), (False, before))
    s.pool.set_default_SR(s.pool.get_all()[0], NOBODY)
    fails(["DEFAULT_SR_NOT_FOUND", ""], fetch, s, gone)


def may(daemon):
    """only pool-operators and above"""
    s, sr, vm, body = prepared(daemon)
    server = Server(body)
    roles = {r["name_label"]: ref for ref, r in s.role.get_all_records().items()}
    subject = s.subject.create({"subject_identifier": "bob", "other_config": {}})
    for role in s.subject.get_roles(subject):
        s.subject.remove_from_roles(subject, role)
    s.subject.add_to_roles(subject, roles["vm-admin"])
    fails(["RBAC_PERMISSION_DENIED", None, None], fetch, Session(daemon, "bob"), server.url + "/file")
    equal(server.asked, [])
    s.subject.remove_from_roles(subject, roles["vm-admin"])
    s.subject.add_to_roles(subject, roles["pool-operator"])
    equal(len(fetch(Session(daemon, "bob"), server.url + "/file")), 1)
    server.end()


def is_a_task(daemon):
    """how far it is, others beside it, cancelled, killed: what was made is taken back"""
    s, sr, vm, _ = prepared(daemon)
    write(paths(s, vm)[0], 9, "4M", "8M")
    body = get(s, vm)[2]
    server = Server(body)
    before = all_there(s)
    task = fetch(s, server.url + "/slow", call="Async.VM.import")
    until(lambda: 0.3 < s.task.get_progress(task) < 0.7)
    # neither the daemon nor the repository waits for it
    began = time.time()
    s.VDI.destroy(s.VDI.create({"name_label": "x", "name_description": "", "SR": sr, "virtual_size": "4096", "type": "user",
                                "sharable": False, "read_only": False, "other_config": {}, "sm_config": {}}))
    equal((time.time() - began < 30, s.task.get_status(task)), (True, "pending"))
    server.go.set()
    until(lambda: s.task.get_status(task) == "success")
    new = s.task.get_result(task)
    equal(new.startswith("<value><array><data><value>OpaqueRef:"), True)
    s.VM.destroy(new.split("<value>")[2].split("<")[0])
    made = [vdi for vdi in s.VDI.get_all() if vdi not in before[1]]
    s.VDI.destroy(made[0])
    equal(all_there(s), before)
    server.go.clear()
    for whom in ("cancel", "worker"):
        task = fetch(s, server.url + "/slow", call="Async.VM.import")
        until(lambda: s.task.get_progress(task) > 0.3)
        if whom == "cancel":
            s.task.cancel(task)
            until(lambda: s.task.get_status(task) == "cancelled")
        else:
            os.kill(workers(daemon)[0], 9)
            until(lambda: s.task.get_status(task) == "failure")
        s.SR.scan(sr)
        equal(all_there(s), before)
    server.end()


def full(daemon):
    """no room: SR_FULL, and nothing stays"""
    mount = os.path.join(daemon.dir, "small")
    os.makedirs(mount)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "none", mount], capture_output=True).returncode:
        print("# no mount here: not as root")
        return
    s, sr, vm, body = prepared(daemon)
    write(paths(s, vm)[0], 9, "4M", "8M")
    server = Server(get(s, vm)[2])
    try:
        small = make_sr(s, name="small")
        before = files(daemon, "small")
        fails(["SR_FULL", str(16 * MIB), None], fetch, s, server.url + "/file", small)
        equal((files(daemon, "small"), s.SR.get_VDIs(small), len(s.VM.get_by_name_label("vm"))), (before, [], 1))
        s.PBD.unplug(s.SR.get_PBDs(small)[0])
    finally:
        server.end()
        subprocess.run(["umount", mount], check=True)


def secured(daemon):
    """certificates are verified: the authority, the name; and a redirection to plain http is none"""
    s, sr, vm, body = prepared(daemon)
    path = certificate(os.path.join(daemon.dir, "right.pem"), "IP:127.0.0.1")
    server, plain = Server(body, path), Server(body)
    fails(["IMPORT_ERROR", None], fetch, s, server.url + "/file")
    again_with(daemon, "--trust", path + ".crt")
    s = Session(daemon)
    equal(len(fetch(s, server.url + "/file")), 1)
    fails(["IMPORT_ERROR", None], fetch, s, server.url.replace("127.0.0.1", "localhost") + "/file")
    server.other = plain.url
    fails(["IMPORT_ERROR", None], fetch, s, server.url + "/away")
    equal(plain.asked, [])
    plain.other = server.url
    equal(len(fetch(s, plain.url + "/away")), 1)
    for each in (server, plain):
        each.end()


def from_a_host(daemon):
    """from one daemon to another by https, with xe"""
    s, sr, vm, body = prepared(daemon)
    other = Daemon("--hv=sim", "--https", "127.0.0.1:0")
    try:
        t = Session(other)
        there = built(t, make_sr(t, "file", "sr"), "over there", n_disks=2)
        port = other.said().split("HTTPS on port ")[1].split("\n")[0]
        again_with(daemon, "--trust", os.path.join(other.dir, "server.pem"))
        env = dict(os.environ, XE_SOCKET=daemon.socket)

        def xe(*words):
            done = subprocess.run([XE, *words], env=env, capture_output=True, text=True)
            return done.returncode, done.stdout.strip(), done.stderr

        url = f"url=https://root:secret@127.0.0.1:{port}/export?uuid={t.VM.get_uuid(there)}"
        status, uuid, err = xe("vm-import", url, "preserve=true")
        equal((status, err, uuid), (0, "", t.VM.get_uuid(there)))
        s = Session(daemon)
        new = s.VM.get_by_uuid(uuid)
        equal(s.VM.get_name_label(new), "over there")
        for n, path in enumerate(paths(s, new)):
            holds(path, n + 1)
        status, out, err = xe("vm-import", url.replace("secret", "wrong"))
        equal((status, out, "401" in err, "wrong" in err), (1, "", True, False))
        equal((":secret@" in daemon.said(), ":wrong@" in daemon.said()), (False, False))
        status, out, err = xe("vm-import", url, "filename=x")
        equal((status, out, "url" in err), (1, "", True))
    finally:
        other.stop()


if __name__ == "__main__":
    run([comes, refuses, may, is_a_task, full, secured, from_a_host], "--hv=sim")
