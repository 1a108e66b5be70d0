#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Networks and the host's interfaces: PIFs, VLANs, bonds, addresses. What the
calls answer, and what is on the host then. Without an argument on a simulated
host (--net=sim); with one of bridge.py's hosts on Linux itself."""
import os
import sys

from daemon import Failure, Session, equal, fails, run
from vm import Host, record, until

NOBODY = "OpaqueRef:NULL"
NETWORK = {"name_label": "lan", "name_description": "", "MTU": "1500", "other_config": {}, "tags": []}


class Sim:
    """The files of net_sim.c."""

    options = ("--hv", "sim")

    def __init__(self, daemon):
        self.dir = os.path.join(daemon.dir, "net")

    def links(self):
        return sorted(os.listdir(os.path.join(self.dir, "links")))

    def get(self, link, word):
        with open(os.path.join(self.dir, "links", link)) as f:
            for line in f:
                key, _, text = line.rstrip("\n").partition(" ")
                if key == word:
                    return text
        return None

    def set(self, link, **words):
        path = os.path.join(self.dir, "links", link)
        old = open(path).read().splitlines() if os.path.exists(path) else []
        keep = [line for line in old if line.partition(" ")[0] not in words]
        with open(path, "w") as f:
            f.write("".join(line + "\n" for line in keep + [f"{k} {v}" for k, v in words.items()]))

    def fault(self, verb, text=None):
        path = os.path.join(self.dir, "fault", verb)
        if text is None:
            os.remove(path)
        else:
            with open(path, "w") as f:
                f.write(text + "\n")

    def add_card(self, name):
        self.set(name, kind="card", mac="02:00:00:00:00:" + name[-1].zfill(2), mtu="1500", carrier="1", tag="-1")


def pifs(s):
    """PIFs by "device" or "device.tag"."""
    found = {}
    for ref, r in s.PIF.get_all_records().items():
        found[r["device"] if r["VLAN"] == "-1" else r["device"] + "." + r["VLAN"]] = dict(r, ref=ref)
    return found


def bridge_of(s, pif):
    return s.network.get_bridge(s.PIF.get_network(pif))


def begins(daemon):
    """the first start: a PIF and a network for each card, and which is the management's"""
    s = Session(daemon)
    host = Sim(daemon)
    got = pifs(s)
    equal(sorted(got), ["eth0", "eth1"])
    zero, one = got["eth0"], got["eth1"]
    equal([zero[k] for k in ("physical", "managed", "currently_attached", "management", "IP", "netmask", "ip_configuration_mode")],
          [True, True, True, True, "127.0.0.1", "255.0.0.0", "Static"])
    equal([one[k] for k in ("physical", "managed", "currently_attached", "management", "IP", "ip_configuration_mode", "MTU")],
          [True, True, False, False, "", "None", "1500"])
    equal(zero["MAC"], host.get("eth0", "mac"))
    net0, net1 = (s.network.get_record(p["network"]) for p in (zero, one))
    equal([(n["name_label"], n["bridge"], n["managed"], n["MTU"]) for n in (net0, net1)],
          [("Pool-wide network associated with eth0", "xenbr0", True, "1500"),
           ("Pool-wide network associated with eth1", "xenbr1", True, "1500")])
    metrics = s.PIF_metrics.get_record(zero["metrics"])
    equal([metrics[k] for k in ("carrier", "speed", "duplex", "pci_bus_path", "vendor_id")],
          [True, "1000", True, "0000:00:03.0", "1af4"])
    # what a network is for: block devices over TLS, or without
    s.network.add_purpose(zero["network"], "nbd")
    equal(s.network.get_purpose(zero["network"]), ["nbd"])
    fails(["NETWORK_INCOMPATIBLE_PURPOSES", "insecure_nbd", "nbd"], s.network.add_purpose, one["network"], "insecure_nbd")
    s.network.remove_purpose(zero["network"], "nbd")
    s.network.add_purpose(one["network"], "insecure_nbd")
    equal([s.network.get_purpose(p["network"]) for p in (zero, one)], [[], ["insecure_nbd"]])
    here = s.host.get_all()[0]
    equal(s.host.get_management_interface(here), zero["ref"])
    equal(s.host.get_address(here), "127.0.0.1")
    # a card that is new, and one that is in somebody else's bridge
    host.add_card("eth2")
    host.set("br7", kind="bridge", mac="02:00:00:00:00:77", mtu="9000", up="1", tag="-1", ip="198.51.100.4/24")
    host.add_card("eth3")
    host.set("eth3", master="br7", mtu="9000", up="1")
    s.PIF.scan(here)
    got = pifs(s)
    equal(sorted(got), ["eth0", "eth1", "eth2", "eth3"])
    three = got["eth3"]
    equal([three[k] for k in ("managed", "currently_attached", "IP", "netmask", "ip_configuration_mode", "MTU", "management")],
          [False, True, "198.51.100.4", "255.255.255.0", "Static", "9000", False])
    equal([s.network.get_record(three["network"])[k] for k in ("bridge", "managed", "MTU")], ["br7", False, "9000"])
    s.PIF.plug(three["ref"])  # it is
    for call, *args in ((s.PIF.unplug,), (s.PIF.reconfigure_ip, "None", "", "", "", "")):
        fails(["PIF_UNMANAGED", three["ref"]], call, three["ref"], *args)
    fails(["PIF_UNMANAGED", three["ref"]], s.VLAN.create, three["ref"], "5", s.network.create(NETWORK))
    # two in somebody else's bond, which is in a bridge
    host.set("bond7", kind="bond", mac="02:00:00:00:00:66", mtu="1500", up="1", tag="-1", master="br8")
    host.set("br8", kind="bridge", mac="02:00:00:00:00:66", mtu="1500", up="1", tag="-1", ip="198.51.100.8/24")
    for name in ("eth4", "eth5"):
        host.add_card(name)
        host.set(name, master="bond7", up="1")
    s.PIF.scan(here)
    got = pifs(s)
    equal([[got[n][k] for k in ("managed", "currently_attached", "IP")] + [bridge_of(s, got[n]["ref"])] for n in ("eth4", "eth5")],
          [[False, True, "198.51.100.8", "br8"]] * 2)
    s.network.attach(got["eth4"]["network"], here)
    # it follows the host
    host.set("br7", ip="198.51.100.5/25", leased="1")
    s.PIF.scan(here)
    equal([pifs(s)["eth3"][k] for k in ("IP", "netmask", "ip_configuration_mode")], ["198.51.100.5", "255.255.255.128", "DHCP"])
    s.PIF.forget(three["ref"])
    fails(["HANDLE_INVALID", "PIF", three["ref"]], s.PIF.get_record, three["ref"])
    fails(["HANDLE_INVALID", "PIF_metrics", three["metrics"]], s.PIF_metrics.get_record, three["metrics"])
    equal(host.get("eth3", "master"), "br7")


