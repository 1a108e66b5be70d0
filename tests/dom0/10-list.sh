#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# `xl list` with all its options, held against stock xl's output byte for byte,
# over domains of all types and states; `-l` also after what a domain has was
# changed while it ran. Other commands: 11 (power), 12 (the rest).
. "$(dirname "$0")/lib.sh"
trap 'destroy_all; rm -rf "$work"' EXIT
destroy_all # a guest of an earlier script that was being restarted

make_guests() {
    truncate -s 8M "$work/disk.img" "$work/cd.iso"
    "$stock" create -q "$guests/tiny.cfg" 'name="t1"' &&
        "$stock" create -q -p "$guests/tiny.cfg" 'name="t2"; vcpus=2; maxvcpus=4' &&
        "$stock" create -q "$guests/tiny.cfg" \
            'name="off"; extra="do=poweroff after=0"; on_poweroff="preserve"' &&
        "$stock" create -q "$guests/tiny.cfg" \
            'name="crash"; extra="do=crash after=0"; on_crash="preserve"' &&
        "$stock" create -q -p "$guests/pvh.cfg" \
            "name='pvh1'; vcpus=2; maxmem=200; disk=['$work/disk.img,raw,xvda', '$work/disk.img,raw,xvdb1,r']" &&
        "$stock" create -q -p "$guests/hvm.cfg" \
            "name='hvm1'; memory=64; vnc=0; disk=['$work/cd.iso,raw,hdc,cdrom']"
} >"$work/create.log" 2>&1
make_guests || { cat "$work/create.log"; exit 1; }
state_is() { [ "$(state "$1")" = "$2" ]; }
check "a guest that crashed is seen so" within 20 state_is crash '---sc-'
check "a guest that is off is seen so" within 20 state_is off '---s--'

for options in "" -v -Z -c -n -vZcn -cn; do
    same list $options
done
same list t1
same list -v crash
same list "$("$stock" domid t2)"

run list t2 "$(xenstore-read "/vm/$(xenstore-read "/local/domain/$("$stock" domid t1)/vm" | cut -d/ -f3)/uuid")"
check "several domains, in the order given, by name and uuid" \
    [ "$(awk 'NR > 1 { print $1 }' <<<"$out" | tr '\n' ' ')" = "t2 t1 " ]

same list -l
for d in t1 t2 pvh1 hvm1 crash 0; do
    same list -l "$d"
done
"$stock" mem-set t1 6
"$stock" mem-max t2 16
"$stock" vcpu-set t2 1
"$stock" rename t2 't2-renamed'
"$stock" mem-set pvh1 100
"$stock" sched-credit2 -d pvh1 -w 300
"$stock" block-attach t1 "$work/disk.img,raw,xvdc,r" 2>/dev/null
"$stock" cd-eject hvm1 hdc
for d in t1 t2-renamed pvh1 hvm1; do
    same list -l "$d"
done

run list -l nosuch
check "list -l of nobody fails" [ "$status" = 1 ]
strace -f -o "$work/trace" "$ours" list -l t2-renamed pvh1 >/dev/null
check "list -l takes no locks for PV and PVH domains, fixed disks and all" \
    [ "$(grep -c 'flock\|unlink' "$work/trace")" = 0 ]

run list --format json
check "JSON: a list of objects with typed members" python3 - <(echo "$out") <<'END'
import json, sys
rows = {r["name"]: r for r in json.load(open(sys.argv[1]))}
assert rows["Domain-0"]["id"] == 0 and rows["t1"]["memory_mb"] in (6, 8), rows
assert rows["crash"]["shutdown_reason"] == 3 and rows["t1"]["shutdown_reason"] is None
END
run list --format csv -c
check "CSV: a heading and a line a domain" \
    [ "$(head -1 <<<"$out")/$(wc -l <<<"$out")" = \
      "name,id,memory_mb,vcpus,state,time_s,uuid,shutdown_reason,cpupool/$("$stock" list | wc -l)" ]

refuses 1 "did you mean 't2-renamed'" list t2-rename
refuses 1 "no domain '77'" list 77
refuses 2 "unknown option '-Q'" list -Q
refuses 1 "did you mean 'list'" lits
run list
"$ours" list >/dev/full 2>"$work/err"
check "standard output that is full: exit status 1" [ $? = 1 ]
"$ours" list 2>/dev/null | true
check "a reader that went away: exit status 1 or all was written" \
    [ "${PIPESTATUS[0]}" -le 1 ]
finish
