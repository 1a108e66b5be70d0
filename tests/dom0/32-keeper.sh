#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The keeper: each action of on_poweroff, on_reboot and on_crash on the tiny
# guest; one process for all; a killed one taken over; the race with destroy.
. "$(dirname "$0")/lib.sh"

keepers() { pgrep -x xl-keeper | wc -l; }
one_keeper() { [ "$(keepers)" -eq 1 ]; } # its workers come and go
uuid_of() { xl list -v "$1" | awk 'NR == 2 { print $7 }'; }
has_uuid() { [ "$(uuid_of "$1")" = "$2" ]; }
uuid=5d0f2a66-3a43-4c39-9c70-6d0a5c1c77e1
runs() { [[ $(state "$1") == ??-??? ]]; } # the last step of its making
shut_down() { [[ $(state "$1") == ???s* ]]; }
other_id() { exists "$1" && [ "$(id "$1")" != "$2" ]; }

note "destroy, the rule at poweroff"
xl create -q "$tiny" 'extra="do=poweroff"'
check "it is taken away" within 20 gone tiny
check "one keeper" within 5 one_keeper

note "restart, the rule at reboot"
xl create -q "$tiny" "uuid=\"$uuid\""
first=$(id tiny)
xl reboot tiny
check "it comes again" within 60 other_id tiny "$first"
check "with its uuid" within 30 has_uuid tiny "$uuid"
check "it runs" within 30 runs tiny
check "destroy ends it for good" xl destroy tiny
sleep 3
check "it stays away" gone tiny

note "preserve"
xl create -q "$tiny" 'extra="do=crash"; on_crash="preserve"'
check "it is kept, crashed" within 20 sh -c 'xl list tiny | grep -q -e "---sc-"'
sleep 2
check "and left alone" exists tiny
xl destroy tiny

note "rename-restart"
xl create -q "$tiny" 'on_reboot="rename-restart"' "uuid=\"$uuid\""
xl reboot tiny
check "the dead one gets another name" within 60 sh -c 'xl list | grep -q "^tiny-20"'
check "the new one has its uuid" within 30 has_uuid tiny "$uuid"
check "it runs" within 30 runs tiny
for d in $(xl list | awk '/^tiny/ { print $2 }' | sort -rn); do xl destroy "$d"; done

note "coredump-destroy"
rm -f /var/lib/xen/dump/tiny
xl create -q "$tiny" 'extra="do=crash"; on_crash="coredump-destroy"'
check "it is taken away" within 40 gone tiny
check "its memory is in a file" [ -s /var/lib/xen/dump/tiny ]
rm -f /var/lib/xen/dump/tiny

note "a guest ejects its CD"
truncate -s 1M "$work/cd.iso"
log=/var/log/xen/xl-keeper.log
cd="disk=[\"$work/cd.iso,raw,hdc,cdrom\"]"
eject() { xenstore-write "/local/domain/$(id "$1")/device/vbd/5632/eject" eject; }
obeyed() { [ -z "$(xenstore-read "/local/domain/$(id "$1")/device/vbd/5632/eject")" ]; }
medium() { "$stock" list -l "$1" | sed -n 's/.*"pdev_path": "\(.*\)".*/\1/p'; }
xl create -qp "$guests/hvm.cfg" 'vif=[]' "$cd" || bad "an HVM guest with a CD"
check "its CD is in" [ "$(medium hvm)" = "$work/cd.iso" ]
eject hvm
check "the wish is answered" within 20 obeyed hvm
check "the drive is empty" [ -z "$(medium hvm)" ]
$stock cd-insert hvm hdc "$work/cd.iso"
check "the CD is in again" [ "$(medium hvm)" = "$work/cd.iso" ]
pkill -KILL -x xl-keeper
eject hvm
xl create -q "$tiny" "$cd" # and so starts a keeper
check "a wish made while there was no keeper is answered" within 20 obeyed hvm
check "the drive is empty again" [ -z "$(medium hvm)" ]
eject tiny
check "a PV guest is answered as well" within 20 obeyed tiny
check "though libxl cannot do it, which the log says" \
    grep -q "tiny: cannot change the medium in 'hdc' of domain [0-9]*: cdrom-insert requires an HVM domain" "$log"
eject tiny
check "again" within 20 sh -c "[ \$(grep -c \"tiny: cannot change the medium in 'hdc'\" $log) = 2 ]"
xl destroy tiny
xl destroy hvm

xl create -qF "$guests/hvm.cfg" 'vif=[]; name="front"' "$cd" &
check "create -F" within 30 exists front
check "it starts" within 30 runs front
eject front
empty() { [ -z "$(medium "$1")" ]; }
check "obeys too" within 30 empty front
xl destroy front
wait

note "several domains, one keeper; killed, it is replaced"
for n in 1 2 3; do xl create -q "$tiny" "name=\"tiny$n\"" 'on_crash="destroy"'; done
check "one keeper" within 5 one_keeper
pkill -KILL -x xl-keeper
no_keeper() { [ "$(keepers)" -eq 0 ]; }
check "none now" within 5 no_keeper
xl trigger tiny1 init >/dev/null 2>&1
$stock shutdown tiny1 >/dev/null 2>&1
check "one ends meanwhile" within 10 shut_down tiny1
xl pause tiny2
check "the next call that changes anything starts one" within 10 pgrep -x xl-keeper
check "which sees to what died meanwhile" within 20 gone tiny1
xl unpause tiny2
xl shutdown tiny2
check "and follows the others" within 20 gone tiny2
xl destroy tiny3
check "a renamed domain is still followed" sh -c "xl create -q '$tiny' && xl rename tiny tiny-x && xl shutdown tiny-x"
check "to its end" within 20 gone tiny-x
pkill -TERM -x xl-keeper
check "SIGTERM ends it" within 10 sh -c '! pgrep -x xl-keeper'
finish