def introduces(daemon):
    """PIF.introduce and forget"""
    s = Session(daemon)
    here = s.host.get_all()[0]
    host = Sim(daemon)
    one = pifs(s)["eth1"]
    fails(["DUPLICATE_PIF_DEVICE_NAME", "eth1"], s.PIF.introduce, here, "", "eth1")
    s.PIF.forget(one["ref"])
    equal(sorted(pifs(s)), ["eth0"])
    fails(["MAC_INVALID", "02:00"], s.PIF.introduce, here, "02:00", "eth1")
    missing = "COULD_NOT_FIND_NETWORK_INTERFACE_WITH_SPECIFIED_DEVICE_NAME_AND_MAC_ADDRESS"
    fails([missing, "eth1", "02:00:00:00:00:99"], s.PIF.introduce, here, "02:00:00:00:00:99", "eth1")
    fails([missing, "eth9", ""], s.PIF.introduce, here, "", "eth9")
    ref = s.PIF.introduce(here, one["MAC"].upper(), "eth1")
    got = s.PIF.get_record(ref)
    equal([got[k] for k in ("device", "MAC", "network", "managed")], ["eth1", one["MAC"], one["network"], True])
    s.PIF.forget(ref)
    ref = s.PIF.introduce(here, "", "eth1", False)
    equal(s.PIF.get_managed(ref), False)
    zero = pifs(s)["eth0"]["ref"]
    fails(["PIF_IS_MANAGEMENT_INTERFACE", zero], s.PIF.forget, zero)
    equal(host.links(), ["eth0", "eth1", "xenbr0"])
    # records for joining hosts
    args = ("eth8", one["network"], here, "02:00:00:00:00:08", "1400", "-1", True, "None", "", "", "", "", NOBODY, NOBODY,
            False, {"a": "b"})
    for make in (s.PIF.pool_introduce, s.PIF.db_introduce):
        ref = make(*args)
        got = s.PIF.get_record(ref)
        equal([got[k] for k in ("device", "MTU", "other_config", "disallow_unplug", "primary_address_type", "managed")],
              ["eth8", "1400", {"a": "b"}, False, "IPv4", True])
        equal(s.PIF_metrics.get_carrier(got["metrics"]), False)
        s.PIF.db_forget(ref)
        fails(["HANDLE_INVALID", "PIF", ref], s.PIF.get_device, ref)


