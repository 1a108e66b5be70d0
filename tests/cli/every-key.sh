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

# one KEY VALUE [TYPE]
one() {
    printf 'type = "%s"\nname = "a"\nmemory = 64\nvcpus = 1\n%s = %s\n' \
        "${3:-hvm}" "$1" "$2" >"$work/a.cfg"
    "$xl" lint --no-host "$work/a.cfg" >"$work/output" 2>&1
    status=$?
    checked=$((checked + 1))
    [ $status -le 1 ] || fail "$1 = $2: exit status $status"
    if [ $status -eq 0 ] && grep -q ': error: ' "$work/output"; then
        fail "$1 = $2: an error, but exit status 0"
    fi
}

for key in $("$xl" __doc keys | tr -d '='); do
    for value in 1 '"no-such-word"' '[ "a", 2 ]' \
        99999999999999999999999 '""' '[]'; do
        one "$key" "$value"
    done
done
# nested KEY: an error with its place for one type of guest at least, or the key
# has no effect in any.
nested() {
    local type effect=
    for type in hvm pv pvh; do
        one "$1" '[ [ "a" ], [ [ 3 ] ] ]' $type
        if [ $status -eq 1 ] && grep -q '^[^ ]*:5:[0-9]*: error: ' "$work/output"; then
            return
        fi
        grep -q '^[^ ]*:5:[0-9]*: warning: .*no effect' "$work/output" || effect=some
    done
    [ -z "$effect" ] || fail "$1 = a nested list: no error at its line"
}
for key in $("$xl" __doc keys | tr -d '='); do
    nested "$key"
done
echo "$checked settings checked"
[ $checked -gt 1000 ] || { echo "FAILED: that is too few"; failed=1; }
exit $failed
