#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""kill -9 of the daemon at ROUNDS (300) random moments, while clients make,
change, start and destroy things: each time it starts again with all that was
answered, nothing half made, no reference to what is not there, no task that
goes on for ever. SEED repeats what the clients ask for and when it is killed."""
import json
import os
import random
import re
import signal
import sys
import threading
import time

import daemon as of_tests
from client import GONE, Client
from daemon import ROOT, Daemon, Session
from storage import MIB, disk, make_sr
from vm import Host, record

ROUNDS = int(os.environ.get("ROUNDS", 300))
SEED = int(os.environ.get("SEED", random.SystemRandom().randrange(1 << 31)))
CLIENTS = 4
KEPT = 6  # objects of a kind that a client has at the most
NULL = "OpaqueRef:NULL"

# What an object is nothing without.
NEEDS = {"VBD": ("VM",), "VIF": ("VM", "network"), "VDI": ("SR",), "PBD": ("SR", "host"), "console": ("VM",)}
# Whose each is: for every one there is exactly one that names it.
OWNED = {"VM_metrics": ("VM", "metrics"), "host_metrics": ("host", "metrics")}


def references():
    """class: the fields that hold references, as the model says"""
    found = {}
    folder = os.path.join(ROOT, "xapi/model")
    for name in sorted(n for n in os.listdir(folder) if n.endswith(".json")):
        with open(os.path.join(folder, name)) as f:
            model = json.load(f)
        if "class" not in model or "fields" not in model:
            continue
        types = {field.replace("__", "_"): row if isinstance(row, str) else row["type"] for field, row in model["fields"].items()}
        found[model["class"]] = {field: re.findall(r"(\w+) ref\b", t)[0] for field, t in types.items() if re.search(r"\w ref\b", t)}
    return {name.lower(): fields for name, fields in found.items()}


class Thing:
    """An object that a client has made: what the answers say of it, and what a
    call that was not answered may have made of it."""

    def __init__(self, kind, ref, **fields):
        self.kind, self.ref, self.fields, self.maybe, self.may_be_gone = kind, ref, fields, {}, False

    def check(self, snapshot):
        for name, value in self.fields.items():
            allowed = [value] + ([self.maybe[name]] if name in self.maybe else [])
            if snapshot[name] not in allowed:
                raise AssertionError(f"{self.kind} {self.ref}: {name} is {snapshot[name]!r}, not one of {allowed!r}")
            self.fields[name] = snapshot[name]
        self.maybe = {}
        self.may_be_gone = False


class Worker(threading.Thread):
    """One client: does this and that until the daemon is gone."""

    def __init__(self, daemon, things, rng):
        super().__init__()
        self.daemon_under_test, self.things, self.rng = daemon, things, rng
        self.asked = None  # the name of what may have been made, unanswered
        self.wrong = None
        self.n = 0

    def run(self):
        try:
            self.client = Client(self.daemon_under_test)
            while True:
                self.rng.choice(STEPS)(self)
                self.n += 1
        except GONE:
            pass
        except Exception as e:  # a failure of the test's
            self.wrong = e

    # ---- steps ----

    def name(self):
        return f"{self.rng.getrandbits(64):x}"

    def made(self, kind, call, **fields):
        """CALL makes a KIND whose name_label (or value) is fields's"""
        if sum(t.kind == kind for t in self.things) >= KEPT:
            self.destroy(kind)
            return
        self.asked = fields
        ref = call()
        self.things.append(Thing(kind, ref, **fields))
        self.asked = None

    def pick(self, kind, **fields):
        found = [t for t in self.things if t.kind == kind and fields.items() <= t.fields.items()]
        return self.rng.choice(found) if found else None

    def change(self, thing, field, value, *call):
        thing.maybe = {field: value}
        self.client(*call)
        thing.fields[field] = value
        thing.maybe = {}

    def destroy(self, kind):
        thing = self.pick(kind) if kind != "VM" else self.pick("VM", power_state="Halted")
        if not thing:
            return
        thing.may_be_gone = True
        self.client(kind + ".destroy", thing.ref)
        self.things.remove(thing)

    def make_network(self):
        name = self.name()
        args = {"name_label": name, "name_description": "", "MTU": "1500", "other_config": {}, "tags": []}
        self.made("network", lambda: self.client("network.create", args), name_label=name)

    def rename(self):
        thing = self.rng.choice(self.things) if self.things else None
        if thing and "name_label" in thing.fields and thing.kind != "task":
            name = self.name()
            self.change(thing, "name_label", name, thing.kind + ".set_name_label", thing.ref, name)

    def configure(self):
        thing = self.rng.choice(self.things) if self.things else None
        if thing and thing.kind in ("network", "VM", "secret", "VDI"):
            wanted = {self.name(): self.name() for _ in range(self.rng.randrange(4))}
            thing.fields.setdefault("other_config", None)
            if thing.fields["other_config"] is None:
                del thing.fields["other_config"]
                self.client(thing.kind + ".set_other_config", thing.ref, wanted)
                thing.fields["other_config"] = wanted
            else:
                self.change(thing, "other_config", wanted, thing.kind + ".set_other_config", thing.ref, wanted)

    def make_secret(self):
        value = self.name()
        self.made("secret", lambda: self.client("secret.create", {"value": value, "other_config": {}}), value=value)

    def make_task(self):
        name = self.name()
        self.made("task", lambda: self.client("task.create", name, ""), name_label=name)

    def make_vm(self):
        name = self.name()
        self.made("VM", lambda: self.client("VM.create", record(name)), name_label=name, power_state="Halted")

    def clone_vm(self):
        vm, name = self.pick("VM", power_state="Halted"), self.name()
        if vm:
            self.made("VM", lambda: self.client("VM.clone", vm.ref, name), name_label=name, power_state="Halted")

    def start_vm(self):
        vm = self.pick("VM", power_state="Halted")
        if vm:
            self.change(vm, "power_state", "Running", "VM.start", vm.ref, False, False)

    def stop_vm(self):
        vm = self.pick("VM", power_state="Running")
        if vm:
            self.change(vm, "power_state", "Halted", "VM.hard_shutdown", vm.ref)

    def start_vm_as_task(self):
        vm = self.pick("VM", power_state="Halted")
        if not vm:
            return
        vm.maybe = {"power_state": "Running"}
        task = self.client("Async.VM.start", vm.ref, False, False)
        while True:
            status = self.client("task.get_status", task)
            if status == "success":
                vm.fields["power_state"], vm.maybe = "Running", {}
                return
            if status != "pending":
                raise AssertionError(f"a start ended as {status}: {self.client('task.get_error_info', task)}")

    def make_vdi(self):
        name = self.name()
        args = disk(self.daemon_under_test.sr, name, MIB, sm_config={"type": "raw"})
        self.made("VDI", lambda: self.client("VDI.create", args), name_label=name, virtual_size=MIB)

    def resize_vdi(self):
        vdi = self.pick("VDI")
        if vdi:
            size = vdi.fields["virtual_size"] + MIB
            self.change(vdi, "virtual_size", size, "VDI.resize", vdi.ref, size)

    def destroy_something(self):
        self.destroy(self.rng.choice(("network", "secret", "VM", "VDI")))


