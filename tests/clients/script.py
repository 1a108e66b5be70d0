#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""XenAPI.py, the module that scripts have used since 2006 (Debian has it in
fence-agents and python3-os-xenapi), with the idioms of such scripts: dynamic
calls, tasks that are polled, loops of event.from and event.next, transfers by
http.client with a task, failures by their details."""
import http.client
import importlib.util
import io
import os
import re
import ssl
import tarfile
import time
import urllib.parse
import xmlrpc.client

from furnished import FENCE, MIB, equal, run

BEHIND = "OpaqueRef:00000000-0000-0000-0000-000000000000"


def module():
    spec = importlib.util.spec_from_file_location("XenAPI", os.path.join(FENCE, "share", "fence", "XenAPI.py"))
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


XenAPI = module()


def login(daemon):
    session = XenAPI.Session(daemon.url)
    session.xenapi.login_with_password("root", "secret", "1.0", "a script")
    return session


def failure(call, *args):
    try:
        call(*args)
    except XenAPI.Failure as e:
        return e.details
    raise AssertionError("it has not failed")


def done(x, task):
    """Scripts' loop, and what they take from the result."""
    end = time.time() + 30
    while x.task.get_status(task) == "pending" and time.time() < end:
        time.sleep(0.05)
    record = x.task.get_record(task)
    equal((record["status"], record["progress"], record["error_info"]), ("success", 1.0, []))
    equal(record["finished"] >= record["created"], True)
    x.task.destroy(task)
    return re.sub("^<value>(.*)</value>$", r"\1", record["result"])


def manages(daemon):
    """records, templates, a VM made, started, saved, taken back, moved on, destroyed; tasks"""
    _, sr, net, web = daemon.furnish()
    session = login(daemon)
    x = session.xenapi
    # what scripts print first
    pool = x.pool.get_all()[0]
    host = x.pool.get_master(pool)
    equal(x.session.get_this_host(session._session), host)
    version = x.host.get_software_version(host)
    equal([int(n) for n in version["product_version"].split(".")] >= [7, 0, 0], True)
    vms = x.VM.get_all_records()
    equal([v["name_label"] for v in vms.values() if not v["is_a_template"] and not v["is_control_domain"]], ["web"])
    started = x.host_metrics.get_last_updated(x.host.get_metrics(host))
    equal((isinstance(started, xmlrpc.client.DateTime), started.value[-1]), (True, "Z"))
    # a VM of a template, by its name
    template = x.VM.get_by_name_label("Linux (BIOS)")[0]
    vm = done(x, x.Async.VM.clone(template, "db"))
    x.VM.set_PV_args(vm, "noninteractive")
    config = x.VM.get_other_config(vm)
    config["disks"] = config["disks"].replace("sr=''", f"sr='{x.SR.get_uuid(sr)}'")
    x.VM.set_other_config(vm, config)
    x.VM.provision(vm)
    x.VIF.create({"device": "0", "network": net, "VM": vm, "MAC": "", "MTU": "1500", "other_config": {},
                  "qos_algorithm_type": "", "qos_algorithm_params": {}})
    vdi = x.VDI.create({"name_label": "data", "name_description": "", "SR": sr, "virtual_size": str(8 * MIB), "type": "user",
                        "sharable": False, "read_only": False, "other_config": {}, "xenstore_data": {}, "sm_config": {}})
    x.VBD.create({"VM": vm, "VDI": vdi, "userdevice": x.VM.get_allowed_VBD_devices(vm)[-1], "bootable": False, "mode": "RW",
                  "type": "Disk", "unpluggable": True, "empty": False, "other_config": {}, "qos_algorithm_type": "",
                  "qos_algorithm_params": {}})
    x.VM.set_memory_limits(vm, *(str(n * MIB) for n in (64, 256, 128, 256)))
    x.VM.set_VCPUs_max(vm, "2")
    equal(done(x, x.Async.VM.start(vm, False, True)), "")
    equal(x.VM.get_power_state(vm), "Running")
    equal(x.VM.get_resident_on(vm), host)
    equal({c["protocol"] for c in map(x.console.get_record, x.VM.get_consoles(vm))}, {"rfb", "vt100"})
    # snapshot, revert, suspend, resume, clean ends
    snapshot = done(x, x.Async.VM.snapshot(vm, "before"))
    equal((x.VM.get_is_a_snapshot(snapshot), x.VM.get_snapshot_of(snapshot), x.VM.get_snapshots(vm)), (True, vm, [snapshot]))
    done(x, x.Async.VM.suspend(vm))
    done(x, x.Async.VM.resume(vm, False, False))
    done(x, x.Async.VM.clean_reboot(vm))
    done(x, x.Async.VM.clean_shutdown(vm))
    x.VM.revert(snapshot)
    copied = done(x, x.Async.VM.copy(vm, "copy", sr))
    equal(len(x.VM.get_VBDs(copied)), 2)
    for gone in (copied, snapshot, vm):
        disks = [x.VBD.get_VDI(b) for b in x.VM.get_VBDs(gone) if x.VBD.get_type(b) == "Disk"]
        x.VM.destroy(gone)
        for disk in disks:
            x.VDI.destroy(disk)
    equal(x.SR.get_VDIs(sr), [x.VBD.get_VDI(b) for b in x.VM.get_VBDs(web)])
    session.xenapi.session.logout()


