#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The host's network on Linux itself: what is in the kernel after each call.
In a network namespace of its own (bridge.sh); with the word "modules" also VLANs
and bonds."""
import json
import os
import subprocess
import sys
import tempfile
import time

from daemon import Session, equal, fails, run
from network import NETWORK, pifs

OPTIONS = ("--hv", "sim", "--net", "bridge", "--nics", "eth*")


def sh(command):
    subprocess.run(command, shell=True, check=True)


def ip(*args):
    out = subprocess.run(["ip", "-j", "-d", *args], capture_output=True, text=True, check=True).stdout
    return json.loads(out or "[]")


def links():
    """Names but for the loopback and the far ends."""
    return sorted(l["ifname"] for l in ip("link") if l["ifname"] != "lo" and not l["ifname"].startswith("peer"))


def link(name):
    return ip("link", "show", name)[0]


def addresses(name, family="inet"):
    return sorted(f'{a["local"]}/{a["prefixlen"]}' for a in ip("addr", "show", name)[0]["addr_info"]
                  if a["family"] == family and a["scope"] == "global")


def default_route():
    return [(r["gateway"], r["dev"]) for r in ip("route", "show", "default")]


def is_up(name):
    return "UP" in link(name)["flags"]


def cards(n=3):
    """eth0 is the host's own; what it reaches is in a namespace behind it."""
    for l in ip("link"):
        if l["ifname"] != "lo" and not l["ifname"].startswith("peer"):
            sh(f"ip link del {l['ifname']} 2>/dev/null || :")
    for i in range(n):
        sh(f"ip link add eth{i} type veth peer name peer{i} && ip link set peer{i} up")
    sh("ip link set eth0 up && ip addr add 192.0.2.10/24 dev eth0 && ip -6 addr add 2001:db8::10/64 dev eth0 nodad")
    sh("ip route add default via 192.0.2.1 && ip route add 198.51.100.0/24 via 192.0.2.2")


def bridges(daemon):
    """a bridge comes with its port and MTU, forwards at once, and goes"""
    s = Session(daemon)
    equal(sorted(pifs(s)), ["eth0", "eth1", "eth2"])
    one = pifs(s)["eth1"]
    equal((one["MAC"], one["MTU"], one["managed"]), (link("eth1")["address"], "1500", True))
    s.PIF.plug(one["ref"])
    bridge = link("xenbr1")
    equal([bridge["linkinfo"]["info_kind"], bridge["linkinfo"]["info_data"]["forward_delay"], bridge["ifalias"], bridge["address"]],
          ["bridge", 0, "dom0kit", one["MAC"]])
    equal((is_up("xenbr1"), is_up("eth1"), link("eth1")["master"]), (True, True, "xenbr1"))
    equal(link("eth1")["linkinfo"]["info_slave_data"]["state"], "forwarding")
    with open("/proc/sys/net/ipv6/conf/xenbr1/accept_ra") as f:
        equal(f.read(), "0\n")
    s.PIF.scan(s.host.get_all()[0])
    equal(s.PIF.get_currently_attached(one["ref"]), True)
    equal(s.PIF_metrics.get_carrier(one["metrics"]), True)
    s.PIF.unplug(one["ref"])
    equal((links(), "master" in link("eth1")), (["eth0", "eth1", "eth2"], False))
    # an inner one, with room for more
    inner = s.network.create(dict(NETWORK, MTU="9000"))
    s.network.attach(inner, s.host.get_all()[0])
    equal((link("xapi0")["mtu"], is_up("xapi0")), (9000, True))
    s.network.destroy(inner)
    equal(links(), ["eth0", "eth1", "eth2"])


