#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Guests that move into another domain of this host while they run; see
# 76-migrate.py.
exec python3 "$(dirname "$0")/76-migrate.py"
