#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Guests that move into another domain while they run.
exec python3 "$(dirname "$0")/migrate.py"
