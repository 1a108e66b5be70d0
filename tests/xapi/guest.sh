#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What guests do by themselves, and what is changed of them while they run.
exec python3 "$(dirname "$0")/guest.py"
