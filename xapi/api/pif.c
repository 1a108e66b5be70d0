/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* api/pif: the calls of class PIF. */
#include <arpa/inet.h>
#include <string.h>

#include "xapi/api/net.h"
#include "xapi/model/calls_gen.h"
#include "xapi/model/errors_gen.h"
#include "xapi/call/generic.h"

/* ---- records for interfaces ---------------------------------------------- */

static struct err *scan(struct txn *txn, const struct net_change *c)
{
    return pif_describe(txn, c->net, c->self, true);
}

NET_BODY(PIF, scan, scan)

static struct err *introduce(struct txn *txn, const struct net_change *c)
{
    const char *mac = vm_arg(c->call, 1).s, *device = vm_arg(c->call, 2).s;
    const struct net_link *l;
    struct net_link *links;
    struct object *pif;
    size_t n;

    if (*mac && !pif_is_mac(mac))
        return err_MAC_INVALID(mac);
    if (pif_of_device(txn_db(txn), c->self, device))
        return err_DUPLICATE_PIF_DEVICE_NAME(device);
    TRY(c->net->list(c->net, job_pool(c->job), &links, &n));
    l = net_find(links, n, device);
    if (!l || l->kind == NET_BRIDGE || (*mac && strcasecmp(l->mac, mac) != 0))
        return err_COULD_NOT_FIND_NETWORK_INTERFACE_WITH_SPECIFIED_DEVICE_NAME_AND_MAC_ADDRESS(
            device, mac);
    TRY(pif_add(txn, c->net, c->self, device, net_new(c->call), &pif));
    TRY(set_PIF_managed(txn, pif,
                        get_PIF_managed(pif) && vm_arg(c->call, 3).i));
    return pif_describe(txn, c->net, c->self, false);
}

NET_BODY_NEW(PIF, introduce, introduce)

static struct err *check_no_bond(const struct object *pif)
{
    return get_PIF_bond_slave_of(pif) || get_PIF_bond_master_of(pif).n
               ? err_PIF_ALREADY_BONDED(object_ref(pif))
               : NULL;
}

static struct err *check_no_vlans(const struct object *pif)
{
    return get_PIF_VLAN_slave_of(pif).n || get_PIF_VLAN_master_of(pif)
               ? err_PIF_VLAN_STILL_EXISTS(object_ref(pif))
               : NULL;
}

/* The network stays: it may be other hosts', and guests may be on it. */
static struct err *forget(struct txn *txn, const struct net_change *c)
{
    TRY(check_no_bond(c->self));
    TRY(check_no_vlans(c->self));
    if (get_PIF_tunnel_access_PIF_of(c->self).n ||
        get_PIF_tunnel_transport_PIF_of(c->self).n)
        return err_PIF_TUNNEL_STILL_EXISTS(object_ref(c->self));
    TRY(net_check_not_management(c->self));
    if (get_PIF_managed(c->self) && get_PIF_currently_attached(c->self)) {
        TRY(net_check_unused(txn_db(txn), c->self));
        TRY(net_lower(txn, c, c->self));
    }
    pif_destroy(txn, c->self);
    return NULL;
}

NET_BODY(PIF, forget, forget)

/* ---- up and down --------------------------------------------------------- */

static struct err *plug(struct txn *txn, const struct net_change *c)
{
    if (!get_PIF_managed(c->self) && get_PIF_currently_attached(c->self))
        return NULL;
    TRY(net_check_managed(c->self));
    if (get_PIF_bond_slave_of(c->self))
        return err_CANNOT_PLUG_BOND_SLAVE(object_ref(c->self));
    return pif_up(txn, c->net, c->self);
}

NET_BODY(PIF, plug, plug)

/* A VLAN of it may be what the host is managed through. */
static struct err *check_below(const struct db *db, const struct object *pif)
{
    struct model_value vlans = get_PIF_VLAN_slave_of(pif);

    for (unsigned i = 0; i < vlans.n; i++) {
        const struct object *vlan =
            db_find(db, &model_classes[CLASS_VLAN], vlans.keys[i].s);
        const struct object *o = get_VLAN_untagged_PIF(vlan);

        if (o && get_PIF_management(o))
            return err_PIF_IS_MANAGEMENT_INTERFACE(object_ref(pif));
    }
    return NULL;
}

static struct err *unplug(struct txn *txn, const struct net_change *c)
{
    TRY(net_check_managed(c->self));
    TRY(net_check_not_management(c->self));
    TRY(check_below(txn_db(txn), c->self));
    if (get_PIF_disallow_unplug(c->self))
        return err_PIF_DOES_NOT_ALLOW_UNPLUG(object_ref(c->self));
    TRY(net_check_unused(txn_db(txn), c->self));
    return pif_down(txn, c->net, c->self);
}

NET_BODY(PIF, unplug, unplug)

struct err *PIF_set_disallow_unplug(
    struct call *c, const struct PIF_set_disallow_unplug_args *a)
{
    struct object *pif;
    struct txn *txn;

