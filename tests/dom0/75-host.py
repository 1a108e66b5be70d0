#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What xapid asks the machine and Xen itself: Xen's log and keys, its free
memory, and the bridges of this Dom0: one of its own, and networks of guests
alone that come and go with them."""
import json
import math
import os

from xapid import Session, domains, equal, fails, record, run, tests, until


def link(name):
    found = [l for l in json.loads(run("ip", "-j", "-d", "link")) if l["ifname"] == name]
    return found[0] if found else None


def asks(daemon):
    """dmesg, send_debug_keys, compute_free_memory: as xl has them"""
    s = Session(daemon)
    host = s.host.get_all()[0]
    # Xen may have more to say between the two.
    until(lambda: s.host.dmesg(host).splitlines()[-5:] == run("xl", "dmesg").splitlines()[-5:], 5)
    s.host.send_debug_keys(host, "h")
    until(lambda: "'h' pressed -> showing installed handlers" in s.host.dmesg(host))
    info = dict(line.split(":", 1) for line in run("xl", "info").splitlines() if ":" in line)
    free = int(next(v for k, v in info.items() if k.strip() == "free_memory"))
    equal(abs(int(s.host.compute_free_memory(host)) // (1 << 20) - free) <= 8, True)
    fails(["HOST_NOT_DISABLED"], s.host.reboot, host)


def bridges(daemon):
    """a guest's bridge is made for it, and goes with it; Dom0's own stays as it is"""
    s = Session(daemon)
    # A bridge that was told no address has that of a port, if it has one.
    run("ip", "link", "set", "xenbr0", "address", link("xenbr0")["address"].replace("00:00:00:00:00:00", "02:00:00:00:00:01"))
    before = link("xenbr0")
    inner = s.network.create({"name_label": "inner", "name_description": "", "MTU": "1400", "other_config": {}, "tags": []})
    own = s.network.create({"name_label": "own", "name_description": "", "MTU": "1500", "other_config": {}, "tags": [],
                            "bridge": "xenbr0", "managed": False})
    name = s.network.get_bridge(inner)
    vm = s.VM.create(record("a"))
    vifs = [s.VIF.create({"device": str(i), "network": n, "VM": vm, "MAC": "", "MTU": "1400", "other_config": {},
                          "qos_algorithm_type": "", "qos_algorithm_params": {}}) for i, n in enumerate((inner, own))]
    equal(link(name), None)
    s.VM.start(vm, False, False)
    domid = s.VM.get_domid(vm)
    equal([link(name)[k] for k in ("mtu", "ifalias")], [1400, "dom0kit"])
    equal([link(f"vif{domid}.{i}")["master"] for i in range(2)], [name, "xenbr0"])
    equal([s.VIF.get_currently_attached(v) for v in vifs], [True, True])
    s.VM.hard_shutdown(vm)
    until(lambda: not link(name))
    equal(domains(), {})
    for n in (inner, own):
        s.network.destroy(n)
    after = link("xenbr0")
    equal([after[k] for k in ("mtu", "address", "ifindex")], [before[k] for k in ("mtu", "address", "ifindex")])
    s.VM.destroy(vm)


def measures(daemon):
    """GET /rrd_updates: what Dom0 and a guest took, looked at by a worker each five seconds"""
    s = Session(daemon)
    dom0 = s.host.get_control_domain(s.host.get_all()[0])
    vm = s.VM.create(record("a"))
    s.VM.start(vm, False, False)
    asked = {"session_id": s.ref, "start": -600, "json": "true"}
    cpus = [f"AVERAGE:vm:{s.VM.get_uuid(v)}:cpu0" for v in (dom0, vm)]
    newest = {}

    def is_measured():
        """A rate is of two looks."""
        got = json.loads(daemon.get("/rrd_updates", **asked)[0])
        if got["data"]:
            newest.update(zip(got["meta"]["legend"], map(float, got["data"][0]["values"])))
        return len(got["data"]) >= 3 and all(newest.get(cpu, math.nan) >= 0 for cpu in cpus)

    until(is_measured)
    shares = [newest[cpu] for cpu in cpus]
    equal([0 <= share <= 1 for share in shares], [True, True])
    equal(shares[0] > 0, True)  # it has worked for this
    equal(newest[f"AVERAGE:vm:{s.VM.get_uuid(vm)}:memory_target"], float(s.VM.get_memory_target(vm)))
    memory = newest[f"AVERAGE:vm:{s.VM.get_uuid(vm)}:memory"]
    equal(abs(memory - float(s.VM.get_memory_target(vm))) < 4 << 20, True)
    s.VM.hard_shutdown(vm)
    s.VM.destroy(vm)


if __name__ == "__main__":
    os.environ.setdefault("LC_ALL", "C")
    tests(asks, bridges, measures)