def plugs(daemon):
    """PIF.plug, unplug: bridge, port and MTU; what is refused; what fails is taken back"""
    s = Session(daemon)
    host = Sim(daemon)
    one = pifs(s)["eth1"]["ref"]
    s.network.set_MTU(s.PIF.get_network(one), "1400")
    s.PIF.plug(one)
    equal([host.get("xenbr1", k) for k in ("kind", "up", "mtu", "ours", "mac")],
          ["bridge", "1", "1400", "1", host.get("eth1", "mac")])
    equal([host.get("eth1", k) for k in ("master", "up", "mtu")], ["xenbr1", "1", "1400"])
    equal((s.PIF.get_currently_attached(one), s.PIF.get_MTU(one)), (True, "1400"))
    s.PIF.plug(one)
    s.PIF.set_disallow_unplug(one, True)
    fails(["PIF_DOES_NOT_ALLOW_UNPLUG", one], s.PIF.unplug, one)
    s.PIF.set_disallow_unplug(one, False)
    zero = pifs(s)["eth0"]["ref"]
    fails(["PIF_IS_MANAGEMENT_INTERFACE", zero], s.PIF.unplug, zero)
    s.PIF.unplug(one)
    equal((host.links(), host.get("eth1", "master")), (["eth0", "eth1", "xenbr0"], ""))
    equal(s.PIF.get_currently_attached(one), False)
    for verb in ("add", "set"):
        host.fault(verb, "fail no")
        fails(["INTERNAL_ERROR", verb + ": no"], s.PIF.plug, one)
        host.fault(verb)
        equal(host.links(), ["eth0", "eth1", "xenbr0"])
        equal(s.PIF.get_currently_attached(one), False)
    # an address of the host's own goes over to the bridge
    host.set("eth1", ip="203.0.113.4/24", up="1", ip6="2001:db8::5/64")
    here = s.host.get_all()[0]
    s.PIF.scan(here)
    equal([pifs(s)["eth1"][k] for k in ("IP", "IPv6", "currently_attached", "ip_configuration_mode")],
          ["203.0.113.4", ["2001:db8::5/64"], False, "Static"])
    s.PIF.plug(one)
    equal([host.get(link, "ip") for link in ("eth1", "xenbr1")], ["", "203.0.113.4/24"])
    s.PIF.unplug(one)
    host.set("eth1", ip="203.0.113.4/24", leased="1")
    s.PIF.scan(here)
    fails(["OPERATION_NOT_ALLOWED", None], s.PIF.plug, one)
    equal(host.get("eth1", "ip"), "203.0.113.4/24")
    # records of what the host does not have, or something else has
    def known(device):
        return s.PIF.db_introduce(device, s.network.create(NETWORK), here, "02:00:00:00:00:55", "1500", "-1", True, "None", "", "", "", "",
                                  NOBODY, NOBODY, False, {})

    fails(["PIF_DEVICE_NOT_FOUND"], s.PIF.plug, known("eth9"))
    fails(["OPERATION_NOT_ALLOWED", None], s.PIF.plug, known("eth0"))
    fails(["PIF_DEVICE_NOT_FOUND"], s.network.attach, s.PIF.get_network(known("eth9")), here)


