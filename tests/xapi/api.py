#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What clients of XenAPI rely on, whatever they ask: derived calls, failures,
sessions, roles, tasks, events. (Every call there is: model.py; many listeners:
event.py; what is there after kill -9: crash.py.)"""
import contextlib
import os
import re
import resource
import signal
import sqlite3
import threading
import time
import uuid
import xmlrpc.client

from client import Client
from daemon import Failure, Session, equal, fails, run

NETWORK = {"name_label": "lan", "name_description": "", "MTU": "0", "other_config": {}, "tags": []}
NOBODY = "OpaqueRef:00000000-0000-0000-0000-000000000000"


def writes(daemon):
    """constructors, setters, sets and maps of a class"""
    s = Session(daemon)
    ref = s.network.create(dict(NETWORK, unknown="ignored"))
    record = s.network.get_record(ref)
    equal((record["bridge"], record["MTU"], record["managed"]), ("xapi0", "1500", True))
    equal(s.network.get_by_name_label("lan"), [ref])
    s.network.set_name_label(ref, "wan & <lan>")
    equal((s.network.get_by_name_label("lan"), s.network.get_name_label(ref)), ([], "wan & <lan>"))
    s.network.add_tags(ref, "a")
    s.network.add_tags(ref, "b")
    s.network.add_tags(ref, "a")
    s.network.remove_tags(ref, "a")
    equal(s.network.get_tags(ref), ["b"])
    s.network.add_to_other_config(ref, "k", "v")
    fails(["MAP_DUPLICATE_KEY", "network", "other_config", ref, "k"], s.network.add_to_other_config, ref, "k", "w")
    s.network.remove_from_other_config(ref, "k")
    s.network.remove_from_other_config(ref, "k")
    s.network.set_other_config(ref, {"x": "y", "": "\u00fc"})
    equal(s.network.get_other_config(ref), {"x": "y", "": "\u00fc"})
    equal(list(s.network.get_all_records_where('field "name__label"="wan & <lan>" and (field "MTU"="1500")')), [ref])
    equal(s.network.get_all_where('not field "MTU"="1500"'), [])
    fails(["FIELD_TYPE_ERROR", "value"], s.network.set_MTU, ref, "many")
    fails(["FIELD_TYPE_ERROR", "other_config"], s.network.create, {"name_label": "no other_config"})
    equal(s.network.get_all(), [ref])
    s.network.destroy(ref)
    fails(["HANDLE_INVALID", "network", ref], s.network.get_record, ref)
    known = str(uuid.uuid4())
    secret = s.secret.introduce(known, "hush", {"k": "v"})
    equal(s.secret.get_record(secret), {"uuid": known, "value": "hush", "other_config": {"k": "v"}})
    fails(["UUID_INVALID", "secret", known], s.secret.introduce, known, "again", {})


def failures(daemon):
    """the dispatcher's own failures, in XML-RPC and both JSON-RPCs"""
    s = Session(daemon)
    fails(["MESSAGE_METHOD_UNKNOWN", "VM.dance"], s.VM.dance)
    fails(["SESSION_INVALID", "OpaqueRef:x"], daemon.call, "VM.dance", "OpaqueRef:x")
    fails(["SESSION_INVALID", "OpaqueRef:x"], daemon.call, "host.get_all", "OpaqueRef:x")
    fails(["MESSAGE_PARAMETER_COUNT_MISMATCH", "host.get_all", "0", "1"], s.host.get_all, "more")
    fails(["MESSAGE_PARAMETER_COUNT_MISMATCH", "VM.start", "3", "0"], s.VM.start)
    fails(["MESSAGE_PARAMETER_COUNT_MISMATCH", "host.get_all", "0", "-1"], daemon.call, "host.get_all")
    fails(["MESSAGE_REMOVED"], s.VMPP.get_all)
    fails(["Fault", "No async mode for this operation (rpc: host.get_all)"], getattr(s.Async, "host").get_all)
    fails(["NOT_IMPLEMENTED", "VM.send_sysrq"], s.VM.send_sysrq, NOBODY, "h")
    equal(daemon.call("host_get_all", s.ref), s.host.get_all())
    equal(daemon.json("host.get_name_label", s.ref, "x"),
          {"jsonrpc": "2.0", "id": 1, "error": {"code": 1, "message": "HANDLE_INVALID", "data": ["host", "x"]}})
    equal(daemon.json("host.get_name_label", s.ref, "x", version="1.0"),
          {"result": None, "error": ["HANDLE_INVALID", "host", "x"], "id": 1})
    methods = daemon.json("system.listMethods")["result"]
    equal([name in methods for name in ("VM.start", "host.get_all", "VM.dance")], [True, True, False])
    equal(daemon.json("system.isAlive:1", {"a": ["b"]})["result"], {"a": ["b"]})
    fails(["MESSAGE_METHOD_UNKNOWN", "system.isAlive:1"], daemon.call, "system.isAlive:1")
    ref = s.network.create(NETWORK)
    equal(daemon.json("network.get_MTU", s.ref, ref)["result"], 1500)
    equal(daemon.json("network.get_record", s.ref, ref)["result"], dict(s.network.get_record(ref), MTU=1500))


