#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The compiled hotplug program under libxl: chosen by default, by name and by
# path; beside stock's; sharing is refused; traffic between guests on a bridge, by
# routes and through NAT; what is written to disks of each kind stays; many rounds and
# many creates at once leave nothing.
. "$(dirname "$0")/lib.sh"
hot=$top/build/libexec
node() { xenstore-read "/local/domain/0/backend/$1/$(id "$2")/$3" 2>/dev/null; }
unchanged() {
    inventory >"$work/after"
    diff "$work/before" "$work/after" >"$work/diff"
}
nothing_left() {
    within 10 unchanged || {
        bad "$1: this is left or lost:"
        grep '^[<>]' "$work/diff" | head -n 20
        return
    }
    printf 'ok: %s: nothing is left\n' "$1"
}

truncate -s 8M "$work/raw.img" "$work/other.img"
cp "$guests/hvm.qcow2" "$work/q.qcow2"
disk=$(losetup -f --show "$work/raw.img")
xl create -q "$tiny" 'name="warm"' && xl destroy warm
inventory >"$work/before"

note "which program libxl is given"
xl create -qp "$tiny" 'vif=["bridge=xenbr0"]' "disk=[\"phy:$disk,xvda,w\",\"$work/q.qcow2,qcow2,xvdb,w\"]" || bad create
check "ours, for a device that the kernel serves" [ "$(node vbd tiny 51712/script)" = "$hot/block" ]
check "its number" [ "$(node vbd tiny 51712/physical-device)" = "$(stat -c %t:%T "$disk")" ]
check "the kernel's word for it" [ "$(cat "/sys/bus/xen-backend/devices/vbd-$(id tiny)-51712/physical_device")" = "$(stat -c %t:%T "$disk")" ]
check "ours, for a bridged vif" [ "$(node vif tiny 0/script)" = "$hot/vif-bridge" ]
check "it is on the bridge" [ -e "/sys/class/net/xenbr0/brif/vif$(id tiny).0" ]
check "none, for what QEMU serves" [ -z "$(node qdisk tiny 51728/script)" ]

note "sharing"
refuse "a second writer" xl create -qp "$tiny" 'name="other"' "disk=[\"phy:$disk,xvda,w\"]"
says "written to by domain $(id tiny)"
refuse "a reader beside the writer" xl create -qp "$tiny" 'name="other"' "disk=[\"phy:$disk,xvda,r\"]"
says "written to by domain $(id tiny)"
check "which has left nothing" gone other
xl destroy tiny
nothing_left "all that"

note "beside stock's"
stock_disk=(disk="[\"phy:$disk,xvda,w,script=block\"]")
xl create -qp "$tiny" 'vif=["bridge=xenbr0,script=vif-bridge"]' "${stock_disk[@]}" || bad create
check "a script by its name is stock's" [ "$(node vif tiny 0/script)" = /etc/xen/scripts/vif-bridge ]
check "of a disk, too" [ "$(node vbd tiny 51712/script)" = /etc/xen/scripts/block ]
refuse "ours sees stock's" xl create -qp "$tiny" 'name="other"' "disk=[\"phy:$disk,xvda,w\"]"
says "written to by domain $(id tiny)"
xl destroy tiny
xl create -qp "$tiny" "disk=[\"$work/other.img,raw,xvda,w\"]" || bad create
loop=$(node vbd tiny 51712/node)
check "an image has a loop device" [ "$(losetup -n -O BACK-FILE "$loop")" = "$work/other.img" ]
$stock create -q "$tiny" 'name="other"' "disk=[\"phy:$loop,xvda,w\"]" >/dev/null 2>&1
check "stock's sees ours" [ $? -ne 0 ]
gone other || $stock destroy other
XENBUS_PATH=backend/vbd/$(id tiny)/51712 XENBUS_TYPE=vbd XENBUS_BASE_PATH=backend \
    /etc/xen/scripts/block remove
check "stock's detaches what ours attached" [ "$(losetup -n -O AUTOCLEAR "$loop" | tr -d ' ')" = 1 ]
xl destroy tiny
check "and it goes with the guest" within 5 sh -c '! losetup "$0"' "$loop"
check "stock xl uses it by its path" $stock create -qp "$tiny" "vif=[\"bridge=xenbr0,script=$hot/vif-bridge\"]" "disk=[\"$work/other.img,raw,xvda,w,script=$hot/block\"]"
check "an image of it" [ -n "$(node vbd tiny 51712/node)" ]
$stock destroy tiny
nothing_left "all that"

note "what is wrong"
refuse "a bridge that is not there" xl create -qp "$tiny" 'vif=["bridge=xenbr7"]'
says "there is no bridge xenbr7"
refuse "a name that is taken" xl create -qp "$tiny" 'vif=["bridge=xenbr0,vifname=xenbr0"]'
says "another interface has that name"
nothing_left "what failed"

note "disks of each kind, over a restart"
vg=dom0kit$$
pv=$(truncate -s 40M "$work/lvm.img" && losetup -f --show "$work/lvm.img")
{ pvcreate -q "$pv" && vgcreate -q "$vg" "$pv" && lvcreate -q -y -Zn -Wn -L 8M -n lv "$vg"; } >"$work/lvm" 2>&1 || cat "$work/lvm"
lv=/dev/mapper/$vg-lv
[ -b "$lv" ] || dmsetup mknodes
check "a logical volume" [ -b "$lv" ]
truncate -s 8M "$work/file.img"
inventory >"$work/before"
disks="disk=[\"$work/file.img,raw,xvda,w\",\"phy:$disk,xvdb,w\",\"phy:$lv,xvdc,w\",\"$work/q.qcow2,qcow2,xvdd,w\"]"
bridged='vif=["bridge=xenbr0,mac=00:16:3e:00:00:0b"]'
check "a guest with four of them" xl create -q "$guests/pv.cfg" "$disks" "$bridged"
within 120 up pv || bad "pv is not up"
typed pv 'for d in a b c d; do echo "written to $d" | dd of=/dev/xvd$d bs=512 seek=8 conv=sync,fsync 2>/dev/null; done'
xl destroy pv
nothing_left "its end"
for d in "$work/file.img:a" "$disk:b" "$lv:c"; do
    check "${d%:*} has what was written" [ "$(dd if="${d%:*}" bs=512 skip=8 count=1 2>/dev/null | tr -d '\0')" = "written to ${d##*:}" ]
