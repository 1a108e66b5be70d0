#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Many who wait for events.
exec python3 "$(dirname "$0")/event.py"
