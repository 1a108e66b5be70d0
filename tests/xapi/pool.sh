#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What is between pools: hosts that would join another.
exec python3 "$(dirname "$0")/pool.py"
