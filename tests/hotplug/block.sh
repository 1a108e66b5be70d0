#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The kind block: devices, images, who may share what, nothing left behind.
set -u
. "$(dirname "$0")/lib.sh"
trap 'detach_mine; rig_stop; rm -rf "$rig_dir"' EXIT
bin=$libexec/block

# Only of the test's own files: the machine may have others.
mine() { losetup -a | grep -F "$work/" | cut -d: -f1 | sort; }
detach_mine() { for d in $(mine); do losetup -d "$d"; done; }

# backend DOMID DEVID PATH MODE: as libxl leaves it to a script.
backend() {
    local at=/local/domain/0/backend/vbd/$1/$2
    xenstore-write "$at/params" "$3" "$at/mode" "$4" "$at/type" phy \
        "$at/frontend-id" "$1" "$at/state" 2 "/local/domain/$1/vm" "/vm/guest$1x"
}
run() { # run ACTION DOMID DEVID
    XENBUS_PATH=/local/domain/0/backend/vbd/$2/$3 XENBUS_TYPE=vbd \
        XENBUS_BASE_PATH=backend "$bin" "$1"
}
value() { node "/local/domain/0/backend/vbd/$1/$2/$3"; }

truncate -s 8M "$work/a.img" "$work/b.img" "$work/c.img"
ln -s a.img "$work/link.img"
ln "$work/a.img" "$work/hard.img"

# An image.
backend 1 51712 "$work/link.img" w
ok "add an image" run add 1 51712
loop=$(mine)
is "one loop device" "$(wc -w <<<"$loop")" 1
is "its node" "$(value 1 51712 node)" "$loop"
is "its path" "$(value 1 51712 physical-device-path)" "$loop"
is "its number" "$(value 1 51712 physical-device)" "$(stat -c %t:%T "$loop")"
is "its status" "$(value 1 51712 hotplug-status)" connected
is "it can be written" "$(losetup -n -O RO "$loop" | tr -d ' ')" 0
echo written | dd of="$loop" conv=fsync status=none
is "what is written reaches the image" "$(head -c 7 "$work/a.img")" written
ok "add it again" run add 1 51712
is "still one loop device" "$(mine)" "$loop"

# Sharing, by whatever name.
backend 2 51712 "$work/hard.img" w
refused "a second writer" "written to by domain 1" run add 2 51712
is "says busy" "$(value 2 51712 hotplug-status)" busy
ok "says who" grep -q "domain 1" <(value 2 51712 hotplug-error)
is "and has no loop device" "$(mine)" "$loop"
backend 2 51712 "$work/a.img" r
refused "a reader beside a writer" "written to by domain 1" run add 2 51712
backend 2 51712 "$work/a.img" 'w!'
ok "who insists" run add 2 51712
ok "and goes" run remove 2 51712
xenstore-rm /local/domain/0/backend/vbd/2
is "one is left" "$(mine)" "$loop"

# The same VM: migrating, or the stub domain of it.
backend 3 51712 "$work/a.img" w
xenstore-write /local/domain/3/vm /vm/guest1x-1
ok "the VM that comes by migration" run add 3 51712
ok "goes" run remove 3 51712
xenstore-rm /local/domain/0/backend/vbd/3
backend 3 51712 "$work/a.img" w
xenstore-write /local/domain/3/target 1
ok "the stub domain of the guest" run add 3 51712
ok "goes too" run remove 3 51712
xenstore-rm /local/domain/0/backend/vbd/3

ok "remove the image" run remove 1 51712
is "no loop device" "$(mine)" ""
ok "remove it again" run remove 1 51712
xenstore-rm /local/domain/0/backend/vbd/1

# Readers.
backend 4 51712 "$work/b.img" r
backend 5 51712 "$work/b.img" r
backend 6 51712 "$work/b.img" w
ok "a reader" run add 4 51712
ok "and another" run add 5 51712
refused "a writer beside readers" "used by domain 4" run add 6 51712
is "loops of readers" "$(losetup -n -O RO "$(value 4 51712 node)" | tr -d ' ')" 1
ok "one goes" run remove 4 51712
ok "the other goes" run remove 5 51712
is "no loop device" "$(mine)" ""
xenstore-rm /local/domain/0/backend/vbd

# Devices, and what Dom0 does with them.
disk=$(losetup -f --show "$work/c.img")
mkfs.ext2 -q "$disk"
mkdir "$work/mnt"
backend 1 51712 "$disk" w
ok "add a device" run add 1 51712
is "its path" "$(value 1 51712 physical-device-path)" "$disk"
is "it has no node" "$(value 1 51712 node)" ""
ok "remove a device" run remove 1 51712
ok "which stays" test -n "$(mine)"
xenstore-rm /local/domain/0/backend/vbd
mount "$disk" "$work/mnt"
backend 1 51712 "$disk" r
refused "a reader of what Dom0 writes" "mounted at '$work/mnt'" run add 1 51712
backend 1 51712 "$work/c.img" w
refused "its image, too" "mounted at '$work/mnt'" run add 1 51712
mount -o remount,ro "$work/mnt"
backend 1 51712 "$disk" w
refused "a writer of what Dom0 reads" "mounted at" run add 1 51712
backend 1 51712 "$disk" r
ok "a reader of what Dom0 reads" run add 1 51712
umount "$work/mnt"
xenstore-rm /local/domain/0/backend/vbd
losetup -d "$disk"

