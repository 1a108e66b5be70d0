#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""xe's commands that are no generated ones, on a host of files (--hv=sim): each
at least once, what they print and how they end; those that wait, that ask their
user, that send files; clients that go away. Connections and the generated
commands are xe.py's."""
import glob
import json
import os
import pty
import signal
import socket
import struct
import subprocess
import time

from daemon import ROOT, Session, equal, run
from vm import Host, record, until, workers
from xe import BANNER, XE, Xe

HELP = "For usage run: 'xe help'\n"


def vm_of(xe, name, *words):
    return xe.out("vm-create", "name-label=" + name, *words).strip()


def state(xe, uuid):
    return xe.out("vm-param-get", "uuid=" + uuid, "param-name=power-state").strip()


def one_field(xe, cls, uuid, field):
    return xe.out(cls + "-param-get", "uuid=" + uuid, "param-name=" + field)[:-1]


def usage(xe, name):
    """Required and optional parameters, as help says."""
    lines = dict(line.split(":", 1) for line in xe.out("help", name).splitlines() if ":" in line)
    return [[word for word in text.strip().split(", ") if word] for key, text in lines.items() if "params" in key]


def every(daemon):
    """each command wants its parameters, and is refused to who may not"""
    xe, s = Xe(daemon), Session(daemon)
    bob = s.subject.create({"subject_identifier": "bob", "other_config": {}})
    for r in s.subject.get_roles(bob):
        s.subject.remove_from_roles(bob, r)
    s.subject.add_to_roles(bob, s.role.get_by_name_label("read-only")[0])
    vm_of(xe, "v")
    uuids = {name: xe.out(name + "-list", "--minimal").strip() for name in ("host", "pool", "vm")}
    as_bob = ["-s", "127.0.0.1", "-p", str(daemon.port), "--nossl", "-u", "bob", "-pw", "b0b"]
    names = [n for n in xe.out("help", "--minimal", "--all").strip().split(",")]
    ended = {}
    for name in names:
        required, optional = usage(xe, name)
        if required:
            status, out, err = xe(name)
            equal((status, out, err.split(": ")[0], err.endswith(HELP)), (1, "", "Required parameter not found", True))
        if name.startswith(("console", "event-wait")) or "param-" in name:
            continue
        words = [f"{p.rstrip(':')}={uuids.get(p.replace('-uuid', ''), uuids.get(name.split('-')[0], '1'))}" for p in required]
        words += ["vm=v"] * ("<vm-selectors>" in optional) + ["--force"]
        if any("filename" in word or "file-name" in word for word in words):
            words = [word.replace("=", f"={daemon.dir}/none") if "file" in word else word for word in words]
        status, out, err = xe(*as_bob, name, *words)
        ended[name] = status
        equal((status in (0, 1), "Lost connection" in err, bool(err) == bool(status)), (True, False, True))
    changed = [n for n, status in ended.items() if not status and not n.endswith(("-list", "-info", "-features"))]
    # what a reader may do
    equal([n for n in changed if n.split("-")[-1] in ("create", "destroy", "start", "plug", "set", "enable", "reboot")], [])
    equal(s.VM.get_by_name_label("v") != [], True)


def lives(daemon):
    """VMs are started, paused, rebooted and ended; selectors choose them"""
    xe, host = Xe(daemon), Host(daemon)
    a, b = vm_of(xe, "a"), vm_of(xe, "b", "name-description=x")
    equal(xe("vm-start", "vm=c"), (1, "", "Error: No matching VMs found\n"))
    status, out, err = xe("vm-start")
    equal((status, out, err), (1, "", "Error: 2 VMs match; --multiple does it to all of them\n"))
    equal(xe.out("vm-start", "vm=a"), "")
    equal((state(xe, a), state(xe, b), host.domains()), ("running", "halted", {a: "running"}))
    status, out, err = xe("vm-start", "uuid=" + a)
    equal((status, out, err.splitlines()[1:]), (1, "", [f"vm: {a} (a)", "expected: halted", "actual: running"]))
    equal(xe.out("vm-start", "name-description=x", "--paused", "on=" + xe.out("host-list", "--minimal").strip()), "")
    equal(state(xe, b), "paused")
    equal(xe("vm-start", "vm=b", "on=nowhere"), (1, "", "Error: There is no host 'nowhere'\n"))
    xe.out("vm-unpause", "vm=" + b)
    equal((state(xe, a), state(xe, b)), ("running", "running"))
    xe.out("vm-pause", "power-state=running", "--multiple")
    equal((state(xe, a), state(xe, b)), ("paused", "paused"))
    xe.out("vm-unpause", "vm=a")
    # one that fails does not keep the other from it
    status, out, err = xe("vm-pause", "--multiple")
    equal((status, out, err.splitlines()[0].split(": ")[0]), (1, "", "operation failed on " + b))
    equal(state(xe, a), "paused")
    equal(xe("vm-pause", "vm=a", "pausd=1"), (1, "", "Error: Unknown field 'pausd'\n"))
    equal(xe("vm-start", "vm=a", "pausd=1"), (1, "", "Did you mean 'paused'?\nError: Unknown field 'pausd'\n"))
    xe.out("vm-unpause", "--multiple")
    xe.out("vm-reboot", "vm=a")
    xe.out("vm-reboot", "vm=a", "--force")
    equal(state(xe, a), "running")
    xe.out("vm-shutdown", "vm=a")
    xe.out("vm-shutdown", "vm=b", "force=true")
    equal((state(xe, a), state(xe, b), host.domains()), ("halted", "halted", {}))
    xe.out("vm-start", "vm=a")
    equal(xe("vm-reset-powerstate", "vm=a"),
          (1, "", "Error: vm-reset-powerstate may do harm: it must be forced (use --force)\n"))
    status, _, err = xe("vm-reset-powerstate", "vm=a", "--force")
    equal((status, err.splitlines()[1]), (1, f"vm: {a} (a)"))  # its domain is there
    xe.out("vm-shutdown", "vm=a", "--force")
    equal(state(xe, a), "halted")
    # only a VM that is none of a user's is left out
    status, out, err = xe("vm-start", "vm=Other install media")
    equal((status, err), (1, "Error: No matching VMs found\n"))
    xe.out("vm-destroy", "uuid=" + b)
    equal(xe.out("vm-list", "--minimal", "is-control-domain=false"), a + "\n")


