#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Runs in the Dom0: the XenStore tools beside Debian's with a hundred domains,
# where the daemon's own time is most of all. tests/bench/xenstore.sh measures
# them on the machine itself.
set -u
cd "$(dirname "$0")/../.."
. tests/bench/lib.sh
DOMAINS=${DOMAINS:-100}
# Where the page cache has them, as it has stock's.
ours=/usr/local/bin/xenstore-
install -D build/bin/xenstore /usr/local/bin/xenstore || exit 1
for tool in ls read write; do
    ln -sf xenstore "$ours$tool"
done
stock=/usr/bin/xenstore-

running() { /usr/lib/xen-4.*/bin/xl list | tail -n +2 | wc -l; }
for ((n = $(running); n < DOMAINS; n++)); do
    build/bin/xl create -q build/guests/tiny.cfg "name=\"x$n\"" || exit 1
done
heading "xenstore, $(running) domains"
compare "ls -f, $(xenstore-ls -f | wc -l) nodes" 0.65 "${ours}ls -f" "${stock}ls -f"
operands=(/local/domain/0/name)
compare "read of one" - "${ours}read" "${stock}read"
operands=()
for n in {1..200}; do
    operands+=("/bench/$n" "value $n")
done
compare "200 writes, transaction" - "${ours}write" "${stock}write"
xenstore-rm /bench
