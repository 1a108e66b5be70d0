#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Consoles as XenCenter (CONNECT), noVNC and Xen Orchestra (WebSocket) use
them: objects, text and screens, who is let in, clients that are slow or gone,
VMs that end and reboot."""
import os
import socket
import ssl
import subprocess
import time

from daemon import ROOT, Session, equal, run
from storage import make_sr
from viewer import BINARY, CLOSE, CONTINUED, PING, TEXT, Plain, Screen, Stream, WebSocket
from vm import Host, record, until, workers

FIRST = 0x204060  # the colour of the simulated host's screens
ENDED = "1001 The console has ended."


def start(s, name, **more):
    """A VM that runs: its reference, and protocol -> query, from the locations of its consoles."""
    vm = s.VM.create(record(name, **more))
    s.VM.start(vm, False, False)
    return vm, consoles(s, vm)


def hvm(s, name, **more):
    return start(s, name, HVM_boot_policy="BIOS order", **more)


def consoles(s, vm):
    of = {}
    for ref in s.VM.get_consoles(vm):
        c = s.console.get_record(ref)
        host, query = c["location"].split("/console?")
        equal((host[:8], query, c["VM"]), ("https://", "uuid=" + c["uuid"], vm))
        of[c["protocol"]] = query
    return of


def can_sleep(s):
    """There is a place for the memory of suspended VMs."""
    s.pool.set_default_SR(s.pool.get_all()[0], make_sr(s))


def players(daemon):
    """How many processes play consoles of the simulated host: one for each that is open (and workers, for a moment)."""
    said = subprocess.run(["pgrep", "-c", "-f", daemon.dir], capture_output=True, text=True)
    return int(said.stdout) - 1


def records(daemon):
    """VMs that are up have a console of each kind they can have, others none"""
    s = Session(daemon)
    can_sleep(s)
    for more, kinds in (({}, ["vt100"]),
                        ({"platform": {"pvfb": "true"}}, ["rfb", "vt100"]),
                        ({"HVM_boot_policy": "BIOS order"}, ["rfb", "vt100"]),
                        ({"HVM_boot_policy": "BIOS order", "platform": {"vga": "none"}}, ["vt100"]),
                        ({"domain_type": "pvh"}, ["vt100"])):
        vm, of = start(s, "a", **more)
        equal(sorted(of), kinds)
        before = s.VM.get_consoles(vm)
        s.VM.pause(vm)
        equal(s.VM.get_consoles(vm), before)
        s.VM.unpause(vm)
        s.VM.hard_reboot(vm)
        equal(sorted(consoles(s, vm)), kinds)
        s.VM.suspend(vm)
        equal(s.VM.get_consoles(vm), [])
        s.VM.resume(vm, False, False)
        equal(sorted(consoles(s, vm)), kinds)
        s.VM.hard_shutdown(vm)
        equal((s.VM.get_consoles(vm), s.console.get_all()), ([], []))
        s.VM.destroy(vm)


def text(daemon):
    """a serial line by CONNECT and by WebSocket: all who look see the same, and any of them types"""
    s = Session(daemon)
    vm, of = start(s, "serial")
    session = "&session_id=" + s.ref
    plain = Plain(daemon, of["vt100"] + session)
    equal((plain.status, plain.until(b"serial\r\n")), (200, b"serial\r\n"))
    web = WebSocket(daemon, of["vt100"] + session)
    equal((web.status, web.headers["upgrade"], web.headers["connection"]), (101, "websocket", "Upgrade"))
    equal((web.headers["sec-websocket-accept"], web.headers["sec-websocket-protocol"]), (web.accepts, "binary"))
    web.say(b"from web")
    equal((web.until(b"web"), plain.until(b"web")), (b"from web",) * 2)
    plain.say(b"plain")
    equal((web.until(b"plain"), plain.until(b"plain")), (b"plain",) * 2)
    web.send("\u00e4".encode(), TEXT, fin=False)
    web.send(b"are you there", PING)
    web.send(b"bc", CONTINUED, mask=b"\0\0\0\0")
    equal((web.until(b"bc"), web.pongs), ("\u00e4bc".encode(), [b"are you there"]))
    data = os.urandom(100000)  # a frame with the long form of a length
    web.say(data)
    equal(web.take(len(data)) == data, True)
    plain.until(data)
    # by VM, and with what came too early
    for which in "ref=" + vm, "uuid=" + s.VM.get_uuid(vm), "ref=" + s.VM.get_consoles(vm)[0]:
        early = WebSocket(daemon, which, early=WebSocket.frame(b"early"))
        equal((early.status, early.until(b"early")), (101, b"early"))
        web.until(b"early")
        early.close()
    web.send(b"\3\xe8bye", CLOSE)
    equal(web.ended(), "1000 bye")
    plain.say(b"still there")
    plain.until(b"still there")


def screens(daemon):
    """a screen is each viewer's own, by CONNECT and by WebSocket, in three versions of RFB"""
    s = Session(daemon)
    vm, of = hvm(s, "window")
    plain = Screen(Plain(daemon, "ref=" + vm))  # of a VM: its screen
    web = Screen(WebSocket(daemon, of["rfb"]), version=b"RFB 003.003\n")
    old = Screen(Plain(daemon, of["rfb"]), version=b"RFB 003.007\n")
    points = plain.width * plain.height
    for screen in plain, web, old:
        equal((screen.name, screen.width, screen.height), ("window", 640, 400))
        equal(screen.colours(), {FIRST: points})
    web.set_format(red=0, green=8, blue=16)
    equal(web.colours(), {0x604020: points})
    web.press(0xffab12)
    equal(web.colours(), {0x12abff: points})
    equal(plain.colours(), {FIRST: points})
    plain.ask(changed=True)  # nothing has: it is answered when something does
    plain.press(0x41)
    equal([r[:4] for r in plain.rectangles()], [(0, 0, 640, 400)])
    equal(sorted(of), ["rfb", "vt100"])
    line = Plain(daemon, of["vt100"])
    line.until(b"window\r\n")