def moves(daemon):
    """the host's own addresses and routes go over to the bridge when a user says so"""
    s = Session(daemon)
    zero = pifs(s)["eth0"]
    equal([zero[k] for k in ("management", "currently_attached", "IP", "netmask", "gateway", "IPv6", "ip_configuration_mode")],
          [True, False, "192.0.2.10", "255.255.255.0", "192.0.2.1", ["2001:db8::10/64"], "Static"])
    equal((links(), addresses("eth0"), default_route()), (["eth0", "eth1", "eth2"], ["192.0.2.10/24"], [("192.0.2.1", "eth0")]))
    fails(["HOST_CANNOT_ATTACH_NETWORK", None, zero["network"]], s.network.attach, zero["network"], s.host.get_all()[0])
    s.PIF.plug(zero["ref"])
    equal([addresses(n) for n in ("eth0", "xenbr0")], [[], ["192.0.2.10/24"]])
    equal([addresses(n, "inet6") for n in ("eth0", "xenbr0")], [[], ["2001:db8::10/64"]])
    equal(default_route(), [("192.0.2.1", "xenbr0")])
    equal([r["dev"] for r in ip("route", "show", "198.51.100.0/24")], ["xenbr0"])
    equal(s.PIF.get_currently_attached(zero["ref"]), True)
    fails(["PIF_IS_MANAGEMENT_INTERFACE", zero["ref"]], s.PIF.unplug, zero["ref"])
    # the daemon ends and comes: nothing happens to it
    daemon.kill()
    daemon.start()
    s = Session(daemon)
    equal((addresses("xenbr0"), s.PIF.get_currently_attached(zero["ref"])), (["192.0.2.10/24"], True))


def static(daemon):
    """PIF.reconfigure_ip and reconfigure_ipv6 on the bridge; a second way out is not taken"""
    s = Session(daemon)
    one = pifs(s)["eth1"]["ref"]
    s.PIF.reconfigure_ip(one, "Static", "203.0.113.3", "255.255.255.128", "203.0.113.1", "")
    s.PIF.plug(one)
    equal((addresses("xenbr1"), default_route()), (["203.0.113.3/25"], [("192.0.2.1", "eth0")]))
    s.PIF.reconfigure_ip(one, "Static", "203.0.113.4", "255.255.255.0", "", "")
    equal(addresses("xenbr1"), ["203.0.113.4/24"])
    s.PIF.reconfigure_ipv6(one, "Static", "2001:db8:1::4/64", "", "")
    equal(addresses("xenbr1", "inet6"), ["2001:db8:1::4/64"])
    s.PIF.reconfigure_ipv6(one, "Autoconf", "", "", "")
    with open("/proc/sys/net/ipv6/conf/xenbr1/accept_ra") as f:
        equal(f.read(), "1\n")
    s.PIF.reconfigure_ipv6(one, "None", "", "", "")
    s.PIF.reconfigure_ip(one, "None", "", "", "", "")
    equal((addresses("xenbr1"), addresses("xenbr1", "inet6")), ([], []))
    # without another it is the host's way out
    sh("ip route del default")
    s.PIF.reconfigure_ip(one, "Static", "203.0.113.4", "255.255.255.0", "203.0.113.1", "")
    equal(default_route(), [("203.0.113.1", "xenbr1")])
    s.PIF.reconfigure_ip(one, "Static", "203.0.113.4", "255.255.255.0", "", "")
    equal(default_route(), [])


def server(interface):
    """A DHCP server behind INTERFACE, in a network of its own."""
    far = "peer" + interface[3:]
    conf = os.path.join(tempfile.mkdtemp(), "udhcpd.conf")
    with open(conf, "w") as f:
        f.write(f"start 203.0.113.100\nend 203.0.113.100\ninterface {far}\nlease_file {conf}.leases\npidfile {conf}.pid\n"
                "option subnet 255.255.255.0\noption router 203.0.113.1\noption lease 600\n")
    open(conf + ".leases", "w").close()
    there = subprocess.Popen(["unshare", "-n", "sh", "-c", f"read go; ip link set lo up; ip addr add 203.0.113.1/24 dev {far};"
                              f" ip link set {far} up; exec busybox udhcpd -f {conf}"], stdin=subprocess.PIPE,
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True)
    while os.readlink(f"/proc/{there.pid}/ns/net") == os.readlink("/proc/self/ns/net"):
        time.sleep(0.01)
    sh(f"ip link set {far} netns {there.pid}")
    there.stdin.write("go\n")
    there.stdin.close()
    return there


