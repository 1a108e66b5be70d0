#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# VMs as files on Xen; see 79-files.py.
exec python3 "$(dirname "$0")/79-files.py"