STEPS = [Worker.make_network, Worker.rename, Worker.rename, Worker.configure, Worker.make_secret, Worker.make_task,
         Worker.make_vm, Worker.make_vdi, Worker.resize_vdi, Worker.clone_vm, Worker.start_vm, Worker.stop_vm, Worker.start_vm_as_task,
         Worker.destroy_something]


# ---- what is there after a start ----

def objects(client):
    """class (lower case): {ref: record} of all there are"""
    got = client("event.from", ["*"], "", 0.0)
    found = {}
    for e in got["events"]:
        found.setdefault(e["class"], {})[e["ref"]] = e["snapshot"]
    for name in ("role", "secret"):  # send no events
        found[name] = client(name + ".get_all_records")
    return found


def check_references(found, fields):
    for name, records in found.items():
        for ref, snapshot in records.items():
            for field, target in fields[name].items():
                if field not in snapshot or target == "session":
                    continue
                value = snapshot[field]
                refs = [value] if isinstance(value, str) else list(value) if not isinstance(value, dict) else \
                    [x for pair in value.items() for x in pair if isinstance(x, str) and x.startswith("OpaqueRef:")]
                for r in refs:
                    if r != NULL and r not in found.get(target.lower(), ()):
                        raise AssertionError(f"{name} {ref}: {field} refers to {target} {r}, which there is not")


def check_whole(found):
    for name, needed in NEEDS.items():
        for ref, snapshot in found.get(name.lower(), {}).items():
            if any(snapshot[field] == NULL for field in needed):
                raise AssertionError(f"{name} {ref} is half made: {snapshot}")
    for name, (owner, field) in OWNED.items():
        named = sorted(r[field] for r in found.get(owner.lower(), {}).values() if r[field] != NULL)
        if named != sorted(found.get(name.lower(), {})):
            raise AssertionError(f"{name}: there are {sorted(found.get(name.lower(), {}))}, {owner} has {named}")