def https_port(daemon):
    return daemon.said().split("HTTPS on port ")[1].split("\n")[0]


def outside(daemon):
    """ws, the WebSocket client of Xen Orchestra, over TLS"""
    s = Session(daemon)
    _, of = hvm(s, "a")
    url = f"wss://127.0.0.1:{https_port(daemon)}/console?{of['rfb']}&session_id="
    for ref, want in ((s.ref, ["binary pong hello", "640x400 60402000", "closed 1000"]),
                      ("OpaqueRef:none", ["Unexpected server response: 401", "closed 1006"])):
        said = subprocess.run(["node", os.path.join(ROOT, "tests/xapi/outside.js"), url + ref], capture_output=True, text=True,
                              env=dict(os.environ, NODE_PATH="/usr/share/nodejs"), timeout=120, check=True)
        equal(said.stdout.splitlines(), want)


def tls(daemon):
    """over TLS, as all clients of other machines have it"""
    s = Session(daemon)
    vm, of = hvm(s, "tls")
    port = https_port(daemon)

    def connect():
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context.wrap_socket(socket.create_connection(("127.0.0.1", int(port)), timeout=60))

    for kind in Plain, WebSocket:
        seen = kind(connect(), of["rfb"], f"Cookie: session_id={s.ref}")
        screen = Screen(seen)
        equal(screen.colours(), {FIRST: screen.width * screen.height})
        line = kind(connect(), f"{of['vt100']}&session_id={s.ref}")
        line.say(b"x" * 200000)
        line.until(b"tls\r\n")
        equal(line.take(200000), b"x" * 200000)
        s.VM.hard_reboot(vm)
        equal((seen.ended(), line.ended()), (ENDED if kind is WebSocket else "it is closed",) * 2)
        of = consoles(s, vm)


