#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The calls of classes host, pool and user, on a simulated host (--hv=sim)."""
import os
import re
import shutil
import tempfile
import time
import xmlrpc.client
from xml.etree import ElementTree

from daemon import Class, Daemon, Session, equal, fails, run
from vm import record, until

NOBODY = "OpaqueRef:00000000-0000-0000-0000-000000000000"


def host_of(s):
    return s.host.get_all()[0]


def noted(daemon, verb):
    """What hv_sim.c wrote down."""
    path = os.path.join(daemon.dir, "sim", verb)
    return open(path).read().splitlines() if os.path.exists(path) else []


def machine(daemon, path):
    """A file of the simulated machine, or None."""
    path = os.path.join(daemon.dir, "sim", path)
    if not os.path.exists(path):
        return None
    with open(path) as f:
        return f.read()


def lets_in(daemon):
    """SSH for as long as was said, idle shells; of a host and of its pool; HTTPS only where there is any"""
    s = Session(daemon)
    for of, ref in (s.host, host_of(s)), (s.pool, s.pool.get_all()[0]):
        host = host_of(s)

        def said():
            got = s.host.get_record(host)
            return (got["ssh_enabled"], got["ssh_enabled_timeout"], got["ssh_expiry"].value != "19700101T00:00:00Z", machine(daemon, "service/ssh"))

        of.disable_ssh(ref)
        equal(said(), (False, "0", False, "off\n"))
        of.set_ssh_enabled_timeout(ref, "100")
        equal(said(), (False, "100", False, "off\n"))
        of.enable_ssh(ref)
        equal(said(), (True, "100", True, "on\n"))
        of.set_ssh_enabled_timeout(ref, "0")
        equal(said(), (True, "0", False, "on\n"))
        for bad in ("-1", "172801"):
            fails(["INVALID_VALUE", "ssh_enabled_timeout", bad], of.set_ssh_enabled_timeout, ref, bad)
            equal(said()[1], "0")
        of.set_ssh_enabled_timeout(ref, "1")
        until(lambda: said() == (False, "1", False, "off\n"))
        of.set_ssh_enabled_timeout(ref, "0")
        of.set_console_idle_timeout(ref, "300")
        equal((s.host.get_console_idle_timeout(host), machine(daemon, "etc/profile.d/dom0kit-idle.sh")), ("300", "TMOUT=300\nexport TMOUT\n"))
        of.set_console_idle_timeout(ref, "0")
        equal((s.host.get_console_idle_timeout(host), machine(daemon, "etc/profile.d/dom0kit-idle.sh")), ("0", None))
        fails(["INVALID_VALUE", "console_idle_timeout", "-1"], of.set_console_idle_timeout, ref, "-1")
        fails(["OPERATION_NOT_ALLOWED", None], of.set_https_only, ref, True)
        of.set_https_only(ref, False)
        fails(["HANDLE_INVALID", None, NOBODY], of.enable_ssh, NOBODY)
    fault = os.path.join(daemon.dir, "sim", "fault", "set_service")
    with open(fault, "w") as f:
        f.write("fail no\n")
    fails(["ENABLE_SSH_FAILED", host], s.host.enable_ssh, host)
    fails(["DISABLE_SSH_FAILED", host], s.pool.disable_ssh, ref)
    os.remove(fault)
    # what the machine does when the daemon starts is true
    with open(os.path.join(daemon.dir, "sim", "service", "ssh"), "w") as f:
        f.write("on\n")
    daemon.kill()
    daemon.start()
    s = Session(daemon)
    until(lambda: s.host.get_ssh_enabled(host))
    # its time is over while there is no daemon
    s.host.set_ssh_enabled_timeout(host, "1")
    daemon.kill()
    time.sleep(1)
    daemon.start()
    s = Session(daemon)
    until(lambda: not s.host.get_ssh_enabled(host))
    equal(machine(daemon, "service/ssh"), "off\n")


