#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What is recorded of guests, the host and repositories.
exec python3 "$(dirname "$0")/record.py"
