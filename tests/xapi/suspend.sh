#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Guests whose memory lies in a disk meanwhile.
exec python3 "$(dirname "$0")/suspend.py"
