# SPDX-License-Identifier: LGPL-2.1-or-later
"""A client for many calls: JSON-RPC on one connection, which is kept. (Session, of
daemon.py, opens one for each call, as many clients do.)"""
import json
import socket

from daemon import Failure

GONE = OSError  # what a call ends with when the daemon does


class Client:
    """client("VM.start", ref) is VM.start with its session in front."""

    def __init__(self, daemon, originator="tests"):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(60)
        self.socket.connect(daemon.socket)
        self.session = self.post("session.login_with_password", "root", "", "1.0", originator)

    def receive(self, text, length):
        while len(text) < length:
            more = self.socket.recv(max(length - len(text), 65536))
            if not more:
                raise ConnectionError("the daemon is gone")
            text += more
        return text

    def answer(self):
        text = b""
        while b"\r\n\r\n" not in text:
            text = self.receive(text, len(text) + 1)
        head, body = text.split(b"\r\n\r\n", 1)
        length = int(head.split(b"content-length: ", 1)[1].split(b"\r\n", 1)[0])
        return json.loads(self.receive(body, length))

    def send(self, method, *args):
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": args}).encode()
        self.socket.sendall(b"POST /jsonrpc HTTP/1.1\r\ncontent-length: %d\r\n\r\n" % len(body) + body)

    def post(self, method, *args):
        self.send(method, *args)
        answer = self.answer()
        if "error" in answer:
            raise Failure([answer["error"]["message"], *answer["error"]["data"]])
        return answer["result"]

    def __call__(self, method, *args):
        return self.post(method, self.session, *args)

    def close(self):
        self.socket.close()
