#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# VMs that start and stop together.
exec python3 "$(dirname "$0")/appliance.py"
