#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""VMs from creation to destruction: what is in the database."""
from daemon import Session, equal, fails, run

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
    fails(["INVALID_VALUE", "power_state", "Running"], s.VM.create, record("d", power_state="Running"))
    equal(s.VM.get_by_name_label("d"), [])
    s.VM.destroy(vm)
    fails(["HANDLE_INVALID", "VM", vm], s.VM.get_record, vm)
    fails(["HANDLE_INVALID", "VM_metrics", got["metrics"]], s.VM_metrics.get_record, got["metrics"])
    equal(len(s.VM_metrics.get_all()), 2)


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


if __name__ == "__main__":
    run([creates, sizes, describes])