def fails(daemon):
    """failures have the details that scripts look for; a session that has gone is begun again, as the module does it"""
    _, _, _, vm = daemon.furnish()
    session = login(daemon)
    x = session.xenapi
    equal(failure(x.VM.get_record, BEHIND), ["HANDLE_INVALID", "VM", BEHIND])
    equal(failure(x.VM.get_by_uuid, "x"), ["UUID_INVALID", "VM", "x"])
    equal(failure(x.VM.resume, vm, False, False), ["VM_BAD_POWER_STATE", vm, "suspended", "halted"])
    equal(failure(x.VM.fly, vm), ["MESSAGE_METHOD_UNKNOWN", "VM.fly"])
    # the module takes one off each number, for the session
    equal(failure(x.VM.get_record)[:2], ["MESSAGE_PARAMETER_COUNT_MISMATCH", "VM.get_record"])
    x.VM.add_to_other_config(vm, "k", "v")
    equal(failure(x.VM.add_to_other_config, vm, "k", "w"), ["MAP_DUPLICATE_KEY", "VM", "other_config", vm, "k"])
    equal(failure(XenAPI.Session(daemon.url).xenapi.login_with_password, "root", "guess")[:2],
          ["SESSION_AUTHENTICATION_FAILED", "root"])
    task = x.Async.VM.resume(vm, False, False)
    while x.task.get_status(task) == "pending":
        time.sleep(0.05)
    equal((x.task.get_status(task), x.task.get_error_info(task)[:2]), ("failure", ["VM_BAD_POWER_STATE", vm]))
    # another client ends this session: the module logs in again and goes on
    before = session._session
    other = xmlrpc.client.ServerProxy(daemon.url)
    equal(other.session.logout(before), {"Status": "Success", "Value": ""})
    equal(other.VM.get_all(before), {"Status": "Failure", "ErrorDescription": ["SESSION_INVALID", before]})
    equal((x.VM.get_name_label(vm), session._session == before), ("web", False))


def watches(daemon):
    """event.from with tokens and timeouts; event.register and event.next"""
    _, _, _, vm = daemon.furnish()
    session = login(daemon)
    x = session.xenapi

    def get(token, classes, timeout):
        return getattr(x.event, "from")(classes, token, timeout)  # a word of Python's

    got = get("", ["VM", "network"], 30.0)
    equal({e["class"] for e in got["events"]}, {"vm", "network"})
    equal(got["valid_ref_counts"]["vm"], len(x.VM.get_all()))
    began = time.time()
    quiet = get(got["token"], ["VM"], 1.0)
    equal((quiet["events"], 0.9 < time.time() - began < 10), ([], True))
    x.VM.start(vm, False, False)
    states, token = [], got["token"]
    while "Running" not in states:
        more = get(token, ["VM"], 30.0)
        states += [e["snapshot"]["power_state"] for e in more["events"] if e["ref"] == vm]
        token = more["token"]
    x.VM.hard_shutdown(vm)
    one = get(token, [f"VM/{vm}"], 30.0)
    equal({e["ref"] for e in one["events"]}, {vm})
    # as scripts of old do
    x.event.register(["VM"])
    x.VM.set_name_description(vm, "new")
    seen = x.event.next()
    equal([(e["class"], e["operation"], e["ref"], e["snapshot"]["name_description"]) for e in seen if e["ref"] == vm][-1],
          ("vm", "mod", vm, "new"))
    x.event.unregister(["VM"])
    equal(failure(x.event.next), ["SESSION_NOT_REGISTERED", session._session])


def moves(daemon):
    """a VM goes out and comes in again, a disk too, over HTTPS, with a task: the session in the query or a cookie"""
    _, sr, _, vm = daemon.furnish()
    session = login(daemon)
    x = session.xenapi
    context = ssl.create_default_context(cafile=daemon.certificate)

    def request(method, path, body=None, headers=None, **query):
        task = x.task.create(f"{method} {path}", "")
        c = http.client.HTTPSConnection("127.0.0.1", daemon.tls_port, context=context, timeout=30)
        c.request(method, path + "?" + urllib.parse.urlencode({"task_id": task, **query}), body, headers or {})
        answer = c.getresponse()
        equal((answer.status, answer.headers["task-id"]), (200, task))
        got = answer.read()
        c.close()
        return got, answer.headers, done(x, task)

    xva, headers, _ = request("GET", "/export", session_id=session._session, uuid=x.VM.get_uuid(vm))
    equal(headers["content-disposition"], 'attachment; filename="export.xva"')
    with tarfile.open(fileobj=io.BytesIO(xva)) as tar:
        equal(tar.getnames()[0], "ova.xml")
    _, _, result = request("PUT", "/import", xva, {"Cookie": f"session_id={session._session}"}, sr_id=sr)
    (again,) = re.findall("OpaqueRef:[0-9a-f-]+", result)
    equal((x.VM.get_name_label(again), len(x.VM.get_VBDs(again))), ("web", 1))
    disk = x.VDI.create({"name_label": "data", "name_description": "", "SR": sr, "virtual_size": str(8 * MIB), "type": "user",
                         "sharable": False, "read_only": False, "other_config": {}})
    content = os.urandom(8 * MIB)
    request("PUT", "/import_raw_vdi", content, session_id=session._session, vdi=disk, format="raw")
    by_uuid = {"session_id": session._session, "vdi": x.VDI.get_uuid(disk)}
    equal(request("GET", "/export_raw_vdi", format="raw", **by_uuid)[0] == content, True)
    vhd, headers, _ = request("GET", "/export_raw_vdi", format="vhd", **by_uuid)
    equal((vhd[:8], headers["content-type"]), (b"conectix", "application/vhd"))


if __name__ == "__main__":
    run([manages, fails, watches, moves])