def refuses(daemon):
    """who may look, and how it is asked for"""
    s = Session(daemon)
    vm, of = hvm(s, "a")
    tcp = ("127.0.0.1", daemon.port)
    readers = {}
    for user, role in ("bob", "vm-operator"), ("eve", "read-only"):
        subject = s.subject.create({"subject_identifier": user, "other_config": {}})
        for given in s.subject.get_roles(subject):
            s.subject.remove_from_roles(subject, given)
        s.subject.add_to_roles(subject, s.role.get_by_name_label(role)[0])
        readers[user] = Session(daemon, user).ref

    def status(kind, query, *headers, **more):
        seen = kind(socket.create_connection(tcp, timeout=60), query, *headers, **more)
        seen.close()
        return seen.status

    for kind, good in (Plain, 200), (WebSocket, 101):
        equal(status(kind, of["rfb"]), 401)
        equal(status(kind, of["rfb"] + "&session_id=OpaqueRef:none"), 401)
        equal(status(kind, of["rfb"] + "&session_id=" + readers["eve"]), 403)
        equal(status(kind, of["rfb"] + "&session_id=" + readers["bob"]), good)
        equal(status(kind, of["rfb"], "Cookie: session_id=" + readers["bob"]), good)
        equal(status(kind, of["rfb"], "Authorization: Basic cm9vdDpzZWNyZXQ="), good)
        for query in "", "uuid=none", "ref=OpaqueRef:NULL", "ref=", "uuid=" + s.host.get_uuid(s.host.get_all()[0]):
            equal(status(kind, f"{query}&session_id={s.ref}"), 404)
    session = "&session_id=" + s.ref
    for header, want in (("HTTP: 1.0", 400), ("Upgrade:", 400), ("Upgrade: h2c", 400), ("Connection: close", 400),
                         ("Sec-WebSocket-Key: x", 400), ("Sec-WebSocket-Key:", 400), ("Sec-WebSocket-Version: 8", 426),
                         ("Sec-WebSocket-Version:", 426), ("Sec-WebSocket-Protocol: chat", 101)):
        seen = WebSocket(socket.create_connection(tcp, timeout=60), of["rfb"] + session, header)
        equal((header, seen.status), (header, want))
        if want == 426:
            equal(seen.headers["sec-websocket-version"], "13")
        equal("sec-websocket-protocol" in seen.headers, False)
    # a page of elsewhere cannot use what a browser knows of a session
    cookie = "Cookie: session_id=" + s.ref
    for origin, host, want in (("https://evil", "here", 403), ("null", "here", 403), ("https://here.evil", "here", 403),
                               ("https://here", "here", 101), ("http://here:8080", "here:8080", 101)):
        equal(status(WebSocket, of["rfb"], cookie, "Origin: " + origin, "Host: " + host), want)
    equal(status(WebSocket, of["rfb"] + session, "Origin: https://xo.example"), 101)
    s.VM.hard_shutdown(vm)
    equal(status(Plain, "ref=" + vm + session), 404)
    equal(status(WebSocket, of["rfb"] + session), 404)


def breaks(daemon):
    """frames that break the rules end their connection with a code, and nobody else's"""
    s = Session(daemon)
    _, of = start(s, "a")
    stays = WebSocket(daemon, of["vt100"])
    for bad, want in ((WebSocket.frame(b"x", mask=None), "1002"), (WebSocket.frame(b"x", opcode=3), "1002"),
                      (WebSocket.frame(b"x", rsv=4), "1002"), (WebSocket.frame(b"x", opcode=CONTINUED), "1002"),
                      (WebSocket.frame(b"\xff", opcode=TEXT), "1007"),
                      (WebSocket.frame(b"x", length=(1 << 20) + 1), "1009"),
                      (WebSocket.frame(b"x" * 126, opcode=PING), "no code"),
                      (WebSocket.frame(b"x", length=1 << 63), "no code")):
        web = WebSocket(daemon, of["vt100"])
        web.socket.sendall(bad)
        equal(web.ended(), want)
    web = WebSocket(daemon, of["vt100"])
    web.socket.sendall(WebSocket.frame(b"half of it", opcode=BINARY)[:-4])
    web.close()
    stays.say(b"all is well")
    stays.until(b"all is well")


def ends(daemon):
    """a VM that is shut down, dies, reboots or goes to sleep ends its consoles; so does the daemon"""
    s, host = Session(daemon), Host(daemon)
    can_sleep(s)
    vm, of = hvm(s, "a")
    for act in (lambda: s.VM.hard_reboot(vm), lambda: (s.VM.suspend(vm), s.VM.resume(vm, False, False)),
                lambda: (os.remove(os.path.join(host.dir, "domains", s.VM.get_domid(vm))),
                         until(lambda: s.VM.get_power_state(vm) == "Halted"), s.VM.start(vm, False, False)),
                lambda: s.VM.hard_shutdown(vm)):
        web, plain = WebSocket(daemon, of["vt100"]), Plain(daemon, of["vt100"])
        screen = Screen(WebSocket(daemon, of["rfb"]))
        web.until(b"a\r\n")
        act()
        equal((web.ended(), plain.ended(), screen.stream.ended()), (ENDED, "it is closed", ENDED))
        of = consoles(s, vm)
    s.VM.start(vm, False, False)
    of = consoles(s, vm)
    web, plain, screen = WebSocket(daemon, of["vt100"]), Plain(daemon, of["vt100"]), Screen(WebSocket(daemon, of["rfb"]))
    daemon.process.terminate()
    equal(daemon.process.wait(timeout=60), 0)
    for stream in web, plain, screen.stream:
        stream.ended()
    daemon.start()
    of = consoles(Session(daemon), vm)
    again = Plain(daemon, of["vt100"])
    again.until(b"a\r\n")


