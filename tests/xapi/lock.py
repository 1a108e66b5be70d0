#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""hv_libxl's lock_nic (build/tests/hv) on a real bridge: frames of each kind,
made by hand, from the end of a veth pair that has the name of a guest's
interface. (With a guest: tests/dom0/78-nic.py.)"""
import ipaddress
import json
import os
import socket
import struct
import subprocess
import time

from daemon import ROOT, equal

MAC, OTHER_MAC = bytes.fromhex("00163e000111"), bytes.fromhex("00163e000122")
ALL = b"\xff" * 6
OWN4, OTHER4, OWN6, OTHER6 = "192.0.2.7", "192.0.2.8", "2001:db8::7", "2001:db8::8"
LINK6, OTHER_LINK6 = "fe80::216:3eff:fe00:111", "fe80::216:3eff:fe00:122"
MARK = b"dom0kit-frame-%04d"


def sh(command):
    return subprocess.run(command, shell=True, check=True, capture_output=True, text=True).stdout


def lock(how, domid=5, devid=0):
    mac = ":".join(f"{b:02x}" for b in MAC)
    sh(f"{ROOT}/build/tests/hv lock_nic {domid} nic={devid},{mac},br0 lock={how}")


def packed(address):
    return ipaddress.ip_address(address).packed


def ether(kind, payload, via=MAC):
    return ALL + via + struct.pack(">H", kind) + payload


def checksum(head):
    """Bridges drop what has a wrong one (br_netfilter)."""
    total = sum(word for word, in struct.iter_unpack(">H", head))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return struct.pack(">H", ~total & 0xffff)


def ipv4(source, target="192.0.2.1", ports=(1000, 1000), **more):
    def frame(mark):
        udp = struct.pack(">HHHH", *ports, 8 + len(mark), 0) + mark
        head = struct.pack(">BBHHHBB", 0x45, 0, 20 + len(udp), 0, 0, 64, 17)
        ends = packed(source) + packed(target)
        return ether(0x0800, head + checksum(head + ends) + ends + udp, **more)
    return frame


def arp(sender, mac=MAC, **more):
    return lambda mark: ether(0x0806, struct.pack(">HHBBH", 1, 0x800, 6, 4, 1) + mac + packed(sender) + bytes(6) +
                              packed("192.0.2.1") + mark, **more)


def ipv6(source, kind, body, target="ff02::1"):
    """ICMPv6 of that KIND, or UDP (kind 0)."""
    def frame(mark):
        inner = struct.pack(">BBH", kind, 0, 0) + body + mark if kind else struct.pack(">HHHH", 9, 9, 8 + len(mark), 0) + mark
        head = struct.pack(">IHBB", 6 << 28, len(inner), 58 if kind else 17, 255) + packed(source) + packed(target)
        return ether(0x86dd, head + inner)
    return frame


def advert(target, source=OWN6):
    return ipv6(source, 136, bytes(4) + packed(target))


def solicit(target, source="::"):
    return ipv6(source, 135, bytes(4) + packed(target))


class Wire:
    """One interface: what is sent there, what comes there."""

    def __init__(self, name):
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        self.socket.bind((name, 0))
        self.socket.settimeout(60)
        self.got = []

    def send(self, frame):
        self.socket.send(frame)

    def wait(self, mark):
        while not any(mark in frame for frame in self.got):
            self.got.append(self.socket.recv(4096))


def state(name):
    """Of a bridge's port."""
    return json.loads(sh(f"ip -d -j link show {name}"))[0]["linkinfo"]["info_slave_data"]["state"]


class Bench:
    """A bridge with two guests' interfaces; the second is never limited."""
    n = 0

    def __init__(self):
        # frames that one processor sends are got in that order
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
        sh("ip link add br0 type bridge forward_delay 0 && ip link set br0 up")
        for name in "vif5.0", "vif6.0":
            sh(f"ip link add {name} type veth peer name far{name[3]} && ip link set far{name[3]} up && "
               f"ip link set {name} master br0 up")
        self.here, self.guest, self.other = Wire("br0"), Wire("far5"), Wire("far6")
        while not all(state(name) == "forwarding" for name in ("vif5.0", "vif6.0")):
            time.sleep(0.02)

    def passes(self, make, sender=None, receiver=None):
        """Whether what MAKE makes gets from the guest to the host; what is sent behind it by somebody else does."""
        self.n += 1
        mark, behind = MARK % self.n, b"behind-%04d" % self.n
        receiver = receiver or self.here
        (sender or self.guest).send(make(mark))
        if receiver is self.here:
            self.other.send(ipv4("192.0.2.99")(behind))
            receiver.wait(behind)
        else:
            receiver.socket.settimeout(3)
            try:
                receiver.wait(mark)
            except TimeoutError:
                pass
        return any(mark in frame for frame in receiver.got)

    def gets(self):
        """Whether the guest gets what others send."""
        return self.passes(ipv4("192.0.2.99"), self.here, self.guest)


