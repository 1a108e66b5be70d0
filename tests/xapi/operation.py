#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What who runs the daemon relies on: audit, settings, this host."""
import base64
import calendar
import json
import os
import re
import socket
import sqlite3
import stat
import subprocess
import time
import urllib.error
import urllib.request

from daemon import ROOT, XAPID, Session, equal, fails, run
from vm import record
from xe import Xe

NETWORK = {"name_label": "lan", "name_description": "", "MTU": "1400", "other_config": {}, "tags": []}
NOBODY = "OpaqueRef:00000000-0000-0000-0000-000000000000"


def audit(daemon):
    """each call that changes something is a line: who, which fields; no secret, no read"""
    path = os.path.join(daemon.dir, "audit.log")
    at = 0

    def lines():
        nonlocal at
        with open(path) as f:
            f.seek(at)
            text = f.read()
            at = f.tell()
        return [json.loads(line) for line in text.splitlines()], text

    equal(stat.S_IMODE(os.stat(path).st_mode), 0o600)
    fails(["SESSION_AUTHENTICATION_FAILED", "root", None], daemon.call, "session.login_with_password", "root", "wr0ng")
    s = Session(daemon)
    got, text = lines()
    equal([(r["call"], r.get("user"), r["address"], r["result"] if r["result"] == "success" else r["result"][0]) for r in got],
          [("session.login_with_password", None, "127.0.0.1", "SESSION_AUTHENTICATION_FAILED"),
           ("session.login_with_password", "root", "127.0.0.1", "success")])
    equal(got[1]["originator"], "tests")
    equal([w in text for w in ("wr0ng", "secret", s.ref)], [False, False, False])
    # reading is in no line
    s.host.get_all_records()
    s.network.get_all()
    equal(lines()[0], [])
    ref = s.network.create(NETWORK)
    s.network.set_name_label(ref, "wan")
    s.network.set_name_label(ref, "wan")  # changes nothing
    s.network.add_to_other_config(ref, "k", "x" * 1000)
    s.network.destroy(ref)
    got, _ = lines()
    equal([(r["user"], r["call"], r["result"]) for r in got],
          [("root", "network." + m, "success") for m in ("create", "set_name_label", "add_to_other_config", "destroy")])
    made, named, added, gone = (r["changes"] for r in got)
    equal([(c["change"], c["class"], c["ref"]) for c in made], [("add", "network", ref)])
    equal({k: made[0]["fields"][k] for k in ("name_label", "MTU")}, {"name_label": "lan", "MTU": "1400"})
    equal(named, [{"change": "mod", "class": "network", "ref": ref, "fields": {"name_label": "wan"}}])
    equal(len(added[0]["fields"]["other_config"]), 203)
    equal(gone, [{"change": "del", "class": "network", "ref": ref}])
    equal(got[1]["object"], ref)
    # secrets: values of secrets, what not everybody may read
    ref = s.secret.create({"value": "tops3cret", "other_config": {}})
    s.secret.set_value(ref, "m0resecret")
    got, text = lines()
    equal([r["changes"][0]["fields"]["value"] for r in got], ["(secret)"] * 2)
    equal(["tops3cret" in text, "m0resecret" in text], [False, False])
    # ... and those that are in maps
    s.pool.set_other_config(s.pool.get_all()[0], {"a": "b", "chapPassword": "tops3cret"})
    (line,), text = lines()
    equal((line["changes"][0]["fields"]["other_config"], "tops3cret" in text), ("(('a' 'b') ('chapPassword' '(secret)'))", False))
    # who may not, and what fails
    bob = s.subject.create({"subject_identifier": "bob", "other_config": {}})
    for r in s.subject.get_roles(bob):
        s.subject.remove_from_roles(bob, r)
    s.subject.add_to_roles(bob, s.role.get_by_name_label("read-only")[0])
    b = Session(daemon, "bob", "a program")
    lines()
    fails(["RBAC_PERMISSION_DENIED", None, None], b.network.create, NETWORK)
    fails(["HANDLE_INVALID", "network", NOBODY], s.network.destroy, NOBODY)
    fails(["HANDLE_INVALID", "network", NOBODY], s.network.get_record, NOBODY)
    got, _ = lines()
    equal([(r["user"], r["originator"], r["call"], r["result"]) for r in got],
          [("bob", "a program", "network.create", ["RBAC_PERMISSION_DENIED", "network.create", "No permission in user session"]),
           ("root", "tests", "network.destroy", ["HANDLE_INVALID", "network", NOBODY])])
    # a task's call is one line, too
    task = s.call("Async.network.create", NETWORK)
    got, _ = lines()
    equal([(r["call"], r["task"], len(r["changes"])) for r in got], [("network.create", task, 1)])


