#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Screens and serial lines of guests on Xen through xapid, by CONNECT and by
WebSocket: what the guest draws is what RFB shows."""
import os
import shutil
import stat
import tempfile

from xapid import GUESTS, SILENCE, Session, Shell, domains, equal, linux, record, tests, until
from viewer import Plain, Screen, WebSocket  # xapid says where

SCREENS = "/run/dom0kit/screens"
PAINT = r"printf '\033[4%dm\033[2J' >/dev/tty1"
BLUE, GREEN = (4, 0), (2, 8)  # to a terminal, and where in a point


class Text(Shell):
    """A guest's shell over a WebSocket."""

    def __init__(self, daemon, query):
        super().__init__()
        self.web = WebSocket(daemon, query, seconds=SILENCE)
        equal((self.web.status, self.web.headers["sec-websocket-protocol"]), (101, "binary"))

    def read(self):
        return self.web.read()

    def say(self, text):
        self.web.say(text.encode())


def consoles(s, vm):
    """protocol -> its query, as clients take it from the location"""
    records = [s.console.get_record(c) for c in s.VM.get_consoles(vm)]
    return {r["protocol"]: r["location"].split("/console?")[1] for r in records}


def drawn(screen, shift):
    """Most of the screen is of the terminal's blue (0) or green (8): 0xaa, or as near to it as an emulated card comes."""
    points = sum(n for colour, n in screen.colours().items() if colour in (0xaa << shift, 0xa8 << shift))
    return points > screen.width * screen.height * 3 // 4


def disk_of(s, where):
    os.chmod(where, 0o755)
    shutil.copy(GUESTS + "/hvm.qcow2", os.path.join(where, "hvm.qcow2"))
    sr = s.SR.create(s.host.get_all()[0], {"location": where}, "0", "discs", "", "file", "", False, {})
    s.SR.scan(sr)
    return s.SR.get_VDIs(sr)[0]


def hvm(daemon):
    """an HVM guest's screen and serial line; the guest reboots and ends under those who look"""
    s = Session(daemon)
    where = tempfile.mkdtemp()
    vm = s.VM.create(record("hvm", 192, domain_type="hvm", HVM_boot_policy="BIOS order", HVM_boot_params={"order": "c"},
                            platform={"hdtype": "ahci", "nic_type": "pv"}))
    s.VBD.create({"VM": vm, "VDI": disk_of(s, where), "userdevice": "0", "bootable": True, "mode": "RW", "type": "Disk",
                  "empty": False, "other_config": {}, "qos_algorithm_type": "", "qos_algorithm_params": {}})
    s.VM.start(vm, False, False)
    of = consoles(s, vm)
    equal(sorted(of), ["rfb", "vt100"])
    session = "&session_id=" + s.ref
    sockets = os.listdir(SCREENS)
    equal((stat.S_IMODE(os.stat(SCREENS).st_mode), len(sockets), sockets[0].startswith(s.VM.get_uuid(vm))), (0o700, 1, True))
    plain = Screen(Plain(daemon, of["rfb"] + session, seconds=SILENCE))
    web = Screen(WebSocket(daemon, of["rfb"] + session, seconds=SILENCE))
    equal("hvm" in plain.name.lower(), True)
    until(lambda: len(plain.colours()) > 1)  # the firmware's words
    line = Text(daemon, of["vt100"] + session)
    line.ask(PAINT % BLUE[0])
    until(lambda: drawn(plain, BLUE[1]))
    until(lambda: drawn(web, BLUE[1]))
    plain.stream.close()
    line.ask(PAINT % GREEN[0])
    until(lambda: drawn(web, GREEN[1]))
    s.VM.hard_reboot(vm)
    equal((web.stream.ended(), line.web.ended()), ("1001 The console has ended.",) * 2)
    equal(len(os.listdir(SCREENS)), 1)
    again = Screen(WebSocket(daemon, consoles(s, vm)["rfb"] + session, seconds=SILENCE))
    equal(len(again.colours()) > 0, True)
    s.VM.hard_shutdown(vm)
    equal((again.stream.ended(), s.VM.get_consoles(vm), os.listdir(SCREENS)), ("1001 The console has ended.", [], []))
    s.VM.destroy(vm)
    shutil.rmtree(where)


def pv(daemon):
    """a PV guest's text by WebSocket, and what it draws on its framebuffer"""
    s = Session(daemon)
    vm = s.VM.create(linux("pv", "pv", "192.168.128.11", platform={"pvfb": "true"}))
    s.VM.start(vm, True, False)
    of = consoles(s, vm)
    equal(sorted(of), ["rfb", "vt100"])
    line = Text(daemon, of["vt100"])
    s.VM.unpause(vm)
    line.until(b"dom0kit guest: pv pv mem=")
    equal(line.ask("echo $((6 * 7))"), "42")
    other = Text(daemon, of["vt100"])
    equal(other.ask("echo from the 2nd"), "from the 2nd")
    line.until(b"from the 2nd")
    screen = Screen(WebSocket(daemon, of["rfb"], seconds=SILENCE))
    line.ask(PAINT % BLUE[0])
    until(lambda: drawn(screen, BLUE[1]))
    s.VM.clean_shutdown(vm)
    equal((line.web.ended(), screen.stream.ended()), ("1001 The console has ended.",) * 2)
    equal((s.VM.get_consoles(vm), domains()), ([], {}))
    s.VM.destroy(vm)


if __name__ == "__main__":
    tests(hvm, pv)
