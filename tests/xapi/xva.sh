#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# VMs as files: GET /export, PUT /import.
exec python3 "$(dirname "$0")/xva.py"
