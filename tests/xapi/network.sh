#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Networks and the host's interfaces, on a simulated host; bridge.sh has the
# same on this Linux.
exec python3 "$(dirname "$0")/network.py"
