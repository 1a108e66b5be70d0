#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Every call of the model.
exec python3 "$(dirname "$0")/model.py"
