#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A host's daemon as a file: GET /host_backup, PUT /host_restore.
exec python3 "$(dirname "$0")/backup.py"
