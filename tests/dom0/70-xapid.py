#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""xapid on Xen, by its calls: domains without devices, what the host is, the
domains of others, consoles, and that nothing that ends the daemon, a worker or a
guest makes the database and the hypervisor disagree."""
import json
import os
import signal
import time

from xapid import (GUESTS, MIB, NOBODY, Console, Failure, Session, domains, equal, fails, linux, record, run, tests,
                   until)


def state(s, vm):
    return s.VM.get_power_state(vm)


def agrees(s):
    """Each VM that is up is a domain of that number and uuid, and each domain a VM."""
    up = {vm["uuid"]: int(vm["domid"]) for vm in s.VM.get_all_records().values()
          if vm["power_state"] in ("Running", "Paused") and not vm["is_control_domain"]}
    return up == {d["uuid"]: d["id"] for d in domains().values()}


def machine(daemon):
    """the host and Dom0 are what Xen says they are"""
    s = Session(daemon)
    info = dict(line.split(":", 1) for line in run("xl", "info").splitlines() if ":" in line)
    info = {k.strip(): v.strip() for k, v in info.items()}
    me = s.host.get_all_records()[s.host.get_all()[0]]
    metrics = s.host_metrics.get_record(me["metrics"])
    equal(int(metrics["memory_total"]) // MIB, int(info["total_memory"]))
    equal(abs(int(metrics["memory_free"]) // MIB - int(info["free_memory"])) < 20, True)
    equal(len(s.host_cpu.get_all()), int(info["nr_cpus"]))
    equal(me["cpu_info"]["cpu_count"], info["nr_cpus"])
    equal(me["software_version"]["xen"], info["xen_version"])
    dom0 = s.VM.get_record(me["control_domain"])
    equal((dom0["is_control_domain"], dom0["domid"], dom0["power_state"]), (True, "0", "Running"))
    has = json.loads(run("xl", "list", "--format", "json", "0"))[0]["memory_mb"]
    equal(abs(int(dom0["memory_target"]) // MIB - has) < 64, True)
    equal(dom0["VCPUs_at_startup"], "1")
    fails(["OPERATION_NOT_ALLOWED", None], s.VM.hard_shutdown, me["control_domain"])
    figures = {d["name_label"]: d["value"] for d in s.VM.get_data_sources(me["control_domain"])}
    equal((0 < figures["cpu0"] <= 1, figures["cpu_usage"], "cpu1" in figures), (True, figures["cpu0"], False))
    equal(abs(figures["memory"] - figures["memory_target"]) < 64 * MIB, True)


def page_tables(daemon):
    """a PVH guest gets more memory for its page tables, at its start and while it runs"""
    s = Session(daemon)
    free = lambda: int(next(line for line in run("xl", "info").splitlines() if line.startswith("free_memory")).split(":")[1])
    vm = s.VM.create(linux("pvh", "pvh", "192.168.128.12"))
    none = free()

    def takes(multiplier):
        """MiB that are gone for a guest that began with it"""
        s.VM.set_HVM_shadow_multiplier(vm, multiplier)
        s.VM.start(vm, True, False)
        return none - free()

    once = takes(1.0)
    s.VM.hard_shutdown(vm)
    until(lambda: free() == none)
    equal(takes(20.0) - once in range(38, 48), True)  # 19 times 2.25
    s.VM.unpause(vm)
    before = free()
    s.VM.set_shadow_multiplier_live(vm, 30.0)
    equal(before - free() in range(18, 28), True)
    s.VM.set_shadow_multiplier_live(vm, 2.0)
    equal(free() - before > 30, True)
    fails(["HOST_NOT_ENOUGH_FREE_MEMORY", None, None], s.VM.set_shadow_multiplier_live, vm, 1024.0)
    s.VM.hard_shutdown(vm)


def lives(daemon):
    """PV and PVH guests start, pause, reboot and end"""
    s = Session(daemon)
    for rec in record("tiny"), linux("pvh", "pvh", "192.168.128.12"):
        vm = s.VM.create(rec)
        s.VM.start(vm, True, False)
        row = domains()[rec["name_label"]]
        equal((state(s, vm), row["uuid"], row["id"]), ("Paused", s.VM.get_uuid(vm), int(s.VM.get_domid(vm))))
        equal(row["state"][2], "p")
        s.VM.unpause(vm)
        equal((state(s, vm), domains()[rec["name_label"]]["state"][2]), ("Running", "-"))
        equal(s.VM.get_resident_on(vm), s.host.get_all()[0])
        s.VM.pause(vm)
        equal(domains()[rec["name_label"]]["state"][2], "p")
        s.VM.unpause(vm)
        s.VM.hard_reboot(vm)
        equal(int(s.VM.get_domid(vm)) > row["id"], True)
        s.VM.clean_shutdown(vm)
        equal((state(s, vm), s.VM.get_consoles(vm), domains()), ("Halted", [], {}))
        s.VM.destroy(vm)


def consoles(daemon):
    """a serial console: both ways, two viewers, its end; who is kept out"""
    s = Session(daemon)
    vm = s.VM.create(linux("pv", "pv", "192.168.128.11"))
    s.VM.start(vm, True, False)
    console = s.VM.get_consoles(vm)[0]
    equal(s.console.get_protocol(console), "vt100")
    where = s.console.get_location(console)
    equal(where.split("/console?")[1], "uuid=" + s.console.get_uuid(console))
    line = Console(daemon, where.split("?")[1], s.ref)
    equal(line.status, 200)
    s.VM.unpause(vm)
    line.until(b"dom0kit guest: pv pv mem=")
    equal(line.ask("echo $((6 * 7))"), "42")
    other = Console(daemon, "ref=" + vm)
    equal(other.ask("echo from the 2nd"), "from the 2nd")
    line.until(b"from the 2nd")
    other.close()
    equal(line.ask("echo still"), "still")
    equal(Console(daemon, "uuid=" + s.VM.get_uuid(vm)).status, 200)
    equal(Console(daemon, "uuid=nobody").status, 404)
    equal(Console(daemon, where.split("?")[1], "OpaqueRef:none").status, 401)
    pool = s.pool.get_all()[0]
    s.pool.set_limit_console_sessions(pool, True)
    equal(Console(daemon, "ref=" + console).status, 503)
    s.pool.set_limit_console_sessions(pool, False)
    s.VM.hard_shutdown(vm)
    equal(line.ended(), True)
    equal(Console(daemon, "ref=" + vm).status, 404)
    s.VM.destroy(vm)


def restart(daemon):
    """killed (-9) and started again while guests run: nothing happens to them"""
    s = Session(daemon)
    vms = {name: s.VM.create(record(name)) for name in ("stays", "ends", "asleep")}
    for vm in vms.values():
        s.VM.start(vm, False, False)
    s.VM.pause(vms["asleep"])
    before = domains()
    uuids = {name: s.VM.get_uuid(vm) for name, vm in vms.items()}
    daemon.kill()
    equal({n: d["id"] for n, d in domains().items()}, {n: d["id"] for n, d in before.items()})
    daemon.start()
    s = Session(daemon)
    equal({n: d["id"] for n, d in domains().items()}, {n: d["id"] for n, d in before.items()})
    equal(agrees(s), True)
    equal(state(s, vms["asleep"]), "Paused")
    daemon.kill()
    run("xl", "destroy", "ends")
    run("xl", "unpause", "asleep")
    daemon.start()
    s = Session(daemon)
    equal({name: state(s, vm) for name, vm in vms.items()},
          {"stays": "Running", "ends": "Halted", "asleep": "Running"})
    equal([s.VM.get_by_uuid(u) for u in uuids.values()], list(vms.values()))
    equal(agrees(s), True)
    for name, vm in vms.items():
        if name != "ends":
            s.VM.hard_shutdown(vm)
        s.VM.destroy(vm)
    equal(domains(), {})


def others(daemon):
    """domains of xl are shown as what they are, and are xl's"""
    run("xl", "create", "-q", GUESTS + "/tiny.cfg", 'name="foreign"')
    daemon.kill()
    daemon.start()
    s = Session(daemon)
    equal(domains()["foreign"]["state"][2], "-")
    vm = s.VM.get_by_name_label("foreign")[0]
    got = s.VM.get_record(vm)
    row = domains()["foreign"]
    equal((got["uuid"], int(got["domid"]), got["power_state"]), (row["uuid"], row["id"], "Running"))
    equal((got["domain_type"], got["other_config"]["foreign"]), ("pv", "true"))
    equal(int(got["memory_target"]) // MIB, row["memory_mb"])
    equal(sorted(set(got["allowed_operations"]) & {"pause", "hard_shutdown", "clean_shutdown", "clean_reboot", "suspend"}),
          ["clean_shutdown", "hard_shutdown", "pause"])
    fails(["OPERATION_BLOCKED", vm, None], s.VM.hard_reboot, vm)
    s.VM.pause(vm)
    equal(domains()["foreign"]["state"][2], "p")
    s.VM.unpause(vm)
    s.VM.clean_shutdown(vm)
    until(lambda: not domains())
    daemon.kill()
    daemon.start()
    s = Session(daemon)
    equal(s.VM.get_by_name_label("foreign"), [])


def failures(daemon):
    """what cannot be started, is cancelled or dies leaves nothing behind"""
    s = Session(daemon)
    vm = s.VM.create(record("broken", PV_kernel="/nonexistent"))
    try:
        s.VM.start(vm, False, False)
        raise AssertionError("it started")
    except Failure as failure:
        equal("/nonexistent" in " ".join(failure.words), True)
    equal((state(s, vm), domains(), s.VM.get_current_operations(vm)), ("Halted", {}, {}))
    s.VM.set_PV_kernel(vm, GUESTS + "/tiny")
    for pause in 0.05, 0.2, 0.4, 0.8:
        task = s.Async.VM.start(vm, False, False)
        time.sleep(pause)
        try:
            s.task.cancel(task)
        except Failure:
            pass  # it was faster
        until(lambda t=task: s.task.get_status(t) != "pending" and s.task.get_status(t) != "cancelling")
        equal(agrees(s), True)
        if state(s, vm) == "Running":
            s.VM.hard_shutdown(vm)
    for pause in 0.1, 0.3, 0.6:
        task = s.Async.VM.start(vm, False, False)
        time.sleep(pause)
        daemon.kill()
        daemon.start()
        s = Session(daemon)
        equal(agrees(s), True)
        if state(s, vm) == "Running":
            s.VM.hard_shutdown(vm)
    equal((state(s, vm), domains()), ("Halted", {}))
    s.VM.destroy(vm)


def meanwhile(daemon):
    """a guest that is gone before it answers has ended: nobody waits for it"""
    s = Session(daemon)
    sr = s.SR.create(s.host.get_all()[0], {"location": daemon.dir}, "0", "memory", "", "file", "user", False, {})
    vm = s.VM.create(record("deaf", PV_args="deaf", suspend_SR=sr))
    for call, word, end in (("clean_shutdown", "poweroff", ("success", [])), ("suspend", "suspend", ("failure", ["VM_HALTED", vm]))):
        s.VM.start(vm, False, False)
        asked = f"/local/domain/{s.VM.get_domid(vm)}/control/shutdown"
        task = s.call("Async.VM." + call, vm)
        until(lambda: run("xenstore-read", asked, check=False).strip() == word)
        began = time.monotonic()
        run("xl", "destroy", "deaf")
        until(lambda: s.task.get_status(task) != "pending")
        until(lambda: state(s, vm) == "Halted")
        equal(((s.task.get_status(task), s.task.get_error_info(task)), time.monotonic() - began < 50), (end, True))
    equal(s.VDI.get_all(), [])
    s.VM.destroy(vm)
    s.PBD.unplug(s.SR.get_PBDs(sr)[0])
    s.SR.destroy(sr)


def twins(daemon):
    """VMs of one name, and of names that domains cannot have"""
    s = Session(daemon)
    vms = [s.VM.create(record(name)) for name in ("twin", "twin", "a/b", "17")]
    for vm in vms:
        s.VM.start(vm, False, False)
    equal(agrees(s), True)
    uuids = [s.VM.get_uuid(vm) for vm in vms]
    equal(sorted(domains()), sorted(["twin", *uuids[1:]]))
    for vm in vms:
        s.VM.hard_shutdown(vm)
        s.VM.destroy(vm)


if __name__ == "__main__":
    tests(machine, page_tables, lives, consoles, restart, others, failures, meanwhile, twins)