def sessions(daemon):
    """logging in and out, wrong passwords (too many sessions: tests/unit/xapi/sweep.c)"""
    for user, password in (("root", "wrong"), ("nobody", "secret"), ("", ""), ("root", "")):
        fails(["SESSION_AUTHENTICATION_FAILED", user, None], daemon.call, "session.login_with_password", user, password)
    s = Session(daemon)
    record = s.session.get_record(s.ref)
    equal((record["auth_user_name"], record["is_local_superuser"], record["originator"], record["this_host"]),
          ("root", True, "tests", s.host.get_all()[0]))
    other = Session(daemon)
    s.session.logout()
    fails(["SESSION_INVALID", s.ref], s.host.get_all)
    equal(len(other.host.get_all()), 1)


def roles(daemon):
    """each role may what the model says, and nothing more"""
    s = Session(daemon)
    network = s.network.create(NETWORK)
    roles = {s.role.get_name_label(r): r for r in s.role.get_all()}
    fails(["SESSION_AUTHORIZATION_FAILED", "bob", None], Session, daemon, "bob")
    bob = s.subject.create({"subject_identifier": "bob", "other_config": {}})
    fails(["SUBJECT_ALREADY_EXISTS"], s.subject.create, {"subject_identifier": "bob", "other_config": {}})
    for r in s.subject.get_roles(bob):
        s.subject.remove_from_roles(bob, r)
    may = {  # who may read, tag, create a network, make a subject
        "pool-admin": (True, True, True, True), "pool-operator": (True, True, True, False),
        "vm-power-admin": (True, True, True, False), "vm-admin": (True, True, True, False),
        "vm-operator": (True, True, False, False), "read-only": (True, False, False, False)}
    for role, allowed in may.items():
        s.subject.add_to_roles(bob, roles[role])
        fails(["ROLE_ALREADY_EXISTS"], s.subject.add_to_roles, bob, roles[role])
        b = Session(daemon, "bob")
        equal([b.session.get_record(b.ref)[k] for k in ("auth_user_sid", "subject")], ["bob", bob])
        calls = ((b.network.get_tags, network), (b.network.add_tags, network, role), (b.network.create, NETWORK),
                 (b.subject.create, {"subject_identifier": role, "other_config": {}}))
        for (call, *args), ok in zip(calls, allowed):
            if ok:
                call(*args)
            else:
                fails(["RBAC_PERMISSION_DENIED", None, None], call, *args)
        names = s.role.get_permissions_name_label(roles[role])
        equal(("network.create" in names, "subject.create" in names), allowed[2:])
        equal("http/get_host_backup" in names, role == "pool-admin")
        equal(s.subject.get_permissions_name_label(bob), names)
        equal(s.role.get_permissions(roles[role]), [])
        s.subject.remove_from_roles(bob, roles[role])
        fails(["SESSION_INVALID", b.ref], b.host.get_all)
        fails(["ROLE_NOT_FOUND"], s.subject.remove_from_roles, bob, roles[role])
    for i, call in ((1, "network.add_tags"), (2, "network.create"), (3, "subject.create")):
        equal({r for r in s.role.get_by_permission_name_label(call) if r in roles.values()},
              {roles[role] for role, allowed in may.items() if allowed[i]})
    fails(["HANDLE_INVALID", "role", NOBODY], s.role.get_by_permission, NOBODY)
    # of two roles the calls of both
    s.subject.add_to_roles(bob, roles["read-only"])
    s.subject.add_to_roles(bob, roles["vm-admin"])
    equal("network.create" in s.subject.get_permissions_name_label(bob), True)
    Session(daemon, "bob").network.add_tags(network, "of two")
    for role in ("read-only", "vm-admin"):
        s.subject.remove_from_roles(bob, roles[role])
    # a key of a map has roles of its own
    s.subject.add_to_roles(bob, roles["vm-operator"])
    b = Session(daemon, "bob")
    b.network.add_to_other_config(network, "folder", "/x")
    fails(["RBAC_PERMISSION_DENIED", "network.add_to_other_config", None], b.network.add_to_other_config, network, "other", "x")
    # a subject's tasks are its own
    task = s.task.create("root's", "")
    fails(["RBAC_PERMISSION_DENIED", "task.destroy/any", None], b.task.destroy, task)
    mine = b.task.create("bob's", "")
    b.task.set_progress(mine, 0.5)
    s.task.destroy(mine)


