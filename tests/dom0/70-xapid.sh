#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# xapid on Xen, by its calls; see 70-xapid.py.
exec python3 "$(dirname "$0")/70-xapid.py"