def audit_of_work(daemon):
    """what a call's worker writes is in the call's line"""
    daemon.kill()
    daemon.options = ("--hv=sim",)
    daemon.start()
    s = Session(daemon)
    vm = s.VM.create(record("a"))
    s.VM.start(vm, False, False)
    fails(["VM_BAD_POWER_STATE", vm, "halted", "running"], s.VM.start, vm, False, False)
    s.VM.hard_shutdown(vm)
    with open(os.path.join(daemon.dir, "audit.log")) as f:
        lines = [json.loads(line) for line in f]
    lines = [r for r in lines if r["call"] in ("VM.start", "VM.hard_shutdown")]

    def states(line):
        return [c["fields"]["power_state"] for c in line.get("changes", []) if c.get("ref") == vm and "power_state" in c["fields"]]

    equal([(r["call"], r["object"], states(r)) for r in lines],
          [("VM.start", vm, ["Running"]), ("VM.start", vm, []), ("VM.hard_shutdown", vm, ["Halted"])])
    equal([w in json.dumps(lines) for w in ("current_operations", "allowed_operations")], [False, False])


def logs(daemon):
    """a line for each call that changes something or fails, and for each job; into --log's file, also when that was moved away"""
    path = os.path.join(daemon.dir, "xapid.log")
    daemon.kill()
    daemon.options = ("--hv=sim", "--log", path)
    daemon.start()

    def lines():
        with open(path) as f:
            return [line.split("] ", 1)[1] for line in f.read().splitlines()]

    s = Session(daemon)
    ref = s.network.create(NETWORK)
    s.network.get_record(ref)
    fails(["HANDLE_INVALID", "network", NOBODY], s.network.destroy, NOBODY)
    vm = s.VM.create(record("a"))
    s.VM.start(vm, False, False)
    said = lines()
    for wanted in (r"call: info: network\.create root@127\.0\.0\.1: success, [\d.]+ ms",
                   rf"call: info: network\.destroy root@127\.0\.0\.1: HANDLE_INVALID: network, {NOBODY}, [\d.]+ ms",
                   r"call: info: VM\.start root@127\.0\.0\.1 OpaqueRef:[0-9a-f-]+: success, [\d.]+ ms",
                   r"job: info: VM\.start \[\d+\]: done, [\d.]+ s"):
        equal((wanted, len([line for line in said if re.fullmatch(wanted, line)])), (wanted, 1))
    equal([line for line in said if "get_record" in line], [])
    os.rename(path, path + ".1")
    s.network.set_name_label(ref, "wan")
    equal([line.split(" ")[2] for line in lines()], ["network.set_name_label"])


