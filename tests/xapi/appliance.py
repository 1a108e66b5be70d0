#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""VMs that start and stop together, on a host of files."""
import os
import signal
import time

from daemon import Session, equal, fails, run
from device import vbd
from storage import disk, make_sr
from vm import NOBODY, Host, agrees, ends, record, until, worker

NONE = ["OPERATION_NOT_ALLOWED", None]


def appliance(s, name="app"):
    return s.VM_appliance.create({"name_label": name, "name_description": ""})


def member(s, app, name, order=0, **more):
    vm = s.VM.create(record(name, **more))
    s.VM.set_order(vm, str(order))
    s.VM.set_appliance(vm, app)
    return vm


def states(s, *vms):
    return [s.VM.get_power_state(vm) for vm in vms]


def joins(daemon):
    """create, destroy, VM.set_appliance; what each state allows"""
    s = Session(daemon)
    app, other = appliance(s), appliance(s, "other")
    equal((s.VM_appliance.get_name_label(app), s.VM_appliance.get_allowed_operations(app)), ("app", []))
    for op in (lambda: s.VM_appliance.start(app, False), lambda: s.VM_appliance.clean_shutdown(app),
               lambda: s.VM_appliance.hard_shutdown(app), lambda: s.VM_appliance.shutdown(app)):
        fails(NONE, op)
    a, b = member(s, app, "a"), member(s, app, "b")
    equal(sorted(s.VM_appliance.get_VMs(app)), sorted([a, b]))
    equal(s.VM_appliance.get_allowed_operations(app), ["start"])
    s.VM.start(a, False, False)
    equal(sorted(s.VM_appliance.get_allowed_operations(app)), ["clean_shutdown", "hard_shutdown", "shutdown", "start"])
    s.VM.set_appliance(a, other)
    equal((s.VM_appliance.get_allowed_operations(app), "start" in s.VM_appliance.get_allowed_operations(other)),
          (["start"], False))
    s.VM.pause(a)
    equal(sorted(s.VM_appliance.get_allowed_operations(other)), ["hard_shutdown", "shutdown"])
    s.VM.hard_shutdown(a)
    s.VM.set_appliance(a, NOBODY)
    equal((s.VM.get_appliance(a), s.VM_appliance.get_allowed_operations(other)), (NOBODY, []))
    fails(["HANDLE_INVALID", "VM_appliance", "OpaqueRef:x"], s.VM.set_appliance, a, "OpaqueRef:x")
    fails(["VM_IS_PART_OF_AN_APPLIANCE", b, app], s.VM.set_is_a_template, b, True)
    s.VM.set_is_a_template(a, True)
    fails(["VM_IS_TEMPLATE", a, None], s.VM.set_appliance, a, app)
    snapshot = s.VM.snapshot(b, "s")
    fails(["VM_IS_SNAPSHOT", snapshot, None], s.VM.set_appliance, snapshot, app)
    equal(s.VM.get_appliance(snapshot), NOBODY)
    s.VM.destroy(b)
    equal((s.VM_appliance.get_VMs(app), s.VM_appliance.get_allowed_operations(app)), ([], []))
    left = member(s, app, "left")
    equal("make_into_template" in s.VM.get_allowed_operations(left), False)
    s.VM_appliance.destroy(app)
    fails(["HANDLE_INVALID", "VM_appliance", app], s.VM_appliance.get_record, app)
    equal((s.VM.get_appliance(left), "make_into_template" in s.VM.get_allowed_operations(left)), (NOBODY, True))
    equal(s.VM_appliance.get_all(), [other])


def orders(daemon):
    """guests start in their order, with their delays, and stop the other way round"""
    s, host = Session(daemon), Host(daemon)
    app = appliance(s)
    late, first, second = member(s, app, "late", 9), member(s, app, "first", 1), member(s, app, "second", 1)
    alone = s.VM.create(record("alone"))
    s.VM.set_start_delay(first, "1")
    s.VM.set_shutdown_delay(late, "1")
    began = time.time()
    task = s.Async.VM_appliance.start(app, True)
    until(lambda: states(s, first, second) == ["Paused", "Paused"])
    equal(states(s, late, alone), ["Halted", "Halted"])
    equal((list(s.VM_appliance.get_current_operations(app).items()), s.VM_appliance.get_allowed_operations(app)),
          ([(task, "start")], []))
    equal(s.VM.get_current_operations(late), {task: "start"})
    fails(["OTHER_OPERATION_IN_PROGRESS", "VM_appliance", app, "start", task], s.VM_appliance.destroy, app)
    equal(ends(s, task), ("success", []))
    equal(time.time() - began >= 1, True)
    equal(states(s, first, second, late, alone), ["Paused"] * 3 + ["Halted"])
    fails(NONE, s.VM_appliance.start, app, False)
    for vm in (first, second, late):
        s.VM.unpause(vm)
    task = s.Async.VM_appliance.clean_shutdown(app)
    until(lambda: s.VM.get_power_state(late) == "Halted")
    equal(states(s, first, second), ["Running"] * 2)
    equal(ends(s, task), ("success", []))
    equal(states(s, first, second, late), ["Halted"] * 3)
    equal(s.VM_appliance.get_current_operations(app), {})
    agrees(s, host)


