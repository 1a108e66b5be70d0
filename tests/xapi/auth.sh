#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Passwords: of a file, and of PAM itself with a service of the test's own
# (libpam-wrapper); who may log in, and how they change.
exec python3 "$(dirname "$0")/auth.py"
