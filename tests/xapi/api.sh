#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The daemon as clients of XenAPI see it.
exec python3 "$(dirname "$0")/api.py"