done
>/var/log/xen/console/guest-pv.log
check "again" xl create -q "$guests/pv.cfg" "$disks" "$bridged"
# Beside it, those of the next part.
second() { # NAME VIF EXTRA: a second guest, without disks
    >"/var/log/xen/console/guest-$1.log"
    xl create -q "$guests/pv.cfg" "name=\"$1\"" 'disk=[]' "vif=[\"$2\"]" \
        "extra=\"console=hvc0 quiet cryptomgr.notests dom0kit.name=$1 $3\"" || bad "create $1"
}
second bridged bridge=xenbr0 ip=192.168.128.21/24
second routed "script=$hot/vif-route,ip=198.51.100.7,gatewaydev=xenbr0" "ip=198.51.100.7/32"
second natted "script=$hot/vif-nat,ip=203.0.113.5/24" "ip=203.0.113.5/24 gw=203.0.113.132"
for name in pv bridged routed natted; do
    within 120 up $name || bad "$name is not up"
done
typed pv 'for d in a b c d; do dd if=/dev/xvd$d bs=512 skip=8 count=1 2>/dev/null | tr -d "\0"; done'
for d in a b c d; do check "it reads what it wrote to $d" grep -q "^written to $d" "$work/typed"; done

note "traffic: on a bridge, by a route, through NAT"
# pinged FROM ADDRESS: three of three.
pinged() {
    typed "$1" "ping -c 3 -i 0.2 -W 100 $2"
    grep -q '3 packets transmitted, 3 packets received' "$work/typed"
}
ip address show dev xenbr0 | grep -q 192.168.128.1/24 || ip address add 192.168.128.1/24 dev xenbr0
ip link set xenbr0 up
echo 1 >/proc/sys/net/ipv4/ip_forward
typed pv "ip route add default via 192.168.128.1"
check "between two on the bridge" pinged bridged 192.168.128.11
xl destroy bridged
typed routed 'ip route add 192.168.128.1 dev eth0; ip route add default via 192.168.128.1'
check "to the one on the bridge, by a route" pinged routed 192.168.128.11
check "and back" pinged pv 198.51.100.7
xl destroy routed
check "its route has gone" [ -z "$(ip route show 198.51.100.7)" ]
nft add table ip dom0kit
nft add chain ip dom0kit post '{ type nat hook postrouting priority 100; }'
nft add rule ip dom0kit post oif xenbr0 ip saddr 203.0.113.0/24 masquerade
typed pv "ip route del default"
check "to the one on the bridge, through NAT" pinged natted 192.168.128.11
nft delete table ip dom0kit
xl destroy natted
xl destroy pv
nothing_left "the guests' end"
vgchange -q -an "$vg" >/dev/null 2>&1
losetup -d "$pv"
inventory >"$work/before"

note "200 times attached and detached"
xl create -qp "$tiny" || bad create
guest=$(id tiny)
hv=$top/build/tests/hv
"$hv" rounds "$guest" "nic=1,00:16:3e:00:00:0c,xenbr0" rounds=90 force &
nics=$!
"$hv" rounds "$guest" "disk=xvdb,raw,rw,$disk" rounds=90 force &
disks=$!
images=0
for i in {1..20}; do
    $stock block-attach tiny "vdev=xvdc,access=w,format=raw,script=$hot/block,target=$work/other.img" &&
        $stock block-detach --force tiny xvdc || break
    images=$i
done
check "20 images" [ $images = 20 ]
check "90 NICs" wait $nics
check "90 devices" wait $disks
xl destroy tiny
nothing_left "200 rounds"

note "100 creates at once"
mkdir "$work/many"
truncate -s 1M "$work/many/"{1..100}.img
nameless=$(grep -v '^name = ' "$tiny")
for i in {1..100}; do
    printf '%s\nname="m%d"\nvif=["bridge=xenbr0"]\ndisk=["%s,raw,xvda,w"]\n' "$nameless" "$i" "$work/many/$i.img" >"$work/many/$i.cfg"
done
check "with one xl create" xl create -q "$work/many/*.cfg"
check "all are there" [ "$(xl list | grep -c '^m[0-9]')" = 100 ]
check "each with a loop device of its own" [ "$(losetup -n -O BACK-FILE -a | grep -c "^$work/many/")" = 100 ]
echo 'disk=["/nonexistent/disk,raw,xvda,w"]' >>"$work/many/7.cfg"
note "and destroyed"
check "with one xl destroy" xl destroy m{1..100}
nothing_left "100 of them"
xl create "$work/many/6.cfg" "$work/many/7.cfg" "$work/many/8.cfg" >"$work/said" 2>&1
check "one that fails is exit status 1" [ $? -eq 1 ]
check "it is named" grep -q "^$work/many/7.cfg: failed" "$work/said"
check "with why" grep -q '/nonexistent/disk' "$work/said"
check "the others are there" sh -c 'xl list m6 && xl list m8' >/dev/null
check "and counted" grep -q '^2 created, 1 failed, ' "$work/said"
xl destroy m6 m8
losetup -d "$disk"
finish
