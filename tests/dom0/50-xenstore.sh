#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The XenStore tools in a Dom0: beside Debian's on the daemon that serves it,
# over the socket and through the kernel's device; a watch on @releaseDomain and
# on a guest's own folder while a guest comes and goes.
# tests/xenstore covers both daemons in full on a machine without Xen.
set -u
cd "$(dirname "$0")/../.."
failed=0
check() { # WHAT COMMAND...
    local what=$1
    shift
    if "$@"; then echo "ok - $what"; else
        echo "not ok - $what"
        failed=1
    fi
}
xl=/usr/lib/xen-4.17/bin/xl
ours=$PWD/build/bin/xenstore-
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"; $xl destroy watched 2>/dev/null' EXIT

check "equal with Debian's on the running daemon" tests/xenstore/parity.sh running

same_tree() {
    "${ours}ls" -fp / >"$tmp/ours"
    xenstore-ls -fp / >"$tmp/stock"
    cmp "$tmp/ours" "$tmp/stock"
}
check "the whole tree" same_tree

through_device() {
    XENSTORED_PATH=/dev/xen/xenbus "${ours}ls" -fp / >"$tmp/ours" &&
        cmp "$tmp/ours" "$tmp/stock" &&
        XENSTORED_PATH=/dev/xen/xenbus "${ours}write" /dk/a 1 /dk/b 2 &&
        [ "$(XENSTORED_PATH=/dev/xen/xenbus "${ours}read" /dk/a /dk/b)" = $'1\n2' ] &&
        XENSTORED_PATH=/dev/xen/xenbus "${ours}rm" /dk
}
check "through /dev/xen/xenbus" through_device

"${ours}watch" -n 3 @releaseDomain @introduceDomain >"$tmp/events" &
watcher=$!
guest() {
    $xl create -q build/guests/tiny.cfg 'name="watched"' || return 1
    id=$($xl domid watched)
    "${ours}exists" "/local/domain/$id/name" &&
        [ "$("${ours}read" "/local/domain/$id/name")" = watched ] &&
        "${ours}read" '/local/domain/*/name' | grep -qx watched &&
        same_tree
}
check "a guest's folder" guest
$xl destroy watched
# Two events for the two watches, one more for the guest.
check "watch ends" wait $watcher
check "a domain's coming was seen" test \
    "$(sort -u "$tmp/events" | tr '\n' ' ')" = "@introduceDomain @releaseDomain "
check "its folder is gone" test "$("${ours}ls" -f /local/domain | grep -c watched)" = 0
exit $failed