def addresses(daemon):
    """PIF.reconfigure_ip and reconfigure_ipv6: static, DHCP, none"""
    s = Session(daemon)
    host = Sim(daemon)
    got = pifs(s)
    zero, one = got["eth0"]["ref"], got["eth1"]["ref"]
    for field, args in (("IP", ("Static", "192.0.2.300", "255.255.255.0", "", "")),
                        ("IP", ("Static", "", "", "", "")),
                        ("netmask", ("Static", "192.0.2.3", "", "", "")),
                        ("netmask", ("Static", "192.0.2.3", "255.0.255.0", "", "")),
                        ("gateway", ("Static", "192.0.2.3", "255.255.255.0", "x", "")),
                        ("DNS", ("DHCP", "", "", "", "192.0.2.1,x"))):
        fails(["INVALID_IP_ADDRESS_SPECIFIED", field], s.PIF.reconfigure_ip, one, *args)
    fails(["INVALID_IP_ADDRESS_SPECIFIED", "IPv6"], s.PIF.reconfigure_ipv6, one, "Static", "2001:db8::1", "", "")
    fails(["PIF_IS_MANAGEMENT_INTERFACE", zero], s.PIF.reconfigure_ip, zero, "None", "", "", "", "")
    # of one that is down: a record
    s.PIF.reconfigure_ip(one, "Static", "192.0.2.3", "255.255.255.128", "192.0.2.1", "")
    s.PIF.reconfigure_ipv6(one, "Static", "2001:db8::3/64", "2001:db8::1", "")
    equal(host.links(), ["eth0", "eth1", "xenbr0"])
    equal([s.PIF.get_record(one)[k] for k in ("IP", "netmask", "gateway", "IPv6", "ipv6_gateway")],
          ["192.0.2.3", "255.255.255.128", "192.0.2.1", ["2001:db8::3/64"], "2001:db8::1"])
    s.PIF.plug(one)
    equal([host.get("xenbr1", k) for k in ("ip", "gateway", "ip6", "gateway6")],
          ["192.0.2.3/25", "192.0.2.1", "2001:db8::3/64", "2001:db8::1"])
    s.PIF.reconfigure_ip(one, "DHCP", "", "", "", "")
    equal([host.get("xenbr1", k) for k in ("ip", "leased")], ["198.51.100.7/24", "1"])
    equal([s.PIF.get_record(one)[k] for k in ("IP", "netmask", "gateway")], ["198.51.100.7", "255.255.255.0", "198.51.100.1"])
    # what fails leaves record and host
    host.fault("set_address", "fail no")
    try:
        s.PIF.reconfigure_ip(one, "Static", "192.0.2.9", "255.255.255.0", "", "")
        raise AssertionError("no failure")
    except Failure as e:
        equal(e.words[0], "INTERNAL_ERROR")
    host.fault("set_address")
    equal([s.PIF.get_record(one)[k] for k in ("IP", "ip_configuration_mode")], ["198.51.100.7", "DHCP"])
    s.PIF.reconfigure_ip(one, "None", "", "", "", "")
    s.PIF.reconfigure_ipv6(one, "Autoconf", "", "", "")
    equal([host.get("xenbr1", k) for k in ("ip", "ip6")], ["", "2001:db8::7/64"])
    equal([s.PIF.get_record(one)[k] for k in ("IP", "IPv6")], ["", ["2001:db8::7/64"]])
    fails(["PIF_INCOMPATIBLE_PRIMARY_ADDRESS_TYPE", one], s.PIF.set_primary_address_type, one, "IPv4")
    s.PIF.set_primary_address_type(one, "IPv6")
    fails(["PIF_IS_MANAGEMENT_INTERFACE", zero], s.PIF.set_primary_address_type, zero, "IPv4")
    # of the management's: the host's
    s.PIF.reconfigure_ip(zero, "Static", "127.0.0.2", "255.0.0.0", "", "192.0.2.53,192.0.2.54")
    equal(s.host.get_address(s.host.get_all()[0]), "127.0.0.2")
    with open(os.path.join(host.dir, "dns")) as f:
        equal(f.read(), "192.0.2.53,192.0.2.54")


