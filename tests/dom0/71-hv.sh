#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The verbs of xapi/hv/hv.h on Xen, without a daemon; see 71-hv.py.
exec python3 "$(dirname "$0")/71-hv.py"