def limits(daemon):
    """one at a time when the pool says so, 64 at one console, who says nothing for too long"""
    s = Session(daemon)
    pool = s.pool.get_all()[0]
    vm, of = hvm(s, "a")
    s.pool.set_limit_console_sessions(pool, True)
    for kind in "vt100", "rfb":
        first = WebSocket(daemon, of[kind])
        first.take(1)
        equal([k(daemon, of[kind]).status for k in (Plain, WebSocket)], [503, 503])
        first.close()

        def free(query=of[kind]):
            seen = Plain(daemon, query)
            seen.close()
            return seen.status == 200

        until(free)
    s.pool.set_limit_console_sessions(pool, False)
    many = [Plain(daemon, of["vt100"]) for _ in range(64)]
    equal([seen.status for seen in many], [200] * 64)
    equal(WebSocket(daemon, of["vt100"]).status, 503)
    equal(WebSocket(daemon, of["rfb"]).status, 101)
    many[0].say(b"to all")
    for seen in many:
        seen.until(b"to all")
        seen.close()
    s.pool.set_vm_console_idle_timeout(pool, "1")
    begin = time.monotonic()
    for kind in Plain, WebSocket:
        kind(daemon, of["vt100"]).ended()
    equal(1.5 < time.monotonic() - begin < 30, True)


def slow(daemon):
    """who does not read holds up nobody, and is sent away; who vanishes leaves nothing"""
    s = Session(daemon)
    vm, of = hvm(s, "a")
    sleeps = WebSocket(daemon, of["vt100"])
    sleeps.until(b"a\r\n")  # and no more
    reads = Plain(daemon, of["vt100"])
    part = os.urandom(65536)
    for _ in range(64):
        reads.say(part)
        equal(reads.take(len(part)) == part, True)
    equal("closed" in sleeps.ended(), True)
    # a screen that is asked for and not looked at: others go on
    lazy, quick = Screen(WebSocket(daemon, of["rfb"])), Screen(WebSocket(daemon, of["rfb"]))
    for _ in range(20):
        lazy.set_format(16, 8, 0)
        lazy.ask()
    for _ in range(5):
        quick.colours()
    equal(len(lazy.colours()), 1)
    for screen in lazy, quick:  # gone in the middle of an update
        screen.ask()
        screen.stream.take(1000)
        screen.stream.close()
    for stream in sleeps, reads:
        stream.close()
    until(lambda: players(daemon) == 0)
    for _ in range(20):  # gone before it has begun
        gone = socket.socket(socket.AF_UNIX)
        gone.connect(daemon.socket)
        gone.sendall(f"CONNECT /console?{of['rfb']} HTTP/1.0\r\n\r\n".encode())
        gone.close()
    until(lambda: players(daemon) == 0)


def opens(daemon):
    """a console that cannot be opened says why; xe console still works"""
    s, host = Session(daemon), Host(daemon)
    vm, of = hvm(s, "a")
    host.fault("console", "fail it is broken")
    for kind in Plain, WebSocket:
        seen = kind(daemon, of["rfb"])
        while b"</html>" not in seen.raw:
            seen.receive()
        equal((seen.status, "upgrade" in seen.headers, b"it is broken" in seen.raw), (500, False, True))
    host.fault("console", "delay 1")
    both = [Stream(daemon) for _ in range(2)]
    for stream in both:  # two that come at the same time look at one line
        stream.socket.sendall(f"CONNECT /console?{of['vt100']} HTTP/1.0\r\n\r\n".encode())
    for stream in both:
        stream.until(b"\r\n\r\n")
    both[0].socket.sendall(b"same")
    said = [stream.until(b"same") for stream in both]
    equal(any(b"a\r\n" in text for text in said), True)  # at its begin, to who was there
    host.fault("console", None)
    xe = subprocess.run([os.path.join(ROOT, "build/bin/xe"), "console", "uuid=" + s.VM.get_uuid(vm)], input=b"typed\x1d",
                        env=dict(os.environ, XE_SOCKET=daemon.socket), capture_output=True, timeout=60, check=True)
    both[0].until(b"typed")
    equal(xe.stdout.splitlines()[0], b"Connecting to the console of 'a'. Ctrl-] ends this.")


def stops(daemon):
    """the daemon is stopped while consoles are being opened"""
    s, host = Session(daemon), Host(daemon)
    _, of = hvm(s, "a")
    host.fault("console", "delay 60")
    daemon.viewers = [Stream(daemon) for _ in range(3)]  # there until run has stopped it
    for stream in daemon.viewers:
        stream.socket.sendall(f"CONNECT /console?{of['rfb']} HTTP/1.0\r\n\r\n".encode())
    until(lambda: len(workers(daemon)) >= 3)


if __name__ == "__main__":
    run([records, text, screens, outside, tls, refuses, breaks, ends, limits, slow, opens, stops], "--hv", "sim", "--https", "127.0.0.1:0")
