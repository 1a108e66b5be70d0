# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# Sourced by the tests of the hotplug program on a machine without Xen: Debian's
# xenstored with hypercalls stubbed, backends that are only nodes, and real loop
# devices and interfaces, in name spaces of the test's own. Needs root. The
# working directory becomes the checkout.
cd "$(dirname "$0")/../.." || exit 1
[ "${1:-}" = inside ] || exec unshare --mount --net --propagation private "$0" inside
. tests/xenstore/rig.sh
work=$rig_dir
libexec=$PWD/build/libexec
mkdir -p /run/xen-hotplug
mount -t sysfs sysfs /sys # shows interfaces of this name space
mount -t tmpfs tmpfs /run/xen-hotplug
rig_start xenstored
passed=0 failed=0

ok() { # ok WHAT COMMAND...: it succeeds
    local what=$1
    shift
    if "$@" >"$work/said" 2>&1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED $what: $*"
        cat "$work/said"
    fi
}

refused() { # refused WHAT PATTERN COMMAND...: it fails, saying so
    local what=$1 pattern=$2
    shift 2
    if ! "$@" >"$work/said" 2>&1 && grep -q -- "$pattern" "$work/said"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED $what, which should have said '$pattern': $*"
        cat "$work/said"
    fi
}

is() { # is WHAT GOT WANTED
    if [ "$2" = "$3" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf "FAILED %s: '%s', wanted '%s'\n" "$1" "$2" "$3"
    fi
}

node() { xenstore-read "$1" 2>/dev/null; }

finish() {
    echo "$passed checks, $failed failed"
    [ $failed -eq 0 ] && [ $passed -gt 0 ]
    exit
}
