#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What xapid asks the machine and Xen itself, by its calls; see 75-host.py.
exec python3 "$(dirname "$0")/75-host.py"
