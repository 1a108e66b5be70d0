#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# xapid and xe on Xen, as a user has them: a repository of files, a network of
# one bridge, a PV guest and an HVM guest from templates, which write to their
# disks (qcow2 and raw) and talk over the bridge; their consoles; the daemon
# killed (-9) and started again while they run; their ends. What calls do, one by
# one, is 70-xapid's matter.
. "$(dirname "$0")/lib.sh"
export XE_SOCKET=$work/xapi.sock
state=$work/state
images=$work/images
mkdir "$images"
pid=

start_xapid() {
    xapid --config '' --hv libxl --net bridge --state "$state" --socket "$XE_SOCKET" >>"$work/log" 2>&1 &
    pid=$!
    within 60 xe host-list
}

end_xapid() {
    kill "$@" $pid
    wait $pid 2>/dev/null
}

show_log() { sed 's/^/    /' "$work/log" | tail -n 40; }
get() { xe vm-param-get uuid="$1" param-name="$2"; }

# on VM COMMAND...: types the commands into its console by `xe console`, each at
# a prompt, and leaves by Ctrl-]; what was said is in $said. (Enter is pressed
# seldom, and until there is a prompt: each makes one, and what is typed before the
# last of them gets lost.)
on() {
    local vm=$1 line part='' out='' silent=0 quiet=3
    shift
    coproc timeout 900 xe console uuid="$vm" 2>&1
    local from=${COPROC[0]} to=${COPROC[1]} child=$COPROC_PID
    echo >&"$to"
    while :; do
        if ! IFS= read -r -t $quiet line <&"$from"; then
            part+=$line
            [ -d "/proc/$child" ] || break
            case $part in
            *'guest# '*)
                [ $# -gt 0 ] || break
                printf '%s\n' "$1" >&"$to"
                shift
                part= quiet=1
                ;;
            *) [ $quiet = 1 ] || [ $((++silent % 10)) -ne 0 ] || echo >&"$to" ;;
            esac
            continue
        fi
        out+=$part$line$'\n'
        part=
    done
    printf '\035' >&"$to" 2>/dev/null
    exec {to}>&-
    wait "$child" 2>/dev/null
    said=$(tr -d '\r' <<<"$out$part")
}

heard() {
    case $said in
    *"$2"*) printf 'ok: %s\n' "$1" ;;
    *)
        bad "$1: not \"$2\""
        sed 's/^/    /' <<<"$said"
        ;;
    esac
}

note "a repository, a network"
check "the daemon is ready" start_xapid
host=$(xe host-list --minimal)
sr=$(xe sr-create name-label=images type=file content-type=user device-config:location="$images")
check "an SR of files" [ -n "$sr" ]
net=$(xe network-list bridge=xenbr0 --minimal)
[ -n "$net" ] || net=$(xe network-create name-label=lab bridge=xenbr0)
check "a network" [ -n "$net" ]

note "a PV guest, out of a template"
pv=$(xe vm-install new-name-label=pv template="Linux (PV)" sr-uuid="$sr")
check "vm-install" [ -n "$pv" ]
check "it has a disk of the template" sh -c "ls '$images'/*.qcow2"
xe vm-memory-limits-set uuid="$pv" static-min=64MiB dynamic-min=128MiB dynamic-max=128MiB static-max=128MiB || bad memory
xe vm-param-set uuid="$pv" VCPUs-at-startup=1 PV-bootloader= PV-kernel="$guests/vmlinux" \
    PV-ramdisk="$guests/guest.initrd" PV-args="console=hvc0 quiet cryptomgr.notests dom0kit.name=pv ip=192.168.128.11/24" || bad params
raw=$(xe vdi-create sr-uuid="$sr" name-label=raw virtual-size=8MiB type=user sm-config:type=raw)
check "a raw disk" [ -f "$images/$raw.raw" ]
vbd=$(xe vbd-create vm-uuid="$pv" device=1 vdi-uuid="$raw" mode=RW type=Disk)
check "its VBD" [ -n "$vbd" ]
vif=$(xe vif-create vm-uuid="$pv" device=0 network-uuid="$net" mac=00:16:3e:00:00:0b)
check "its VIF" [ -n "$vif" ]
check "vm-start" xe vm-start uuid="$pv" || show_log
check "vm-list says that it runs" sh -c "xe vm-list uuid=$pv params=power-state | grep -q running"
check "it is a domain of that number" [ "$(id pv)" = "$(get "$pv" dom-id)" ]
check "the VBD is attached" [ "$(xe vbd-param-get uuid="$vbd" param-name=currently-attached)" = true ]

