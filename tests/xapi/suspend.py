#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Guests whose memory lies in a disk meanwhile: suspend, resume, checkpoint and
revert to one. A simulated guest has a life that it remembers over that."""
import os
import time

from daemon import Session, equal, fails, run
from guest import end
from snapshot import built, paths, vdis
from storage import disk, files, holds, make_sr, path_of, write
from vm import NOBODY, Host, agrees, ends, kill_all, kill_worker, record, until


def set_default(s, sr):
    s.pool.set_default_SR(s.pool.get_all()[0], sr)


def life(s, host, vm):
    """What a guest that runs remembers of its start."""
    return host.read(s.VM.get_domid(vm))["life"]


def memories(s):
    return [ref for ref, got in s.VDI.get_all_records().items() if got["type"] == "suspend"]


def running(s, sr, name="vm", **more):
    vm = built(s, sr, name, n_disks=1, **more)
    s.VM.start(vm, False, False)
    return vm


def walks(daemon):
    """suspend and resume: state, memory in a disk that goes again, the same life"""
    s, host = Session(daemon), Host(daemon)
    sr = make_sr(s)
    set_default(s, sr)
    vm = running(s, sr)
    lives = life(s, host, vm)
    s.VM.suspend(vm)
    got = s.VM.get_record(vm)
    memory = s.VDI.get_record(got["suspend_VDI"])
    equal((got["power_state"], got["domid"], got["resident_on"], host.domains()), ("Suspended", "-1", NOBODY, {}))
    equal((memory["type"], memory["SR"], memory["VBDs"], memory["location"][-4:]), ("suspend", sr, [], ".raw"))
    equal(int(memory["virtual_size"]) > int(got["memory_static_max"]), True)
    equal([op in got["allowed_operations"] for op in ("resume", "resume_on", "hard_shutdown", "start", "suspend", "clone")],
          [True, True, True, False, False, False])
    fails(["VM_BAD_POWER_STATE", vm, "running", "suspended"], s.VM.suspend, vm)
    agrees(s, host)
    s.VM.resume(vm, False, False)
    got = s.VM.get_record(vm)
    equal((got["power_state"], got["suspend_VDI"], life(s, host, vm), memories(s)), ("Running", NOBODY, lives, []))
    equal([f for f in files(daemon) if f.endswith(".raw")], [])
    fails(["VM_BAD_POWER_STATE", vm, "suspended", "running"], s.VM.resume, vm, False, False)
    s.VM.suspend(vm)
    s.VM.resume_on(vm, s.host.get_all()[0], True, False)
    equal((s.VM.get_power_state(vm), life(s, host, vm)), ("Paused", lives))
    s.VM.unpause(vm)
    equal({m["name"] for m in s.message.get_all_records().values()} >= {"VM_SUSPENDED", "VM_RESUMED"}, True)
    # what ends it ends the memory
    for verb in ("hard_shutdown", "shutdown"):
        s.VM.suspend(vm)
        getattr(s.VM, verb)(vm)
        equal((s.VM.get_power_state(vm), s.VM.get_suspend_VDI(vm), memories(s)), ("Halted", NOBODY, []))
        s.VM.start(vm, False, False)
    equal(life(s, host, vm) == lives, False)
    # over a restart of the daemon
    lives = life(s, host, vm)
    s.VM.suspend(vm)
    daemon.kill()
    daemon.start()
    s = Session(daemon)
    s.VM.resume(vm, False, False)
    equal(life(s, host, vm), lives)
    agrees(s, host)


def places(daemon):
    """where memory goes: what the VM says, its host, the pool, the default"""
    s = Session(daemon)
    srs = [make_sr(s, "file", name) for name in ("sr", "b", "c", "d")]
    vm = running(s, srs[0])
    fails(["VM_NO_SUSPEND_SR", vm], s.VM.suspend, vm)
    equal(s.VM.get_power_state(vm), "Running")
    pool, host = s.pool.get_all()[0], s.host.get_all()[0]
    for sr, say in zip(srs, (lambda sr: set_default(s, sr), lambda sr: s.pool.set_suspend_image_SR(pool, sr),
                             lambda sr: s.host.set_suspend_image_sr(host, sr), lambda sr: s.VM.set_suspend_SR(vm, sr))):
        say(sr)
        s.VM.suspend(vm)
        equal(s.VDI.get_SR(s.VM.get_suspend_VDI(vm)), sr)
        s.VM.resume(vm, False, False)
    s.PBD.unplug(s.SR.get_PBDs(srs[3])[0])
    fails(["SR_HAS_NO_PBDS", srs[3]], s.VM.suspend, vm)
    equal((s.VM.get_power_state(vm), memories(s)), ("Running", []))


def undone(daemon):
    """a suspend or resume that fails or is cancelled: the guest runs on, or stays suspended"""
    s, host = Session(daemon), Host(daemon)
    sr = make_sr(s)
    set_default(s, sr)
    vm = running(s, sr)
    lives = life(s, host, vm)
    there = files(daemon)
    host.fault("suspend", "fail broken")
    fails(["INTERNAL_ERROR", None], s.VM.suspend, vm)
    host.fault("suspend", "delay 60")
    task = s.Async.VM.suspend(vm)
    until(lambda: s.task.get_progress(task) > 0)
    equal((len(memories(s)), s.VM.get_power_state(vm)), (1, "Running"))
    s.task.cancel(task)
    equal(ends(s, task), ("cancelled", ["TASK_CANCELLED", task]))
    host.fault("suspend")
    equal((s.VM.get_power_state(vm), s.VM.get_suspend_VDI(vm), memories(s), files(daemon), life(s, host, vm)),
          ("Running", NOBODY, [], there, lives))
    agrees(s, host)
    s.VM.suspend(vm)
    for verb in ("resume", "unpause"):
        host.fault(verb, "fail broken")
        fails(["INTERNAL_ERROR", None], s.VM.resume, vm, False, False)
        host.fault(verb, "delay 60")
        task = s.Async.VM.resume(vm, False, False)
        until(lambda: host.domains())
        s.task.cancel(task)
        equal(ends(s, task), ("cancelled", ["TASK_CANCELLED", task]))
        host.fault(verb)
        equal((s.VM.get_power_state(vm), len(memories(s)), host.domains()), ("Suspended", 1, {}))
        agrees(s, host)
    s.VM.resume(vm, False, False)
    equal(life(s, host, vm), lives)
    # nothing to go on from
    bare = s.VM.create(record("bare", power_state="Suspended"))
    fails(["VM_HAS_NO_SUSPEND_VDI", bare], s.VM.resume, bare, False, False)
    empty = s.VDI.create(disk(sr, "empty", type="suspend", sm_config={"type": "raw"}))
    s.VM.set_suspend_VDI(bare, empty)
    fails(["INTERNAL_ERROR", None], s.VM.resume, bare, False, False)
    equal((s.VM.get_power_state(bare), s.VM.get_suspend_VDI(bare)), ("Suspended", empty))
    agrees(s, host)


def ended(daemon):
    """a guest that does not listen, or ends by itself meanwhile: the error says so, and it is what it has become"""
    s, host = Session(daemon), Host(daemon)
    sr = make_sr(s)
    set_default(s, sr)
    vm = running(s, sr, actions_after_reboot="destroy", actions_after_crash="destroy")
    here = s.host.get_all()[0]
    for verb, args in (("suspend", ()), ("migrate", (here, {"live": "true"}))):
        call = s.Async.VM.suspend if verb == "suspend" else s.Async.VM.pool_migrate
        host.fault(verb, "ignore")
        equal(ends(s, call(vm, *args)), ("failure", ["VM_FAILED_SUSPEND_ACKNOWLEDGMENT", vm]))
        equal((s.VM.get_power_state(vm), memories(s)), ("Running", []))
        for reason, error in (("poweroff", "VM_HALTED"), ("reboot", "VM_REBOOTED"), ("crash", "VM_CRASHED")):
            host.fault(verb, "delay 60")
            task = call(vm, *args)
            until(lambda: s.task.get_progress(task) > 0)
            end(host, s.VM.get_domid(vm), reason)
            host.fault(verb)
            equal(ends(s, task), ("failure", [error, vm]))
            until(lambda: s.VM.get_power_state(vm) == "Halted")
            equal((s.VM.get_suspend_VDI(vm), memories(s), [f for f in files(daemon) if f.endswith(".raw")]), (NOBODY, [], []))
            agrees(s, host)
            s.VM.start(vm, False, False)


def killed(daemon):
    """the worker, and the daemon, killed amid a suspend and a resume: no guest is there twice, no memory is left over"""
    s, host = Session(daemon), Host(daemon)
    sr = make_sr(s)
    set_default(s, sr)
    vm = running(s, sr)
    lives = life(s, host, vm)
    for verb, call, args, before in (("suspend", "VM.suspend", (vm,), "Running"), ("resume", "VM.resume", (vm, False, False), "Suspended"),
                                     ("unpause", "VM.resume", (vm, False, False), None)):
        for whom in ("worker", "daemon"):
            if s.VM.get_power_state(vm) != ("Running" if before == "Running" else "Suspended"):
                s.VM.suspend(vm)
            host.fault(verb, "delay 60")
            task = s.call("Async." + call, *args)
            until(lambda: s.task.get_progress(task) >= 0.1 if verb == "suspend" else host.domains())
            time.sleep(0.2)
            if whom == "worker":
                kill_worker(daemon, call, host, verb)
                equal(ends(s, task)[0], "failure")
            else:
                kill_all(daemon)
                host.fault(verb)
                daemon.start()
                s = Session(daemon)
            agrees(s, host)
            state = s.VM.get_power_state(vm)
            equal((state in (before, None) or before is None, len(memories(s))), (True, int(state == "Suspended")))
            s.SR.scan(sr)
            equal(len([f for f in files(daemon) if f.endswith(".raw")]), len(memories(s)))
            if state == "Paused":
                s.VM.unpause(vm)
            if state != "Suspended":
                equal(life(s, host, vm), lives)


def other_memory(daemon):
    """set_suspend_VDI: of suspended VMs, to a disk with the same content"""
    s = Session(daemon)
    sr = make_sr(s)
    set_default(s, sr)
    vm = running(s, sr)
    some = s.VDI.create(disk(sr, "some"))
    fails(["VM_BAD_POWER_STATE", vm, "suspended", "running"], s.VM.set_suspend_VDI, vm, some)
    s.VM.suspend(vm)
    old = s.VM.get_suspend_VDI(vm)
    copy = s.VDI.copy(old, sr)
    fails(["VDI_INCOMPATIBLE_TYPE", some, "user"], s.VM.set_suspend_VDI, vm, some)
    fails(["HANDLE_INVALID", "VDI", "OpaqueRef:x"], s.VM.set_suspend_VDI, vm, "OpaqueRef:x")
    wrong = s.VDI.copy(old, sr)
    write(path_of(s, wrong), 5, "1M", "1M")
    fails(["SUSPEND_VDI_REPLACEMENT_IS_NOT_IDENTICAL", old, wrong], s.VM.set_suspend_VDI, vm, wrong)
    equal(s.VM.get_suspend_VDI(vm), old)
    s.VM.set_suspend_VDI(vm, copy)
    equal(s.VM.get_suspend_VDI(vm), copy)
    s.VDI.destroy(old)
    s.VM.resume(vm, False, False)
    equal(sorted(memories(s)), [wrong])


def checkpoints(daemon):
    """checkpoint: memory and disks of one moment; revert to it, clones of it, resume"""
    s, host = Session(daemon), Host(daemon)
    sr = make_sr(s)
    set_default(s, sr)
    vm = running(s, sr)
    lives = life(s, host, vm)
    snapshot = s.VM.checkpoint(vm, "check")
    got = s.VM.get_record(snapshot)
    equal((got["power_state"], got["is_a_snapshot"], got["snapshot_info"]["power-state-at-snapshot"], got["snapshot_of"]),
          ("Suspended", True, "Running", vm))
    equal((s.VM.get_power_state(vm), s.VM.get_suspend_VDI(vm), life(s, host, vm)), ("Running", NOBODY, lives))
    equal((memories(s), [s.VDI.get_snapshot_of(v) for v in vdis(s, snapshot)]), ([got["suspend_VDI"]], vdis(s, vm)))
    equal([op in got["allowed_operations"] for op in ("hard_shutdown", "revert", "resume")], [True, True, False])
    write(paths(s, vm)[0], 99)
    s.VM.hard_reboot(vm)
    equal(life(s, host, vm) == lives, False)
    s.VM.revert(snapshot)
    equal((s.VM.get_power_state(vm), len(memories(s)), host.domains()), ("Suspended", 2, {}))
    holds(paths(s, vm)[0], 1)
    s.VM.resume(vm, False, False)
    equal(life(s, host, vm), lives)
    # a clone of it lives that life, too
    clone = s.VM.clone(snapshot, "clone")
    s.VM.set_is_a_template(clone, False)
    equal((s.VM.get_power_state(clone), len(memories(s))), ("Suspended", 2))
    s.VM.resume(clone, False, False)
    equal(life(s, host, clone), lives)
    # of one that is suspended, or paused
    s.VM.suspend(vm)
    fails(["VM_BAD_POWER_STATE", vm, "halted", "suspended"], s.VM.clone, vm, "no")
    pool = s.pool.get_all()[0]
    s.pool.add_to_other_config(pool, "allow_clone_suspended_vm", "true")
    third = s.VM.clone(vm, "third")
    equal(s.VM.get_power_state(third), "Suspended")
    second = s.VM.checkpoint(vm, "second")
    plain = s.VM.snapshot(vm, "plain")
    equal([s.VM.get_power_state(v) for v in (vm, second, plain)], ["Suspended", "Suspended", "Halted"])
    equal((s.VM.get_suspend_VDI(plain), len({s.VM.get_suspend_VDI(v) for v in (vm, snapshot, second, third)})), (NOBODY, 4))
    s.VM.resume(vm, True, False)
    equal(s.VM.get_power_state(s.VM.checkpoint(vm, "paused")), "Halted")
    equal(s.VM.get_power_state(vm), "Paused")
    s.VM.hard_shutdown(snapshot)
    equal((s.VM.get_power_state(snapshot), s.VM.get_suspend_VDI(snapshot)), ("Halted", NOBODY))
    s.VM.revert(snapshot)
    equal(s.VM.get_power_state(vm), "Halted")
    equal(any(m["name"] == "VM_CHECKPOINTED" for m in s.message.get_all_records().values()), True)
    agrees(s, host)


def half_checkpoints(daemon):
    """a checkpoint that fails at each of its steps: the guest goes on, or is suspended with its memory"""
    s, host = Session(daemon), Host(daemon)
    sr = make_sr(s)
    set_default(s, sr)
    vm = running(s, sr)
    lives = life(s, host, vm)
    host.fault("suspend", "fail broken")
    fails(["VM_CHECKPOINT_SUSPEND_FAILED", vm], s.VM.checkpoint, vm, "x")
    host.fault("suspend")
    equal((s.VM.get_power_state(vm), memories(s), s.VM.get_snapshots(vm)), ("Running", [], []))
    os.rename(paths(s, vm)[0], paths(s, vm)[0] + ".away")  # the disk cannot be branched off
    fails(["VDI_MISSING", sr, None], s.VM.checkpoint, vm, "x")
    equal(s.VM.get_power_state(vm), "Suspended")  # nor be attached again
    os.rename(paths(s, vm)[0] + ".away", paths(s, vm)[0])
    equal((s.VM.get_snapshots(vm), len(memories(s))), ([], 1))
    s.VM.resume(vm, False, False)
    equal(life(s, host, vm), lives)
    host.fault("resume", "fail broken")
    fails(["VM_CHECKPOINT_RESUME_FAILED", vm], s.VM.checkpoint, vm, "x")
    host.fault("resume")
    equal((s.VM.get_power_state(vm), len(s.VM.get_snapshots(vm)), len(memories(s))), ("Suspended", 1, 2))
    s.VM.resume(vm, False, False)
    equal(life(s, host, vm), lives)
    agrees(s, host)


def one_after_another(daemon):
    """checkpoints and snapshots at once wait for each other, and a hard shutdown for all"""
    s, host = Session(daemon), Host(daemon)
    sr = make_sr(s)
    set_default(s, sr)
    vm = running(s, sr)
    lives = life(s, host, vm)
    host.fault("suspend", "delay 60")
    tasks = [s.Async.VM.checkpoint(vm, "a"), s.Async.VM.checkpoint(vm, "b"), s.Async.VM.snapshot(vm, "c")]
    until(lambda: s.VM.get_current_operations(vm) == {tasks[0]: "checkpoint"})
    host.fault("suspend")
    equal([ends(s, task) for task in tasks], [("success", [])] * 3)
    equal(life(s, host, vm), lives)
    states = {s.VM.get_name_label(v): s.VM.get_power_state(v) for v in s.VM.get_snapshots(vm)}
    equal((states, len(memories(s))), ({"a": "Suspended", "b": "Suspended", "c": "Halted"}, 2))
    parents, at = [], vm
    while at != NOBODY:
        at = s.VM.get_parent(at)
        parents.append(at)
    equal(len(parents), 4)
    host.fault("suspend", "delay 60")
    task = s.Async.VM.checkpoint(vm, "d")
    until(lambda: s.VM.get_current_operations(vm))
    down = s.Async.VM.hard_shutdown(vm)
    equal((s.task.get_status(down), s.VM.get_current_operations(vm)), ("pending", {task: "checkpoint"}))
    host.fault("suspend")
    equal((ends(s, task), ends(s, down)), (("success", []),) * 2)
    equal((s.VM.get_power_state(vm), len(s.VM.get_snapshots(vm))), ("Halted", 4))
    agrees(s, host)


if __name__ == "__main__":
    run([walks, places, undone, ended, killed, other_memory, checkpoints, half_checkpoints, one_after_another], "--hv=sim")
