#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# `xl lint --no-host` of each lint/NAME.cfg says what is in lint/NAME.out (its
# output, then its exit status). UPDATE=1 writes those files: read the diff.
# Also: several files, JSON and CSV, --strict. Unusual files are in
# bad-input.sh, every key with values of each kind in every-key.sh.
set -u
here=$(cd "$(dirname "$0")" && pwd)
xl=${XL:-$here/../../build/bin/xl}
xl=$(readlink -f "$xl")
failed=0
cd "$here/lint" || exit 1

lint() {
    "$xl" lint "$@"
    echo "exit status $?"
}

# same FILE: standard input is what FILE has.
same() {
    local got
    got=$(cat; echo .)
    if [ -n "${UPDATE:-}" ]; then
        printf '%s' "${got%.}" >"$1"
    elif ! diff -u "$1" <(printf '%s' "${got%.}"); then
        echo "FAILED: $1"
        failed=1
    fi
}

for config in *.cfg; do
    lint --no-host "$config" 2>&1 | same "${config%.cfg}.out"
done
lint --no-host good-pv.cfg missing.cfg good-hvm.cfg 2>&1 | same several.out
lint --no-host --format json devices.cfg missing.cfg 2>&1 | same json.out
lint --no-host --format csv words.cfg 2>&1 | same csv.out
lint --no-host --strict unknown-keys.cfg 2>&1 | same strict.out
lint --no-host --strict good-pv.cfg 2>&1 | same strict-good.out
sed 's/memory/memroy/' good-pv.cfg | lint --no-host - 2>&1 | same stdin.out
[ "$("$xl" lint --no-host --format json good-pv.cfg | tr -d '[:space:]')" = "[]" ] || {
    echo "FAILED: JSON of nothing is not an empty list"
    failed=1
}
exit $failed
