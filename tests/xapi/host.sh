#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The calls of classes host, pool and user, on a simulated host.
exec python3 "$(dirname "$0")/host.py"
