#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Tasks whose work is cancelled, whose daemon ends, whose client leaves. (What
they are while all goes well: api.py, vm.py.)"""
import signal
import threading

from daemon import Failure, Session, equal, fails, run
from vm import Host, agrees, ends, make, until

NETWORK = {"name_label": "lan", "name_description": "", "MTU": "1500", "other_config": {}, "tags": []}
NOBODY = "OpaqueRef:00000000-0000-0000-0000-000000000000"


def slow_start(s, host):
    """The task of a VM.start that hangs in the host's `unpause`."""
    vm = make(s, "Halted")
    host.fault("unpause", "delay 60")
    n = len(host.domains())
    task = s.Async.VM.start(vm, False, False)
    until(lambda: len(host.domains()) == n + 1)
    return vm, task


def cancelling(daemon):
    """a cancelled task is `cancelling` until its work has taken back what it did"""
    s, host = Session(daemon), Host(daemon)
    vm, task = slow_start(s, host)
    host.fault("destroy", "delay 60")
    equal(s.task.get_allowed_operations(task), ["cancel"])
    s.task.cancel(task)
    got = s.task.get_record(task)
    equal((got["status"], got["allowed_operations"], got["current_operations"]), ("cancelling", [], {task: "cancel"}))
    equal(got["finished"].value, "19700101T00:00:00Z")
    fails(["OPERATION_NOT_ALLOWED", None], s.task.cancel, task)
    host.fault("destroy")
    equal(ends(s, task), ("cancelled", ["TASK_CANCELLED", task]))
    got = s.task.get_record(task)
    equal((got["progress"], got["current_operations"], got["finished"].value > "2"), (1.0, {}, True))
    agrees(s, host)
    # a client's own: it looks whether it shall stop, and ends it itself
    mine = s.task.create("mine", "")
    s.task.cancel(mine)
    equal(s.task.get_status(mine), "cancelling")
    s.task.set_status(mine, "cancelled")
    equal(s.task.get_current_operations(mine), {})


def drops(daemon):
    """a task that is destroyed while its work goes on is there until that ends"""
    s, host = Session(daemon), Host(daemon)
    vm, task = slow_start(s, host)
    s.task.destroy(task)
    equal((s.task.get_status(task), s.task.get_current_operations(task)), ("pending", {"task": "destroy"}))
    s.task.cancel(task)
    until(lambda: task not in s.task.get_all())
    agrees(s, host)
    mine = s.task.create("mine", "")
    s.task.destroy(mine)
    s.task.set_status(mine, "success")
    fails(["HANDLE_INVALID", "task", mine], s.task.get_status, mine)
    done = s.call("Async.network.create", NETWORK)
    s.task.destroy(done)
    fails(["HANDLE_INVALID", "task", done], s.task.get_status, done)


def restarts(daemon):
    """tasks over kill -9 and SIGTERM: the pending have failed, the others are as they were"""
    host = Host(daemon)
    for end in (signal.SIGKILL, signal.SIGTERM):
        s = Session(daemon)
        ref = s.host.get_all()[0]
        done = s.call("Async.network.create", NETWORK)
        failed = s.call("Async.network.destroy", NOBODY)
        mine, dropped = s.task.create("mine", ""), s.task.create("dropped", "")
        s.task.add_to_other_config(mine, "k", "v")
        s.task.set_progress(mine, 0.5)
        s.task.destroy(dropped)
        before = {t: s.task.get_record(t) for t in (done, failed)}
        vm, slow = slow_start(s, host)
        token = s.call("event.from", ["task"], "", 0.0)["token"]
        daemon.process.send_signal(end)
        daemon.process.wait(timeout=120)
        host.fault("unpause")
        daemon.start()
        s = Session(daemon)
        for t, record in before.items():
            equal(s.task.get_record(t), record)
        for t in (mine, slow):
            got = s.task.get_record(t)
            equal((got["status"], got["error_info"], got["progress"], got["allowed_operations"], got["current_operations"]),
                  ("failure", ["HOST_OFFLINE", ref], 1.0, [], {}))
            equal(got["finished"].value > "2", True)
        equal(s.task.get_other_config(mine), {"k": "v"})
        equal(dropped in s.task.get_all(), False)
        events = s.call("event.from", ["task"], token, 5.0)["events"]
        equal({e["ref"]: e["operation"] for e in events if e["ref"] in (mine, slow, dropped)},
              {mine: "mod", slow: "mod", dropped: "del"})
        equal(s.VM.get_power_state(vm), "Halted")
        agrees(s, host)
        for t in s.task.get_all():
            s.task.destroy(t)
        equal(s.task.get_all(), [])


