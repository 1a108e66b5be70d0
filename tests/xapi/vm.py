#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""VMs from creation to destruction, on a host of files (--hv=sim): what is in
the database, what is on the host, and that the two agree whatever is killed."""
import os
import re
import signal
import threading
import time
import uuid

from daemon import Daemon, Failure, Session, equal, fails, run

NOBODY = "OpaqueRef:NULL"
MIB = 1 << 20


def record(name, **more):
    """What VM.create wants."""
    mem = str(64 * MIB)
    return dict({
        "name_label": name, "name_description": "", "user_version": "1", "is_a_template": False,
        "affinity": NOBODY, "memory_static_max": mem, "memory_dynamic_max": mem, "memory_dynamic_min": mem,
        "memory_static_min": "0", "VCPUs_params": {}, "VCPUs_max": "2", "VCPUs_at_startup": "1",
        "actions_after_shutdown": "destroy", "actions_after_reboot": "restart", "actions_after_crash": "restart",
        "PV_bootloader": "", "PV_kernel": "/boot/vmlinuz", "PV_ramdisk": "", "PV_args": "", "PV_bootloader_args": "",
        "PV_legacy_args": "", "HVM_boot_policy": "", "HVM_boot_params": {}, "platform": {}, "PCI_bus": "",
        "other_config": {}, "recommendations": ""}, **more)


def creates(daemon):
    """VM.create and destroy: metrics, domain type, allowed operations"""
    s = Session(daemon)
    before = len(s.VM_metrics.get_all())
    vm = s.VM.create(record("a"))
    got = s.VM.get_record(vm)
    equal((got["power_state"], got["domid"], got["domain_type"], got["resident_on"]), ("Halted", "-1", "pv", NOBODY))
    equal(got["current_operations"], {})
    equal("start" in got["allowed_operations"] and "pause" not in got["allowed_operations"], True)
    equal(len(got["other_config"]["mac_seed"]), 36)
    metrics = s.VM_metrics.get_record(got["metrics"])
    equal((metrics["VCPUs_number"], metrics["memory_actual"]), ("1", str(64 * MIB)))
    hvm = s.VM.create(record("b", HVM_boot_policy="BIOS order"))
    equal(s.VM.get_domain_type(hvm), "hvm")
    pvh = s.VM.create(record("c", domain_type="pvh", HVM_boot_policy="BIOS order"))
    equal((s.VM.get_domain_type(pvh), s.VM.get_HVM_boot_policy(pvh)), ("pvh", ""))
    less = record("d")
    del less["PV_args"]
    fails(["FIELD_TYPE_ERROR", "PV_args"], s.VM.create, less)
    fails(["INVALID_VALUE", "power_state", "Running"], s.VM.create, record("d", power_state="Running"))
    equal(s.VM.get_by_name_label("d"), [])
    s.VM.destroy(vm)
    fails(["HANDLE_INVALID", "VM", vm], s.VM.get_record, vm)
    fails(["HANDLE_INVALID", "VM_metrics", got["metrics"]], s.VM_metrics.get_record, got["metrics"])
    equal(len(s.VM_metrics.get_all()), before + 2)


def sizes(daemon):
    """memory and processors: order of the limits, what is refused"""
    s = Session(daemon)
    vm = s.VM.create(record("a"))

    def memory():
        got = s.VM.get_record(vm)
        return [int(got["memory_" + k]) // MIB for k in ("static_min", "dynamic_min", "dynamic_max", "static_max")]

    def mib(*sizes):
        return [str(size * MIB) for size in sizes]

    s.VM.set_memory_limits(vm, *mib(16, 256, 32, 128))
    equal(memory(), [16, 32, 128, 256])
    violation = ["MEMORY_CONSTRAINT_VIOLATION", None]
    for bad in ((64, 256, 32, 128), (16, 64, 32, 128), (16, 256, 128, 32)):
        fails(violation, s.VM.set_memory_limits, vm, *mib(*bad))
    fails(violation, s.VM.set_memory_static_max, vm, *mib(100))
    fails(violation, s.VM.set_memory_static_min, vm, *mib(33))
    fails(violation, s.VM.set_memory_dynamic_range, vm, *mib(8, 128))
    fails(["INVALID_VALUE", "memory_static_min", "-1"], s.VM.set_memory_static_min, vm, "-1")
    equal(memory(), [16, 32, 128, 256])
    s.VM.set_memory_dynamic_range(vm, *mib(64, 200))
    s.VM.set_memory_static_range(vm, *mib(20, 300))
    s.VM.set_memory_dynamic_min(vm, *mib(65))
    s.VM.set_memory_dynamic_max(vm, *mib(201))
    equal(memory(), [20, 65, 201, 300])
    s.VM.set_memory(vm, *mib(400))
    equal(memory(), [20, 400, 400, 400])
    fails(violation, s.VM.set_memory, vm, *mib(19))
    equal(int(s.VM.compute_memory_overhead(vm)), MIB)
    fails(["INVALID_VALUE", "VCPUs_at_startup", "3"], s.VM.set_VCPUs_at_startup, vm, "3")
    fails(["INVALID_VALUE", "VCPUs_at_startup", "0"], s.VM.set_VCPUs_at_startup, vm, "0")
    s.VM.set_VCPUs_at_startup(vm, "2")
    fails(["INVALID_VALUE", "VCPUs_max", "1"], s.VM.set_VCPUs_max, vm, "1")
    s.VM.set_VCPUs_max(vm, "8")
    equal((s.VM.get_VCPUs_max(vm), s.VM.get_VCPUs_at_startup(vm)), ("8", "2"))
    s.VM.set_domain_type(vm, "hvm")
    equal(int(s.VM.compute_memory_overhead(vm)) > 8 * MIB, True)
    s.VM.set_HVM_shadow_multiplier(vm, 2.0)
    fails(["INVALID_VALUE", "HVM_shadow_multiplier", "0.5"], s.VM.set_HVM_shadow_multiplier, vm, 0.5)
    # VM.create takes what does not fit yet, VM.start does not
    for failure, sizes in ((["INVALID_VALUE", "VCPUs_max", "0"], {"VCPUs_max": "0", "VCPUs_at_startup": "0"}),
                           (["INVALID_VALUE", "VCPUs_at_startup", "0"], {"VCPUs_at_startup": "0"}),
                           (["INVALID_VALUE", "VCPUs_at_startup", "3"], {"VCPUs_at_startup": "3"}),
                           (violation, {"memory_dynamic_max": str(65 * MIB)})):
        vm = s.VM.create(record("half", **sizes))
        fails(failure, s.VM.start, vm, False, False)
        equal(s.VM.get_power_state(vm), "Halted")


def describes(daemon):
    """maps, blocked operations, templates, types of domains"""
    s = Session(daemon)
    vm = s.VM.create(record("a"))
    for name in ("other_config", "platform", "NVRAM"):
        set_, add, remove = (getattr(s.VM, verb + name) for verb in ("set_", "add_to_", "remove_from_"))
        get = getattr(s.VM, "get_" + name)
        set_(vm, {"a": "1"})
        add(vm, "b", "2")
        fails(["MAP_DUPLICATE_KEY", "VM", name, vm, "b"], add, vm, "b", "3")
        remove(vm, "a")
        remove(vm, "a")
        equal(get(vm), {"b": "2"})
    s.VM.add_to_blocked_operations(vm, "start", "WHY")
    equal("start" in s.VM.get_allowed_operations(vm), False)
    fails(["OPERATION_BLOCKED", vm, "WHY"], s.VM.assert_operation_valid, vm, "start")
    fails(["MAP_DUPLICATE_KEY", "VM", "blocked_operations", vm, "start"], s.VM.add_to_blocked_operations, vm, "start", "")
    s.VM.remove_from_blocked_operations(vm, "start")
    equal("start" in s.VM.get_allowed_operations(vm), True)
    s.VM.set_blocked_operations(vm, {"destroy": "NO"})
    fails(["OPERATION_BLOCKED", vm, "NO"], s.VM.destroy, vm)
    s.VM.set_blocked_operations(vm, {})
    s.VM.set_is_a_template(vm, True)
    fails(["VM_IS_TEMPLATE", vm, "start"], s.VM.assert_operation_valid, vm, "start")
    s.VM.set_VCPUs_max(vm, "4")
    s.VM.set_is_a_template(vm, False)
    s.VM.assert_operation_valid(vm, "start")
    fails(["INVALID_VALUE", "domain_type", "unspecified"], s.VM.set_domain_type, vm, "unspecified")
    s.VM.set_domain_type(vm, "hvm")
    equal(s.VM.get_HVM_boot_policy(vm), "BIOS order")
    s.VM.set_HVM_boot_policy(vm, "")
    equal(s.VM.get_domain_type(vm), "pv")
    fails(["INVALID_VALUE", "HVM_boot_policy", "x"], s.VM.set_HVM_boot_policy, vm, "x")
    fails(["INVALID_VALUE", "order", "-1"], s.VM.set_order, vm, "-1")
    fails(["INVALID_VALUE", "ha_restart_priority", "x"], s.VM.set_ha_restart_priority, vm, "x")
    s.VM.set_order(vm, "7")
    s.VM.set_actions_after_crash(vm, "preserve")
    s.VM.update_allowed_operations(vm)
    equal((s.VM.get_order(vm), s.VM.get_actions_after_crash(vm)), ("7", "preserve"))
    equal(s.VM.get_allowed_VIF_devices(vm), [str(n) for n in range(7)])
    equal(len(s.VM.get_allowed_VBD_devices(vm)), 255)


def copies(daemon):
    """clone, copy and snapshot of VMs without disks"""
    s = Session(daemon)
    vm = s.VM.create(record("a", other_config={"k": "v", "default_template": "true"}, PV_args="quiet"))
    new = s.VM.clone(vm, "b")
    old, got = s.VM.get_record(vm), s.VM.get_record(new)
    differ = {k for k in got if got[k] != old[k]}
    equal(differ, {"uuid", "name_label", "other_config", "metrics", "generation_id"})
    equal((old["generation_id"], bool(re.fullmatch("[0-9]+:[0-9]+", got["generation_id"]))), ("0:0", True))
    # one that has none, and its copies
    fails(["VM_BAD_POWER_STATE", new, None, "halted"], s.VM.get_boot_record, new)
    none = s.VM.create(record("none", generation_id="", HVM_boot_policy="BIOS order"))
    equal(s.VM.get_generation_id(s.VM.copy(none, "none, too", NOBODY)), "")
    s.VM.start(none, False, False)
    equal((s.VM.get_boot_record(none) == s.VM.get_record(none), Host(daemon).read(s.VM.get_domid(none))["generation"]), (True, "0:0"))
    s.VM.hard_shutdown(none)
    equal({k: v for k, v in got["other_config"].items() if k != "mac_seed"}, {"k": "v"})
    equal(got["other_config"]["mac_seed"] == old["other_config"]["mac_seed"], False)
    s.VM.set_is_a_template(vm, True)
    copy = s.VM.copy(vm, "c", NOBODY)
    got = s.VM.get_record(copy)
    equal((got["is_a_template"], got["other_config"]["base_template_name"], got["name_label"]), (True, "a", "c"))
    fails(["HANDLE_INVALID", "SR", "OpaqueRef:x"], s.VM.copy, vm, "d", "OpaqueRef:x")
    snaps = [s.VM.snapshot(new, name) for name in ("s1", "s2")]
    got = [s.VM.get_record(snap) for snap in snaps]
    equal([(g["is_a_snapshot"], g["is_a_template"], g["snapshot_of"], g["power_state"]) for g in got],
          [(True, True, new, "Halted")] * 2)
    equal([g["parent"] for g in got] + [s.VM.get_parent(new)], [NOBODY, snaps[0], snaps[1]])
    equal(got[0]["snapshot_info"], {"power-state-at-snapshot": "Halted", "disk-snapshot-type": "crash_consistent"})
    equal("<name>name_label</name><value>b</value>" in got[0]["snapshot_metadata"], True)
    equal("revert" in got[0]["allowed_operations"] and "start" not in got[0]["allowed_operations"], True)
    equal(sorted(s.VM.get_snapshots(new)), sorted(snaps))
    s.VM.set_is_a_template(snaps[1], False)
    equal((s.VM.get_is_a_template(snaps[1]), s.VM.get_is_a_snapshot(snaps[1])), (False, True))
    fails(["VM_IS_SNAPSHOT", snaps[1], "make_into_template"], s.VM.set_is_a_template, snaps[1], True)
    s.VM.destroy(snaps[1])
    equal((s.VM.get_parent(new), s.VM.get_snapshots(new)), (snaps[0], [snaps[0]]))
    back = s.VM.clone(snaps[0], "back")
    equal((s.VM.get_is_a_snapshot(back), s.VM.get_is_a_template(back), s.VM.get_snapshot_of(back)), (False, True, NOBODY))


# ---- a host ----

class Host:
    """The simulated host of a daemon, as its files say."""

    def __init__(self, daemon):
        self.dir = os.path.join(daemon.dir, "sim")

    def domains(self):
        """uuid: state of all there are"""
        found = {}
        for name in os.listdir(os.path.join(self.dir, "domains")):
            said = self.read(name)
            if said:
                found[said["uuid"]] = said["state"]
        return found

    def read(self, name):
        """What a domain's file says, by keys; None: it has just ended, or never was one."""
        try:
            with open(os.path.join(self.dir, "domains", str(name))) as f:
                return dict(line.split(" ", 1) for line in f.read().splitlines()) if str(name).isdigit() else None
        except FileNotFoundError:
            return None

    def fault(self, verb, text=None):
        """What happens at VERB from now on, also to who is held up in it; None: nothing."""
        path = os.path.join(self.dir, "fault", verb)
        if text is None:
            os.remove(path)
            return
        with open(path + ".new", "w") as f:
            f.write(text + "\n")
        os.rename(path + ".new", path)

    def left(self):
        """Names beside those the host always has."""
        return sorted(set(os.listdir(self.dir)) - {"domains", "fault", "lock"})


