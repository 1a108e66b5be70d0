# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a daemon has, kept up by its events; and what has to be true of it at any time."""
from fuzz_values import NULL


class Broken(AssertionError):
    """A property does not hold."""


class World:
    """class: {ref: record} of all there is, as event.from says."""

    def __init__(self, classes, readable):
        """READABLE: those that have get_all_records"""
        self.classes, self.readable = classes, readable
        self.names = {name.lower(): name for name in classes}
        self.gone = []
        self.begin()

    def begin(self):
        """Nothing is known, but what has gone."""
        self.token, self.things, self.seen, self.maps = "", {}, {"uuid": []}, {}

    def refs(self, name):
        return list(self.things.get(name, ()))

    def records(self, name):
        return list(self.things.get(name, {}).values())

    def follow(self, client):
        """Hears what has changed: [(class, ref, fields that are others now)]"""
        changes = []
        while True:
            got = client("event.from", ["*"], self.token, 0.0)
            self.token = got["token"]
            for e in got["events"]:
                self.hear(self.names[e["class"]], e, changes)
            if not got["events"] or not changes:
                return changes

    def hear(self, name, e, changes):
        there = self.things.setdefault(name, {})
        before = there.pop(e["ref"], {})
        if e["operation"] == "del":
            self.gone = self.gone[-100:] + [e["ref"]]
            if before:
                changes.append((name, e["ref"], {"(gone)"}))
            return
        now = there[e["ref"]] = e["snapshot"]
        differ = {k for k in now if before.get(k) != now[k]}
        if differ:
            changes.append((name, e["ref"], differ))
        for field in differ:
            self.note(field, now[field])

    def note(self, field, value):
        """So that arguments are like what is there."""
        if isinstance(value, dict):
            if value:
                self.maps[field] = self.maps.get(field, [])[-20:] + [value]
            for k, v in value.items():
                self.note(k, v)
        elif isinstance(value, (str, int)) and not isinstance(value, bool) and not str(value).startswith("OpaqueRef:"):
            self.seen[field] = self.seen.get(field, [])[-200:] + [value]

    # ---- what has to be true ----

    def check(self):
        for name, records in self.things.items():
            for ref, record in records.items():
                self.check_record(name, ref, record)

    def check_record(self, name, ref, record):
        fields = self.classes[name]["fields"]
        if record.keys() != fields.keys():
            raise Broken(f"{name} {ref} has other fields than the model says: {record.keys() ^ fields.keys()}")
        for field, row in fields.items():
            at = f"{name} {ref}: {field} is {record[field]!r}"
            self.check_value(row["type"], record[field], at)
            if "inverse" in row:
                self.check_inverse(ref, record[field], row["inverse"], at)
        for op in ("allowed_operations", "current_operations"):
            if len(set(record.get(op, ()))) != len(record.get(op, ())):
                raise Broken(f"{name} {ref}: {op} has something twice: {record[op]}")
        if record.get("current_operations") and name not in ("task",):
            for task in record["current_operations"]:
                if task not in self.things.get("task", {}):
                    raise Broken(f"{name} {ref} is in {record['current_operations']} of no task")

    def check_value(self, kind, value, at):
        what = kind["kind"]
        if what == "set":
            good = isinstance(value, list)
            for v in value:
                self.check_value(kind["item"], v, at)
        elif what == "map":
            good = isinstance(value, dict)
            for k, v in value.items():
                if kind["key"]["kind"] in ("enum", "ref"):
                    self.check_value(kind["key"], k, at)
                self.check_value(kind["item"], v, at)
        elif what == "ref":
            name = kind["class"]
            good = value == NULL or value in self.things.get(name, {}) or not self.classes[name]["events"]
        elif what == "enum":
            good = value in kind["values"]
        else:
            good = isinstance(value, {"int": int, "bool": bool, "float": (float, int, str)}.get(what, str))
        if not good:
            raise Broken(f"{at}: no {what} {kind.get('class', '')}")

    def check_inverse(self, ref, value, inverse, at):
        name, field = inverse
        if not self.classes[name]["events"]:
            return
        for other in value if isinstance(value, list) else [value]:
            if other == NULL:
                continue
            back = self.things[name][other][field]
            if ref not in back if isinstance(back, list) else ref != back:
                raise Broken(f"{at}, whose {field} is {back!r}")

    def check_answers(self, client):
        """What is read is what the events said."""
        for name in self.readable:
            if not self.classes[name]["events"]:
                continue
            read = client(name + ".get_all_records")
            while self.follow(client):  # something has just been measured
                read = client(name + ".get_all_records")
            there = self.things.get(name, {})
            if read != there:
                differ = {ref: [k for k in read.get(ref, {}) if read[ref][k] != there.get(ref, {}).get(k)] for ref in read.keys() | there.keys()
                          if read.get(ref) != there.get(ref)}
                raise Broken(f"{name}.get_all_records and event.from differ: {differ}")

    def kept(self, client):
        """All that has to be there after a restart, too."""
        found = {}
        every = dict(self.things, **{name: client(name + ".get_all_records") for name in self.readable})
        for name, records in every.items():
            if self.classes[name]["persist"]:
                fields = {k for k, row in self.classes[name]["fields"].items() if row["persist"]}
                found.update({(name, ref): {k: v for k, v in r.items() if k in fields} for ref, r in records.items()})
        return found
