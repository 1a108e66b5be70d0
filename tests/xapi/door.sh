#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The door of the daemon, with calls of the tests' own behind it.
exec python3 "$(dirname "$0")/door.py"
