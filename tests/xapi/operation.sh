#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What who runs the daemon relies on: audit, settings, this host.
exec python3 "$(dirname "$0")/operation.py"
