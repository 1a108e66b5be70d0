#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The script vif-openvswitch, with Open vSwitch itself, which switches in a
# process of its own here, without the kernel's module.
set -u
. "$(dirname "$0")/lib.sh"

for package in openvswitch-switch openvswitch-common; do
    unpacked=$PWD/build/unpacked/$package
    [ -d "$unpacked" ] || { echo "no $unpacked: run scripts/deps" >&2; exit 1; }
    PATH=$unpacked/usr/bin:$unpacked/usr/sbin:$unpacked/usr/lib/openvswitch-switch:$PATH
done
schema=$(echo build/unpacked/*/usr/share/openvswitch/vswitch.ovsschema)
export OVS_RUNDIR=$work OVS_LOGDIR=$work OVS_DBDIR=$work
ovsdb-tool create "$work/conf.db" "$schema"
ovsdb-server "$work/conf.db" "--remote=punix:$work/db.sock" --pidfile --detach --log-file -vconsole:off 2>>"$work/ovs.err"
ovs-vsctl --no-wait init
ovs-vswitchd "unix:$work/db.sock" --pidfile --detach --log-file -vconsole:off 2>>"$work/ovs.err"
trap 'kill "$(cat "$work/ovs-vswitchd.pid")" "$(cat "$work/ovsdb-server.pid")"; rig_stop; rm -rf "$rig_dir"' EXIT
ovs-vsctl --timeout=120 add-br sw0 -- set bridge sw0 datapath_type=netdev || exit 1

backend() { # backend DOMID [NODE VALUE]...
    local at=/local/domain/0/backend/vif/$1/0
    xenstore-write "$at/frontend-id" "$1" "$at/handle" 0 "$at/state" 2 "$at/mac" 00:16:3e:00:00:01 \
        "/local/domain/$1/vm" "/vm/$1" "/vm/$1/name" 'web "1"' "/vm/$1/uuid" "uuid-$1"
    shift
    while [ $# -gt 0 ]; do
        xenstore-write "$at/$1" "$2"
        shift 2
    done
}
run() { # run ACTION DOMID [TYPE]
    XENBUS_PATH=/local/domain/0/backend/vif/$2/0 vif=vif$2.0 INTERFACE=vif$2.0-emu \
        "$libexec/vif-openvswitch" "$1" "type_if=${3:-vif}"
}
value() { node "/local/domain/0/backend/vif/$1/0/$2"; }
of() { ovs-vsctl get "$@" 2>/dev/null; }
switch() { ovs-vsctl port-to-br "$1" 2>/dev/null; }

ip link add vif1.0 type veth peer name guest1
ip link add vif1.0-emu type veth
backend 1 bridge sw0.5:7:8
ok "add, which is for taps" run add 1
is "did nothing" "$(switch vif1.0)" ""
ok "online" run online 1
is "is a port" "$(switch vif1.0)" sw0
is "in its VLAN" "$(of port vif1.0 tag)" 5
is "and trunks" "$(of port vif1.0 trunks)" "[7, 8]"
is "the guest's name" "$(of interface vif1.0 external-ids:xen-vm-name)" '"web \"1\""'
is "its uuid" "$(of interface vif1.0 external-ids:xen-vm-uuid)" uuid-1
is "its address" "$(of interface vif1.0 external-ids:attached-mac)" '"00:16:3e:00:00:01"'
is "address" "$(cat /sys/class/net/vif1.0/address)" fe:ff:ff:ff:ff:ff
is "up" "$(ip -o link show dev vif1.0 | grep -c '[<,]UP[,>]')" 1
is "status" "$(value 1 hotplug-status)" connected
is "the guest is told the MTU" "$(node /local/domain/1/device/vif/0/mtu)" "$(cat /sys/class/net/sw0/mtu)"
ok "online again" run online 1
ok "the tap" run add 1 tap
is "is a port, too" "$(switch vif1.0-emu)" sw0
ok "the tap goes" run remove 1 tap
is "is none" "$(switch vif1.0-emu)" ""
ok "offline" run offline 1
is "no port" "$(switch vif1.0)" ""
is "down" "$(ip -o link show dev vif1.0 | grep -c '[<,]UP[,>]')" 0
ip link del vif1.0
ok "offline of what has gone" run offline 1

# Traffic between two of them.
mkdir -p /run/netns
mount -t tmpfs tmpfs /run/netns
for n in 2 3; do
    ip netns add "guest$n"
    ip link add vif$n.0 type veth peer name eth0 netns "guest$n"
    backend $n bridge sw0 vifname "web$n" mtu 1300
    ok "online with a name" run online $n
    is "called so" "$(switch web$n)" sw0
    is "its MTU" "$(cat /sys/class/net/web$n/mtu)" 1300
    ip -n "guest$n" address add 192.0.2.$n/24 dev eth0
    ip -n "guest$n" link set eth0 up
done
ok "traffic" ip netns exec guest2 busybox ping -c 2 -W 5 192.0.2.3
ok "online again with a name" run online 2
ok "offline" run offline 2
is "no port" "$(switch web2)" ""
refused "none after it" "100% packet loss" ip netns exec guest2 busybox ping -c 1 -W 1 192.0.2.3

# What is wrong.
ip link add vif4.0 type veth
backend 4 bridge sw7
refused "no such switch" "no bridge named sw7" run online 4
is "status" "$(value 4 hotplug-status)" error
ok "says why" grep -q "no bridge named sw7" <(value 4 hotplug-error)
for bad in sw0.x sw0.5.6 sw0: 'sw0:5;6'; do
    backend 4 bridge "$bad"
    refused "a bridge '$bad'" "would be right\|a VLAN is a number" run online 4
done
backend 4 bridge sw0.4096
refused "a VLAN too large" "4096" run online 4
backend 4 bridge sw0 vifname web3
refused "a name that is taken" "another interface has that name" run online 4
backend 4 vifname a-name-that-is-too-long
refused "a long name" "longer than the 15 characters" run online 4
xenstore-rm /local/domain/0/backend/vif/4
backend 4
refused "none named" "name the bridge" run online 4
refused "another type" "a type_if vif or tap" run online 4 x
refused "no action" "an action is" run attach 4
refused "no ovs-vsctl" "ovs-vsctl" env PATH=/usr/bin:/usr/sbin vif=vif4.0 XENBUS_PATH=/local/domain/0/backend/vif/4/0 "$libexec/vif-openvswitch" offline
finish
