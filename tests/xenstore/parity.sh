#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Our xenstore tools beside Debian's, on Debian's own daemons (C and OCaml) and
# the same tree: standard output, exit status, whether anything was said on
# standard error, and the tree afterwards have to be equal. What the tools do
# beyond Debian's is in beyond.sh; `make xenstore` runs both.
#   parity.sh DAEMON [PREFIX]   PREFIX: where ours are (build/bin/xenstore-)
# DAEMON: xenstored, oxenstored; running: this Dom0's own, with the first case of
# each tool and one in eight, for an emulated machine takes seconds for each.
set -u
cd "$(dirname "$0")/../.."
. tests/xenstore/rig.sh
daemon=$1 ours=${2:-$PWD/build/bin/xenstore-}
passed=0 failed=0
owner=1
[ "$daemon" = running ] && owner=0 # a real daemon asks the hypervisor who is

long=$(printf 'x%.0s' {1..100})
odd=$(printf '\303\251\177\001"\t')

# The tree every case begins with.
fresh() {
    xenstore-rm /t /r /e /w /v /new 2>/dev/null
    xenstore-write /t/a 3 /t/b/c 4 /t/b/c/d "x y" /t/empty "" /t/long "$long" \
        /t/deep/dddddddddd/e/f/g "$long" /t/deep/dddddddddd/e/f/h$long 1 \
        /t/nul 'a\000b' /t/quotes '"q" \\ \t' /r v /r/a w /r/a/b/c 1 /w/x/1 1 \
        /w/y 1 /local/domain/0/q/z 1 || exit 1
    xenstore-write -R /t/odd "$odd" || exit 1
    xenstore-chmod /t/b "n$owner" r2 b3 || exit 1
}

# one TOOLS CASE...: runs it and says all that is to be equal.
one() {
    local tools=$1
    shift
    fresh
    timeout 60 "$tools$1" "${@:2}" >"$rig_dir/out" 2>"$rig_dir/err" </dev/null
    echo "status $?"
    [ -s "$rig_dir/err" ] && echo "complains"
    od -An -c "$rig_dir/out"
    xenstore-ls -fp /
}

# same CASE...
n_seen=0
declare -A seen=()
same() {
    local first=${seen[$1]:-yes}
    n_seen=$((n_seen + 1)) seen[$1]=no
    [ "$daemon" = running ] && [ $((n_seen % 8)) -ne 1 ] && [ "$first" = no ] && return
    one /usr/bin/xenstore- "$@" >"$rig_dir/stock"
    one "$ours" "$@" >"$rig_dir/ours"
    if cmp -s "$rig_dir/stock" "$rig_dir/ours"; then
        passed=$((passed + 1))
        return
    fi
    failed=$((failed + 1))
    printf 'FAILED xenstore-%s on %s (< stock, > ours)\n' "$*" "$daemon" | cut -c1-200
    diff "$rig_dir/stock" "$rig_dir/ours" | head -20
    sed 's/^/    said: /' "$rig_dir/err"
}

rig_start "$daemon"
fresh # so that what it never removes is there from the start

same read /t/a
same read /t/a /t/b/c /t/empty
same read -p /t/a /t/b/c
same read -p /t/a /zz /t/b/c
same read -s /t/a
same read /zz
same read /t/odd
same read -p /t/odd /t/nul /t/quotes
same read --raw /t/odd
same read -R -p /t/odd /t/nul
same read /t//a
same read /t/a/
same read ""
same read q/z
same read -p q/z
same read /t/a -p
same read -- /t/a
same read --prefix /t/a
same read --pre /t/a
same read
same read -f /t/a
same read -n 1 /t/a

same write /new 1
same write /new 1 /new/b/c 2 /t/a 9
same write /new 1 '/t/../a*b' 2 /new/c 3
same write /new 1 /w
same write /new
same write
same write /new 'a\nb\x41\101\\z\t\r'
same write /new 'a\qb'
same write /new 'a\x4g\x\8\1\ 7\1012\xFFf'
same write /new 'a\x4'
same write /new 'a\777b\400'
same write /new 'a\000b'
same write /new ''
same write -R /new 'a\nb'
same write --raw /new '\'
same write /new "$odd"
same write q/y 1
same write "/$(printf 'x%.0s' {1..3100})" 1
same write /new "$(printf 'x%.0s' {1..5000})"
same write /new "$(printf 'x%.0s' {1..2048})"
same write -s /new 1

same list /t
same list -p /t
same list /t /w
same list -p /t /zz /w
same list /zz
same list /t/a
same list -p /t/
same list -p /
same list q
same list -p q
same list ""
same list
same list -s /t
same list -f /t