def vlans(daemon):
    """VLAN.create, destroy, and the older calls that make VLANs"""
    s = Session(daemon)
    host = Sim(daemon)
    here, pool = s.host.get_all()[0], s.pool.get_all()[0]
    one = pifs(s)["eth1"]
    net = s.network.create(NETWORK)
    for tag in ("-1", "4095"):
        fails(["VLAN_TAG_INVALID", tag], s.VLAN.create, one["ref"], tag, net)
    fails(["NETWORK_ALREADY_CONNECTED", one["network"], one["ref"]], s.VLAN.create, one["ref"], "5", one["network"])
    vlan = s.VLAN.create(one["ref"], "5", net)
    got = s.VLAN.get_record(vlan)
    equal((got["tagged_PIF"], got["tag"]), (one["ref"], "5"))
    pif = s.PIF.get_record(got["untagged_PIF"])
    equal([pif[k] for k in ("device", "VLAN", "physical", "currently_attached", "VLAN_master_of", "network", "MAC")],
          ["eth1", "5", False, True, vlan, net, one["MAC"]])
    equal(s.PIF.get_VLAN_slave_of(one["ref"]), [vlan])
    equal([host.get("eth1.5", k) for k in ("kind", "parent", "tag", "master", "up")],
          ["vlan", "eth1", "5", s.network.get_bridge(net), "1"])
    net2 = s.network.create(NETWORK)
    fails(["PIF_VLAN_EXISTS", got["untagged_PIF"]], s.VLAN.create, one["ref"], "5", net2)
    fails(["PIF_IS_VLAN", got["untagged_PIF"]], s.VLAN.create, got["untagged_PIF"], "6", net2)
    fails(["PIF_VLAN_STILL_EXISTS", one["ref"]], s.PIF.forget, one["ref"])
    fails(["PIF_IS_PHYSICAL", one["ref"]], s.PIF.destroy, one["ref"])
    fails(["NETWORK_CONTAINS_PIF", got["untagged_PIF"]], s.network.destroy, net)
    s.PIF.unplug(got["untagged_PIF"])
    equal(host.links(), ["eth0", "eth1", "xenbr0"])
    s.PIF.plug(got["untagged_PIF"])
    s.VLAN.destroy(vlan)
    equal(host.links(), ["eth0", "eth1", "xenbr0"])
    equal(sorted(pifs(s)), ["eth0", "eth1"])
    host.fault("add", "fail no")
    fails(["INTERNAL_ERROR", None], s.VLAN.create, one["ref"], "5", net)
    host.fault("add")
    equal((host.links(), s.VLAN.get_all(), sorted(pifs(s))), (["eth0", "eth1", "xenbr0"], [], ["eth0", "eth1"]))
    made = s.PIF.create_VLAN("eth1", net, here, "7")
    equal(s.PIF.get_VLAN(made), "7")
    s.PIF.destroy(made)
    for make, of in ((s.pool.create_VLAN_from_PIF, one["ref"]), (s.pool.create_VLAN, "eth1")):
        made = make(of, net, "8")
        equal([s.PIF.get_VLAN(m) for m in made], ["8"])
        s.PIF.destroy(made[0])
    fails(["PIF_DEVICE_NOT_FOUND"], s.pool.create_VLAN, "eth9", net, "8")
    # names of interfaces have an end
    long = "enp130s0f0np0"
    host.set(long, kind="card", mac="02:00:00:00:00:aa", mtu="1500", tag="-1")
    s.PIF.scan(here)
    vlan = s.VLAN.create(pifs(s)[long]["ref"], "4094", net)
    (name,) = [link for link in host.links() if host.get(link, "kind") == "vlan"]
    equal((name.startswith("v4094-"), len(name) <= 15), (True, True))
    s.VLAN.destroy(vlan)


