#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Disks go in and out over HTTP.
exec python3 "$(dirname "$0")/image.py"