def leaves(daemon):
    """disable, evacuate, shutdown, reboot: what each wants, allowed_operations"""
    s = Session(daemon)
    host = host_of(s)

    def allowed():
        return sorted(s.host.get_allowed_operations(host))

    takes = ["enable", "evacuate", "provision", "vm_migrate", "vm_resume", "vm_start"]
    equal(allowed(), takes)
    for call in (s.host.shutdown, s.host.reboot):
        fails(["HOST_NOT_DISABLED"], call, host)
        fails(["HANDLE_INVALID", "host", NOBODY], call, NOBODY)
    vm = s.VM.create(record("a"))
    s.VM.start(vm, False, False)
    s.host.disable(host)
    equal(allowed(), sorted(takes + ["shutdown", "reboot"]))
    for call in (s.host.shutdown, s.host.reboot):
        fails(["HOST_IN_USE", host, "VM", vm], call, host)
    fails(["CANNOT_EVACUATE_HOST", f"NO_HOSTS_AVAILABLE,{vm}"], s.host.assert_can_evacuate, host)
    fails(["NO_HOSTS_AVAILABLE", vm], s.host.evacuate, host)
    equal(s.host.get_vms_which_prevent_evacuation(host), {vm: ["NO_HOSTS_AVAILABLE", vm]})
    equal(noted(daemon, "power"), [])
    s.VM.hard_shutdown(vm)
    equal(s.host.get_vms_which_prevent_evacuation(host), {})
    s.host.assert_can_evacuate(host)
    s.host.evacuate(host)
    s.host.shutdown(host)
    s.host.reboot(host)
    equal(noted(daemon, "power"), ["off", "again"])
    equal((s.host.get_current_operations(host), s.host.get_enabled(host)), ({}, False))
    # one at a time, and no guests meanwhile
    with open(os.path.join(daemon.dir, "sim", "fault", "power"), "w") as f:
        f.write("delay 600\n")
    task = s.Async.host.shutdown(host)
    while not s.host.get_current_operations(host):
        time.sleep(0.01)
    equal(s.host.get_current_operations(host), {task: "shutdown"})
    equal(allowed(), [])
    fails(["OTHER_OPERATION_IN_PROGRESS", "host", host, "shutdown", task], s.host.enable, host)
    fails(["OTHER_OPERATION_IN_PROGRESS", "host", host, "shutdown", task], s.host.reboot, host)
    s.task.cancel(task)
    while s.task.get_status(task) == "cancelling":
        time.sleep(0.01)
    equal((s.task.get_status(task), s.host.get_current_operations(host)), ("cancelled", {}))
    s.host.enable(host)
    equal(allowed(), takes)


def gone(daemon):
    """destroy, declare_dead: not of the host that one talks to"""
    s = Session(daemon)
    host = host_of(s)
    fails(["HOST_CANNOT_DESTROY_SELF", host], s.host.destroy, host)
    fails(["HOST_IS_LIVE", host], s.host.declare_dead, host)


