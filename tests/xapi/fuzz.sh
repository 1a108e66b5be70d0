#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Every message of the API with generated arguments; the same ones each time.
exec python3 "$(dirname "$0")/fuzz.py"
