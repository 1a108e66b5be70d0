#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Our xenstore tools beside Debian's, on Debian's C xenstored over its socket,
# on the machine itself. Each line: the two in turns, 7 times each after one
# that does not count, the medians, their ratio and the target.
#   xenstore.sh [DAEMON]
set -u
cd "$(dirname "$0")/../.."
. tests/xenstore/rig.sh
daemon=${1:-xenstored}
ours=$PWD/build/bin/xenstore-
stock=/usr/bin/xenstore-
ROUNDS=${ROUNDS:-7}

# timed COMMAND...: how long it takes, into $took (microseconds).
timed() {
    local t0=${EPOCHREALTIME/./}
    "$@" >/dev/null || { echo "failed: ${*:0:3}" >&2; exit 1; }
    took=$((${EPOCHREALTIME/./} - t0))
}

median() { printf '%s\n' "$@" | sort -n | sed -n "$((($# + 1) / 2))p"; }

report() { # WHAT TARGET OURS STOCK (microseconds); TARGET -: none
    awk -v what="$1" -v target="$2" -v a="$3" -v b="$4" 'BEGIN {
        printf "%-28s %8.1f ms %8.1f ms   %5.3f", what, a / 1000, b / 1000, a / b
        if (target != "-")
            printf "  (target %s: %s)", target, a / b <= target ? "met" : "missed"
        print "" }'
}

# compare WHAT TARGET "OUR COMMAND" "STOCK'S": each a name and its options, to
# which the words of the array operands are added.
compare() {
    local a=() b=() i
    # shellcheck disable=SC2086
    for ((i = -1; i < ROUNDS; i++)); do
        timed "$ours"$3 "${operands[@]}"
        [ $i -lt 0 ] || a+=("$took")
        timed "$stock"$4 "${operands[@]}"
        [ $i -lt 0 ] || b+=("$took")
    done
    report "$1" "$2" "$(median "${a[@]}")" "$(median "${b[@]}")"
}

rig_start "$daemon"
for d in {1..100}; do
    pairs=()
    for n in {1..79}; do
        pairs+=("/d/$d/$n" "value $n")
    done
    "${ours}write" -b "${pairs[@]}" || exit 1
done
printf '%-28s %8s    %8s      %5s\n' "on $daemon" ours stock ratio
operands=()
compare "ls -f, $(xenstore-ls -f | wc -l) nodes" 0.09 "ls -f" "ls -f"
compare "ls, the same" - "ls" "ls"
operands=(/d/1/1)
compare "read of one" - read read
operands=()
for n in {1..100}; do
    operands+=("/w/$n" "value $n")
done
compare "100 writes, transaction" - write write
operands=()
for d in {1..100}; do
    for n in {1..100}; do
        operands+=("/w/$d/$n" "value $n")
    done
done
compare "10,000 writes, one batch" 0.2 "write -b" write
echo
echo "the same node changed by 8 processes at once"
build/tests/writers 8 100 --no-turns || exit 1
build/tests/writers 8 100 || exit 1
