#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# xentop: output as stock's, figures as stock's and as what the guests did
# (within 3 %), guests that come and go by the hundred, XenStore left alone, the
# exporter.
. "$(dirname "$0")/lib.sh"
xentop=$work/xentop
cp "$top/build/bin/xentop" "$xentop"
theirs=${stock%/xl}/xentop
promtool=$top/build/unpacked/prometheus/usr/bin/promtool

# near A B [PERCENT]: A is B, give or take that much (3).
near() {
    awk -v a="$1" -v b="$2" -v p="${3:-3}" 'BEGIN {
        d = a - b; if (d < 0) d = -d
        exit !(b > 0 && d <= b * p / 100) }'
}
# of DOMAIN COLUMN: a figure of now. (It waits until all disks are in it: that of a
# qemu which has not said its figures within a second is not.)
of() { within 10 figure "$1" "$2" && cat "$work/figure"; }
figure() {
    "$xentop" -i 1 --format json -x --filter "[${1:0:1}]${1:1}" --columns "$2" >"$work/reading"
    ! grep -q '"counted":0' "$work/reading" &&
        sed -n "s/.*\"domains\":\[{\"$2\":\([0-9]*\),.*/\1/p" "$work/reading" >"$work/figure" && [ -s "$work/figure" ]
}
# payload DOMAIN in|out: bytes over the network without the headers of Ethernet,
# IP and TCP, 66 a packet. (The brackets make the name a pattern for all of it.)
payload() {
    "$xentop" -i 1 --format json -n --filter "[${1:0:1}]${1:1}" --columns name |
        sed "s/.*\"$2_bytes\":\([0-9]*\),\"$2_packets\":\([0-9]*\).*/\1 \2/" |
        awk '{ print $1 - 66 * $2 }'
}

# listens PORT: somebody of this Dom0 waits for a connection there.
listens() { grep -q "$(printf ':%04X 0*:0000 0A ' "$1")" /proc/net/tcp /proc/net/tcp6; }

note "nobody but Dom0's root"
refused() { # TEXT COMMAND...
    said=$("${@:2}" 2>&1) && bad "${*:2}: no failure"
    says "$1"
}
chmod 755 "$work" "$xentop"
refused "run as root" setpriv --reuid=65534 --regid=65534 --clear-groups "$xentop" -b -i 1

note "as stock prints it"
truncate -s 80M "$work/disk"
cp "$guests/hvm.qcow2" "$work/pvh.qcow2"
qemu-img resize -q "$work/pvh.qcow2" 80M
"$stock" create -q "$tiny" 'name="a-very-long-name-for-a-domain"' || bad create
"$stock" create -q "$guests/pv.cfg" "disk=['format=raw,vdev=xvda,access=rw,target=$work/disk']" || bad create
"$stock" create -q "$guests/pvh.cfg" "disk=['format=qcow2,vdev=xvda,access=rw,target=$work/pvh.qcow2']" 'vcpus=2' || bad create
within 120 up pv || bad "pv is not up"
within 240 up pvh || bad "pvh is not up"
sleep 3

# Seconds go on between the two, and packets come; stock's figures of a disk in
# qemu come and go, so those of pvh are looked at below.
mask='s/^\( *[^ ]* [-a-z]\{6\} *\)[0-9]* *[0-9.]* /\1T /; /^Net/s/  *[0-9]*\(bytes\|pkts\)/ N\1/g; s/[0-9]*s\b/Ts/g; /^VBD Unid/d'
mask+='; /^ *pvh /s/ [^ ]* *[^ ]* *[^ ]* *[^ ]* *[^ ]* *[^ ]* *[^ ]* *[^ ]* *[^ ]*$//; /^ *pv /s/ [0-9]* *[0-9]*\(\( *[0-9]*\)\{7\}\)$/ N\1/'
as_stock() {
    for _ in 1 2 3; do
        "$theirs" -b -i 1 "$@" | sed "$mask" >"$work/theirs"
        "$xentop" -b -i 1 "$@" | sed "$mask" >"$work/mine"
        cmp -s "$work/theirs" "$work/mine" && break
    done
    check "as stock: -b -i 1 $*" diff "$work/theirs" "$work/mine"
}
as_stock
as_stock -f
as_stock -r
as_stock -n
as_stock -x
as_stock -v
as_stock -nxvrf
check "-i 2 has two" [ "$("$xentop" -b -d 0.5 -i 2 | grep -c 'NAME  STATE')" = 2 ]
check "the headings" cmp <("$theirs" -b -i 1 | head -1) <("$xentop" -b -i 1 | head -1)