def describes(daemon):
    """names, memory, data sources, the hypervisor's log and keys"""
    s = Session(daemon)
    host = host_of(s)
    for bad in ("", "x" * 64, "a_b", "-a", "a.", "a..b", "a-.b"):
        fails(["HOST_NAME_INVALID", None], s.host.set_hostname_live, host, bad)
    s.host.set_hostname_live(host, "node-7.example")
    equal((s.host.get_hostname(host), noted(daemon, "set_hostname")), ("node-7.example", ["node-7.example"]))
    fails(["HANDLE_INVALID", "host", NOBODY], s.host.set_address, NOBODY, "")
    vm = s.VM.create(record("a"))
    s.VM.start(vm, False, False)
    for address, url in (("192.0.2.9", "192.0.2.9"), ("2001:db8::9", "[2001:db8::9]"), ("", "node-8.example")):
        s.host.set_hostname(host, "node-8.example")
        s.host.set_address(host, address)
        equal(s.console.get_location(s.VM.get_consoles(vm)[0]).split("/console")[0], "https://" + url)
    # clients read numbers out of these, and decide by them what they may use
    versions = s.host.get_software_version(host)
    for key in ("product_version", "platform_version"):
        equal([part.isdigit() for part in versions[key].split(".")], [True] * 3)
    equal((versions["product_brand"], versions["platform_name"]), ("dom0kit", "XCP"))
    free = int(s.host.compute_free_memory(host))
    vm = s.VM.create(record("a"))
    s.VM.start(vm, False, False)
    equal(int(s.host.compute_free_memory(host)) < free, True)
    s.VM.hard_shutdown(vm)
    equal(int(s.host.compute_free_memory(host)), free)
    equal(s.host.compute_memory_overhead(host), s.host.get_memory_overhead(host))
    sources = {d["name_label"]: d for d in s.host.get_data_sources(host)}
    total = s.host.query_data_source(host, "memory_total_kib")
    equal(total, int(s.host_metrics.get_memory_total(s.host.get_metrics(host))) / 1024)
    equal((sources["memory_total_kib"]["value"], sources["memory_total_kib"]["units"]), (total, "KiB"))
    equal(s.host.query_data_source(host, "loadavg") >= 0, True)
    fails(["INVALID_VALUE", "data_source", "x"], s.host.query_data_source, host, "x")
    equal(s.host.dmesg(host), "")
    with open(os.path.join(daemon.dir, "sim", "dmesg"), "w") as f:
        f.write("(XEN) <&> one\n(XEN) two\n")
    equal(s.host.dmesg(host), "(XEN) <&> one\n(XEN) two\n")
    s.host.send_debug_keys(host, "rq")
    equal(noted(daemon, "send_keys"), ["rq"])
    with open(os.path.join(daemon.dir, "sim", "fault", "dmesg"), "w") as f:
        f.write("fail no\n")
    fails(["INTERNAL_ERROR", None], s.host.dmesg, host)
    equal(set(s.Diagnostics.gc_stats(host)), {"bytes", "bytes_used", "bytes_free", "free_chunks", "mappings"})
    equal(s.Diagnostics.gc_compact(host), "")
    equal(int(s.Diagnostics.db_stats()["objects"]) > 50, True)
    fails(["HANDLE_INVALID", "host", "OpaqueRef:x"], s.Diagnostics.gc_compact, "OpaqueRef:x")
    equal((s.VM.get_cooperative(vm), s.host.get_uncooperative_resident_VMs(host)), (True, []))
    for call in (s.host.get_log, s.host.dmesg_clear):
        fails(["NOT_IMPLEMENTED", None], call, host)


PLUGIN = r'''#!/usr/bin/env python3
import os, sys, xmlrpc.client
params, fn = xmlrpc.client.loads(sys.argv[1])
session, args = params
def say(answer):
    print(xmlrpc.client.dumps((answer,), "", True))
def ok(value):
    say({"Status": "Success", "Value": value})
if fn == "echo":
    print("noise", file=sys.stderr)
    ok("<" + args.get("text", "") + ">")
elif fn == "session":
    ok(session)
elif fn == "nothing":
    ok("")
elif fn == "refuse":
    say({"Status": "Failure", "ErrorDescription": ["MY_CODE", "a b", ""]})
elif fn == "exit":
    print("half"); print("why", file=sys.stderr); sys.exit(3)
elif fn == "garbage":
    print("hello")
elif fn == "big":
    ok("x" * 3000000)
elif fn == "list":
    ok(["a"])
elif fn == "sleep":
    import time; time.sleep(600)
'''