def dhcp(daemon):
    """DHCP: the address of a real server, and a client that ends with it"""
    s = Session(daemon)
    one = pifs(s)["eth1"]["ref"]
    there = server("eth1")

    def clients():
        out = subprocess.run(["pgrep", "-r", "D,R,S", "--ns", str(os.getpid()), "--nslist", "net", "-x", "dhclient"], capture_output=True, text=True, check=False).stdout
        return out.split()

    try:
        sh("ip route del default")
        before = clients()
        s.PIF.reconfigure_ip(one, "DHCP", "", "", "", "")
        s.PIF.plug(one)
        equal((addresses("xenbr1"), default_route()), (["203.0.113.100/24"], [("203.0.113.1", "xenbr1")]))
        equal([s.PIF.get_record(one)[k] for k in ("IP", "netmask", "gateway", "ip_configuration_mode", "currently_attached")],
              ["203.0.113.100", "255.255.255.0", "203.0.113.1", "DHCP", True])
        equal(len(clients()) - len(before), 1)
        s.PIF.reconfigure_ip(one, "Static", "203.0.113.7", "255.255.255.0", "", "")
        equal((addresses("xenbr1"), default_route(), clients()), (["203.0.113.7/24"], [], before))
        s.PIF.reconfigure_ip(one, "DHCP", "", "", "", "")
        s.PIF.unplug(one)
        equal((links(), clients()), (["eth0", "eth1", "eth2"], before))
    finally:
        there.kill()
        there.wait()


def others(daemon):
    """bridges that others made are used, and never touched"""
    sh("ip link add br9 type bridge forward_delay 0 && ip link set br9 up && ip addr add 203.0.113.9/24 dev br9")
    sh("ip link set eth2 master br9 && ip link set eth2 up mtu 1400")
    s = Session(daemon)
    here = s.host.get_all()[0]
    s.PIF.forget(pifs(s)["eth2"]["ref"])
    s.PIF.scan(here)
    two = pifs(s)["eth2"]
    equal([two[k] for k in ("managed", "currently_attached", "IP", "ip_configuration_mode")], [False, True, "203.0.113.9", "Static"])
    equal((s.network.get_bridge(two["network"]), s.network.get_managed(two["network"])), ("br9", False))

    def state():
        got = link("br9")
        return [got[k] for k in ("flags", "mtu", "address", "txqlen")], addresses("br9"), link("eth2")["master"]

    before = state()
    s.network.attach(two["network"], here)
    fails(["PIF_UNMANAGED", two["ref"]], s.PIF.unplug, two["ref"])
    s.PIF.forget(two["ref"])
    s.network.destroy(two["network"])
    equal(state(), before)
    # one that is in the way
    sh("ip link add xenbr1 type bridge")
    fails(["OPERATION_NOT_ALLOWED", None], s.PIF.plug, pifs(s)["eth1"]["ref"])
    equal("master" in link("eth1"), False)
    sh("ip link del xenbr1 && ip link add xenbr1 type veth peer name peer9")
    fails(["OPERATION_NOT_ALLOWED", None], s.PIF.plug, pifs(s)["eth1"]["ref"])


def boots(daemon):
    """the host starts again: bridges and addresses are made as they were, strays go"""
    s = Session(daemon)
    one = pifs(s)["eth1"]["ref"]
    s.PIF.reconfigure_ip(one, "Static", "203.0.113.3", "255.255.255.0", "", "")
    s.PIF.plug(one)
    daemon.kill()
    sh("ip link del xenbr1 && ip link set eth1 down && ip link add stray type bridge && ip link set stray alias dom0kit")
    daemon.start()
    equal((links(), addresses("xenbr1")), (["eth0", "eth1", "eth2", "xenbr1"], ["203.0.113.3/24"]))
    equal(link("eth1")["master"], "xenbr1")


