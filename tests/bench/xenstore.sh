#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Our xenstore tools beside Debian's, on Debian's C xenstored over its socket,
# on the machine itself; then transactions that meet.
#   xenstore.sh [DAEMON]
set -u
cd "$(dirname "$0")/../.."
. tests/xenstore/rig.sh
. tests/bench/lib.sh
daemon=${1:-xenstored}
ours=$PWD/build/bin/xenstore-
stock=/usr/bin/xenstore-
rig_start "$daemon"
for d in {1..100}; do
    pairs=()
    for n in {1..79}; do
        pairs+=("/d/$d/$n" "value $n")
    done
    "${ours}write" -b "${pairs[@]}" || exit 1
done
heading "on $daemon"
compare "ls -f, $(xenstore-ls -f | wc -l) nodes" 0.09 "${ours}ls -f" "${stock}ls -f"
compare "ls, the same" - "${ours}ls" "${stock}ls"
operands=(/d/1/1)
compare "read of one" - "${ours}read" "${stock}read"
operands=()
for n in {1..100}; do
    operands+=("/w/$n" "value $n")
done
compare "100 writes, transaction" - "${ours}write" "${stock}write"
operands=()
for d in {1..100}; do
    for n in {1..100}; do
        operands+=("/w/$d/$n" "value $n")
    done
done
compare "10,000 writes, one batch" 0.2 "${ours}write -b" "${stock}write"
echo
echo "the same node changed by 8 processes at once"
build/tests/writers 8 100 --no-turns || exit 1
build/tests/writers 8 100 || exit 1