# For scripts: a device that they have found; and one to try them with.
backend 1 51712 iqn=x,portal=y w
ok "a disk whose device a script names" env XENBUS_PATH=/local/domain/0/backend/vbd/1/51712 "$bin" add "params=$work/c.img"
is "its path" "$(losetup -n -O BACK-FILE "$(value 1 51712 node)")" "$work/c.img"
ok "goes" run remove 1 51712
xenstore-rm /local/domain/0/backend/vbd
bin=$libexec/block-dummy
backend 1 51712 "dummy:$work/c.img" w
ok "block-dummy" run add 1 51712
is "its image" "$(losetup -n -O BACK-FILE "$(value 1 51712 node)")" "$work/c.img"
backend 2 51712 "dummy:$work/c.img" w
refused "is shared no more than others" "written to by domain 1" run add 2 51712
ok "it goes" run remove 1 51712
is "no loop device" "$(mine)" ""
xenstore-rm /local/domain/0/backend/vbd
for bad in "$work/c.img" dummy: ""; do
    backend 1 51712 "$bad" w
    refused "a target '$bad'" "dummy:/PATH/OF/FILE would be right" run add 1 51712
done
bin=$libexec/block
xenstore-rm /local/domain/0/backend/vbd

# What is wrong.
backend 1 51712 "$work/missing.img" w
refused "an image that is not there" "missing.img': No such file" run add 1 51712
is "says error" "$(value 1 51712 hotplug-status)" error
backend 1 51712 "$work" w
refused "a directory" "neither a block device nor a file" run add 1 51712
backend 1 51712 "$work/a.img" w
xenstore-write /local/domain/0/backend/vbd/1/51712/state 6
refused "a backend that was given up" "its state is 6" run add 1 51712
chmod a-w "$work/b.img"
backend 1 51712 "$work/b.img" w
refused "a writer of a read-only file" "is read-only" run add 1 51712
backend 1 51712 "" r
ok "an empty drive" run add 1 51712
is "is connected" "$(value 1 51712 hotplug-status)" connected
refused "no backend" "no backend in XenStore" env XENBUS_PATH=/local/domain/0/backend/vbd/9/1 "$bin" add
refused "an action of NICs" "added or removed" run online 1 51712
refused "no action" "Usage" "$bin"
refused "another action" "Usage" "$bin" dance
is "no loop device" "$(mine)" ""
is "no lock" "$(ls /run/xen-hotplug)" ""

# Where the kernel says who has what, XenStore is asked only about the rest.
mount -t tmpfs tmpfs /sys/bus
disk=$(losetup -f --show "$work/c.img")
kernel() { # kernel DOMID DEVID DEVICE MODE: a backend that the kernel has opened
    mkdir -p "/sys/bus/xen-backend/devices/vbd-$1-$2"
    stat -c %t:%T "$3" >"/sys/bus/xen-backend/devices/vbd-$1-$2/physical_device"
    echo "$4" >"/sys/bus/xen-backend/devices/vbd-$1-$2/mode"
}
kernel 7 51712 "$disk" r
xenstore-write /local/domain/7/vm /vm/guest7x
backend 8 51712 "$disk" w
mkdir -p /sys/bus/xen-backend/devices/{vbd-8-51712,vif-8-0,console-8-0}
refused "a writer beside a reader" "used by domain 7" run add 8 51712
backend 8 51712 "$disk" r
ok "a reader beside a reader" run add 8 51712
xenstore-rm /local/domain/0/backend/vbd/8
kernel 7 51712 "$disk" w
backend 8 51712 "$disk" r
refused "a reader beside a writer" "written to by domain 7" run add 8 51712
xenstore-rm /local/domain/7
ok "its domain has gone" run add 8 51712
mkdir -p /sys/bus/xen-backend/devices/vbd-9-51712
rm -r /sys/bus/xen-backend/devices/vbd-7-51712
backend 9 51712 "$disk" w
refused "one that the kernel has not opened yet" "used by domain 8" run add 9 51712
xenstore-rm /local/domain/0/backend/vbd
printf 'Filename Type Size Used Priority\n%s partition 1 0 -2\n' "$disk" >"$work/swaps"
mount --bind "$work/swaps" /proc/swaps
backend 8 51712 "$disk" w
refused "swap of Dom0" "as swap" run add 8 51712
umount /proc/swaps
umount /sys/bus
xenstore-rm /local/domain/0/backend/vbd
losetup -d "$disk"

# Many at once: each gets a device of its own.
for i in {1..20}; do
    truncate -s 1M "$work/many$i.img"
    backend "$i" 51712 "$work/many$i.img" w
done
for i in {1..20}; do run add "$i" 51712 & pids[i]=$!; done
for i in {1..20}; do ok "add of $i" wait "${pids[i]}"; done
is "20 loop devices" "$(mine | wc -l)" 20
is "all different" "$(for i in {1..20}; do value "$i" 51712 node; done | sort -u | wc -l)" 20
for i in {1..20}; do run remove "$i" 51712 & pids[i]=$!; done
for i in {1..20}; do ok "remove of $i" wait "${pids[i]}"; done
is "no loop device" "$(mine)" ""
finish
