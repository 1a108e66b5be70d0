#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What guests do by themselves on a host of files (--hv=sim): they end, crash,
disappear, are paused by others; and the messages about all of it. Calls that
start and end VMs are vm.py's, devices are device.py's."""
import os
import time

from daemon import Failure, Session, equal, fails, run
from device import NETWORK, lines, vbd, vif
from vm import MIB, NOBODY, Host, agrees, make, record, until


def play(host, domid, **said):
    """The guest of a domain, or somebody else, changes what its file says."""
    path = os.path.join(host.dir, "domains", str(domid))
    with open(path) as f:
        kept = [line for line in f.read().splitlines() if line.split(" ", 1)[0] not in said]
    with open(path + ".new", "w") as f:
        f.write("".join(line + "\n" for line in kept + [f"{k} {v}" for k, v in said.items()]))
    os.rename(path + ".new", path)


def end(host, domid, reason):
    play(host, domid, state="shut", reason=reason)


def news(s, vm):
    """Names of the messages about a VM, oldest first."""
    uuid = s.VM.get_uuid(vm)
    found = [m for m in s.message.get_all_records().values() if m["obj_uuid"] == uuid]
    return [m["name"] for m in sorted(found, key=lambda m: m["timestamp"].value)]


def seen(s, vm, state, *last):
    """VM is in STATE, with nothing going on, and these are the newest messages about it."""
    def is_so():
        return s.VM.get_power_state(vm) == state and news(s, vm)[-len(last):] == list(last)

    try:
        until(is_so)
    except AssertionError:
        raise AssertionError(f"{s.VM.get_power_state(vm)}, {news(s, vm)}; wanted {state}, {last}") from None


def ends_by_itself(daemon):
    """guests that shut down or crash: halted, with their devices given back, or kept to be looked into"""
    s, host = Session(daemon), Host(daemon)
    lan = s.network.create(NETWORK)
    for reason, setting, state, message in (
            ("poweroff", {}, "Halted", "VM_SHUTDOWN"),
            ("reboot", {"actions_after_reboot": "destroy"}, "Halted", "VM_SHUTDOWN"),
            ("soft_reset", {"actions_after_softreboot": "destroy"}, "Halted", "VM_SHUTDOWN"),
            ("crash", {"actions_after_crash": "destroy"}, "Halted", "VM_CRASHED"),
            ("watchdog", {"actions_after_crash": "coredump_and_destroy"}, "Halted", "VM_CRASHED"),
            ("crash", {"actions_after_crash": "preserve"}, "Paused", "VM_CRASHED")):
        vm = s.VM.create(record(reason, **setting))
        cd, nic = s.VBD.create(vbd(vm)), s.VIF.create(vif(vm, lan))
        s.VM.start(vm, False, False)
        end(host, s.VM.get_domid(vm), reason)
        seen(s, vm, state, "VM_STARTED", message)
        gone = state == "Halted"
        equal((s.VM.get_domid(vm) == "-1", s.VM.get_consoles(vm) == []), (gone, gone))
        equal([s.VBD.get_currently_attached(cd), s.VIF.get_currently_attached(nic)], [not gone] * 2)
        equal("start" in s.VM.get_allowed_operations(vm), gone)
        if not gone:
            # also over another look, and a restart of the daemon
            play(host, s.VM.get_domid(vm), weight=1)
            daemon.kill()
            daemon.start()
            s = Session(daemon)
            equal((s.VM.get_power_state(vm), host.domains()[s.VM.get_uuid(vm)]), ("Paused", "shut"))
            s.VM.hard_shutdown(vm)
            equal(news(s, vm).count("VM_CRASHED"), 1)
        s.VM.destroy(vm)
    agrees(s, host)


def restarts(daemon):
    """guests that reboot or crash get another domain; one that ends again and again not at once"""
    s, host = Session(daemon), Host(daemon)
    wanted = []
    for reason, setting, message in (
            ("reboot", {}, "VM_REBOOTED"),
            ("poweroff", {"actions_after_shutdown": "restart"}, "VM_REBOOTED"),
            ("soft_reset", {"actions_after_softreboot": "soft_reboot"}, "VM_REBOOTED"),
            ("crash", {}, "VM_CRASHED"),
            ("watchdog", {"actions_after_crash": "rename_restart"}, "VM_CRASHED"),
            ("crash", {"actions_after_crash": "coredump_and_restart"}, "VM_CRASHED")):
        vm = s.VM.create(record(reason, **setting))
        s.VBD.create(vbd(vm))
        s.VM.start(vm, False, False)
        wanted.append((vm, message, host.read(s.VM.get_domid(vm))["life"]))
    begin = time.time()
    for (vm, _, _), reason in zip(wanted, ("reboot", "poweroff", "soft_reset", "crash", "watchdog", "crash")):
        end(host, s.VM.get_domid(vm), reason)
    fails_to = s.VM.create(record("cannot"))
    s.VM.start(fails_to, False, False)
    end(host, s.VM.get_domid(fails_to), "reboot")
    s.VM.set_VCPUs_params(fails_to, {"weight": "x"})
    for vm, message, life in wanted:
        seen(s, vm, "Running", "VM_STARTED", message)
        equal(host.read(s.VM.get_domid(vm))["life"] == life, False)
        equal(len(lines(host, s.VM.get_domid(vm), "disk")), 1)
    equal(time.time() - begin > 5, True)
    # what cannot be started anew is halted
    until(lambda: s.VM.get_power_state(fails_to) == "Halted")
    agrees(s, host)


def is_ended_meanwhile(daemon):
    """a dead guest whose restart is not due: calls do not wait for it"""
    s, host = Session(daemon), Host(daemon)
    vms = [make(s, "Running") for _ in range(3)]
    for vm in vms:
        end(host, s.VM.get_domid(vm), "reboot")
    s.VM.hard_shutdown(vms[0])
    s.VM.clean_shutdown(vms[1])
    s.VM.hard_reboot(vms[2])
    equal([s.VM.get_power_state(vm) for vm in vms], ["Halted", "Halted", "Running"])
    agrees(s, host)
    # what comes while one is settled waits
    host.fault("destroy", "delay 1")
    end(host, s.VM.get_domid(vms[2]), "poweroff")
    while True:
        try:
            s.VM.start(vms[2], False, False)
            break
        except Failure as e:  # it has not been seen yet
            equal(e.words, ["VM_BAD_POWER_STATE", vms[2], "halted", "running"])
            time.sleep(0.05)
    equal(news(s, vms[2])[-2:], ["VM_SHUTDOWN", "VM_STARTED"])
    host.fault("destroy")
    agrees(s, host)


def is_changed_by_others(daemon):
    """domains that others pause, destroy, balloon; that appear"""
    s, host = Session(daemon), Host(daemon)
    paused, gone, big, up = (make(s, x) for x in ("Running", "Running", "Running", "Halted"))
    play(host, s.VM.get_domid(paused), state="paused")
    until(lambda: s.VM.get_power_state(paused) == "Paused")
    play(host, s.VM.get_domid(paused), state="running")
    until(lambda: s.VM.get_power_state(paused) == "Running")
    os.remove(os.path.join(host.dir, "domains", s.VM.get_domid(gone)))
    seen(s, gone, "Halted", "VM_SHUTDOWN")
    metrics = s.VM.get_metrics(big)
    play(host, s.VM.get_domid(big), memory=48 * MIB, vcpus=2)
    until(lambda: (s.VM_metrics.get_memory_actual(metrics), s.VM_metrics.get_VCPUs_number(metrics)) == (str(48 * MIB), "2"))
    with open(os.path.join(host.dir, "domains", "77.new"), "w") as f:
        f.write(f"uuid {s.VM.get_uuid(up)}\nname x\nstate running\n")
    os.rename(f.name, os.path.join(host.dir, "domains", "77"))
    until(lambda: s.VM.get_power_state(up) == "Running")
    equal(s.VM.get_domid(up), "77")
    # one that has not run yet and is nobody's is taken away
    s.VM.hard_shutdown(up)
    with open(os.path.join(host.dir, "domains", "78.new"), "w") as f:
        f.write(f"uuid {s.VM.get_uuid(up)}\nname x\nstate paused\n")
    os.rename(f.name, os.path.join(host.dir, "domains", "78"))
    until(lambda: host.read(78) is None)
    equal(s.VM.get_power_state(up), "Halted")
    agrees(s, host)


def ends_unseen(daemon):
    """guests that end while the daemon is not there"""
    s, host = Session(daemon), Host(daemon)
    vms = [make(s, "Running") for _ in range(3)]
    domids = [s.VM.get_domid(vm) for vm in vms]
    daemon.kill()
    for domid, reason in zip(domids, ("poweroff", "reboot", "crash")):
        end(host, domid, reason)
    daemon.start()
    s = Session(daemon)
    equal(s.VM.get_power_state(vms[0]), "Halted")
    seen(s, vms[1], "Running", "VM_STARTED", "VM_REBOOTED")
    seen(s, vms[2], "Running", "VM_STARTED", "VM_CRASHED")
    agrees(s, host)


def tells(daemon):
    """each operation of a client leaves its message"""
    s, host = Session(daemon), Host(daemon)
    vm = make(s, "Running")
    for verb in ("pause", "unpause", "clean_reboot", "hard_reboot", "clean_shutdown"):
        getattr(s.VM, verb)(vm)
        time.sleep(1.1)  # messages are of a second
    fails(["VM_BAD_POWER_STATE", None, None, None], s.VM.pause, vm)
    host.fault("create", "fail no luck")
    fails(["INTERNAL_ERROR", None], s.VM.start, vm, False, False)
    equal(news(s, vm), ["VM_STARTED", "VM_PAUSED", "VM_UNPAUSED", "VM_REBOOTED", "VM_REBOOTED", "VM_SHUTDOWN"])
    got = list(s.message.get_all_records().values())[0]
    equal((got["cls"], got["priority"], got["obj_uuid"]), ("VM", "5", s.VM.get_uuid(vm)))


def grows(daemon):
    """memory and processors of a guest that runs"""
    s, host = Session(daemon), Host(daemon)
    gib = 1 << 30
    vm = s.VM.create(record("a", VCPUs_max="4", memory_static_max=str(4 * gib), memory_dynamic_max=str(gib)))
    metrics = s.VM.get_metrics(vm)
    s.VM.start(vm, False, False)

    def has(key):
        return int(host.read(s.VM.get_domid(vm))[key])

    equal((has("memory"), has("memory_max"), has("vcpus"), has("vcpus_max")), (gib, 4 * gib, 1, 4))
    s.VM.set_VCPUs_number_live(vm, "3")
    equal((has("vcpus"), s.VM_metrics.get_VCPUs_number(metrics), s.VM.get_VCPUs_at_startup(vm)), (3, "3", "1"))
    for bad in ("0", "5", "-1"):
        fails(["INVALID_VALUE", "nvcpu", bad], s.VM.set_VCPUs_number_live, vm, bad)
    s.VM.set_memory_dynamic_range(vm, str(2 * gib), str(3 * gib))
    equal((has("memory"), s.VM.get_memory_target(vm), s.VM.get_memory_dynamic_min(vm)), (3 * gib, str(3 * gib), str(2 * gib)))
    s.VM.wait_memory_target_live(vm)
    until(lambda: s.VM_metrics.get_memory_actual(metrics) == str(3 * gib))
    s.VM.set_memory_target_live(vm, "1")
    s.VM.set_memory_dynamic_min(vm, str(gib))
    s.VM.set_memory_dynamic_max(vm, str(gib))
    equal((has("memory"), s.VM.get_memory_target(vm)), (gib, str(gib)))
    fails(["MEMORY_CONSTRAINT_VIOLATION", None], s.VM.set_memory_dynamic_range, vm, "0", str(5 * gib))
    host.fault("set_memory", "fail the balloon has burst")
    fails(["INTERNAL_ERROR", None], s.VM.set_memory_dynamic_max, vm, str(2 * gib))
    equal((s.VM.get_memory_dynamic_max(vm), has("memory")), (str(gib), gib))
    host.fault("set_memory")
    for call, args in ((s.VM.set_memory, (gib,)), (s.VM.set_memory_static_max, (gib,)), (s.VM.set_VCPUs_max, (8,)),
                       (s.VM.set_memory_limits, (0, gib, 0, gib))):
        fails(["VM_BAD_POWER_STATE", vm, "halted", "running"], call, vm, *map(str, args))
    # as much as there is, and no less than it needs
    until(lambda: s.VM_metrics.get_memory_actual(metrics) == str(gib))
    hog = make(s, "Running")
    free = 4092 * gib - gib
    play(host, s.VM.get_domid(hog), memory=free - gib)
    s.VM.set_memory_dynamic_max(vm, str(3 * gib))
    equal((has("memory"), s.VM.get_memory_target(vm), s.VM.get_memory_dynamic_max(vm)), (2 * gib, str(2 * gib), str(3 * gib)))
    until(lambda: s.VM_metrics.get_memory_actual(metrics) == str(2 * gib))
    fails(["HOST_NOT_ENOUGH_FREE_MEMORY", str(gib), "0"], s.VM.set_memory_dynamic_min, vm, str(3 * gib))
    s.VM.pause(vm)
    fails(["VM_BAD_POWER_STATE", vm, "halted, running", "paused"], s.VM.set_memory_dynamic_max, vm, str(gib))
    fails(["VM_BAD_POWER_STATE", vm, "running", "paused"], s.VM.set_VCPUs_number_live, vm, "1")
    s.VM.hard_shutdown(vm)
    s.VM.set_memory_dynamic_range(vm, str(gib), str(2 * gib))
    equal(s.VM.get_memory_target(vm), str(2 * gib))
    # what fits into so much
    for kind, total in (("pv", 1000 * MIB), ("hvm", 1000 * MIB), ("hvm", 3 * MIB), ("pv", 0)):
        s.VM.set_domain_type(vm, kind)
        most = int(s.VM.maximise_memory(vm, str(total), False))
        s.VM.set_memory_limits(vm, "0", str(max(most, MIB)), "0", str(max(most, MIB)))
        equal(most + int(s.VM.compute_memory_overhead(vm)) in (total, total - 1, total - MIB) if most else most, True if most else 0)


def says(daemon):
    """what a guest says of itself in XenStore, and what follows of it"""
    s, host = Session(daemon), Host(daemon)
    vm, silent = s.VM.create(record("a", domain_type="hvm")), make(s, "Running")
    cd = s.VBD.create(vbd(vm))
    nic = s.VIF.create(vif(vm, s.network.create(NETWORK)))
    s.VM.start(vm, False, False)
    s.VIF.unplug(nic)
    equal((s.VIF.get_allowed_operations(nic), "suspend" in s.VM.get_allowed_operations(vm)), (["attach"], False))

    def say(**words):
        path = os.path.join(host.dir, "domains", s.VM.get_domid(vm))
        with open(path) as f:
            kept = [line for line in f.read().splitlines() if not line.startswith("guest ")]
        with open(path + ".new", "w") as f:
            f.write("".join(line + "\n" for line in kept + [f"guest {k.replace('__', '/')} {v}" for k, v in words.items()]))
        os.rename(path + ".new", path)

    said = {"attr__PVAddons__MajorVersion": 9, "attr__PVAddons__MinorVersion": 3, "data__os_name": "Debian 12", "data__os_uname": "6.1",
            "attr__vif__0__ipv4__0": "192.0.2.7", "attr__vif__0__ipv4__1": "192.0.2.8", "attr__vif__0__ipv6__0": "fe80::1",
            "attr__eth1__ip": "192.0.2.9", "attr__vif__x__ipv4__0": "no", "control__feature-suspend": 1, "feature__hotplug__vif": 1,
            "data__else": "no"}
    say(**said)
    until(lambda: s.VM.get_guest_metrics(vm) != NOBODY)
    got = s.VM_guest_metrics.get_record(s.VM.get_guest_metrics(vm))
    equal(got["PV_drivers_version"], {"major": "9", "minor": "3"})
    equal(got["os_version"], {"name": "Debian 12", "uname": "6.1"})
    equal(got["networks"], {"0/ip": "192.0.2.7", "0/ipv4/0": "192.0.2.7", "0/ipv4/1": "192.0.2.8", "0/ipv6/0": "fe80::1", "1/ip": "192.0.2.9"})
    equal(got["other"], {"feature-suspend": "1"})
    equal([got[k] for k in ("live", "PV_drivers_detected", "can_use_hotplug_vbd", "can_use_hotplug_vif")], [True, True, "unspecified", "yes"])
    equal((s.VIF.get_allowed_operations(nic), "suspend" in s.VM.get_allowed_operations(vm)), (["attach", "plug"], True))
    # the same again is no news, and no event
    token = s.call("event.from", ["VM_guest_metrics"], "", 0.0)["token"]
    play(host, s.VM.get_domid(vm), weight=7)
    equal(s.call("event.from", ["VM_guest_metrics"], token, 1.0)["events"], [])
    say(**dict(said, attr__vif__0__ipv4__0="192.0.2.77", feature__hotplug__vif=0, data__cant_suspend_reason="busy"))
    events = s.call("event.from", ["VM_guest_metrics"], token, 20.0)["events"]
    equal([e["snapshot"]["networks"]["0/ip"] for e in events], ["192.0.2.77"])
    fails(["VM_MISSING_PV_DRIVERS", vm], s.VIF.plug, nic)
    equal(s.VM.get_guest_metrics(silent), NOBODY)
    s.VM.hard_reboot(vm)
    equal((s.VM.get_guest_metrics(vm), s.VBD.get_currently_attached(cd)), (NOBODY, True))
    agrees(s, host)


def is_told(daemon):
    """xenstore_data, before it starts and while it runs"""
    s, host = Session(daemon), Host(daemon)
    vm = make(s, "Halted")
    s.VM.set_xenstore_data(vm, {"vm-data/a": "1", "vm-data/b": "2", "other": "x"})

    def told():
        return lines(host, s.VM.get_domid(vm), "xenstore")

    s.VM.start(vm, False, False)
    equal(sorted(told()), [["vm-data/a", "1"], ["vm-data/b", "2"]])
    s.VM.set_xenstore_data(vm, {"vm-data/b": "3", "vm-data/c": "4"})
    equal(sorted(told()), [["vm-data/b", "3"], ["vm-data/c", "4"]])
    equal(s.VM.get_xenstore_data(vm), {"vm-data/b": "3", "vm-data/c": "4"})
    host.fault("set_data", "fail no luck")
    fails(["INTERNAL_ERROR", None], s.VM.set_xenstore_data, vm, {})
    equal(len(s.VM.get_xenstore_data(vm)), 2)
    s.VM.hard_shutdown(vm)
    s.VM.set_xenstore_data(vm, {})
    fails(["HANDLE_INVALID", "VM", "OpaqueRef:x"], s.VM.set_xenstore_data, "OpaqueRef:x", {})


def has_page_tables(daemon):
    """HVM_shadow_multiplier: at the start, and while it runs"""
    s, host = Session(daemon), Host(daemon)
    vm = s.VM.create(record("a", HVM_boot_policy="BIOS order", domain_type="hvm"))
    once = 2 * MIB + 64 * MIB // 128  # of two VCPUs

    def shadow():
        return int(host.read(s.VM.get_domid(vm))["shadow"])

    fails(["VM_BAD_POWER_STATE", vm, "running", "halted"], s.VM.set_shadow_multiplier_live, vm, 2.0)
    s.VM.start(vm, False, False)
    equal(shadow(), 0)  # as Xen finds right
    before = int(s.VM.get_memory_overhead(vm))
    s.VM.set_shadow_multiplier_live(vm, 4.0)
    equal((shadow(), s.VM.get_HVM_shadow_multiplier(vm)), (4 * once, 4.0))
    equal(int(s.VM.get_memory_overhead(vm)) - before in range(3 * once - MIB, 3 * once + MIB), True)
    for bad, text in (0.5, "0.5"), (1e9, "1e+09"), (float("nan"), "nan"), (float("inf"), "inf"):
        fails(["INVALID_VALUE", "HVM_shadow_multiplier", text], s.VM.set_shadow_multiplier_live, vm, bad)
    host.fault("set_shadow", "fail no luck")
    fails(["INTERNAL_ERROR", None], s.VM.set_shadow_multiplier_live, vm, 2.0)
    equal((shadow(), s.VM.get_HVM_shadow_multiplier(vm)), (4 * once, 4.0))
    s.VM.hard_reboot(vm)
    equal(shadow(), 4 * once)
    pv = make(s, "Running")
    fails(["OPERATION_NOT_ALLOWED", None], s.VM.set_shadow_multiplier_live, pv, 2.0)


def has_a_vendor(daemon):
    """set_bios_strings and copy_bios_strings, once; what the firmware of the next domain is told"""
    s, host = Session(daemon), Host(daemon)
    vm = s.VM.create(record("a", HVM_boot_policy="BIOS order", domain_type="hvm"))
    for key, value, why in (("bios-vendor", "", "Value provided is empty"), ("vendor", "x", "Unknown key"),
                            ("bios-vendor", "x" * 513, "x" * 513 + " has length more than 512 characters"),
                            ("bios-version", "a\tb", "a\tb has non-printable ASCII characters"),
                            ("bios-version", "\u00e4", "\u00e4 has non-printable ASCII characters")):
        fails(["INVALID_VALUE", key, why], s.VM.set_bios_strings, vm, {"system-version": "1", key: value})
    equal(s.VM.get_bios_strings(vm), {})
    s.VM.set_bios_strings(vm, {"bios-vendor": "Acme <&> Sons", "enclosure-asset-tag": "x" * 512})
    got = s.VM.get_bios_strings(vm)
    equal((len(got), got["bios-vendor"], got["system-product-name"], got["bios-version"]), (13, "Acme <&> Sons", "HVM domU", ""))
    fails(["VM_BIOS_STRINGS_ALREADY_SET"], s.VM.set_bios_strings, vm, {})
    fails(["VM_BIOS_STRINGS_ALREADY_SET"], s.VM.copy_bios_strings, vm, s.host.get_all()[0])
    s.VM.start(vm, False, False)
    equal(sorted(lines(host, s.VM.get_domid(vm), "xenstore")),
          [["bios-strings/bios-vendor", "Acme", "<&>", "Sons"], ["bios-strings/enclosure-asset-tag", "x" * 512],
           ["bios-strings/system-manufacturer", "Xen"], ["bios-strings/system-product-name", "HVM", "domU"]])
    s.VM.hard_shutdown(vm)
    same = s.VM.clone(vm, "b")
    equal(s.VM.get_bios_strings(same), got)
    other = s.VM.create(record("c"))
    fails(["HANDLE_INVALID", "host", "OpaqueRef:x"], s.VM.copy_bios_strings, other, "OpaqueRef:x")
    s.VM.copy_bios_strings(other, s.host.get_all()[0])
    equal(s.VM.get_bios_strings(other), s.host.get_bios_strings(s.host.get_all()[0]))


if __name__ == "__main__":
    run([ends_by_itself, restarts, is_ended_meanwhile, is_changed_by_others, ends_unseen, tells, grows, says, is_told,
         has_page_tables, has_a_vendor], "--hv=sim")
