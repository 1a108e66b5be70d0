#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""VM.pool_migrate to the host where the VM is: another domain with all that it
had, and the same life; what fails, is cancelled or killed in the middle leaves
it where it was, and what is over but for the end comes to it."""
import os
import threading
import time

from daemon import Session, equal, fails, run
from guest import play
from snapshot import built, vdis
from storage import files, make_sr
from vm import NOBODY, Host, agrees, ends, kill_all, kill_worker, record, until
from xe import Xe

LIVE = {"live": "true"}


def started(daemon, name="vm", **more):
    s, host = Session(daemon), Host(daemon)
    vm = built(s, make_sr(s), name, n_disks=1, **more)
    s.VM.start(vm, False, False)
    return s, host, vm, s.host.get_all()[0]


def whole(host, domid):
    """All of a domain but what a move changes."""
    return {k: v for k, v in host.read(domid).items() if k not in ("name", "state", "reason")}


def both(host, uuid):
    """The domains of a uuid."""
    names = os.listdir(os.path.join(host.dir, "domains"))
    return [name for name in names if (host.read(name) or {}).get("uuid") == uuid]


def is_one(s, host, vm, had):
    """VM runs in its one domain, which has all it HAD."""
    got = s.VM.get_record(vm)
    domid = got["domid"]
    equal((list(host.domains()), got["power_state"], got["resident_on"], got["scheduled_to_be_resident_on"], got["current_operations"]),
          ([got["uuid"]], "Running", s.host.get_all()[0], NOBODY, {}))
    equal((whole(host, domid), host.read(domid)["state"], host.read(domid)["name"]), (had, "running", got["name_label"]))
    agrees(s, host)


def moves(daemon):
    """live and not: another domain, the same life, disks, NICs, metrics and console; events, a message"""
    s, host, vm, here = started(daemon)
    network = s.network.create({"name_label": "n", "name_description": "", "MTU": "1500", "other_config": {}, "tags": []})
    vif = s.VM.get_VIFs(vm)[0]
    s.VM.set_VCPUs_number_live(vm, "2")
    s.VM.add_to_platform(vm, "for", "the next start")
    before, had, there = s.VM.get_record(vm), whole(host, s.VM.get_domid(vm)), files(daemon)
    metrics = s.VM_metrics.get_record(before["metrics"])
    token = s.event.__getattr__("from")(["vm"], "", 0.0)["token"]
    for options in (LIVE, {}, {"live": "false", "force": "true", "compress": "true", "network": network, "other": "x"}):
        domid = s.VM.get_domid(vm)
        s.VM.pool_migrate(vm, here, options)
        equal(s.VM.get_domid(vm) == domid, False)
        is_one(s, host, vm, had)
        after = s.VM.get_record(vm)
        changed = {k for k in after if after[k] != before[k]}
        equal(changed <= {"domid"}, True)
        equal((s.VM_metrics.get_record(after["metrics"]), files(daemon)), (metrics, there))
        equal([s.VBD.get_currently_attached(v) for v in after["VBDs"]] + [s.VIF.get_currently_attached(vif)], [True] * 3)
    seen = [e["snapshot"] for e in s.event.__getattr__("from")(["vm"], token, 0.0)["events"] if e["ref"] == vm]
    equal((seen[-1]["domid"], seen[-1]["power_state"]), (after["domid"], "Running"))
    equal([m["name"] for m in s.message.get_all_records().values()].count("VM_MIGRATED"), 3)
    s.VM.hard_reboot(vm)
    s.VM.clean_shutdown(vm)
    equal((s.VM.get_power_state(vm), host.domains()), ("Halted", {}))


def by_xe(daemon):
    """vm-migrate, with what it hands on"""
    s, host, vm, here = started(daemon)
    xe, had, domid = Xe(daemon), whole(host, s.VM.get_domid(vm)), s.VM.get_domid(vm)
    name = s.host.get_name_label(here)
    equal(xe("vm-migrate", "vm=vm", "host=" + name, "live=true"), (0, "", ""))
    is_one(s, host, vm, had)
    equal(s.VM.get_domid(vm) == domid, False)
    s.VM.hard_shutdown(vm)
    s.VM.set_domain_type(vm, "hvm")
    s.VM.start(vm, False, False)
    equal(xe("vm-migrate", "vm=vm", "host-uuid=" + s.host.get_uuid(here))[0], 1)
    equal(xe("vm-migrate", "vm=vm", "host-uuid=" + s.host.get_uuid(here), "force=true")[0], 0)


def listens(daemon):
    """while it moves: the task, its progress, both objects' operations; a listener never sees it down or without a domain"""
    s, host, vm, here = started(daemon)
    had, seen, stop = whole(host, s.VM.get_domid(vm)), [], []

    def listen():
        mine, token = Session(daemon), ""
        while not stop:
            got = mine.event.__getattr__("from")(["vm"], token, 1.0)
            token = got["token"]
            seen.extend(e["snapshot"] for e in got["events"] if e["ref"] == vm)

    thread = threading.Thread(target=listen)
    thread.start()
    until(lambda: seen)
    host.fault("migrate", "delay 60")
    task = s.Async.VM.pool_migrate(vm, here, LIVE)
    until(lambda: s.task.get_progress(task) >= 0.4)
    got = s.VM.get_record(vm)
    equal((got["current_operations"], s.host.get_current_operations(here)), ({task: "pool_migrate"}, {task: "vm_migrate"}))
    equal([op in got["allowed_operations"] for op in ("hard_shutdown", "suspend", "pool_migrate", "pause")], [True, False, False, False])
    equal(len(both(host, s.VM.get_uuid(vm))), 2)
    host.fault("migrate")
    equal(ends(s, task), ("success", []))
    is_one(s, host, vm, had)
    stop.append(True)
    thread.join()
    equal({(e["power_state"], e["domid"] == "-1", e["resident_on"]) for e in seen}, {("Running", False, here)})
    equal(len({e["domid"] for e in seen}), 2)