note "what guests write"
before=$(of pv vbd_write_sectors)
typed pv 'dd if=/dev/zero of=/dev/xvda bs=1M count=32; sync'
now=$(of pv vbd_write_sectors)
check "32 MB to a disk of the kernel's: $((now - before)) sectors" near $((now - before)) 65536
check "stock's figure is the same" near "$("$theirs" -b -i 1 | awk '$1 == "pv" { print $(NF - 1) }')" "$now" 0
before=$(of pvh vbd_write_sectors)
typed pvh 'dd if=/dev/zero of=/dev/xvda bs=1M count=32; sync'
now=$(of pvh vbd_write_sectors)
check "32 MB to a disk of qemu's: $((now - before)) sectors" near $((now - before)) 65536

note "what guests send and receive"
before=$(payload pv out)
busybox nc -l -p 5001 <&9 >"$work/got" &
within 10 listens 5001 || bad "nobody listens"
typed pv 'dd if=/dev/zero bs=1M count=32 | nc 192.168.128.1 5001'
wait $!
check "all of it came" [ "$(stat -c %s "$work/got")" = 33554432 ]
now=$(payload pv out)
check "32 MB sent by it: $((now - before)) bytes" near $((now - before)) 33554432
check "stock's figure is the same" near "$("$theirs" -b -i 1 | awk '$1 == "pv" { print $12 }')" $(($(of pv net_rx) / 1024)) 1
before=$(payload pv in)
head -c 33554432 /dev/zero | busybox nc -l -p 5002 >/dev/null &
within 10 listens 5002 || bad "nobody listens"
typed pv 'mkfifo /tmp/f; nc 192.168.128.1 5002 <>/tmp/f | wc -c'
check "all of it arrived" grep -q '^33554432' "$work/typed"
now=$(payload pv in)
check "32 MB received by it: $((now - before)) bytes" near $((now - before)) 33554432
kill %% 2>/dev/null
wait

note "a busy loop"
typed pv '(while :; do :; done) & sleep 1'
# The counter, into $seconds, which was read some time between $from and $till.
counter() {
    from=${EPOCHREALTIME/./}
    seconds=$("$stock" list pv | awk 'NR == 2 { print $NF }')
    till=${EPOCHREALTIME/./}
}
counter
a=$seconds longest=$from shortest=$till
"$theirs" -b -d 20 -i 2 >"$work/theirs" &
"$xentop" --format csv -d 20 -i 2 --columns name,cpu_percent,cpu_seconds >"$work/mine"
wait $!
counter
longest=$((till - longest)) shortest=$((from - shortest))
mine=$(awk -F, '$2 == "pv" { p = $3 } END { print p }' "$work/mine")
other=$(awk '$1 == "pv" { p = $4 } END { print p }' "$work/theirs")
hypervisor=$(awk -v s="$seconds" -v a="$a" -v l=$longest -v h=$shortest 'BEGIN { print (s - a) * 1e8 / l, (s - a) * 1e8 / h }')
check "CPU: $mine %, by the hypervisor's counter ${hypervisor/ / to } %" \
    awk -v p="$mine" -v of="$hypervisor" 'BEGIN { split(of, h, " "); exit !(p >= h[1] * 0.97 && p <= h[2] * 1.03) }'
check "stock says $other %" near "$mine" "$other"
"$stock" destroy pv
"$stock" destroy pvh

note "an HVM guest"
# Its disk is qemu's until its kernel has drivers of its own, and qemu's then,
# too; the second one is the kernel's. Of its card, the emulated twin goes.
rm -f /var/log/xen/console/guest-hvm-disk.log
cp "$guests/hvm.qcow2" /tmp/hvm-disk.qcow2
qemu-img resize -q /tmp/hvm-disk.qcow2 120M
truncate -s 80M "$work/second"
"$stock" create -q "$guests/hvm-disk.cfg" "vif=['bridge=xenbr0,mac=00:16:3e:00:00:0e']" \
    "disk=['format=qcow2,vdev=hda,access=rw,target=/tmp/hvm-disk.qcow2','format=raw,vdev=xvdb,access=rw,target=$work/second']" || bad create
