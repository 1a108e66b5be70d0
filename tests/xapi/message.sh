#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Messages to administrators.
exec python3 "$(dirname "$0")/message.py"
