#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The scripts block-iscsi and block-nbd, with programs that stand in for theirs:
# what they are called with, and what the scripts say to what these do. With
# servers, in a Dom0: tests/dom0/44-hotplug-odd.sh.
set -u
. "$(dirname "$0")/lib.sh"
disk=
trap '[ -z "$disk" ] || losetup -d "$disk"; rig_stop; rm -rf "$rig_dir"' EXIT

backend() { # backend DOMID TARGET MODE
    local at=/local/domain/0/backend/vbd/$1/51712
    xenstore-rm "$at" 2>/dev/null
    xenstore-write "$at/params" "$2" "$at/mode" "$3" "$at/type" phy \
        "$at/frontend-id" "$1" "$at/state" 2 "/local/domain/$1/vm" "/vm/guest$1x"
}
run() { # run SCRIPT ACTION DOMID
    XENBUS_PATH=/local/domain/0/backend/vbd/$3/51712 "$libexec/$1" "$2"
}
value() { node "/local/domain/0/backend/vbd/$1/51712/$2"; }

# A program that notes its words, and obeys $work/NAME.does.
mkdir "$work/stubs"
PATH=$work/stubs:$PATH
stub() {
    printf '#!/bin/sh\necho "$*" >>%s.log\n[ ! -e %s.does ] || . %s.does\n' "$work/$1" "$work/$1" "$work/$1" >"$work/stubs/$1"
    chmod +x "$work/stubs/$1"
}
told() { cat "$work/$1.log" 2>/dev/null; rm -f "$work/$1.log"; }

# ---- block-iscsi ----------------------------------------------------------------
iqn=iqn.2026-01.org.example:disk
stub iscsiadm
mkdir -p "$work/class/iscsi_session"
truncate -s 1M "$work/lun"
disk=$(losetup -f --show "$work/lun")
mount -t tmpfs tmpfs /sys/class
mkdir -p /sys/class/iscsi_session
# Targets are found; who logs in gets a session and, in it, the disk.
cat >"$work/iscsiadm.does" <<END
at=/sys/class/iscsi_session/session1
case "\$*" in
*discovery*) printf '%s\n' '192.0.2.1:3260,1 $iqn' '192.0.2.1:3260,1 $iqn.other' ;;
*--login)
    mkdir -p \$at/device/target3:0:0/3:0:0:0/block/${disk#/dev/}
    echo '$iqn' >\$at/targetname
    ;;
*--logout) rm -r \$at ;;
esac
END
backend 1 "iqn=$iqn,portal=192.0.2.1" w
ok "add" run block-iscsi add 1
is "discovers and logs in" "$(told iscsiadm)" "-m discovery -t sendtargets -p 192.0.2.1
-m node -T $iqn -p 192.0.2.1 --login"
is "its device" "$(value 1 physical-device-path)" "$disk"
is "its number" "$(value 1 physical-device)" "$(stat -c %t:%T "$disk")"
is "its status" "$(value 1 hotplug-status)" connected
ok "add again" run block-iscsi add 1
is "does nothing" "$(told iscsiadm)" ""
backend 2 "iqn=$iqn,portal=192.0.2.1" r
refused "another guest" "is in use: somebody is logged in" run block-iscsi add 2
is "says busy" "$(value 2 hotplug-status)" busy
ok "which is then taken away" run block-iscsi remove 2
is "without logging out" "$(told iscsiadm)" ""
ok "remove" run block-iscsi remove 1
is "logs out" "$(told iscsiadm)" "-m node -T $iqn -p 192.0.2.1 --logout"
ok "remove again" run block-iscsi remove 1
is "does nothing" "$(told iscsiadm)" ""
backend 1 "portal=[2001:db8::1]:3261,multipath=n,iqn=$iqn.other" w
refused "a disk that does not come" "no disk of its LUN 0 came" env PATH="$work/stubs:$PATH" bash -c '
    sed -i "s/--login)/--never)/" '"$work"'/iscsiadm.does
    sed "s/wait_for 30/wait_for 1/" "$2/block-iscsi" >"$2/block-iscsi-quick"
    chmod +x "$2/block-iscsi-quick"
    XENBUS_PATH=/local/domain/0/backend/vbd/1/51712 "$2/block-iscsi-quick" add
    status=$?
    rm "$2/block-iscsi-quick"
    exit $status' - - "$libexec"
