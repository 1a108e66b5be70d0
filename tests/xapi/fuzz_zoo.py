# SPDX-License-Identifier: LGPL-2.1-or-later
"""A daemon with some of everything that can be made on a simulated host."""
import os

from daemon import Class, Session
from device import NETWORK, vbd
from snapshot import built
from storage import MIB, disk, make_sr
from suspend import set_default
from vm import record

PLUGIN = """#!/usr/bin/env python3
import sys, xmlrpc.client
(fn, session, args), _ = xmlrpc.client.loads(sys.argv[1])
answer = {"Status": "Failure", "ErrorDescription": ["VM_BAD_POWER_STATE", "a", "b", "c"]} if fn == "refuse" else {"Status": "Success", "Value": fn}
print(xmlrpc.client.dumps((answer,), methodresponse=True))
"""


def make_plugin(folder):
    os.mkdir(folder)
    with open(os.path.join(folder, "tool"), "w") as f:
        f.write(PLUGIN)
    os.chmod(os.path.join(folder, "tool"), 0o755)


def machines(s, sr):
    halted = built(s, sr, "halted")
    running = built(s, sr, "running", 1)
    s.VM.start(running, False, False)
    s.VM.start(built(s, sr, "paused", 1, HVM_boot_policy="BIOS order"), True, False)
    asleep = built(s, sr, "asleep", 1)
    s.VM.start(asleep, False, False)
    s.VM.suspend(asleep)
    s.VM.snapshot(halted, "snapshot", [])
    s.VM.checkpoint(running, "checkpoint")
    s.VM.clone(halted, "clone")
    s.VM.set_is_a_template(built(s, sr, "template", 1), True)
    appliance = s.VM_appliance.create({"name_label": "appliance", "name_description": ""})
    for n in range(2):
        s.VM.create(record(f"part{n}", appliance=appliance))
    return halted


def networks(s, host):
    one = next(ref for ref, got in s.PIF.get_all_records().items() if got["device"] == "eth1")
    s.VLAN.create(one, "5", s.network.create(dict(NETWORK, name_label="vlan")))
    s.network.create(dict(NETWORK, name_label="bonded"))
    two = [ref for ref, got in s.PIF.get_all_records().items() if got["device"] in ("eth2", "eth3")]
    s.Bond.create(s.network.get_by_name_label("bonded")[0], two, "", "balance-slb", {})
    s.PIF.plug(one)
    s.network.create_new_blob(s.network.get_all()[0], "blob", "text/plain", True)
    s.host.create_new_blob(host, "blob", "", False)


def fill(daemon):
    s = Session(daemon)
    host, pool = s.host.get_all()[0], s.pool.get_all()[0]
    sr = make_sr(s)
    set_default(s, sr)
    make_sr(s, "iso", "iso")
    make_sr(s, "dummy", "dummy")
    halted = machines(s, sr)
    s.VDI.snapshot(s.VDI.create(disk(sr, "alone", 2 * MIB)), {})
    s.VBD.create(vbd(halted, userdevice="8"))
    networks(s, host)
    bob = s.subject.create({"subject_identifier": "bob", "other_config": {}})
    s.subject.add_to_roles(bob, s.role.get_by_name_label("vm-admin")[0])
    s.secret.create({"value": "hidden", "other_config": {}})
    Class(s, "user").create({"short_name": "bob", "fullname": "Bob", "other_config": {}})
    s.task.create("task", "of a client")
    for kind, uuid in ("Pool", s.pool.get_uuid(pool)), ("VM", s.VM.get_uuid(halted)):
        s.message.create("NEWS", "5", kind, uuid, "body")
