#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every message of every class, called with arguments that fit, that are odd, and
that are wrong, on a simulated host full of things: the daemon lives, answers
at once what the model allows, changes nothing where it fails, and all that it
says holds together; after kill -9, too.

SEED repeats what is asked (an int; "now" for any); CALLS is how many calls one
daemon gets (once each of all there are, then at random); SECONDS > 0: goes on
with other seeds for so long."""
import http.client
import json
import os
import random
import re
import subprocess
import sys
import time
import xmlrpc.client
from collections import Counter, deque

import fuzz_zoo
from client import Client
from daemon import ROOT, Failure
from fuzz_values import Values, for_xml
from fuzz_world import Broken, World
from host import Clock
from network import Sim

MODEL = os.path.join(ROOT, "build/tests/xapi-model")
CALLS, CLASSES, ERRORS = (json.loads(subprocess.run([MODEL, what], capture_output=True, check=True).stdout) for what in ("calls", "classes", "errors"))

EPOCH = "19700101T00:00:00Z"
ROUND = 250  # calls between two looks at everything
SLOW = 30.0  # seconds that no call takes, on a slow machine either
REMEMBERED = 40  # calls that are told when something is broken

# What may change beside a call that fails.
BESIDE = {"task": None, "message": None, "host_metrics": None, "PIF_metrics": None, "VM_metrics": None, "SR": {"physical_utilisation"}, "host": {"ssh_enabled", "ssh_expiry"}}
# What a start makes anew.
ANEW = {"session": None, "task": None, "host_cpu": None, "host_metrics": None, "host": {"other_config", "host_CPUs", "hostname", "timezone", "ssh_enabled", "ssh_expiry"}}
# Calls that may fail and have done something: parts of them stand by themselves.
PARTS = ("VM_appliance.",)


def broken(text):
    raise Broken(text)


def same(value):
    """Sets have no order."""
    return sorted(map(repr, value)) if isinstance(value, list) else value


class Wire(Client):
    """Both protocols on one connection."""

    def exchange(self, path, body):
        """The status, and the body of the answer."""
        self.socket.sendall(b"POST %s HTTP/1.1\r\ncontent-length: %d\r\n\r\n" % (path, len(body)) + body)
        answer = http.client.HTTPResponse(self.socket)
        answer.begin()
        return answer.status, answer.read()

    def ask_json(self, method, args):
        return json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": args}).encode()

    def ask_xml(self, method, args):
        return xmlrpc.client.dumps(tuple(for_xml(list(args))), method, allow_none=True).encode("utf-8", "surrogatepass")

    def try_json(self, method, *args):
        """("yes", value), ("no", words) or ("what", why)"""
        status, body = self.exchange(b"/jsonrpc", self.ask_json(method, args))
        if status != 200:
            return "what", [status, body[:200]]
        answer = json.loads(body)
        if "error" in answer:
            return "no", [answer["error"]["message"], *answer["error"]["data"]]
        return "yes", answer["result"]

    def try_xml(self, method, *args):
        status, body = self.exchange(b"/", self.ask_xml(method, args))
        if status != 200:
            return "what", [status, body[:200]]
        try:
            (answer,), _ = xmlrpc.client.loads(body)
        except xmlrpc.client.Fault as fault:
            return "what", [fault.faultCode, fault.faultString]
        return ("yes", answer["Value"]) if answer["Status"] == "Success" else ("no", answer["ErrorDescription"])


def fits_xml(value):
    """XML has no way to write some characters."""
    if isinstance(value, str):
        return not any(ord(c) < 32 and c not in "\t\n\r" or "\ud800" <= c <= "\udfff" or c in "\ufffe\uffff" for c in value)
    if isinstance(value, dict):
        return all(fits_xml(k) and fits_xml(v) for k, v in value.items())
    return not isinstance(value, list) or all(map(fits_xml, value))


class Fuzz:
    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.daemon = Clock("--hv=sim", "--client-tasks", "200")
        self.daemon.write("synchronized", "no\n")
        self.daemon.write("servers", "LinkNTPServers=a b\n")
        self.daemon.kill()
        fuzz_zoo.make_plugin(os.path.join(self.daemon.dir, "plugins"))
        os.environ["PATH"] = self.daemon.bin + ":" + os.environ["PATH"]
        self.daemon.options += ("--plugins", os.path.join(self.daemon.dir, "plugins"))
        for name in "eth2", "eth3":
            Sim(self.daemon).add_card(name)
        self.daemon.start()
        fuzz_zoo.fill(self.daemon)
        self.world = World(CLASSES, [c["class"] for c in CALLS if c["kind"] == "get_all_records" and not c["removed"]])
        self.values = Values(self.rng, CLASSES, self.world, self.daemon.dir)
        self.last = deque(maxlen=REMEMBERED)
        self.said, self.times, self.n, self.broken = Counter(), {}, 0, {}
        self.touched = set()  # tasks that clients have said the error of
        self.connect()

    def connect(self):
        self.wire, self.watcher = Wire(self.daemon), Client(self.daemon, "watcher")
        self.world.begin()
        self.world.follow(self.watcher)

    # ---- one call ----

    def arguments(self, row):
        self.values.oddness = self.rng.choice((0, 0, 0.03, 0.2, 0.6))
        args = [self.values.of(kind, name) for name, kind in row["types"]]
        if self.values.odd() and self.rng.random() < 0.3:
            args = args[:-1] if self.rng.random() < 0.5 else args + [self.values.string(None, "")]
        if row["session"]:
            args.insert(0, self.wire.session if self.rng.random() < 0.99 else self.values.ref({"class": "session"}, ""))
        return args

    def spared(self, row, args):
        """What would take the test away from under itself."""
        here = self.world.refs("host")
        return row["name"] == "host.restart_agent" and args[1:2] and args[1] in here or \
            row["name"] == "event.next"  # waits for ever; event.sh has it

    def call(self, row):
        args = self.arguments(row)
        if self.spared(row, args):
            return
        is_async = row["async"] and self.rng.random() < 0.3
        name = ("Async." if is_async else "") + row["name"]
        xml = fits_xml(args) and self.rng.random() < 0.5
        self.last.append((name, "XML" if xml else "JSON", args))
        at = time.monotonic()
        pending = self.pending()
        kind, answer = (self.wire.try_xml if xml else self.wire.try_json)(name, *args)
        took = time.monotonic() - at
        self.last.append(("->", kind, answer))
        self.n += 1
        if row["name"] == "task.set_error_info" and kind == "yes":
            self.touched.add(args[1])
        self.times[name] = max(self.times.get(name, 0), took)
        if took > SLOW:
            raise Broken(f"{name} took {took:.1f} s")
        changes = self.world.follow(self.watcher)
        if kind == "what":
            raise Broken(f"{name} is answered {answer}")
        if kind == "no":
            self.check_error(name, answer)
            if not pending and not is_async and not row["name"].startswith(PARTS):
                self.check_unchanged(name, changes)
        else:
            self.check_result(row, is_async, answer)
        if os.environ.get("EACH") and not self.pending():
            self.check_operations()
        self.said["yes" if kind == "yes" else answer[0]] += 1
        if is_async and kind == "yes" and self.rng.random() < 0.8:
            self.settle()
        if kind == "no" and answer[0] == "SESSION_INVALID" or row["name"].startswith("session."):
            self.wire.session = self.wire.post("session.login_with_password", "root", "", "1.0", "tests")

    def check_error(self, name, words):
        code, more = words[0], words[1:]
        if code == "Fault" and "No async mode" in str(more):
            return
        wanted = ERRORS.get(code)
        if wanted is None or code == "INTERNAL_ERROR":
            raise Broken(f"{name} fails of {words}")
        n = len([w for w in wanted if w != "..."])
        if len(more) < n or len(more) > n and "..." not in wanted:
            raise Broken(f"{name} fails of {words}, but that has {wanted}")
        if not all(isinstance(w, str) for w in words):
            raise Broken(f"{name} fails of {words}, which are not all texts")

    def check_unchanged(self, name, changes):
        for of, ref, fields in changes:
            if of not in BESIDE or BESIDE[of] is not None and fields - BESIDE[of]:
                raise Broken(f"{name} failed, but {of} {ref} has other {sorted(fields)}")

    def check_result(self, row, is_async, value):
        if is_async:
            if not isinstance(value, str) or not value.startswith("OpaqueRef:"):
                raise Broken(f"Async.{row['name']} answers {value!r}")

    # ---- looks at everything ----

    def pending(self):
        return [ref for ref, got in self.world.things.get("task", {}).items()
                if got["finished"] == EPOCH and got["status"] in ("pending", "cancelling") and got["name_label"].startswith("Async.")]

    def settle(self):
        """All that is under way ends, by itself or cancelled."""
        end = time.monotonic() + 5
        while True:
            self.world.follow(self.watcher)
            if not self.pending():
                break
            if time.monotonic() > end:
                for task in self.pending():
                    try:
                        self.watcher("task.cancel", task)
                    except Failure:
                        pass
            if time.monotonic() > end + SLOW:
                raise Broken(f"does not end: {[self.world.things['task'][t] for t in self.pending()]}")
            time.sleep(0.005)
        for ref, got in list(self.world.things.get("task", {}).items()):
            if got["name_label"].startswith("Async."):
                if got["status"] == "failure" and ref not in self.touched:
                    self.check_error(got["name_label"], got["error_info"])
                try:
                    self.watcher("task.destroy", ref)
                except Failure:
                    pass

    def check_operations(self):
        """They are already what they are computed to be."""
        before = {ref: set(got.get("allowed_operations", ())) for records in self.world.things.values() for ref, got in records.items()}
        for vm in self.world.refs("VM"):
            self.watcher("VM.update_allowed_operations", vm)
        for name, ref, fields in self.world.follow(self.watcher):
            if "allowed_operations" in fields and ref in before and not self.pending():
                now = self.world.things[name][ref]
                raise Broken(f"stale allowed_operations of {name} {ref} {now.get('power_state')}: {before[ref] ^ set(now['allowed_operations'])}")

    def look(self):
        self.settle()
        self.world.follow(self.watcher)
        self.check_operations()
        self.world.check()
        self.world.check_answers(self.watcher)

    def ready(self):
        """What a start does by itself."""
        here, pool = self.world.refs("host")[0], self.world.refs("pool")[0]
        for call in (("PIF.scan", here), ("pool.remove_from_other_config", pool, "default-templates"), ("pool.add_to_other_config", pool, "default-templates", "1")):
            self.watcher(*call)

    def crash(self):
        """kill -9: the same is there again."""
        self.settle()
        self.ready()
        self.look()
        before = self.world.kept(self.watcher)
        self.daemon.kill()
        self.daemon.start()
        self.connect()
        after = self.world.kept(self.watcher)
        for name, ref in sorted(before.keys() | after.keys()):
            was, now = before.get((name, ref), {}), after.get((name, ref), {})
            differ = {k: (was.get(k), now.get(k)) for k in was.keys() | now.keys() if same(was.get(k)) != same(now.get(k))}
            if differ and name in ANEW and (ANEW[name] is None or differ.keys() <= ANEW[name]):
                continue
            if differ:
                self.holds(broken, f"kill -9 has changed {name} {ref}: {sorted(differ)}: {differ}")
        self.look()

    def holds(self, what, *args):
        """WHAT, of which each kind of thing that is broken is said once."""
        try:
            what(*args)
        except Broken as e:
            kind = re.sub(r"[0-9a-f-]{36}|[0-9]+|/tmp/[^ ]*", "", str(e))[:100]
            if kind not in self.broken:
                self.broken[kind] = e
                print(f"# broken: {shortened(str(e))}")
                print("".join("#     " + shortened(line) + "\n" for line in list(self.last)[-2:]), flush=True)

    def go(self, calls):
        rows = [c for c in CALLS if not c["removed"]]
        often = [c for c in rows if not c["unimplemented"] and not c["kind"].startswith("get")]
        order = self.rng.sample(CALLS, len(CALLS))
        try:
            for i in range(calls):
                self.holds(self.call, order[i] if i < len(order) else self.rng.choice(often))
                if i % ROUND == ROUND - 1:
                    self.holds(self.look)
            self.holds(self.crash)
        except OSError as e:
            time.sleep(1)
            raise Broken(f"the daemon is gone ({self.daemon.process.poll()}): {e}")
        self.daemon.stop()

    def told(self):
        slow = sorted(self.times, key=self.times.get)[-3:]
        return (f"{self.n} calls, {self.said['yes']} done, {sum(self.said.values()) - self.said['yes']} failed of {len(self.said) - 1} errors; slowest "
                + ", ".join(f"{name} {self.times[name]:.1f} s" for name in slow))


def shortened(what):
    text = repr(what)
    return text if len(text) < 600 else text[:600] + "..."


def one(seed, calls):
    at = time.monotonic()
    fuzz = Fuzz(seed)
    try:
        fuzz.go(calls)
        if os.environ.get("VERBOSE"):
            print("#", fuzz.said.most_common())
        if fuzz.broken:
            raise Broken(f"{len(fuzz.broken)} things are broken")
    except Exception as e:
        fuzz.daemon.kill()
        print(f"not ok - SEED={seed} CALLS={calls}: {type(e).__name__}: {shortened(e)[:3000]}; its state is in {fuzz.daemon.dir}")
        print("".join("# " + shortened(line) + "\n" for line in fuzz.last))
        print("".join("# " + line[:1000] + "\n" for line in fuzz.daemon.said().splitlines()[-30:]), flush=True)
        if not isinstance(e, Broken):
            raise
        return False
    print(f"ok - SEED={seed} CALLS={calls}: {fuzz.told()}; {time.monotonic() - at:.0f} s", flush=True)
    return True


def main():
    seed = os.environ.get("SEED", "1")
    seed = random.SystemRandom().randrange(1 << 31) if seed == "now" else int(seed)
    calls, end = int(os.environ.get("CALLS", 2500)), time.monotonic() + float(os.environ.get("SECONDS", 0))
    good = one(seed, calls)
    while time.monotonic() < end:
        seed += 1
        good = one(seed, calls) and good
    return not good


if __name__ == "__main__":
    sys.exit(main())