def until(what, seconds=60):
    """Waits until WHAT() is true."""
    end = time.time() + seconds
    while not what():
        if time.time() > end:
            raise AssertionError("it does not come true: " + (what.__doc__ or repr(what)))
        time.sleep(0.02)


def workers(daemon):
    with open(f"/proc/{daemon.process.pid}/task/{daemon.process.pid}/children") as f:
        return [int(pid) for pid in f.read().split()]


def worker(daemon, name):
    """The worker that does NAME (there may be others, that look at the host), when there is one."""
    def named(pid):
        try:
            with open(f"/proc/{pid}/comm") as f:
                return f.read().strip() == name[:15]
        except FileNotFoundError:
            return False
    until(lambda: any(map(named, workers(daemon))))
    return next(filter(named, workers(daemon)))


def kill_worker(daemon, name, host, verb):
    """kill -9 of the worker that does NAME and is held up in VERB; who takes back what it did is not held up."""
    pid = worker(daemon, name)
    daemon.process.send_signal(signal.SIGSTOP)
    os.kill(pid, signal.SIGKILL)
    host.fault(verb)
    daemon.process.send_signal(signal.SIGCONT)


def kill_workers(daemon):
    """kill -9 of all there are, before the daemon goes on (which would reap one that ends by itself)."""
    daemon.process.send_signal(signal.SIGSTOP)
    for pid in workers(daemon):
        os.kill(pid, signal.SIGKILL)
    daemon.process.send_signal(signal.SIGCONT)


