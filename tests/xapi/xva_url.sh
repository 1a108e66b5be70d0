#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# VM.import: VMs as files that the daemon fetches.
exec python3 "$(dirname "$0")/xva_url.py"
