#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Disks that are not of this host, each from a real server in this Dom0: iSCSI
# (the kernel's target and Open-iSCSI), NBD (qemu-nbd and nbd-client), DRBD (a
# resource without its peer, and the script of drbd-utils); and block-dummy. A
# guest writes to all of them; nothing is left of its end.
. "$(dirname "$0")/lib.sh"
hot=$top/build/libexec
for package in open-iscsi libisns0 libopeniscsiusr nbd-client libnl-genl-3-200 drbd-utils; do
    [ -d "$top/build/unpacked/$package" ] || { bad "no build/unpacked/$package: run scripts/deps"; finish; }
    tar -C "$top/build/unpacked/$package" -c . | tar -C / -x --no-same-owner --keep-directory-symlink
done
ldconfig
node() { xenstore-read "/local/domain/0/backend/vbd/$(id pv)/$1/$2" 2>/dev/null; }
for n in iscsi nbd drbd dummy; do truncate -s 16M "$work/$n.img"; done
ip link set lo up

note "an iSCSI target"
iqn=iqn.2026-01.org.dom0kit:disk
for m in target_core_mod target_core_file iscsi_target_mod iscsi_tcp sd_mod nbd drbd; do
    check "module $m" modprobe "$m"
done
mountpoint -q /sys/kernel/config || mount -t configfs configfs /sys/kernel/config
config=/sys/kernel/config/target
mkdir -p "$config/core/fileio_0/disk"
echo "fd_dev_name=$work/iscsi.img,fd_dev_size=16777216" >"$config/core/fileio_0/disk/control"
echo 1 >"$config/core/fileio_0/disk/enable"
group=$config/iscsi/$iqn/tpgt_1
mkdir -p "$group/np/127.0.0.1:3260" "$group/lun/lun_0"
ln -s "$config/core/fileio_0/disk" "$group/lun/lun_0/disk"
echo 0 >"$group/attrib/authentication"
echo 1 >"$group/attrib/generate_node_acls"
echo 0 >"$group/attrib/demo_mode_write_protect"
check "is up" sh -c 'echo 1 >"$0/enable"' "$group"
echo "InitiatorName=iqn.2026-01.org.dom0kit:dom0" >/etc/iscsi/initiatorname.iscsi
iscsid || bad "iscsid"

note "an NBD server, a DRBD resource"
qemu-nbd -t -x disk -f raw -p 10810 --fork --pid-file="$work/nbd.pid" "$work/nbd.img" || bad "qemu-nbd"
backing=$(losetup -f --show "$work/drbd.img")
mkdir -p /var/lib/drbd /run/drbd
cat >/etc/drbd.d/r0.res <<END
resource r0 {
    device /dev/drbd0;
    disk $backing;
    meta-disk internal;
    on $(uname -n) { address 127.0.0.1:7788; }
    on elsewhere { address 127.0.0.2:7788; }
}
END
{ drbdadm create-md --force r0 && drbdadm up r0 && drbdadm primary --force r0 && drbdadm secondary r0; } >"$work/drbd" 2>&1 || cat "$work/drbd"
check "DRBD is up" [ "$(drbdadm role r0 2>/dev/null | cut -d/ -f1)" = Secondary ]

xl create -q "$tiny" 'name="warm"' && xl destroy warm
inventory >"$work/before"
note "a guest with a disk of each"
disks="\"vdev=xvda,access=w,script=$hot/block-iscsi,target=iqn=$iqn,portal=127.0.0.1\",
    \"vdev=xvdb,access=w,script=$hot/block-nbd,target=127.0.0.1:10810/disk\",
    \"drbd:r0,xvdc,w\",
    \"vdev=xvdd,access=w,script=$hot/block-dummy,target=dummy:$work/dummy.img\""
