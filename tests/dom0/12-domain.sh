#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# domid, domname, rename, mem-set, mem-max, vcpu-list, vcpu-set, vcpu-pin,
# config-update, info, dmesg, uptime, help: held against stock xl where that
# prints, and by their effect in XenStore and Xen.
. "$(dirname "$0")/lib.sh"
trap 'destroy_all; rm -rf "$work"' EXIT

"$stock" create -q -p "$tiny" 'name="g"; memory=16; maxmem=32; vcpus=1; maxvcpus=3' &&
    "$stock" create -q "$tiny" 'name="t"' || exit 1
g=$("$stock" domid g)
store() { xenstore-read "/local/domain/$g/$1"; }
is() { # WORDS WANT GOT
    check "$1" [ "$2" = "$3" ]
}
does() {
    run "$@"
    check "$*" [ "$status" = 0 ]
}

# names
same domid g
same domid nosuch
same domname "$g"
same domname 9999
run domid "$(xenstore-read "/vm/$(store vm | cut -d/ -f3)/uuid")"
is "domid of a uuid" "$g" "$out"
does rename g renamed
is "rename" renamed "$(store name)"
same domname "$g"
refuses 1 'already exists' rename renamed t
refuses 1 "the new name is empty" rename renamed ''
does rename "$g" g
refuses 2 "missing argument: NEW-NAME" rename g

# memory
does mem-set g 12
is "mem-set in MB" 12288 "$(store memory/target)"
does mem-set g 10240k
is "mem-set in kB" 10240 "$(store memory/target)"
does mem-set g 8388608b
is "mem-set in bytes" 8192 "$(store memory/target)"
does mem-max g 24
is "mem-max" 24576 "$(store memory/static-max)"
for size in x 1.5 12x -5 '' 99999999999999999999t; do
    refuses 1 "invalid memory size" mem-set g -- "$size"
done
refuses 1 "must be less than or equal" mem-set g 1g
refuses 1 "must be greater than or" mem-max g 1
refuses 1 "no domain 'nosuch'" mem-set nosuch 8

# VCPUs
does vcpu-set -i g 2
is "vcpu-set" "online online offline" \
    "$(store cpu/0/availability) $(store cpu/1/availability) $(store cpu/2/availability)"
n=$("$stock" info nr_cpus)
refuses 1 "more than the $n CPUs of this host" vcpu-set g $((n + 2))
does vcpu-set -i g 3
refuses 1 "maxcpus is 3" vcpu-set -i g 4
refuses 1 "not a number" vcpu-set g x
does vcpu-pin g 0 0
does vcpu-pin g 1 all 0
does vcpu-pin g 2 - '0-1,^0'
mask='s/\(Domain-0 .* \)[0-9]*   [rb-]\{3\} .*\(  [^ ]* . [^ ]*\)$/\1\2/'
same vcpu-list
mask=
same vcpu-list g
same vcpu-list g t g
refuses 1 "no domain 'nosuch'" vcpu-list nosuch

# xl.conf's masks, and dry runs
same -N vcpu-pin g 0 0
same -N vcpu-pin g 0 0-1 1
same -N vcpu-pin g all - 0
does vcpu-pin g all all all
conf=/etc/xen/xl.conf
cp $conf "$work/xl.conf"
echo 'vm.cpumask="1"' >$conf
"$ours" -N vcpu-pin g 0 0-1 >"$work/dry"
is "-N says what the masks leave" "cpumap: 1" "$(cat "$work/dry")"
is "-N changes nothing" "all / all" "$("$stock" vcpu-list g | awk 'NR == 2 { print $(NF - 2), $(NF - 1), $NF }')"
refuses 1 "vm.cpumask of xl.conf leaves no CPU" vcpu-pin g 0 0
does vcpu-pin g 0 0-1 0
is "the mask is for the hard affinity alone" "1 / 0" "$("$stock" vcpu-list g | awk 'NR == 2 { print $(NF - 2), $(NF - 1), $NF }')"
does vcpu-pin --ignore-global-affinity-masks g 0 0 all
same vcpu-list g
echo 'vm.pv.cpumask="0"' >$conf
refuses 1 "vm.pv.cpumask of xl.conf leaves no CPU" vcpu-pin g 0 1

# xl.conf with mistakes
echo 'vm.hvm.cpumask="0"' >$conf
does vcpu-pin g 0 1
echo 'max_grant_frames="3x"' >$conf
refuses 1 "$conf:1:18: error: max_grant_frames" pause g
refuses 1 "not while '$conf' has errors" create -n "$tiny"
run list
is "looking goes on" 0 "$status"
check "with a complaint" grep -q "$conf:1:18: error" "$work/err"
echo 'output_format="sxp"' >$conf
refuses 1 "S-expressions cannot be printed" list -l
refuses 1 "S-expressions cannot be printed" create -n "$tiny"
refuses 1 "S-expressions cannot be printed" -N config-update g "$tiny"
does list
cp "$work/xl.conf" $conf
refuses 2 "it cannot be CSV" list -l --format csv

# the configuration for the next restart
printf 'name = "g"\nkernel = "%s"\nmemory = 9\n' "$guests/tiny" >"$work/new.cfg"
does config-update g "$work/new.cfg" 'vcpus=2'
is "config-update keeps the file and the settings" "memory = 9 vcpus=2" \
    "$(sed -n 's/^memory.*\|^vcpus.*/&/p' /var/lib/xen/userdata-d."$g".*.xl | tr '\n' ' ' | sed 's/ $//')"
refuses 1 "nosuch.cfg" config-update g "$work/nosuch.cfg"
refuses 2 "which configuration file" config-update g
does config-update g -f="$work/new.cfg"
run -N config-update g "$work/new.cfg"
check "-N config-update prints JSON" grep -q '"target_memkb": 9216' <<<"$out"

# the host
same info nosuch
same info xen
mask='s/^\(free_memory *:\).*/\1/'
same info
same info -n
mask='s/:[0-9][0-9]\( up \|$\)/\1/g'
same uptime
same uptime g t
same uptime -s
mask=
same dmesg
does dmesg -c
is "dmesg -c clears" "" "$("$ours" dmesg)"
"$ours" info --format json >"$work/info"
check "info as JSON" python3 -c 'import json, sys
row, = json.load(open(sys.argv[1]))
assert row["nr_cpus"] == int(sys.argv[2]) and row["xen_major"] == 4' "$work/info" "$n"
for list in vcpu-list uptime; do
    "$ours" $list --format json >"$work/json"
    check "$list as JSON" python3 -c 'import json, sys
assert {r["name"] for r in json.load(open(sys.argv[1]))} == {"Domain-0", "g", "t"}' "$work/json"
done

# help
run help
check "help lists the commands" grep -q '^ vcpu-set  *[A-Z]' <<<"$out"
run help list
check "help of one" grep -q -- '--cpupool' <<<"$out"
run help --long
check "help of all" grep -q 'Usage: xl mem-set' <<<"$out"
refuses 1 "did you mean 'list'" help lits
refuses 1 "unknown option '-Q'" -Q
refuses 1 "" ''
finish
