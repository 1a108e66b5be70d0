#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The XenStore tools in a Dom0, on the daemon that serves it: beside Debian's;
# over the socket and through the kernel's device; a directory of more names than
# a frame holds; watches while a guest comes and goes. 51-oxenstored.sh runs the
# same on the OCaml daemon. tests/xenstore covers both in full without Xen.
# shellcheck source=tests/dom0/lib.sh
. "${BASH_SOURCE[0]%/*}/lib.sh"

ours=$top/build/bin/xenstore-
by_device() { XENSTORED_PATH=/dev/xen/xenbus "$@"; }

cleanup() {
    "$stock" destroy watched 2>/dev/null
    "${ours}rm" /dk /big 2>/dev/null
    rm -rf "$work"
}
trap cleanup EXIT

note "beside Debian's"
check "equal with Debian's on the running daemon" \
    "$top/tests/xenstore/parity.sh" running

# (What a guest's devices write between the two is there the next time.)
same_tree() {
    "${ours}ls" -fp / >"$work/ours"
    xenstore-ls -fp / >"$work/stock"
    cmp "$work/ours" "$work/stock"
}
check "the whole tree" within 5 same_tree

note "through /dev/xen/xenbus"
check "the same tree" cmp "$work/stock" <(by_device "${ours}ls" -fp /)
check "written" by_device "${ours}write" /dk/a 1 /dk/b 2
check "read" [ "$(by_device "${ours}read" /dk/a /dk/b)" = $'1\n2' ]
check "removed" by_device "${ours}rm" /dk

note "a directory with 10 kB of names"
words=()
for i in {1001..1400}; do
    words+=("/big/a-name-of-some-length-$i" "$i")
done
check "400 nodes written" "${ours}write" "${words[@]}"
names=$(printf 'a-name-of-some-length-%s\n' {1001..1400})
check "list" [ "$("${ours}list" /big | sort)" = "$names" ]
lines=$(for i in {1001..1400}; do echo "/big/a-name-of-some-length-$i = \"$i\""; done)
check "ls" [ "$("${ours}ls" -f /big | sort)" = "$lines" ]
# Through the device no daemon can send more than a frame: what the C daemon
# gives in parts is there, the OCaml daemon's is an error that says so.
if said=$(by_device "${ours}ls" -f /big 2>&1); then
    check "ls through the device" [ "$(sort <<<"$said")" = "$lines" ]
else
    check "ls through the device says why not" grep -q "'/big' has more names than" <<<"$said"
    printf 'said: %s\n' "$said"
fi
check "rm" "${ours}rm" /big

note "a guest comes and goes"
timeout 900 "${ours}watch" -n 3 @releaseDomain @introduceDomain >"$work/events" &
watcher=$!
check "create" "$stock" create -q "$tiny" 'name="watched"'
id=$("$stock" domid watched)
check "its name" [ "$("${ours}read" "/local/domain/$id/name")" = watched ]
check "found by a pattern" grep -qx watched <("${ours}read" '/local/domain/*/name')
check "the whole tree with it" within 5 same_tree
check "destroy" "$stock" destroy watched
# Two events for the two watches, one more for the guest.
check "the watch ends" wait $watcher
check "both were seen" \
    [ "$(sort -u "$work/events" | tr '\n' ' ')" = "@introduceDomain @releaseDomain " ]
check "its folder is gone" \
    [ "$("${ours}ls" -f /local/domain | grep -c watched)" = 0 ]

finish