def describes(daemon):
    """what is made prints its uuid, and is as it was described"""
    xe = Xe(daemon)
    a = vm_of(xe, "a")
    clone = xe.out("vm-clone", "vm=a", "new-name-label=b", "new-name-description=the second").strip()
    equal((one_field(xe, "vm", clone, "name-label"), one_field(xe, "vm", clone, "name-description")), ("b", "the second"))
    snapshot = xe.out("vm-snapshot", "vm=a", "new-name-label=s").strip()
    equal((xe.out("snapshot-list", "--minimal").strip(), one_field(xe, "snapshot", snapshot, "snapshot-of")), (snapshot, a))
    xe.out("snapshot-destroy", "snapshot-uuid=" + snapshot)
    equal(xe.out("snapshot-list"), "")
    equal(xe("snapshot-destroy", "uuid=" + a), (1, "", f"Error: {a} is no snapshot\n"))
    snapshot = xe.out("vm-snapshot", "vm=a", "new-name-label=s").strip()
    equal(xe("snapshot-uninstall", "snapshot-uuid=" + a, "force=true"), (1, "", f"Error: {a} is no snapshot\n"))
    xe.out("snapshot-uninstall", "snapshot-uuid=" + snapshot, "force=true")
    equal((xe.out("snapshot-list"), one_field(xe, "vm", a, "name-label")), ("", "a"))
    blob = xe.out("blob-create", "name=notes", "mime-type=text/plain", "vm-uuid=" + a).strip()
    s = Session(daemon)
    got = s.blob.get_record(s.blob.get_by_uuid(blob))
    equal((got["name_label"], got["mime_type"]), ("notes", "text/plain"))
    equal(s.VM.get_blobs(s.VM.get_by_uuid(a)), {"notes": s.blob.get_by_uuid(blob)})
    equal(xe("vm-clone", "vm=a"), (1, "", "Required parameter not found: new-name-label\n" + HELP))
    xe.out("vm-memory-limits-set", "vm=a", "static-min=64MiB", "dynamic-min=128MiB", "dynamic-max=256MiB",
           "static-max=1GiB")
    equal([one_field(xe, "vm", a, "memory-" + k) for k in ("static-min", "dynamic-min", "dynamic-max", "static-max")],
          [str(n << 20) for n in (64, 128, 256, 1024)])
    status, _, err = xe("vm-memory-target-set", "vm=a", "target=lots")
    equal((status, err.startswith("Error: target: 'lots' is no number")), (1, True))
    net = xe.out("network-create", "name-label=lan", "MTU=1400").strip()
    equal((one_field(xe, "network", net, "name-label"), one_field(xe, "network", net, "MTU")), ("lan", "1400"))
    vif = xe.out("vif-create", "vm-uuid=" + a, "network-uuid=" + net, "device=0", "mac=random").strip()
    equal(one_field(xe, "vif", vif, "network-name-label"), "lan")
    listed = xe.out("vm-vif-list", "vm=a")
    equal([line.split(" (")[0].strip() for line in listed.splitlines() if line],
          ["uuid", "vm-name-label", "device", "MAC", "network-uuid", "network-name-label"])
    drive = xe.out("vbd-create", "vm-uuid=" + a, "device=3", "type=CD").strip()
    equal([one_field(xe, "vbd", drive, k) for k in ("empty", "mode", "userdevice")], ["true", "ro", "3"])
    equal(xe.out("vm-cd-list", "vm=a"), f"CD 0 VBD:\nuuid ( RO)             : {drive}\n    vm-name-label ( RO): a\n"
                                         "            empty ( RO): true\n       userdevice ( RW): 3\n\n\n")
    equal(xe.out("vm-cd-list", "vm=a", "vbd-params=uuid", "vdi-params=none", "--minimal"), drive + "\n")
    equal(xe("vm-cd-eject", "vm=b"), (1, "", "Error: No drive of this VM is full\n"))
    equal(xe("vm-cd-insert", "vm=a", "cd-name=x"), (1, "", "Error: CD 'x' not found\n"))
    xe.out("vif-destroy", "uuid=" + vif)
    xe.out("vbd-destroy", "uuid=" + drive)
    xe.out("network-destroy", "uuid=" + net)
    secret = xe.out("secret-create", "value=v").strip()
    equal(xe.out("secret-list", "--minimal").strip(), secret)
    xe.out("secret-destroy", "uuid=" + secret)
    # a slip is told, and what is there is done
    equal(xe("secret-create", "value=v", "valu=w")[2], "secret-create takes no 'valu': it is ignored. Did you mean 'value'?\n")
    equal(xe.out("host-is-in-emergency-mode") in ("false\n",), True)
    equal(xe.out("host-cpu-info").startswith("cpu_count"), True)