def host(daemon):
    """what the host says of itself, enabling it, its time"""
    s = Session(daemon)
    ref = s.host.get_all()[0]
    with open("/proc/cpuinfo") as f:
        names = [line.split(":", 1)[1].strip() for line in f if line.startswith("model name")]
    info = s.host.get_cpu_info(ref)
    equal((info["cpu_count"], info["modelname"]), (str(os.sysconf("SC_NPROCESSORS_CONF")), names[-1] if names else ""))
    cpus = s.host_cpu.get_all_records()
    equal(sorted(int(r["number"]) for r in cpus.values()), list(range(int(info["cpu_count"]))))
    equal([r["modelname"] for r in cpus.values()][:len(names)], names)
    equal([int(info["speed"]) > 0, len(info["flags"].split()) > 5, {r["host"] for r in cpus.values()}], [True, True, {ref}])
    equal("xen" in s.host.get_software_version(ref), os.path.exists("/sys/hypervisor/version/major"))
    token = s.call("event.from", ["host"], "", 0.0)["token"]
    s.host.disable(ref)
    s.host.disable(ref, True)
    equal(s.host.get_enabled(ref), False)
    events = s.call("event.from", ["host"], token, 5.0)["events"]
    equal([(e["operation"], e["snapshot"]["enabled"]) for e in events], [("mod", False)])
    daemon.kill()
    daemon.start()
    s = Session(daemon)
    equal((s.host.get_enabled(ref), len(s.host_cpu.get_all())), (False, len(cpus)))
    s.host.enable(ref)
    equal(s.host.get_enabled(ref), True)

    def seconds(call, zone="Z"):
        return calendar.timegm(time.strptime(call(ref).value, "%Y%m%dT%H:%M:%S" + zone))

    began = int(time.time()) - 1
    equal(began <= seconds(s.host.get_servertime) <= time.time(), True)
    equal(began <= seconds(s.host.get_server_localtime, "") - time.localtime().tm_gmtoff <= time.time(), True)
    equal((s.host.is_in_emergency_mode(), s.pool.is_slave(ref)), (False, False))
    pool = s.pool.get_all()[0]
    equal((s.pool.get_license_state(pool), s.pool.has_extension(pool, "x"), s.host.has_extension(ref, "x")),
          ({"edition": "", "expiry": "never"}, False, False))
    s.pool.disable_ssl_legacy(pool)
    equal(s.host.get_ssl_legacy(ref), False)
    s.pool.sync_database()
    fails(["HOST_HAS_NO_MANAGEMENT_IP"], s.host.get_management_interface, ref)
    for call in (s.host.enable, s.host.get_servertime, s.host.get_management_interface, s.pool.is_slave):
        fails(["HANDLE_INVALID", "host", NOBODY], call, NOBODY)


def settings(daemon):
    """xapi.conf: each setting, what is wrong in it and where; the command line wins"""
    def check(text, *options):
        path = os.path.join(daemon.dir, "conf")
        with open(path, "w") as f:
            f.write(text)
        got = subprocess.run([XAPID, "--config", path, "--state", os.path.join(daemon.dir, "other"), "--check", *options],
                             capture_output=True, text=True, timeout=120)
        return got.returncode, got.stderr.replace(path, "conf")

    with open(os.path.join(ROOT, "configs/xapi.conf")) as f:
        shipped = f.read()
    equal(check(shipped), (0, ""))
    # each line that is commented out there is what the daemon does by itself, and a setting
    told = "".join(line[1:] + "\n" for line in shipped.splitlines() if line.startswith("#") and "=" in line and line[1] != " ")
    status, err = check(told)
    equal((status, [line.split(": ")[1:3] for line in err.splitlines() if line.startswith("conf:")]), (0, [["warning", "trust"]]))
    usage = subprocess.run([XAPID, "--help"], capture_output=True, text=True, check=True).stdout
    names = sorted({w for w in re.findall("--([a-z-]+)", usage.split("Options:")[1])} - {"config", "hash", "check", "restore", "auth"})
    equal(sorted(line.split(" ")[0].replace("_", "-") for line in told.splitlines() if not line.startswith("auth ")), names)
    status, err = check("htpp = ':80'\nauth_delay = 'x'\nconnections = 0\n")
    equal((status, [w in err for w in ("conf:1:1", "'htpp': did you mean 'http'?", "conf:2:", "auth_delay", "conf:3:", "connections")]),
          (1, [True] * 6))
    equal(check("auth_delay = 70")[0], 1)
    equal(check("auth_delay = 1\nstate = '/nonexistent'\n"), (0, ""))
    # words, addresses and files that cannot be right are told at their places
    for text, hint in (("hv = 'smi'", "did you mean 'sim'?"), ("net = 'brigde'", "did you mean 'bridge'?"), ("http = '80'", "ADDRESS:PORT"),
                       ("https = ':99999'", "out of range"), ("auth = 'pma'", "did you mean 'pam'?"), ("auth = '/no/passwords'", "/no/passwords"), ("auth = '/'", "a directory")):
        status, err = check("verbose = 0\n" + text)
        equal((status, err.startswith("conf:2:"), hint in err), (1, True, True))
    equal(check("http = ''\nhttps = ''"), (0, ""))
    # another one with the same state says what it waits for
    second = subprocess.Popen([XAPID, "--config", "", "--state", daemon.dir, "--socket", daemon.socket + "2", "--auth", os.path.join(daemon.dir, "users")],
                              stderr=subprocess.PIPE, text=True)
    line = second.stderr.readline()
    second.kill()
    second.communicate()
    equal("/lock' is locked by another process: waits for up to 60 s" in line, True)
    broken = os.path.join(daemon.dir, "broken.pem")
    with open(broken, "w") as f:
        f.write("x")
    status, err = check(f"https = ':0'\ncertificate = '{broken}'")
    equal((status, broken in err), (1, True))
    # beside a daemon that runs, what can be looked at is
    got = subprocess.run([XAPID, "--config", "", "--state", daemon.dir, "--check"], capture_output=True, text=True, timeout=120)
    equal((got.returncode, "settings are right" in got.stdout), (0, True))
    got = subprocess.run([XAPID, "--config", "/nonexistent", "--check"], capture_output=True, text=True, timeout=120)
    equal((got.returncode, "/nonexistent" in got.stderr), (1, True))


