#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is measured of guests, the host and repositories (--hv=sim, whose files
say how much goes on): data sources, and /rrd_updates over the last minutes."""
import json
import os
import urllib.error
from xml.etree.ElementTree import fromstring as xml_of

from daemon import Session, equal, fails, run
from device import NETWORK, vbd, vif
from guest import play
from storage import disk, make_sr
from vm import MIB, Host, make, record, until

GIB = 1 << 30
DISK = {"read", "write", "io_throughput_read", "io_throughput_write", "io_throughput_total", "iops_read", "iops_write",
        "iops_total", "read_latency", "write_latency", "latency", "iowait"}


def flow(host, domid, **rates):
    """What goes through devices of a domain from now on, bytes a second in and out."""
    path = os.path.join(host.dir, "domains", str(domid))
    with open(path) as f:
        kept = [line for line in f.read().splitlines() if not line.startswith("flow ")]
    with open(path + ".new", "w") as f:
        f.write("".join(line + "\n" for line in kept + [f"flow {k.lstrip('_')} {a} {b}" for k, (a, b) in rates.items()]))
    os.rename(path + ".new", path)


def near(got, want):
    """Rates are as good as the clock."""
    if abs(got - want) > 0.01 * abs(want) + 1e-6:
        equal(got, want)


def says(daemon, name, text):
    path = os.path.join(daemon.dir, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as f:
        f.write(text)


def guest(s):
    """A running VM with a disk of a file repository and a NIC."""
    sr = make_sr(s)
    vm = s.VM.create(record("guest"))
    s.VBD.create(vbd(vm, s.VDI.create(disk(sr))))
    s.VIF.create(vif(vm, s.network.create(NETWORK)))
    s.VM.start(vm, False, False)
    return sr, vm


def is_measured(daemon):
    """get_data_sources, query_data_source: of a guest that is up, as it is now"""
    s, host = Session(daemon), Host(daemon)
    vm = s.VM.create(record("a", VCPUs_max="3", VCPUs_at_startup="2"))
    bad = ["VM_BAD_POWER_STATE", vm, "running", "halted"]
    fails(bad, s.VM.get_data_sources, vm)
    fails(bad, s.VM.query_data_source, vm, "memory")
    s.VM.start(vm, False, False)
    domid = s.VM.get_domid(vm)

    def values():
        return {d["name_label"]: round(d["value"], 6) for d in s.VM.get_data_sources(vm)}

    memory = int(s.VM.get_memory_dynamic_max(vm))
    equal(values(), {"cpu0": 0, "cpu1": 0, "cpu_usage": 0, "memory": memory, "memory_target": memory})
    play(host, domid, load=0.25, memory=memory - MIB, guest="data/meminfo_free 4711")
    equal(values(), {"cpu0": 0.25, "cpu1": 0.25, "cpu_usage": 0.25, "memory": memory - MIB, "memory_target": memory,
                     "memory_internal_free": 4711})
    row = next(d for d in s.VM.get_data_sources(vm) if d["name_label"] == "cpu1")
    equal({k: row[k] for k in row if k not in ("value", "name_description")},
          {"name_label": "cpu1", "enabled": True, "standard": True, "units": "(fraction)", "min": 0.0, "max": 1.0})
    equal([round(s.VM.query_data_source(vm, name), 6) for name in ("cpu_usage", "memory", "memory_internal_free")],
          [0.25, memory - MIB, 4711])
    fails(["INVALID_VALUE", "data_source", "cpu2"], s.VM.query_data_source, vm, "cpu2")
    for nonsense in ("data/meminfo_free -1", "data/meminfo_free much"):
        play(host, domid, guest=nonsense)
        equal("memory_internal_free" in values(), False)
    s.VM.pause(vm)
    equal(s.VM.query_data_source(vm, "memory"), memory - MIB)
    host.fault("measure", "fail no luck")
    fails(["INTERNAL_ERROR", None], s.VM.get_data_sources, vm)
    equal(s.VM.get_current_operations(vm), {})
    s.VM.hard_shutdown(vm)
    fails(["HANDLE_INVALID", "VM", "OpaqueRef:x"], s.VM.get_data_sources, "OpaqueRef:x")


def devices(daemon):
    """what disks and NICs of a guest do, and all disks of a repository together"""
    s, host = Session(daemon), Host(daemon)
    sr, vm = guest(s)
    domid = s.VM.get_domid(vm)

    def values(of, ref):
        return {d["name_label"]: d["value"] for d in of.get_data_sources(ref)}

    got = values(s.VM, vm)
    equal({name for name in got if name[0] == "v"},
          {"vif_0_rx", "vif_0_tx", "vif_0_rx_errors", "vif_0_tx_errors"} | {"vbd_xvda_" + name for name in DISK})
    equal({got[name] for name in got if name[0] == "v"}, {0})
    flow(host, domid, xvda=(GIB, 2 * GIB), _0=(3 * GIB, 4 * GIB))
    want = {"vbd_xvda_read": GIB, "vbd_xvda_write": 2 * GIB, "vbd_xvda_io_throughput_total": 3072,
            "vbd_xvda_iops_read": GIB / 4096, "vbd_xvda_iops_total": 3 * GIB / 4096, "vbd_xvda_read_latency": 1000,
            "vbd_xvda_latency": 1000, "vbd_xvda_iowait": 3 * GIB / 4096 / 1000, "vif_0_rx": 3 * GIB, "vif_0_tx": 4 * GIB,
            "vif_0_tx_errors": 0}
    got = values(s.VM, vm)
    for name, value in want.items():
        near(got[name], value)
    near(s.VM.query_data_source(vm, "vbd_xvda_write"), 2 * GIB)
    units = {d["name_label"]: (d["units"], d["standard"]) for d in s.VM.get_data_sources(vm)}
    equal([units[n] for n in ("vif_0_rx", "vif_0_rx_errors", "vbd_xvda_read", "vbd_xvda_read_latency")],
          [("B/s", True), ("err/s", False), ("B/s", True), ("\u03bcs", False)])
    # the repository's: the same, as nobody else has a disk there
    got = values(s.SR, sr)
    equal(set(got), DISK | {"size", "physical_utilisation", "virtual_allocation"})
    near(got["read"], GIB)
    near(got["iops_write"], 2 * GIB / 4096)
    equal(got["virtual_allocation"], 16 * MIB)
    equal(got["size"] >= got["physical_utilisation"] > 0, True)
    near(s.host.query_data_source(s.host.get_all()[0], "write_" + s.SR.get_uuid(sr)[:8]), 2 * GIB)
    fails(["INVALID_VALUE", "data_source", "iops"], s.SR.query_data_source, sr, "iops")
    fails(["INVALID_VALUE", "data_source", "vif_1_rx"], s.VM.query_data_source, vm, "vif_1_rx")
    fails(["HANDLE_INVALID", "SR", "OpaqueRef:x"], s.SR.get_data_sources, "OpaqueRef:x")
    s.VM.hard_shutdown(vm)
    equal(set(values(s.SR, sr)), {"size", "physical_utilisation", "virtual_allocation"})


def machine(daemon):
    """processors and interfaces of the host"""
    s = Session(daemon)
    host = s.host.get_all()[0]
    make(s, "Running")
    says(daemon, "sim/load", "0.25")
    says(daemon, "net/flow/eth0", f"{GIB} {2 * GIB}")
    says(daemon, "net/flow/eth1", f"{GIB} 0")
    sources = {d["name_label"]: d for d in s.host.get_data_sources(host)}
    cards = {f"pif_{card}_{way}{what}" for card in ("eth0", "eth1") for way in ("rx", "tx") for what in ("", "_errors")}
    equal(set(sources) - {f"cpu{n}" for n in range(64)},
          {"loadavg", "memory_free_kib", "memory_total_kib", "cpu_avg", "running_domains", "running_vcpus", "hostload",
           "pif_aggr_rx", "pif_aggr_tx"} | cards)
    for name, value in (("cpu0", 0.25), ("cpu63", 0.25), ("cpu_avg", 0.25), ("pif_eth0_rx", GIB), ("pif_eth0_tx", 2 * GIB),
                        ("pif_eth1_tx", 0), ("pif_aggr_rx", 2 * GIB), ("running_domains", 1), ("running_vcpus", 0)):
        near(sources[name]["value"], value)
        near(s.host.query_data_source(host, name), value)
    fails(["INVALID_VALUE", "data_source", "cpu64"], s.host.query_data_source, host, "cpu64")
    # an interface that has gone is not told, and hides nothing else
    says(daemon, "net/fault/count", "fail gone")
    equal({name for name in cards if name in {d["name_label"] for d in s.host.get_data_sources(host)}}, set())


def is_recorded(daemon):
    """GET /rrd_updates: what guests and host took in the last minutes; XML and JSON"""
    s, host = Session(daemon), Host(daemon)
    vms = [s.VM.create(record(name)) for name in "ab"]
    sr, busy = guest(s)
    flow(host, s.VM.get_domid(busy), xvda=(GIB, 0), _0=(0, GIB))
    for vm in vms:
        s.VM.start(vm, False, False)
        play(host, s.VM.get_domid(vm), load=0.25, guest="data/meminfo_free 4711")
    uuids = [s.VM.get_uuid(vm) for vm in vms]

    def get(accept=None, **params):
        return daemon.get("/rrd_updates", {"accept": accept} if accept else {}, **{"session_id": s.ref, **params})

    def status(**params):
        try:
            get(**params)
        except urllib.error.HTTPError as e:
            return e.code
        return 200

    equal([status(), status(start="soon"), status(start=-60, session_id="OpaqueRef:x")], [400, 400, 401])
    text, kind = get(start=-60, json="true")
    equal((kind, json.loads(text)["meta"]["step"]), ("application/json", "5"))

    def rows(**params):
        return json.loads(get(start=-600, json="true", **params)[0])

    until(lambda: len(rows()["data"]) >= 3)
    got = rows(host="true")
    legend, newest = got["meta"]["legend"], got["data"][0]
    equal({word.split(":")[0] for word in legend}, {"AVERAGE"})
    values = dict(zip(legend, newest["values"]))
    for uuid, vm in zip(uuids, vms):
        told = {name: float(values[f"AVERAGE:vm:{uuid}:{name}"]) for name in ("cpu0", "cpu_usage", "memory", "memory_internal_free")}
        equal({k: round(v, 6) for k, v in told.items()},
              {"cpu0": 0.25, "cpu_usage": 0.25, "memory": int(s.VM.get_memory_dynamic_max(vm)), "memory_internal_free": 4711})
    equal(float(values["AVERAGE:host:" + s.host.get_uuid(s.host.get_all()[0]) + ":memory_total_kib"]) > 0, True)
    busy = "AVERAGE:vm:" + s.VM.get_uuid(busy)
    equal([name for name in legend if name.startswith("AVERAGE:sr:")], [])
    equal({name[len(busy) + 1:] for name in legend if name.startswith(busy + ":v")},
          {"vbd_xvda_read", "vbd_xvda_write", "vif_0_rx", "vif_0_tx"})  # those that are standard
    near(float(values[busy + ":vbd_xvda_read"]), GIB)
    near(float(values[busy + ":vif_0_tx"]), GIB)
    uuid = s.SR.get_uuid(sr)
    equal({name.split(":")[3] for name in rows(sr_uuid=uuid)["meta"]["legend"] if ":sr:" + uuid in name},
          {"size", "physical_utilisation", "virtual_allocation", "read", "write"})
    times = [int(row["t"]) for row in got["data"]]
    equal((times, int(got["meta"]["end"]), int(got["meta"]["start"])),
          ([times[0] - 5 * i for i in range(len(times))], times[0], times[-1]))
    equal((times[0] % 5, got["meta"]["step"], got["meta"]["rows"]), (0, "5", str(len(times))))
    equal(got["data"][-1]["values"][legend.index(f"AVERAGE:vm:{uuids[0]}:cpu0")], "NaN")  # that takes two looks
    # what is asked for
    equal([word.split(":")[2] for word in rows(vm_uuid=uuids[1])["meta"]["legend"]], [uuids[1]] * 5)
    equal(len(rows(vm_uuid=uuids)["meta"]["legend"]), 10)
    equal(rows(cf="MAX")["meta"]["columns"], "0")
    equal([rows(interval=n)["meta"]["step"] for n in (5, 6, 3600, 10 ** 9)], ["5", "60", "3600", "86400"])
    equal(json.loads(get("application/json", start=0)[0])["meta"]["step"], "86400")  # only days go back that far
    equal(len(json.loads(get(start=times[0] - 5, json="true")[0])["data"]) >= 1, True)
    text, kind = get("text/xml", start=-600, vm_uuid=uuids[0])
    xml = xml_of(text)
    equal((kind, xml.tag, xml.findtext("meta/step"), len(xml.findall("meta/legend/entry"))), ("text/xml", "xport", "5", 5))
    equal([len(row.findall("v")) for row in xml.findall("data/row")], [5] * int(xml.findtext("meta/rows")))
    # a guest that has ended is there as long as its rows are
    s.VM.hard_shutdown(vms[0])
    until(lambda: rows(vm_uuid=uuids[0])["data"][0]["values"] == ["NaN"] * 5)


if __name__ == "__main__":
    run([is_measured, devices, machine, is_recorded], "--hv=sim")
