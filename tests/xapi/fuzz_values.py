# SPDX-License-Identifier: LGPL-2.1-or-later
"""Arguments for any call: of the types that the model says, made of what a
daemon has, and as odd as is asked for."""
import xmlrpc.client

NULL = "OpaqueRef:NULL"
MIB = 1 << 20
ODD_INTS = (0, -1, 1, -2, 255, 4095, 65536, 2**31 - 1, 2**31, -(2**31), 2**32, 2**40, 2**53 + 1, 2**62, 2**63 - 1, -(2**63))
ODD_FLOATS = (0.0, -0.0, -1.0, 0.5, 1.0, 1e-300, 1e18, 1e19, 1e308, -1e308)
ODD_TEXTS = (
    "", " ", "a b", "\t", "line\nline", "\r\n", "caf\u00e9 \u4e16\u754c \U0001f600", "\u202e\ufeff\u0301", "\x01\x1b[2J\x7f", "<&>\"']]>",
    "%s%n%d", "'; drop table vm; --", "$(id)`id`", "../../x", "../", ".", "..", "a/b", "-x", "--help", "0", "-1", "1e9", "0x10", " 1",
    "99999999999999999999", "true", "null", "NULL", "OpaqueRef:", "OpaqueRef:NULL", "*", "%", "\\", "a,b", "a=b", "[]", "{}", "()",
    "00000000-0000-0000-0000-000000000000", "x" * 300, "\u00e9" * 5000, "y" * 70000, "0" * 400)
ODD_DATES = ("19700101T00:00:00Z", "20260102T03:04:05Z", "99991231T23:59:59Z", "00010101T00:00:00Z", "20260230T25:61:61Z", "2026-01-02", "")
WORDS = ("a", "b", "c", "name", "yes", "false", "1", "7", "eth0", "xvda", "127.0.0.1", "10.0.0.2/24", "fe80::1/64", "02:00:00:00:00:99", "file", "pv")
WRONG = (None, True, 1, -1, 1.5, "", "text", [], ["a"], [[]], {}, {"a": "b"}, {"": []})


class Date(str):
    """A date: a string in JSON, dateTime.iso8601 in XML."""


def for_xml(value):
    """As xmlrpc.client wants it: the API's ints are strings."""
    if isinstance(value, Date):
        return xmlrpc.client.DateTime(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, list):
        return [for_xml(v) for v in value]
    if isinstance(value, dict):
        return {k: for_xml(v) for k, v in value.items()}
    return value


class Values:
    """ODDNESS: the share of atoms that are odd."""

    def __init__(self, rng, classes, world, folder):
        self.rng, self.classes, self.world = rng, classes, world
        self.oddness = 0.0
        self.paths = [f"{folder}/{name}" for name in ("sr", "iso", "new1", "new2", "../none", "sr/../new3", "users", "none/x")] + ["sr", "/dev/null"]
        self.hints = {
            "fn": ("echo", "refuse"), "plugin": ("tool", "../tool"), "location": self.paths, "key": ("a", "b"), "rrd": ("cpu0", "memory_total_kib"),
            "url": ("http://127.0.0.1:1/x", "ftp://x", "file:///dev/null", "http://"), "master_address": ("127.0.0.1", "127.0.0.1:1"),
            "timezone": ("UTC",), "classes": ("*", "vm", "task/x"), "expr": ('field "uuid"="x"', "true", "not (true", 'true and field "name__label"="a"'),
            "token": ("", "0,0"), "tag": (0, 1, 7, 4094), "virtual_size": (MIB, 3 * MIB), "size": (MIB, 5 * MIB), "VCPUs_max": (1, 2), "sr_type": ("file", "iso", "dummy"),
        }

    def odd(self):
        return self.rng.random() < self.oddness

    def of(self, kind, name=""):
        """A value of the type KIND for a parameter, field or key NAME."""
        if self.odd() and self.rng.random() < 0.15:
            return self.rng.choice(WRONG)
        return getattr(self, kind["kind"])(kind, name)

    def known(self, name):
        """What is like it in some record, or is known to be fit."""
        there = self.world.seen.get(name)
        if name in self.hints and (not there or self.rng.random() < 0.5):
            return self.rng.choice(self.hints[name])
        return self.rng.choice(there) if there else None

    def string(self, _, name):
        if self.odd():
            return self.rng.choice(ODD_TEXTS)
        known = self.known(name)
        if "uuid" in name and self.rng.random() < 0.9:
            known = self.rng.choice(self.world.seen["uuid"])
        return known if isinstance(known, str) and self.rng.random() < 0.8 else self.rng.choice(WORDS)

    def int(self, _, name):
        if self.odd():
            return self.rng.choice(ODD_INTS)
        known = self.known(name)
        if known is not None and self.rng.random() < 0.8 and str(known).lstrip("-").isdigit():
            return int(known)
        return self.rng.choice((0, 1, 2, 3, 16 * MIB, 64 * MIB, 100 * MIB))

    def float(self, _, name):
        if name == "timeout":
            return self.rng.choice((0.0, 0.01))
        return self.rng.choice(ODD_FLOATS) if self.odd() else self.rng.random()

    def bool(self, _, __):
        return self.rng.random() < 0.5

    def datetime(self, _, __):
        return Date(self.rng.choice(ODD_DATES[:2] if not self.odd() else ODD_DATES))

    def enum(self, kind, _):
        return self.rng.choice(ODD_TEXTS) if self.odd() else self.rng.choice(kind["values"])

    def ref(self, kind, _):
        there = self.world.refs(kind["class"])
        if not self.odd():
            return self.rng.choice(there) if there else NULL
        return self.rng.choice((
            lambda: NULL,
            lambda: "",
            lambda: "OpaqueRef:%032x" % self.rng.getrandbits(128),
            lambda: self.rng.choice(self.world.gone or [NULL]),
            lambda: self.rng.choice(self.world.refs(self.rng.choice(list(self.classes))) or [NULL]),
            lambda: self.rng.choice(self.world.seen["uuid"]),
            lambda: self.rng.choice(ODD_TEXTS)))()

    def set(self, kind, name):
        return [self.of(kind["item"], name) for _ in range(self.rng.choice((0, 1, 1, 2, 3)))]

    def map(self, kind, name):
        known = self.world.maps.get(name)
        made = dict(self.rng.choice(known)) if known and self.rng.random() < 0.6 else {}
        for _ in range(self.rng.choice((0, 0, 1, 2))):
            key = self.of(kind["key"], "key")
            key = self.rng.choice(list(made)) if made and self.rng.random() < 0.5 else str(key)
            made[key] = self.of(kind["item"], key)
        return made

    def option(self, kind, name):
        return self.of(kind["item"], name)

    def record(self, kind, _):
        """As an object's that is there, but for this and that."""
        there = self.world.records(kind["class"])
        like = self.rng.choice(there) if there else {}
        fields = self.classes[kind["class"]]["fields"]
        changed = set(self.rng.sample(list(fields), min(len(fields), self.rng.randrange(3))))
        made = {}
        for name, field in fields.items():
            if field["given"]:
                made[name] = self.of(field["type"], name) if name in changed or name not in like or self.odd() else like[name]
        if self.odd() and made:
            del made[self.rng.choice(list(made))]
        if self.odd():
            made[self.rng.choice(ODD_TEXTS)] = self.rng.choice(WRONG)
        return made
