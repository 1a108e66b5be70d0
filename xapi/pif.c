/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pif: PIFs go up and down; see pif.h. Their records are pif_record.c's. */
#include "xapi/pif.h"

#include <arpa/inet.h>
#include <string.h>

#include "lib/hash.h"
#include "lib/log.h"
#include "lib/str.h"
#include "xapi/errors_gen.h"

#define LINK_NAME_MAX 15

/* ---- what it is ---------------------------------------------------------- */

struct object *pif_on(const struct db *db, const struct object *network,
                      const struct object *host)
{
    struct object *o = db_first(db, &model_classes[CLASS_PIF]);

    while (o && (get_PIF_network(o) != network || get_PIF_host(o) != host))
        o = object_next(o);
    return o;
}

struct object *pif_management(const struct db *db, const struct object *host)
{
    struct object *o = db_first(db, &model_classes[CLASS_PIF]);

    while (o && (!get_PIF_management(o) || get_PIF_host(o) != host))
        o = object_next(o);
    return o;
}

const char *pif_device(struct pool *p, const struct object *pif)
{
    const char *device = get_PIF_device(pif);
    int64_t tag = get_PIF_VLAN(pif);
    const char *name;

    if (tag < 0)
        return pool_str(p, device);
    name = pool_printf(p, "%s.%lld", device, (long long)tag);
    if (strlen(name) <= LINK_NAME_MAX)
        return name;
    return pool_printf(p, "v%lld-%08x", (long long)tag,
                       hash_bytes(0, device, strlen(device)));
}

/* ---- what is below the bridge -------------------------------------------- */

static struct err *vlan_up(struct pool *p, const struct net *net,
                           const struct object *pif)
{
    const struct net_vlan v = {.name = pif_device(p, pif),
                               .parent = get_PIF_device(pif),
                               .tag = get_PIF_VLAN(pif),
                               .mtu = get_PIF_MTU(pif)};

    return net_vlan_up(net, &v);
}

static struct net_setting *settings_of(struct pool *p, struct model_value map,
                                       size_t *ret_n)
{
    struct net_setting *list = pool_alloc(p, (map.n + 1) * sizeof(*list));

    for (unsigned i = 0; i < map.n; i++)
        list[i] = (struct net_setting){map.keys[i].s, map.values[i].s};
    *ret_n = map.n;
    return list;
}

/* Its cards, the one preferred first. */
static const char **ports_of(struct job *j, const struct object *bond,
                             size_t *ret_n)
{
    struct model_value slaves = get_Bond_slaves(bond);
    const struct object *first = get_Bond_primary_slave(bond);
    const char **ports = NULL;
    size_t n = 0;

    if (first)
        *pool_push(job_pool(j), ports, n) = get_PIF_device(first);
    for (unsigned i = 0; i < slaves.n; i++) {
        const struct object *o =
            db_find(job_db(j), &model_classes[CLASS_PIF], slaves.keys[i].s);

        if (o != first)
            *pool_push(job_pool(j), ports, n) = get_PIF_device(o);
    }
    *ret_n = n;
    return ports;
}

static const struct object *bond_of(struct job *j, const struct object *pif)
{
    struct model_value bonds = get_PIF_bond_master_of(pif);

    return bonds.n
               ? db_find(job_db(j), &model_classes[CLASS_Bond], bonds.keys[0].s)
               : NULL;
}

static struct err *bond_up(struct job *j, const struct net *net,
                           const struct object *pif, const struct object *bond)
{
    const struct model_enum *modes = model_fields[Bond_mode].type->enum_;
    struct net_bond b = {.name = get_PIF_device(pif),
                         .mac = get_PIF_MAC(pif),
                         .mode = modes->values[get_Bond_mode(bond)],
                         .mtu = get_PIF_MTU(pif)};

    b.ports = ports_of(j, bond, &b.n_ports);
    b.settings =
        settings_of(job_pool(j), get_Bond_properties(bond), &b.n_settings);
    return net_bond_up(net, &b);
}

static struct err *device_up(struct job *j, const struct net *net,
                             const struct object *pif)
{
    const struct object *bond = bond_of(j, pif);

    if (bond)
        return bond_up(j, net, pif, bond);
    return get_PIF_VLAN(pif) >= 0 ? vlan_up(job_pool(j), net, pif) : NULL;
}

/* ---- addresses ----------------------------------------------------------- */

static int prefix_of(const char *netmask)
{
    struct in_addr mask;

    return inet_pton(AF_INET, netmask, &mask) == 1
               ? __builtin_popcount(mask.s_addr)
               : 32;
}

