#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Templates: those that come with the product, and what VMs are made of them."""
import xml.etree.ElementTree

from daemon import Session, equal, fails, run


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


if __name__ == "__main__":
    run([comes], "--hv=sim")
