#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is measured of guests and of the host on Xen: data sources of disks,
NICs and processors, and that what they add up to is what was done."""
import json
import os
import socket
import tempfile
import threading
from xml.etree.ElementTree import fromstring

from xapid import MIB, Console, Session, equal, linux, run, tests, until
from device import NETWORK, vbd, vif
from storage import disk, make_sr

CARD = "probe0"
# Reads, writes and sends until there is a file "stop".
BUSY = ("{ (while [ ! -e /stop ]; do dd if=/dev/zero of=/dev/xvda bs=64k count=16 conv=fsync,notrunc;"
        " echo 3 >/proc/sys/vm/drop_caches; dd if=/dev/xvda of=/dev/null bs=64k count=16; ping -c 1 -s 1000 192.168.128.1;"
        " done >/dev/null 2>&1; touch /stopped) >/dev/null 2>&1 & }")


def guest(s, name):
    """A PV guest with a disk (by qemu) and a NIC, its repository, its shell."""
    sr = make_sr(s, location=tempfile.mkdtemp())
    lan = s.network.create(dict(NETWORK, bridge="xenbr0", MTU="1500"))
    vm = s.VM.create(linux(name, "pv", "192.168.128.31"))
    s.VBD.create(vbd(vm, s.VDI.create(disk(sr)), userdevice="0"))
    s.VIF.create(vif(vm, lan))
    s.VM.start(vm, False, False)
    return sr, vm, Console(s.daemon, "ref=" + vm)


def send(enough):
    """Packets by the card, to nobody."""
    to = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    while not enough.wait(0.05):
        to.sendto(b"x" * 1000, ("192.0.2.2", 9))


def busy(daemon):
    """a guest that reads, writes and sends; the host's processors and interfaces"""
    s = Session(daemon)
    host = s.host.get_all()[0]
    sr, vm, line = guest(s, "busy")
    line.ask(BUSY)
    most = {}

    def look(of, ref, *names):
        """Each has been more than nothing by now."""
        for d in of.get_data_sources(ref):
            equal(0 <= d["value"] <= d["max"], True)
            most[d["name_label"]] = max(d["value"], most.get(d["name_label"], 0))
        return all(most[name] for name in names)

    until(lambda: look(s.VM, vm, "cpu0", "cpu_usage", "memory", "vif_0_rx", "vif_0_tx", *(
        "vbd_xvda_" + name for name in ("read", "write", "iops_read", "iops_write", "io_throughput_total", "read_latency",
                                        "write_latency", "latency", "iowait"))))
    until(lambda: look(s.SR, sr, "size", "physical_utilisation", "read", "write", "iops_total"))
    run("ip", "address", "add", "192.0.2.1/24", "dev", CARD)
    run("ip", "link", "set", CARD, "up")
    run("ip", "neighbour", "add", "192.0.2.2", "lladdr", "02:00:00:00:00:02", "dev", CARD)

    def sends():
        return look(s.host, host, "cpu0", "cpu_avg", "running_domains", f"pif_{CARD}_tx", "pif_aggr_tx",
                    "read_" + s.SR.get_uuid(sr)[:8])

    enough = threading.Event()
    sender = threading.Thread(target=send, args=(enough,), daemon=True)
    sender.start()
    until(sends)
    enough.set()
    sender.join()
    equal(most["running_domains"], 2)
    line.ask("touch /stop")
    until(lambda: line.ask("ls /stopped 2>/dev/null || true"))
    sums(daemon, s, vm, line)
    stays(daemon, vm)
    Session(daemon).VM.hard_shutdown(vm)


def sums(daemon, s, vm, line):
    """What a guest writes is what the rows of /rrd_updates add up to."""
    uuid = s.VM.get_uuid(vm)

    def written():
        got = json.loads(daemon.get("/rrd_updates", session_id=s.ref, start=-300, json="true", vm_uuid=uuid)[0])
        column = [i for i, name in enumerate(got["meta"]["legend"]) if name.endswith(":vbd_xvda_write")]
        return [v for row in got["data"] for i in column for v in [float(row["values"][i])] if v == v]

    until(lambda: len(written()) > 1)
    before = 5 * sum(written())
    line.ask("dd if=/dev/zero of=/dev/xvda bs=64k count=128 conv=fsync,notrunc 2>/dev/null")
    until(lambda: 5 * sum(written()) - before > 2 * MIB)  # of 8, as a look may come late
    rows = len(written())
    until(lambda: len(written()) > rows + 1)
    equal(5 * sum(written()) - before < 24 * MIB, True)


def stays(daemon, vm):
    """What is recorded, by itself, is there after a restart of the daemon, and goes on."""
    uuid = Session(daemon).VM.get_uuid(vm)

    def values():
        tree = fromstring(daemon.get("/vm_rrd", session_id=Session(daemon).ref, uuid=uuid)[0])
        at = [d.findtext("name") for d in tree.findall("ds")].index("memory")
        rows = tree.findall("rra")[0].findall("database/row")
        return [v for v in (float(row.findall("v")[at].text) for row in rows) if v == v]

    until(lambda: len(values()) > 1)
    before = len(values())
    daemon.process.terminate()
    daemon.process.wait()
    daemon.start()
    equal(len(values()) >= before, True)
    equal("memory" in [d["name_label"] for d in Session(daemon).VM.get_data_sources(vm) if d["enabled"]], True)
    until(lambda: len(values()) > before + 1)
    equal(100 * MIB < values()[-1] <= 128 * MIB, True)


if __name__ == "__main__":
    run("ip", "link", "add", CARD, "type", "dummy")
    os.chdir("/")
    tests(busy, options=("--nics", CARD))