def check(bench, rows):
    """(what, frame, whether it gets through) of each row"""
    equal([(name, bench.passes(frame)) for name, frame, _ in rows], [(name, want) for name, _, want in rows])


def rows(own4, other4, own6, other6, any_):
    """What is to become of each kind of frame, by who sends it."""
    return [
        ("IPv4", ipv4(OWN4), own4), ("IPv4 of another", ipv4(OTHER4), other4),
        ("IPv4, another's MAC", ipv4(OWN4, via=OTHER_MAC), any_),
        ("ARP", arp(OWN4), own4), ("ARP of another", arp(OTHER4), other4), ("ARP, is it free", arp("0.0.0.0"), own4),
        ("ARP, another's MAC inside", arp(OWN4, mac=OTHER_MAC), any_),
        ("DHCP", ipv4("0.0.0.0", "255.255.255.255", (68, 67)), own4),
        ("a DHCP server", ipv4("0.0.0.0", "255.255.255.255", (67, 68)), any_),
        ("IPv6", ipv6(OWN6, 0, b""), own6), ("IPv6 of another", ipv6(OTHER6, 0, b""), other6),
        ("IPv6, link's own", ipv6(LINK6, 0, b""), own6), ("IPv6, another's link", ipv6(OTHER_LINK6, 0, b""), any_),
        ("it is here", advert(OWN6), own6), ("another is here", advert(OTHER6), own6 and other6),
        ("its link is here", advert(LINK6, LINK6), own6),
        ("who has it", solicit("2001:db8::1", OWN6), own6), ("is it free", solicit(OWN6), own6),
        ("a router", ipv6(LINK6, 134, bytes(12)), any_), ("a better way", ipv6(LINK6, 137, bytes(36)), any_),
        ("something else", lambda mark: ether(0x88b5, mark), any_),
        ("a VLAN", lambda mark: ether(0x8100, struct.pack(">HH", 7, 0x88b5) + mark), any_),
    ]


def limits(bench):
    """frames of each kind: unlocked, locked to addresses, to none, disabled, unlocked again"""
    check(bench, rows(True, True, True, True, True))
    lock(f"locked,{OWN4},{OWN6}")
    check(bench, rows(True, False, True, False, False))
    equal(bench.gets(), True)
    lock(f"locked,{OTHER4},{OWN4},{OTHER6},{OWN6}")
    check(bench, rows(True, True, True, True, False))
    lock(f"locked,{OWN4}")
    check(bench, rows(True, False, False, False, False))
    lock(f"locked,{OWN6}")
    check(bench, rows(False, False, True, False, False))
    lock("locked")
    check(bench, rows(*[False] * 5))
    equal(bench.gets(), True)
    lock("disabled")
    check(bench, rows(*[False] * 5))
    equal(bench.gets(), False)
    lock("unlocked")
    check(bench, rows(*[True] * 5))
    equal(bench.gets(), True)


def stays(bench):
    """one is limited beside others; a NIC that is not there yet; nothing is left"""
    lock("disabled", 7, 1)
    lock("disabled", 5, 1)
    lock(f"locked,{OWN4}")
    check(bench, rows(True, False, False, False, False))
    equal(sorted(os.listdir("/run/dom0kit/locked")), ["5.0", "5.1", "7.1"])
    sh("ip link add vif7.1 type veth peer name far7 && ip link set far7 up && ip link set vif7.1 master br0 up")
    equal(bench.passes(ipv4(OWN4), Wire("far7")), False)
    for domid, devid in (5, 1), (7, 1), (5, 0), (5, 0):
        lock("unlocked", domid, devid)
    equal((os.listdir("/run/dom0kit/locked"), "vif" in sh("nft list table bridge dom0kit")), ([], False))
    equal(bench.passes(ipv4(OTHER4)), True)


if __name__ == "__main__":
    on = Bench()
    for test in limits, stays:
        test(on)
        print("ok -", test.__doc__)
