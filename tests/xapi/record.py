#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is recorded of guests, the host and repositories (--hv=sim): what is and
what is not, over restarts of the daemon, and its archives as rrdtool reads them."""
import json
import os
import subprocess
import tempfile
import time
import urllib.error
from xml.etree.ElementTree import fromstring as xml_of

from daemon import Session, equal, fails, run
from measure import GIB, flow, guest, near
from vm import Host, record
from xe import Xe


def enabled(of, ref):
    """Those that were chosen: all that are standard are."""
    sources = of.get_data_sources(ref)
    equal({d["enabled"] for d in sources if d["standard"]}, {True})
    return {d["name_label"] for d in sources if d["enabled"] and not d["standard"]}


def recorded(s, path, **params):
    return {d.findtext("name"): d for d in xml_of(get(s, path, **params)).findall("ds")}


def files(daemon):
    found = [os.path.join(folder, name) for folder, _, names in os.walk(os.path.join(daemon.dir, "rrd")) for name in names]
    return sorted(os.path.relpath(path, os.path.join(daemon.dir, "rrd")) for path in found)


def get(s, path, **params):
    return s.daemon.get(path, session_id=s.ref, **params)[0]


def until(what, seconds=60):
    """There is a row each five seconds, so there is no hurry."""
    end = time.time() + seconds
    while not what():
        equal(time.time() < end, True)
        time.sleep(0.5)


class Nobody:
    ref = "OpaqueRef:x"

    def __init__(self, daemon):
        self.daemon = daemon


def status(s, path, **params):
    try:
        get(s, path, **params)
    except urllib.error.HTTPError as e:
        return e.code
    return 200


def rows(s, **params):
    """Newest first: (time, {column without its owner: value})."""
    got = json.loads(get(s, "/rrd_updates", **dict({"start": -600, "json": "true"}, **params)))
    names = [name.split(":")[0] + ":" + name.split(":")[3] for name in got["meta"]["legend"]]
    return [(int(row["t"]), dict(zip(names, map(float, row["values"])))) for row in got["data"]]


def is_said(daemon):
    """record_data_source and forget_data_source_archives: of VM, host and SR; what cannot be"""
    s = Session(daemon)
    sr, vm = guest(s)
    host = s.host.get_all()[0]
    pif = next(d["name_label"] for d in s.host.get_data_sources(host) if d["name_label"].endswith("rx_errors"))
    for of, ref, source in (s.VM, vm, "vbd_xvda_iops_read"), (s.host, host, pif), (s.SR, sr, "iops_read"):
        equal(enabled(of, ref), set())
        fails(["INVALID_VALUE", "data_source", "x"], of.record_data_source, ref, "x")
        fails(["INVALID_VALUE", "data_source", "../x"], of.record_data_source, ref, "../x")
        fails(["INVALID_VALUE", "data_source", source], of.forget_data_source_archives, ref, source)
        of.record_data_source(ref, source)
        of.record_data_source(ref, source)
        equal(enabled(of, ref), {source})
        fails(["HANDLE_INVALID", None, "OpaqueRef:x"], of.record_data_source, "OpaqueRef:x", source)
        fails(["HANDLE_INVALID", None, "OpaqueRef:x"], of.forget_data_source_archives, "OpaqueRef:x", source)
    vm_uuid, host_uuid, sr_uuid = s.VM.get_uuid(vm), s.host.get_uuid(host), s.SR.get_uuid(sr)
    equal(files(daemon), sorted([f"vm-{vm_uuid}/vbd_xvda_iops_read", f"host-{host_uuid}/{pif}", f"sr-{sr_uuid}/iops_read"]))
    equal([status(s, "/vm_rrd", **params) for params in ({}, {"uuid": "x"}, {"uuid": sr_uuid}, {"uuid": vm_uuid})], [400, 404, 404, 200])
    equal(status(Nobody(daemon), "/vm_rrd", uuid=vm_uuid), 401)
    s.VM.hard_shutdown(vm)
    fails(["VM_BAD_POWER_STATE", vm, "running", "halted"], s.VM.record_data_source, vm, "memory")
    s.VM.forget_data_source_archives(vm, "vbd_xvda_iops_read")
    s.host.forget_data_source_archives(host, pif)
    equal(files(daemon), [f"sr-{sr_uuid}/iops_read"])
    # by xe
    xe = Xe(daemon)
    equal(xe.out("host-data-source-record", "data-source=" + pif), "")
    equal(enabled(s.host, host), {pif})
    equal("enabled: true" in xe.out("host-data-source-list").split(pif)[1].split("\n\n")[0], True)
    xe.out("host-data-source-forget", "data-source=" + pif)
    xe.out("sr-data-source-forget", "uuid=" + sr_uuid, "data-source=iops_read")
    near(float(xe.out("sr-data-source-query", "uuid=" + sr_uuid, "data-source=size")), s.SR.query_data_source(sr, "size"))
    xe.out("vm-start", "uuid=" + vm_uuid)
    xe.out("sr-data-source-record", "uuid=" + sr_uuid, "data-source=iops_write")
    equal(enabled(s.SR, sr), {"iops_write"})
    xe.out("vm-data-source-record", "uuid=" + vm_uuid, "data-source=vbd_xvda_latency")
    equal(enabled(s.VM, vm), {"vbd_xvda_latency"})
    xe.out("vm-data-source-forget", "uuid=" + vm_uuid, "data-source=vbd_xvda_latency")
    equal(files(daemon), [f"sr-{sr_uuid}/iops_write"])
    field = "vm-param-get", "uuid=" + vm_uuid, "param-name=VCPUs-utilisation"
    equal(xe.out(*field).split(": ")[0], "0")
    equal(float(xe.out(*field, "param-key=0")) < 1.5, True)
    equal(xe(*field, "param-key=99"), (1, "", "Error: Key 99 not found in map\n"))
    equal(xe.out("vm-data-source-query", "uuid=" + vm_uuid, "data-source=memory_target").endswith(".000000\n"), True)
    equal("<expensive field>" in xe.out("vm-list", "uuid=" + vm_uuid, "params=VCPUs-utilisation"), True)
    xe.out("vm-shutdown", "uuid=" + vm_uuid, "--force")
    equal(xe.out(*field), "\n")


def survives(daemon):
    """by itself what is standard, and what was chosen: restarts and a kill -9 of the daemon; a VM that is destroyed is forgotten"""
    s, host = Session(daemon), Host(daemon)
    _, vm = guest(s)
    uuid = s.VM.get_uuid(vm)
    flow(host, s.VM.get_domid(vm), xvda=(GIB, 0), _0=(0, 0))
    s.VM.record_data_source(vm, "vbd_xvda_iops_read")
    other = s.VM.create(record("other"))
    s.VM.start(other, False, False)
    s.VM.record_data_source(other, "memory")
    other_file = f"vm-{s.VM.get_uuid(other)}/memory"
    kept = "AVERAGE:vbd_xvda_iops_read", "AVERAGE:memory"
    until(lambda: len([r for _, r in rows(s, vm_uuid=uuid) if r.get(kept[0], 0) > 0]) > 1, 60)
    before = {t: r for t, r in rows(s, vm_uuid=uuid)}
    s.VM.hard_shutdown(other)
    s.VM.destroy(other)
    equal(other_file in files(daemon), True)  # it goes when all is saved
    daemon.process.terminate()
    daemon.process.wait()
    daemon.start()
    s = Session(daemon)
    equal(enabled(s.VM, vm), {"vbd_xvda_iops_read"})
    equal((other_file in files(daemon), f"vm-{uuid}/memory" in files(daemon)), (False, True))
    after = {t: r for t, r in rows(s, vm_uuid=uuid)}
    for t in before:
        for name in kept:
            equal(repr(after[t][name]), repr(before[t][name]))
    newest = max(before)
    until(lambda: any(t > newest and r[kept[0]] > 0 for t, r in rows(s, vm_uuid=uuid)), 60)
    s.VM.record_data_source(vm, "vbd_xvda_latency")
    s.VM.forget_data_source_archives(vm, "memory")  # it begins anew
    daemon.kill()
    daemon.start()
    s = Session(daemon)
    equal(enabled(s.VM, vm), {"vbd_xvda_iops_read", "vbd_xvda_latency"})
    equal(all(t > newest for t, r in rows(s, vm_uuid=uuid) if r.get("AVERAGE:memory", 0) > 0), True)
    # what is spoiled is recorded anew
    daemon.kill()
    with open(os.path.join(daemon.dir, "rrd", f"vm-{uuid}", "vbd_xvda_iops_read"), "r+b") as f:
        f.seek(100)
        f.write(b"x" * 30000)
    daemon.start()
    s = Session(daemon)
    equal(enabled(s.VM, vm), {"vbd_xvda_iops_read", "vbd_xvda_latency"})
    until(lambda: any(r.get(kept[0], 0) > 0 for _, r in rows(s, vm_uuid=uuid)), 60)


def archives(daemon):
    """rows of a minute with their least and most; all archives as rrdtool and as JSON reads them"""
    s, host = Session(daemon), Host(daemon)
    sr, vm = guest(s)
    uuid = s.VM.get_uuid(vm)
    s.VM.set_memory_dynamic_range(vm, *[s.VM.get_memory_static_max(vm)] * 2)
    s.VM.record_data_source(vm, "vbd_xvda_latency")
    flow(host, s.VM.get_domid(vm), _0=(0, GIB), xvda=(GIB, GIB))
    minutes = {"vm_uuid": uuid, "interval": 60, "start": -7000}

    def known():
        return [r for _, r in rows(s, **minutes) if r.get("MAX:vif_0_tx", 0) > 2 * GIB]

    until(lambda: len(rows(s, vm_uuid=uuid)) > 3, 60)
    flow(host, s.VM.get_domid(vm), _0=(0, 3 * GIB), xvda=(GIB, GIB))
    until(known, 240)
    row = known()[0]
    memory = int(s.VM.get_memory_target(vm))
    equal([row[fn + ":memory_target"] for fn in ("AVERAGE", "MIN", "MAX")], [memory] * 3)
    near(row["AVERAGE:vbd_xvda_latency"], 1000)
    equal(row["MIN:vif_0_tx"] <= row["AVERAGE:vif_0_tx"] <= row["MAX:vif_0_tx"], True)
    near(row["MAX:vif_0_tx"], 3 * GIB)
    # the dump
    xml = get(s, "/vm_rrd", uuid=uuid)
    tree = xml_of(xml)
    names = [d.findtext("name") for d in tree.findall("ds")]
    memory_at = names.index("memory_target")
    equal(set(names), {"cpu0", "cpu_usage", "memory", "memory_target", "vif_0_rx", "vif_0_tx", "vbd_xvda_read", "vbd_xvda_write", "vbd_xvda_latency"})
    equal([tree.findall("ds")[names.index(name)].findtext("type") for name in ("memory_target", "vif_0_tx", "vbd_xvda_latency")],
          ["GAUGE", "DERIVE", "DERIVE"])
    parts = [(a.findtext("cf"), int(a.findtext("pdp_per_row")), len(a.findall("database/row"))) for a in tree.findall("rra")]
    equal(parts, [("AVERAGE", 1, 120)] + [(cf, n, rows_) for n, rows_ in ((12, 120), (720, 168), (17280, 366))
                                          for cf in ("AVERAGE", "MIN", "MAX")])
    data = json.loads(get(s, "/vm_rrds", uuid=uuid, json="true"))
    equal((data["step"], [d["name"] for d in data["ds"]], [len(a["database"]) for a in data["rra"]]),
          ("5", [d.findtext("name") for d in tree.findall("ds")], [n for _, _, n in parts]))
    equal(data["rra"][2]["params"], {"xff": "0.5"})
    equal(float(data["rra"][1]["database"][-1][memory_at]), memory)
    with tempfile.TemporaryDirectory() as work:
        path = os.path.join(work, "rrd")
        with open(path + ".xml", "wb") as f:
            f.write(xml)
        subprocess.run(["rrdtool", "restore", path + ".xml", path], check=True)
        last = int(tree.findtext("lastupdate"))
        equal(subprocess.run(["rrdtool", "last", path], capture_output=True, text=True, check=True).stdout.strip(), str(last))
        minute = last // 60 * 60
        got = subprocess.run(["rrdtool", "fetch", path, "MAX", "-r", "60", "-s", str(minute - 120), "-e", str(minute)],
                             capture_output=True, text=True, check=True).stdout
        fetched = {int(t): float(v.split()[memory_at]) for t, v in (line.split(":") for line in got.splitlines() if ": " in line)}
        ours = {t: r["MAX:memory_target"] for t, r in rows(s, **minutes)}
        equal(sorted(t for t in fetched if fetched[t] == memory), sorted(t for t in ours if ours[t] == memory and t in fetched))
        equal(memory in fetched.values(), True)
    # others
    equal(status(s, "/sr_rrd", uuid=s.host.get_uuid(s.host.get_all()[0])), 404)
    equal(set(recorded(s, "/sr_rrd", uuid=s.SR.get_uuid(sr))), {"size", "physical_utilisation", "virtual_allocation", "read", "write"})
    for path in "/host_rrd", "/host_rrds":
        equal("running_domains" in recorded(s, path), True)


if __name__ == "__main__":
    run([is_said, survives, archives], "--hv=sim")
