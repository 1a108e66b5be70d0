#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Runs in the Dom0. Each line: the two programs in turns, 7 times each after one
# that does not count, the medians, their ratio and the target.
set -u
cd "$(dirname "$0")/../.."
stock=/usr/lib/xen-4.17/bin/xl
# Stock's programs lie on Dom0's cached root, the checkout on a share that is
# read anew each time: ours are measured where installed ones lie.
ours=/usr/local/bin/xl
install -D build/bin/xl "$ours" || exit 1
install -D -t /usr/local/libexec/dom0kit build/libexec/* || exit 1
tiny=$PWD/build/guests/tiny.cfg
ROUNDS=${ROUNDS:-7}
DOMAINS=${DOMAINS:-100}

now() { echo "${EPOCHREALTIME/./}"; }

# ms COMMAND...: how long it takes, into $took (microseconds).
timed() {
    local t0 t1
    t0=$(now)
    "$@" >/dev/null 2>&1 || { echo "failed: $*" >&2; exit 1; }
    t1=$(now)
    took=$((t1 - t0))
}

median() { printf '%s\n' "$@" | sort -n | sed -n "$((($# + 1) / 2))p"; }

report() { # WHAT TARGET OURS STOCK (microseconds)
    awk -v what="$1" -v target="$2" -v a="$3" -v b="$4" 'BEGIN {
        ratio = a / b
        printf "%-24s %8.1f ms %8.1f ms   %5.2f  (target %s: %s)\n", what,
               a / 1000, b / 1000, ratio, target,
               ratio <= target ? "met" : "missed" }'
}

compare() { # WHAT TARGET ARGS...
    local what=$1 target=$2 a=() b=()
    shift 2
    timed "$ours" "$@"
    timed "$stock" "$@"
    for ((i = 0; i < ROUNDS; i++)); do
        timed "$ours" "$@" && a+=("$took")
        timed "$stock" "$@" && b+=("$took")
    done
    report "$what" "$target" "$(median "${a[@]}")" "$(median "${b[@]}")"
}

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

printf '%-24s %8s    %8s      %5s\n' "xl" ours stock ratio
compare "list, 1 domain" 0.6 list
create_destroy
for ((n = 1; n < DOMAINS; n++)); do
    "$ours" create -q "$tiny" "name=\"t$n\"" >/dev/null || exit 1
done
compare "list, $DOMAINS domains" 0.6 list
compare "list -l, $DOMAINS domains" 0.2 list -l
