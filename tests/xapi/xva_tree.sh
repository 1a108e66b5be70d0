#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# VMs as files: snapshots, templates, records alone.
exec python3 "$(dirname "$0")/xva_tree.py"
