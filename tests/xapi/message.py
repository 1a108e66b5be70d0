#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Class message: made, found, told, gone; after a restart."""
import time
import xmlrpc.client

from daemon import Session, equal, fails, run

EPOCH = xmlrpc.client.DateTime("19700101T00:00:00Z")
FUTURE = xmlrpc.client.DateTime("29991231T00:00:00Z")
NOBODY = "OpaqueRef:00000000-0000-0000-0000-000000000000"


def pool_uuid(s):
    return s.pool.get_uuid(s.pool.get_all()[0])


def lives(daemon):
    """create, the reads, events, destroy"""
    s = Session(daemon)
    uuid, host = pool_uuid(s), s.host.get_uuid(s.host.get_all()[0])
    token = s.call("event.from", ["message", "pool"], "", 0.0)["token"]
    a = s.message.create("NEWS", "5", "Pool", uuid, "body <&> \u00fc")
    b = s.message.create("DISASTER", "1", "host", host, "")
    record = s.message.get_record(a)
    equal((record["name"], record["priority"], record["cls"], record["obj_uuid"], record["body"]),
          ("NEWS", "5", "Pool", uuid, "body <&> \u00fc"))
    age = time.time() - time.mktime(time.strptime(record["timestamp"].value, "%Y%m%dT%H:%M:%SZ")) + time.timezone
    if not -2 < age < 60:
        raise AssertionError(f"it is said to be {age} seconds old")
    equal(sorted(s.message.get_all()), sorted([a, b]))
    equal(s.message.get_all_records(), s.message.get_since(EPOCH))
    equal(s.message.get("Pool", uuid, EPOCH), {a: record})
    equal(s.message.get("Host", uuid, EPOCH), {})
    equal(s.message.get("Pool", uuid, FUTURE), {})
    equal(s.message.get_since(record["timestamp"]).get(a), None)
    equal(list(s.message.get_all_records_where('field "name"="DISASTER"')), [b])
    equal(s.message.get_by_uuid(record["uuid"]), a)
    s.pool.set_name_label(s.pool.get_all()[0], "changed")
    events = s.call("event.from", ["pool", "message"], token, 5.0)
    equal([(e["class"], e["operation"], e["ref"]) for e in events["events"]][:2],
          [("message", "add", a), ("message", "add", b)])
    equal(events["valid_ref_counts"]["message"], 2)
    s.message.destroy(a)
    fails(["HANDLE_INVALID", "message", a], s.message.get_record, a)
    events = s.call("event.from", ["message"], events["token"], 5.0)["events"]
    equal([(e["operation"], e["ref"]) for e in events], [("del", a)])
    daemon.kill()
    daemon.start()
    equal(Session(daemon).message.get_all(), [b])


def refuses(daemon):
    """what is not there, and who may not"""
    s = Session(daemon)
    uuid = pool_uuid(s)
    fails(["UUID_INVALID", "VM", uuid], s.message.create, "N", "5", "VM", uuid, "")
    fails(["INVALID_VALUE", "cls", "Cow"], s.message.create, "N", "5", "Cow", uuid, "")
    fails(["HANDLE_INVALID", "message", NOBODY], s.message.destroy, NOBODY)
    bob = s.subject.create({"subject_identifier": "bob", "other_config": {}})
    for r in s.subject.get_roles(bob):
        s.subject.remove_from_roles(bob, r)
    s.subject.add_to_roles(bob, s.role.get_by_name_label("read-only")[0])
    b = Session(daemon, "bob")
    m = s.message.create("N", "5", "pool", uuid, "")
    equal(list(b.message.get_since(EPOCH)), [m])
    fails(["RBAC_PERMISSION_DENIED", "message.destroy", None], b.message.destroy, m)
    fails(["RBAC_PERMISSION_DENIED", "message.create", None], b.message.create, "N", "5", "pool", uuid, "")


def many_go(daemon):
    """destroy_many is all or nothing; destroy_all by time and priority"""
    s = Session(daemon)
    uuid = pool_uuid(s)

    def make(n):
        return [s.message.create(f"N{i}", str(i), "pool", uuid, "") for i in range(n)]

    m = make(4)
    fails(["HANDLE_INVALID", "message", NOBODY], s.message.destroy_many, [m[0], NOBODY])
    equal(len(s.message.get_all()), 4)
    s.message.destroy_many(m[:2])
    equal(sorted(s.message.get_all()), sorted(m[2:]))
    s.message.destroy_all({"priority": "3"})
    equal(s.message.get_all(), [m[2]])
    s.message.destroy_all({"after": "29991231T00:00:00Z"})
    s.message.destroy_all({"before": "19700101T00:00:00Z"})
    equal(s.message.get_all(), [m[2]])
    fails(["INVALID_VALUE", "priority", "high"], s.message.destroy_all, {"priority": "high"})
    fails(["INVALID_VALUE", "filters", "colour"], s.message.destroy_all, {"colour": "red"})
    s.message.destroy_all({"before": "29991231T00:00:00Z"})
    equal(s.message.get_all(), [])
    make(2)
    s.message.destroy_all({})
    equal(s.message.get_all(), [])


run([lives, refuses, many_go])