emulated=$("$xentop" -i 1 --format json -n -x --filter hvm-disk)
check "its card and disks are there from the start: $(of hvm-disk nets), $(of hvm-disk vbds)" \
    grep -q '"nets":1,.*"vbds":2,' <<<"$emulated"
within 240 up hvm-disk || bad "hvm-disk is not up"
check "its firmware read from its disk: $(of hvm-disk vbd_read_sectors) sectors" \
    [ "$(of hvm-disk vbd_read_sectors)" -gt 10000 ]
for disk in xvda xvdb; do
    before=$(of hvm-disk vbd_write_sectors)
    typed hvm-disk "dd if=/dev/zero of=/dev/$disk bs=1M seek=70 count=8; sync" || bad typed
    now=$(of hvm-disk vbd_write_sectors)
    check "8 MB to $disk: $((now - before)) sectors" near $((now - before)) 16384
done
before=$(payload hvm-disk out)
busybox nc -l -p 5003 <&9 >"$work/got" &
within 10 listens 5003 || bad "nobody listens"
typed hvm-disk 'ifconfig eth0 192.168.128.14 up; dd if=/dev/zero bs=1M count=16 | nc 192.168.128.1 5003'
kill %% 2>/dev/null
wait
now=$(payload hvm-disk out)
check "16 MB sent by it: $((now - before)) bytes" near $((now - before)) 16777216
card=/sys/class/net/vif$(id hvm-disk).0
check "as the kernel counts it" near "$(of hvm-disk net_rx)" "$(cat "$card/statistics/rx_bytes")" 1
"$stock" destroy hvm-disk

note "backends in other domains"
# Written by hand, as libxl does for a driver domain.
quiet=$(id a-very-long-name-for-a-domain)
xenstore-write "/libxl/$quiet/device/vif/0/backend" "/local/domain/77/backend/vif/$quiet/0" \
    "/libxl/$quiet/device/vif/0/mac" 00:16:3e:00:00:77 \
    "/libxl/$quiet/device/vbd/51712/backend" "/local/domain/77/backend/vbd/$quiet/51712" \
    "/libxl/$quiet/device/vbd/51712/dev" xvda
check "are listed, their counters are not known" [ "$("$xentop" -b -i 1 --filter a-very --full-name --columns name,nets,net_tx,net_rx,vbds,vbd_reads |
    awk 'NR == 2 { $1 = $1; print }')" = "a-very-long-name-for-a-domain 1 n/a n/a 1 n/a" ]
check "in data, nothing is said of them" grep -q '"nets":1,"net_tx":null,"vbd_reads":null' <("$xentop" -i 1 --format json --filter a-very --columns nets,net_tx,vbd_reads)
xenstore-rm "/libxl/$quiet/device/vif/0" "/libxl/$quiet/device/vbd/51712"

note "guests that come and go"
# The same guests as before; whatever is asked of XenStore is asked once.
"$xentop" --format json -d 0.1 -n -v -x --columns id,name,cpu_percent,target,nets,vbds >"$work/readings" 2>"$work/err" &
monitor=$!
within 20 [ -s "$work/readings" ]
sleep 2
state_of() { awk '/^VmRSS/ { print $2 }' "/proc/$monitor/status"; }
fds_of() { ls "/proc/$monitor/fd" | wc -l; }
"$top/build/tests/churn" 50 30 || bad churn
sleep 1
rss=$(state_of) fds=$(fds_of)
began=$SECONDS
"$top/build/tests/churn" 500 30 || bad churn
sleep 2
note "500 of them took $((SECONDS - began)) s; rss $rss -> $(state_of) kB, descriptors $fds -> $(fds_of)"
check "no memory is lost" [ "$(state_of)" -le $((rss + 400)) ]
no_more_fds() { [ "$(fds_of)" -le "$fds" ]; } # one may be open for a moment
check "no descriptor is lost" within 5 no_more_fds
check "it is still there" kill -0 $monitor
seen=$(grep -o '"name":"churn-[0-9]*"' "$work/readings" | sort -u | wc -l)
check "it saw $seen of them by name" [ "$seen" -ge 50 ]
check "and their devices" grep -q '"name":"churn-[0-9]*","cpu_percent":[^,]*,"target":[^,]*,"nets":1,"vbds":1' "$work/readings"
check "no figure is nonsense" awk '{
    while (match($0, /"cpu_percent":[0-9.e+-]*/)) {
        if (substr($0, RSTART + 14, RLENGTH - 14) + 0 > 101) { print; exit 1 }
        $0 = substr($0, RSTART + RLENGTH) } }' "$work/readings"
