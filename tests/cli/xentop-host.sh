#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# xentop on a host that is not there (tests/screen/fakehost.c): cache monitoring,
# which the lab's processor has not, and a thousand domains.
set -u
cd "$(dirname "$0")/../.."
passed=0 failed=0
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
export FAKEHOST=$dir/host XENSTORED_PATH=$dir/none
xentop() { LD_PRELOAD=$PWD/build/tests/fakehost.so build/tests/xentop "$@"; }

check() { # WHAT COMMAND...
    local what=$1
    shift
    if "$@"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED $what"
    fi
}
same() { [ "$1" = "$2" ] || { printf '%s\n--- is not\n%s\n' "$1" "$2"; false; }; }
host() { # LINE...: what it is from now on
    printf '%s\n' "$@" >"$dir/next"
    mv "$dir/next" "$FAKEHOST"
}
figures=id,cache,bandwidth,local_bandwidth
now() { xentop -i 1 --format csv --columns "$1" | tail -n +2 | cut -d, -f2-; }
# between COLUMNS LINE...: figures of a second in which the host became that.
between() {
    xentop -i 2 -d 1 --format csv --columns "$1" >"$dir/out" & local pid=$!
    sleep 0.5
    host "${@:2}"
    wait $pid
    tail -n 1 "$dir/out" | cut -d, -f2-
}
near() { awk -F, -v a="$1" -v b="$2" 'BEGIN { n = split(a, x); m = split(b, y); ok = n == m
    for (i = 1; i <= n; i++) if (x[i] < y[i] * 0.7 || x[i] > y[i] * 1.1) ok = 0
    if (!ok) print a, "is not near", b
    exit !ok }'; }

# ---- cache and memory bandwidth -------------------------------------------
domains=('domain 0 1000 1000 0' 'domain 7 1000 1000 3')
host "${domains[@]}"
check "no monitoring: nothing is known" same "$(now $figures)" $'0,,,\n7,,,'
check "and '-' in text" same "$(xentop -b -i 1 --filter 7 --columns id,cache,bandwidth | tail -1 | tr -s ' ')" ' 7 - -'
host 'psr 1024 7' "${domains[@]}"
check "cache of two sockets, of those attached" same "$(now id,cache)" $'0,\n7,614400'
check "in kB in text" same "$(xentop -b -i 1 --filter 7 --columns id,cache | tail -1 | tr -s ' ')" ' 7 600'
check "and in metrics' units in JSON" grep -q '"cache":614400' <(xentop -i 1 --format json --columns id,cache)
host 'psr 1024 7' 'traffic 3 5000 1000' "${domains[@]}"
check "bandwidth of both sockets" near "$(between $figures 'psr 1024 7' 'traffic 3 6000 1500' "${domains[@]}")" 7,614400,2048000,1024000
host 'psr 1024 7' 'traffic 3 16777000 16777000' "${domains[@]}"
check "counters that begin anew" near "$(between $figures 'psr 1024 7' 'traffic 3 784 284' "${domains[@]}")" 7,614400,2048000,1024000
host 'psr 2048 1' "${domains[@]}"
check "a host that tells the cache only" same "$(now $figures)" $'0,,,\n7,1228800,,'
host 'psr 1024 6' 'traffic 3 5000 1000' "${domains[@]}"
check "one that tells traffic only" near "$(between id,bandwidth,local_bandwidth 'psr 1024 6' 'traffic 3 6000 1500' "${domains[@]}")" 7,2048000,1024000

# shown WIDTH TEXT: the screen has it.
shown() {
    build/tests/pty <<END
size 40 $1
run env LD_PRELOAD=$PWD/build/tests/fakehost.so build/tests/xentop -d 1
wait 10 $2
quiet 2
save $dir/screen
type q
exit 10 0
END
}
check "the screen has the columns where they are known" shown 400 'CACHE(k)'
host "${domains[@]}"
check "the screen without them" shown 400 'VBD_WSECT'
check "has them not" sh -c "! grep -q 'CACHE(k)' $dir/screen"

# ---- many domains -----------------------------------------------------------
for count in 0 1 35 36 37 72 1000; do
    lines=()
    for ((i = 0; i < count; i++)); do lines+=("domain $((2 * i)) 1000 1000 0"); done
    host "${lines[@]}"
    check "$count domains" same "$(xentop -b -i 1 --columns id --sort id | tail -n +2 | tr -d ' ')" \
        "$(for ((i = 0; i < count; i++)); do echo $((2 * i)); done)"
done

echo "xentop-host: $passed passed, $failed failed"
[ $failed -eq 0 ] && [ $passed -gt 0 ]
