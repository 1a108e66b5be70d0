#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Checks the lab itself with Debian's own tools: what a test that runs in it may
# rely on. On the host it boots a lab and runs itself in there; its argument
# "all" adds the HVM guests, which take one to two minutes each.
set -u

if ! [ -e /proc/xen/capabilities ]; then
    top=$(cd "${0%/*}/../.." && pwd -P)
    lab=$top/scripts/lab
    name=test-$$
    MAKEFLAGS= make -s -C "$top" guests || exit 1
    trap '"$lab" stop $name' EXIT
    "$lab" start $name || exit 1

    # is STATUS COMMAND...: what scripts/lab must leave with
    is() {
        want=$1
        shift
        "$@" >/dev/null 2>&1
        got=$?
        [ $got = "$want" ] && echo "ok - status $want: ${*#"$top"/}" ||
            { echo "not ok - status $got, not $want: ${*#"$top"/}"; exit 1; }
    }
    is 0 "$lab" exec $name true
    is 7 "$lab" exec $name 'exit 7'
    is 143 "$lab" exec $name 'kill $$'
    is 127 "$lab" exec $name no-such-program x
    is 124 "$lab" exec --timeout 3 $name sleep 100
    is 1 "$lab" exec $name pidof sleep
    is 125 "$lab" exec no-such-machine true
    [ "$(seq 1 100000 | "$lab" exec -i $name md5sum)" = "$(seq 1 100000 | md5sum)" ] || { echo "not ok - stdin"; exit 1; }
    [ "$(echo 'echo "$1"; exit 3' | "$lab" exec $name - word)" = word ] || { echo "not ok - script from stdin"; exit 1; }
    "$lab" exec $name "$(readlink -f "$0")" "$@"
    exit
fi

XL=/usr/lib/xen-4.17/bin/xl
G=$LAB_TOP/build/guests
failed=0
n=0

# ok WHAT COMMAND...: one check
ok() {
    what=$1
    shift
    n=$((n + 1))
    if "$@" >/tmp/check.log 2>&1; then
        echo "ok $n - $what"
    else
        echo "not ok $n - $what"
        sed 's/^/# /' /tmp/check.log
        failed=1
    fi
}

now() { read -r up _ </proc/uptime; echo "${up%.*}"; }
LIMIT=900 # seconds; a busy host can be many times slower than a quiet one

# said FILE TEXT [TIMES]: waits until FILE has TEXT in so many lines (1)
said() {
    end=$(($(now) + LIMIT))
    until [ "$(grep -acs "$2" "$1")" -ge "${3:-1}" ]; do
        if [ "$(now)" -ge "$end" ] || grep -aqs 'Kernel panic' "$1"; then
            tail -n 40 "$1"
            return 1
        fi
        sleep 0.5
    done
    grep -a "$2" "$1" | tail -n 1
}

gone() {
    end=$(($(now) + LIMIT))
    while $XL domid "$1" >/dev/null 2>&1; do
        [ "$(now)" -lt "$end" ] || { $XL list; return 1; }
        sleep 0.5
    done
}

running() { [ -e "/proc/$(cat "$1")/stat" ]; }

ok "Xen answers" $XL info
ok "xenstored runs" running /run/xen/xenstored.pid
ok "xenconsoled runs" running /run/xen/xenconsoled.pid
ok "qemu for qdisk runs" said /run/xen/qemu-dom0.pid .
ok "bridge xenbr0 has its address" sh -c 'ip -4 addr show xenbr0 | grep -q 192.168.128.1/24'
ok "loop devices" sh -c 'truncate -s 1M /tmp/l && d=$(losetup -f --show /tmp/l) && losetup -d $d && [ $(ls /dev/loop? /dev/loop?? | wc -l) -ge 64 ]'
ok "modules load" modprobe dummy
ok "the processor keeps its word" "$G/cpucheck" 3
ok "the checkout is read-only" sh -c '! touch $LAB_TOP/x'
ok "the root can be changed, here only" touch /etc/x
ok "files reach \$OUT" sh -c 'date >$OUT/00-lab && rm $OUT/00-lab'
ok "PATH begins with build/bin" sh -c 'case $PATH in "$LAB_TOP/build/bin:"*) ;; *) false ;; esac'
ok "/dev/fd, stdin, stdout, stderr" sh -c 'echo x | cat /dev/stdin /dev/fd/0'
ok "tmpfs on /tmp, /run, /dev/shm" sh -c 'for d in /tmp /run /dev/shm; do grep -q " $d tmpfs" /proc/mounts || exit 1; done'

