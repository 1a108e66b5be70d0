#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# xe's own commands, in commands.py.
exec python3 "$(dirname "$0")/commands.py"