def slices(daemon):
    """very many records that are asked for the first time do not keep others waiting"""
    c = Client(daemon)
    for i in range(1500):
        c("secret.create", {"value": f"s{i}", "other_config": {str(k): "x" * 50 for k in range(20)}})
    daemon.kill()
    daemon.options = ("--verbose",)
    daemon.start()
    big, small = Client(daemon), Client(daemon)
    wanted = len(small("secret.get_all"))
    os.kill(daemon.process.pid, signal.SIGSTOP)
    big.send("secret.get_all_records", big.session)
    small.send("secret.get_all", small.session)
    os.kill(daemon.process.pid, signal.SIGCONT)
    small.answer()
    equal(len(big.answer()["result"]), wanted)
    equal(calls(daemon)[-2:], ["secret.get_all", "secret.get_all_records"])
    # who does not wait for them to be made
    daemon.kill()
    daemon.start()
    big = Client(daemon)
    big.send("secret.get_all_records", big.session)
    big.close()
    equal(len(Client(daemon)("secret.get_all_records_where", 'field "value"="s7"')), 1)
    equal([t for t in Session(daemon).task.get_all_records().values()], [])


def calls(daemon):
    """All there have been, in the order of their ends (daemons with --verbose)."""
    return re.findall("call: (?:debug|info): ([a-zA-Z_.]+) ", daemon.said())


def fill(daemon, n):
    """N networks more, as the daemon keeps them; it is not running meanwhile."""
    daemon.end()
    with contextlib.closing(sqlite3.connect(daemon.dir + "/state.db")) as db, db:
        first = db.execute("SELECT max(number) FROM objects").fetchone()[0] + 1
        uuids = [(first + i, str(uuid.UUID(int=i + 1))) for i in range(n)]
        db.executemany("INSERT INTO objects VALUES (?, 'network', 'OpaqueRef:' || ?, 1)", uuids)
        db.executemany("INSERT INTO fields VALUES (?, 'uuid', ?)", uuids)
    daemon.start()


def lines_before(daemon, line, last):
    """How many lines there are of a call before that of another, the last one."""
    lines = calls(daemon)
    end = len(lines) - 1 - lines[::-1].index(last)
    begin = end
    while begin and lines[begin - 1] == line:
        begin -= 1
    return end - begin


def turns(daemon):
    """answers of very many records are made, and written, while others have their turns"""
    daemon.options = ("--verbose",)
    fill(daemon, 20000)
    small = Client(daemon)
    for method, args in (("network.get_all_records", ()), ("network.get_all_records", ()),
                         ("network.get_all_records_where", ("true",)), ("event.from", (["network"], "", 0.0)),
                         ("event.from", (["*"], "", 0.0))):
        big = Client(daemon)
        os.kill(daemon.process.pid, signal.SIGSTOP)
        big.send(method, big.session, *args)
        for _ in range(20):
            small.send("pool.get_all", small.session)
        os.kill(daemon.process.pid, signal.SIGCONT)
        result = big.answer()["result"]
        equal(len(result["events"] if method == "event.from" else result) >= 20000, True)
        text = b""
        while text.count(b'"result"') < 20:
            text = small.receive(text, len(text) + 1)
        # the first may have its turn with the large one
        equal((method, lines_before(daemon, "pool.get_all", method) >= 2), (method, True))


