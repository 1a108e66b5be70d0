#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Templates: those that come with the product, and what VMs are made of them."""
import itertools
import os
import signal
import xml.etree.ElementTree

from daemon import Session, equal, fails, run
from storage import MIB, fault, files, make_sr, place
from vm import Host, agrees, ends, record, until, worker


def shipped(s):
    return {ref: got for ref, got in s.VM.get_all_records().items() if got["is_default_template"]}


def comes(daemon):
    """templates of the product: whole at the first start, not twice at the next, gone when destroyed"""
    s = Session(daemon)
    first = shipped(s)
    equal(len(first) >= 5, True)
    equal(sorted({got["domain_type"] for got in first.values()}), ["hvm", "pv", "pvh"])
    for got in first.values():
        equal((got["is_a_template"], got["power_state"], got["other_config"]["default_template"]), (True, "Halted", "true"))
        equal([bool(got[k]) for k in ("name_description", "reference_label")], [True, True])
        sizes = [int(got["memory_" + k]) for k in ("static_min", "dynamic_min", "dynamic_max", "static_max")]
        equal((sizes == sorted(sizes), sizes[0] > 0), (True, True))
        limits = {x.get("field") or x.get("property"): x for x in xml.etree.ElementTree.fromstring(got["recommendations"])}
        equal(int(limits["memory-static-max"].get("max")) >= sizes[3], True)
        equal(int(limits["vcpus-max"].get("max")) >= int(got["VCPUs_max"]) >= int(got["VCPUs_at_startup"]) > 0, True)
        for disk in xml.etree.ElementTree.fromstring(got["other_config"].get("disks", "<provision/>")):
            equal((disk.tag, disk.get("sr"), int(disk.get("size")) > 0), ("disk", "", True))
        equal(got["domain_type"] == "hvm", bool(got["HVM_boot_params"]))
        equal(got["domain_type"] == "hvm", not got["PV_bootloader"])
    media = s.VM.get_by_name_label("Other install media")
    equal((len(media), s.VM.get_HVM_boot_params(media[0])), (1, {"order": "dc", "firmware": "bios"}))
    equal("destroy" in s.VM.get_allowed_operations(media[0]), False)
    fails(["VM_IS_TEMPLATE", media[0], "destroy"], s.VM.destroy, media[0])
    # one is changed, one goes
    pv = s.VM.get_by_name_label("Linux (PV)")[0]
    s.VM.set_name_label(media[0], "Mine")
    s.VM.set_is_default_template(pv, False)
    fails(["VM_IS_TEMPLATE", pv, "destroy"], s.VM.destroy, pv)
    s.VM.remove_from_other_config(pv, "default_template")
    s.VM.destroy(pv)
    for forget in (False, True):
        if forget:  # then only what is there is known
            pool = s.pool.get_all()[0]
            s.pool.remove_from_other_config(pool, "default-templates")
        daemon.kill()
        daemon.start()
        s = Session(daemon)
        again = shipped(s)
        equal(set(first) - set(again), {pv})
        equal(len(again), len(first) - (not forget))
        equal(s.VM.get_name_label(media[0]), "Mine")


def is_template(daemon):
    """what is a template, and a default one"""
    s = Session(daemon)
    vm = s.VM.create(record("a"))
    fails(["OPERATION_NOT_ALLOWED", None], s.VM.set_is_default_template, vm, True)
    s.VM.set_is_a_template(vm, True)
    s.VM.set_is_default_template(vm, True)
    equal("destroy" in s.VM.get_allowed_operations(vm), False)
    s.VM.set_is_a_template(vm, False)
    equal(s.VM.get_is_default_template(vm), False)
    snapshot = s.VM.snapshot(vm, "s")
    fails(["OPERATION_NOT_ALLOWED", None], s.VM.set_is_default_template, snapshot, True)
    # Xen Orchestra takes the mark from each snapshot: it remains one
    s.VM.set_is_a_template(snapshot, False)
    fails(["VM_IS_SNAPSHOT", snapshot, "start"], s.VM.start, snapshot, False, False)
    equal([op in s.VM.get_allowed_operations(snapshot) for op in ("revert", "clone", "start", "provision")],
          [True, True, False, False])
    s.VM.revert(snapshot)
    equal((s.VM.get_is_a_snapshot(snapshot), s.VM.get_is_a_template(vm)), (True, False))
    s.VM.start(vm, False, False)
    fails(["VM_BAD_POWER_STATE", vm, "halted", "running"], s.VM.set_is_a_template, vm, True)


def disks(*which):
    return "<provision>" + "".join(
        "<disk " + " ".join(f'{k}="{v}"' for k, v in d.items()) + "/>" for d in which) + "</provision>"