# The last whole reading.
last() { tail -n 3 "$work/readings" | grep '}$' | tail -n 1; }
none_left() { [[ $(last) == *'"name":"Domain-0"'* && $(last) != *churn* ]]; }
check "none is left in it" within 5 none_left

note "XenStore is left alone"
daemon=$(cat /run/xen/xenstored.pid)
readings() { wc -l <"$work/readings"; }
from=$SECONDS
strace -f -x -e trace=read,recvfrom -o "$work/calls" -p "$daemon" 2>"$work/strace" & tracer=$!
within 10 grep -q attached "$work/strace"
lines=$(readings)
more() { [ "$(readings)" -ge $((lines + $1)) ]; }
check "fifty readings" within 10 more 50
sleep 1
kill $tracer
wait $tracer 2>/dev/null
# Every five seconds it is asked whether it is there: reads "/", in two reads.
grep -v 'read([0-9]*, "\\x02\\x00\\x00\\x00.*, 16)\|read([0-9]*, "\\x2f\\x00", 2)' "$work/calls" |
    grep 'read(\|recvfrom(' >"$work/others"
check "of which the daemon hears nothing" cmp "$work/others" /dev/null || cat "$work/others"
asked=$(grep -c ', 16)' "$work/calls") seconds=$((SECONDS - from + 1))
check "but whether it is there, $asked times in $seconds s" [ "$asked" -le $((seconds / 5 + 1)) ]
"$stock" rename a-very-long-name-for-a-domain renamed
renamed() { [[ $(last) == *'"name":"renamed"'* ]]; }
check "and a new name is seen" within 5 renamed
kill -STOP "$daemon"
"$top/build/tests/churn" 1 0 & churner=$!
lines=$(readings)
aged() { tail -n "+$lines" "$work/readings" | grep -q '"store_age":[1-9][0-9]*\.[0-9]*,'; }
check "a daemon that stands still does not hold it up" within 10 more 5
check "it says how long that is" within 10 aged
kill -CONT "$daemon"
wait $churner
young() { [[ $(last) == *'"store_age":0'* ]]; }
check "until it answers again" within 5 young
kill -INT $monitor
wait $monitor
check "ends at SIGINT with 0" [ $? -eq 0 ]
check "said nothing" [ ! -s "$work/err" ]

note "the exporter"
"$xentop" --listen 127.0.0.1:9555 >"$work/where" &
exporter=$!
within 10 grep -q listening "$work/where"
scrape() {
    exec 7<>/dev/tcp/127.0.0.1/9555
    printf 'GET /metrics HTTP/1.1\r\n\r\n' >&7
    sed '1,/^\r$/d' <&7 >"$work/metrics"
    exec 7>&-
}
scrape
check "promtool finds nothing" [ "$("$promtool" check metrics <"$work/metrics" 2>&1; echo $?)" = 0 ]
check "has the guest's memory" grep -q '^xen_domain_memory_bytes{.*name="renamed".*} 8388608$' "$work/metrics"
for family in xen_host_cpus xen_cpu_idle_seconds_total xen_domain_cpu_seconds_total xen_vcpu_cpu_seconds_total; do
    check "$family" grep -q "^$family" "$work/metrics"
done
child=$(pgrep -P $exporter)
check "answers as nobody" [ "$(stat -c %U "/proc/$child")" = nobody ] || awk '/^Uid/' "/proc/$child/status"
check "without Xen" sh -c "! ls -l /proc/$child/fd | grep -E 'xen|privcmd'"
kill $exporter
wait $exporter
check "ends with 0" [ $? -eq 0 ]
destroy_all
finish
