/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pif_record: the records of PIFs as the host's interfaces are; see pif.h. */
#include <arpa/inet.h>
#include <string.h>
#include <time.h>

#include "lib/str.h"
#include "xapi/vm/console.h"
#include "xapi/net/pif.h"

#define MTU 1500
#define BRIDGE_MAX 15

/* The host's interfaces at a moment. */
struct links {
    struct object *host;
    struct net_link *list;
    size_t n;
};

static const struct net_link *find(const struct links *links, const char *name)
{
    return net_find(links->list, links->n, name);
}

/* The bridge that L is in, by way of a bond perhaps; or NULL. */
static const struct net_link *bridge_above(const struct links *links,
                                           const struct net_link *l)
{
    const struct net_link *above = find(links, l->master);

    if (above && above->kind == NET_BOND)
        above = find(links, above->master);
    return above && above->kind == NET_BRIDGE ? above : NULL;
}

/* ---- one record ---------------------------------------------------------- */

struct err *pif_create(struct txn *txn, struct object *host, const char *device,
                       struct object *network, const char *ref,
                       struct object **ret)
{
    struct object *pif, *metrics;

    TRY(txn_create(txn, &model_classes[CLASS_PIF_metrics], NULL, NULL,
                   &metrics));
    TRY(txn_create(txn, &model_classes[CLASS_PIF], ref, NULL, &pif));
    TRY(set_PIF_host(txn, pif, host));
    TRY(set_PIF_device(txn, pif, device));
    TRY(set_PIF_network(txn, pif, network));
    TRY(set_PIF_MTU(txn, pif, get_network_MTU(network)));
    TRY(set_PIF_VLAN(txn, pif, -1));
    TRY(set_PIF_metrics(txn, pif, metrics));
    TRY(set_PIF_currently_attached(txn, pif, false));
    *ret = pif;
    return NULL;
}

void pif_destroy(struct txn *txn, struct object *pif)
{
    struct object *metrics = get_PIF_metrics(pif);

    if (metrics)
        txn_destroy(txn, metrics);
    txn_destroy(txn, pif);
}

static struct err *measure(struct txn *txn, struct object *metrics,
                           const struct net_link *l)
{
    if (!metrics)
        return NULL;
    if (get_PIF_metrics_carrier(metrics) != l->carrier ||
        get_PIF_metrics_speed(metrics) != l->speed)
        TRY(set_PIF_metrics_last_updated(txn, metrics, time(NULL)));
    TRY(set_PIF_metrics_carrier(txn, metrics, l->carrier));
    TRY(set_PIF_metrics_speed(txn, metrics, l->speed));
    TRY(set_PIF_metrics_duplex(txn, metrics, l->full_duplex));
    TRY(set_PIF_metrics_vendor_id(txn, metrics, l->vendor_id));
    TRY(set_PIF_metrics_device_id(txn, metrics, l->device_id));
    return set_PIF_metrics_pci_bus_path(txn, metrics, l->pci);
}

/* ---- its addresses ------------------------------------------------------- */

/* "192.0.2.1/24" as address and mask. */
static void split_ip(struct pool *p, const char *ip, const char **ret_address,
                     const char **ret_mask)
{
    const char *slash = strchr(ip, '/');
    unsigned long prefix = slash ? strtoul(slash + 1, NULL, 10) : 32;
    struct in_addr mask = {
        prefix ? htonl(0xffffffffu << (32 - (prefix < 32 ? prefix : 32))) : 0};
    char text[INET_ADDRSTRLEN];

    *ret_address = *ret_mask = "";
    if (!slash)
        return;
    *ret_address = pool_strn(p, ip, (size_t)(slash - ip));
    *ret_mask = pool_str(p, inet_ntop(AF_INET, &mask, text, sizeof(text)));
}

static struct err *record_ip(struct txn *txn, struct object *pif,
                             const struct net_link *l)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *address, *mask;

    split_ip(p, l->ip, &address, &mask);
    TRY(set_PIF_IP(txn, pif, address));
    TRY(set_PIF_netmask(txn, pif, mask));
    return set_PIF_gateway(txn, pif, l->gateway);
}

static struct err *record_ip6(struct txn *txn, struct object *pif,
                              const struct net_link *l)
{
    AUTO_POOL struct pool *p = pool_new();
    const struct model_type *type = model_fields[PIF_IPv6].type;
    struct model_value all = DATUM_EMPTY;

    for (size_t i = 0; i < l->n_ip6; i++)
        all = datum_with(p, type, all, (union model_atom){.s = l->ip6[i]},
                         (union model_atom){0});
    TRY(set_PIF_IPv6(txn, pif, all));
    return set_PIF_ipv6_gateway(txn, pif, l->gateway6);
}

