#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Runs in the Dom0: xl beside stock's, with one domain and with a hundred.
set -u
cd "$(dirname "$0")/../.."
stock=/usr/lib/xen-4.17/bin/xl
# Stock's programs lie on Dom0's cached root, the checkout on a share that is
# read anew each time: ours are measured where installed ones lie.
ours=/usr/local/bin/xl
install -D build/bin/xl "$ours" || exit 1
install -D -t /usr/local/libexec/dom0kit build/libexec/* || exit 1
tiny=$PWD/build/guests/tiny.cfg
DOMAINS=${DOMAINS:-100}

. tests/bench/lib.sh

both() { compare "$1" "$2" "$ours $3" "$stock $3"; }

# Create and destroy take turns by nature: one of each per round and program.
create_destroy() {
    local a=() b=() c=() d=() xl
    for ((i = -1; i < ROUNDS; i++)); do
        for xl in "$ours" "$stock"; do
            timed "$xl" create "$tiny" 'name="bench"'
            [ $i -lt 0 ] || if [ "$xl" = "$ours" ]; then a+=("$took"); else b+=("$took"); fi
            timed "$xl" destroy bench
            [ $i -lt 0 ] || if [ "$xl" = "$ours" ]; then c+=("$took"); else d+=("$took"); fi
        done
    done
    report "create (bare)" 0.95 "$(median "${a[@]}")" "$(median "${b[@]}")"
    report "destroy (bare)" 0.95 "$(median "${c[@]}")" "$(median "${d[@]}")"
}

heading xl
both "list, 1 domain" 0.6 list
create_destroy
for ((n = 1; n < DOMAINS; n++)); do
    "$ours" create -q "$tiny" "name=\"t$n\"" >/dev/null || exit 1
done
both "list, $DOMAINS domains" 0.6 list
both "list -l, $DOMAINS domains" 0.2 "list -l"