def plugins(daemon):
    """host.call_plugin: what a plugin gets, what it says, how it fails"""
    s = Session(daemon)
    host = host_of(s)
    folder = os.path.join(daemon.dir, "plugins")
    os.mkdir(folder)
    daemon.kill()
    daemon.options += ("--plugins", folder)
    daemon.start()
    s = Session(daemon)
    for name, mode in (("tool", 0o755), ("not-for-running", 0o644)):
        with open(os.path.join(folder, name), "w") as f:
            f.write(PLUGIN)
        os.chmod(os.path.join(folder, name), mode)

    def plugin(fn, **args):
        return s.host.call_plugin(host, "tool", fn, args)

    equal(plugin("echo", text="a & <b> \u00e9\n"), "<a & <b> \u00e9\n>")
    equal((plugin("session"), plugin("nothing")), (s.ref, ""))
    equal(len(plugin("big")), 3000000)
    fails(["MY_CODE", "a b", ""], plugin, "refuse")
    fails(["XENAPI_PLUGIN_FAILURE", "exit status 3", "half\n", "why\n"], plugin, "exit")
    fails(["XENAPI_PLUGIN_FAILURE", None, "hello\n", ""], plugin, "garbage")
    fails(["XENAPI_PLUGIN_FAILURE", "Value is no string", None, ""], plugin, "list")
    fails(["INVALID_VALUE", "fn", "a b"], plugin, "a b")
    for missing in ("x", "../users", "not-for-running", "", "."):
        fails(["XENAPI_MISSING_PLUGIN", missing], s.host.call_plugin, host, missing, "echo", {})
    # as a task; cancelled it ends
    task = s.Async.host.call_plugin(host, "tool", "echo", {"text": "x"})
    while s.task.get_status(task) == "pending":
        time.sleep(0.01)
    equal(s.task.get_result(task), "<value>&lt;x&gt;</value>")
    task = s.Async.host.call_plugin(host, "tool", "sleep", {})
    time.sleep(0.3)
    s.task.cancel(task)
    while s.task.get_status(task) in ("pending", "cancelling"):
        time.sleep(0.01)
    equal(s.task.get_status(task), "cancelled")
    equal([f for f in os.listdir(daemon.dir) if f.startswith("plugin.")], [])


def restarts(daemon):
    """host.restart_agent: the daemon is there again, with the same process"""
    s = Session(daemon)
    host = host_of(s)
    pid = daemon.process.pid
    s.host.set_name_label(host, "x")
    times = s.host.get_other_config(host)
    equal(float(times["boot_time"]) <= float(times["agent_start_time"]) <= time.time(), True)
    time.sleep(1)  # they are in seconds
    s.host.restart_agent(host)
    try:
        equal(s.host.get_name_label(host), "x")  # it has answered before
    except OSError:  # unless that was a second ago
        pass
    end = time.time() + 120
    while "begins anew" not in daemon.said() or daemon.said().count("is ready") < 2:
        equal(time.time() < end, True)
        time.sleep(0.05)
    daemon.answers(0)  # on another port
    s = Session(daemon)
    equal((s.host.get_name_label(host), daemon.process.poll(), daemon.process.pid), ("x", None, pid))
    again = s.host.get_other_config(host)
    equal(float(again["agent_start_time"]) > float(times["agent_start_time"]), True)
    equal(abs(float(again["boot_time"]) - float(times["boot_time"])) <= 1, True)