def partly(daemon):
    """one that fails does not keep the others from it; shutdown is hard where it has to be"""
    s, host = Session(daemon), Host(daemon)
    app = appliance(s)
    good, bad, last = member(s, app, "good", 1), member(s, app, "bad", 2, VCPUs_at_startup="7"), member(s, app, "last", 3)
    fails(["OPERATION_PARTIALLY_FAILED", "VM_appliance.start"], s.VM_appliance.start, app, False)
    equal(states(s, good, bad, last), ["Running", "Halted", "Running"])
    agrees(s, host)
    s.VM.pause(last)
    host.fault("shutdown", "ignore")
    s.VM.set_shutdown_delay(good, "1")
    fails(["OPERATION_PARTIALLY_FAILED", "VM_appliance.clean_shutdown"], s.VM_appliance.clean_shutdown, app)
    equal(states(s, good, bad, last), ["Running", "Halted", "Paused"])
    s.VM_appliance.shutdown(app)
    equal(states(s, good, bad, last), ["Halted"] * 3)
    host.fault("shutdown")
    s.VM.start(good, False, False)
    s.VM_appliance.hard_shutdown(app)
    s.VM.add_to_blocked_operations(good, "start", "NO")
    fails(["OPERATION_BLOCKED", good, "NO"], s.VM_appliance.start, app, False)
    equal(states(s, good, bad, last), ["Halted"] * 3)
    agrees(s, host)


def stops(daemon):
    """a cancel, a dead worker and a dead daemon in the middle: what has started stays, nothing is half made"""
    s, host = Session(daemon), Host(daemon)
    app = appliance(s)
    a, b = member(s, app, "a", 1), member(s, app, "b", 2)
    for how in ("cancel", "worker", "daemon"):
        s.VM.set_start_delay(a, "60")
        task = s.Async.VM_appliance.start(app, False)
        until(lambda: s.VM.get_power_state(a) == "Running")
        if how == "cancel":
            s.task.cancel(task)
            equal(ends(s, task), ("cancelled", ["TASK_CANCELLED", task]))
        elif how == "worker":
            os.kill(worker(daemon, "VM_appliance.start"), signal.SIGKILL)
            equal(ends(s, task)[0], "failure")
        else:
            daemon.kill()
            daemon.start()
            s = Session(daemon)
            equal(s.VM_appliance.get_current_operations(app), {})
        equal(states(s, a, b), ["Running", "Halted"])
        agrees(s, host)
        s.VM_appliance.hard_shutdown(app)
        equal(states(s, a, b), ["Halted", "Halted"])


def recovers(daemon):
    """which storage is needed, of a session's pool"""
    s = Session(daemon)
    app = appliance(s)
    vm = member(s, app, "a")
    equal((s.VM.get_SRs_required_for_recovery(vm, s.ref), s.VM_appliance.get_SRs_required_for_recovery(app, s.ref)), ([], []))
    s.VM_appliance.assert_can_be_recovered(app, s.ref)
    fails(["VM_IS_PART_OF_AN_APPLIANCE", vm, app], s.VM.assert_can_be_recovered, vm, s.ref)
    for call, of in ((s.VM_appliance.assert_can_be_recovered, app), (s.VM_appliance.get_SRs_required_for_recovery, app),
                     (s.VM.assert_can_be_recovered, vm), (s.VM.get_SRs_required_for_recovery, vm)):
        fails(["HANDLE_INVALID", "session", "OpaqueRef:x"], call, of, "OpaqueRef:x")
    sr = make_sr(s)
    s.VBD.create(vbd(vm, s.VDI.create(disk(sr)), userdevice="0"))
    s.VBD.create(vbd(vm, userdevice="3"))
    equal((s.VM.get_SRs_required_for_recovery(vm, s.ref), s.VM_appliance.get_SRs_required_for_recovery(app, s.ref)), ([sr], [sr]))
    s.VM_appliance.assert_can_be_recovered(app, s.ref)
    s.PBD.unplug(s.SR.get_PBDs(sr)[0])
    fails(["VM_REQUIRES_SR", vm, sr], s.VM_appliance.assert_can_be_recovered, app, s.ref)
    s.VM.set_appliance(vm, NOBODY)
    fails(["VM_REQUIRES_SR", vm, sr], s.VM.assert_can_be_recovered, vm, s.ref)


if __name__ == "__main__":
    run([joins, orders, partly, stops, recovers], "--hv=sim")