same exists /t
same exists /t /w
same exists /t /zz
same exists /zz
same exists -s /t
same exists
same exists -p /t
same exists /t//a

same ls /t
same ls -f /t
same ls -p /t
same ls -fp /t
same ls -f -p -s /t
same ls
same ls -f
same ls -p /
same ls --flat --prefix /t
same ls /t /w
same ls -f /w /t /r
same ls /w /zz
same ls /zz
same ls /t/a
same ls /t/
same ls q
same ls -f q
same ls -fp q
same ls ""
same ls -R /t

same rm /t
same rm /t/a
same rm /t/a /w/x
same rm /zz
same rm /zz/x
same rm /t/a /zz/x
same rm /t/a '/b*d'
same rm -t /r/a/b/c
same rm -t /r/a
same rm --tidy /w/x/1
same rm -t /w/x/1 /w/y
same rm -t /w/x/1 /zz/x
same rm -t /r/nope/x
same rm -t q/z
same rm -s /t/a
same rm
same rm -p /t

same chmod /t n0
same chmod /t/b n1
same chmod /t n0 r1 b2 w3
same chmod /t r
same chmod /t x1
same chmod /zz n0
same chmod -r /t n5
same chmod -u /t/b/c r7
same chmod -r -u /t/b n1 r2
same chmod --recurse --upto /t/deep b3
same chmod -r /zz n0
same chmod /t
same chmod
same chmod -s /t n2

same watch -n 1 /t
same watch -n 2 /t /w
same watch -n 1 /t /w
same watch -n 0 /t
same watch --number 1 /t
same watch -n 1 @introduceDomain
same watch -n 1 q
same watch -n 1 /not/there
same watch -n 3 /t /t
same watch -s -n 1 /t
same watch
same watch -f /t

# Widths: values and names of every length about the limits, in a pipe and on
# terminals.
widths() {
    xenstore-rm /v
    local n args=()
    for n in {55..82}; do
        args+=("/v/k$n" "${long:0:n}" "/v/n/${long:0:n}" "" "/v/m/${long:0:n}" abc)
        args+=("/v/o/k$n" "${long:0:n-2}\\t")
    done
    xenstore-write "${args[@]}" || exit 1
}
equal_output() { # WHAT; files stock and ours
    if cmp -s "$rig_dir/stock" "$rig_dir/ours"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED $1 on $daemon (< stock, > ours)"
        diff "$rig_dir/stock" "$rig_dir/ours" | head -10
    fi
}
widths
xenstore-ls -p /v >"$rig_dir/stock"
"${ours}ls" -p /v >"$rig_dir/ours"
equal_output "ls -p of many widths"
terminals="10 20 21 40 61 62 63 80 81 132"
[ "$daemon" = running ] && terminals=40
for cols in $terminals; do
    script -qec "stty cols $cols; xenstore-ls -p /v; xenstore-ls /t" /dev/null \
        >"$rig_dir/stock" </dev/null
    script -qec "stty cols $cols; ${ours}ls -p /v; ${ours}ls /t" /dev/null \
        >"$rig_dir/ours" </dev/null
    equal_output "ls on a terminal of $cols columns"
done

# Every byte there can be in a value, written and read by the two in turn.
all=$(for ((i = 0; i < 256; i++)); do printf '\\x%02x' $i; done)
xenstore-write /v/all "$all"
"${ours}read" /v/all >"$rig_dir/ours"
xenstore-read /v/all >"$rig_dir/stock"
equal_output "read of all bytes"
"${ours}write" /v/all "$(cat "$rig_dir/ours")"
xenstore-read /v/all >"$rig_dir/ours"
equal_output "write of all bytes"

# The same events, while somebody writes.
events() { # TOOLS
    : >"$rig_dir/events" # what is waited for is not the last one's
    timeout 60 "$1watch" -n 8 /v/e >"$rig_dir/events" &
    local pid=$!
    for ((i = 0; i < 3000; i++)); do
        [ -s "$rig_dir/events" ] && break
        sleep 0.02
    done
    xenstore-write /v/e/1 a /v/e/2/3 b
    xenstore-write /v/e/1 c
    xenstore-write /v/e/1 c
    xenstore-rm /v/e/2
    xenstore-write /v/other 1
    xenstore-chmod /v/e/1 n0
    xenstore-rm /v/e
    wait $pid
    echo "status $?"
    cat "$rig_dir/events"
}
events /usr/bin/xenstore- >"$rig_dir/stock"
events "$ours" >"$rig_dir/ours"
equal_output "watch while somebody writes"

[ "$daemon" = running ] && xenstore-rm /t /r /w /v /new /local/domain/0/q
echo "$daemon: $passed equal, $failed different"
[ $failed -eq 0 ]
