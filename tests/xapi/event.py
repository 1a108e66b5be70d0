#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""200 listeners while 10,000 changes are made, and the daemon killed in between:
each sees each object as it came to be, none of it twice. (What event.from answers
to one client: api.py.)"""
import multiprocessing
import os
import random
import threading

import daemon as of_tests
from client import GONE, Client
from daemon import ROOT, equal, run

LISTENERS, CHANGES, WRITERS = 200, 10000, 8
PROCESSES = 4  # for the listeners
KEPT = 4  # networks of a writer at the most
NETWORK = {"name_label": "0", "name_description": "", "MTU": "1500", "other_config": {}, "tags": []}


class Listener(threading.Thread):
    """Keeps a view of all networks, by events alone."""

    def __init__(self, daemon):
        super().__init__()
        self.under_test, self.view, self.ids, self.token = daemon, {}, {}, ""
        self.ended, self.wrong, self.n_events, self.known = threading.Event(), [], 0, True

    def run(self):
        try:
            client = Client(self.under_test)
            last = False
            while not last:
                last = self.ended.is_set()
                got = client("event.from", ["network"], self.token, 0.0 if last else 30.0)
                for e in got["events"]:
                    self.see(e)
                self.token, self.known = got["token"], True
            client.close()
        except GONE:
            pass
        except Exception as e:  # a failure of the test's
            self.wrong.append(repr(e))

    def see(self, e):
        ref, is_there = e["ref"], e["ref"] in self.view
        self.n_events += 1
        if is_there == (e["operation"] == "add"):
            self.wrong.append(f"{e['operation']} of {ref}, which is {'' if is_there else 'not '}there")
        # a daemon that has begun anew says of all there is that it may have changed
        if is_there and self.known and (int(e["id"]) <= self.ids[ref] or e.get("snapshot") == self.view[ref]):
            self.wrong.append(f"{e['operation']} of {ref} twice")
        if e["operation"] == "del":
            self.view.pop(ref, None)
        else:
            self.view[ref], self.ids[ref] = e["snapshot"], int(e["id"])

    def again(self):
        """The same listener, of a daemon that has been started again."""
        other = Listener(self.under_test)
        other.view, other.ids, other.token, other.known = self.view, self.ids, self.token, False
        other.wrong, other.n_events = self.wrong, self.n_events
        return other


def write(daemon, seed, n):
    """N changes of networks that are this client's own"""
    client, rng, refs = Client(daemon), random.Random(seed), []
    for i in range(n):
        kind = rng.randrange(20)
        if kind == 0 and len(refs) < KEPT or not refs:
            refs.append(client("network.create", dict(NETWORK, name_label=f"{seed} {i}")))
        elif kind == 1 and len(refs) > 1:
            client("network.destroy", refs.pop(rng.randrange(len(refs))))
        else:
            client("network.set_name_label", rng.choice(refs), f"{seed} {i}")
    client.close()


def in_threads(threads):
    for t in threads:
        t.start()
    return threads


def changes(daemon, seed):
    def work():
        for t in in_threads([threading.Thread(target=write, args=(daemon, seed * WRITERS + i, CHANGES // 2 // WRITERS))
                             for i in range(WRITERS)]):
            t.join()
    process = multiprocessing.Process(target=work)
    process.start()
    process.join()
    equal(process.exitcode, 0)


def listen(daemon, pipe):
    """Some of the listeners, in a process of their own: until the daemon is gone, and
    again when there is another, until that has nothing more to say."""
    listening = in_threads([Listener(daemon) for _ in range(LISTENERS // PROCESSES)])
    for x in listening:
        x.join()
    pipe.send("gone")
    pipe.recv()
    listening = in_threads([x.again() for x in listening])
    pipe.recv()
    for x in listening:
        x.ended.set()
    pipe.send("ends")
    for x in listening:
        x.join()
    pipe.send(([w for x in listening for w in x.wrong], [x.view for x in listening], sum(x.n_events for x in listening)))


def tell(pipes, word):
    for pipe in pipes:
        pipe.send(word)


def listeners(daemon):
    """no listener loses a change or sees one twice, also over kill -9"""
    pipes = []
    for _ in range(PROCESSES):
        here, there = multiprocessing.Pipe()
        multiprocessing.Process(target=listen, args=(daemon, there), daemon=True).start()
        pipes.append(here)
    bell = Client(daemon)("network.create", dict(NETWORK, name_label="bell"))
    changes(daemon, 1)
    daemon.kill()
    equal([pipe.recv() for pipe in pipes], ["gone"] * PROCESSES)
    daemon.start()
    client = Client(daemon)
    gone = [ref for ref in client("network.get_all") if ref != bell][0]
    client("network.destroy", gone)  # while nobody listens
    tell(pipes, "again")
    changes(daemon, 2)
    tell(pipes, "end")
    equal([pipe.recv() for pipe in pipes], ["ends"] * PROCESSES)
    wanted = client("network.get_all_records")
    client("network.set_name_label", bell, "rings")  # who waits looks whether it shall end
    for pipe in pipes:
        wrong, views, _ = got = pipe.recv()
        equal(wrong[:5], [])
        for view in views:
            view[bell]["name_label"] = "bell"
            equal(view, wanted)
        print(f"# {got[2]} events for {len(views)} listeners of {CHANGES} changes")


of_tests.XAPID = os.path.join(ROOT, "build/bin/xapid")
run([listeners])
