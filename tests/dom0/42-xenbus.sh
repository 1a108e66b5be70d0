#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# XenStore through the kernel's device, as programs reach it where the daemon
# runs in a domain of its own: the same tree is read as through the socket, also
# with hundreds of requests in a row, and what is written arrives. The tools
# themselves are tested on the socket, in tests/xenstore.
# shellcheck source=tests/dom0/lib.sh
. "${BASH_SOURCE[0]%/*}/lib.sh"

bin=$top/build/bin
device=/dev/xen/xenbus
root=/dom0kit-test

# Like COMMAND, but through the device.
by_device() { XENSTORED_PATH=$device "$@"; }

cleanup() {
    "$bin/xenstore-rm" $root 2>/dev/null
    rm -rf "$work"
}
trap cleanup EXIT

note "a tree of 300 nodes with long names and values"
words=()
for i in $(seq 300); do
    words+=("$root/dir$((i % 7))/a-name-that-takes-some-room-$i" "value $i")
done
check "written through the socket" "$bin/xenstore-write" "${words[@]}"
"$bin/xenstore-ls" -f $root >"$work/socket"
by_device "$bin/xenstore-ls" -f $root >"$work/device"
check "300 nodes and their directories" \
    [ "$(grep -c a-name "$work/socket")" -eq 300 ]
check "the device shows the same tree" cmp "$work/socket" "$work/device"

note "writing through the device"
check "written through the device" \
    by_device "$bin/xenstore-write" $root/x one $root/y two
check "the first arrived" [ "$("$bin/xenstore-read" $root/x)" = one ]
check "the second arrived" [ "$("$bin/xenstore-read" $root/y)" = two ]
check "removed through the device" by_device "$bin/xenstore-rm" $root
check "it is gone" [ -z "$("$bin/xenstore-ls" $root 2>/dev/null)" ]

finish