def alone(daemon):
    """what a pool of one answers; its secret and who logs in by it"""
    s = Session(daemon)
    host = host_of(s)
    s.pool.designate_new_master(host)
    s.pool.emergency_transition_to_master()
    equal(s.pool.recover_slaves(), [])
    equal(s.pool.hello(s.host.get_uuid(host), "192.0.2.1"), "ok")
    equal(s.pool.hello("nobody", "192.0.2.1"), "unknown_host")
    equal(s.host.tickle_heartbeat(host, {}), {})
    s.host.request_backup(host, "1", False)
    address = s.host.get_address(host)
    for call in (lambda a: s.host.propose_new_master(a, True), s.host.commit_new_master, s.host.abort_new_master):
        call(address)
        fails(["HA_ABORT_NEW_MASTER", "192.0.2.77 is no host of this pool"], call, "192.0.2.77")
    s.pool.emergency_reset_master(address)
    fails(["OPERATION_NOT_ALLOWED", None], s.pool.emergency_reset_master, "192.0.2.77")
    fails(["OPERATION_NOT_ALLOWED", "The master of a pool cannot be ejected from it"], s.pool.eject, host)
    fails(["HANDLE_INVALID", "host", NOBODY], s.pool.eject, NOBODY)
    pool = s.pool.get_all()[0]
    equal((s.pool.get_allowed_operations(pool), s.pool.get_current_operations(pool)), (["designate_new_master"], {}))
    equal(ElementTree.fromstring(s.host.get_system_status_capabilities(host)).tag, "system-status-capabilities")
    fails(["HANDLE_INVALID", "host", NOBODY], s.host.get_system_status_capabilities, NOBODY)
    secret = s.pool.initial_auth()
    equal(re.fullmatch("[0-9a-f]{96}", secret) is not None, True)
    path = os.path.join(daemon.dir, "secret")
    equal((os.stat(path).st_mode & 0o777, open(path).read()), (0o600, secret))
    fails(["HANDLE_INVALID", "host", NOBODY], daemon.call, "session.slave_login", NOBODY, secret)
    for login in (lambda p: daemon.call("session.slave_login", host, p), lambda p: daemon.call("session.slave_local_login", p)):
        fails(["SESSION_AUTHENTICATION_FAILED", "root", None], login, secret[:-1])
        fails(["SESSION_AUTHENTICATION_FAILED", "root", None], login, "")
        ref = login(secret)
        equal(daemon.call("session.get_is_local_superuser", ref, ref), True)
        daemon.call("session.local_logout", ref)
        fails(["SESSION_INVALID", ref], daemon.call, "host.get_all", ref)
    daemon.kill()
    daemon.start()
    equal(Session(daemon).pool.initial_auth(), secret)


def users(daemon):
    """class user, of old times"""
    s = Session(daemon)
    user = Class(s, "user")
    ref = user.create({"short_name": "bob", "fullname": "Bob", "other_config": {}})
    equal(user.get_record(ref)["short_name"], "bob")
    user.set_fullname(ref, "Robert")
    user.destroy(ref)
    fails(["HANDLE_INVALID", "user", ref], user.get_fullname, ref)


class Clock(Daemon):
    """With a timedatectl of the test's: it writes down what it is told, and says what is in files."""

    def __init__(self, *options):
        self.bin = tempfile.mkdtemp()
        path = os.path.join(self.bin, "timedatectl")
        with open(path, "w") as f:
            f.write(f"""#!/bin/sh
cd {self.bin}
echo "$*" >>asked
case $2 in
list-timezones) printf 'Europe/Oslo\\nEurope/Paris\\nUTC\\n' ;;
show) cat synchronized ;;
show-timesync) cat servers ;;
set-time) cat kept >&2 && exit 1 ;;
esac
exit 0
""")
        os.chmod(path, 0o755)
        before = os.environ["PATH"]
        os.environ["PATH"] = self.bin + ":" + before
        try:
            super().__init__(*options)
        finally:
            os.environ["PATH"] = before

    def write(self, name, text):
        with open(os.path.join(self.bin, name), "w") as f:
            f.write(text)

    def asked(self):
        with open(os.path.join(self.bin, "asked")) as f:
            return [line.replace("--no-pager ", "") for line in f.read().splitlines()]

    def stop(self):
        super().stop()
        shutil.rmtree(self.bin)


