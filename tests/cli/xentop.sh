#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# xentop without Xen: bad command lines, recorded readings played again as text,
# JSON and CSV, and the exporter: what promtool says of it, limits, clients that
# are slow, rude or many.
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
xentop=$top/build/bin/xentop
promtool=$top/build/unpacked/prometheus/usr/bin/promtool
work=$(mktemp -d)
server=
cleanup() {
    [ -z "$server" ] || kill "$server" 2>/dev/null
    rm -rf "$work"
}
trap cleanup EXIT
trap '' PIPE # a server that hangs up is looked at, not died of
cd "$work" || exit 1
failed=0

fail() {
    echo "FAILED: $*"
    failed=1
}

# refuses TEXT ARGS...: exit status 1, one line on standard error with TEXT in it.
refuses() {
    local text=$1 status
    shift
    timeout 120 "$xentop" "$@" >out 2>err </dev/null
    status=$?
    [ $status -eq 1 ] || fail "xentop $*: exit status $status"
    grep -q -- "$text" err || fail "xentop $*: said: $(cat err)"
    [ "$(grep -c '' err)" -eq 1 ] || fail "xentop $*: more than a line: $(cat err)"
}

# prints TEXT ARGS...: success, and that on standard output.
prints() {
    local text=$1
    shift
    timeout 120 "$xentop" "$@" >out 2>err </dev/null || fail "xentop $*: $(cat err)"
    [ "$(cat out)" = "$text" ] || fail "xentop $*: printed: $(cat out)"
}

# ---- readings ----------------------------------------------------------------

cat >two <<'END'
{"time":1,"wall":1764000000,"version":"4.17.7","cpus":2,"memory":1000000000,"domains":[{"id":0,"name":"Domain-0","cpu_ns":1000000000},{"id":4,"name":"we\"b\n","uuid":"5a3c9d6e-0000-4000-8000-000000000001","type":"pvh","cpu_ns":5000000000,"memory":500000000,"vifs":[{"id":0,"counted":1,"in_bytes":1000}]}]}
{"time":3,"wall":1764000002,"version":"4.17.7","cpus":2,"memory":1000000000,"domains":[{"id":0,"name":"Domain-0","cpu_ns":1500000000},{"id":4,"name":"we\"b\n","uuid":"5a3c9d6e-0000-4000-8000-000000000001","type":"pvh","cpu_ns":7000000000,"memory":500000000,"vifs":[{"id":0,"counted":1,"in_bytes":3048,"mac":"00:16:3e:00:00:0b"}]}]}
END

prints '      NAME CPU(%)
  Domain-0    0.0
     we"b?    0.0
      NAME CPU(%)
  Domain-0   25.0
     we"b?  100.0' -b --replay two --columns 'NAME,cpu_percent'
prints '      NAME CPU(%)
     we"b?    0.0
  Domain-0    0.0' -b --replay two -i 1 --columns name,cpu_percent --sort cpu_seconds
prints 'time,id,name,net_in
2025-11-24T16:00:00Z,4,"we""b
",
2025-11-24T16:00:02Z,4,"we""b
",1024' --replay two --format csv --columns id,name,net_in --filter 'w*'
prints '{"time":"2025-11-24T16:00:00Z","seconds":null,"host":{"store_age":0.0,"version":"4.17.7","cpus":2,"khz":0,"memory":1000000000,"free":0,"claimed":0,"uptime":0,"busy_percent":null},"domains":[{"id":4,"memory":500000000}]}' \
    --replay two --format json --columns id,memory --filter 4 -i 1
"$xentop" --replay two --format csv --record again >first 2>err || fail "record: $(cat err)"
"$xentop" --replay again --format csv | cmp -s - first || fail "what was recorded is not what was played"
"$xentop" -b --replay - --columns id <two | tail -1 | grep -qx '    4' || fail "replay of standard input"
"$xentop" --columns help | grep -q '^cpu_percent  *CPU(%)' || fail "--columns help"

echo '{"domains":7}' >bad
refuses "bad:1: 'domains' is not a list" -b --replay bad
: >empty
refuses "no readings in 'empty'" -b --replay empty
refuses "cannot open 'none'" -b --replay none
refuses "did you mean 'cpu_percent'" -b --replay two --sort cpu_persent
refuses "there is no column" -b --replay two --columns name,,id
refuses 'delay' -b --replay two -d x
refuses 'delay' -b --replay two -d -1
refuses 'iterations' -b --replay two -i x
refuses 'CSV has a line a domain' --replay two --format csv -n
refuses 'nonsense' --nonsense
refuses 'extra' extra -b
if [ ! -e /proc/xen/privcmd ]; then
    refuses 'no Xen here' -b -i 1
    refuses 'no Xen here' --listen 127.0.0.1:0
fi
"$xentop" -b --replay two >/dev/full 2>err && fail "a full disk is no failure"
"$xentop" -h | grep -q -- '--listen=ADDRESS:PORT' || fail "-h"

# ---- the exporter ------------------------------------------------------------

refuses 'is not a place to listen at' --replay two --listen nowhere
refuses 'is not a place to listen at' --replay two --listen 127.0.0.1:99999
refuses 'cannot listen' --replay two --listen 192.0.2.1:80

