#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Repositories and disks: records, files, operations, faults, deaths.
exec python3 "$(dirname "$0")/storage.py"
