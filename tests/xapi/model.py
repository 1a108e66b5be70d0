#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every call that there is: the derived ones do what they are named after on every
class (a database with objects of all of them is made for it), and each role may
make those that are its own and no other."""
import json
import os
import subprocess

from client import Client
from daemon import ROOT, Failure, Session, equal, fails, run

MODEL = os.path.join(ROOT, "build/tests/xapi-model")
CALLS = json.loads(subprocess.run([MODEL, "calls"], capture_output=True, check=True).stdout)
ROLES = ("pool-admin", "pool-operator", "vm-power-admin", "vm-admin", "vm-operator", "read-only")
NOBODY = "OpaqueRef:none"


def answer(client, *call):
    """Its result, or the words of its failure in a tuple."""
    try:
        return client(*call)
    except Failure as f:
        return tuple(f.words)


def filled(daemon):
    daemon.kill()
    for name in os.listdir(daemon.dir):
        if name.startswith("state.db"):
            os.remove(os.path.join(daemon.dir, name))
    subprocess.run([MODEL, "fill", os.path.join(daemon.dir, "state.db")], check=True)
    daemon.start()
    return Client(daemon)


class Verbs:
    """What each kind of derived call promises, asked of one class."""

    def __init__(self, client, name):
        self.client, self.name, self.seen = client, name, set()
        self.calls = [c for c in CALLS if c["class"] == name and c["kind"] != "custom"]
        self.by_kind = {c["kind"]: c for c in self.calls}
        self.record = self.ref = None

    def call(self, kind, *args):
        return self.client(f"{self.name}.{kind}", *args)

    def run(self):
        kinds = [k for k in KINDS if any(c["kind"] == k and not c["removed"] for c in self.calls)]
        for kind in kinds:
            for c in self.calls:
                if c["kind"] == kind and c["unimplemented"]:
                    fails(["NOT_IMPLEMENTED", c["name"]], self.client, c["name"], *[p[0] for p in c["params"]])
                    self.seen.add(c["name"])
                elif c["kind"] == kind and not c["removed"] and getattr(self, kind)(c) is not False:
                    self.seen.add(c["name"])
        return self.seen

    def get_all(self, _):
        refs = self.call("get_all")
        if not refs:
            return False
        self.ref = refs[0]
        equal(len(set(refs)), len(refs))

    def get_record(self, _):
        self.ref = self.ref or f"OpaqueRef:{self.name}-0"
        self.record = answer(self.client, f"{self.name}.get_record", self.ref)
        if isinstance(self.record, tuple):  # no objects: it says so
            equal(self.record, ("HANDLE_INVALID", self.name, self.ref))
            self.record = None
        fails(["HANDLE_INVALID", self.name, NOBODY], self.call, "get_record", NOBODY)

    def get_all_records(self, _):
        records = self.call("get_all_records")
        equal(sorted(records), sorted(self.call("get_all")))
        if self.record:
            equal(records[self.ref], self.record)

    def get_all_where(self, _):
        equal(sorted(self.call("get_all_where", "true")), sorted(self.call("get_all")))
        equal(self.call("get_all_where", "not true"), [])
        fails(["INVALID_VALUE", 'field "x"="y"', None], self.call, "get_all_where", 'field "x"="y"')

    def get_all_records_where(self, _):
        equal(self.call("get_all_records_where", "true"), self.call("get_all_records"))
        if self.record:
            equal(self.call("get_all_records_where", f'field "uuid"="{self.record["uuid"]}"'), {self.ref: self.record})

    def get_by_uuid(self, _):
        fails(["UUID_INVALID", self.name, "nothing"], self.call, "get_by_uuid", "nothing")
        if self.record:
            equal(self.call("get_by_uuid", self.record["uuid"]), self.ref)

    def get_by_name_label(self, _):
        equal(self.call("get_by_name_label", "nobody's name"), [])
        if self.record:
            equal(self.ref in self.call("get_by_name_label", self.record["name_label"]), True)

    def get_field(self, c):
        fails(["HANDLE_INVALID", self.name, NOBODY], self.client, c["name"], NOBODY)
        if self.record and not c["own"]:
            equal(self.client(c["name"], self.ref), self.record[c["field"]])

    def writes(self, c):
        fails(["HANDLE_INVALID", self.name, NOBODY], self.client, c["name"], NOBODY, *[p[0] for p in c["params"][1:]])
        return self.record and not c["own"]

    def field(self, c):
        return self.call("get_" + c["field"], self.ref)

    def set_field(self, c):
        if self.writes(c):
            for value in c["params"][1]:
                equal(answer(self.client, c["name"], self.ref, value), "")
                equal(self.field(c), value)

    def add(self, c):
        if self.writes(c):
            for item in c["params"][1] * 2:
                self.client(c["name"], self.ref, item)
                equal(self.field(c).count(item), 1)

    def remove(self, c):
        if self.writes(c):
            for item in c["params"][1] * 2:
                self.client(c["name"], self.ref, item)
                equal(item in self.field(c), False)

    def add_to(self, c):
        if self.writes(c):
            key, value = c["params"][1][0], c["params"][2][0]
            self.call("remove_from_" + c["field"], self.ref, key)
            self.client(c["name"], self.ref, key, value)
            equal(self.field(c)[str(key)], value)
            fails(["MAP_DUPLICATE_KEY", self.name, c["field"], self.ref, str(key)], self.client, c["name"], self.ref, key, value)

    def remove_from(self, c):
        if self.writes(c):
            key = c["params"][1][0]
            for _ in range(2):
                self.client(c["name"], self.ref, key)
                equal(str(key) in self.field(c), False)

    def create(self, c):
        if self.record and not c["own"]:
            ref = self.client(c["name"], self.record)
            made = self.call("get_record", ref)
            equal(made["uuid"] != self.record["uuid"], True)
            equal([f for f in self.settable() if made[f] != self.record[f]], [])
            self.call("destroy", ref)

    def settable(self):
        return [c["field"] for c in self.calls if c["kind"] == "set_field" and not c["own"] and c["field"] in self.record]

    def destroy(self, c):
        fails(["HANDLE_INVALID", self.name, NOBODY], self.client, c["name"], NOBODY)
        if self.record and not c["own"]:
            self.client(c["name"], self.ref)
            fails(["HANDLE_INVALID", self.name, self.ref], self.call, "get_record", self.ref)


KINDS = ("get_all", "get_record", "get_all_records", "get_all_where", "get_all_records_where", "get_by_uuid",
         "get_by_name_label", "get_field", "set_field", "add", "remove", "add_to", "remove_from", "create", "destroy")


def derived(daemon):
    """every derived call of every class does what its name says"""
    client, seen, with_objects = filled(daemon), set(), 0
    for name in sorted({c["class"] for c in CALLS}):
        verbs = Verbs(client, name)
        seen |= verbs.run()
        with_objects += verbs.record is not None
    wanted = {c["name"] for c in CALLS if c["kind"] != "custom" and not c["removed"]}
    print(f"# {len(seen)} calls of {with_objects} classes with objects")
    equal(sorted(wanted - seen), [])
    for c in CALLS:
        if c["removed"] and c["session"]:
            fails(["MESSAGE_REMOVED"], client, c["name"])
        if c["session"]:  # not even that
            fails(["MESSAGE_PARAMETER_COUNT_MISMATCH", c["name"], str(len(c["params"])), "-1"], client.post, c["name"])


# Of these the session itself ends, or something does that others need.
NOT_ASKED = ("session.logout", "session.local_logout", "event.next", "event.from")


def roles(daemon):
    """each role may make the calls that the model says, and no other"""
    client, s = filled(daemon), Session(daemon)
    every = {s.role.get_name_label(r): r for r in s.role.get_all()}
    bob = s.subject.create({"subject_identifier": "bob", "other_config": {}})
    for r in s.subject.get_roles(bob):
        s.subject.remove_from_roles(bob, r)
    asked = allowed = 0
    for role in ROLES:
        s.subject.add_to_roles(bob, every[role])
        names = {p.lower() for p in s.role.get_permissions_name_label(every[role])}
        client.session = Session(daemon, "bob").ref
        for c in CALLS:
            if not c["session"] or c["removed"] or c["name"] in NOT_ASKED:
                continue
            may = role in c["roles"]
            # its arguments are right, but none of their objects is there
            args = [blank(p[0]) for p in c["params"]]
            got = answer(client, c["name"], *args)
            denied = isinstance(got, tuple) and got[0] == "RBAC_PERMISSION_DENIED"
            asked, allowed = asked + 1, allowed + may
            if denied == may and not (may and got[1] != c["name"] and c["class"] == "task"):
                raise AssertionError(f"{role}: {c['name']} {'is refused' if may else 'is made'}: {got!r}")
            equal(c["name"].lower() in names, may)
        s.subject.remove_from_roles(bob, every[role])
    print(f"# {asked} calls asked, {allowed} allowed")


def blank(value):
    """VALUE with references to nothing"""
    if isinstance(value, str):
        return NOBODY if value.startswith("OpaqueRef:") else value
    if isinstance(value, list):
        return [blank(v) for v in value]
    if isinstance(value, dict):
        return {blank(k): blank(v) for k, v in value.items()}
    return value


run([derived, roles])
