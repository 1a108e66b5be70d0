# SPDX-License-Identifier: LGPL-2.1-or-later
"""Those who look at consoles: by CONNECT, by WebSocket (RFC 6455, as browsers
speak it), and RFB (RFC 6143) over either."""
import base64
import hashlib
import os
import socket
import struct

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
RESIZED = -223  # an encoding of RFB
CONTINUED, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10


class Gone(Exception):
    """Nothing more comes; of a WebSocket with the code it was closed with."""


class Stream:
    """Bytes that come, to be waited for. Those who know how they come are below."""

    def __init__(self, daemon, seconds=60):
        if hasattr(daemon, "socket"):
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(seconds)
            self.socket.connect(daemon.socket)
        else:  # a connection of the test's own
            self.socket = daemon
        self.raw = self.got = b""

    def receive(self):
        more = self.socket.recv(1 << 18)
        if not more:
            raise Gone("it is closed")
        self.raw += more

    def ask(self, lines):
        """An HTTP request, and the answer's head: its status."""
        self.socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        while b"\r\n\r\n" not in self.raw:
            self.receive()
        head, self.raw = self.raw.split(b"\r\n\r\n", 1)
        first, *rest = head.decode().split("\r\n")
        self.headers = {name.lower(): value.strip() for name, value in (line.split(":", 1) for line in rest)}
        return int(first.split()[1])

    def read(self):
        """The next bytes, whatever their number."""
        if not self.raw:
            self.receive()
        taken, self.raw = self.raw, b""
        return taken

    def take(self, n):
        while len(self.got) < n:
            self.got += self.read()
        taken, self.got = self.got[:n], self.got[n:]
        return taken

    def until(self, text):
        while text not in self.got:
            self.got += self.read()
        return self.take(self.got.index(text) + len(text))

    def ended(self):
        """With what it ends."""
        try:
            while True:
                self.read()
        except (Gone, ConnectionError) as gone:
            return str(gone)

    def close(self):
        self.socket.close()


class Plain(Stream):
    """CONNECT /console?QUERY, as XenCenter and xe do it."""

    def __init__(self, daemon, query, *headers, **options):
        super().__init__(daemon, **options)
        self.status = self.ask([f"CONNECT /console?{query} HTTP/1.0", *headers])

    def say(self, data):
        self.socket.sendall(data)


class WebSocket(Stream):
    """GET /console?QUERY, as noVNC and Xen Orchestra do it. HEADERS come in place of
    those of the same name ("Name:" alone leaves it out)."""

    def __init__(self, daemon, query, *headers, early=b"", **options):
        super().__init__(daemon, **options)
        key = base64.b64encode(os.urandom(16))
        own = {"Host": "localhost", "Upgrade": "websocket", "Connection": "keep-alive, Upgrade",
               "Sec-WebSocket-Key": key.decode(), "Sec-WebSocket-Version": "13", "Sec-WebSocket-Protocol": "binary"}
        version = "1.1"
        for header in headers:
            name, value = header.split(":", 1)
            if name == "HTTP":
                version = value.strip()
            own[name] = value.strip()
        lines = [f"GET /console?{query} HTTP/{version}"]
        lines += [f"{name}: {value}" for name, value in own.items() if value and name != "HTTP"]
        if early:
            self.socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode() + early)
            lines = []
        self.status = self.ask(lines) if lines else self.answer()
        self.accepts = base64.b64encode(hashlib.sha1(key + GUID).digest()).decode()
        self.pongs, self.frames = [], 0

    def answer(self):
        """The answer to what has been sent already."""
        self.socket.setblocking(True)
        sent, self.socket = self.socket, Mute(self.socket)
        status = self.ask([])
        self.socket = sent
        return status

    @staticmethod
    def frame(data=b"", opcode=BINARY, fin=True, mask=b"\1\2\3\4", length=None, rsv=0):
        n = len(data) if length is None else length
        size = bytes([n]) if n < 126 else bytes([126]) + struct.pack(">H", n) if n < 65536 else \
            bytes([127]) + struct.pack(">Q", n)
        head = bytes([fin << 7 | rsv << 4 | opcode, size[0] | (128 if mask else 0)]) + size[1:]
        if mask:
            data = bytes(b ^ mask[i % 4] for i, b in enumerate(data))
        return head + (mask or b"") + data

    def send(self, *args, **more):
        self.socket.sendall(self.frame(*args, **more))

    def say(self, data):
        self.send(data)

    def raw_take(self, n):
        while len(self.raw) < n:
            self.receive()
        taken, self.raw = self.raw[:n], self.raw[n:]
        return taken

    def read(self):
        """The next message of data; pings are answered."""
        while True:
            first, second = self.raw_take(2)
            if second & 128 or first & 112:
                raise AssertionError("a server's frames have no mask and no reserved bits")
            n = second & 127
            if n >= 126:
                n, = struct.unpack(">H" if n == 126 else ">Q", self.raw_take(2 if n == 126 else 8))
            data, opcode = self.raw_take(n), first & 15
            if opcode == CLOSE:
                raise Gone(f"{struct.unpack('>H', data[:2])[0]} {data[2:].decode()}".strip() if data else "no code")
            if opcode == PING:
                self.send(data, PONG)
            elif opcode == PONG:
                self.pongs.append(data)
            elif opcode == BINARY and first & 128:
                self.frames += 1
                return data
            else:
                raise AssertionError(f"a frame {first:#x}")


