#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What our xenstore tools do beyond Debian's, on Debian's daemons: big
# directories, patterns, JSON, watches with values, writes without a
# transaction, writers in parallel, clear errors. parity.sh holds the rest
# against Debian's tools.
#   beyond.sh DAEMON [PREFIX]
set -u
cd "$(dirname "$0")/../.."
. tests/xenstore/rig.sh
daemon=$1 ours=${2:-$PWD/build/bin/xenstore-}
passed=0 failed=0

# expect WHAT STATUS OUTPUT COMMAND...: output is both streams.
expect() {
    local what=$1 want_status=$2 want=$3 got status
    shift 3
    got=$(timeout 120 "$@" 2>&1 </dev/null)
    status=$?
    if [ "$got" = "$want" ] && [ $status -eq "$want_status" ]; then
        passed=$((passed + 1))
        return
    fi
    failed=$((failed + 1))
    printf 'FAILED %s: %s on %s: status %s, wanted %s\n' "$what" "$1" \
        "$daemon" $status "$want_status"
    diff <(echo "$want") <(echo "$got") | head -20
}

rig_start "$daemon"

# A directory of 20 kB of names, which Debian's tools cannot list on oxenstored.
args=()
for i in {1001..1700}; do
    args+=("/big/a-name-longer-than-some-$i" "$i")
done
expect "700 writes" 0 "" "${ours}write" "${args[@]}"
names=$(for i in {1001..1700}; do echo "a-name-longer-than-some-$i"; done)
expect "list of a big directory" 0 "$names" bash -c "${ours}list /big | sort"
expect "ls of a big directory" 0 \
    "$(for i in {1001..1700}; do echo "/big/a-name-longer-than-some-$i = \"$i\""; done)" \
    bash -c "${ours}ls -f /big | sort"
"${ours}rm" /big || failed=$((failed + 1))

# Patterns.
"${ours}write" /d/1/name one /d/2/name two /d/10/name ten /d/10/vif/0/mac x \
    /d/2/vif/0/mac y /d/odd 1 || failed=$((failed + 1))
expect "read of a pattern" 0 $'/d/1/name: one\n/d/2/name: two\n/d/10/name: ten' \
    bash -c "${ours}read -p '/d/[0-9]*/name' | sort -V"
expect "deep pattern" 0 $'/d/2/vif/0/mac: y\n/d/10/vif/0/mac: x' \
    bash -c "${ours}read -p '/d/*/vif/?/mac' | sort -V"
expect "pattern that matches nothing" 1 \
    "xenstore-read: nothing in XenStore matches '/d/*/nope'" \
    "${ours}read" '/d/*/nope'
expect "exists of a pattern" 0 "" "${ours}exists" '/d/*/vif'
expect "exists of a pattern without match" 1 "" "${ours}exists" '/d/*/vbd'
expect "rm of a pattern" 0 "" "${ours}rm" '/d/*/vif'
expect "what rm left" 0 $'/d/1/name\n/d/10/name\n/d/2/name\n/d/odd' \
    bash -c "${ours}ls -f /d | grep -v '\"\"' | sed 's/ .*//' | sort"

expect "ls of a pattern" 0 $'/d/1/name = "one"\n/d/2/name = "two"' \
    bash -c "${ours}ls -f '/d/?/name' | sort"