is "is logged out" "$(told iscsiadm | tail -n 1)" "-m node -T $iqn.other -p [2001:db8::1]:3261 --logout"
backend 1 "iqn=$iqn.third,portal=192.0.2.1" w
refused "a target that is not there" "it has: $iqn $iqn.other" run block-iscsi add 1
echo 'echo "cannot connect to 192.0.2.1"; exit 4' >"$work/iscsiadm.does"
refused "no portal" "iscsiadm: cannot connect to 192.0.2.1" run block-iscsi add 1
for bad in "" "iqn=$iqn" portal=192.0.2.1; do
    backend 1 "$bad" w
    refused "a target '$bad'" "needs iqn=NAME and portal=ADDRESS" run block-iscsi add 1
done
for bad in "iqn=$iqn,portal=x,lun=3" "iqn=$iqn,portal=x,multipath=maybe" "/dev/sda"; do
    backend 1 "$bad" w
    refused "a target '$bad'" "would be right" run block-iscsi add 1
done
refused "an action of NICs" "added or removed" run block-iscsi online 1
refused "no Open-iSCSI" "no iscsiadm" env PATH=/usr/bin:/bin XENBUS_PATH=/local/domain/0/backend/vbd/1/51712 bash -c '
    xenstore-write "$XENBUS_PATH/params" "$2"; exec "$1" add' - "$libexec/block-iscsi" "iqn=$iqn,portal=x"
umount /sys/class

# ---- block-nbd ------------------------------------------------------------------
stub nbd-client
cat >"$work/nbd-client.does" <<'END'
echo "Warning: the oldstyle protocol is no longer supported."
echo "This method now uses the newstyle protocol with a default export"
echo "Error: Socket failed: refused"
exit 1
END
mount -t tmpfs tmpfs /sys/block
mkdir /sys/block/nbd0 /sys/block/nbd1
echo 2048 >/sys/block/nbd0/size
echo 0 >/sys/block/nbd1/size
mount -t tmpfs tmpfs /sys/module
mkdir -p /sys/module/nbd
called() { # called TARGET MODE WORDS
    backend 1 "$1" "$2"
    refused "$1" "nbd-client: Error: Socket failed" run block-nbd add 1
    is "$1 is" "$(told nbd-client)" "$3"
}
called 192.0.2.1 w "192.0.2.1 10809 /dev/nbd1 -N "
called server.example:4711/disk1 w "server.example 4711 /dev/nbd1 -N disk1"
called nbd://server/disk1 r "server 10809 /dev/nbd1 -N disk1 -readonly"
called '[2001:db8::1]:4711' w "2001:db8::1 4711 /dev/nbd1 -N "
called '[2001:db8::1]/a/b' w "2001:db8::1 10809 /dev/nbd1 -N a/b"
called unix:/run/nbd.sock w "-unix /run/nbd.sock /dev/nbd1 -N "
called 'unix:/run/nbd.sock#disk1' w "-unix /run/nbd.sock /dev/nbd1 -N disk1"
is "says error" "$(value 1 hotplug-status)" error
ok "what did not come goes" run block-nbd remove 1
is "and nothing is disconnected" "$(told nbd-client)" ""
for bad in "" /disk1 2001:db8::1 'a b' nbd://-h 'x:y' 'x:' '[::1'; do
    backend 1 "$bad" w
    refused "a target '$bad'" "would be right" run block-nbd add 1
done
echo 1 >/sys/block/nbd1/pid
backend 1 192.0.2.1 w
refused "no device left" "no device /dev/nbd. is free" run block-nbd add 1
umount /sys/block
rm "$work/stubs/nbd-client"
refused "no nbd-client" "there is no nbd-client" env PATH=/usr/bin:/bin XENBUS_PATH=/local/domain/0/backend/vbd/1/51712 "$libexec/block-nbd" add
finish
