#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The host's network on Linux itself (--net=bridge), in a network namespace of
# the test's own: real bridges, veth pairs for cards. VLANs and bonds, which want
# modules of the kernel, are in tests/dom0.
[ "$(id -u)" = 0 ] && alone=-nm || alone=-rnm
exec unshare $alone python3 "$(dirname "$0")/bridge.py" "$@"