def becomes(daemon):
    """VM.clone and VM.provision: the disks that the template asks for, in the repositories it names"""
    s, host = Session(daemon), Host(daemon)
    sr, other = make_sr(s), make_sr(s, "file", "other")
    template = s.VM.get_by_name_label("Linux (UEFI)")[0]
    vm = s.VM.clone(template, "guest")
    equal((s.VM.get_is_a_template(vm), s.VM.get_is_default_template(vm), s.VM.get_other_config(vm).get("default_template")),
          (True, False, None))
    equal(s.VM.get_other_config(vm)["base_template_name"], "Linux (UEFI)")
    fails(["DEFAULT_SR_NOT_FOUND", None], s.VM.provision, vm)
    s.pool.set_default_SR(s.pool.get_all()[0], sr)
    s.VM.provision(vm)
    got = s.VM.get_record(vm)
    equal((got["is_a_template"], "disks" in got["other_config"], len(got["VBDs"])), (False, False, 1))
    vbd = s.VBD.get_record(got["VBDs"][0])
    equal((vbd["userdevice"], vbd["bootable"], vbd["mode"], vbd["type"], "owner" in vbd["other_config"]), ("0", True, "RW", "Disk", True))
    vdi = s.VDI.get_record(vbd["VDI"])
    equal((vdi["SR"], vdi["virtual_size"], vdi["type"]), (sr, str(20 << 30), "system"))
    fails(["PROVISION_ONLY_ALLOWED_ON_TEMPLATE"], s.VM.provision, vm)
    s.VM.start(vm, False, False)
    agrees(s, host)
    s.VM.hard_shutdown(vm)
    # several, elsewhere; none
    many = s.VM.clone(template, "many")

    def asks(text):
        s.VM.remove_from_other_config(many, "disks")
        s.VM.add_to_other_config(many, "disks", text)

    there = files(daemon)
    uuid = s.SR.get_uuid(other)
    one = {"device": "0", "size": MIB, "sr": uuid, "bootable": "true", "type": "system"}
    for text, why in (("<provision>", None), (disks(dict(one, type="floppy")), ["INVALID_VALUE", "type", "floppy"]),
                      (disks(one, dict(one, device="1", sr="no-such")), ["UUID_INVALID", "SR", "no-such"]),
                      (disks(dict(one, size="1G")), None), ("<!DOCTYPE x><provision/>", None), (disks(one, one), None)):
        asks(text)
        fails(why or ["INVALID_VALUE", "other_config", None], s.VM.provision, many)
        equal((s.VM.get_is_a_template(many), s.VM.get_VBDs(many), files(daemon), files(daemon, "other")), (True, [], there, []))
    asks(disks(one, {"device": "3", "size": 2 * MIB, "sr": "", "bootable": "false", "type": "user"}))
    s.VM.provision(many)
    made = {v["userdevice"]: s.VDI.get_record(v["VDI"]) for v in (s.VBD.get_record(r) for r in s.VM.get_VBDs(many))}
    equal({k: (v["SR"], v["virtual_size"], v["type"]) for k, v in made.items()},
          {"0": (other, str(MIB), "system"), "3": (sr, str(2 * MIB), "user")})
    media = s.VM.clone(s.VM.get_by_name_label("Other install media")[0], "media")
    s.VM.provision(media)
    equal((s.VM.get_VBDs(media), "start" in s.VM.get_allowed_operations(media)), ([], True))


def half(daemon):
    """a provision that fails, is cancelled or killed leaves the template as it was, and no disks"""
    s, host = Session(daemon), Host(daemon)
    sr = make_sr(s, "dummy")
    template = s.VM.clone(s.VM.get_by_name_label("Linux (BIOS)")[0], "t")
    s.VM.remove_from_other_config(template, "disks")
    s.VM.add_to_other_config(template, "disks", disks(*({"device": n, "size": MIB, "sr": s.SR.get_uuid(sr)} for n in range(3))))

    def untouched():
        s.SR.scan(sr)
        equal((s.VM.get_is_a_template(template), s.VM.get_VBDs(template), s.VDI.get_all(), files(daemon)), (True, [], [], []))
        agrees(s, host)

    fault(daemon, "create", "fail broken")
    fails(["SR_BACKEND_FAILURE", "1", "", "create: broken"], s.VM.provision, template)
    for how in ("cancel", "worker", "daemon"):
        fault(daemon, "create", "delay 60")
        task, other = s.Async.VM.provision(template), itertools.count(61)

        def is_at_the_next():
            """The disk that waits is made, and another one waits."""
            fault(daemon, "create", f"delay {next(other)}")
            return len(files(daemon)) > 1

        until(is_at_the_next)
        if how == "cancel":
            s.task.cancel(task)
            equal(ends(s, task), ("cancelled", ["TASK_CANCELLED", task]))
        elif how == "worker":
            os.kill(worker(daemon, "VM.provision"), signal.SIGKILL)
            equal(ends(s, task)[0], "failure")
        else:
            daemon.kill()
            daemon.start()
            s = Session(daemon)
        untouched()
    fault(daemon, "create", None)
    s.VM.provision(template)
    equal(len(files(daemon)), 3)


def boots_here(daemon):
    """where a VM can start: its storage, its networks"""
    s = Session(daemon)
    host = s.host.get_all()[0]
    sr = make_sr(s)
    s.pool.set_default_SR(s.pool.get_all()[0], sr)
    vm = s.VM.clone(s.VM.get_by_name_label("Linux (PVH)")[0], "guest")
    s.VM.provision(vm)
    s.VM.assert_can_boot_here(vm, host)
    pbd = s.SR.get_PBDs(sr)[0]
    s.PBD.unplug(pbd)
    s.VM.assert_can_boot_here(vm, host)  # it can be plugged
    fails(["SR_HAS_NO_PBDS", sr], s.VM.start, vm, False, False)
    s.PBD.destroy(pbd)
    fails(["VM_REQUIRES_SR", vm, sr], s.VM.assert_can_boot_here, vm, host)
    fails(["VM_REQUIRES_SR", vm, sr], s.VM.start, vm, False, False)
    equal(s.VM.get_possible_hosts(vm), [])
    s.PBD.plug(s.PBD.create({"host": host, "SR": sr, "device_config": {"location": place(daemon)}, "other_config": {}}))
    equal(s.VM.get_possible_hosts(vm), [host])
    s.VM.start(vm, False, False)
    equal(s.VM.get_power_state(vm), "Running")


if __name__ == "__main__":
    run([comes, is_template, becomes, half, boots_here], "--hv=sim")
