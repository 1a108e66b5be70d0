#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Disks that guests have.
exec python3 "$(dirname "$0")/attached.py"
