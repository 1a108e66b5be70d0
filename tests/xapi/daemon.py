# SPDX-License-Identifier: LGPL-2.1-or-later
"""A daemon of a test's own (built with ASan and UBSan) and clients of it."""
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import urllib.parse
import urllib.request
import xmlrpc.client

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
XAPID = os.environ.get("XAPID", os.path.join(ROOT, "build/tests/xapid-san"))
PASSWORDS = {"root": "secret", "bob": "b0b", "eve": "e:ve"}


class Failure(Exception):
    """What ErrorDescription says; equal to its words."""

    def __init__(self, words):
        super().__init__(*words)
        self.words = list(words)


def equal(got, want):
    if got != want:
        raise AssertionError(f"got {got!r}, wanted {want!r}")


def fails(want, call, *args):
    """CALL fails of the words WANT (None: any)."""
    try:
        got = call(*args)
    except Failure as failure:
        if len(failure.words) != len(want) or any(w not in (None, g) for g, w in zip(failure.words, want)):
            raise AssertionError(f"failed of {failure.words!r}, wanted {want!r}") from None
        return
    raise AssertionError(f"got {got!r}, wanted the failure {want!r}")


class Session:
    """session.VM.start(ref) is VM.start with the session in front."""

    def __init__(self, daemon, user="root", originator="tests"):
        self.daemon, self.user = daemon, user
        self.ref = daemon.call("session.login_with_password", user, PASSWORDS[user], "1.0", originator)

    def call(self, method, *args):
        return self.daemon.call(method, self.ref, *args)

    def __getattr__(self, cls):
        return Class(self, cls)


class Class:
    def __init__(self, session, name):
        self.session, self.name = session, name

    def __getattr__(self, message):
        if self.name == "Async":
            return Class(self.session, "Async." + message)
        return lambda *args: self.session.call(self.name + "." + message, *args)


class Daemon:
    """Speaks XML-RPC unless a test asks for JSON."""

    own_session = False  # killed with its workers by os.killpg
    http = "127.0.0.1:0"

    def __init__(self, *options):
        self.dir = tempfile.mkdtemp()
        self.socket = os.path.join(self.dir, "socket")
        self.options = options
        users = os.path.join(self.dir, "users")
        with open(users, "w") as f:
            for user, password in PASSWORDS.items():
                f.write(f"{user}:{self.hash(password)}\n")
        self.start()

    @staticmethod
    def hash(password):
        return subprocess.run([XAPID, "--hash"], input=password, capture_output=True, text=True, check=True).stdout.strip()

    def start(self):
        """Its ports are any free ones, which it says."""
        self.log = open(os.path.join(self.dir, "log"), "ab+")
        said = self.says_in()
        begin = os.path.getsize(said) if os.path.exists(said) else 0
        end = time.time() + 120
        self.process = subprocess.Popen(
            [XAPID, "--config", "", "--state", self.dir, "--socket", self.socket, "--http", self.http,
             "--auth", os.path.join(self.dir, "users"), "--auth-delay", "0", *self.options],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, start_new_session=self.own_session)
        while not self.answers(begin):
            if self.process.poll() is not None or time.time() > end:
                raise AssertionError("xapid: " + self.said())
            time.sleep(0.02)

    def says_in(self):
        """Where its log goes."""
        if "--log" in self.options:
            return self.options[self.options.index("--log") + 1]
        return os.path.join(self.dir, "log")

    def answers(self, begin):
        if not os.path.exists(self.says_in()):
            return False
        with open(self.says_in(), "rb") as f:
            f.seek(begin)
            said = f.read().decode()
        ports = re.findall(r"HTTP on port ([0-9]+)", said)
        if ports:
            self.port = int(ports[-1])
        self.tls_port = int((re.findall(r"HTTPS on port ([0-9]+)", said) or [0])[-1])
        return bool(ports) and "is ready" in said

    def said(self):
        self.log.seek(0)
        return self.log.read().decode()

    def kill(self):
        self.process.kill()
        self.process.wait()

    def end(self):
        """Gracefully; it can be started again."""
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(timeout=120)
        said = self.said()
        equal((status, "Sanitizer" in said or "runtime error" in said), (0, False))

    def stop(self):
        self.end()
        shutil.rmtree(self.dir)

    def call(self, method, *args):
        proxy = xmlrpc.client.ServerProxy(f"http://127.0.0.1:{self.port}/", allow_none=True)
        with proxy:
            answer = getattr(proxy, method)(*args)
        if answer["Status"] != "Success":
            raise Failure(answer["ErrorDescription"])
        return answer["Value"]

    def json(self, method, *args, version="2.0"):
        call = {"id": 1, "method": method, "params": args}
        if version != "1.0":
            call["jsonrpc"] = version
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/jsonrpc", json.dumps(call).encode())
        with urllib.request.urlopen(request, timeout=120) as f:
            return json.load(f)

    def get(self, path, headers=None, **params):
        """What GET brings, and of what type that is."""
        url = f"http://127.0.0.1:{self.port}{path}?{urllib.parse.urlencode(params, doseq=True)}"
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers or {}), timeout=120) as f:
            return f.read(), f.headers["content-type"]


def failed(word, test):
    """Says so of the exception at hand: WORD, and on the same line (whatever
    shows no more than that) what failed, why, and at which line of the test."""
    error = sys.exc_info()[1]
    steps = traceback.extract_tb(error.__traceback__)
    at = [step for step in steps if step.name == test.__name__] or steps
    what = (test.__doc__ or test.__name__).splitlines()[0]
    print(f"{word} {what}: {type(error).__name__}: {error} ({os.path.basename(at[-1].filename)}:{at[-1].lineno})", flush=True)
    traceback.print_exc(file=sys.stdout)


def run(tests, *options, make=Daemon):
    """Each with a daemon of its own. Exit status 1 when one fails."""
    bad = 0
    for test in tests:
        daemon = make(*options)
        try:
            test(daemon)
            daemon.stop()
            print("ok -", (test.__doc__ or test.__name__).splitlines()[0])
        except Exception:  # a test's failure is one line and why
            bad += 1
            failed("not ok -", test)
            daemon.kill()
            print("".join("# " + line + "\n" for line in daemon.said().splitlines()[-40:]))
            shutil.rmtree(daemon.dir, ignore_errors=True)
    sys.exit(bad > 0)
