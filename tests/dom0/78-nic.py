#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""NICs of guests on Xen: the addresses that a guest's agent is told, and which
packets of a guest get through the bridge (VIF.locking_mode)."""
import os

from xapid import Console, Session, domains, equal, linux, run, tests, until

OWN, OTHER, DOM0 = "192.168.128.21", "192.168.128.22", "192.168.128.1"
SETTING = "xenserver/device/vif/0/static-ip-setting/"


def started(s, name):
    """A PV guest with a NIC on the host's bridge: VM, VIF, its shell."""
    vm = s.VM.create(linux(name, "pv", OWN))
    found = [n for n, r in s.network.get_all_records().items() if r["bridge"] == "xenbr0"]
    lan = found[0] if found else s.network.create({"name_label": "lab", "name_description": "", "MTU": "1500", "other_config": {},
                                                   "bridge": "xenbr0", "tags": []})
    vif = s.VIF.create({"VM": vm, "network": lan, "device": "0", "MAC": "00:16:3e:00:00:21", "MTU": "1500", "other_config": {},
                        "qos_algorithm_type": "", "qos_algorithm_params": {}})
    return vm, vif


def shell(s, vm):
    line = Console(s.daemon, "ref=" + vm)
    line.until(b"dom0kit guest: pv ")
    return line


def addresses(daemon):
    """a guest's agent is told addresses, and may say what came of them"""
    s = Session(daemon)
    vm, vif = started(s, "told")
    s.VIF.configure_ipv4(vif, "Static", "192.0.2.7/24", "192.0.2.1")
    s.VM.start(vm, True, False)
    s.VM.unpause(vm)
    line = shell(s, vm)
    equal([line.ask("xs " + SETTING + name) for name in ("mac", "enabled", "address", "gateway", "enabled6")],
          ["00:16:3e:00:00:21", "1", "192.0.2.7/24", "192.0.2.1", "0"])
    s.VIF.configure_ipv6(vif, "Static", "2001:db8::7/64")
    equal(line.ask("xs " + SETTING + "address6"), "2001:db8::7/64")
    s.VIF.configure_ipv4(vif, "None")
    equal(line.ask("xs " + SETTING + "enabled"), "0")
    domid = s.VM.get_domid(vm)
    equal(run("xenstore-ls", "-p", f"/local/domain/{domid}/{SETTING[:-1]}").count(f"(n{domid})"), 6)
    s.VM.hard_shutdown(vm)
    s.VM.destroy(vm)


def limits(daemon):
    """what a guest may send: by its addresses, while it runs; nothing is left of it"""
    s = Session(daemon)
    vm, vif = started(s, "pv")
    s.VIF.set_locking_mode(vif, "locked")
    s.VIF.set_ipv4_allowed(vif, [OWN])
    s.VM.start(vm, True, False)
    s.VM.unpause(vm)
    line = shell(s, vm)

    def gets_through(address=OWN, tries=2):
        """Pings of that address come back."""
        return line.ask(f"ping -c {tries} -w {3 * tries} -I {address} {DOM0} >/dev/null 2>&1 && echo yes || echo no") == "yes"

    until(gets_through)
    line.ask(f"ip addr add {OTHER}/24 dev eth0")
    equal(gets_through(OTHER), False)
    s.VIF.add_ipv4_allowed(vif, OTHER)
    until(lambda: gets_through(OTHER))
    s.VIF.remove_ipv4_allowed(vif, OTHER)
    equal(gets_through(OTHER), False)
    until(gets_through)
    line.ask("ip link set eth0 down; ip link set eth0 address 00:16:3e:00:00:22; ip link set eth0 up")
    equal(gets_through(), False)
    line.ask("ip link set eth0 down; ip link set eth0 address 00:16:3e:00:00:21; ip link set eth0 up")
    until(gets_through)
    s.VIF.set_locking_mode(vif, "disabled")
    equal(gets_through(), False)
    s.VIF.set_locking_mode(vif, "unlocked")
    until(gets_through)
    until(lambda: gets_through(OTHER))
    s.VIF.set_locking_mode(vif, "disabled")
    domid = s.VM.get_domid(vm)
    equal(f"vif{domid}_0" in run("nft", "list", "table", "bridge", "dom0kit"), True)
    s.VM.hard_shutdown(vm)
    equal("vif" in run("nft", "list", "table", "bridge", "dom0kit").replace('"vif"', ""), False)
    equal((os.listdir("/run/dom0kit/locked"), domains()), ([], {}))
    s.VM.destroy(vm)


if __name__ == "__main__":
    tests(addresses, limits, options=("--net", "bridge"))
