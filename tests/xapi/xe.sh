#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# xe and the daemon's side of it.
exec python3 "$(dirname "$0")/xe.py"
