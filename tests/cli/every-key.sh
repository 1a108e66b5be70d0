#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Every key of xl.cfg with a number, a string, a list, a nested list and a huge
# number: `xl lint` exits with 0 or 1 and never by a signal; a nested list is an
# error wherever it stands, at its line. (Which key takes what is in
# tests/unit/domain/keys.c.)
set -u
here=$(cd "$(dirname "$0")" && pwd)
xl=${XL:-$here/../../build/bin/xl}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
checked=0

fail() {
    echo "FAILED: $*"
    sed 's/^/    /' "$work/output"
    failed=1
}

# one KEY VALUE
one() {
    printf 'type = "hvm"\nname = "a"\nmemory = 64\nvcpus = 1\n%s = %s\n' "$1" \
        "$2" >"$work/a.cfg"
    "$xl" lint --no-host "$work/a.cfg" >"$work/output" 2>&1
    status=$?
    checked=$((checked + 1))
    [ $status -le 1 ] || fail "$1 = $2: exit status $status"
    if [ $status -eq 0 ] && grep -q ': error: ' "$work/output"; then
        fail "$1 = $2: an error, but exit status 0"
    fi
}

for key in $("$xl" __doc keys | tr -d '='); do
    for value in 1 '"no-such-word"' '[ "a", 2 ]' '[ [ "a" ], [ [ 3 ] ] ]' \
        99999999999999999999999 '""' '[]'; do
        one "$key" "$value"
        case $key$value in
        device_model[[]* | vif2[[]*) ;; # without effect
        *'[ [ '*)
            grep -q '^[^ ]*:5:[0-9]*: \(error\|warning\): ' "$work/output" ||
                fail "$key = $value: no complaint at its line"
            ;;
        esac
    done
done
echo "$checked settings checked"
[ $checked -gt 1000 ] || { echo "FAILED: that is too few"; failed=1; }
exit $failed