def tasks(daemon):
    """tasks of clients, Async calls and their results"""
    s = Session(daemon)
    t = s.task.create("label", "description")
    r = s.task.get_record(t)
    equal((r["status"], r["name_label"], r["type"], r["result"], r["progress"]), ("pending", "label", "<none/>", "", 0.0))
    s.task.set_progress(t, 0.25)
    s.task.set_other_config(t, {"old": "1", "stays": "2"})
    s.task.add_to_other_config(t, "k", "v")
    s.task.remove_from_other_config(t, "old")
    fails(["MAP_DUPLICATE_KEY", "task", "other_config", t, "k"], s.task.add_to_other_config, t, "k", "w")
    equal(s.task.get_other_config(t), {"stays": "2", "k": "v"})
    s.task.set_result(t, "done")
    s.task.set_status(t, "success")
    r = s.task.get_record(t)
    equal((r["status"], r["result"], r["progress"], r["allowed_operations"]), ("success", "done", 0.25, []))
    fails(["OPERATION_NOT_ALLOWED", None], s.task.cancel, t)
    fails(["INVALID_VALUE", "value", "fine"], s.task.set_status, t, "fine")
    a = s.call("Async.network.create", NETWORK)
    r = s.task.get_record(a)
    equal((r["status"], r["result"], r["name_label"]),
          ("success", f"<value>{s.network.get_all()[0]}</value>", "Async.network.create"))
    a = s.call("Async.network.destroy", NOBODY)
    r = s.task.get_record(a)
    equal((r["status"], r["result"], r["error_info"]), ("failure", "", ["HANDLE_INVALID", "network", NOBODY]))
    s.task.destroy(a)
    fails(["HANDLE_INVALID", "task", a], s.task.get_status, a)


def waits(daemon):
    """event.from: the beginning, changes, coalescing, filters, time limits"""
    s = Session(daemon)

    def since(token, *filters, timeout=0.0):
        return s.event.__getattr__("from")(list(filters), token, timeout)

    ref = s.network.create(NETWORK)
    e = since("", "network")
    equal([(x["class"], x["operation"], x["ref"]) for x in e["events"]], [("network", "add", ref)])
    equal((e["events"][0]["snapshot"], e["valid_ref_counts"]["network"]), (s.network.get_record(ref), 1))
    equal(since(e["token"], "network")["events"], [])
    for i in range(10):
        s.network.set_name_label(ref, f"n{i}")
    m = since(e["token"], "Network")
    equal([(x["operation"], x["snapshot"]["name_label"]) for x in m["events"]], [("mod", "n9")])
    equal(since(e["token"], "vm", "network/" + NOBODY)["events"], [])
    equal(len(since(e["token"], "network/" + ref)["events"]), 1)
    gone = s.network.create(NETWORK)
    s.network.destroy(gone)
    equal([x["ref"] for x in since(m["token"], "network")["events"]], [])
    s.network.destroy(ref)
    d = since(m["token"], "*")
    equal([(x["operation"], "snapshot" in x) for x in d["events"] if x["ref"] == ref], [("del", False)])
    token = s.event.inject("pool", s.pool.get_all()[0])
    equal([x["class"] for x in since(token, "pool")["events"]], ["pool"])
    fails(["EVENT_FROM_TOKEN_PARSE_FAILURE", "x"], since, "x", "vm")
    fails(["HANDLE_INVALID", "pool", "x"], s.event.inject, "pool", "x")
    now = since("", "network")["token"]
    begin = time.monotonic()
    equal(since(now, "network", timeout=0.3)["events"], [])
    if not 0.25 < time.monotonic() - begin < 25:
        raise AssertionError("the time limit was not kept")
    threading.Timer(0.3, lambda: Session(daemon).network.create(NETWORK)).start()
    equal([x["operation"] for x in since(now, "network", timeout=30.0)["events"]], ["add"])
    # the old way
    fails(["SESSION_NOT_REGISTERED", s.ref], s.event.next)
    s.event.register(["network"])
    s.network.create(NETWORK)
    equal([x["operation"] for x in s.event.next()], ["add"])
    s.event.register(["Pool", "network"])
    s.event.unregister(["network"])
    threading.Timer(0.3, lambda: Session(daemon).pool.set_name_label(s.pool.get_all()[0], "waited for")).start()
    s.network.create(NETWORK)
    equal([(x["class"], x["operation"], x["snapshot"]["name_label"]) for x in s.event.next()], [("pool", "mod", "waited for")])
    s.event.unregister(["pool"])
    fails(["SESSION_NOT_REGISTERED", s.ref], s.event.next)
    # whose session ends is told
    other = Session(daemon)
    threading.Timer(0.3, lambda: Session(daemon).call("session.logout") or other.session.logout()).start()
    fails(["SESSION_INVALID", other.ref], other.event.__getattr__("from"), ["vm"], since("", "vm")["token"], 30.0)


