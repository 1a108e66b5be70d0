#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What tests/run-all says of tests that fail: which check did, first and last, in
# few lines; a crash and silence are failures too; the count.
set -u
tests=$(readlink -f "$(dirname "$0")/..")
work=$(mktemp -d)
suite=failures-$$
trap 'rm -rf "$work" "$tests/../build/out/$suite"' EXIT
failed=0

# program NAME LINES: a test.
program() {
    printf '#!/bin/sh\n%s\n' "$2" >"$work/$1"
    chmod 755 "$work/$1"
}

says() {
    grep -qxF -- "$1" "$work/said" && return
    echo "FAILED: does not say '$1'"
    sed 's/^/    /' "$work/said"
    failed=1
}

program good 'echo "FAILED: of no interest"'
program check 'seq 50; echo "FAILED: five is six (test 5 = 6)"; echo "    five: 5"; seq 60; exit 1'
program silent 'exit 3'
program crash 'echo begun; kill -SEGV $$'
program cmocka 'printf "[ RUN      ] a\n[  ERROR   ] --- 5 != 6\n[  FAILED  ] a\n"; exit 1'
"$tests/run-all" -j 2 $suite "$work"/{good,check,silent,crash,cmocka} >"$work/said" 2>&1 && { echo "FAILED: exit status 0"; failed=1; }
says "failed in $suite: check: FAILED: five is six (test 5 = 6)"
says "failed in $suite: check:     five: 5"
says "failed in $suite: silent: it printed nothing"
says "failed in $suite: crash: begun"
says "failed in $suite: cmocka: [  ERROR   ] --- 5 != 6"
grep -q "^FAILED $suite: crash ([0-9]* ms, exit status 139)$" "$work/said" || { echo "FAILED: the crash's status"; failed=1; }
[ "$(tail -n 1 "$work/said")" = "$suite: 1 passed, 4 failed" ] || { echo "FAILED: the count: $(tail -n 1 "$work/said")"; failed=1; }
[ "$(grep -c '^    [0-9]' "$work/said")" -le 20 ] || { echo "FAILED: too much of the output"; failed=1; }
grep -q 'of no interest' "$work/said" && { echo "FAILED: shows what passed"; failed=1; }
exit $failed
