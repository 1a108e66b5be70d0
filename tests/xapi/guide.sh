#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The guide's commands print what the guide says.
exec python3 "$(dirname "$0")/guide.py"
