/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cli/commands_net: xe's commands about networks and what is plugged into them;
 * nothing but rows. */
#include "xapi/cli/bodies.h"

/* clang-format off */
const struct cli_command cli_commands_net[] = {
    {"network-create",  "name-label [name-description] [MTU] [bridge] [managed]", "network.create", 0},
    {"network-destroy", "uuid", "network.destroy", 0},
    {"network-attach",  "uuid host-uuid", "network.attach", CLI_SECRET},
    {"network-sriov-create",  "pif-uuid network-uuid", "network_sriov.create", 0},
    {"network-sriov-destroy", "uuid", "network_sriov.destroy", 0},

    {"vif-create",  "device network/network-uuid VM/vm-uuid MAC/[mac] [MTU]", "VIF.create", 0, .run = cli_vif_create, .doc = "Gives a VM a network interface; without mac= a MAC address is made up, mac=random says the same."},
    {"vif-destroy", "uuid", "VIF.destroy", 0},
    {"vif-plug",    "uuid", "VIF.plug", 0},
    {"vif-unplug",  "uuid", "VIF.unplug", 0, "VIF.unplug_force"},
    {"vif-move",    "uuid network-uuid", "VIF.move", 0},
    {"vif-configure-ipv4", "uuid mode [address] [gateway]", "VIF.configure_ipv4", 0},
    {"vif-configure-ipv6", "uuid mode [address] [gateway]", "VIF.configure_ipv6", 0},

    {"pif-plug",      "uuid", "PIF.plug", 0},
    {"pif-unplug",    "uuid", "PIF.unplug", 0},
    {"pif-scan",      "host-uuid", "PIF.scan", 0},
    {"pif-introduce", "host-uuid [mac] device [managed=true]", "PIF.introduce", 0},
    {"pif-forget",    "uuid", "PIF.forget", 0},
    {"pif-db-forget", "uuid", "PIF.db_forget", CLI_SECRET},
    {"pif-reconfigure-ip",   "uuid mode [IP] [netmask] [gateway] [DNS]", "PIF.reconfigure_ip", 0},
    {"pif-reconfigure-ipv6", "uuid mode [IPv6] [gateway] [DNS]", "PIF.reconfigure_ipv6", 0},
    {"pif-set-primary-address-type", "uuid primary_address_type", "PIF.set_primary_address_type", 0},

    {"vlan-create",  "pif-uuid vlan network-uuid !untagged_PIF", "VLAN.create", 0, .doc = "Connects a network with a VLAN of a PIF, and prints the new PIF."},
    {"vlan-destroy", "uuid", NULL, 0, .run = cli_vlan_destroy, .doc = "Destroys a VLAN, by its own uuid or by that of its PIF."},
    {"pool-vlan-create", "pif-uuid network-uuid vlan", "pool.create_VLAN_from_PIF", 0},
    {"tunnel-create",  "pif-uuid network-uuid [protocol=gre] !access_PIF", "tunnel.create", 0, .doc = "Makes a tunnel over a PIF, and prints the PIF at its end."},
    {"tunnel-destroy", "uuid", "tunnel.destroy", 0},
    {"bond-create",   "network-uuid pif-uuids [mac] [mode=balance-slb] [properties:]", "Bond.create", 0},
    {"bond-destroy",  "uuid", "Bond.destroy", 0},
    {"bond-set-mode", "uuid mode", "Bond.set_mode", 0},
    {"sdn-controller-introduce", "[protocol=ssl] [address] [tcp-port]", "SDN_controller.introduce", 0},
    {"sdn-controller-forget",    "uuid", "SDN_controller.forget", 0},
    {"pvs-site-introduce",   "name-label [name-description] [pvs-uuid]", "PVS_site.introduce", 0},
    {"pvs-site-forget",      "uuid", "PVS_site.forget", 0},
    {"pvs-server-introduce", "addresses first-port last-port pvs-site-uuid", "PVS_server.introduce", 0},
    {"pvs-server-forget",    "uuid", "PVS_server.forget", 0},
    {"pvs-proxy-create",     "pvs-site-uuid vif-uuid", "PVS_proxy.create", 0},
    {"pvs-proxy-destroy",    "uuid", "PVS_proxy.destroy", 0},
    {"pvs-cache-storage-create",  "host/@ SR/sr-uuid site/pvs-site-uuid size", "PVS_cache_storage.create", CLI_HOSTS, .doc = "Gives hosts a cache for a PVS site, on an SR."},
    {"pvs-cache-storage-destroy", "uuid", "PVS_cache_storage.destroy", 0, .doc = "Destroys a cache for a PVS site."},
    {NULL},
};
/* clang-format on */
