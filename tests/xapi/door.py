#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The door as clients see it: curl, Python's xmlrpc.client, raw sockets.

Each test is a function with a server of its own limits; they run in the order
they are written. The server is built with ASan and UBSan.
"""
import atexit
import http.client
import json
import os
import re
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import time
import traceback
import xmlrpc.client

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SERVE = os.path.join(ROOT, "build/tests/xapi-serve-san")


class Server:
    """One that listens, in a directory of its own."""

    def __init__(self, *limits, directory=None, files=8192):
        self.dir = directory or tempfile.mkdtemp()
        ports = os.path.join(self.dir, "ports")
        if os.path.exists(ports):
            os.unlink(ports)
        self.process = subprocess.Popen(["prlimit", f"--nofile={files}:{files}", SERVE, self.dir,
                                         *limits], stderr=subprocess.PIPE)
        atexit.register(self.process.kill)
        while not os.path.exists(ports):
            if self.process.poll() is not None:
                raise AssertionError("serve: " + self.process.stderr.read().decode())
            time.sleep(0.01)
        self.http, self.https = map(int, open(ports).read().split())
        self.socket = os.path.join(self.dir, "socket")

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.http), timeout=60)

    def connect_unix(self):
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(60)
        s.connect(self.socket)
        return s

    def connect_tls(self, version=None):
        context = ssl.create_default_context(cafile=os.path.join(self.dir, "cert.pem"))
        if version:
            context.minimum_version = context.maximum_version = version
        s = socket.create_connection(("127.0.0.1", self.https), timeout=60)
        return context.wrap_socket(s, server_hostname="localhost")

    def counts(self):
        return call(self.connect(), "test.counts")

    def until(self, name, n):
        """It counts N of them."""
        deadline = time.monotonic() + 60
        while self.counts()[name] != n:
            if time.monotonic() > deadline:
                raise AssertionError(f"{self.counts()}, wanted {n} {name}")
            time.sleep(0.02)

    def cpu(self):
        """Seconds that it has worked."""
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as stat:
            return sum(map(int, stat.read().split()[13:15])) / os.sysconf("SC_CLK_TCK")

    def stop(self, status=0):
        self.process.send_signal(signal.SIGTERM)
        stderr = self.process.communicate(timeout=120)[1].decode()
        equal((self.process.returncode, stderr if status == 0 else ""), (status, ""))
        shutil.rmtree(self.dir)


def equal(got, want):
    if got != want:
        raise AssertionError(f"got {got!r}, wanted {want!r}")


def request(method="POST", path="/jsonrpc", body=b"", version="1.1", headers=(), length=True):
    lines = [f"{method} {path} HTTP/{version}", *headers]
    if length:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def rpc(method, *params, id=7):
    return json.dumps({"jsonrpc": "2.0", "method": method, "params": params, "id": id}).encode()


class Answer:
    """One answer off a socket, and no byte more."""

    def __init__(self, s):
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            byte = s.recv(1)
            if not byte:
                raise EOFError(head)
            head += byte
        first, *lines = head.decode().split("\r\n")
        self.status = int(first.split()[1])
        self.headers = dict(line.split(": ", 1) for line in lines if line)
        length = int(self.headers.get("content-length", 0))
        self.body = b""
        while len(self.body) < length:
            part = s.recv(length - len(self.body))
            if not part:
                raise EOFError(self.body)
            self.body += part


def ask(s, *args, **kwargs):
    s.sendall(request(*args, **kwargs))
    return Answer(s)


def call(s, method, *params):
    answer = ask(s, body=rpc(method, *params))
    equal(answer.status, 200)
    return json.loads(answer.body)["result"]


def closed(s, seconds=60):
    """The server closes within that time, without another byte."""
    s.settimeout(seconds)
    try:
        equal(s.recv(1), b"")
    except ConnectionResetError:
        pass


# ---- what clients do --------------------------------------------------------


def test_headers(server):
    answer = ask(server.connect(), body=rpc("test.echo", "a"))
    equal(answer.headers, {
        "connection": "keep-alive", "cache-control": "no-cache, no-store",
        "content-type": "application/json", "content-length": "39",
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Allow-Headers": "X-Requested-With"})
    equal(json.loads(answer.body), {"jsonrpc": "2.0", "result": ["a"], "id": 7})


def test_python_xmlrpc(server):
    proxy = xmlrpc.client.ServerProxy(f"http://127.0.0.1:{server.http}/")
    when = xmlrpc.client.DateTime("20240131T07:05:09Z")
    equal(proxy.test.types(), {"Status": "Success", "Value": [
        "42", 7, 1.5, True, when, "a<b>\"&'\u00e9\r\n\t"]})
    equal(proxy.test.echo("a\u20ac<&", 1, 2.5, False, {"k": ["v", {}]})["Value"],
          ["a\u20ac<&", "1", 2.5, False, {"k": ["v", {}]}])
    equal(proxy.test.refuse("HANDLE_INVALID", "VM", "x"),
          {"Status": "Failure", "ErrorDescription": ["HANDLE_INVALID", "VM", "x"]})
    equal(proxy.no.such(), {"Status": "Failure",
                            "ErrorDescription": ["MESSAGE_METHOD_UNKNOWN", "no.such"]})
    equal("test.echo" in proxy.system.listMethods(), True)


def test_python_xmlrpc_tls(server):
    context = ssl.create_default_context(cafile=os.path.join(server.dir, "cert.pem"))
    proxy = xmlrpc.client.ServerProxy(f"https://localhost:{server.https}/RPC2", context=context)
    value = proxy.test.who()["Value"]
    equal((value["transport"], value["path"]), ("tls", "/RPC2"))


def test_jsonrpc_versions(server):
    s = server.connect()
    for text, status, want in [
            ('{"method":"test.echo","params":[1],"id":"x"}', 200,
             {"result": [1], "error": None, "id": "x"}),
            ('{"method":"no","params":[],"id":1}', 200,
             {"result": None, "error": ["MESSAGE_METHOD_UNKNOWN", "no"], "id": 1}),
            ('{"jsonrpc":"2.0","method":"no","id":1}', 200,
             {"jsonrpc": "2.0", "id": 1, "error": {
                 "code": 1, "message": "MESSAGE_METHOD_UNKNOWN", "data": ["no"]}}),
            ('{"jsonrpc":"2.0","method":"test.echo","params":{"a":1},"id":1}', 200,
             {"jsonrpc": "2.0", "id": 1, "result": [{"a": 1}]}),
            ('{"jsonrpc":"3.0","method":"test.echo","params":[],"id":1}', 500, None),
            ('{"method":"test.echo","params":[]}', 500, None),
            ('{"method":"test.echo","params":[],"id":null}', 500, None),
            ('[{"method":"test.echo","params":[],"id":1}]', 500, None),
            ('{"method":"test.echo","id":1}', 500, None),
            ('{"method":', 500, None), ('', 500, None)]:
        answer = ask(s, body=text.encode())
        equal((text, answer.status), (text, status))
        if want:
            equal(json.loads(answer.body), want)
        else:
            equal(answer.headers["content-type"], "text/html")


def test_bad_text(server):
    answer = ask(server.connect(), body=b'{"method":"test.echo","params":["a\xff"],"id":1}')
    equal((answer.status, json.loads(answer.body)["error"][0]), (200, "INVALID_VALUE"))
    answer = ask(server.connect(), path="/", body=b"<methodCall><methodName>a</methodName><params>"
                 b"<param><value>\xff</value></param></params></methodCall>")
    equal((answer.status, b"INVALID_VALUE" in answer.body), (200, True))


def test_dispatch(server):
    s = server.connect()
    xml = xmlrpc.client.dumps((), "test.who").encode()
    for method, path, body, status, part in [
            ("POST", "/", xml, 200, b"<value>/</value>"),
            ("POST", "/RPC2", xml, 200, b"<value>/RPC2</value>"),
            ("POST", "/xmlrpc", xml, 200, b"<value>/xmlrpc</value>"),
            ("POST", "/json", xml, 200, b"<value>/json</value>"),
            ("POST", "/jso", xml, 200, b"<value>/jso</value>"),
            ("POST", "/clj", xml, 200, b"<value>/clj</value>"),
            ("POST", "/jsonrpc", rpc("test.who"), 200, b'"path":"/jsonrpc"'),
            ("POST", "/jsonrpc/x?a=b", rpc("test.who"), 200, b'"query":"b"'),
            ("POST", "http://host:80/jsonrpc", rpc("test.who"), 200, b'"path":"/jsonrpc"'),
            ("GET", "/", b"", 200, b"files /"),
            ("GET", "/exp", b"", 200, b"files /exp"),
            ("GET", "/export", b"", 200, b"export /export"),
            ("GET", "/export/?uuid=1", b"", 200, b"export /export/"),
            ("GET", "/export_raw", b"", 200, b"export /export_raw"),
            ("GET", "/export_metadata/", b"", 200, b"metadata /export_metadata/"),
            ("OPTIONS", "/", b"", 200, b""),
            ("OPTIONS", "*", b"", 200, b"")]:
        answer = ask(s, method, path, body)
        equal((path, answer.status), (path, status))
        equal((path, part in answer.body), (path, True))
    for method, path, status in [("PUT", "/nothing", 403), ("CONNECT", "host:80", 403),
                                 ("DELETE", "/", 501), ("PATCH", "/", 501)]:
        answer = ask(server.connect(), method, path)
        equal((method, answer.status, answer.headers["connection"]), (method, status, "close"))


def test_options(server):
    answer = ask(server.connect(), "OPTIONS", "/jsonrpc",
                 headers=["Access-Control-Request-Headers: x-a, x-b"])
    equal(answer.body, b"")
    for name, value in [("Origin", "*"), ("Headers", "x-a, x-b"), ("Methods", "PUT")]:
        equal(answer.headers["Access-Control-Allow-" + name], value)


def test_who(server):
    value = call(server.connect_unix(), "test.who")
    equal((value["transport"], value["uid"], value["address"]), ("unix", os.getuid(), ""))
    s = server.connect()
    value = call(s, "test.who")
    equal((value["transport"], value["address"], value["port"]),
          ("tcp", "127.0.0.1", s.getsockname()[1]))
    equal(value["user"], None)
    for headers, name, want in [
            (["Authorization: Basic dXNlcjpwYTpzcw=="], "user", "user"),
            (["authorization: basic  dXNlcjpwYTpzcw=="], "password", "pa:ss"),
            (["Authorization: Basic !!!!"], "user", None),
            (["Authorization: Basic dXNlcg=="], "user", None),
            (["Cookie: a=b; session_id=OpaqueRef%3a1+2; c=d"], "cookie", "OpaqueRef:1+2"),
            (["Cookie: a=b&session_id=x&c"], "cookie", "x"),
            (["User-Agent:  me \t"], "agent", "me")]:
        answer = ask(s, body=rpc("test.who"), headers=headers)
        equal((headers, json.loads(answer.body)["result"][name]), (headers, want))
    answer = ask(s, path="/jsonrpc?x&b=1&a=%41+%2b%zz%00&a=2", body=rpc("test.who"))
    equal(json.loads(answer.body)["result"]["query"], "A +%zz%00")


def test_password_page(server):
    answer = ask(server.connect(), "GET", "/password")
    equal((answer.status, answer.headers["WWW-Authenticate"]), (401, 'Basic realm="x  y"'))


# ---- connections --------------------------------------------------------------


def test_keep_alive(server):
    s = server.connect()
    for i in range(20):
        equal(call(s, "test.echo", i), [i])
    answer = ask(s, body=rpc("test.echo"), headers=["Connection: foo, Close"])
    equal(answer.headers["connection"], "close")
    closed(s)
    s = server.connect()
    answer = ask(s, body=rpc("test.echo"), version="1.0")
    equal(answer.headers["connection"], "close")
    closed(s)
    s = server.connect()
    for _ in range(2):
        answer = ask(s, body=rpc("test.echo"), version="1.0", headers=["connection: Keep-Alive"])
        equal(answer.headers["connection"], "keep-alive")


def test_pipelining(server):
    for s in server.connect(), server.connect_tls():
        n = 500
        s.sendall(b"".join(request(body=rpc("test.echo", i)) + b"\r\n" for i in range(n)))
        for i in range(n):
            equal(json.loads(Answer(s).body)["result"], [i])
    # a slow one holds back those behind it, and only those of its connection
    s = server.connect()
    s.sendall(request(body=rpc("test.later", 0.4, False)) + request(body=rpc("test.echo", 2)))
    equal(call(server.connect(), "test.echo", 1), [1])
    equal(json.loads(Answer(s).body)["result"], "at last")
    equal(json.loads(Answer(s).body)["result"], [2])


def test_byte_by_byte(server):
    for s in server.connect(), server.connect_tls():
        for byte in request(body=rpc("test.echo", "slow"), headers=["a: b", "c:d"]):
            s.sendall(bytes([byte]))
        equal(json.loads(Answer(s).body)["result"], ["slow"])


def test_half_closed(server):
    s = server.connect()
    s.sendall(request(body=rpc("test.echo", 1)) + request(body=rpc("test.later", 0.2, False)))
    s.shutdown(socket.SHUT_WR)
    equal(json.loads(Answer(s).body)["result"], [1])
    equal(json.loads(Answer(s).body)["result"], "at last")
    closed(s)


def test_gone(server):
    """Who waits is told when its client goes, however it goes."""
    before = server.counts()["gone"]
    server.until("later", 0)
    for kind in "close", "half", "reset", "tls":
        s = server.connect_tls() if kind == "tls" else server.connect()
        s.sendall(request(body=rpc("test.later", 100.0, True)))
        server.until("later", 1)
        if kind == "half":
            s.shutdown(socket.SHUT_WR)
        elif kind == "reset":
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            s.close()
        else:
            s.close()
        server.until("later", 0)
    both = server.connect()  # behind another, and closed before it begins
    both.sendall(request(body=rpc("test.later", 0.2, False)) +
                 request(body=rpc("test.later", 100.0, True)))
    both.shutdown(socket.SHUT_WR)
    server.until("gone", before + 5)
    # who does not want to be told answers nobody
    s = server.connect()
    s.sendall(request(body=rpc("test.later", 0.2, False)))
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    s.close()
    time.sleep(0.5)
    equal(server.counts()["gone"], before + 5)


def test_idle(server):
    """A thousand that do nothing are no trouble to one that does."""
    idle = [server.connect() for _ in range(1000)]
    equal(server.counts()["connections"] >= 1001, True)
    s = server.connect()

    def takes():
        start = server.cpu()
        for i in range(1000):
            equal(call(s, "test.echo", i), [i])
        return server.cpu() - start

    beside_them = takes()
    equal(call(idle[500], "test.echo", 1), [1])
    for other in idle:
        other.close()
    alone = takes()
    equal((beside_them, alone, beside_them < 2 * alone + 0.2), (beside_them, alone, True))


def test_large_answer(server):
    s = server.connect()
    before = server.counts()["released"]
    records = call(s, "test.records", 10000)
    equal(len(records), 10000)
    equal(server.counts()["released"], before + 10000)
    records = call(server.connect_tls(), "test.records", 1000)
    equal(len(records), 1000)
    # who goes away in the middle of one
    s.sendall(request(body=rpc("test.records", 10000)))
    s.recv(1000)
    s.close()
    server.until("released", before + 21000)


# ---- what is refused ------------------------------------------------------------


def test_malformed(server):
    for text, status in [
            (b"x\r\n\r\n", 400), (b"GET /\r\n\r\n", 400), (b"GET  / HTTP/1.1\r\n\r\n", 400),
            (b"GET / HTTP/1.1 \r\n\r\n", 505), (b"GET / HTTP/2.0\r\n\r\n", 505),
            (b"GET / XTTP/1.1\r\n\r\n", 400), (b"GET ?a HTTP/1.1\r\n\r\n", 400),
            (b"GET http://h?a=/ HTTP/1.1\r\n\r\n", 400), (b"GET a HTTP/1.1\r\n\r\n", 400), (b"G(T / HTTP/1.1\r\n\r\n", 400),
            (b"GET /\x01 HTTP/1.1\r\n\r\n", 400), (b"GET / HTTP/1.1\r\na\r\n\r\n", 400),
            (b"GET / HTTP/1.1\r\na : b\r\n\r\n", 400), (b"GET / HTTP/1.1\r\n: b\r\n\r\n", 400),
            (b"GET / HTTP/1.1\r\na: b\r\n c\r\n\r\n", 400),
            (b"GET / HTTP/1.1\r\na: b\x00\r\n\r\n", 400),
            (b"GET / HTTP/1.1\r\na: b\x01\r\n\r\n", 400),
            (b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
            (b"GET / HTTP/1.1\r\nContent-Length: +1\r\n\r\n", 400),
            (b"GET / HTTP/1.1\r\nContent-Length: 1x\r\n\r\n", 400),
            (b"GET / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n", 400),
            (b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
            (b"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
            (b"GET / HTTP/1.1\r\n" + 101 * b"a: b\r\n" + b"\r\n", 431),
            (b"GET / HTTP/1.1\r\na: " + 20000 * b"x" + b"\r\n\r\n", 431),
            (20000 * b"x", 431)]:
        s = server.connect()
        s.sendall(text)
        answer = Answer(s)
        equal((text[:60], answer.status), (text[:60], status))
        equal((answer.headers["connection"], answer.headers["content-type"]), ("close", "text/html"))
        s.shutdown(socket.SHUT_WR)
        closed(s)
    s = server.connect()  # what may stand there all the same
    s.sendall(b"\r\n\nGET / HTTP/1.1\na:\n\n")
    equal(Answer(s).status, 200)


def test_chunked(server):
    s = server.connect()
    answer = ask(s, length=False, headers=["Transfer-Encoding: chunked"])
    equal((answer.status, answer.headers["connection"]), (501, "close"))


def test_no_length(server):
    s = server.connect()
    answer = ask(s, length=False)
    equal((answer.status, answer.headers["connection"]), (500, "close"))


def test_oversize(server):
    """The answer is read by a client that first sends all it has."""
    for s in server.connect(), server.connect_tls():
        body = rpc("test.echo", "x" * (300 * 1024 - 66))
        equal(len(body), 300 * 1024)
        equal(ask(s, body=body).status, 200)
        answer = ask(s, body=b"x" * (300 * 1024 + 1))
        equal((answer.status, answer.headers["connection"]), (500, "close"))
    s = server.connect()
    answer = ask(s, body=b"x" * (3 << 20))
    equal(answer.status, 500)


def test_expect(server):
    s = server.connect()
    body = rpc("test.echo", 1)
    s.sendall(request(body=body, headers=["Expect: 100-continue"])[:-len(body)])
    equal(s.recv(100), b"HTTP/1.1 100 Continue\r\n\r\n")
    s.sendall(body)
    equal(Answer(s).status, 200)
    s.sendall(request(body=body, headers=["Expect: 100-continue"]))
    equal(Answer(s).status, 200)


# ---- connections that are taken ---------------------------------------------------


def read_all(s):
    data = b""
    while True:
        part = s.recv(65536)
        if not part:
            return data
        data += part


def test_import(server):
    data = os.urandom(3 << 20)
    for s in server.connect(), server.connect_unix():
        s.sendall(request("PUT", "/import/?sr_id=1", data[:100], headers=["x: y"], length=False))
        answer = Answer(s)  # the answer's head comes before the body is sent
        equal((answer.status, answer.headers["connection"]), (200, "close"))
        s.sendall(data[100:])
        s.shutdown(socket.SHUT_WR)
        equal(read_all(s), b"%d bytes" % len(data))
    for s in server.connect(), server.connect_tls():
        s.sendall(request("PUT", "/import", data))
        equal(Answer(s).status, 200)
        equal(read_all(s), b"%d bytes" % len(data))


def test_console(server):
    data = os.urandom(1 << 20)
    for s in server.connect(), server.connect_unix(), server.connect_tls():
        s.sendall(b"CONNECT /console?uuid=1 HTTP/1.0\r\n\r\nfirst")
        equal(Answer(s).status, 200)
        equal(s.recv(100), b"first")
        got = b""
        for at in range(0, len(data), 10000):
            part = data[at:at + 10000]
            s.sendall(part)
            while len(got) < at + len(part):
                got += s.recv(65536)
        equal(got == data, True)
        s.close()


def test_cli(server):
    for s in server.connect_unix(), server.connect_tls():
        s.sendall(request(path="/cli", body=b"vm-list\n", version="1.0") + b"more")
        got = b""
        while len(got) < 12:
            got += s.recv(100)
        equal(got, b"vm-list\nmore")  # no head at all
        s.close()


# ---- TLS ------------------------------------------------------------------------------


def test_tls_failures(server):
    s = socket.create_connection(("127.0.0.1", server.https), timeout=60)
    s.sendall(request(body=rpc("test.echo")))
    read = b""
    try:
        read = read_all(s)
    except ConnectionResetError:
        pass
    equal(b"HTTP" in read, False)
    for version in ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3:
        equal(call(server.connect_tls(version), "test.echo", 1), [1])
    old = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{server.https}",
                          "-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"],
                         stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False)
    equal(old.returncode != 0, True)
    s = socket.create_connection(("127.0.0.1", server.https), timeout=60)
    s.sendall(b"\x16\x03\x01\x00\x05")  # the start of a handshake, and no more
    s.close()
    equal(call(server.connect_tls(), "test.echo", 1), [1])


def test_certificate(server):
    path = os.path.join(server.dir, "cert.pem")
    equal(os.stat(path).st_mode & 0o777, 0o600)
    text = subprocess.run(["openssl", "x509", "-in", path, "-noout", "-text"],
                          capture_output=True, check=True).stdout.decode()
    for part in "Public-Key: (2048 bit)", "DNS:localhost", "IP Address:127.0.0.1":
        equal((part, part in text), (part, True))
    # another is in use from the next connection on; what is broken is not used
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout",
                    path + ".new", "-out", path + ".crt", "-days", "2", "-subj", "/CN=other",
                    "-addext", "subjectAltName=DNS:localhost"], capture_output=True, check=True)
    with open(path + ".new", "a", encoding="ascii") as new:
        new.write(open(path + ".crt", encoding="ascii").read())
    os.rename(path + ".new", path)
    equal(dict(x[0] for x in server.connect_tls().getpeercert()["subject"])["commonName"], "other")
    good = open(path, encoding="ascii").read()
    with open(path, "w", encoding="ascii") as bad:
        bad.write("nonsense")
    server.process.send_signal(signal.SIGHUP)
    line = server.process.stderr.readline().decode()
    equal((line, "cert.pem" in line), (line, True))
    with open(path, "w", encoding="ascii") as again:
        again.write(good)
    server.process.send_signal(signal.SIGHUP)
    equal(call(server.connect_tls(), "test.echo", 1), [1])


test_certificate.limits = []


# ---- time and numbers ----------------------------------------------------------------


def test_slow_clients(server):
    """All at once: each is got rid of within its time, and costs nobody else."""
    parts = request(body=rpc("test.echo", "x"))
    head = server.connect()
    head.sendall(parts[:20])
    body = server.connect()
    body.sendall(parts[:-5])
    idle = server.connect()
    tls = socket.create_connection(("127.0.0.1", server.https), timeout=60)
    reader = server.connect()
    reader.sendall(request(body=rpc("test.records", 10000)))
    start = time.monotonic()
    while time.monotonic() - start < 3.2:  # a byte now and then does not help
        try:
            head.sendall(b"x")
        except OSError:
            pass
        equal(call(server.connect(), "test.echo", 1), [1])
        time.sleep(0.2)
    for s in head, body:
        answer = Answer(s)
        equal((answer.status, answer.headers["connection"]), (408, "close"))
    closed(idle)
    closed(tls)
    server.until("released", 10000)


test_slow_clients.limits = ["head_seconds=2", "body_seconds=2", "idle_seconds=2", "send_seconds=2"]


def test_steady_reader(server):
    """Who reads slowly but steadily gets all of it, though it takes longer than the limit."""
    s = server.connect()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    s.sendall(request(body=rpc("test.records", 4000)))
    got, start = 0, time.monotonic()
    while got < 4000 * 3000:
        part = s.recv(1 << 16)
        equal(part != b"", True)
        got += len(part)
        time.sleep(0.02)
    equal(time.monotonic() - start > 2, True)


test_steady_reader.limits = ["send_seconds=2"]


def test_too_many(server):
    """The longest idle makes room; with none idle the newcomer is closed."""
    waiting = [server.connect() for _ in range(4)]
    for s in waiting:
        s.sendall(request(body=rpc("test.later", 100.0, True)))
    server.until("later", 4)
    idle = [server.connect() for _ in range(6)]
    for s in idle:
        equal(call(s, "test.echo"), [])
    new = server.connect()
    equal(call(new, "test.echo"), [])
    closed(idle[0])
    equal(call(idle[1], "test.echo"), [])
    for s in idle[1:] + [new]:
        s.sendall(request(body=rpc("test.later", 100.0, True)))
    time.sleep(0.2)
    closed(server.connect())
    for s in waiting + idle + [new]:
        s.close()


test_too_many.limits = ["connections=10"]


def test_no_descriptors(_):
    """Fewer than there may be connections: the same, and the loop does not spin."""
    server = Server(files=40)
    waiting = server.connect()
    waiting.sendall(request(body=rpc("test.later", 100.0, True)))
    idle = [server.connect() for _ in range(100)]
    before = server.cpu()
    for i in range(5):
        equal(call(server.connect(), "test.echo", i), [i])
        time.sleep(0.1)
    equal(server.cpu() - before < 0.25, True)
    for s in idle:
        s.close()
    # none can be had at all: the newcomer waits, and the loop does not spin
    busy = [server.connect() for _ in range(40)]
    for s in busy:
        s.sendall(request(body=rpc("test.later", 100.0, True)))
    before = None
    while before != server.cpu():  # it is through with them; a loop that spins never is
        before = server.cpu()
        time.sleep(0.5)
    time.sleep(1)
    equal(server.cpu() - before < 0.25, True)
    for s in busy + [waiting]:
        s.close()
    descriptors = f"/proc/{server.process.pid}/fd"
    deadline = time.monotonic() + 60
    while len(os.listdir(descriptors)) > 20 and time.monotonic() < deadline:
        time.sleep(0.05)
    equal(call(server.connect(), "test.echo", 1), [1])
    server.stop()


test_no_descriptors.limits = None


def test_stop(server):
    """What is in flight is answered, what is idle closed, nobody let in."""
    idle, busy, steady = server.connect(), server.connect(), server.connect_tls()
    call(steady, "test.echo")
    for s in busy, steady:
        s.sendall(request(body=rpc("test.later", 1.2, True)))
    server.until("later", 2)
    server.process.send_signal(signal.SIGTERM)
    closed(idle)
    try:
        server.connect()
        raise AssertionError("still listens")
    except ConnectionRefusedError:
        pass
    for s in busy, steady:
        answer = Answer(s)
        equal((answer.status, answer.headers["connection"]), (200, "close"))
        s.close()
    equal(server.process.wait(timeout=60), 0)
    equal(os.path.exists(server.socket), False)


def test_stop_has_an_end(server):
    s = server.connect()
    s.sendall(request(body=rpc("test.later", 100.0, True)))
    server.until("later", 1)
    start = time.monotonic()
    server.stop(status=1)
    equal(2.5 < time.monotonic() - start < 60, True)


def test_sockets(server):
    """A live socket is respected, one left behind replaced."""
    equal(os.stat(server.socket).st_mode & 0o777, 0o600)
    second = subprocess.run([SERVE, server.dir], capture_output=True, timeout=120, check=False)
    equal((second.returncode, b"another server has the socket" in second.stderr), (1, True))
    equal(call(server.connect_unix(), "test.echo", 1), [1])
    server.process.kill()
    server.process.wait()
    equal(os.path.exists(server.socket), True)
    again = Server(directory=server.dir)
    equal(call(again.connect_unix(), "test.echo", 2), [2])
    again.process.send_signal(signal.SIGTERM)
    equal(again.process.wait(timeout=60), 0)
    other = socket.socket(socket.AF_UNIX)  # one of another make, without our lock
    other.bind(server.socket)
    other.listen()
    refused = subprocess.run([SERVE, server.dir], capture_output=True, timeout=120, check=False)
    equal(b"another server listens" in refused.stderr, True)
    other.close()
    os.unlink(server.socket)
    with open(server.socket, "w", encoding="ascii") as plain:
        plain.write("precious")
    refused = subprocess.run([SERVE, server.dir], capture_output=True, timeout=120, check=False)
    equal(b"is no socket" in refused.stderr, True)
    equal(open(server.socket, encoding="ascii").read(), "precious")


def test_curl(server):
    def curl(*args):
        return subprocess.run(["curl", "-s", "-m", "60", "--expect100-timeout", "50", *args], capture_output=True,
                              check=True).stdout
    body = rpc("test.echo", "x").decode()
    want = b'{"jsonrpc":"2.0","result":["x"],"id":7}'
    cert = os.path.join(server.dir, "cert.pem")
    equal(curl("-d", body, f"http://127.0.0.1:{server.http}/jsonrpc"), want)
    equal(curl("-0", "-d", body, f"http://127.0.0.1:{server.http}/jsonrpc"), want)
    equal(curl("--cacert", cert, "-d", body, f"https://localhost:{server.https}/jsonrpc"), want)
    equal(curl("--cacert", cert, "-d", body, f"https://127.0.0.1:{server.https}/jsonrpc"), want)
    equal(curl("--unix-socket", server.socket, "-d", body, "http://localhost/jsonrpc"), want)
    large = os.path.join(server.dir, "large")
    with open(large, "wb") as file:
        file.write(os.urandom(5 << 20))
    start = time.monotonic()
    for path in cert, large:  # curl waits for leave to send them
        for url in f"http://127.0.0.1:{server.http}", f"https://localhost:{server.https}":
            equal(curl("--cacert", cert, "-T", path, url + "/import"),
                  b"%d bytes" % os.path.getsize(path))
    equal(time.monotonic() - start < 50, True)


# ---- all of them -----------------------------------------------------------------------


def main():
    tests = [(name[5:], fn) for name, fn in globals().items() if name.startswith("test_")]
    chosen = sys.argv[1:]
    ends_itself = {"stop", "stop_has_an_end", "sockets"}
    shared, failed, n = None, 0, 0
    for name, fn in tests:
        if chosen and name not in chosen:
            continue
        n += 1
        limits = getattr(fn, "limits", [])
        own = hasattr(fn, "limits") or name in ends_itself
        start = time.monotonic()
        try:
            if limits is None:
                server = None
            elif own:
                server = Server(*limits)
            else:
                server = shared = shared or Server()
            fn(server)
            if server and own and name not in ends_itself:
                server.stop()
            word = "ok"
        except Exception:  # any failure of a test is the test's
            traceback.print_exc()
            word, failed = "FAILED", failed + 1
            if shared and shared.process.poll() is not None:
                print(shared.process.stderr.read().decode())
                shared = None
        print(f"{word:6} {name} ({time.monotonic() - start:.2f} s)", flush=True)
    if shared:
        try:
            shared.stop()
        except Exception:
            traceback.print_exc()
            failed += 1
    print(f"door: {n - failed} passed, {failed} failed")
    return failed > 0


sys.exit(main())
