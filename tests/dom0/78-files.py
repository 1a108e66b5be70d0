# SPDX-License-Identifier: LGPL-2.1-or-later
"""VMs as files on Xen: a guest's memory goes out and in by HTTP, with its disk
and its snapshots, and the guest goes on from there. All else about files is
the same without Xen: tests/xapi/xva*.py."""
import os
import tarfile

from xapid import MIB, NOBODY, Console, Session, domains, equal, record, run, tests, until


def made(s):
    """A guest that runs, with a disk that has something on it."""
    place = os.path.join(s.daemon.dir, "images")
    os.mkdir(place)
    sr = s.SR.create(s.host.get_all()[0], {"location": place}, "0", "images", "", "file", "user", False, {})
    s.pool.set_default_SR(s.pool.get_all()[0], sr)
    vdi = s.VDI.create({"name_label": "disk", "name_description": "", "SR": sr, "virtual_size": str(4 * MIB), "type": "user",
                        "sharable": False, "read_only": False, "other_config": {}, "sm_config": {"type": "raw"}})
    with open(os.path.join(place, s.VDI.get_location(vdi)), "r+b") as f:
        f.write(b"what was on it")
    vm = s.VM.create(record("guest"))
    s.VBD.create({"VM": vm, "VDI": vdi, "userdevice": "0", "bootable": False, "mode": "RW", "type": "Disk", "unpluggable": True,
                  "empty": False, "other_config": {}, "qos_algorithm_type": "", "qos_algorithm_params": {}})
    s.VM.start(vm, False, False)
    return vm, place


def lives(s, vm):
    """It is a domain, and echoes what it is sent: it has not been started anew since."""
    equal((s.VM.get_power_state(vm), len(domains())), ("Running", 1))
    line = Console(s.daemon, "ref=" + vm, s.ref)
    line.say("are you there")
    equal(b"guest up" in line.until(b"are you there"), False)
    line.close()


def content(s, vm, place):
    (vbd,) = s.VM.get_VBDs(vm)
    with open(os.path.join(place, s.VDI.get_location(s.VBD.get_VDI(vbd))), "rb") as f:
        return f.read(14)


def travels(daemon):
    """a suspended guest and a checkpoint of it, fetched from a URL: both go on where they were"""
    s = Session(daemon)
    vm, place = made(s)
    line = Console(daemon, "ref=" + vm, s.ref)
    line.until(b"guest up")
    line.close()
    s.VM.checkpoint(vm, "then")
    lives(s, vm)
    s.VM.suspend(vm)
    equal(domains(), {})
    url = (f"http://root:secret@127.0.0.1:{daemon.port}/export?uuid={s.VM.get_uuid(vm)}"
           "&export_snapshots=true&preserve_power_state=true&use_compression=zstd")
    refs = s.call("VM.import", url, NOBODY, False, False)
    (new,) = [ref for ref in refs if not s.VM.get_is_a_snapshot(ref)]
    equal((len(refs), s.VM.get_power_state(new), content(s, new, place)), (2, "Suspended", b"what was on it"))
    for ref in s.VM.get_snapshots(vm) + [vm]:
        s.VM.destroy(ref)
    s.VM.resume(new, False, False)
    lives(s, new)
    s.VM.hard_shutdown(new)
    s.VM.revert(s.VM.get_snapshots(new)[0])
    equal(s.VM.get_power_state(new), "Suspended")
    s.VM.resume(new, False, False)
    lives(s, new)
    s.VM.hard_shutdown(new)
    until(lambda: not domains())


def reports(daemon):
    """what this host says of itself has what Xen says"""
    s = Session(daemon)
    path = os.path.join(daemon.dir, "report.tar")
    run("curl", "-sf", "-o", path, f"http://127.0.0.1:{daemon.port}/system-status?session_id={s.ref}&entries=xen-info,xenserver-domains")
    with tarfile.open(path) as tar:
        said = {m.name: tar.extractfile(m).read().decode() for m in tar.getmembers()}
    equal(("xen_version" in said["report/xen-info/xl_info.txt"], "Domain-0" in said["report/xenserver-domains/xl_list_-v.txt"]), (True, True))


tests(travels, reports)
