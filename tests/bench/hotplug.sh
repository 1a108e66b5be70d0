#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Runs in the Dom0: create and destroy of domains with devices, ours with its
# compiled hotplug program beside stock's with its scripts; on an empty host and
# beside a hundred domains. Disks are block devices (loop devices of /tmp).
#   DOMAINS=N  how many, instead of a hundred
#   PARTS="..."  these parts only: devices growth several beside
set -u
cd "$(dirname "$0")/../.."
stock=/usr/lib/xen-4.17/bin/xl
# As in xl.sh: where installed ones lie.
ours=/usr/local/bin/xl
install -D build/bin/xl "$ours" || exit 1
install -D -t /usr/local/libexec/dom0kit build/libexec/* || exit 1
tiny=$PWD/build/guests/tiny.cfg
DOMAINS=${DOMAINS:-100}
. tests/bench/lib.sh
mkdir -p /tmp/hotplug

# device NAME: a block device of its own.
device() {
    truncate -s 1M "/tmp/hotplug/$1"
    losetup -f --show "/tmp/hotplug/$1"
}

# with N: the settings for N disks and N vifs, on the devices of the bench.
for i in 0 1 2 3; do devices[i]=$(device "bench$i"); done
with() {
    local i disks= vifs=
    for ((i = 0; i < $1; i++)); do
        disks+="\"phy:${devices[i]},xvd$(printf '\x'$((61 + i))),w\","
        vifs+='"bridge=xenbr0",'
    done
    settings=("disk=[$disks]" "vif=[$vifs]")
}

# one_of XL: creates and destroys a domain with the settings, into $created and
# $destroyed.
one_of() {
    timed "$1" create "$tiny" 'name="bench"' "${settings[@]}"
    created=$took
    timed "$1" destroy bench
    destroyed=$took
}

# create_destroy WHAT TARGET TARGET: of a domain with the settings.
create_destroy() {
    local a=() b=() c=() d=()
    for ((i = -1; i < ROUNDS; i++)); do
        one_of "$ours"
        [ $i -lt 0 ] || a+=("$created") c+=("$destroyed")
        one_of "$stock"
        [ $i -lt 0 ] || b+=("$created") d+=("$destroyed")
    done
    report "create, $1" "$2" "$(median "${a[@]}")" "$(median "${b[@]}")"
    report "destroy, $1" "$3" "$(median "${c[@]}")" "$(median "${d[@]}")"
}

devices() {
    with 1
    create_destroy "1 vif, 1 disk" 0.13 0.25
    with 4
    create_destroy "4 vifs, 4 disks" 0.10 -
}

# The growth: what the last of a hundred costs above the first.
# grow XL: into $first and $last, medians of five.
grow() {
    local a=() b=() n
    for ((n = 0; n < DOMAINS; n++)); do
        timed "$1" create "$tiny" "name=\"g$n\""
        [ $n -ge 5 ] || a+=("$took")
        [ $n -lt $((DOMAINS - 5)) ] || b+=("$took")
    done
    for ((n = 0; n < DOMAINS; n++)); do "$ours" destroy "g$n" || exit 1; done
    first=$(median "${a[@]}") last=$(median "${b[@]}")
    printf '%-28s %8.1f ms to %.1f ms\n' "$2, 1st to last of $DOMAINS" "${first}e-3" "${last}e-3"
}

growth() {
    local ours_grew
    grow "$ours" ours
    ours_grew=$((last - first))
    grow "$stock" stock
    report growth 0.7 "$ours_grew" "$((last - first))"
}

# Many with one command: DOMAINS / 2 of them.
several() {
    local n half=$((DOMAINS / 2)) a
    mkdir -p /tmp/hotplug/cfg
    for ((n = 0; n < half; n++)); do
        { grep -v '^name' "$tiny"; echo "name=\"s$n\""; } >"/tmp/hotplug/cfg/$n"
    done
    timed "$ours" create /tmp/hotplug/cfg/*
    a=$took
    for ((n = 0; n < half; n++)); do "$ours" destroy "s$n" || exit 1; done
    timed eval 'for ((n = 0; n < half; n++)); do "$stock" create "/tmp/hotplug/cfg/$n" || exit 1; done'
    report "$half with one create" 0.5 "$a" "$took"
    for ((n = 0; n < half; n++)); do "$ours" destroy "s$n" || exit 1; done
}

# ours_alone: what a create of ours takes, into $median.
ours_alone() {
    local a=()
    for ((i = -1; i < ROUNDS; i++)); do
        one_of "$ours"
        [ $i -lt 0 ] || a+=("$created")
    done
    median=$(median "${a[@]}")
}

# Beside a hundred domains with two disks each.
beside() {
    local empty n
    with 1
    ours_alone
    empty=$median
    for ((n = 0; n < DOMAINS; n++)); do
        "$ours" create -q "$tiny" "name=\"t$n\"" "disk=[\"phy:$(device "t$n-0"),xvda,w\",\"phy:$(device "t$n-1"),xvdb,w\"]" || exit 1
    done
    ours_alone
    awk -v what="create beside $DOMAINS" -v a="$empty" -v b="$median" 'BEGIN {
        printf "%-28s %8.1f ms, on an empty host %.1f ms: %.3f (target 1.3: %s)\n",
            what, b / 1000, a / 1000, b / a, b / a <= 1.3 ? "met" : "missed" }'
    for ((n = 0; n < DOMAINS; n++)); do "$ours" destroy "t$n" || exit 1; done
}

heading hotplug
for part in ${PARTS:-devices growth several beside}; do $part; done