def time_servers(clock, s, host):
    def said():
        return (s.host.get_ntp_mode(host), s.host.get_ntp_custom_servers(host), machine(clock, "etc/systemd/timesyncd.conf.d/dom0kit.conf"),
                machine(clock, "service/systemd-timesyncd"))

    equal(said(), ("Factory", [], None, None))
    fails(["INVALID_NTP_CONFIG", None], s.host.set_ntp_mode, host, "Custom")
    for bad in (["a b"], ["-x"], [""], ["x\ny"], ["n"] * 65):
        fails(["INVALID_NTP_CONFIG", None], s.host.set_ntp_custom_servers, host, bad)
    s.host.set_ntp_custom_servers(host, ["a.example", "192.0.2.1"])
    equal(said()[1:], (["a.example", "192.0.2.1"], None, None))
    s.host.set_ntp_mode(host, "Custom")
    equal(said(), ("Custom", ["a.example", "192.0.2.1"], "[Time]\nNTP=a.example 192.0.2.1\nFallbackNTP=\n", "on\n"))
    s.host.set_ntp_custom_servers(host, ["2001:db8::1"])
    equal(said()[1:3], (["2001:db8::1"], "[Time]\nNTP=2001:db8::1\nFallbackNTP=\n"))
    fails(["INVALID_NTP_CONFIG", None], s.host.set_ntp_custom_servers, host, [])
    s.host.set_ntp_mode(host, "DHCP")
    equal(said()[2], "[Time]\nNTP=\nFallbackNTP=\n")
    s.host.set_ntp_mode(host, "Disabled")
    equal(said(), ("Disabled", ["2001:db8::1"], None, "off\n"))
    s.host.set_ntp_mode(host, "Factory")
    equal(said()[2:], (None, "on\n"))
    clock.write("servers", "LinkNTPServers=a b\nFallbackNTPServers=c a\nSystemNTPServers=\nServerName=b\n")
    equal(s.host.get_ntp_servers_status(host), {"a": "unused", "b": "current", "c": "unused"})


def keeps_time(daemon):
    """time zones, the clock and who keeps it, by timedatectl; time servers"""
    clock = Clock("--hv=sim")
    s = Session(clock)
    host = host_of(s)
    equal(s.host.list_timezones(host), ["Europe/Oslo", "Europe/Paris", "UTC"])
    s.host.set_timezone(host, "Europe/Oslo")
    equal((s.host.get_timezone(host), clock.asked()[-1]), ("Europe/Oslo", "set-timezone Europe/Oslo"))
    for zone in ("Europe/Nowhere", "", "--help", "Europe/Oslo\nUTC"):
        fails(["INVALID_VALUE", "timezone", zone], s.host.set_timezone, host, zone)
    equal((s.host.get_timezone(host), [line for line in clock.asked() if "set-" in line]), ("Europe/Oslo", ["set-timezone Europe/Oslo"]))
    for said, is_so in (("yes\n", True), ("no\n", False), ("", False)):
        clock.write("synchronized", said)
        equal(s.host.get_ntp_synchronized(host), is_so)
    s.host.set_servertime(host, xmlrpc.client.DateTime("20260102T03:04:05Z"))
    equal(clock.asked()[-1], "set-time @1767323045")
    clock.write("kept", "Automatic time synchronization is enabled\n")
    fails(["INTERNAL_ERROR", None], s.host.set_servertime, host, xmlrpc.client.DateTime("20260102T03:04:05Z"))
    clock.write("synchronized", "yes\n")  # as any show says
    fails(["NOT_ALLOWED_WHEN_NTP_IS_ENABLED", host], s.host.set_servertime, host, xmlrpc.client.DateTime("20260102T03:04:05Z"))
    time_servers(clock, s, host)
    for call, more in (("list_timezones", ()), ("set_timezone", ("UTC",)), ("get_ntp_synchronized", ())):
        fails(["HANDLE_INVALID", "host", NOBODY], getattr(s.host, call), NOBODY, *more)
    clock.stop()
    # this machine's, at a start
    s = Session(daemon)
    zone = os.readlink("/etc/localtime").split("/zoneinfo/")[-1] if os.path.islink("/etc/localtime") else "UTC"
    equal(s.host.get_timezone(host_of(s)), zone)


def could_be_switched_on(daemon):
    """set_power_on_mode writes down how"""
    s = Session(daemon)
    host = host_of(s)
    s.host.set_power_on_mode(host, "wake-on-lan", {"k": "v"})
    equal((s.host.get_power_on_mode(host), s.host.get_power_on_config(host)), ("wake-on-lan", {"k": "v"}))
    fails(["HANDLE_INVALID", "host", NOBODY], s.host.set_power_on_mode, NOBODY, "", {})


if __name__ == "__main__":
    run([lets_in, leaves, gone, describes, plugins, restarts, alone, users, keeps_time, could_be_switched_on], "--hv", "sim")
