#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Nothing left behind: every step of `xl create` is made to fail in turn, by
# itself, by a signal at many points in time, and by SIGKILL with the next call
# tidying up; each time all of domains, XenStore, loop devices, interfaces,
# processes and files is as before.
. "$(dirname "$0")/lib.sh"

cfg=$tiny
disk=$work/disk.img
truncate -s 1M "$disk"
xl create -q "$tiny" 'name="warm"' && xl destroy warm # the keeper is up now
unchanged() {
    inventory >"$work/after"
    diff "$work/before" "$work/after" >"$work/diff"
}
settled() {
    inventory >"$work/before"
    sleep 1
    unchanged
}
within 10 settled || bad "what is there changes by itself"
as_before() {
    sleep 0.3
    if ! within 3 unchanged; then
        bad "$1: this is left or lost:"
        grep '^[<>]' "$work/diff" | head -n 20
        return 1
    fi
    printf 'ok: %s: nothing is left\n' "$1"
}

# fails WORDS TEXT SETTINGS: create fails, says TEXT, and leaves nothing.
fails() {
    local err status
    err=$(timeout 600 xl create -q "$cfg" "$3" 2>&1 </dev/null)
    status=$?
    wait
    [ $status -eq 1 ] || bad "$1: exit status $status"
    said=$err
    says "$2"
    as_before "$1"
}

script() {
    printf '#!/bin/sh\n%s\n' "$2" >"$work/$1"
    chmod 755 "$work/$1"
}

note "steps that fail"
fails "missing kernel" "loading what it boots: failed to open file '/nonexistent'" 'kernel="/nonexistent"'
head -c 5000 /dev/urandom >"$work/noise"
fails "a kernel that is none" kernel "kernel=\"$work/noise\""
fails "missing ramdisk" /nonexistent 'ramdisk="/nonexistent"'
fails "missing disk" /nonexistent 'disk=["/nonexistent,raw,xvda,rw"]'
fails "bad vdev" "disk identifier zzz9" "disk=[\"$disk,raw,zzz9,rw\"]"
fails "out of memory" "not enough memory" 'memory=20000'
script fail 'echo it broke here >&2; exit 3'
fails "hotplug script that fails" "adding its vif devices: $work/fail online" "vif=[\"bridge=xenbr0,script=$work/fail\"]"
fails "missing hotplug script" "$work/none" "vif=[\"bridge=xenbr0,script=$work/none\"]"
script says 'xenstore-write "$XENBUS_PATH/hotplug-error" "no port is free" "$XENBUS_PATH/hotplug-status" error; exit 1'
fails "hotplug script that says why" "cannot create 'tiny': adding its vif devices: script: no port is free" "vif=[\"bridge=xenbr0,script=$work/says\"]"
fails "disk script that says why" "cannot create 'tiny': adding its disk devices: script: no port is free" "disk=[\"script=$work/says,vdev=xvda,target=x\"]"
fails "missing bridge" "cannot create 'tiny': adding its vif devices: script: there is no bridge nobridge0" 'vif=["bridge=nobridge0"]'
fails "disk, then a bad script" "$work/fail" "disk=[\"$disk,raw,xvda,rw\"]; vif=[\"bridge=xenbr0,script=$work/fail\"]"
cfg=$work/hvm.cfg
printf 'name = "tiny"\ntype = "hvm"\nmemory = 64\nvga = "none"\n' >"$cfg"
fails "missing device model" "$work/none" "device_model_override=\"$work/none\""
script qemu 'echo I am not a real qemu >&2; exit 1'
fails "qemu that exits at once" "not a real qemu" "device_model_override=\"$work/qemu\""
fails "a bad argument of qemu" "cannot create 'tiny': starting its device model: " 'device_model_args=["-nonsense"]'
says "-nonsense: invalid option"
cfg=$tiny

# hit SIGNAL SECONDS SETTINGS: the signal reaches create after that time.
hit() {
    timeout -s "$1" "$2" xl create -q "$cfg" "$3" >/dev/null 2>&1 </dev/null
    # What a kill left is taken back by the next call that changes anything;
    # a create that was faster is destroyed.
    xl destroy tiny >/dev/null 2>&1
    as_before "$1 after $2 s"
}

note "signals at many points"
before=$(date +%s%N)
xl create -q "$tiny"
took=$((($(date +%s%N) - before) / 1000000)) # ms
xl destroy tiny
at() { printf '%d.%03d' $(($1 / 1000)) $(($1 % 1000)); }
for n in 0 1 2 3 4 5 6 7 8 9 10 11; do
    hit KILL "$(at $((took * n / 10 + 5)))" 'memory=8'
done
for n in 1 3 5 7 9; do
    hit TERM "$(at $((took * n / 10)))" 'memory=8'
    hit INT "$(at $((took * n / 10 + took / 20)))" 'memory=8'
done
note "and with a disk, a hotplug script and qemu"
for n in 1 2 4 6; do
    hit KILL "$(at $((took * n)))" "disk=[\"$disk,raw,xvda,rw\"]; vif=[\"bridge=xenbr0\"]"
done
cfg=$work/hvm.cfg
for n in 1 3; do
    hit KILL "$(at $((took * n)))" 'memory=64'
done

note "a hotplug script that hangs"
# Libxl gives it 40 s, to add and to remove: three at once.
script hang 'sleep 1000'
hangs="vif=[\"bridge=xenbr0,script=$work/hang\"]"
for signal in KILL TERM; do
    {
        timeout -s $signal "$(at $((took * 2)))" xl create -q "$tiny" "name=\"$signal\"" "$hangs"
        xl destroy $signal
    } >/dev/null 2>&1 </dev/null &
done
cfg=$tiny
fails "hotplug script that hangs" "cannot create 'tiny': adding its vif devices: hotplug script '$work/hang online' did not end in time" "$hangs"
finish
