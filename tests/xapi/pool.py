#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""pool.join and join_force, of one daemon to another one: the way there, who one
is there, each thing that keeps a host from joining; and that nothing has changed
when all is well, as joining itself is not there yet."""
import os
import re
import shutil
import socket
import time

from daemon import Daemon, Session, equal, fails, run
from storage import make_sr
from vm import record

HTTPS = ("--hv=sim", "--https=127.0.0.1:0")
NETWORK = {"name_label": "n", "name_description": "", "MTU": "1500", "other_config": {}, "tags": []}


class Other:
    """Another daemon, and the address of its door."""

    def __enter__(self):
        self.daemon = Daemon(*HTTPS)
        self.port = int(re.findall(r"HTTPS on port ([0-9]+)", self.daemon.said())[-1])
        self.address = f"127.0.0.1:{self.port}"
        return self

    def __exit__(self, *failure):
        if failure[0]:
            self.daemon.kill()
            shutil.rmtree(self.daemon.dir, ignore_errors=True)
        else:
            self.daemon.stop()


def managed(s):
    """This host has an interface that it is managed through."""
    host = s.host.get_all()[0]
    pifs = [r for r, got in s.PIF.get_all_records().items() if got["management"]]
    equal(len(pifs), 1)
    return host, pifs[0]


def connects(daemon):
    """who is not there, is no XenAPI, does not let one in, or is oneself"""
    s = Session(daemon)
    before = s.pool.get_all_records()
    own = int(re.findall(r"HTTPS on port ([0-9]+)", daemon.said())[-1])
    for call in (s.pool.join, s.pool.join_force):
        for bad in ("", "a b", "http://x", "x" * 301, "a/b"):
            fails(["INVALID_VALUE", "master_address", bad], call, bad, "root", "secret")
        fails(["JOINING_HOST_CONNECTION_FAILED"], call, "127.0.0.1:1", "root", "secret")
        fails(["JOINING_HOST_CONNECTION_FAILED"], call, "nobody.invalid", "root", "secret")
        fails(["JOINING_HOST_CONNECTION_FAILED"], call, f"127.0.0.1:{daemon.port}", "root", "secret")
        with Other() as other:
            fails(["SESSION_AUTHENTICATION_FAILED", "root", None], call, other.address, "root", "wrong")
            equal("wrong" in daemon.said() + other.daemon.said(), False)
        fails(["OPERATION_NOT_ALLOWED", "Host cannot become slave of itself"], call, f"127.0.0.1:{own}", "root", "secret")
    equal(s.pool.get_all_records(), before)
    # one that never says anything; the call is cancelled
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        task = s.Async.pool.join("127.0.0.1:%d" % silent.getsockname()[1], "root", "secret")
        connection = silent.accept()[0]
        s.task.cancel(task)
        while s.task.get_status(task) in ("pending", "cancelling"):
            time.sleep(0.05)
        equal(s.task.get_error_info(task), ["TASK_CANCELLED", task])
        connection.close()


def keeps(daemon):
    """what keeps a host from joining, and what join_force overlooks"""
    s = Session(daemon)
    with Other() as other:
        o = Session(other.daemon)
        there, before = o.host.get_all()[0], (o.pool.get_all_records(), o.host.get_all())

        def joins(want, *calls):
            for call in calls or (s.pool.join, s.pool.join_force):
                fails(want, call, other.address, "root", "secret")

        joins(["NOT_IMPLEMENTED", "pool.join"], s.pool.join)
        joins(["NOT_IMPLEMENTED", "pool.join_force"], s.pool.join_force)
        # what runs
        vm = s.VM.create(record("vm"))
        s.VM.start(vm, False, False)
        joins(["JOINING_HOST_CANNOT_HAVE_RUNNING_VMS"])
        s.VM.hard_shutdown(vm)
        # networks
        host, pif = managed(s)
        net = s.network.create(NETWORK)
        vlan = s.VLAN.create(pif, "7", net)
        joins(["POOL_JOINING_HOST_HAS_NON_MANAGEMENT_VLANS"])
        s.VLAN.destroy(vlan)
        # storage
        sr = make_sr(s)
        joins(["NOT_IMPLEMENTED", "pool.join"], s.pool.join)
        s.SR.set_shared(sr, True)
        joins(["JOINING_HOST_CANNOT_CONTAIN_SHARED_SRS"])
        s.SR.set_shared(sr, False)
        # versions and processors
        equal(s.host.get_software_version(host), o.host.get_software_version(there))
        joins(["NOT_IMPLEMENTED", "pool.join"], s.pool.join)
        equal((s.pool.get_master(s.pool.get_all()[0]), s.host.get_all()), (host, [host]))
        equal((o.pool.get_all_records(), o.host.get_all()), before)


def may(daemon):
    """it is for pool-operators; what is said to it is in no log"""
    s = Session(daemon)
    bob = s.subject.create({"subject_identifier": "bob", "other_config": {}})
    roles = {got["name_label"]: ref for ref, got in s.role.get_all_records().items()}
    for role in s.subject.get_roles(bob):
        s.subject.remove_from_roles(bob, role)
    s.subject.add_to_roles(bob, roles["vm-power-admin"])
    b = Session(daemon, "bob")
    for call in ("join", "join_force"):
        fails(["RBAC_PERMISSION_DENIED", "pool." + call, None], getattr(b.pool, call), "127.0.0.1:1", "root", "hush-hush")
        fails(["JOINING_HOST_CONNECTION_FAILED"], getattr(s.pool, call), "127.0.0.1:1", "root", "hush-hush")
    with open(os.path.join(daemon.dir, "audit.log")) as f:
        equal("hush-hush" in f.read() + daemon.said(), False)


if __name__ == "__main__":
    run([connects, keeps, may], *HTTPS)