def installs(daemon):
    """vm-install finds its template and SR; one that fails leaves nothing"""
    xe = Xe(daemon)
    status, out, err = xe("vm-install", "new-name-label=a", "template=Linux (PVH)")
    equal((status, out, err != "", xe.out("vm-list", "is-control-domain=false")), (1, "", True, ""))
    for name in ("template", "template-name-label", "template-name"):
        equal(xe("vm-install", "new-name-label=a", name + "=none"), (1, "", "Error: No matching templates found\n"))
    equal(xe("vm-install", "new-name-label=a"), (1, "", "Required parameter not found: template\n" + HELP))
    equal(xe("vm-install", "new-name-label=a", "template=Linux (PVH)", "sr-name-label=x"), (1, "", "Error: No SR has the name 'x'\n"))
    uuid = xe.out("vm-install", "new-name-label=a", "template=Other install media", "new-name-description=mine").strip()
    equal([one_field(xe, "vm", uuid, k) for k in ("name-label", "name-description", "is-a-template")], ["a", "mine", "false"])
    equal(xe("vm-install", "new-name-label=b", "template-uuid=" + uuid), (1, "", f"Error: '{uuid}' is no template\n"))
    places = []
    for name in ("one", "two"):
        os.mkdir(os.path.join(daemon.dir, name))
        places.append(xe.out("sr-create", "name-label=" + name, "type=file",
                             "device-config:location=" + os.path.join(daemon.dir, name)).strip())
    b = xe.out("vm-install", "new-name-label=b", "template-name-label=Linux (PV)", "sr-name-label=two").strip()
    equal(xe.out("vm-disk-list", "vm=b", "vbd-params=none", "vdi-params=sr-uuid", "--minimal"), places[1] + "\n")
    equal(one_field(xe, "vm", b, "suspend-SR-uuid"), places[1])
    equal(xe.out("vdi-list", "sr-uuid=" + places[0]), "")


def admits(daemon):
    """subjects and their roles, by names"""
    xe = Xe(daemon)
    bob = xe.out("subject-add", "subject-name=bob").strip()
    equal(one_field(xe, "subject", bob, "subject-identifier"), "bob")
    xe.out("subject-role-add", "uuid=" + bob, "role-name=vm-operator")
    equal(one_field(xe, "subject", bob, "roles").split("; "), ["pool-admin", "vm-operator"])
    equal(xe("subject-role-add", "uuid=" + bob, "role-name=king"), (1, "", "Error: There is no role 'king'\n"))
    equal(xe("subject-role-add", "uuid=" + bob), (1, "", "Required parameter not found: role-name\n" + HELP))
    as_bob = ["-s", "127.0.0.1", "-p", str(daemon.port), "--nossl", "-u", "bob", "-pw", "b0b"]
    vm_of(xe, "a")
    equal(xe(*as_bob, "vm-list", "name-label=a", "params=name-label", "--minimal"), (0, "a\n", ""))
    xe.out("subject-role-remove", "uuid=" + bob, "role-name=vm-operator")
    xe.out("subject-remove", "subject-uuid=" + bob)
    equal(xe(*as_bob, "vm-list")[0], 1)


def stores(daemon):
    """a repository, disks, what VMs do with them, and that all of it goes"""
    xe = Xe(daemon)
    place = os.path.join(daemon.dir, "disks")
    os.mkdir(place)
    sr = xe.out("sr-create", "name-label=local", "type=file", "device-config:location=" + place).strip()
    equal(xe.out("sr-list", "params=name-label,host,type"), "name-label ( RW)    : local\n"
          f"          host ( RO): {one_field(xe, 'host', xe.out('host-list', '--minimal').strip(), 'name-label')}\n"
          "          type ( RO): file\n\n\n")
    xe.out("pool-param-set", "uuid=" + xe.out("pool-list", "--minimal").strip(), "default-SR=" + sr)
    vm = xe.out("vm-install", "new-name-label=web1", "template=Linux (PVH)").strip()
    (disk,) = xe.out("vdi-list", "--minimal").strip().split(",")
    (vbd,) = xe.out("vbd-list", "--minimal").strip().split(",")
    equal(xe.out("vm-disk-list", "vm=web1"),
          f"Disk 0 VBD:\nuuid ( RO)             : {vbd}\n    vm-name-label ( RO): web1\n       userdevice ( RW): 0\n\n\n"
          f"Disk 0 VDI:\nuuid ( RO)             : {disk}\n       name-label ( RW): {one_field(xe, 'vdi', disk, 'name-label')}\n"
          f"    sr-name-label ( RO): local\n     virtual-size ( RO): {one_field(xe, 'vdi', disk, 'virtual-size')}\n\n\n")
    equal(xe.out("vm-disk-list", "vm=web1", "vbd-params=none", "vdi-params=uuid", "--minimal"), disk + "\n")
    equal([xe.out("vm-param-get", "uuid=" + vm, "param-name=name-description")], ["Installed by xe\n"])
    xe.out("vm-start", "vm=web1")
    xe.out("vm-disk-add", "vm=web1", "device=3", "disk-size=10MiB")
    equal(one_field(xe, "vbd", xe.out("vbd-list", "userdevice=3", "--minimal").strip(), "currently-attached"), "true")
    equal(xe("vm-disk-remove", "vm=web1", "device=9"), (1, "", "Error: Disk '9' not found\n"))
    xe.out("vm-disk-remove", "vm=web1", "device=3")
    equal(xe.out("vdi-list", "--minimal"), disk + "\n")
    # one that fails takes back what it has done
    status, _, err = xe("vm-disk-add", "vm=web1", "device=0", "disk-size=10MiB")
    equal((status, err.splitlines()[1], xe.out("vdi-list", "--minimal")), (1, "device: 0", disk + "\n"))
    xe.out("vm-suspend", "vm=web1")
    equal(state(xe, vm), "suspended")
    xe.out("vm-resume", "vm=web1")
    snapshot = xe.out("vm-checkpoint", "vm=web1", "new-name-label=s").strip()
    equal(xe.out("snapshot-disk-list", "uuid=" + snapshot).count("Disk 0 "), 2)
    xe.out("snapshot-revert", "snapshot-uuid=" + snapshot)
    equal(state(xe, vm), "suspended")
    xe.out("vm-uninstall", "vm=web1", "--force")
    equal((xe.out("vdi-list"), xe.out("vbd-list"), xe.out("snapshot-list")), ("", "", ""))
    vdi = xe.out("vdi-create", "sr-uuid=" + sr, "name-label=d", "virtual-size=1MiB").strip()
    xe.out("vdi-resize", "uuid=" + vdi, "disk-size=2MiB")
    equal(one_field(xe, "vdi", vdi, "virtual-size"), str(2 << 20))
    image = os.path.join(daemon.dir, "image")
    with open(image, "wb") as f:
        f.write(os.urandom(2 << 20))
    xe.out("vdi-import", "uuid=" + vdi, "filename=" + image)
    xe.out("vdi-export", "uuid=" + vdi, "filename=" + image + "2")
    with open(image, "rb") as f, open(image + "2", "rb") as g:
        equal(f.read() == g.read(), True)
    equal(xe("vdi-export", "uuid=" + vdi, "filename=" + image)[0], 1)  # it is there already
    equal(xe.out("task-list"), "")
    clone = xe.out("vdi-clone", "uuid=" + vdi, "new-name-label=c").strip()
    equal(one_field(xe, "vdi", clone, "name-label"), "c")
    copied = xe.out("vdi-copy", "uuid=" + vdi, "sr-uuid=" + sr).strip()
    taken = xe.out("vdi-snapshot", "uuid=" + vdi).strip()
    equal(one_field(xe, "vdi", taken, "snapshot-of"), vdi)
    for uuid in (taken, copied, clone, vdi):
        xe.out("vdi-destroy", "uuid=" + uuid)
    equal(sr in xe.out("sr-probe", "type=file", "device-config:location=" + place), True)
    xe.out("sr-scan", "uuid=" + sr)
    status, _, err = xe("sr-destroy", "uuid=" + sr)
    equal((status, err.splitlines()[1]), (1, f"sr: {sr} (local)"))
    xe.out("pbd-unplug", "uuid=" + xe.out("pbd-list", "--minimal").strip())
    xe.out("sr-destroy", "uuid=" + sr)
    equal((xe.out("sr-list"), xe.out("pbd-list")), ("", ""))