/* Where the host's own addresses come from. */
static struct err *guess_modes(struct txn *txn, struct object *pif,
                               const struct net_link *l)
{
    TRY(set_PIF_ip_configuration_mode(txn, pif,
                                      l->leased ? PIF_ip_configuration_mode_DHCP
                                      : *l->ip
                                          ? PIF_ip_configuration_mode_Static
                                          : PIF_ip_configuration_mode_None));
    return set_PIF_ipv6_configuration_mode(
        txn, pif,
        l->n_ip6 ? PIF_ipv6_configuration_mode_Autoconf
                 : PIF_ipv6_configuration_mode_None);
}

/* The record says what shall be once the toolstack has set it up; until then,
 * and where it never does, it says what is. */
static struct err *record_addresses(struct txn *txn, struct object *pif,
                                    const struct net_link *l, bool follows)
{
    if (follows)
        TRY(guess_modes(txn, pif, l));
    if (follows ||
        get_PIF_ip_configuration_mode(pif) == PIF_ip_configuration_mode_DHCP)
        TRY(record_ip(txn, pif, l));
    if (follows || get_PIF_ipv6_configuration_mode(pif) ==
                       PIF_ipv6_configuration_mode_Autoconf)
        TRY(record_ip6(txn, pif, l));
    return NULL;
}

/* ---- its interface ------------------------------------------------------- */

/* IS_NEW: nobody has said yet how it shall be. */
static struct err *describe(struct txn *txn, struct object *pif,
                            const struct links *links, bool is_new)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *name = get_network_bridge(get_PIF_network(pif));
    const struct net_link *l = find(links, pif_device(p, pif));
    const struct net_link *bridge = l ? bridge_above(links, l) : NULL;
    bool attached = bridge && !strcmp(bridge->name, name);
    bool follows = is_new || !get_PIF_managed(pif);

    TRY(set_PIF_currently_attached(txn, pif, attached));
    if (!l)
        return NULL;
    TRY(set_PIF_MAC(txn, pif, l->mac));
    TRY(measure(txn, get_PIF_metrics(pif), l));
    if (follows)
        TRY(set_PIF_MTU(txn, pif, l->mtu));
    if (attached)
        return record_addresses(txn, pif, bridge, follows);
    /* An address of its own, which the host gave it. */
    if (*l->ip || l->n_ip6)
        return record_addresses(txn, pif, l, true);
    return NULL;
}

/* ---- new ones ------------------------------------------------------------ */

static struct object *find_network(struct txn *txn, const char *bridge)
{
    struct object *o = db_first(txn_db(txn), &model_classes[CLASS_network]);

    while (o && strcmp(get_network_bridge(o), bridge))
        o = object_next(o);
    return o;
}

/* What a card's bridge is called by default: xenbr0 for eth0. */
static const char *bridge_name(struct pool *p, const char *device)
{
    const char *name = text_has_prefix(device, "eth")
                           ? pool_printf(p, "xenbr%s", device + 3)
                           : pool_printf(p, "br%s", device);

    return strlen(name) <= BRIDGE_MAX ? name : name + strlen(name) - BRIDGE_MAX;
}

/* The network of the bridge that L is in, or shall be in. */
static struct err *have_network(struct txn *txn, const struct links *links,
                                const struct net_link *l, struct object **ret)
{
    AUTO_POOL struct pool *p = pool_new();
    const struct net_link *bridge = bridge_above(links, l);
    const char *name = bridge ? bridge->name : bridge_name(p, l->name);

    *ret = find_network(txn, name);
    if (*ret)
        return NULL;
    TRY(txn_create(txn, &model_classes[CLASS_network], NULL, NULL, ret));
    TRY(set_network_name_label(
        txn, *ret,
        pool_printf(p, "Pool-wide network associated with %s", l->name)));
    TRY(set_network_bridge(txn, *ret, name));
    TRY(set_network_managed(txn, *ret, !bridge || bridge->ours));
    return set_network_MTU(txn, *ret, l->mtu ? l->mtu : MTU);
}

static struct err *add(struct txn *txn, const struct links *links,
                       const struct net_link *l, const char *ref,
                       struct object **ret)
{
    const struct net_link *master = find(links, l->master);
    struct object *network = NULL;

