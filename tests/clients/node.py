#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Programs of npm/, each against a daemon of its own: node.py NAME. They are
where their modules are, in build/clients."""
import os
import sys

from furnished import ROOT, ask, run

PLACE = os.path.join(ROOT, "build", "clients")


def tests(daemon):
    daemon.furnish()
    print(ask("node", os.path.join(PLACE, sys.argv[1] + ".mjs"), daemon.url, daemon.tls_url), end="")


tests.__doc__ = sys.argv[1]

if __name__ == "__main__":
    run([tests])