def check_host(found, host):
    domains = host.domains()
    for ref, vm in found.get("vm", {}).items():
        state = domains.pop(vm["uuid"], None)
        if vm["is_control_domain"]:
            continue
        if {"running": "Running", "paused": "Paused", None: "Halted"}[state] != vm["power_state"]:
            raise AssertionError(f"VM {ref} is {vm['power_state']}, the host says {state}")
        if vm["current_operations"]:
            raise AssertionError(f"VM {ref} is in {vm['current_operations']}")
    if domains:
        raise AssertionError(f"left on the host: {domains}")


def check_disks(found, daemon):
    """There is a file for each VDI and no other; one that was being enlarged may be larger than its VDI."""
    folder = os.path.join(daemon.dir, "sr")
    files = {name: os.path.getsize(os.path.join(folder, name)) for name in os.listdir(folder) if not name.startswith(".")}
    vdis = {v["location"]: v["virtual_size"] for v in found.get("vdi", {}).values()}
    if files.keys() != vdis.keys() or any(vdis[name] > size for name, size in files.items()):
        raise AssertionError(f"files: {dict(files.items() - vdis.items())}, VDIs: {dict(vdis.items() - files.items())}")


def check_things(found, workers):
    """All that was answered, and of what was not at most the one thing a client"""
    known = set()
    for w in workers:
        for thing in list(w.things):
            snapshot = found.get(thing.kind.lower(), {}).get(thing.ref)
            if snapshot is None and not thing.may_be_gone:
                raise AssertionError(f"{thing.kind} {thing.ref} is lost")
            if snapshot is None:
                w.things.remove(thing)
                continue
            thing.check(snapshot)
            known.add(thing.ref)
    asked = [w.asked for w in workers if w.asked]
    for kind in ("network", "secret", "vm", "vdi"):
        for ref, snapshot in found.get(kind, {}).items():
            if ref in known or snapshot.get("is_control_domain") or snapshot.get("is_default_template"):
                continue
            fits = [a for a in asked if all(snapshot.get(k) == v for k, v in a.items())]
            if not fits and ref not in first_there:
                raise AssertionError(f"{kind} {ref} is nobody's: {snapshot}")
            if fits:
                real = {"network": "network", "secret": "secret", "vm": "VM", "vdi": "VDI"}[kind]
                owner = next(w for w in workers if w.asked == fits[0])
                owner.things.append(Thing(real, ref, **fits[0]))


def check_tasks(found, client, workers):
    for ref, task in found.get("task", {}).items():
        if task["status"] not in ("success", "failure", "cancelled"):
            raise AssertionError(f"task {ref} is {task['status']}")
        client("task.destroy", ref)
    for w in workers:
        w.things[:] = [t for t in w.things if t.kind != "task"]


first_there = set()


def one_round(daemon, host, kept, rng, fields):
    workers = [Worker(daemon, things, random.Random(rng.getrandbits(64))) for things in kept]
    for w in workers:
        w.start()
    time.sleep(rng.uniform(0.01, 0.15))
    # the daemon alone, whose workers then take back what they did, or all of it
    (os.killpg if rng.random() < 0.5 else os.kill)(daemon.process.pid, signal.SIGKILL)
    daemon.process.wait()
    for w in workers:
        w.join()
        if w.wrong:
            raise w.wrong
    daemon.start()
    client = Client(daemon)
    found = objects(client)
    check_references(found, fields)
    check_whole(found)
    check_host(found, host)
    check_disks(found, daemon)
    check_things(found, workers)
    check_tasks(found, client, workers)
    client.close()
    return sum(w.n for w in workers)


def main():
    of_tests.XAPID, Daemon.own_session = os.path.join(ROOT, "build/bin/xapid"), True
    rng, fields, steps, at = random.Random(SEED), references(), 0, time.monotonic()
    print(f"SEED={SEED} ROUNDS={ROUNDS}")
    daemon = Daemon("--hv=sim")
    host, kept = Host(daemon), [[] for _ in range(CLIENTS)]
    daemon.sr = make_sr(Session(daemon))
    first_there.update(*(objects(Client(daemon)).get(k, {}) for k in ("network", "secret", "vm", "vdi")))
    for i in range(ROUNDS):
        try:
            steps += one_round(daemon, host, kept, rng, fields)
        except Exception:
            daemon.kill()
            print(f"round {i} of SEED={SEED}; the state is in {daemon.dir}")
            print("".join("# " + line + "\n" for line in daemon.said().splitlines()[-20:]))
            raise
    daemon.stop()
    print(f"{ROUNDS} times killed, {steps} steps done, {time.monotonic() - at:.0f} s")


sys.exit(main())