def moves(daemon):
    """a VM into a file and out of it, with its disk; what is no such file"""
    xe = Xe(daemon)
    place = os.path.join(daemon.dir, "disks")
    os.mkdir(place)
    sr = xe.out("sr-create", "name-label=local", "type=file", "device-config:location=" + place).strip()
    xe.out("vm-install", "new-name-label=a", "template=Other install media")
    xe.out("vm-disk-add", "vm=a", "device=0", "disk-size=4MiB", "sr-uuid=" + sr)
    path = os.path.join(daemon.dir, "a.xva")
    equal(xe.out("vm-export", "vm=a", "filename=" + path), "")
    copy = xe.out("vm-import", "filename=" + path, "sr-uuid=" + sr).strip()
    equal((one_field(xe, "vm", copy, "name-label"), len(xe.out("vdi-list", "--minimal").split(","))), ("a", 2))
    status, out, err = xe("vm-import", "filename=" + os.path.join(daemon.dir, "users"), "sr-uuid=" + sr)
    equal((status, out, err != ""), (1, "", True))
    # why the server refuses a transfer is said: by its page, and by the task
    failed = "Operation failed. Error: the server answers %s with %d: "
    status, out, err = xe("vm-import", "filename=" + path, "sr-uuid=none")
    equal((status, out, err.startswith(failed % ("PUT", 404)), "repository" in err), (1, "", True, True))
    xe.out("vm-start", "uuid=" + copy)
    status, out, err = xe("vm-export", "uuid=" + copy, "filename=" + path + "2")
    equal((status, err.startswith(failed % ("GET", 403)), err.splitlines()[2]), (1, True, f"vm: {copy} (a)"))
    xe.out("vm-shutdown", "uuid=" + copy, "--force")
    equal((xe.out("task-list"), len(xe.out("vm-list", "--minimal", "is-control-domain=false").split(","))), ("", 2))


def drives(daemon):
    """CDs: seen, put into drives of VMs that run, taken out"""
    xe = Xe(daemon)
    place = os.path.join(daemon.dir, "discs")
    os.mkdir(place)
    for name in ("one.iso", "two.iso"):
        with open(os.path.join(place, name), "wb") as f:
            f.truncate(1 << 20)
    xe.out("sr-create", "name-label=discs", "type=iso", "content-type=iso", "device-config:location=" + place)
    equal(sorted(xe.out("cd-list", "params=name-label", "--minimal").strip().split(",")), ["one.iso", "two.iso"])
    a = xe.out("vm-install", "new-name-label=a", "template=Other install media").strip()
    xe.out("vm-cd-add", "vm=a", "cd-name=one.iso", "device=3")
    xe.out("vm-start", "vm=a")
    equal(xe.out("vm-cd-list", "vm=a", "vbd-params=vdi-name-label", "vdi-params=none", "--minimal"), "one.iso\n")
    equal(xe("vm-cd-insert", "vm=a", "cd-name=two.iso"), (1, "", "Error: No drive of this VM is empty\n"))
    xe.out("vm-cd-eject", "vm=a")
    equal(xe.out("vm-cd-list", "vm=a", "vbd-params=empty", "vdi-params=name-label", "--minimal"), "true\n")
    xe.out("vm-cd-insert", "vm=a", "cd-name=two.iso")
    equal(xe.out("vm-cd-list", "vm=a", "vbd-params=none", "vdi-params=name-label", "--minimal"), "two.iso\n")
    equal(xe("vm-cd-remove", "vm=a", "cd-name=one.iso"), (1, "", "Error: CD 'one.iso' is in no drive of this VM\n"))
    xe.out("vm-shutdown", "vm=a", "--force")
    xe.out("vm-cd-remove", "vm=a", "cd-name=two.iso")
    equal((xe.out("vbd-list"), state(xe, a)), ("", "halted"))


