#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The kinds vif-bridge, vif-route and vif-nat, on interfaces that stand in for
# the backend's.
set -u
. "$(dirname "$0")/lib.sh"

backend() { # backend DOMID DEVID [NODE VALUE]...
    local at=/local/domain/0/backend/vif/$1/$2
    xenstore-write "$at/frontend-id" "$1" "$at/handle" "$2" "$at/state" 2 "$at/mac" 00:16:3e:00:00:01
    shift 2
    while [ $# -gt 0 ]; do
        xenstore-write "$at/$1" "$2"
        shift 2
    done
}
run() { # run KIND ACTION DOMID DEVID
    XENBUS_PATH=/local/domain/0/backend/vif/$3/$4 XENBUS_TYPE=vif vif=vif$3.$4 \
        "$libexec/$1" "$2" type_if=vif
}
tap() { # tap KIND ACTION DOMID DEVID
    INTERFACE=vif$3.$4-emu "$libexec/$1" "$2" type_if=tap
}
value() { node "/local/domain/0/backend/vif/$1/$2/$3"; }
attr() { cat "/sys/class/net/$1/$2" 2>/dev/null; }
master() { basename "$(readlink "/sys/class/net/$1/master")" 2>/dev/null; }
up() { ip -o link show dev "$1" | grep -c '[<,]UP[,>]'; }

ip link add br0 type bridge
ip link set br0 mtu 1400 up
ip link add br1 type bridge
ip link add vif1.0 type veth
ip link add vif1.0-emu type veth

# On a bridge.
backend 1 0 bridge br0
ok "add, which is for taps" run vif-bridge add 1 0
is "did nothing" "$(master vif1.0)" ""
ok "online" run vif-bridge online 1 0
is "on the bridge" "$(master vif1.0)" br0
is "up" "$(up vif1.0)" 1
is "address" "$(attr vif1.0 address)" fe:ff:ff:ff:ff:ff
is "MTU of the bridge" "$(attr vif1.0 mtu)" 1400
is "the guest is told" "$(node /local/domain/1/device/vif/0/mtu)" 1400
is "status" "$(value 1 0 hotplug-status)" connected
ok "online again" run vif-bridge online 1 0
ok "the tap" tap vif-bridge add 1 0
is "on the bridge, too" "$(master vif1.0-emu)" br0
ok "online of the tap" tap vif-bridge online 1 0
ok "offline" run vif-bridge offline 1 0
is "off the bridge" "$(master vif1.0)" ""
is "down" "$(up vif1.0)" 0
ok "the tap goes" tap vif-bridge remove 1 0
is "off the bridge" "$(master vif1.0-emu)" ""
ip link del vif1.0
ok "offline of what has gone" run vif-bridge offline 1 0

# Names, sizes.
ip link add vif2.0 type veth
ip link add vif2.0-emu type veth
backend 2 0 bridge br0 vifname web0 mtu 1300
ok "online with a name" run vif-bridge online 2 0
is "called so" "$(master web0)" br0
is "its MTU" "$(attr web0 mtu)" 1300
ok "online again" run vif-bridge online 2 0
ok "the tap" tap vif-bridge add 2 0
is "called so" "$(master web0-emu)" br0
ok "offline" run vif-bridge offline 2 0
is "off the bridge" "$(master web0)" ""
ip link add vif3.0 type veth
backend 3 0 bridge br0 vifname web0
refused "a name that is taken" "another interface has that name" run vif-bridge online 3 0
is "status" "$(value 3 0 hotplug-status)" error
backend 3 0 vifname a-name-that-is-too-long
refused "a long name" "longer than the 15 characters" run vif-bridge online 3 0
xenstore-rm /local/domain/0/backend/vif/3/0/vifname
backend 3 0 mtu 12
refused "a small MTU" "mtu" run vif-bridge online 3 0
xenstore-rm /local/domain/0/backend/vif/3/0/mtu

# Bridges that are not.
backend 3 0 bridge br7
refused "no such bridge" "there is no bridge br7" run vif-bridge online 3 0
backend 3 0 bridge web0
refused "no bridge" "web0 is no bridge" run vif-bridge online 3 0
xenstore-rm /local/domain/0/backend/vif/3/0/bridge
refused "none named of two" "name the bridge (bridge=NAME): br0 or br1" run vif-bridge online 3 0
ip link del br1
ok "the only one" run vif-bridge online 3 0
is "is taken" "$(master vif3.0)" br0
ip link add eth7 type bridge
backend 3 0 bridge xenbr7
ok "the old name of a bridge" run vif-bridge online 3 0
is "is another" "$(master vif3.0)" eth7
refused "no interface" "no network interface vif4.0" bash -c "$(declare -f backend run); libexec=$libexec; backend 4 0 bridge br0; run vif-bridge online 4 0"
refused "no backend" "no backend in XenStore" run vif-bridge online 5 0
refused "another type" "type_if is vif or tap" env XENBUS_PATH=/x vif=vif1.0 "$libexec/vif-bridge" online type_if=x

# By routes.
ip link add up0 type veth
ip address add 192.0.2.1/24 dev up0
ip link set up0 up
ip link add vif6.0 type veth
backend 6 0 ip "198.51.100.7 198.51.100.64/28"
refused "no default route" "no default route" run vif-route online 6 0
ip route add default via 192.0.2.254
ok "online" run vif-route online 6 0
is "its address" "$(ip -4 -o address show dev vif6.0 | awk '{print $4}')" 192.0.2.1/32
is "a route" "$(ip route show 198.51.100.7 | tr -s ' ' | sed 's/ linkdown//;s/ *$//')" "198.51.100.7 dev vif6.0 scope link src 192.0.2.1 metric 2"
is "and another" "$(ip route show 198.51.100.64/28 | wc -l)" 1
is "Dom0 answers for it" "$(cat /proc/sys/net/ipv4/conf/vif6.0/proxy_arp)" 1
is "status" "$(value 6 0 hotplug-status)" connected
ok "online again" run vif-route online 6 0
ok "offline" run vif-route offline 6 0
is "no route" "$(ip route show 198.51.100.7)" ""
ip link add gw0 type veth
backend 6 0 gatewaydev gw0
refused "a gateway without address" "gw0 has no IPv4 address" run vif-route online 6 0
backend 6 0 gatewaydev up0 ip nonsense
refused "an address that is none" "'nonsense' is no address" run vif-route online 6 0

# Behind an address of Dom0's.
ip link add vif300.1 type veth
backend 300 1
ok "online" run vif-nat online 300 1
is "Dom0's address" "$(ip -4 -o address show dev vif300.1 | awk '{print $4}')" 10.1.44.129/16
is "the guest's" "$(ip route show 10.1.44.2 | tr -s ' ' | sed 's/ linkdown//;s/ *$//')" "10.1.44.2 dev vif300.1 scope link src 10.1.44.129"
is "status" "$(value 300 1 hotplug-status)" connected
ok "online again" run vif-nat online 300 1
ok "offline" run vif-nat offline 300 1
is "no route" "$(ip route show 10.1.44.2)" ""
ip link add vif7.0 type veth
backend 7 0 ip 203.0.113.5/24
ok "online with an address" run vif-nat online 7 0
is "Dom0's" "$(ip -4 -o address show dev vif7.0 | awk '{print $4}')" 203.0.113.132/24
backend 7 0 ip 203.0.113.200
refused "no room above" "at most 128" run vif-nat online 7 0
backend 7 0 ip 203.0.113
refused "half an address" "192.0.2.1/24 would be right" run vif-nat online 7 0

# The administrator's hooks.
mkdir -p "$work/scripts/vif-post.d"
mount --bind "$work/scripts" /etc/xen/scripts
echo "echo \$command \$dev \$bridge >$work/hooked" >"$work/scripts/vif-post.d/a.hook"
chmod +x "$work/scripts/vif-post.d/a.hook"
ok "online with a hook" run vif-bridge online 3 0
is "it saw" "$(cat "$work/hooked")" "online vif3.0 eth7"
echo "exit 7" >"$work/scripts/vif-post.d/a.hook"
refused "a hook that fails" "a.hook" run vif-bridge online 3 0
finish