def belongs(daemon):
    """a task is its user's, also after a logout and a restart"""
    s = Session(daemon)
    bob = s.subject.create({"subject_identifier": "bob", "other_config": {}})
    for r in s.subject.get_roles(bob):
        s.subject.remove_from_roles(bob, r)
    s.subject.add_to_roles(bob, s.role.get_by_name_label("vm-operator")[0])
    b = Session(daemon, "bob")
    mine, others = b.task.create("bob's", ""), s.task.create("root's", "")
    b.session.logout()
    b = Session(daemon, "bob")
    b.task.set_progress(mine, 0.5)
    daemon.kill()
    daemon.start()
    b = Session(daemon, "bob")
    fails(["RBAC_PERMISSION_DENIED", "task.destroy/any", None], b.task.destroy, others)
    b.task.destroy(mine)
    Session(daemon).task.destroy(others)


def writes_little(daemon):
    """calls that are answered at once write no task"""
    s = Session(daemon)
    ref = s.network.create(NETWORK)
    token = s.call("event.from", ["task"], "", 0.0)["token"]
    for i in range(20):
        s.network.set_name_label(ref, f"n{i}")
        s.network.get_record(ref)
    equal(s.call("event.from", ["task"], token, 0.0)["events"], [])


def is_busy(s, token):
    """event.from is refused"""
    try:
        s.call("event.from", ["task"], token, 0.0)
    except Failure as f:
        equal(f.words, ["TOO_BUSY"])
        return True
    return False


def limits(daemon):
    """one client's calls under way have a limit; others' have their own"""
    daemon.kill()
    daemon.options += ("--client-tasks", "2", "--client-listeners", "3")
    daemon.start()
    s, host = Session(daemon), Host(daemon)
    s.subject.create({"subject_identifier": "bob", "other_config": {}})  # with a role: pool-admin
    b = Session(daemon, "bob")
    vms = [make(s, "Halted") for _ in range(3)]
    host.fault("unpause", "delay 60")
    tasks = [s.Async.VM.start(vm, False, False) for vm in vms[:2]]
    for call in (s.Async.VM.start, s.VM.start):
        fails(["TOO_MANY_PENDING_TASKS"], call, vms[2], False, False)
    theirs = b.Async.VM.start(vms[2], False, False)
    for t in tasks + [theirs]:
        s.task.cancel(t)
        equal(ends(s, t)[0], "cancelled")
    host.fault("unpause")
    s.VM.start(vms[0], False, False)
    # listeners
    token = s.call("event.from", ["vm"], "", 0.0)["token"]
    sent_away = []

    def listen():
        while True:
            try:
                s.call("event.from", ["task"], token, 60.0)
            except Failure as failure:
                if failure.words == ["TOO_BUSY"]:  # for a moment is_busy has the place
                    continue
                sent_away.append(failure.words)
            return

    waiting = [threading.Thread(target=listen) for _ in range(3)]
    for t in waiting:
        t.start()
    until(lambda: is_busy(s, token))
    equal(b.call("event.from", ["vm"], "", 0.0)["token"] != "", True)
    s.session.logout()
    for t in waiting:
        t.join()
    equal(sent_away, [["SESSION_INVALID", s.ref]] * 3)


if __name__ == "__main__":
    run([cancelling, drops, restarts, belongs, writes_little, limits], "--hv=sim")