def vlans(daemon):
    """VLANs on a card and on a bond"""
    s = Session(daemon)
    one = pifs(s)["eth1"]
    net = s.network.create(NETWORK)
    vlan = s.VLAN.create(one["ref"], "5", net)
    got = link("eth1.5")
    equal((got["link"], got["linkinfo"]["info_kind"], got["linkinfo"]["info_data"]["id"], got["master"], got["ifalias"], is_up("eth1.5")),
          ("eth1", "vlan", 5, "xapi0", "dom0kit", True))
    s.PIF.plug(one["ref"])  # beside its VLAN
    equal(link("eth1")["master"], "xenbr1")
    s.VLAN.destroy(vlan)
    equal(links(), ["eth0", "eth1", "eth2", "xenbr1"])


def bonds(daemon):
    """bonds: modes and settings, ports, the host's address, VLANs on them"""
    s = Session(daemon)
    got = pifs(s)
    zero, one, two = (got[d]["ref"] for d in ("eth0", "eth1", "eth2"))
    net, tagged = s.network.create(NETWORK), s.network.create(NETWORK)
    bond = s.Bond.create(net, [one, two], "02:00:00:00:00:0b", "lacp", {"lacp-time": "fast"})
    s.PIF.plug(s.Bond.get_master(bond))
    data = link("bond0")["linkinfo"]["info_data"]
    equal([data[k] for k in ("mode", "xmit_hash_policy", "ad_lacp_rate", "miimon")], ["802.3ad", "layer3+4", "fast", 100])
    equal((link("bond0")["address"], link("bond0")["master"]), ("02:00:00:00:00:0b", "xapi0"))
    equal([link(n)["master"] for n in ("eth1", "eth2")], ["bond0", "bond0"])
    vlan = s.VLAN.create(s.Bond.get_master(bond), "7", tagged)
    equal((link("bond0.7")["link"], link("bond0.7")["master"]), ("bond0", "xapi1"))
    s.Bond.set_mode(bond, "active-backup")
    equal(link("bond0")["linkinfo"]["info_data"]["mode"], "active-backup")
    equal((link("bond0")["master"], link("bond0.7")["master"]), ("xapi0", "xapi1"))
    s.Bond.set_mode(bond, "balance-slb")
    data = link("bond0")["linkinfo"]["info_data"]
    equal([data[k] for k in ("mode", "xmit_hash_policy")], ["balance-xor", "vlan+srcmac"])
    s.Bond.destroy(bond)
    equal((links(), link("eth1.7")["master"]), (["eth0", "eth1", "eth1.7", "eth2", "xapi1", "xenbr1"], "xapi1"))
    s.VLAN.destroy(vlan)
    # the host's own address
    s.PIF.plug(zero)
    bond = s.Bond.create(net, [zero, two], "", "active-backup")
    equal((addresses("xapi0"), default_route()), (["192.0.2.10/24"], [("192.0.2.1", "xapi0")]))
    equal(link("bond0")["address"], got["eth0"]["MAC"])
    s.Bond.destroy(bond)
    equal((addresses("xenbr0"), default_route(), link("eth0")["master"]), (["192.0.2.10/24"], [("192.0.2.1", "xenbr0")], "xenbr0"))


if __name__ == "__main__":
    sh("mount -t sysfs none /sys && ip link set lo up")

    def fresh(test):
        def prepared(daemon):
            try:
                test(daemon)
            finally:
                cards()  # for the next one
        prepared.__doc__ = test.__doc__
        return prepared

    cards()
    tests = [bridges, moves, static, dhcp, others, boots]
    run([fresh(t) for t in tests + ([vlans, bonds] if "modules" in sys.argv[1:] else [])], *OPTIONS)
