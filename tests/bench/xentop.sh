#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Runs in the Dom0: CPU time of one refresh of the monitor, the XenStore
# daemon's included, ours and stock's, with 100, 50 and 1 tiny domains that do
# nothing.
set -u
cd "$(dirname "$0")/../.."
. tests/bench/lib.sh
ours=/usr/local/bin/xentop
install -D build/bin/xentop "$ours" && install -D build/bin/xl /usr/local/bin/xl &&
    install -D -t /usr/local/libexec/dom0kit build/libexec/* || exit 1
stock=$(echo /usr/lib/xen-4.*/bin/xentop)
daemon=$(cat /run/xen/xenstored.pid)
SECONDS_EACH=${SECONDS_EACH:-20}
out=$(mktemp)
trap 'rm -f "$out"' EXIT

# CPU time so far of processes, in nanoseconds.
spent() {
    local p n sum=0
    for p in "$@"; do
        read -r n _ <"/proc/$p/schedstat"
        sum=$((sum + n))
    done
    echo $sum
}
refreshes() { grep -c 'NAME  STATE' "$out"; }

# refresh PROGRAM: microseconds that one takes it and the daemon, into $took.
refresh() {
    local before shown monitor
    "$1" -b -d 1 >"$out" &
    monitor=$!
    sleep 4
    before=$(spent $monitor "$daemon") shown=$(refreshes)
    sleep "$SECONDS_EACH"
    took=$((($(spent $monitor "$daemon") - before) / 1000))
    shown=$(($(refreshes) - shown))
    kill $monitor
    wait $monitor 2>/dev/null
    [ $shown -gt 0 ] || { echo "no refreshes of $1" >&2; exit 1; }
    took=$((took / shown))
}

guests() { /usr/lib/xen-4.*/bin/xl list | awk 'NR > 2 { print $(NF - 4) }'; }
running() { guests | wc -l; }
heading "xentop, CPU of a refresh"
for domains in ${DOMAINS:-100 50 1}; do
    for ((n = $(running); n < domains; n++)); do
        /usr/local/bin/xl create -q build/guests/tiny.cfg "name=\"x$n\"" || exit 1
    done
    for id in $(guests | tail -n +$((domains + 1))); do
        /usr/local/bin/xl destroy "$id" || exit 1
    done
    refresh "$ours"
    mine=$took
    refresh "$stock"
    report "$(running) idle domains" 0.25 "$mine" "$took"
    compare "-b -i 1 (time)" - "$ours -b -i 1" "$stock -b -i 1"
done
