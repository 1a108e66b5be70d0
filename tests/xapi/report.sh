#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Reports about a host: GET /system-status, GET /host_logs_download.
exec python3 "$(dirname "$0")/report.py"
