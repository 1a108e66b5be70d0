#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Consoles of guests on Xen, as clients of XenAPI see them; see 77-console.py.
exec python3 "$(dirname "$0")/77-console.py"