def kill_all(daemon):
    """kill -9 of the daemon and of all its workers, none of which notices another's end."""
    daemon.process.send_signal(signal.SIGSTOP)
    for pid in workers(daemon):
        os.kill(pid, signal.SIGKILL)
    daemon.kill()


def ends(s, task):
    """How a task ended: its status, and its error."""
    until(lambda: s.task.get_status(task) not in ("pending", "cancelling"))
    got = s.task.get_record(task)
    return got["status"], got["error_info"]


def agrees(s, host):
    """The database says of every VM what the host does; nothing runs."""
    for vm, got in s.VM.get_all_records().items():
        state = host.domains().get(got["uuid"])
        wanted = {None: ("Halted", "Suspended"), "running": ("Running",), "paused": ("Paused",)}[state]
        equal(got["power_state"] in wanted, True)
        equal((got["domid"] == "-1", got["resident_on"] == NOBODY), (state is None, state is None))
        equal(got["current_operations"], {})
    equal(len(host.domains()), len([1 for v in s.VM.get_all_records().values() if v["power_state"] in ("Running", "Paused")]))
    equal(host.left(), [])


VERBS = {  # what each does in the power states it is for
    "start": {"Halted": "Running"},
    "start_on": {"Halted": "Paused"},
    "pause": {"Running": "Paused"},
    "unpause": {"Paused": "Running"},
    "clean_shutdown": {"Running": "Halted"},
    "shutdown": {"Running": "Halted", "Paused": "Halted", "Suspended": "Halted"},
    "hard_shutdown": {"Running": "Halted", "Paused": "Halted", "Suspended": "Halted"},
    "clean_reboot": {"Running": "Running"},
    "hard_reboot": {"Running": "Running", "Paused": "Running"},
}
STATES = ("Halted", "Paused", "Running", "Suspended")


