#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Disks of guests that run, by xapid on Xen; see 73-disks.py.
exec python3 "$(dirname "$0")/73-disks.py"