def bonds(daemon):
    """Bond.create and destroy: addresses, management, VLANs and guests move, and move back"""
    s = Session(daemon)
    host = Sim(daemon)
    here = s.host.get_all()[0]
    host.add_card("eth2")
    s.PIF.scan(here)
    got = pifs(s)
    zero, one, two = (got[d]["ref"] for d in ("eth0", "eth1", "eth2"))
    net, tagged = s.network.create(NETWORK), s.network.create(NETWORK)
    fails(["PIF_BOND_NEEDS_MORE_MEMBERS"], s.Bond.create, net, [one], "")
    fails(["MAC_INVALID", "x"], s.Bond.create, net, [one, two], "x")
    fails(["INVALID_VALUE", "properties", "lacp-time = never"], s.Bond.create, net, [one, two], "", "lacp", {"lacp-time": "never"})
    fails(["NETWORK_ALREADY_CONNECTED", got["eth1"]["network"], one], s.Bond.create, got["eth1"]["network"], [one, two], "")
    s.PIF.reconfigure_ip(one, "Static", "192.0.2.3", "255.255.255.0", "", "")
    fails(["PIF_BOND_MORE_THAN_ONE_IP"], s.Bond.create, net, [zero, one], "")
    s.PIF.reconfigure_ip(one, "None", "", "", "", "")
    vlan = s.VLAN.create(one, "5", tagged)
    untagged = s.VLAN.get_untagged_PIF(vlan)
    fails(["PIF_VLAN_EXISTS", untagged], s.Bond.create, net, [zero, untagged], "")
    bond = s.Bond.create(net, [one, zero], "", "lacp", {"lacp-time": "fast"})
    r = s.Bond.get_record(bond)
    equal((r["primary_slave"], sorted(r["slaves"]), r["mode"], r["auto_update_mac"]), (zero, sorted([zero, one]), "lacp", True))
    equal(r["properties"], {"hashing_algorithm": "tcpudp_ports", "lacp-time": "fast", "lacp-fallback-ab": "true"})
    master = s.PIF.get_record(r["master"])
    equal([master[k] for k in ("device", "physical", "management", "IP", "currently_attached", "MAC", "bond_master_of")],
          ["bond0", False, True, "127.0.0.1", True, got["eth0"]["MAC"], [bond]])
    equal([s.PIF.get_record(zero)[k] for k in ("management", "IP", "currently_attached", "bond_slave_of")], [False, "", False, bond])
    equal(s.host.get_management_interface(here), r["master"])
    bridge = s.network.get_bridge(net)
    equal([host.get("bond0", k) for k in ("kind", "master", "setup")],
          ["bond", bridge, "lacp hashing_algorithm=tcpudp_ports lacp-time=fast lacp-fallback-ab=true"])
    equal((host.get(bridge, "ip"), host.get("eth0", "master"), host.get("eth1", "master")), ("127.0.0.1/8", "bond0", "bond0"))
    equal([host.get("bond0.5", k) for k in ("parent", "tag", "master")], ["bond0", "5", s.network.get_bridge(tagged)])
    equal((s.VLAN.get_tagged_PIF(vlan), s.PIF.get_device(untagged)), (r["master"], "bond0"))
    for slave in (zero, one):
        fails(["CANNOT_PLUG_BOND_SLAVE", slave], s.PIF.plug, slave)
        fails(["PIF_ALREADY_BONDED", slave], s.PIF.forget, slave)
    fails(["PIF_ALREADY_BONDED", one], s.Bond.create, s.network.create(NETWORK), [one, two], "")
    fails(["CANNOT_ADD_VLAN_TO_BOND_SLAVE", one], s.VLAN.create, one, "6", s.network.create(NETWORK))
    fails(["INVALID_VALUE", "properties", "a = b"], s.Bond.set_property, bond, "a", "b")
    s.Bond.set_property(bond, "lacp-time", "slow")
    equal(host.get("bond0", "setup"), "lacp hashing_algorithm=tcpudp_ports lacp-time=slow lacp-fallback-ab=true")
    s.Bond.set_mode(bond, "active-backup")
    equal((host.get("bond0", "setup"), s.Bond.get_properties(bond)), ("active-backup", {}))
    vif_net = s.PIF.get_network(two)
    s.Bond.destroy(bond)
    got = pifs(s)
    equal(sorted(got), ["eth0", "eth0.5", "eth1", "eth2"])
    equal([got["eth0"][k] for k in ("management", "IP", "currently_attached", "bond_slave_of")], [True, "127.0.0.1", True, NOBODY])
    equal((host.get("xenbr0", "ip"), host.get("eth0", "master"), host.get("eth1", "master")), ("127.0.0.1/8", "xenbr0", ""))
    # an address decides who is the first
    s.PIF.reconfigure_ip(two, "Static", "192.0.2.3", "255.255.255.0", "", "")
    bond = s.Bond.create(net, [one, two], "")
    equal((s.Bond.get_primary_slave(bond), s.PIF.get_IP(s.Bond.get_master(bond))), (two, "192.0.2.3"))
    s.Bond.destroy(bond)
    equal([s.PIF.get_IP(pif) for pif in (one, two)], ["", "192.0.2.3"])
    s.PIF.reconfigure_ip(two, "None", "", "", "", "")
    equal("bond0" in host.links(), False)
    equal([host.get("eth0.5", k) for k in ("parent", "tag", "up")], ["eth0", "5", "1"])
    # a bond that cannot be made leaves all as it was
    before = (host.links(), {d: dict(r, metrics="") for d, r in pifs(s).items()})
    host.fault("set_bond", "fail no")
    fails(["INTERNAL_ERROR", None], s.Bond.create, net, [zero, one], "")
    host.fault("set_bond")
    equal((host.links(), {d: dict(r, metrics="") for d, r in pifs(s).items()}), before)
    equal(host.get("xenbr0", "ip"), "127.0.0.1/8")
    equal(s.Bond.get_all(), [])
    # guests' interfaces go with it
    vm = s.VM.create(record("a"))
    vif = s.VIF.create({"device": "0", "network": vif_net, "VM": vm, "MAC": "", "MTU": "1500", "other_config": {},
                        "qos_algorithm_type": "", "qos_algorithm_params": {}})
    bond = s.Bond.create(net, [one, two], "02:00:00:00:00:0b")
    equal(s.VIF.get_network(vif), net)
    equal(s.PIF.get_record(s.Bond.get_master(bond))["currently_attached"], False)
    s.Bond.destroy(bond)
    equal(s.VIF.get_network(vif), s.PIF.get_network(one))
    # records that are gone: the next member gets what it had, and then nobody
    bond = s.Bond.create(net, [one, two], "")
    s.PIF.db_forget(one)
    s.Bond.destroy(bond)
    equal((s.VIF.get_network(vif), s.Bond.get_all()), (s.PIF.get_network(two), []))
    s.PIF.scan(here)
    one = pifs(s)["eth1"]["ref"]
    bond = s.Bond.create(net, [one, two], "")
    for pif in (one, two):
        s.PIF.db_forget(pif)
    fails(["OPERATION_NOT_ALLOWED", "All members of the bond are gone"], s.Bond.destroy, bond)
    s.PIF.db_forget(s.Bond.get_master(bond))
    s.Bond.destroy(bond)
    equal(s.Bond.get_all(), [])