def make(s, state):
    """A VM in a power state."""
    vm = s.VM.create(record("vm", power_state="Suspended" if state == "Suspended" else "Halted"))
    if state in ("Running", "Paused"):
        s.VM.start(vm, state == "Paused", False)
    return vm


def walks(daemon):
    """each operation in each power state, on the host too"""
    s, host = Session(daemon), Host(daemon)
    for verb, does in VERBS.items():
        for state in STATES:
            vm = make(s, state)
            uuid = s.VM.get_uuid(vm)
            args = {"start": (False, False), "start_on": (s.host.get_all()[0], True, False)}.get(verb, ())
            if state in does:
                getattr(s.VM, verb)(vm, *args)
                equal(s.VM.get_power_state(vm), does[state])
            else:
                may = ", ".join(x.lower() for x in STATES if x in does)
                fails(["VM_BAD_POWER_STATE", vm, may, state.lower()], getattr(s.VM, verb), vm, *args)
                equal(s.VM.get_power_state(vm), state)
            equal(host.domains().get(uuid), {"Running": "running", "Paused": "paused"}.get(s.VM.get_power_state(vm)))
            agrees(s, host)
            if s.VM.get_power_state(vm) in ("Running", "Paused"):
                s.VM.hard_shutdown(vm)
            s.VM.destroy(vm)
    equal(s.task.get_all(), [])