def refused(daemon):
    """what may not move, to where, and how"""
    s, host, vm, here = started(daemon)
    uuid, sr = s.VM.get_uuid(vm), s.VDI.get_SR(vdis(s, vm)[0])
    fails(["HANDLE_INVALID", "host", NOBODY], s.VM.pool_migrate, vm, NOBODY, LIVE)
    fails(["HANDLE_INVALID", "network", "OpaqueRef:x"], s.VM.pool_migrate, vm, here, {"network": "OpaqueRef:x"})
    for option in ("live", "force", "compress"):
        fails(["INVALID_VALUE", option, "maybe"], s.VM.pool_migrate, vm, here, {option: "maybe"})
    equal("pool_migrate" in s.VM.get_allowed_operations(vm), True)
    s.VM.pause(vm)
    fails(["VM_BAD_POWER_STATE", vm, "running", "paused"], s.VM.pool_migrate, vm, here, LIVE)
    equal("pool_migrate" in s.VM.get_allowed_operations(vm), False)
    s.VM.unpause(vm)
    s.VM.add_to_blocked_operations(vm, "pool_migrate", "STAY")
    fails(["OPERATION_BLOCKED", vm, "STAY"], s.VM.pool_migrate, vm, here, LIVE)
    s.VM.remove_from_blocked_operations(vm, "pool_migrate")
    template = s.VM.create(record("t", is_a_template=True))
    fails(["VM_BAD_POWER_STATE", template, "running", "halted"], s.VM.pool_migrate, template, here, LIVE)
    # a guest without drivers cannot be suspended, and so not be moved, unless by force
    hvm = built(s, sr, "hvm", n_disks=1, domain_type="hvm", HVM_boot_policy="BIOS order")
    s.VM.start(hvm, False, False)
    fails(["VM_LACKS_FEATURE", hvm], s.VM.pool_migrate, hvm, here, LIVE)
    s.VM.pool_migrate(hvm, here, dict(LIVE, force="true"))
    equal(len(host.domains()), 2)
    s.VM.hard_shutdown(hvm)
    # a host that is disabled keeps what it has
    s.host.disable(here)
    s.VM.pool_migrate(vm, here, LIVE)
    s.host.enable(here)
    equal(list(host.domains()), [uuid])


def undone(daemon):
    """one that fails or is cancelled, before and behind the half: it runs on in its old domain"""
    s, host, vm, here = started(daemon)
    had, domid = whole(host, s.VM.get_domid(vm)), s.VM.get_domid(vm)
    for options in (LIVE, {}):
        host.fault("migrate", "fail broken")
        fails(["INTERNAL_ERROR", None], s.VM.pool_migrate, vm, here, options)
        is_one(s, host, vm, had)
        host.fault("migrate", "delay 60")
        task = s.Async.VM.pool_migrate(vm, here, options)
        until(lambda: s.task.get_progress(task) >= 0.4)
        s.task.cancel(task)
        equal(ends(s, task), ("cancelled", ["TASK_CANCELLED", task]))
        host.fault("migrate")
        is_one(s, host, vm, had)
        equal(s.VM.get_domid(vm), domid)
    # a hard shutdown does not wait for it
    host.fault("migrate", "delay 60")
    task = s.Async.VM.pool_migrate(vm, here, LIVE)
    until(lambda: s.task.get_progress(task) >= 0.4)
    s.VM.hard_shutdown(vm)
    equal((ends(s, task)[0], s.VM.get_power_state(vm), host.domains()), ("cancelled", "Halted", {}))
    agrees(s, host)