    TRY(have_network(txn, links, l, &network));
    TRY(pif_create(txn, links->host, l->name, network, ref, ret));
    TRY(set_PIF_physical(txn, *ret, true));
    TRY(set_PIF_managed(txn, *ret, !master || master->ours));
    return describe(txn, *ret, links, true);
}

struct err *pif_add(struct txn *txn, const struct net *net, struct object *host,
                    const char *device, const char *ref, struct object **ret)
{
    AUTO_POOL struct pool *p = pool_new();
    struct links links = {.host = host};
    const struct net_link *l;

    TRY(net->list(net, p, &links.list, &links.n));
    l = find(&links, device);
    return l ? add(txn, &links, l, ref, ret)
             : ERR_AS(not_found, "there is no interface \"%s\"", device);
}

/* ---- which is the management's ------------------------------------------- */

/* Until a user says another: what the default route goes by, or else the first
 * that has an address. */
static struct object *guess_management(struct db *db, const struct object *host)
{
    struct object *found = NULL;

    for (struct object *o = db_first(db, &model_classes[CLASS_PIF]); o;
         o = object_next(o)) {
        if (get_PIF_host(o) != host || !*get_PIF_IP(o))
            continue;
        if (*get_PIF_gateway(o))
            return o;
        if (!found)
            found = o;
    }
    return found;
}

/* Clients find consoles by it, too. */
static struct err *set_address(struct txn *txn, struct object *host,
                               const char *address)
{
    if (!strcmp(get_host_address(host), address))
        return NULL;
    TRY(set_host_address(txn, host, address));
    return console_locate_all(txn, host);
}

static struct err *record_address(struct txn *txn, struct object *host,
                                  const struct object *pif)
{
    AUTO_POOL struct pool *p = pool_new();
    struct model_value ip6 = get_PIF_IPv6(pif);
    const char *address = get_PIF_IP(pif);

    if (get_PIF_primary_address_type(pif) == PIF_primary_address_type_IPv6)
        address = ip6.n
                      ? pool_strn(p, ip6.keys[0].s, strcspn(ip6.keys[0].s, "/"))
                      : "";
    return set_address(txn, host, address);
}

struct err *pif_set_management(struct txn *txn, struct object *host,
                               struct object *pif)
{
    struct object *o = db_first(txn_db(txn), &model_classes[CLASS_PIF]);

    for (; o; o = object_next(o))
        if (get_PIF_host(o) == host)
            TRY(set_PIF_management(txn, o, o == pif));
    return pif ? record_address(txn, host, pif) : set_address(txn, host, "");
}

static struct err *add_all(struct txn *txn, const struct links *links,
                           bool *ret_added)
{
    struct object *pif;

    *ret_added = false;
    for (size_t i = 0; i < links->n; i++) {
        const struct net_link *l = &links->list[i];

        if (l->kind != NET_CARD ||
            pif_of_device(txn_db(txn), links->host, l->name))
            continue;
        TRY(add(txn, links, l, NULL, &pif));
        *ret_added = true;
    }
    return NULL;
}

struct err *pif_describe(struct txn *txn, const struct net *net,
                         struct object *host, bool adds)
{
    AUTO_POOL struct pool *p = pool_new();
    struct links links = {.host = host};
    struct db *db = txn_db(txn);
    struct object *management;
    bool added = false;

    TRY(net->list(net, p, &links.list, &links.n));
    if (adds)
        TRY(add_all(txn, &links, &added));
    for (struct object *o = db_first(db, &model_classes[CLASS_PIF]); o;
         o = object_next(o))
        if (get_PIF_host(o) == host)
            TRY(describe(txn, o, &links, false));
    management = pif_management(db, host);
    if (!management && added)
        management = guess_management(db, host);
    return management ? pif_set_management(txn, host, management) : NULL;
}

struct err *pif_measure(struct txn *txn, void *arg)
{
    const struct pif_start *s = arg;
    AUTO_POOL struct pool *p = pool_new();
    struct object *o = db_first(txn_db(txn), &model_classes[CLASS_PIF]);
    struct net_link *links;
    size_t n;

    TRY(s->net->list(s->net, p, &links, &n));
    for (; o; o = object_next(o)) {
        const struct net_link *l = net_find(links, n, pif_device(p, o));

        if (l && get_PIF_host(o) == s->host)
            TRY(measure(txn, get_PIF_metrics(o), l));
    }
    return NULL;
}