def allows(daemon):
    """allowed_operations follow the power state"""
    s = Session(daemon)
    vm = make(s, "Halted")
    equal("start" in s.VM.get_allowed_operations(vm), True)
    s.VM.start(vm, False, False)
    got = s.VM.get_record(vm)
    equal([x in got["allowed_operations"] for x in ("start", "pause", "clean_shutdown", "unpause")],
          [False, True, True, False])
    equal((got["resident_on"], got["domid"]), (s.host.get_all()[0], "1"))
    equal(s.VM_metrics.get_current_domain_type(got["metrics"]), "pv")
    s.VM.pause(vm)
    equal("unpause" in s.VM.get_allowed_operations(vm), True)
    fails(["VM_BAD_POWER_STATE", vm, "halted", "paused"], s.VM.set_VCPUs_max, vm, "9")
    s.VM.hard_shutdown(vm)
    bad = s.VM.create(record("bad", VCPUs_at_startup="3"))
    fails(["INVALID_VALUE", "VCPUs_at_startup", "3"], s.VM.start, bad, False, False)
    most = str((1 << 63) - 1)
    monster = s.VM.create(record("monster", memory_static_max=most, memory_dynamic_max=most, VCPUs_max=most, domain_type="hvm",
                                 HVM_shadow_multiplier=1e308))
    fails(["INVALID_VALUE", "memory_static_max", most], s.VM.start, monster, False, False)
    equal(int(s.VM.maximise_memory(vm, most, True)) < 1 << 50, True)
    huge = s.VM.create(record("huge", memory_static_max=str(1 << 49), memory_dynamic_max=str(1 << 49)))
    fails(["HOST_NOT_ENOUGH_FREE_MEMORY", None, None], s.VM.start, huge, False, False)
    host = s.host.get_all()[0]
    equal((s.VM.get_possible_hosts(vm), s.VM.get_possible_hosts(huge)), ([host], []))
    s.VM.assert_can_boot_here(vm, host)
    fails(["HOST_NOT_ENOUGH_FREE_MEMORY", None, None], s.VM.assert_can_boot_here, huge, host)
    fails(["HANDLE_INVALID", "host", "OpaqueRef:x"], s.VM.start_on, vm, "OpaqueRef:x", False, False)
    s.host.disable(host)
    fails(["HOST_DISABLED", host], s.VM.start_on, vm, host, False, False)
    running = s.VM.get_by_name_label("vm")[0]
    s.host.enable(host)
    s.VM.start(running, False, False)
    s.host.disable(host)
    s.VM.hard_reboot(running)  # it is there already
    s.host.enable(host)
    for _ in range(2):
        s.VM.set_is_a_template(bad, True)
    fails(["VM_IS_TEMPLATE", bad, "start"], s.VM.start, bad, False, False)