    TRY(call_object(c, 0, &pif));
    txn = txn_begin(c->db);
    return txn_end(txn, set_PIF_disallow_unplug(txn, pif, a->value));
}

/* ---- addresses ----------------------------------------------------------- */

static struct err *check_ip(int family, const char *name, const char *ip,
                            bool may_be_empty)
{
    unsigned char bytes[sizeof(struct in6_addr)];

    return (may_be_empty && !*ip) || inet_pton(family, ip, bytes) == 1
               ? NULL
               : err_INVALID_IP_ADDRESS_SPECIFIED(name);
}

/* Bits from the left, and nothing behind them. */
static struct err *check_netmask(const char *text)
{
    struct in_addr mask;
    uint32_t bits;

    if (inet_pton(AF_INET, text, &mask) != 1)
        return err_INVALID_IP_ADDRESS_SPECIFIED("netmask");
    bits = ~ntohl(mask.s_addr);
    return !~bits || (bits & (bits + 1))
               ? err_INVALID_IP_ADDRESS_SPECIFIED("netmask")
               : NULL;
}

/* "2001:db8::1/64" */
static struct err *check_ip6(const char *text)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *slash = strchr(text, '/');
    int64_t prefix;
    struct err *e;

    if (!slash)
        return err_INVALID_IP_ADDRESS_SPECIFIED("IPv6");
    e = text_to_int(slash + 1, 10, 1, 128, &prefix);
    err_drop(e, "the API has an error of its own");
    return e ? err_INVALID_IP_ADDRESS_SPECIFIED("IPv6")
             : check_ip(AF_INET6, "IPv6",
                        pool_strn(p, text, (size_t)(slash - text)), false);
}

static struct err *check_dns(const char *servers)
{
    AUTO_POOL struct pool *p = pool_new();
    char **list = text_split(p, servers, ',', NULL);
    unsigned char bytes[sizeof(struct in6_addr)];

    for (; *servers && *list; list++) {
        const char *ip = text_trim(p, *list);

        if (inet_pton(AF_INET, ip, bytes) != 1 &&
            inet_pton(AF_INET6, ip, bytes) != 1)
            return err_INVALID_IP_ADDRESS_SPECIFIED("DNS");
    }
    return NULL;
}

/* It comes back when the change fails later: the old record is there again. */
struct configured {
    const struct net *net;
    const struct object *pif;
    enum net_family family;
};

static struct err *configure_again(void *arg)
{
    const struct configured *c = arg;

    return pif_configure(c->net, c->pif, c->family);
}

/* The record is written: onto the host with it, when it is up. */
static struct err *configure(struct txn *txn, const struct net_change *c,
                             enum net_family family)
{
    struct configured *old = pool_new_of(job_pool(c->job), struct configured);
    const char *dns = get_PIF_DNS(c->self);

    if (!get_PIF_currently_attached(c->self))
        return NULL;
    *old = (struct configured){c->net, c->self, family};
    job_undo(c->job, configure_again, old);
    TRY(pif_configure(c->net, c->self, family));
    if (*dns && get_PIF_management(c->self))
        TRY(c->net->set_dns(c->net, dns));
    return pif_describe(txn, c->net, get_PIF_host(c->self), false);
}

static struct err *check_may_change(const struct object *pif, bool to_none,
                                    enum PIF_primary_address_type type)
{
    TRY(net_check_managed(pif));
    if (get_PIF_bond_slave_of(pif))
        return err_PIF_ALREADY_BONDED(object_ref(pif));
    return to_none && get_PIF_primary_address_type(pif) == type
               ? net_check_not_management(pif)
               : NULL;
}

/* self, mode, IP, netmask, gateway, DNS */
static struct err *check_ipv4(const struct net_change *c,
                              enum PIF_ip_configuration_mode mode)
{
    bool is_static = mode == PIF_ip_configuration_mode_Static;

    TRY(check_may_change(c->self, mode == PIF_ip_configuration_mode_None,
                         PIF_primary_address_type_IPv4));
    TRY(check_ip(AF_INET, "IP", vm_arg(c->call, 2).s, !is_static));
    if (is_static || *vm_arg(c->call, 3).s)
        TRY(check_netmask(vm_arg(c->call, 3).s));
    TRY(check_ip(AF_INET, "gateway", vm_arg(c->call, 4).s, true));
    return check_dns(vm_arg(c->call, 5).s);
}

static struct err *reconfigure_ip(struct txn *txn, const struct net_change *c)
{
    enum PIF_ip_configuration_mode mode =
        (enum PIF_ip_configuration_mode)vm_arg(c->call, 1).i;
    bool is_static = mode == PIF_ip_configuration_mode_Static;