note "an HVM guest, its disk imported"
hvm=$(xe vm-install new-name-label=hvm template="Linux (BIOS)" sr-uuid="$sr")
check "vm-install" [ -n "$hvm" ]
xe vm-memory-limits-set uuid="$hvm" static-min=64MiB dynamic-min=192MiB dynamic-max=192MiB static-max=192MiB || bad memory
xe vm-param-set uuid="$hvm" VCPUs-at-startup=1 HVM-boot-params:order=c platform:hdtype=ahci platform:vga=none platform:nic_type=pv || bad params
vdi=$(xe vdi-list sr-uuid="$sr" params=uuid --minimal | tr , '\n' | grep -v -e "$raw" -e "$(xe vbd-list vm-uuid="$pv" device=xvda params=vdi-uuid --minimal)")
check "vdi-import" xe vdi-import uuid="$vdi" filename="$guests/hvm.img" format=raw
check "its VIF" xe vif-create vm-uuid="$hvm" device=0 network-uuid="$net" mac=00:16:3e:00:00:0e
check "vm-start" xe vm-start uuid="$hvm" || show_log

note "the one on its console, while the other boots"
on "$pv" look 'echo qcow2-was-here | dd of=/dev/xvda conv=fsync 2>/dev/null' \
    'echo raw-was-here | dd of=/dev/xvdb conv=fsync 2>/dev/null' \
    'ping -c 3 -w 480 192.168.128.1 >/dev/null && echo "bridge "is there' 'remember=1234'
heard "xe console: it sees its disks" "xvdb:8M:rw"
heard "it talks over the bridge" "bridge is there"
check "and answers" ping -q -c 3 -w 480 192.168.128.11

note "the other"
on "$hvm" look 'ping -c 3 -w 480 192.168.128.11 >/dev/null && echo "the other "is there'
heard "xe console: its serial line" "dom0kit guest: hvm"
heard "it talks to the other guest" "the other is there"

note "the daemon is killed, and started again"
before=$(xl list | awk '{ print $1, $2 }')
end_xapid -9
check "the guests run on" [ "$(xl list | awk '{ print $1, $2 }')" = "$before" ]
check "it starts again" start_xapid
check "nothing has happened to them" [ "$(xl list | awk '{ print $1, $2 }')" = "$before" ]
for vm in "$pv" "$hvm"; do
    check "$(get "$vm" name-label): the database agrees" [ "$(get "$vm" power-state) $(get "$vm" dom-id)" = "running $(id "$(get "$vm" name-label)")" ]
done
check "the VBD is attached still" [ "$(xe vbd-param-get uuid="$vbd" param-name=currently-attached)" = true ]
on "$pv" 'echo remembered $remember'
heard "it is the same guest" "remembered 1234"

note "a guest that ends, and the daemon has not asked it to"
"$stock" shutdown hvm || bad "xl shutdown"
check "is halted" within 60 sh -c "xe vm-list uuid=$hvm params=power-state | grep -q halted"
check "its domain is gone" gone hvm

note "domains of xl beside them"
xl create -q "$tiny" || bad "xl create"
check "are shown" within 30 sh -c "xe vm-list name-label=tiny params=other-config | grep -q foreign"
xl destroy tiny
check "and go" within 30 sh -c "[ -z \"\$(xe vm-list name-label=tiny --minimal)\" ]"

note "the end"
check "vm-shutdown" xe vm-shutdown uuid="$pv"
check "its domain is gone" gone pv
qcow2=$(xe vbd-list vm-uuid="$pv" userdevice=0 params=vdi-uuid --minimal)
check "what was written is in the raw disk" grep -q -a raw-was-here "$images/$raw.raw"
check "what was written is in the qcow2 disk" sh -c "qemu-img dd -f qcow2 -O raw bs=512 count=1 if='$images/$qcow2.qcow2' of='$work/first' && grep -q qcow2-was-here '$work/first'"
check "vm-uninstall" xe vm-uninstall --force uuid="$pv"
check "vm-uninstall" xe vm-uninstall --force uuid="$hvm"
check "vdi-destroy, of what it did not own" xe vdi-destroy uuid="$raw"
check "no image is left" [ -z "$(ls "$images")" ]
check "no guest is left" [ -z "$(xe vm-list is-control-domain=false --minimal)" ]
check "Dom0 is" [ -n "$(xe vm-list is-control-domain=true --minimal)" ]
end_xapid -TERM
[ $failures -eq 0 ] || show_log
finish
