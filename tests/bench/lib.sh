# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# Sourced by the benchmarks: two commands in turns, ROUNDS times each after one
# that does not count, the medians, their ratio and the target.
ROUNDS=${ROUNDS:-7}

# timed COMMAND...: how long it takes, into $took (microseconds).
timed() {
    local t0=${EPOCHREALTIME/./}
    "$@" >/dev/null 2>&1 || { echo "failed: ${*:0:3}" >&2; exit 1; }
    took=$((${EPOCHREALTIME/./} - t0))
}

median() { printf '%s\n' "$@" | sort -n | sed -n "$((($# + 1) / 2))p"; }

heading() { printf '%-28s %8s    %8s      %5s\n' "$1" ours stock ratio; }

report() { # WHAT TARGET OURS STOCK (microseconds); TARGET -: none
    awk -v what="$1" -v target="$2" -v a="$3" -v b="$4" 'BEGIN {
        printf "%-28s %8.1f ms %8.1f ms   %5.3f", what, a / 1000, b / 1000, a / b
        if (target != "-")
            printf "  (target %s: %s)", target, a / b <= target ? "met" : "missed"
        print "" }'
}

# compare WHAT TARGET "OUR COMMAND" "STOCK'S": each a program and its options, to
# which the words of the array operands are added.
operands=()
compare() {
    local a=() b=() i
    # shellcheck disable=SC2086
    for ((i = -1; i < ROUNDS; i++)); do
        timed $3 "${operands[@]}"
        [ $i -lt 0 ] || a+=("$took")
        timed $4 "${operands[@]}"
        [ $i -lt 0 ] || b+=("$took")
    done
    report "$1" "$2" "$(median "${a[@]}")" "$(median "${b[@]}")"
}
