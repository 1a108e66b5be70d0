#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Tasks: their end, whatever ends first.
exec python3 "$(dirname "$0")/task.py"
