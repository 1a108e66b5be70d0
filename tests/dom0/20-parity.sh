#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Parity: for each config of tests/parity/corpus the dry run of our xl prints
# what that of Debian's own xl prints in this Dom0, field by field; and what
# stock xl refuses (tests/parity/rejects), ours refuses. No guest is made.
set -eu
cd "$(dirname "$0")/../.."
unset PRELOAD STOCK_XL OUR_XL
[ -e /proc/xen/privcmd ] || [ -e /dev/xen/privcmd ] || {
    echo "this is no Xen Dom0" >&2
    exit 1
}
tests/parity/run