def until(condition):
    end = time.monotonic() + 60
    while not condition():
        if time.monotonic() > end:
            raise AssertionError("waited for a minute")
        time.sleep(0.05)


def redo(daemon):
    """what cannot be put into the tables is kept in the redo log while there is room, and put there later, after a crash too"""
    s = Session(daemon)
    path = daemon.dir + "/state.db"
    ref = s.network.create(dict(NETWORK, name_label="zero"))

    def label_in_tables():
        with contextlib.closing(sqlite3.connect(path)) as db:
            rows = db.execute("SELECT (SELECT value FROM fields f WHERE f.number = o.number AND field = 'name_label')"
                              " FROM objects o WHERE ref = ?", (ref,)).fetchall()
        return rows[0][0] if rows else None

    def locked():
        other = sqlite3.connect(path, isolation_level=None)
        until(lambda: label_in_tables() == s.network.get_name_label(ref))
        other.execute("BEGIN IMMEDIATE")
        return contextlib.closing(other)

    with locked():
        for name in ("one", "two"):
            s.network.set_name_label(ref, name)
        until(lambda: "database is locked; what is answered is kept" in daemon.said())
        s.network.set_name_label(ref, "three")
        equal(label_in_tables(), "zero")
    until(lambda: label_in_tables() == "three")
    equal("can be written again" in daemon.said(), True)
    with locked():
        s.network.set_name_label(ref, "four")
        daemon.kill()
        equal(label_in_tables(), "three")
    daemon.start()
    equal(label_in_tables(), "four")
    s = Session(daemon)
    with locked():
        answered, words = None, []
        for i in range(1000):
            try:
                s.network.set_name_label(ref, str(i))
                answered = str(i)
            except Failure as failure:
                words = failure.words
                break
        equal((words[:1], int(answered) >= 100), (["INTERNAL_ERROR"], True))
        daemon.kill()
    daemon.start()
    equal(int(Session(daemon).network.get_name_label(ref)) - int(answered) in (0, 1), True)
    daemon.end()
    equal((label_in_tables().isdigit(), os.path.exists(path + "-redo")), (True, False))
    daemon.start()


def full(daemon):
    """a disk that takes no more: all who write are told, those who ask are answered, and what was answered before is there"""
    s = Session(daemon)
    refs = [s.network.create(NETWORK) for _ in range(8)]
    resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE, (4096, 4096))
    names, answers = {ref: "lan" for ref in refs}, {}

    def write(ref):
        for i in range(20):
            try:
                s.network.set_name_label(ref, str(i))
                names[ref] = str(i)
            except Failure as failure:
                answers[ref] = failure.words

    clients = [threading.Thread(target=write, args=[ref]) for ref in refs]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    equal({ref: answers.get(ref, [None])[0] for ref in refs}, {ref: "INTERNAL_ERROR" for ref in refs})
    if "the database cannot be written" not in answers[refs[0]][1]:
        raise AssertionError(f"failed of {answers[refs[0]]!r}")
    equal(s.network.get_name_description(refs[0]), "")
    daemon.kill()
    daemon.start()
    s = Session(daemon)
    equal({ref: s.network.get_name_label(ref) for ref in refs}, names)


run([writes, failures, sessions, roles, slices, turns, tasks, waits, redo, full])
