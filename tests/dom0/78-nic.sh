#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What xapid says to guests of their addresses, and lets them send; see 78-nic.py.
exec python3 "$(dirname "$0")/78-nic.py"
