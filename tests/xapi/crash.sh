#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The daemon killed at random moments, again and again.
exec python3 "$(dirname "$0")/crash.py"
