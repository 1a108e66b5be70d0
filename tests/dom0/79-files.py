# SPDX-License-Identifier: LGPL-2.1-or-later
"""VMs as files on Xen: a guest's memory goes out and in by HTTP, that of its
checkpoint too, and the guest goes on from there. All else about files is the
same without Xen: tests/xapi/xva*.py."""
import os
import tarfile

from xapid import NOBODY, Console, Session, domains, equal, record, run, tests, until


def made(s):
    """A guest that runs, and a repository for its memory."""
    place = os.path.join(s.daemon.dir, "images")
    os.mkdir(place)
    sr = s.SR.create(s.host.get_all()[0], {"location": place}, "0", "images", "", "file", "user", False, {})
    s.pool.set_default_SR(s.pool.get_all()[0], sr)
    vm = s.VM.create(record("guest"))
    s.VM.start(vm, False, False)
    return vm


def lives(s, vm):
    """It is a domain, and echoes what it is sent: it has not been started anew since."""
    equal((s.VM.get_power_state(vm), len(domains())), ("Running", 1))
    line = Console(s.daemon, "ref=" + vm, s.ref)
    line.say("are you there")
    equal(b"guest up" in line.until(b"are you there"), False)
    line.close()


def travels(daemon):
    """a suspended guest and a checkpoint of it, fetched from a URL: both go on where they were"""
    s = Session(daemon)
    vm = made(s)
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
    equal((len(refs), s.VM.get_power_state(new)), (2, "Suspended"))
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