class Mute:
    """A socket that says nothing."""

    def __init__(self, real):
        self.recv, self.sendall = real.recv, lambda data: None


class Screen:
    """RFB over a STREAM, 32 bits a point, as ServerInit has it unless set."""

    def __init__(self, stream, version=b"RFB 003.008\n"):
        self.stream = stream
        offered = stream.take(12)
        if offered[:4] != b"RFB ":
            raise AssertionError(f"{offered!r} is no RFB")
        stream.say(version)
        if version == b"RFB 003.003\n":
            security, = struct.unpack(">I", stream.take(4))
        else:
            types = stream.take(stream.take(1)[0])
            security = 1 if 1 in types else types
            stream.say(b"\1")
        if version == b"RFB 003.008\n" and stream.take(4) != bytes(4):
            raise AssertionError("it lets nobody in")
        if security != 1:
            raise AssertionError(f"security {security!r}")
        stream.say(b"\1")  # others may look too
        self.width, self.height = struct.unpack(">HH", stream.take(4))
        self.format = stream.take(16)
        self.name = stream.take(struct.unpack(">I", stream.take(4))[0]).decode()
        self.set_format(red=16, green=8, blue=0)
        stream.say(struct.pack(">BxHii", 2, 2, 0, RESIZED))  # raw encoding, and when it has another size

    def set_format(self, red, green, blue):
        self.shifts = (red, green, blue)
        self.stream.say(struct.pack(">B3xBBBBHHHBBB3x", 0, 32, 24, 0, 1, 255, 255, 255, red, green, blue))

    def ask(self, changed=False):
        self.stream.say(struct.pack(">BBHHHH", 3, changed, 0, 0, self.width, self.height))

    def rectangles(self):
        """The next update: (x, y, width, height, bytes) of each of its rectangles."""
        while True:
            kind = self.stream.take(1)[0]
            if kind == 0:
                break
            if kind == 2:  # a bell
                continue
            raise AssertionError(f"a message {kind}")
        n, = struct.unpack(">xH", self.stream.take(3))
        for _ in range(n):
            x, y, w, h, encoding = struct.unpack(">HHHHi", self.stream.take(12))
            if encoding == RESIZED:
                self.width, self.height = w, h
                continue
            if encoding != 0:
                raise AssertionError(f"an encoding {encoding}")
            yield x, y, w, h, self.stream.take(w * h * 4)

    def colours(self):
        """How many points of each colour there are, on all of it."""
        size = None
        while size != (self.width, self.height):
            size, counts, missing = (self.width, self.height), {}, self.width * self.height
            self.ask()
            while missing > 0 and size == (self.width, self.height):
                for _, _, w, h, data in self.rectangles():
                    missing -= w * h
                    for point, in struct.iter_unpack("<I", data):
                        counts[point & 0xffffff] = counts.get(point & 0xffffff, 0) + 1
        return counts

    def press(self, key):
        for down in 1, 0:
            self.stream.say(struct.pack(">BBxxI", 4, down, key))
