#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The disks and network interfaces of VMs, on a host of files.
exec python3 "$(dirname "$0")/device.py"
