#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What guests may send over a bridge, in a network namespace of the test's own,
# with a /run of its own.
[ "$(id -u)" = 0 ] && alone=-nm || alone=-rnm
exec unshare $alone sh -c 'mount -t tmpfs none /run && exec python3 "$0"' "$(dirname "$0")/lock.py"