check "starts" xl create -q "$guests/pv.cfg" "disk=[$disks]" 'vif=[]'
check "DRBD's script was DRBD's" [ "$(node 51744 script)" = /etc/xen/scripts/block-drbd ]
check "which made it primary" [ "$(drbdadm role r0 | cut -d/ -f1)" = Primary ]
check "iSCSI is a disk of SCSI" sh -c 'case $0 in /dev/sd*) ;; *) exit 1 ;; esac' "$(node 51712 physical-device-path)"
refuse "another guest with the iSCSI disk" xl create -qp "$tiny" 'name="other"' "disk=[\"vdev=xvda,access=w,script=$hot/block-iscsi,target=iqn=$iqn,portal=127.0.0.1\"]"
says "is in use: somebody is logged in to it"
check "leaves it alone" [ "$(iscsiadm -m session | grep -c "$iqn")" = 1 ]
sd=$(node 51712 physical-device-path)
within 120 up pv || bad "pv is not up"
typed pv 'for d in a b c d; do echo "written to $d" | dd of=/dev/xvd$d bs=512 seek=8 conv=sync,fsync 2>/dev/null; done'
xl destroy pv

note "after its end"
for d in iscsi:a nbd:b drbd:c dummy:d; do
    check "${d%:*} has what was written" [ "$(dd if="$work/${d%:*}.img" bs=512 skip=8 count=1 2>/dev/null | tr -d '\0')" = "written to ${d##*:}" ]
done
check "logged out" [ "$(iscsiadm -m session 2>/dev/null | grep -c .)" = 0 ]
check "disconnected" [ ! -e /sys/block/nbd0/pid ]
check "DRBD is secondary" [ "$(drbdadm role r0 | cut -d/ -f1)" = Secondary ]
unchanged() {
    inventory >"$work/after"
    diff "$work/before" "$work/after" >"$work/diff"
}
within 10 unchanged || bad "left or lost: $(grep '^[<>]' "$work/diff")"

note "beside stock's block-iscsi"
target="target=iqn=$iqn,portal=127.0.0.1"
sessions() { iscsiadm -m session 2>/dev/null | grep -c "$iqn"; }
backend() { echo "backend/vbd/$(id tiny)/51712"; }
# What udev would have made.
mkdir -p /dev/disk/by-path
link=/dev/disk/by-path/ip-127.0.0.1:3260-iscsi-$iqn-lun-0
ln -s "$sd" "$link"
xl create -qp "$tiny" "disk=[\"vdev=xvda,access=w,script=$hot/block-iscsi,$target\"]" || bad create
check "attached by ours" [ "$(sessions)" = 1 ]
XENBUS_PATH=$(backend) XENBUS_TYPE=vbd XENBUS_BASE_PATH=backend /etc/xen/scripts/block-iscsi remove
check "detached by stock's" [ "$(sessions)" = 0 ]
xl destroy tiny
xl create -qp "$tiny" "disk=[\"vdev=xvda,access=w,script=block-iscsi,$target\"]" || bad create
check "attached by stock's" [ "$(sessions)" = 1 ]
XENBUS_PATH=$(backend) "$hot/block-iscsi" remove
check "detached by ours" [ "$(sessions)" = 0 ]
ln -sf /dev/null "$link" # or stock's would wait for ever
xl destroy tiny 2>/dev/null
rm "$link"
check "all has gone" gone tiny

note "what is wrong"
refuse "no server" xl create -qp "$tiny" "disk=[\"vdev=xvda,access=w,script=$hot/block-nbd,target=127.0.0.1:10999\"]"
says "nbd-client: "
refuse "no such target" xl create -qp "$tiny" "disk=[\"vdev=xvda,access=w,script=$hot/block-iscsi,target=iqn=$iqn.x,portal=127.0.0.1\"]"
says "has no target"
within 10 unchanged || bad "left or lost: $(grep '^[<>]' "$work/diff")"
drbdadm down r0
losetup -d "$backing"
kill "$(cat "$work/nbd.pid")"
iscsiadm -k 0
echo 0 >"$group/enable"
finish