expect "ls of a pattern, indented" 0 $'/d/1 = ""\n name = "one"' "${ours}ls" '/d/[1]'
"${ours}write" /tr/b/c 'x y' /tr/b/d/e '' /tr/z 1 || failed=$((failed + 1))
expect "ls --tree" 0 '/tr
|- b
|  |- c = "x y"
|  `- d
|     `- e
`- z = "1"' "${ours}ls" --tree /tr
expect "ls --tree -p" 0 '/tr/z = "1"  (n0)' "${ours}ls" --tree -p /tr/z

# JSON and CSV.
expect "read as JSON" 0 \
    '[{"path":"/d/1/name","value":"one"},{"path":"/d/odd","value":"1"}]' \
    bash -c "${ours}read --format json /d/1/name /d/odd | tr -d '\n ' "
"${ours}write" /j/x 'a"b\x00\\' || failed=$((failed + 1))
"${ours}chmod" /j/x n1 r2 || failed=$((failed + 1))
expect "ls as JSON" 0 \
    '[{"path":"/j/x","value":"a\"b\\000\\\\","permissions":["n1","r2"]}]' \
    bash -c "${ours}ls -p --format json /j | tr -d '\n '"
expect "list as CSV" 0 $'path,name\n/j,x' "${ours}list" --format csv /j

# Values with no transaction: the good ones are written.
expect "batch with a bad path" 1 \
    "xenstore-write: '/b*d': '*' cannot be in a path, which is letters, digits and - / _ @" \
    "${ours}write" -b /n/1 x '/b*d' y /n/2 z
expect "what was written" 0 $'x\nz' "${ours}read" /n/1 /n/2

# Subtrees as text: what was dumped is written elsewhere and is the same; Debian's
# own listing can be loaded, too.
"${ours}write" /s/x 'a"b   (n0)\x00\n' /s/y/z '' /s/y/long "$(printf 'v%.0s' {1..500})" || failed=$((failed + 1))
"${ours}chmod" /s/y n1 r2 b3 || failed=$((failed + 1))
dump=$rig_dir/dump
"${ours%-}" dump /s >"$dump"
expect "a dump is what ls -fp prints" 0 "$(xenstore-ls -fp /s)" tail -n +2 "$dump"
expect "diff with what is there" 0 "" "${ours%-}" diff -p "$dump"
expect "load elsewhere" 0 "" "${ours%-}" load -t /s2/sub "$dump"
expect "diff of the two" 0 "" "${ours%-}" diff -p /s /s2/sub
"${ours}write" /s/x other /s/new 1 || failed=$((failed + 1))
"${ours}rm" /s/y/z || failed=$((failed + 1))
expect "diff of what changed" 1 $'+/new = "1"
-/x = "a"b   (n0)\\000\\n"
+/x = "other"
-/y/z = ""' "${ours%-}" diff "$dump"
expect "diff as JSON" 1 '[{"path":"/new","old":null,"new":"\"1\""}]' bash -c \
    "${ours}rm /s/new; ${ours%-} load '$dump'; ${ours}write /s/new 1; ${ours%-} diff --format json '$dump' | tr -d '\n '; exit \${PIPESTATUS[0]}"
expect "diff with what is not there" 2 "xenstore: there is no '/zz' in XenStore" \
    "${ours%-}" diff /s /zz
expect "load of binary data" 1 "xenstore: -: no dump: it has a NUL" \
    bash -c "printf '/x = \"1\"\\n\\0' | ${ours%-} load"
expect "load of no closing quotes" 1 "xenstore: -:2: the value has no closing quotes" \
    bash -c "printf '# one\\n/x = \"1\\n' | ${ours%-} load"
expect "load of bad permissions" 1 \
    "xenstore: -:1: permissions 'q0': a letter of n, r, w, b and a domain's number are wanted" \
    bash -c "echo '/x = \"1\"   (q0)' | ${ours%-} load"
expect "load of nothing" 0 "" bash -c "${ours%-} load </dev/null"
expect "load of what is no dump" 1 \
    'xenstore: -:1: no line of a dump: PATH = "VALUE"   (PERMS)' \
    bash -c "echo /x | ${ours%-} load"
xenstore-ls -f /s | "${ours%-}" load || failed=$((failed + 1))
expect "Debian's listing changes nothing" 0 '+/new = "1"' \
    bash -c "${ours%-} diff '$dump'; true"

# Clear errors.
expect "no such node" 1 "xenstore-read: there is no '/zz' in XenStore" \
    "${ours}read" /zz
expect "path with an empty part" 1 \
    "xenstore-read: '/a//b': a part between slashes is empty" \
    "${ours}read" /a//b
longest=$(printf 'y%.0s' {1..2049})
expect "longest path" 0 "" "${ours}write" "/local/domain/12/${longest:1}" 1
expect "a path too long" 1 \
    "xenstore-write: '/local/domain/12/$longest': of its 2066 characters the daemon takes 2048, not counting /local/domain/DOMID/" \
    "${ours}write" "/local/domain/12/$longest" 1
expect "full disk" 1 "xenstore-ls: cannot write to standard output: No space left on device" \
    bash -c "${ours}ls -f >/dev/full"
expect "bad mode" 1 \
    "xenstore-chmod: 'x1' is no mode: n (none), r (read), w (write) or b (both) and a domain's number, as in r7" \
    "${ours}chmod" /d x1
expect "no daemon" 1 \
    "xenstore-read: cannot connect to xenstored at '/nonexistent': No such file or directory" \
    env XENSTORED_PATH=/nonexistent "${ours}read" /d
expect "unknown command" 1 "xenstore: unknown command 'reed': did you mean 'read'?" \
    "${ours%-}" reed /d

# Watches with values.
: >"$rig_dir/events"
"${ours}watch" -v -n 6 /d >>"$rig_dir/events" &
watcher=$!
for ((i = 0; i < 3000; i++)); do
    [ -s "$rig_dir/events" ] && break
    sleep 0.02
done
wait_for_events() { # N lines, so that each is seen before the next happens
    for ((i = 0; i < 3000; i++)); do
        [ "$(wc -l <"$rig_dir/events")" -ge "$1" ] && return
        sleep 0.02
    done
}
xenstore-write /d/1/name uno; wait_for_events 2
xenstore-write /d/1/name 'u\n'; wait_for_events 3
xenstore-write /d/3 drei; wait_for_events 4
xenstore-write /d/3 drei; wait_for_events 5
xenstore-rm /d/3
wait $watcher
expect "watch -v" 0 $'/d: ""
/d/1/name: "one" -> "uno"
/d/1/name: "uno" -> "u\\n"
/d/3: (none) -> "drei"
/d/3: "drei"
/d/3: "drei" -> (none)' cat "$rig_dir/events"
expect "watch as JSON" 0 '{"path":"/d","old":"","new":""}' bash -c \
    "${ours}watch -v -n 1 --format json /d | sed 's/\"time\":\"[-+0-9T:.]*\",//'"

# A pattern is watched by what it begins with.
: >"$rig_dir/events"
"${ours}watch" '/d/*/name' >>"$rig_dir/events" &
watcher=$!
for ((i = 0; i < 3000; i++)); do # until it is there
    [ ! -s "$rig_dir/events" ] || break
    xenstore-write /d/begun/name 1
    sleep 0.02
done
xenstore-write /d/9/other 1 /d/9/name n /d/9/vif/0 x
xenstore-write /d/2/name deux
for ((i = 0; i < 3000; i++)); do
    ! grep -q /d/2/ "$rig_dir/events" || break
    sleep 0.02
done
kill $watcher
wait $watcher
expect "watch of a pattern" 0 $'/d/9/name\n/d/2/name' grep -v begun "$rig_dir/events"

# Eight writers in transactions that meet in the same directories.
writer() {
    local i
    for ((i = 0; i < 20; i++)); do
        "${ours}write" "/p/$1-$i/a" 1 "/p/$1-$i/b" 2 /p/last "$1" || return 1
    done
}
pids=()
for n in 1 2 3 4 5 6 7 8; do
    writer $n &
    pids+=($!)
done
for pid in "${pids[@]}"; do
    wait $pid || { echo "FAILED a writer"; failed=$((failed + 1)); }
done
expect "what 8 writers left" 0 161 bash -c "${ours}list /p | wc -l"

# The same with the tries counted: those who take turns do not disturb each other.
expect "8 writers in turns" 0 "8 writers, in turns: 0.00" \
    bash -c "build/tests/writers 8 50 | sed 's/ retries.*//; s/   */ /'"
expect "8 writers without turns lose nothing" 0 "8 writers, without:" \
    bash -c "build/tests/writers 8 50 --no-turns | sed 's/: .*/:/'"

# A daemon that goes away.
: >"$rig_dir/events"
"${ours}watch" /d >>"$rig_dir/events" 2>"$rig_dir/lost" &
watcher=$!
wait_for_events 1
kill "${rig_pid[$daemon]}"
wait $watcher
expect "status of a watch whose daemon went away" 0 1 echo $?
expect "what it says" 0 \
    "xenstore-watch: xenstored closed the connection" cat "$rig_dir/lost"

echo "$daemon: $passed passed, $failed failed"
[ $failed -eq 0 ]