def readiness(daemon):
    """who starts it is told when it is ready and when it ends"""
    path = os.path.join(daemon.dir, "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.bind(path)
        s.settimeout(60)
        own = os.path.join(daemon.dir, "own")
        process = subprocess.Popen([XAPID, "--config", "", "--state", own, "--socket", own + "/socket", "--auth",
                                    os.path.join(daemon.dir, "users")],
                                   env=dict(os.environ, NOTIFY_SOCKET=path), stderr=subprocess.PIPE, text=True)
        equal(s.recv(100), b"READY=1")
        equal(os.path.exists(own + "/socket"), True)
        process.terminate()
        equal(s.recv(100), b"STOPPING=1")
        _, err = process.communicate(timeout=120)
        equal((process.returncode, "Sanitizer" in err), (0, False))


def old_state(daemon):
    """the database of an older daemon: all of it is there, in today's layout"""
    path = os.path.join(daemon.dir, "state.db")
    with sqlite3.connect(path) as db:
        today = db.execute("PRAGMA user_version").fetchone()
    daemon.kill()
    for name in [n for n in os.listdir(daemon.dir) if n.startswith("state.db")]:
        os.remove(os.path.join(daemon.dir, name))
    with sqlite3.connect(path) as db, open(os.path.join(ROOT, "tests/xapi/layout1.sql")) as f:
        db.executescript(f.read())
        equal(db.execute("PRAGMA user_version").fetchone(), (1,))
    daemon.start()
    with sqlite3.connect(path) as db:
        equal(db.execute("PRAGMA user_version").fetchone(), today)
    s = Session(daemon)
    [vm] = s.VM.get_by_name_label("old & <guest>")
    got = s.VM.get_record(vm)
    equal((got["power_state"], sorted(got["tags"]), got["other_config"]["k"]), ("Halted", ["a", "b"], "v"))
    [snap] = got["snapshots"]
    equal((s.VM.get_name_label(snap), s.VM.get_snapshot_of(snap)), ("snap", vm))
    equal([s.network.get_MTU(n) for n in s.network.get_by_name_label("lan")], ["9000"])
    equal([r["value"] for r in s.secret.get_all_records().values()], ["s"])
    tasks = sorted((r["name_label"], r["status"], r["error_info"][0]) for r in s.task.get_all_records().values())
    equal(tasks, [("Async.network.destroy", "failure", "HANDLE_INVALID"), ("never ended", "failure", "HOST_OFFLINE")])
    s.VM.set_name_label(vm, "new")
    daemon.kill()
    daemon.start()
    equal(Session(daemon).VM.get_by_name_label("new"), [vm])


def get(daemon, path, user=None):
    request = urllib.request.Request(f"http://127.0.0.1:{daemon.port}{path}")
    if user:
        request.add_header("Authorization", "Basic " + base64.b64encode(user.encode()).decode())
    try:
        with urllib.request.urlopen(request, timeout=120) as f:
            return f.status, f.read()
    except urllib.error.HTTPError as e:
        return e.code, e.read()


def files(daemon):
    """GET of the audit log and of the database: who may; a copy of the database restores it"""
    s = Session(daemon)
    sid = "session_id=" + s.ref
    ref = s.network.create(NETWORK)
    status, text = get(daemon, "/audit_log?" + sid)
    with open(os.path.join(daemon.dir, "audit.log"), "rb") as f:
        equal((status, text), (200, f.read()))
    equal(get(daemon, "/audit_log?since=29991231T00:00:00Z&" + sid), (200, b""))
    equal(get(daemon, "/audit_log?since=20200101T00:00:00Z&" + sid), (200, text))
    equal(get(daemon, "/audit_log?since=yesterday&" + sid)[0], 400)
    for path in ("/audit_log", "/pool/xmldbdump"):
        equal(get(daemon, path)[0], 401)
        equal(get(daemon, path + "?session_id=OpaqueRef:x")[0], 401)
        equal(get(daemon, path, "root:wrong")[0], 401)
        equal(get(daemon, path, "root:secret")[0], 200)
    bob = s.subject.create({"subject_identifier": "bob", "other_config": {}})
    for r in s.subject.get_roles(bob):
        s.subject.remove_from_roles(bob, r)
    s.subject.add_to_roles(bob, s.role.get_by_name_label("read-only")[0])
    equal((get(daemon, "/audit_log", "bob:b0b")[0], get(daemon, "/pool/xmldbdump", "bob:b0b")[0]), (200, 403))
    # a session that was made for a GET ends with it
    equal(json.loads(get(daemon, "/audit_log?" + sid)[1].splitlines()[-1])["originator"], "http")
    equal(s.session.get_all_subject_identifiers(), [])
    # the copy is as the database was
    status, copy = get(daemon, "/pool/xmldbdump?" + sid)
    equal((status, copy[:15]), (200, b"SQLite format 3"))
    path = os.path.join(daemon.dir, "copy")
    with open(path, "wb") as f:
        f.write(copy)
    s.network.destroy(ref)
    restore = [XAPID, "--config", "", "--state", daemon.dir, "--restore", path]
    got = subprocess.run(restore, capture_output=True, text=True, timeout=120)
    equal((got.returncode, "is in use" in got.stderr), (1, True))
    daemon.kill()
    got = subprocess.run(restore, capture_output=True, text=True, timeout=120)
    equal((got.returncode, got.stderr), (0, ""))
    daemon.start()
    equal(Session(daemon).network.get_all(), [ref])


def put_back(daemon):
    """pool-restore-database: a copy takes the database's place and the daemon begins anew; what is no copy changes nothing"""
    s, xe = Session(daemon), Xe(daemon)
    path = os.path.join(daemon.dir, "copy")
    lost = s.network.create(NETWORK)
    xe.out("pool-dump-database", "file-name=" + path)
    s.network.destroy(lost)
    began = daemon.said().count("is ready")
    junk = os.path.join(daemon.dir, "junk")
    with open(path, "rb") as f:
        copy = f.read()
    for bytes_ in (b"", b"<xml/>" * 1000, copy[:len(copy) // 2], bytes(len(copy))):
        with open(junk, "wb") as f:
            f.write(bytes_)
        status, _, said = xe("pool-restore-database", "file-name=" + junk)
        equal((status, "RESTORE_INCOMPATIBLE_VERSION" in said or "another version" in said), (1, True))
    xe.out("pool-restore-database", "file-name=" + path, "dry-run=true")
    time.sleep(1.5)
    equal((s.network.get_all(), daemon.said().count("is ready")), ([], began))
    equal([f for f in os.listdir(daemon.dir) if f.startswith(("coming.db", "chosen.db"))], [])
    xe.out("pool-restore-database", "file-name=" + path)
    end = time.time() + 120
    while daemon.said().count("is ready") == began:
        equal(time.time() < end, True)
        time.sleep(0.05)
    daemon.answers(0)  # on another port
    equal(Session(daemon).network.get_all(), [lost])
    equal([f for f in os.listdir(daemon.dir) if f.startswith(("coming.db", "chosen.db"))], [])
    equal(os.path.exists(os.path.join(daemon.dir, "state.db.before-restore")), True)
    # one that was chosen and is killed before it begins anew
    s = Session(daemon)
    s.network.destroy(lost)
    xe.out("pool-restore-database", "file-name=" + path)
    daemon.kill()
    daemon.start()
    equal(Session(daemon).network.get_all(), [lost])


run([audit, audit_of_work, logs, host, files, put_back, old_state, settings, readiness])
