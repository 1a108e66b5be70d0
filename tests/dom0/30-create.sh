#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# `xl create`: its options, its ways to be given a configuration, what it says
# and how it exits, on the tiny guest; an HVM guest once. That nothing is left
# of failed ones is 33-torture's matter, on_... settings are 32-keeper's.
. "$(dirname "$0")/lib.sh"

note "a plain create, silent but for one line, as stock xl's"
out=$(xl create "$tiny" 2>&1)
check "says where the configuration is from" [ "$out" = "Parsing config from $tiny" ]
check "it runs" within 5 sh -c 'xl list tiny | grep -q -e "-b----"'
refuse "a second one of that name" xl create -q "$tiny"
says '"tiny" already exists'
uuid=$(xl list -v tiny | awk 'NR == 2 { print $7 }')
refuse "a second one of that uuid" xl create -q "$tiny" 'name="tiny-b"' "uuid=\"$uuid\""
says "is that of domain 'tiny'"
check "stock xl sees it as its own kind" sh -c "$stock list -l tiny | grep -q '\"name\": \"tiny\"'"
xl destroy tiny

note "options"
check "-q says nothing" [ -z "$(xl create -qp "$tiny" 2>&1)" ]
check "-p leaves it paused" [ "$(state tiny)" = --p--- ]
xl destroy tiny
check "-n makes nothing and prints JSON" sh -c "xl create -n '$tiny' 2>/dev/null | grep -q '\"name\": \"tiny\"'"
check "-N does the same" sh -c "xl -N create '$tiny' 2>/dev/null | grep -q '\"name\": \"tiny\"'"
check "there is no domain of it" gone tiny
check "-f FILE and a setting" xl create -pq -f "$tiny" 'name="tiny-f"'
check "--defconfig=FILE, options behind" xl create --defconfig="$tiny" 'name="tiny-d"; memory=16' -pq
check "-f=FILE as the manual writes it" xl create -pq -f="$tiny" 'name="tiny-e"'
check "the settings hold" [ "$(xl list tiny-d | awk 'NR == 2 { print $3 }')" = 16 ]
for d in tiny-f tiny-d tiny-e; do check "$d is there" xl destroy $d; done
check "standard input" sh -c "xl create -pq - <'$tiny' && xl destroy tiny"
check "-e: nobody follows it" sh -c "xl create -q -e '$tiny' && ! ls /var/lib/xen | grep -q dom0kit-keep && xl destroy tiny"
check "-F stays to its end" xl create -qF "$tiny" 'extra="do=poweroff"'
check "and has it taken away" gone tiny
check "-d prints JSON and goes on" sh -c "xl create -qdp '$tiny' 2>&1 | grep -q target_memkb && xl destroy tiny"

note "bad input"
refuse "a missing file" xl create -q /nonexistent.cfg
says /nonexistent.cfg
refuse "a directory" xl create -q /tmp
printf 'name = "x"\nkernel = "%s"\nmemory = "lots"\n' "$guests/tiny" >"$work/bad.cfg"
check "a bad value" sh -c "xl create -q '$work/bad.cfg' 2>&1 | grep -q 'bad.cfg:3:'"
printf 'name = "x"\nkernel = "%s"\nmemroy = 8\n' "$guests/tiny" >"$work/unknown.cfg"
check "--strict takes unknown keys as errors" sh -c "! xl create -q --strict '$work/unknown.cfg' 2>/dev/null"
xl create -F "$tiny" "$tiny" >/dev/null 2>&1
check "two files and one terminal are a usage error" [ $? -eq 2 ]

note "-c"
out=$(timeout 300 xl create -qc "$tiny" 'extra="do=poweroff after=1"' <"$open_input")
check "shows the first words and ends with the domain" [ "${out#*dom0kit tiny guest up}" != "$out" ]
check "which is taken away" within 20 gone tiny

note "HVM: with a qemu of its own"
xl create -qp "$guests/hvm.cfg" 'vif=[]' || bad "an HVM guest"
hvm=$(id hvm)
has_qemu() { pgrep -f "[x]en-domid $hvm " >/dev/null; }
no_qemu() { ! has_qemu; }
check "its qemu runs" has_qemu
check "destroy" xl destroy hvm
check "its qemu is gone" within 10 no_qemu
finish