def connects(daemon):
    """networks of the host: VLANs, bonds, addresses"""
    xe = Xe(daemon)
    pifs = xe.out("pif-list", "--minimal").strip().split(",")
    nets = [xe.out("network-create", "name-label=" + name).strip() for name in ("v", "b")]
    vlan = xe.out("vlan-create", "pif-uuid=" + pifs[0], "vlan=5", "network-uuid=" + nets[0]).strip()
    equal([one_field(xe, "pif", vlan, k) for k in ("VLAN", "network-uuid", "physical")], ["5", nets[0], "false"])
    xe.out("vlan-destroy", "uuid=" + xe.out("vlan-list", "--minimal").strip())
    equal(xe.out("pif-list", "--minimal").strip().split(","), pifs)
    bond = xe.out("bond-create", "network-uuid=" + nets[1], "pif-uuids=" + ",".join(pifs)).strip()
    equal((one_field(xe, "bond", bond, "mode"), sorted(one_field(xe, "bond", bond, "slaves").split("; "))), ("balance-slb", sorted(pifs)))
    xe.out("bond-set-mode", "uuid=" + bond, "mode=active-backup")
    equal(one_field(xe, "bond", bond, "mode"), "active-backup")
    xe.out("bond-destroy", "uuid=" + bond)
    status, _, err = xe("bond-create", "network-uuid=" + nets[1], "pif-uuids=" + pifs[0] + ",none")
    equal((status, err.splitlines()[1:]), (1, ["type: PIF", "uuid: none"]))
    status, _, err = xe("bond-create", "network-uuid=" + nets[1], "pif-uuids=" + ",".join(pifs), "mode=none")
    equal((status, "mode" in err), (1, True))
    xe.out("pif-reconfigure-ip", "uuid=" + pifs[0], "mode=static", "IP=192.0.2.9", "netmask=255.255.255.0")
    equal([one_field(xe, "pif", pifs[0], k) for k in ("IP-configuration-mode", "IP")], ["Static", "192.0.2.9"])


def asks(daemon):
    """vm-uninstall shows what it destroys, and wants a yes"""
    xe = Xe(daemon)
    a = vm_of(xe, "a")
    head = f"The following items are about to be destroyed\nVM : {a} (a)\n"
    equal(xe("vm-uninstall", "vm=a", stdin="no\n"), (1, head + "Type 'yes' to continue\n", "Aborted (you typed: 'no')\n"))
    equal(xe("vm-uninstall", "vm=a", stdin=""), (1, head + "Type 'yes' to continue\n", "Aborted (you typed: '')\n"))
    equal(state(xe, a), "halted")
    xe.out("vm-start", "vm=a")
    equal(xe.out("vm-uninstall", "vm=a", "--force"), head + "All objects destroyed\n")
    b = vm_of(xe, "b")
    snapshot = xe.out("vm-snapshot", "vm=b", "new-name-label=s").strip()
    equal(xe("vm-uninstall", "vm=b", stdin="yes\n"),
          (0, f"The following items are about to be destroyed\nVM : {b} (b)\nVM : {snapshot} (s)\n"
              "Type 'yes' to continue\nAll objects destroyed\n", ""))
    equal((xe.out("vm-list", "is-control-domain=false"), xe.out("snapshot-list"), Host(daemon).domains()), ("", "", {}))
    # several at once: one question; one that fails keeps no other from it; a disk of two goes with the last
    place = os.path.join(daemon.dir, "disks")
    os.mkdir(place)
    sr = xe.out("sr-create", "name-label=local", "type=file", "device-config:location=" + place).strip()
    vms = [vm_of(xe, name) for name in "cde"]
    disk = xe.out("vdi-create", "sr-uuid=" + sr, "name-label=both", "virtual-size=1MiB", "sharable=true").strip()
    for vm in vms[:2]:
        vbd = xe.out("vbd-create", "vm-uuid=" + vm, "vdi-uuid=" + disk, "device=0").strip()
        xe.out("vbd-param-set", "uuid=" + vbd, "other-config:owner=true")
        xe.out("vm-start", "uuid=" + vm)
    xe.out("vm-param-set", "uuid=" + vms[2], "blocked-operations:destroy=kept")
    head = "".join(["The following items are about to be destroyed\n"] + [f"VM : {u} ({n})\n" for u, n in zip(vms, "cde")] +
                   [f"VDI: {disk} (both)\nType 'yes' to continue\n"])
    equal(xe("vm-uninstall", "--multiple", stdin="no\n"), (1, head, "Aborted (you typed: 'no')\n"))
    status, out, err = xe("vm-uninstall", "--multiple", stdin="yes\n")
    equal((status, out, err.split("\n")[0].startswith(f"operation failed on {vms[2]}: "), err.count("operation failed")), (1, head, True, 1))
    equal((xe.out("vm-list", "is-control-domain=false", "params=uuid", "--minimal"), xe.out("vdi-list"), glob.glob(place + "/*")), (vms[2] + "\n", "", []))
    xe.out("vm-param-clear", "uuid=" + vms[2], "param-name=blocked-operations")
    xe.out("vm-uninstall", "--multiple", "--force")


