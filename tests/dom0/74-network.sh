#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The daemon's VLANs and bonds on the kernel of a Dom0, which has the modules
# for them. tests/xapi/bridge.sh has the rest, and is what is run here, in a
# network namespace of its own.
. "${BASH_SOURCE[0]%/*}/lib.sh"

note "modules"
for module in 8021q bonding veth bridge; do
    check "$module is loaded" modprobe "$module"
done

note "the host's network"
export XAPID=$top/build/bin/xapid
check "bridges, VLANs and bonds" "$top/tests/xapi/bridge.sh" modules

exit $((failures > 0))
