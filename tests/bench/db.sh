#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The daemon's database: what a VM weighs; what a record, a change and the
# delivery of an event cost with 100 and with 100,000 VMs there; durable writes
# beside SQLite alone on the same disk. In turns, ROUNDS times, medians.
#   db.sh [FOLDER]    where the files of the durable writes go for a while
set -u
cd "$(dirname "$0")/../.."
program=build/tests/bench-db
ROUNDS=${ROUNDS:-5}
dir=$(mktemp -d "${1:-build}/bench-db.XXXXXX") || exit 1
trap 'rm -rf "$dir"' EXIT
results=$dir/results
missed=0

# run LABEL WORDS...: adds its numbers, as "LABEL name number".
run() {
    local label=$1
    shift
    "$program" "$@" | sed "s/^/$label /" >>"$results"
    [ "${PIPESTATUS[0]}" -eq 0 ] || exit 1
}

# median LABEL NAME
median() {
    awk -v l="$1" -v n="$2" '$1 == l && $2 == n { print $3 }' "$results" | sort -n |
        awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

# report WHAT UNIT A B: B beside A; TARGET, and whether the ratio B/A is to be
# at most or at least that.
report() {
    awk -v what="$1" -v unit="$2" -v a="$3" -v b="$4" -v than="$5" -v target="$6" 'BEGIN {
        met = than == "most" ? b / a <= target : b / a >= target
        printf "%-28s %9.0f %-4s %9.0f %-4s %6.3f  (at %s %s: %s)\n", what, a, unit, b, unit,
            b / a, than, target, met ? "met" : "missed"
        exit !met }' || missed=$((missed + 1))
}

run - memory 20000
for ((i = 0; i < ROUNDS; i++)); do
    run few costs 100
    run many costs 100000
    run sqlite raw "$dir/raw.$i"
    run ours durable "$dir/durable.$i"
done
printf '%-28s %14s %14s %6s\n' "the database" "100 VMs" "100,000 VMs" ratio
report "a record" ns "$(median few record)" "$(median many record)" most 1.2
report "a change" ns "$(median few change)" "$(median many change)" most 1.2
report "a change and its event" ns "$(median few event)" "$(median many event)" most 1.2
printf '%-28s %14s %14s %6s\n' "" target "a VM" ratio
report "memory" B 6000 "$(median - memory)" most 1
printf '%-28s %14s %14s %6s\n' "" "SQLite alone" ours ratio
report "durable writes, 32 writers" /s "$(median sqlite raw)" "$(median ours durable)" least 0.5
exit $((missed > 0))
