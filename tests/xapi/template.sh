#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Templates: those that come with the product, and what VMs are made of them.
exec python3 "$(dirname "$0")/template.py"
