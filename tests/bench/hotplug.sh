#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Runs in the Dom0: create and destroy of domains with devices, ours with its
# compiled hotplug program beside stock's with its scripts; on an empty host and
# beside a hundred domains. Disks are block devices (loop devices of /tmp).
#   DOMAINS=N  how many, instead of a hundred
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

# create_destroy WHAT TARGET TARGET: of a domain with the settings.
create_destroy() {
    local a=() b=() c=() d=() xl
    for ((i = -1; i < ROUNDS; i++)); do
        for xl in "$ours" "$stock"; do
            timed "$xl" create "$tiny" 'name="bench"' "${settings[@]}"
            [ $i -lt 0 ] || if [ "$xl" = "$ours" ]; then a+=("$took"); else b+=("$took"); fi
            timed "$xl" destroy bench
            [ $i -lt 0 ] || if [ "$xl" = "$ours" ]; then c+=("$took"); else d+=("$took"); fi
        done
    done
    created=$(median "${a[@]}")
    report "create, $1" "$2" "$created" "$(median "${b[@]}")"
    report "destroy, $1" "$3" "$(median "${c[@]}")" "$(median "${d[@]}")"
}

heading hotplug
with 1
create_destroy "1 vif, 1 disk" 0.13 0.25
empty=$created
with 4
create_destroy "4 vifs, 4 disks" 0.10 -

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
}
grow "$ours"
our_growth=$((last - first))
printf '%-28s %8.1f ms to %.1f ms\n' "ours, 1st to last of $DOMAINS" "${first}e-3" "${last}e-3"
grow "$stock"
printf '%-28s %8.1f ms to %.1f ms\n' "stock's" "${first}e-3" "${last}e-3"
report "growth" 0.7 "$our_growth" "$((last - first))"

# Beside a hundred domains with two disks each.
for ((n = 0; n < DOMAINS; n++)); do
    "$ours" create -q "$tiny" "name=\"t$n\"" "disk=[\"phy:$(device "t$n-0"),xvda,w\",\"phy:$(device "t$n-1"),xvdb,w\"]" || exit 1
done
with 1
create_destroy "the same beside $DOMAINS" - -
echo
printf '%-28s %8.1f ms   %.3f of an empty host (target 1.3: %s)\n' "ours beside $DOMAINS" "${created}e-3" \
    "$(awk "BEGIN { print $created / $empty }")" \
    "$(awk "BEGIN { print $created / $empty <= 1.3 ? \"met\" : \"missed\" }")"
