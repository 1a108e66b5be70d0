#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# VMs made of others and taken back: with disks in real files.
exec python3 "$(dirname "$0")/snapshot.py"
