#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# xentop on a host that is not there (tests/screen/fakehost.c): cache monitoring,
# which the lab's processor has not, a thousand domains, and XenStore that stops,
# goes and comes back.
set -u
cd "$(dirname "$0")/../.."
PATH=$PWD/build/bin:$PATH
. tests/xenstore/rig.sh
passed=0 failed=0
dir=$rig_dir
export LANG=C.UTF-8 LC_ALL= TERM=xterm-256color
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
# between LINE...: the last domain's cache, and its traffic while the host became
# that, however long it took.
between() {
    : >"$dir/out"
    xentop -i 2 -d 1 --format json --columns "$figures" >"$dir/out" & local pid=$!
    for ((i = 0; i < 3000; i++)); do
        [ ! -s "$dir/out" ] || break
        sleep 0.02
    done
    host "$@"
    wait $pid
    tail -n 1 "$dir/out" | python3 -c 'import json, sys
reading = json.load(sys.stdin)
domain, seconds = reading["domains"][-1], reading["seconds"]
print(domain["cache"], *[round(domain[column] * seconds / 1024) for column in ("bandwidth", "local_bandwidth")])'
}

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
check "bandwidth of both sockets" same "$(between 'psr 1024 7' 'traffic 3 6000 1500' "${domains[@]}")" '614400 2000 1000'
host 'psr 1024 7' 'traffic 3 16777000 16777000' "${domains[@]}"
check "counters that begin anew" same "$(between 'psr 1024 7' 'traffic 3 784 284' "${domains[@]}")" '614400 2000 1000'
host 'psr 2048 1' "${domains[@]}"
check "a host that tells the cache only" same "$(now $figures)" $'0,,,\n7,1228800,,'
host 'psr 1024 6' 'traffic 3 5000 1000' "${domains[@]}"
check "one that tells traffic only" same "$(between 'psr 1024 6' 'traffic 3 6000 1500' "${domains[@]}")" 'None 2000 1000'

# screen STEP...: of tests/screen/pty.c, on a wide one; kept in $dir/screen.
screen() {
    build/tests/pty <<END
size 40 300
run env LD_PRELOAD=$PWD/build/tests/fakehost.so build/tests/xentop -d 1
wait 10 VBD_WSECT
$(printf '%s\n' "$@")
save $dir/screen
type q
exit 10 0
END
}
host 'psr 1024 7' 'traffic 3 5000 1000' "${domains[@]}"
check "the screen shows what is known" screen 'sleep 3' 'wait 10 CACHE(k)' 'wait 10 LOCBW(k/s)'
check "the cache in kB" grep -Eq '^ *\(7\) .* 600 ' "$dir/screen"
host "${domains[@]}"
check "and leaves out what is not" screen 'sleep 3' 'gone 10 CACHE(k)' 'gone 10 MEMBW(k/s)'

# ---- many domains -----------------------------------------------------------
for count in 0 1 35 36 37 72 1000; do
    lines=()
    for ((i = 0; i < count; i++)); do lines+=("domain $((2 * i)) 1000 1000 0"); done
    host "${lines[@]}"
    check "$count domains" same "$(xentop -b -i 1 --columns id --sort id | tail -n +2 | tr -d ' ')" \
        "$(for ((i = 0; i < count; i++)); do echo $((2 * i)); done)"
done

# ---- XenStore ---------------------------------------------------------------
rig_start xenstored
host "${domains[@]}"
xenstore-write /local/domain/0/name Domain-0 /local/domain/7/name web \
    /libxl/7/device/vif/0/backend /local/domain/3/backend/vif/7/0 \
    /libxl/7/device/vif/0/mac 00:16:3e:00:00:07 \
    /libxl/7/device/vbd/51712/backend /local/domain/3/backend/qdisk/7/51712 \
    /libxl/7/device/vbd/51712/dev xvda
check "backends elsewhere: no figures" same \
    "$(xentop -b -i 1 --filter web --columns name,nets,net_tx,vbds,vbd_reads,net_in | tail -1 | tr -s ' ')" ' web 1 n/a 1 n/a -'
check "nor in data" grep -q '"nets":1,"net_tx":null,"vbds":1,"vbd_reads":null.*"mac":"00:16:3e:00:00:07".*"counted":0.*"backend":"qdisk"' \
    <(xentop -i 1 --format json --filter web -n -x --columns nets,net_tx,vbds,vbd_reads)

LD_PRELOAD=$PWD/build/tests/fakehost.so build/tests/xentop --format json -d 0.3 --columns name >"$dir/readings" & monitor=$!
# turns SECONDS PATTERN: a reading like that comes in time.
turns() {
    local end=$((SECONDS + $1 + 10)) began=$SECONDS
    until tail -n 1 "$dir/readings" | grep -q "$2"; do
        [ $SECONDS -lt $end ] || { tail -n 1 "$dir/readings"; return 1; }
        sleep 0.1
    done
    [ $((SECONDS - began)) -le "$1" ]
}
well='"store_age":0.0,.*"name":"web"'
ill='"store_age":\(0\.[0-9]*[1-9]\|[1-9]\).*"name":"web"'
check "all is well" turns 60 "$well"
kill -STOP ${rig_pid[xenstored]}
check "a daemon that stops is noticed though nothing is asked" turns 60 "$ill"
kill -CONT ${rig_pid[xenstored]}
check "and when it goes on" turns 60 "$well"
kill -KILL ${rig_pid[xenstored]}
wait ${rig_pid[xenstored]} 2>/dev/null
check "one that dies is noticed at once" turns 4 "$ill"
rig_start xenstored
xenstore-write /local/domain/0/name Domain-0 /local/domain/7/name web
check "and when there is another" turns 60 "$well"
kill $monitor
wait $monitor

echo "xentop-host: $passed passed, $failed failed"
[ $failed -eq 0 ] && [ $passed -gt 0 ]