def start(xe, *words, **more):
    return subprocess.Popen([XE, *words], env=xe.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more)


def waits(daemon):
    """a command waits without holding others up; who goes away cancels it"""
    xe, host = Xe(daemon), Host(daemon)
    a = vm_of(xe, "a")
    host.fault("unpause", "delay 60")
    p = start(xe, "vm-start", "vm=a")
    until(lambda: workers(daemon) and xe.out("task-list", "--minimal").strip())
    equal((state(xe, a), p.poll()), ("halted", None))
    equal(xe.out("task-list", "params=name-label", "--minimal"), "VM.start\n")
    # a second one waits for the first
    second = start(xe, "vm-start", "vm=a")
    until(lambda: xe.out("task-list", "params=name-label", "--minimal") == "VM.start,VM.start\n")
    second.kill()
    second.communicate()
    until(lambda: xe.out("task-list", "params=name-label", "--minimal") == "VM.start\n")
    p.kill()
    p.communicate()
    until(lambda: not workers(daemon))
    equal((state(xe, a), host.domains()), ("halted", {}))
    # by task-cancel
    p = start(xe, "vm-start", "vm=a")
    until(lambda: workers(daemon) and xe.out("task-list", "--minimal").strip())
    xe.out("task-cancel", "uuid=" + xe.out("task-list", "--minimal").strip())
    out, err = p.communicate(timeout=60)
    equal((p.returncode, out, err.splitlines()[1].startswith("task: ")), (1, "", True))
    host.fault("unpause")


def shows(daemon):
    """on a terminal a long command says how far it is"""
    xe, host = Xe(daemon), Host(daemon)
    vm_of(xe, "a")
    host.fault("unpause", "delay 60")
    master, slave = pty.openpty()
    p = subprocess.Popen([XE, "vm-start", "vm=a"], env=xe.env, stdout=subprocess.PIPE, stderr=slave)
    os.close(slave)
    said = b""
    while True:
        try:
            part = os.read(master, 1000)
        except OSError:
            break
        if not part:
            break
        if b"% " in part and b"% " not in said:
            host.fault("unpause")
        said += part
    equal((p.wait(), p.stdout.read()), (0, b""))
    p.stdout.close()
    os.close(master)
    equal((b"% " in said, b"[" in said, said.endswith(b"\r\x1b[K")), (True, True, True))
    host.fault("unpause", "delay 2")
    xe.out("vm-shutdown", "vm=a", "--force")
    equal(xe("vm-start", "vm=a"), (0, "", ""))  # no terminal, no bar
    xe.out("vm-shutdown", "vm=a", "--force")
    host.fault("unpause", "delay 60")
    p = start(xe, "vm-start", "vm=a", "--progress")
    equal("%" in iter(lambda: p.stderr.read(1), ""), True)
    host.fault("unpause")
    p.communicate(timeout=60)
    equal(p.returncode, 0)
    # its text console ends with what is typed
    equal(xe.out("console", "vm=a").splitlines()[0], "Connecting to the console of 'a'. Ctrl-] ends this.")


def watches(daemon):
    """event-wait ends when it is as it was asked for"""
    xe = Xe(daemon)
    a = vm_of(xe, "a")
    xe.out("event-wait", "class=vm", "uuid=" + a, "power-state=halted")
    p = start(xe, "event-wait", "class=vm", "uuid=" + a, "power-state=/=halted")
    q = start(xe, "event-wait", "class=vm", "name-label=b")
    r = start(xe, "event-wait", "class=vm", "name-label=never")
    time.sleep(0.3)
    equal([w.poll() for w in (p, q, r)], [None, None, None])
    xe.out("vm-start", "vm=a")
    equal(p.communicate(timeout=60), ("", ""))
    vm_of(xe, "b")
    equal(q.communicate(timeout=60), ("", ""))
    equal((p.returncode, q.returncode), (0, 0))
    equal(xe("event-wait", "class=nothing"), (1, "", "Error: There is no class 'nothing'\n"))
    equal(xe("event-wait", "class=vm", "nonsense=1"), (1, "", "Error: Unknown field 'nonsense'\n"))
    r.kill()
    r.communicate()


def speaks_json(daemon):
    """--format=json: numbers, truth, lists and structs; null for what is not there"""
    xe = Xe(daemon)
    a = vm_of(xe, "a")
    xe.out("vm-param-set", "uuid=" + a, "other-config:k=v")
    xe.out("vm-param-add", "uuid=" + a, "param-name=tags", "param-key=t")
    got = json.loads(xe.out("vm-list", "uuid=" + a, "--format=json", "params=all"))
    equal(len(got), 1)
    equal([got[0][k] for k in ("uuid", "name-label", "power-state", "is-a-template", "VCPUs-max", "tags", "resident-on")],
          [a, "a", "halted", False, 1, ["t"], None])
    equal(got[0]["other-config"]["k"], "v")
    equal(json.loads(xe.out("vm-list", "name-label=none", "--format", "json")), [])
    (got,) = json.loads(xe.out("vm-param-list", "uuid=" + a, "format=json"))
    equal((got["name-label"], "allowed-VBD-devices" in got, len(got["possible-hosts"])), ("a", True, 1))
    equal(xe("vm-list", "--format=xml"), (1, "", "Unknown format 'xml': text or json are wanted\n" + HELP))
    equal(json.loads(xe.out("help", "vm-start", "--format=json"))[0]["command name"], "vm-start")
    for name in xe.out("help", "--minimal", "--all").strip().split(","):
        if name.endswith("-list") and "params, database:" in xe.out("help", name):
            json.loads(xe.out(name, "--format=json", "params=all", "--all"))


