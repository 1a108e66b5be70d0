#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What is measured on Xen; see 80-measure.py.
exec python3 "$(dirname "$0")/80-measure.py"