def lands_later(daemon):
    """once the guest has its new domain it is that one, also when the end of the move fails"""
    s, host, vm, here = started(daemon)
    had, domid = whole(host, s.VM.get_domid(vm)), s.VM.get_domid(vm)
    host.fault("land", "fail broken")
    fails(["INTERNAL_ERROR", None], s.VM.pool_migrate, vm, here, LIVE)
    got = s.VM.get_record(vm)
    equal((got["power_state"], got["domid"] == domid, len(both(host, got["uuid"]))), ("Running", False, 2))
    host.fault("land")
    play(host, got["domid"], load="0.5")  # it is looked at when something happens, or within a minute
    had["load"] = "0.5"
    until(lambda: s.VM.get_scheduled_to_be_resident_on(vm) == NOBODY)
    is_one(s, host, vm, had)
    host.fault("land", "delay 60")
    task = s.Async.VM.pool_migrate(vm, here, LIVE)
    until(lambda: s.VM.get_scheduled_to_be_resident_on(vm) != NOBODY)
    s.task.cancel(task)
    host.fault("land")
    equal(ends(s, task), ("success", []))
    is_one(s, host, vm, had)


def killed(daemon):
    """the worker, and the daemon with it, killed amid it and near its end: no guest is lost, none is there twice"""
    s, host, vm, here = started(daemon)
    had = whole(host, s.VM.get_domid(vm))
    for verb, options in (("migrate", LIVE), ("migrate", {}), ("land", LIVE)):
        for whom in ("worker", "daemon"):
            domid = s.VM.get_domid(vm)
            host.fault(verb, "delay 60")
            task = s.Async.VM.pool_migrate(vm, here, options)
            if verb == "migrate":
                until(lambda: s.task.get_progress(task) >= 0.4)
            else:
                until(lambda: s.VM.get_scheduled_to_be_resident_on(vm) != NOBODY)
            time.sleep(0.2)
            if whom == "worker":
                kill_worker(daemon, "VM.pool_migrate", host, verb)
                equal(ends(s, task)[0], "failure")
            else:
                kill_all(daemon)
                host.fault(verb)
                daemon.start()
                s = Session(daemon)
            until(lambda: s.VM.get_scheduled_to_be_resident_on(vm) == NOBODY)
            is_one(s, host, vm, had)
            equal(s.VM.get_domid(vm) == domid, verb == "migrate")


def halves(daemon):
    """a guest that was suspended for a move, or a suspend, that nobody knows of goes on; others' moves are not disturbed"""
    s, host, vm, here = started(daemon)
    had, domid = whole(host, s.VM.get_domid(vm)), s.VM.get_domid(vm)
    play(host, domid, state="shut", reason="suspend")
    until(lambda: host.read(domid)["state"] == "running")
    is_one(s, host, vm, had)
    equal(s.VM.get_domid(vm), domid)
    # xl has one of the same uuid for a while
    path = os.path.join(host.dir, "domains/")
    with open(path + domid) as f:
        text = f.read().replace("name vm", "name vm--incoming").replace("state running", "state paused")
    with open(path + ".new", "w") as f:
        f.write(text)
    os.rename(path + ".new", path + "77")
    time.sleep(1)
    equal((s.VM.get_domid(vm), s.VM.get_power_state(vm), len(both(host, s.VM.get_uuid(vm)))), (domid, "Running", 2))
    os.unlink(path + domid)
    play(host, "77", name="vm", state="running")
    until(lambda: s.VM.get_domid(vm) == "77")
    is_one(s, host, vm, had)


def beside(daemon):
    """several at once, and other operations wait for it"""
    s, host, vm, here = started(daemon)
    sr = s.VDI.get_SR(vdis(s, vm)[0])
    vms = [vm] + [built(s, sr, f"vm{i}", n_disks=1) for i in range(3)]
    for other in vms[1:]:
        s.VM.start(other, False, False)
    had = {v: whole(host, s.VM.get_domid(v)) for v in vms}
    host.fault("migrate", "delay 1")
    tasks = [s.Async.VM.pool_migrate(v, here, LIVE) for v in vms]
    waits = s.Async.VM.pause(vm)
    equal([ends(s, t) for t in tasks + [waits]], [("success", [])] * 5)
    host.fault("migrate")
    s.VM.unpause(vm)
    equal({v: whole(host, s.VM.get_domid(v)) for v in vms}, had)
    # a guest that ends just then
    host.fault("land", "delay 60")
    task = s.Async.VM.pool_migrate(vm, here, LIVE)
    until(lambda: s.VM.get_scheduled_to_be_resident_on(vm) != NOBODY)
    host.fault("land")
    equal(ends(s, task), ("success", []))
    play(host, s.VM.get_domid(vm), state="shut", reason="poweroff")
    until(lambda: s.VM.get_power_state(vm) == "Halted")
    agrees(s, host)


if __name__ == "__main__":
    run([moves, by_xe, listens, refused, undone, lands_later, killed, halves, beside], "--hv=sim")