rm -f /var/log/xen/console/guest-*
ok "tiny guest: create" $XL create -q "$G/tiny.cfg"
ok "tiny guest: up" said /var/log/xen/console/guest-tiny.log "dom0kit tiny guest up"
ok "tiny guest: save" $XL save tiny /tmp/tiny.save
ok "tiny guest: restore" $XL restore /tmp/tiny.save
ok "tiny guest: resumed" said /var/log/xen/console/guest-tiny.log "dom0kit tiny guest resumed"
ok "tiny guest: obeys poweroff" $XL shutdown -w tiny
ok "tiny guest: gone" gone tiny

ok "PV guest: create" $XL create -q "$G/pv.cfg"
ok "PV guest: says what it sees" said /var/log/xen/console/guest-pv.log "dom0kit guest: pv pv .*disks=xvda:24M:ro nics=eth0:00:16:3e:00:00:0b"
ok "PV guest: answers to ping" ping -c 3 -w $LIMIT 192.168.128.11
ok "PV guest: answers on its console" env LIMIT=$LIMIT sh -c '
    exec 3<>$(xenstore-read /local/domain/$('$XL' domid pv)/console/tty)
    printf "expr 6 \\* 7\r" >&3
    timeout $LIMIT sed "/^42/q" <&3'
ok "PV guest: obeys poweroff" $XL shutdown -w pv
ok "PV guest: gone" gone pv

cp "$G/hvm.qcow2" /tmp/pvh.qcow2
ok "PVH guest: create (qcow2 disk)" $XL create -q "$G/pvh.cfg"
ok "PVH guest: says what it sees" said /var/log/xen/console/guest-pvh.log "dom0kit guest: pvh pvh .*disks=xvda:24M:rw nics=eth0"
ok "PVH guest: answers to ping" ping -c 3 -w $LIMIT 192.168.128.12
ok "PVH guest: obeys reboot" $XL reboot pvh
ok "PVH guest: is up again" said /var/log/xen/console/guest-pvh.log "dom0kit guest: pvh pvh" 2
ok "PVH guest: destroy" $XL destroy pvh

if [ "${1:-}" = all ]; then
    # HVM guests speak on their serial line, which is a pty of their device model.
    listen() {
        cat "$(xenstore-read "/local/domain/$($XL domid "$1")/serial/0/tty")" >"/tmp/serial.$1" &
    }
    ok "HVM guest: create" $XL create -q "$G/hvm.cfg"
    listen hvm
    ok "HVM guest: says what it sees" said /tmp/serial.hvm "dom0kit guest: hvm hvm .*nics=eth0:00:16:3e:00:00:0d"
    ok "HVM guest: obeys poweroff" $XL shutdown -w hvm
    ok "HVM guest: gone" gone hvm
    cp "$G/hvm.qcow2" /tmp/hvm-disk.qcow2
    ok "HVM guest from its disk: create" $XL create -q "$G/hvm-disk.cfg"
    listen hvm-disk
    ok "HVM guest from its disk: says what it sees" said /tmp/serial.hvm-disk "dom0kit guest: hvm hvm-disk .*disks=xvda:24M:rw nics=eth0:00:16:3e:00:00:0e"
    ok "HVM guest from its disk: destroy" $XL destroy hvm-disk
fi
echo "1..$n"
exit $failed
