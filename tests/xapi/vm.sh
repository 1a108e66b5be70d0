#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The life of a VM, on a host of files.
exec python3 "$(dirname "$0")/vm.py"
