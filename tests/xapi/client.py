# SPDX-License-Identifier: LGPL-2.1-or-later
"""A client for many calls: JSON-RPC on one connection, which is kept. (Session, of
daemon.py, opens one for each call, as many clients do.)"""
import http.client
import json
import socket

from daemon import Failure

GONE = (OSError, http.client.HTTPException)  # what a call ends with when the daemon does


class Connection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=60)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Client:
    """client("VM.start", ref) is VM.start with its session in front."""

    def __init__(self, daemon, originator="tests"):
        self.connection = Connection(daemon.socket)
        self.session = self.post("session.login_with_password", "root", "", "1.0", originator)

    def post(self, method, *args):
        self.connection.request("POST", "/jsonrpc", json.dumps(
            {"jsonrpc": "2.0", "id": 1, "method": method, "params": args}))
        answer = json.loads(self.connection.getresponse().read())
        if "error" in answer:
            raise Failure([answer["error"]["message"], *answer["error"]["data"]])
        return answer["result"]

    def __call__(self, method, *args):
        return self.post(method, self.session, *args)

    def close(self):
        self.connection.close()