def tells(daemon):
    """an Async start: task, progress, current operations, result"""
    s, host = Session(daemon), Host(daemon)
    vm = make(s, "Halted")
    host.fault("unpause", "delay 60")
    task = s.Async.VM.start(vm, False, False)
    until(lambda: s.task.get_progress(task) == 0.5)
    got = s.VM.get_record(vm)
    equal(got["current_operations"], {task: "start"})
    equal("start" in got["allowed_operations"], False)
    fails(["OTHER_OPERATION_IN_PROGRESS", "VM", vm, "start", task], s.VM.assert_operation_valid, vm, "clone")
    host.fault("unpause")
    equal(ends(s, task), ("success", []))
    equal((s.task.get_progress(task), s.VM.get_power_state(vm)), (1.0, "Running"))
    agrees(s, host)


def waits(daemon):
    """what cannot run beside another waits for it"""
    s, host = Session(daemon), Host(daemon)
    vm = make(s, "Halted")
    host.fault("unpause", "delay 60")
    first = s.Async.VM.start(vm, False, False)
    until(lambda: s.VM.get_current_operations(vm))
    waiting = [s.Async.VM.start(vm, False, False), s.Async.VM.set_memory(vm, str(MIB)), s.Async.VM.set_memory(vm, "1")]
    s.VM.set_name_label(vm, "renamed")
    equal([s.task.get_status(task) for task in waiting], ["pending"] * 3)
    s.task.cancel(waiting[2])
    equal(ends(s, waiting[2]), ("cancelled", ["TASK_CANCELLED", waiting[2]]))
    equal(s.VM.get_current_operations(vm), {first: "start"})
    host.fault("unpause")
    fails(["VM_BAD_POWER_STATE", vm, "halted", "running"], s.VM.set_VCPUs_max, vm, "9")
    equal(ends(s, first), ("success", []))
    for task in waiting[:2]:
        equal(ends(s, task), ("failure", ["VM_BAD_POWER_STATE", vm, "halted", "running"]))
    s.VM.pause(vm)
    host.fault("unpause", "delay 60")
    first, waiting = s.Async.VM.unpause(vm), s.Async.VM.hard_reboot(vm)
    until(lambda: s.VM.get_current_operations(vm) == {first: "unpause"})
    host.fault("unpause")
    equal((ends(s, first), ends(s, waiting)), (("success", []), ("success", [])))
    equal(s.VM.get_domid(vm), "1")
    agrees(s, host)


def cancels(daemon):
    """a cancelled start takes back what it did; a client that goes too"""
    s, host = Session(daemon), Host(daemon)
    vm = make(s, "Halted")
    host.fault("unpause", "delay 60")
    task = s.Async.VM.start(vm, False, False)
    until(lambda: len(host.domains()) == 1)
    s.task.cancel(task)
    equal(ends(s, task), ("cancelled", ["TASK_CANCELLED", task]))
    until(lambda: not host.domains())
    agrees(s, host)
    failed = []
    client = threading.Thread(target=lambda: fails(["TASK_CANCELLED", None], s.VM.start, vm, False, False) or failed.append(1))
    client.start()
    until(lambda: s.VM.get_current_operations(vm))
    s.task.cancel(list(s.VM.get_current_operations(vm))[0])
    client.join()
    equal(failed, [1])
    until(lambda: not s.VM.get_current_operations(vm))
    agrees(s, host)