def computes(daemon):
    """fields that a call has to say are in param-list and param-get, not in lists"""
    xe = Xe(daemon)
    a = vm_of(xe, "a")
    host = xe.out("host-list", "--minimal").strip()
    equal(xe.out("vm-list", "uuid=" + a, "params=possible-hosts"), "possible-hosts ( RO)    : <expensive field>\n\n\n")
    equal(one_field(xe, "vm", a, "possible-hosts"), host)
    equal(one_field(xe, "vm", a, "allowed-VBD-devices").startswith("0; 1; 2"), True)
    equal(f"possible-hosts ( RO): {host}\n" in xe.out("vm-param-list", "uuid=" + a), True)


def sends(daemon):
    """files: the database, the audit log; into files that are new"""
    xe = Xe(daemon)
    equal(xe.out("pool-dump-database", "file-name=copy"), "")
    with open(os.path.join(daemon.dir, "copy"), "rb") as f:
        equal(f.read(15), b"SQLite format 3")
    status, out, err = xe("pool-dump-database", "file-name=copy")
    equal((status, out, "File exists" in err), (1, "", True))
    equal(xe.out("audit-log-get", "filename=").count("session.login_with_password") > 0, True)
    equal(xe.out("audit-log-get", "filename=", "since=20990101T00:00:00Z"), "")
    # a file that a command wants and is not there
    status, out, err = xe("pool-install-ca-certificate", "filename=" + os.path.join(daemon.dir, "none"))
    equal((status, out, "No such file" in err), (1, "", True))


def tells(daemon):
    """xe log: who changed what"""
    xe = Xe(daemon)
    a = vm_of(xe, "a")
    xe.out("vm-param-set", "uuid=" + a, "name-description=changed")
    xe("vm-destroy", "uuid=" + a)
    got = json.loads(xe.out("log", "--format=json"))
    equal([line["call"] for line in got], ["VM.create", "VM.set_name_description", "VM.destroy"])
    equal(("changed" in str(got[1]["changes"]), got[1]["from"], got[1]["user"]), (True, "this host, cli", "root"))
    text = xe.out("log", "call=set_name", "limit=1")
    equal([line.split(": ")[0].strip() for line in text.splitlines() if line],
          ["time", "user", "from", "call", "object", "result", "changes"])
    equal(xe.out("log", "user=nobody"), "")
    equal(xe.out("log", "object=nothing"), "")
    equal("session.login_with_password" in xe.out("log", "--all"), True)
    equal(xe("log", "limit=x")[0], 1)
    equal(xe("log", "since=yesterday")[0], 1)
    equal(xe.out("log", "since=20990101T00:00:00Z"), "")
    b = vm_of(xe, "b")
    xe.out("vm-param-set", "uuid=" + b, "name-description=again")
    for about in (b, Session(daemon).VM.get_by_uuid(b), "name_description=again"):
        equal(xe.out("log", "object=" + about).count("VM.set_name_description"), 1)


def completes(daemon):
    """what shells are offered"""
    xe = Xe(daemon)
    a = vm_of(xe, "my vm")

    def offered(*words):
        return xe.out("complete", *["word=" + word for word in words]).splitlines()

    equal(offered("vm-sta"), ["vm-start"])
    equal("host-list" in offered(""), True)
    equal(offered("vm-start", "vm="), [f"vm={a}", "vm=my vm"])
    equal(offered("vm-start", "--"), ["--paused", "--force", "--multiple", "--minimal"])
    equal(offered("vm-start", "vm=my vm", "na"), ["name-label=", "name-description="])
    equal(offered("vm-param-get", "uuid=" + a[:5]), ["uuid=" + a])
    equal(offered("pif-reconfigure-ip", "mode=S"), ["mode=Static"])
    equal(offered("pif-reconfigure-ip", "mode="), ["mode=None", "mode=DHCP", "mode=Static"])
    equal(offered("vdi-create", "sharable="), ["sharable=true", "sharable=false"])
    equal(offered("vm-list", "power-state=h")[-1], "power-state=halted")
    equal(offered("vm-list", "params=name-l"), ["params=name-label"])
    equal(offered("vm-install", "template=Linux (P"), ["template=Linux (PVH)", "template=Linux (PV)"])
    equal(offered("vm-export", "filename=x"), ["<file>"])
    equal(offered("host-call-plugin", "fn", "ar"), ["args:"])
    equal(offered("nothing", "x"), [])


def completes_in_bash(daemon):
    """bash completes by what the server offers, with its own words and quotes"""
    xe = Xe(daemon)
    vm_of(xe, "my vm")
    vm_of(xe, "my other")
    script = '''
        . "$1/configs/completion/xe"
        shift
        COMP_LINE=$1 COMP_POINT=${#1}
        shift
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
        _xe
        printf '%s\\n' "${COMPREPLY[@]}"'''

    def offered(line, *words):
        """WORDS: as readline cuts the line"""
        env = {**xe.env, "PATH": os.path.dirname(XE) + ":" + os.environ["PATH"]}
        p = subprocess.run(["bash", "-c", script, "bash", ROOT, line, *words], capture_output=True, text=True, env=env,
                           cwd=daemon.dir, check=True)
        equal(p.stderr, "")
        return p.stdout.splitlines()

    equal(offered("xe vm-sta", "xe", "vm-sta"), ["vm-start"])
    equal(offered("xe vm-start vm=my", "xe", "vm-start", "vm", "=", "my"), ["my\\ vm", "my\\ other"])
    equal(offered("xe vm-start vm=my\\ v", "xe", "vm-start", "vm", "=", "my\\ v"), ["my\\ vm"])
    equal(offered("xe vm-start vm=", "xe", "vm-start", "vm", "=")[1::2], ["my\\ vm", "my\\ other"])
    equal(offered("xe -s 127.0.0.1 vm-pau", "xe", "-s", "127.0.0.1", "vm-pau"), ["vm-pause"])
    equal(offered("xe vm-list pow", "xe", "vm-list", "pow"), ["power-state="])
    equal(offered("xe vm-param-set other-c", "xe", "vm-param-set", "other-c"), ["other-config:"])
    equal("users" in offered("xe pool-restore-database file-name=us", "xe", "pool-restore-database", "file-name", "=", "us"), True)
    equal(offered("xe nothing x", "xe", "nothing", "x"), [""])