def guests(daemon):
    """bridges come with the guests that need them; what they are on stays"""
    s = Session(daemon)
    host = Sim(daemon)
    here = s.host.get_all()[0]
    inner = s.network.create(dict(NETWORK, MTU="0"))
    equal((s.network.get_bridge(inner), s.network.get_MTU(inner)), ("xapi0", "1500"))
    one = pifs(s)["eth1"]
    vm = s.VM.create(record("a"))
    vifs = [s.VIF.create({"device": str(i), "network": n, "VM": vm, "MAC": "", "MTU": "0", "other_config": {},
                          "qos_algorithm_type": "", "qos_algorithm_params": {}})
            for i, n in enumerate((inner, one["network"]))]
    s.VM.start(vm, False, False)
    equal([s.VIF.get_currently_attached(v) for v in vifs], [True, True])
    equal((host.get("xapi0", "kind"), host.get("xapi0", "mtu"), host.get("eth1", "master")), ("bridge", "1500", "xenbr1"))
    equal(s.PIF.get_currently_attached(one["ref"]), True)
    fails(["VIF_IN_USE", one["network"], vifs[1]], s.PIF.unplug, one["ref"])
    fails(["VIF_IN_USE", one["network"], vifs[1]], s.PIF.forget, one["ref"])
    fails(["NETWORK_CONTAINS_VIF", vifs[0]], s.network.destroy, inner)
    s.VM.hard_shutdown(vm)
    equal(host.links(), ["eth0", "eth1", "xenbr0", "xenbr1"])
    s.PIF.unplug(one["ref"])
    # a card with the host's own address is not touched for a guest
    host.set("eth1", ip="203.0.113.4/24", up="1")
    fails(["HOST_CANNOT_ATTACH_NETWORK", here, one["network"]], s.VM.start, vm, False, False)
    equal(host.links(), ["eth0", "eth1", "xenbr0"])
    equal(s.VM.get_power_state(vm), "Halted")
    s.PIF.plug(one["ref"])
    s.VM.start(vm, False, False)
    s.VM.hard_shutdown(vm)
    # somebody else's bridge has to be there
    other = s.network.create(dict(NETWORK, bridge="virbr0", managed=False))
    fails(["BRIDGE_NAME_EXISTS", "virbr0"], s.network.create, dict(NETWORK, bridge="virbr0"))
    for bad in ("../../x", "..", "a b", "a234567890123456"):
        fails(["INVALID_VALUE", "bridge", bad], s.network.create, dict(NETWORK, bridge=bad))
    fails(["HOST_CANNOT_ATTACH_NETWORK", here, other], s.network.attach, other, here)
    host.set("virbr0", kind="bridge", mac="02:00:00:00:00:88", mtu="1500", up="1", tag="-1")
    s.network.attach(other, here)
    s.network.destroy(other)
    equal("virbr0" in host.links(), True)
    s.network.attach(inner, here)
    equal("xapi0" in host.links(), True)
    s.network.destroy(inner)
    equal("xapi0" in host.links(), False)
    beside_others(daemon, s, host)
    system = s.network.create(dict(NETWORK, other_config={"is_host_internal_management_network": "true"}))
    fails(["CANNOT_DESTROY_SYSTEM_NETWORK", system], s.network.destroy, system)


def beside_others(daemon, s, host):
    """The bridge of guests alone stays for who is about to come, and goes with the last, in whatever order they do."""
    guests = Host(daemon)
    inner = s.network.create(dict(NETWORK, MTU="0"))
    bridge = s.network.get_bridge(inner)
    vms = [s.VM.create(record(name)) for name in "ab"]
    for vm in vms:
        s.VIF.create({"device": "0", "network": inner, "VM": vm, "MAC": "", "MTU": "0", "other_config": {},
                      "qos_algorithm_type": "", "qos_algorithm_params": {}})
    s.VM.start(vms[0], False, False)

    def start_slowly(text):
        """In the end the host does what TEXT says."""
        guests.fault("create", "delay 60")
        task = s.Async.VM.start(vms[1], False, False)
        until(lambda: os.listdir(os.path.join(daemon.dir, "net/users", bridge))[1:])
        s.VM.hard_shutdown(vms[0])
        equal((s.task.get_status(task), bridge in host.links()), ("pending", True))
        guests.fault("create", text)
        until(lambda: s.task.get_status(task) != "pending")
        return s.task.get_status(task)

    equal((start_slowly(None), bridge in host.links()), ("success", True))
    s.VM.hard_shutdown(vms[1])
    equal(bridge in host.links(), False)
    s.VM.start(vms[0], False, False)
    equal((start_slowly("fail no"), bridge in host.links()), ("failure", False))
    guests.fault("create")
    # all at once
    for vm in vms:
        s.VM.start(vm, False, False)
    tasks = [s.Async.VM.hard_shutdown(vm) for vm in vms]
    until(lambda: all(s.task.get_status(t) == "success" for t in tasks))
    equal(bridge in host.links(), False)
    for vm in vms:
        s.VM.destroy(vm)
    s.network.destroy(inner)