def forces(daemon):
    """hard_shutdown ends a clean one that the guest does not hear"""
    s, host = Session(daemon), Host(daemon)
    vm = make(s, "Running")
    host.fault("shutdown", "ignore")
    task = s.Async.VM.clean_shutdown(vm)
    until(lambda: s.VM.get_current_operations(vm))
    s.VM.hard_shutdown(vm)
    equal(ends(s, task), ("cancelled", ["TASK_CANCELLED", task]))
    equal(s.VM.get_power_state(vm), "Halted")
    s.VM.set_shutdown_delay(vm, "1")
    s.VM.start(vm, False, False)
    fails(["VM_SHUTDOWN_TIMEOUT", vm, "1"], s.VM.clean_shutdown, vm)
    equal(s.VM.get_power_state(vm), "Running")
    # shutdown does the same by itself, unless it is cancelled
    s.VM.set_shutdown_delay(vm, "60")
    task = s.Async.VM.shutdown(vm)
    until(lambda: s.VM.get_current_operations(vm))
    s.task.cancel(task)
    equal((ends(s, task)[0], s.VM.get_power_state(vm)), ("cancelled", "Running"))
    s.VM.set_shutdown_delay(vm, "1")
    s.VM.shutdown(vm)
    equal(s.VM.get_power_state(vm), "Halted")
    agrees(s, host)


def undoes(daemon):
    """what fails on the host leaves nothing behind"""
    s, host = Session(daemon), Host(daemon)
    vm = make(s, "Halted")
    for verb in ("create", "unpause"):
        host.fault(verb, "fail no luck")
        fails(["INTERNAL_ERROR", verb + ": no luck"], s.VM.start, vm, False, False)
        equal((s.VM.get_power_state(vm), host.domains()), ("Halted", {}))
        agrees(s, host)
        host.fault(verb)
    s.VM.start(vm, False, False)
    host.fault("create", "fail no luck")
    fails(["INTERNAL_ERROR", "create: no luck"], s.VM.hard_reboot, vm)
    equal((s.VM.get_power_state(vm), host.domains()), ("Halted", {}))
    host.fault("create")
    agrees(s, host)


def survives_workers(daemon):
    """kill -9 of a worker is one failed task"""
    s, host = Session(daemon), Host(daemon)
    vm = make(s, "Halted")
    for verb in ("create", "unpause"):
        host.fault(verb, "delay 60")
        task = s.Async.VM.start(vm, False, False)
        until(lambda: len(host.domains()) == 1)
        kill_worker(daemon, "VM.start", host, verb)
        status, why = ends(s, task)
        equal((status, why[0], "killed by signal 9" in why[1]), ("failure", "INTERNAL_ERROR", True))
        equal(host.domains(), {})
        agrees(s, host)
    s.VM.start(vm, False, False)
    equal(s.VM.get_power_state(vm), "Running")


def survives_itself(daemon):
    """kill -9 of the daemon: VMs run on, what was half done is taken back"""
    s, host = Session(daemon), Host(daemon)
    running, paused, halted, dies = (make(s, state) for state in ("Running", "Paused", "Halted", "Running"))
    uuids = {vm: s.VM.get_uuid(vm) for vm in (running, paused, halted, dies)}
    host.fault("unpause", "delay 60")
    s.Async.VM.start(halted, False, False)
    until(lambda: len(host.domains()) == 4)
    daemon.kill()
    host.fault("unpause")
    until(lambda: len(host.domains()) == 3)  # the worker has taken back its own
    for name in os.listdir(os.path.join(host.dir, "domains")):
        path = os.path.join(host.dir, "domains", name)
        with open(path) as f:
            text = f.read()
        if uuids[dies] in text:
            os.remove(path)
        if uuids[paused] in text:
            with open(path, "w") as f:
                f.write(re.sub("state paused", "state running", text))
    daemon.start()
    s = Session(daemon)
    equal([s.VM.get_power_state(vm) for vm in (running, paused, halted, dies)],
          ["Running", "Running", "Halted", "Halted"])
    agrees(s, host)
    equal("start" in s.VM.get_allowed_operations(halted), True)
    s.VM.clean_shutdown(running)
    agrees(s, host)