static enum net_source source4(const struct object *pif)
{
    switch (get_PIF_ip_configuration_mode(pif)) {
    case PIF_ip_configuration_mode_DHCP:
        return NET_DHCP;
    case PIF_ip_configuration_mode_Static:
        return NET_STATIC;
    case PIF_ip_configuration_mode_None:
        break;
    }
    return NET_NONE;
}

static enum net_source source6(const struct object *pif)
{
    switch (get_PIF_ipv6_configuration_mode(pif)) {
    case PIF_ipv6_configuration_mode_DHCP:
        return NET_DHCP;
    case PIF_ipv6_configuration_mode_Static:
        return NET_STATIC;
    case PIF_ipv6_configuration_mode_Autoconf:
        return NET_AUTOCONF;
    case PIF_ipv6_configuration_mode_None:
        break;
    }
    return NET_NONE;
}

struct err *pif_configure(const struct net *net, const struct object *pif,
                          enum net_family family)
{
    AUTO_POOL struct pool *p = pool_new();
    struct model_value ip6 = get_PIF_IPv6(pif);
    struct net_address a = {.family = family};

    if (family == NET_IPV4) {
        a.source = source4(pif);
        a.ip = pool_printf(p, "%s/%d", get_PIF_IP(pif),
                           prefix_of(get_PIF_netmask(pif)));
        a.gateway = get_PIF_gateway(pif);
    } else {
        a.source = source6(pif);
        a.ip = ip6.n ? ip6.keys[0].s : "";
        a.gateway = get_PIF_ipv6_gateway(pif);
    }
    return net_configure(net, get_network_bridge(get_PIF_network(pif)), &a);
}

/* Name servers are the host's: those of the interface it is managed by. */
static struct err *configure_all(const struct net *net,
                                 const struct object *pif)
{
    if (get_PIF_ip_configuration_mode(pif) != PIF_ip_configuration_mode_None)
        TRY(pif_configure(net, pif, NET_IPV4));
    if (get_PIF_ipv6_configuration_mode(pif) !=
        PIF_ipv6_configuration_mode_None)
        TRY(pif_configure(net, pif, NET_IPV6));
    return NULL;
}

/* ---- up and down --------------------------------------------------------- */

static struct err *record(struct job *j, const struct net *net,
                          const struct object *pif)
{
    struct pif_links links;

    TRY(pif_look(j, net, get_PIF_host(pif), &links));
    return job_commit(j, pif_describe, &links);
}

struct err *pif_up(struct job *j, const struct net *net, struct object *pif)
{
    const struct object *network = get_PIF_network(pif);
    const struct net_bridge b = {.name = get_network_bridge(network),
                                 .mtu = get_PIF_MTU(pif),
                                 .port = pif_device(job_pool(j), pif)};

    TRY(device_up(j, net, pif));
    TRY(net_bridge_up(net, &b));
    TRY(configure_all(net, pif));
    return record(j, net, pif);
}

struct err *pif_down(struct job *j, const struct net *net, struct object *pif)
{
    static const struct net_address none[] = {{.family = NET_IPV4},
                                              {.family = NET_IPV6}};
    const char *device = pif_device(job_pool(j), pif);
    bool made = bond_of(j, pif) || get_PIF_VLAN(pif) >= 0;

    TRY(net_down(net, get_network_bridge(get_PIF_network(pif))));
    if (made)
        TRY(net_down(net, device));
    for (size_t i = 0; !made && i < ARRAY_LEN(none); i++)
        TRY(net_configure(net, device, &none[i]));
    return record(j, net, pif);
}

/* ---- the start of the daemon --------------------------------------------- */

/* They were up, and are not since the host has started again. */
static struct err *restore(struct job *j, const struct pif_start *s)
{
    AUTO_POOL struct pool *p = pool_new();
    struct object *o = db_first(job_db(j), &model_classes[CLASS_PIF]);
    struct net_link *links;
    size_t n;

    TRY(s->net->list(s->net, p, &links, &n));
    for (; o; o = object_next(o)) {
        struct err *e = NULL;

        if (get_PIF_host(o) == s->host && get_PIF_managed(o) &&
            get_PIF_currently_attached(o) &&
            !net_find(links, n, get_network_bridge(get_PIF_network(o))))
            e = pif_up(j, s->net, o);
        if (e)
            log_error("net", "\"%s\" does not come up: %s", pif_device(p, o),
                      err_text(e));
        err_free(e);
    }
    return NULL;
}

struct err *pif_start(struct job *j, void *arg)
{
    const struct pif_start *s = arg;
    struct pif_links links;

    TRY(restore(j, s));
    TRY(pif_look(j, s->net, s->host, &links));
    links.adds = true;
    return job_commit(j, pif_describe, &links);
}
