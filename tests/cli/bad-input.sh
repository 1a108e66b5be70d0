#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Files that are no configs: missing, a directory, unreadable, empty, too large,
# binary, deeply nested, and large ones just below the limit. Each is refused
# with a message and exit status 1, within seconds and little memory, by `xl
# lint` and by `xl create -n`.
set -u
here=$(cd "$(dirname "$0")" && pwd)
xl=${XL:-$here/../../build/bin/xl}
xl=$(readlink -f "$xl")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
chmod 755 "$work"
cd "$work" || exit 1

fail() {
    echo "FAILED: $*"
    sed 's/^/    /' output | cut -c1-200 | head -20
    failed=1
}

# try STATUS TEXT COMMAND...: COMMAND exits with STATUS, soon, and says TEXT.
try() {
    local want=$1 text=$2 status
    shift 2
    (ulimit -v 1000000; exec timeout 120 "$@") >output 2>&1 </dev/null
    status=$?
    [ $status -eq "$want" ] || fail "$*: exit status $status, not $want"
    [ -z "$text" ] || grep -aq -- "$text" output || fail "$*: does not say '$text'"
    if grep -aq '[[:cntrl:]]' <(tr -d '\n\t' <output); then
        fail "$*: control characters in its output"
    fi
}

# refused TEXT FILE: by lint and by create.
refused() {
    try 1 "$1" "$xl" lint --no-host "$2"
    try 1 "$1" "$xl" create -n "$2"
}

# repeat TEXT N
repeat() {
    yes "$1" | head -n "$2" | tr -d '\n'
}

refused "No such file" missing.cfg
refused "directory" /
: >empty.cfg
refused "no name" empty.cfg
printf '\n\n# nothing\n' >comment.cfg
refused "no name" comment.cfg
head -c 10000000 /dev/zero | tr '\0' '#' >huge.cfg
refused "too large" huge.cfg
head -c 20000 "$xl" >binary.cfg
refused "error" binary.cfg
printf 'name = "a\0b"\n' >nul.cfg
refused "NUL" nul.cfg
printf 'name = "a"\ndisk = %s%s\n' "$(repeat '[' 400000)" \
    "$(repeat ']' 400000)" >deep.cfg
refused "nested deeper" deep.cfg
printf 'name = "a"\ndisk = %s\n' "$(repeat '[' 400000)" >open.cfg
refused "nested deeper" open.cfg
repeat '!@%' 300000 >noise.cfg
refused "error" noise.cfg

printf 'name = "a"\ndisk = [%s]\n' "$(repeat ',' 900000)" >commas.cfg
refused "too many mistakes" commas.cfg
printf 'name = "a"\nvif = ["%s"]\n' "$(seq -f 'k%.0f=1' -s , 70000)" >vif.cfg
refused "more than 100 settings" vif.cfg
refused "too large" /dev/zero

# Large, but configs: what is too much of them is said.
base=$'name = "a"\nmemory = 64\nkernel = "/k"\nvcpus = 2\n'
printf '%sdisk = [%s]\n' "$base" "$(repeat '"vdev=xvda",' 70000)" >disks.cfg
refused "too many" disks.cfg
printf '%scpus = [%s]\n' "$base" "$(repeat '"1",' 200000)" >cpus.cfg
refused "vCPUs" cpus.cfg
{ printf '%s' "$base"; seq -f 'key%.0f = 1' 60000; } >keys.cfg
refused "error" keys.cfg
printf '%scmdline = "%s"\n' "$base" "$(repeat 'x' 900000)" >long.cfg
try 0 "" "$xl" lint --no-host long.cfg

if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null; then
    printf 'name = "a"\n' >secret.cfg
    chmod 600 secret.cfg
    cp "$xl" xl
    try 1 "Permission denied" setpriv --reuid=65534 --regid=65534 \
        --clear-groups ./xl lint --no-host secret.cfg
fi
exit $failed