: >where
"$xentop" --replay two --listen 127.0.0.1:0 >where 2>server.err &
server=$!
for _ in {1..600}; do
    port=$(sed -n 's|.*127.0.0.1:\([0-9]*\)/metrics$|\1|p' where)
    [ -z "$port" ] || break
    sleep 0.1
done
[ -n "$port" ] || fail "does not listen: $(cat server.err)"

# ask REQUEST-LINE [HEADER...]: the answer, into the file answer.
ask() {
    exec 7<>"/dev/tcp/127.0.0.1/$port" || { fail "cannot connect"; return; }
    printf '%s\r\n' "$@" '' >&7 2>/dev/null
    timeout 60 cat <&7 >answer
    exec 7>&-
}
body() { sed '1,/^\r$/d' answer; }
status_is() {
    head -1 answer | grep -q "^HTTP/1.1 $1 " || fail "$2: $(head -1 answer)"
}

ask 'GET /metrics HTTP/1.1' 'Host: x'
status_is 200 /metrics
grep -q '^Content-Type: text/plain; version=0.0.4' answer || fail "type of the Prometheus format"
body | grep -qx 'xen_vif_receive_bytes_total{id="4",name="we\\"b\\n",uuid="5a3c9d6e-0000-4000-8000-000000000001",vif="0"} [0-9]*' ||
    fail "no bytes of the vif"
[ "$(body | wc -c)" = "$(sed -n 's/^Content-Length: \([0-9]*\).*/\1/p' answer)" ] || fail "Content-Length"
if [ -x "$promtool" ]; then
    body | "$promtool" check metrics >said 2>&1 || fail "promtool: $(cat said)"
    [ ! -s said ] || fail "promtool: $(cat said)"
else
    fail "no $promtool: run scripts/deps"
fi
ask 'GET /metrics?x=1 HTTP/1.1' 'accept: application/openmetrics-text;version=1.0.0,text/plain;q=0.5'
grep -q '^Content-Type: application/openmetrics-text' answer || fail "type of OpenMetrics"
[ "$(tail -1 answer)" = '# EOF' ] || fail "no # EOF"
ask 'HEAD /metrics HTTP/1.0'
status_is 200 HEAD
[ -z "$(body)" ] || fail "HEAD has a body"
ask 'GET / HTTP/1.1'; status_is 200 /
ask 'GET /etc/passwd HTTP/1.1'; status_is 404 /etc/passwd
ask 'POST /metrics HTTP/1.1'; status_is 405 POST
ask 'nonsense'; status_is 400 nonsense
ask 'GET /metrics GOPHER/1'; status_is 400 GOPHER
ask "GET /$(printf '%09000d' 0) HTTP/1.1"; status_is 431 "a long request"
ask $'GET /metrics\tHTTP/1.1' "$(printf 'a: %s' $'\x01\xff')"; status_is 200 "odd bytes"

# Three hundred that say nothing or only half, and one that does not read:
# others are answered all the same, and the server stays as it is.
child=$(pgrep -P "$server")
fds() { ls "/proc/$child/fd" 2>/dev/null | wc -l; }
rss() { awk '/^VmRSS/ { print $2 }' "/proc/$child/status"; }
before=$(rss)
held=()
for _ in {1..150}; do
    exec {fd}<>"/dev/tcp/127.0.0.1/$port" && held+=("$fd")
    exec {fd}<>"/dev/tcp/127.0.0.1/$port" && held+=("$fd") && printf 'GET /metr' >&$fd
done
exec {fd}<>"/dev/tcp/127.0.0.1/$port" && held+=("$fd") && printf 'GET /metrics HTTP/1.1\r\n\r\n' >&$fd
began=$SECONDS
ask 'GET /metrics HTTP/1.1'
status_is 200 "while 300 others are there"
[ $((SECONDS - began)) -lt 9 ] || fail "the others kept it for $((SECONDS - began)) s"
[ "$(fds)" -le 70 ] || fail "$(fds) descriptors"
for fd in "${held[@]}"; do exec {fd}>&-; done
for _ in {1..300}; do ask 'GET /metrics HTTP/1.1'; done
status_is 200 "after 300 more"
[ "$(fds)" -le 8 ] || fail "$(fds) descriptors are left"
[ "$(rss)" -le $((before + 4000)) ] || fail "grew from $before to $(rss) kB"
if [ "$(id -u)" = 0 ]; then
    [ "$(awk '/^Uid/ { print $2, $3, $4 }' "/proc/$child/status")" = "$(id -u nobody) $(id -u nobody) $(id -u nobody)" ] ||
        fail "the server is not nobody"
    [ "$(awk '/^CapEff/ { print $2 }' "/proc/$child/status")" = 0000000000000000 ] || fail "it has capabilities"
fi
! ls -l "/proc/$child/fd" | grep -v -e socket -e total -e server.err -e ' 2 ->' | grep . || fail "it has more than sockets"

kill "$server"
wait "$server"
status=$?
server=
[ $status = 0 ] || fail "exit status $status after SIGTERM: $(cat server.err)"
for _ in {1..600}; do [ -e "/proc/$child" ] || break; sleep 0.1; done
[ ! -e "/proc/$child" ] || fail "the server outlives it"
[ ! -s server.err ] || fail "said: $(cat server.err)"

exit $failed