def numbers_again(daemon):
    """a domain that took the number of one that ended meanwhile is not taken for it"""
    s, host = Session(daemon), Host(daemon)
    old, new = make(s, "Running"), make(s, "Running")
    number, taken = s.VM.get_domid(old), s.VM.get_domid(new)
    s.VM.hard_shutdown(new)
    uuids = [s.VM.get_uuid(vm) for vm in (old, new)]
    daemon.kill()
    path = os.path.join(host.dir, "domains", number)
    with open(path) as f:
        text = f.read()
    with open(path, "w") as f:
        f.write(text.replace(uuids[0], uuids[1]))
    daemon.start()
    s = Session(daemon)
    equal([s.VM.get_power_state(vm) for vm in (old, new)], ["Halted", "Running"])
    equal((s.VM.get_domid(new), taken != number), (number, True))
    agrees(s, host)


def overtakes(daemon):
    """a look that saw the host before an operation does not undo what that wrote"""
    s, host = Session(daemon), Host(daemon)
    path = os.path.join(host.dir, "domains", "77")
    with open(path + ".new", "w") as f:
        f.write(f"uuid {uuid.uuid4()}\nname theirs\ntype pv\nmemory 8388608\nvcpus 1\nstate running\nlife 1\n")
    os.rename(path + ".new", path)
    until(lambda: s.VM.get_by_name_label("theirs"))
    [vm] = s.VM.get_by_name_label("theirs")
    until(lambda: not workers(daemon))
    host.fault("list", "delay 1")  # then it sees the domain paused,
    host.fault("host", "delay 3")  # and says so when it is not any more
    os.rename(path, path + ".new")
    os.rename(path + ".new", path)
    look = worker(daemon, "a look at the host")
    s.VM.pause(vm)
    time.sleep(1.5)
    equal(look in workers(daemon), True)
    s.VM.unpause(vm)
    host.fault("list")
    host.fault("host")
    until(lambda: look not in workers(daemon))
    equal(s.VM.get_power_state(vm), "Running")
    # one that ends beneath an operation is looked at again when that is over, not a minute later
    host.fault("pause", "delay 3")
    task = s.Async.VM.pause(vm)
    worker(daemon, "VM.pause")
    os.remove(path)
    until(lambda: ends(s, task) and not s.VM.get_by_name_label("theirs"), 40)


def resets(daemon):
    """power_state_reset, with a domain and without"""
    s, host = Session(daemon), Host(daemon)
    vm = make(s, "Running")
    fails(["DOMAIN_EXISTS", vm, "1"], s.VM.power_state_reset, vm)
    os.remove(os.path.join(host.dir, "domains/1"))
    s.VM.power_state_reset(vm)
    agrees(s, host)
    suspended = make(s, "Suspended")
    s.VM.power_state_reset(suspended)
    equal(s.VM.get_power_state(suspended), "Halted")


def stops(daemon):
    """a daemon that is stopped takes back what is half done"""
    s, host = Session(daemon), Host(daemon)
    vm = make(s, "Halted")
    host.fault("unpause", "delay 60")
    s.Async.VM.start(vm, False, False)
    until(lambda: len(host.domains()) == 1)
    daemon.process.send_signal(signal.SIGTERM)
    equal(daemon.process.wait(timeout=120), 0)
    daemon.start()
    s = Session(daemon)
    equal((s.VM.get_power_state(vm), host.domains()), ("Halted", {}))
    agrees(s, host)


def audits(daemon):
    """what a worker wrote is in the audit log as its call's"""
    s = Session(daemon)
    vm = make(s, "Running")
    with open(os.path.join(daemon.dir, "audit.log")) as f:
        [line] = [text for text in f if '"VM.start"' in text]
    equal((vm in line, '"power_state"' in line, "Running" in line), (True, True, True))


if __name__ == "__main__":
    run([creates, sizes, describes, copies, walks, allows, tells, waits, cancels, forces, undoes, survives_workers,
         survives_itself, numbers_again, overtakes, resets, stops, audits], "--hv=sim")
