#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The compiled hotplug program under libxl: chosen by default, by name and by
# path; with stock xl; sharing is refused; traffic on a bridge, by routes and
# behind NAT; what is written to disks stays; nothing is left after many rounds.
. "$(dirname "$0")/lib.sh"
hot=$top/build/libexec
note "which program libxl is given"
truncate -s 8M "$work/raw.img"
cp "$guests/hvm.qcow2" "$work/q.qcow2"
disk=$(losetup -f --show "$work/raw.img")
backend() { xenstore-read "/local/domain/0/backend/$1/$(id tiny)/$2/$3" 2>/dev/null; }
xl create -qp "$tiny" 'vif=["bridge=xenbr0"]' "disk=[\"phy:$disk,xvda,w\",\"$work/q.qcow2,qcow2,xvdb,w\"]"
check "a device of the kernel's: ours" [ "$(backend vbd 51712 script)" = "$hot/block" ]
check "its number" [ "$(backend vbd 51712 physical-device)" = "$(stat -c %t:%T "$disk")" ]
check "a bridged vif: ours" [ "$(backend vif 0 script)" = "$hot/vif-bridge" ]
check "it is on the bridge" [ -e "/sys/class/net/xenbr0/brif/vif$(id tiny).0" ]
check "qcow2 is QEMU's, and has none" [ -z "$(backend qdisk 51728 script)" ]
refuse "another writer" xl create -qp "$tiny" 'name="other"' "disk=[\"phy:$disk,xvda,w\"]"
says "written to by domain $(id tiny)"
check "which has left nothing" gone other
check "stock xl detaches the vif" $stock network-detach tiny 0
check "and the disk" $stock block-detach tiny xvda
check "stock xl attaches with ours" $stock block-attach tiny "vdev=xvdc,access=w,script=$hot/block,target=$work/raw.img.2" || true
xl destroy tiny
finish