    TRY(check_ipv4(c, mode));
    TRY(set_PIF_ip_configuration_mode(txn, c->self, mode));
    TRY(set_PIF_IP(txn, c->self, is_static ? vm_arg(c->call, 2).s : ""));
    TRY(set_PIF_netmask(txn, c->self, is_static ? vm_arg(c->call, 3).s : ""));
    TRY(set_PIF_gateway(txn, c->self, is_static ? vm_arg(c->call, 4).s : ""));
    TRY(set_PIF_DNS(txn, c->self, vm_arg(c->call, 5).s));
    return configure(txn, c, NET_IPV4);
}

NET_BODY(PIF, reconfigure_ip, reconfigure_ip)

/* self, mode, IPv6, gateway, DNS */
static struct err *reconfigure_ipv6(struct txn *txn, const struct net_change *c)
{
    enum PIF_ipv6_configuration_mode mode =
        (enum PIF_ipv6_configuration_mode)vm_arg(c->call, 1).i;
    bool is_static = mode == PIF_ipv6_configuration_mode_Static;
    const char *ip = vm_arg(c->call, 2).s, *gateway = vm_arg(c->call, 3).s;

    TRY(check_may_change(c->self, mode == PIF_ipv6_configuration_mode_None,
                         PIF_primary_address_type_IPv6));
    if (is_static)
        TRY(check_ip6(ip));
    TRY(check_ip(AF_INET6, "gateway", gateway, true));
    TRY(check_dns(vm_arg(c->call, 4).s));
    TRY(set_PIF_ipv6_configuration_mode(txn, c->self, mode));
    TRY(set_PIF_IPv6(txn, c->self, is_static ? DATUM_STRING(ip) : DATUM_EMPTY));
    TRY(set_PIF_ipv6_gateway(txn, c->self, is_static ? gateway : ""));
    TRY(set_PIF_DNS(txn, c->self, vm_arg(c->call, 4).s));
    return configure(txn, c, NET_IPV6);
}

NET_BODY(PIF, reconfigure_ipv6, reconfigure_ipv6)

struct err *PIF_set_primary_address_type(
    struct call *c, const struct PIF_set_primary_address_type_args *a)
{
    struct object *pif;
    struct txn *txn;
    bool has;

    TRY(call_object(c, 0, &pif));
    TRY(net_check_not_management(pif));
    has = a->primary_address_type == PIF_primary_address_type_IPv6
              ? get_PIF_ipv6_configuration_mode(pif) !=
                    PIF_ipv6_configuration_mode_None
              : get_PIF_ip_configuration_mode(pif) !=
                    PIF_ip_configuration_mode_None;
    if (!has)
        return err_PIF_INCOMPATIBLE_PRIMARY_ADDRESS_TYPE(object_ref(pif));
    txn = txn_begin(c->db);
    return txn_end(
        txn, set_PIF_primary_address_type(txn, pif, a->primary_address_type));
}

/* ---- records as they are ------------------------------------------------- */

static struct err *introduce_record(struct call *c)
{
    struct txn *txn = txn_begin(c->db);
    struct object *o = NULL, *metrics;
    struct err *e = generic_introduce(c, txn, &o);

    if (!e)
        e = txn_create(txn, &model_classes[CLASS_PIF_metrics], NULL, NULL,
                       &metrics);
    if (!e)
        e = set_PIF_metrics(txn, o, metrics);
    return call_end_new(c, txn, o, e);
}

struct err *PIF_db_introduce(struct call *c,
                             const struct PIF_db_introduce_args *a)
{
    (void)a;
    return introduce_record(c);
}

struct err *PIF_pool_introduce(struct call *c,
                               const struct PIF_pool_introduce_args *a)
{
    (void)a;
    return introduce_record(c);
}

struct err *PIF_db_forget(struct call *c, const struct PIF_db_forget_args *a)
{
    struct object *pif;
    struct txn *txn;

    (void)a;
    TRY(call_object(c, 0, &pif));
    txn = txn_begin(c->db);
    pif_destroy(txn, pif);
    return txn_end(txn, NULL);
}

/* ---- what VLAN.create and VLAN.destroy took the place of ------------------
 */

/* device, network, host, VLAN */
static struct err *create_vlan(struct txn *txn, const struct net_change *c)
{
    const struct net_new_vlan v = {
        .tagged =
            pif_of_device(txn_db(txn), net_arg(c, 2), vm_arg(c->call, 0).s),
        .network = net_arg(c, 1),
        .tag = vm_arg(c->call, 3).i,
        .pif_ref = net_new(c->call)};

    return v.tagged ? net_make_vlan(txn, c, &v) : err_PIF_DEVICE_NOT_FOUND();
}

NET_BODY_NEW(PIF, create_VLAN, create_vlan)

static struct err *destroy(struct txn *txn, const struct net_change *c)
{
    struct object *vlan = get_PIF_VLAN_master_of(c->self);

    return vlan ? net_drop_vlan(txn, c, vlan)
                : err_PIF_IS_PHYSICAL(object_ref(c->self));
}

NET_BODY(PIF, destroy, destroy)
