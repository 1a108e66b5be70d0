#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# docs/differences.md is true: what it lists as not there yet is not there, and
# is refused as an unknown command.
set -u
cd "$(dirname "$0")/../.."
xl=${XL:-build/bin/xl}
failed=0 n=0

section=$(sed -n '/^## Not there yet/,/^## Different/p' docs/differences.md)
for name in $(grep -o '`[a-z0-9-]*`' <<<"$(grep '^| ' <<<"$section")" | tr -d '`'); do
    n=$((n + 1))
    if "$xl" help | grep -q "^ $name "; then
        echo "FAILED: '$name' is there: take it off docs/differences.md"
        failed=1
    fi
    said=$("$xl" "$name" 2>&1)
    status=$?
    if [ $status -ne 1 ] || [[ $said != *"unknown command '$name'"* ]]; then
        echo "FAILED: xl $name: exit status $status: $said"
        failed=1
    fi
done
[ $n -gt 0 ] || { echo "FAILED: no list in docs/differences.md"; failed=1; }
echo "$n names looked at"
exit $failed