def speaks(daemon):
    """the protocol itself: prompts, answers that are none, clients that leave in the middle"""
    xe = Xe(daemon)
    vm_of(xe, "a")

    def begin(*words):
        body = "\n".join(words).encode()
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(60)
        s.connect(daemon.socket)
        s.sendall(b"POST /cli HTTP/1.0\r\nContent-Length: %d\r\n\r\n" % len(body) + body + BANNER)
        equal(s.recv(len(BANNER), socket.MSG_WAITALL), BANNER)
        return s

    def messages(s):
        """(class, kind, rest) until the server has no more to say or waits for an answer"""
        while True:
            head = s.recv(4, socket.MSG_WAITALL)
            if len(head) < 4:
                return
            got = s.recv(struct.unpack("<I", head)[0], socket.MSG_WAITALL)
            yield struct.unpack("<II", got[:8]) + (got[8:],)
            if got[4:8] == struct.pack("<I", 3):
                return

    def answer(*parts):
        return b"".join(struct.pack("<" + "I" * (len(p) + 1), 4 * len(p), *p) for p in parts)

    s = begin("vm-uninstall", "vm=a")
    equal([m[1] for m in messages(s)], [0, 0, 0, 3])
    s.sendall(answer((10, 18), (11, 7, 3))[:-1])
    time.sleep(0.05)
    s.sendall(answer((11, 7, 3))[-1:] + b"no!" + answer((11, 8)))
    equal(list(messages(s))[-1], (9, 4, struct.pack("<I", 1)))
    for nonsense in (answer((10, 5)), answer((3, 7, 1)), b"\xff\xff\xff\xff", answer((11, 7, 1 << 30)), answer((11, 6)),
                     struct.pack("<II", 4, 11)):
        s = begin("vm-uninstall", "vm=a")
        list(messages(s))
        s.sendall(nonsense)
        equal(list(messages(s))[-1], (9, 4, struct.pack("<I", 1)))
        s.close()
    for n in range(4):  # gone while it is asked
        s = begin("vm-uninstall", "vm=a")
        list(messages(s))
        s.sendall(answer((11, 7, 3))[:n * 4])
        s.close()
    equal(xe.out("vm-list", "name-label=a", "params=name-label", "--minimal"), "a\n")
    # a session of one's own is used, and stays
    session = Session(daemon)
    s = begin("session_id=" + session.ref, "vm-list", "params=name-label", "name-label=a", "--minimal")
    equal(list(messages(s)), [(9, 0, struct.pack("<I", 1) + b"a"), (9, 4, struct.pack("<I", 0))])
    equal(len(session.VM.get_by_name_label("a")), 1)
    s = begin("session_id=none", "vm-list")
    equal(list(messages(s))[-1], (9, 4, struct.pack("<I", 1)))


def slowly(daemon):
    """a client that reads slowly gets all of it, and keeps nobody waiting"""
    xe = Xe(daemon)
    s = Session(daemon)
    for i in range(400):
        s.VM.create(record(f"v{i}"))
    for n in range(400, 550, 10):  # one of them has its last line just when there is room again
        p = start(xe, "vm-list", "params=all", bufsize=0)
        time.sleep(0.25)
        equal(xe.out("vm-list", "name-label=v7", "params=name-label", "--minimal"), "v7\n")
        out, err = p.communicate(timeout=120)
        equal((p.returncode, err, len(out) > 2 << 20, out.count("name-label ( RW): v")), (0, "", True, n))
        for i in range(n, n + 10):
            s.VM.create(record(f"v{i}"))
    # one that goes away in the middle
    p = start(xe, "vm-list", "params=all", "--format=json", bufsize=0)
    time.sleep(0.3)
    p.kill()
    p.communicate()
    got = json.loads(xe.out("vm-list", "params=name-label,uuid", "--format=json", "is-control-domain=false"))
    equal(len(got), 550)


def stops(daemon):
    """a daemon that is stopped ends commands that wait, and takes back what they did"""
    xe, host = Xe(daemon), Host(daemon)
    a = vm_of(xe, "a")
    host.fault("unpause", "delay 60")
    p = start(xe, "vm-start", "vm=a")
    q = start(xe, "event-wait", "class=vm", "name-label=never")
    r = start(xe, "vm-uninstall", "vm=a", stdin=subprocess.PIPE)
    until(lambda: workers(daemon))
    daemon.process.send_signal(signal.SIGTERM)
    equal(daemon.process.wait(timeout=120), 0)
    for w in (p, q, r):
        w.communicate(timeout=60)
    equal([w.returncode for w in (p, q, r)], [1, 1, 1])
    equal(host.domains(), {})
    host.fault("unpause")
    daemon.start()
    equal(state(xe, a), "halted")


if __name__ == "__main__":
    run([every, lives, describes, installs, admits, stores, moves, drives, connects, asks, waits, shows, watches, speaks_json, computes, sends, tells, completes, completes_in_bash,
         speaks, slowly, stops],
        "--hv=sim")