def restarts(daemon):
    """the host starts again: what was up comes up; what nobody knows goes"""
    s = Session(daemon)
    host = Sim(daemon)
    got = pifs(s)
    one = got["eth1"]["ref"]
    net = s.network.create(NETWORK)
    s.PIF.reconfigure_ip(one, "Static", "192.0.2.3", "255.255.255.0", "", "")
    s.PIF.plug(one)
    vlan = s.VLAN.create(one, "9", net)
    bridge = s.network.get_bridge(net)
    daemon.kill()
    for name in ("xenbr1", bridge, "eth1.9"):
        os.remove(os.path.join(host.dir, "links", name))
    host.set("eth1", master="", up="0")
    host.set("xapi7", kind="bridge", ours="1", up="1", tag="-1")
    daemon.start()
    s = Session(daemon)
    equal(host.links(), sorted(["eth0", "eth1", "eth1.9", "xenbr0", "xenbr1", bridge]))
    equal((host.get("eth1", "master"), host.get("xenbr1", "ip"), host.get("eth1.9", "master")), ("xenbr1", "192.0.2.3/24", bridge))
    equal(s.PIF.get_currently_attached(s.VLAN.get_untagged_PIF(vlan)), True)
    # one that does not come up is down, and the daemon is there
    daemon.kill()
    os.remove(os.path.join(host.dir, "links", "xenbr1"))
    host.set("eth1", master="br7")
    daemon.start()
    s = Session(daemon)
    equal(s.PIF.get_currently_attached(one), False)


def manages(daemon):
    """which interface the host is managed through"""
    s = Session(daemon)
    here, pool = s.host.get_all()[0], s.pool.get_all()[0]
    got = pifs(s)
    zero, one = got["eth0"], got["eth1"]
    fails(["PIF_HAS_NO_NETWORK_CONFIGURATION", one["ref"]], s.host.management_reconfigure, one["ref"])
    s.PIF.reconfigure_ip(one["ref"], "Static", "192.0.2.3", "255.255.255.0", "", "")
    vm = s.VM.create(record("a"))
    s.VM.start(vm, False, False)
    console = s.VM.get_consoles(vm)[0]
    equal(s.console.get_location(console), "https://127.0.0.1/console?uuid=" + s.console.get_uuid(console))
    s.host.management_reconfigure(one["ref"])
    equal(s.console.get_location(console), "https://192.0.2.3/console?uuid=" + s.console.get_uuid(console))
    equal([s.PIF.get_management(p["ref"]) for p in (zero, one)], [False, True])
    equal((s.host.get_address(here), s.host.get_management_interface(here)), ("192.0.2.3", one["ref"]))
    equal(s.PIF.get_currently_attached(one["ref"]), True)
    fails(["PIF_NOT_PRESENT", here, None], s.pool.management_reconfigure, s.network.create(NETWORK))
    s.pool.management_reconfigure(zero["network"])
    equal(s.host.get_management_interface(here), zero["ref"])
    s.host.local_management_reconfigure("xenbr1")
    equal(s.host.get_management_interface(here), one["ref"])
    fails(["INVALID_DEVICE", "xenbr9"], s.host.local_management_reconfigure, "xenbr9")
    s.host.management_disable()
    fails(["HOST_HAS_NO_MANAGEMENT_IP"], s.host.get_management_interface, here)
    equal(s.host.get_address(here), "")
    daemon.kill()
    daemon.start()
    fails(["HOST_HAS_NO_MANAGEMENT_IP"], Session(daemon).host.get_management_interface, here)


if __name__ == "__main__":
    run([begins, introduces, plugs, addresses, vlans, bonds, guests, restarts, manages], *Sim.options)
