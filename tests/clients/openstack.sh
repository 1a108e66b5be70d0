#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
[ "$(id -u)" = 0 ] && alone=-n || alone=-rn
exec unshare $alone sh -c 'ip link set lo up && exec /usr/bin/python3 "$1"' - "$(dirname "$0")/openstack.py"
