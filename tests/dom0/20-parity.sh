#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Parity: the dry run of our xl prints what that of Debian's own xl prints in this
# Dom0, field by field; and what stock xl refuses, ours refuses. These are those
# configs of tests/parity that have to do with the host, and a sample of the
# others, all of which `make parity-here` compares outside. No guest is made.
set -eu
cd "$(dirname "$0")/../.."
unset PRELOAD STOCK_XL OUR_XL
[ -e /proc/xen/privcmd ] || [ -e /dev/xen/privcmd ] || {
    echo "this is no Xen Dom0" >&2
    exit 1
}
tests/parity/run -s 6
