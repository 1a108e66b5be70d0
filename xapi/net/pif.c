/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pif: PIFs go up and down; see pif.h. Their records are pif_record.c's. */
#include "xapi/net/pif.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>

#include "lib/hash.h"
#include "lib/log.h"
#include "lib/str.h"
#include "xapi/model/errors_gen.h"

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

struct object *pif_of_device(const struct db *db, const struct object *host,
                             const char *device)
{
    struct object *o = db_first(db, &model_classes[CLASS_PIF]);

    while (o && (strcmp(get_PIF_device(o), device) || get_PIF_VLAN(o) >= 0 ||
                 get_PIF_host(o) != host))
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

bool pif_is_mac(const char *text)
{
    size_t i = 0;

    for (; text[i]; i++)
        if (i % 3 == 2 ? text[i] != ':' : !isxdigit((unsigned char)text[i]))
            return false;
    return i == strlen("02:00:00:00:00:01");
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
static const char **ports_of(struct pool *p, const struct db *db,
                             const struct object *bond, size_t *ret_n)
{
    struct model_value slaves = get_Bond_slaves(bond);
    const struct object *first = get_Bond_primary_slave(bond);
    const char **ports = NULL;
    size_t n = 0;

    if (first)
        *pool_push(p, ports, n) = get_PIF_device(first);
    for (unsigned i = 0; i < slaves.n; i++) {
        const struct object *o =
            db_find(db, &model_classes[CLASS_PIF], slaves.keys[i].s);

        if (o != first)
            *pool_push(p, ports, n) = get_PIF_device(o);
    }
    *ret_n = n;
    return ports;
}

static const struct object *bond_of(const struct db *db,
                                    const struct object *pif)
{
    struct model_value bonds = get_PIF_bond_master_of(pif);

    return bonds.n ? db_find(db, &model_classes[CLASS_Bond], bonds.keys[0].s)
                   : NULL;
}

static struct err *bond_up(struct pool *p, const struct db *db,
                           const struct net *net, const struct object *pif,
                           const struct object *bond)
{
    const struct model_enum *modes = model_fields[Bond_mode].type->enum_;
    struct net_bond b = {.name = get_PIF_device(pif),
                         .mac = get_PIF_MAC(pif),
                         .mode = modes->values[get_Bond_mode(bond)],
                         .mtu = get_PIF_MTU(pif)};

    b.ports = ports_of(p, db, bond, &b.n_ports);
    b.settings = settings_of(p, get_Bond_properties(bond), &b.n_settings);
    return net_bond_up(net, &b);
}

static struct err *device_up(struct pool *p, const struct db *db,
                             const struct net *net, const struct object *pif)
{
    const struct object *bond = bond_of(db, pif);

    if (get_PIF_VLAN(pif) >= 0)
        return vlan_up(p, net, pif);
    return bond ? bond_up(p, db, net, pif, bond) : NULL;
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

/* What is below the bridge when it is no card. */
static struct err *drop_device(struct pool *p, const struct net *net,
                               const struct object *pif)
{
    return get_PIF_physical(pif) ? NULL : net_down(net, pif_device(p, pif));
}

static struct err *give_up(struct pool *p, const struct net *net,
                           const struct object *pif, struct err *e)
{
    const char *bridge = get_network_bridge(get_PIF_network(pif));

    e = err_join(e, net_bridge_undo(net, bridge, pif_device(p, pif)));
    return err_join(e, drop_device(p, net, pif));
}

/* A record may be of an interface that the host does not have (any more), or
 * that something else has. */
static struct err *named(struct err *e)
{
    bool missing = e && err_is(e, &err_kind_not_found);
    struct err *code;

    if (!missing && !(e && err_is(e, &err_kind_input)))
        return e;
    log_info("net", "%s", err_text(e));
    code = missing ? err_PIF_DEVICE_NOT_FOUND()
                   : err_OPERATION_NOT_ALLOWED(err_text(e));
    err_drop(e, "the client has a code for it");
    return code;
}

static struct err *bring_up(struct pool *p, struct txn *txn,
                            const struct net *net, struct object *pif)
{
    const struct object *network = get_PIF_network(pif);
    const struct net_bridge b = {.name = get_network_bridge(network),
                                 .mtu = get_network_MTU(network),
                                 .port = pif_device(p, pif)};

    TRY(set_PIF_MTU(txn, pif, b.mtu));
    TRY(named(device_up(p, txn_db(txn), net, pif)));
    TRY(named(net_bridge_up(net, &b)));
    TRY(configure_all(net, pif));
    return pif_describe(txn, net, get_PIF_host(pif), false);
}

struct err *pif_up(struct txn *txn, const struct net *net, struct object *pif)
{
    AUTO_POOL struct pool *p = pool_new();
    bool was_up = get_PIF_currently_attached(pif);
    struct err *e = bring_up(p, txn, net, pif);

    return e && !was_up ? give_up(p, net, pif, e) : e;
}

struct err *pif_raise(struct txn *txn, void *arg)
{
    const struct pif_raising *r = arg;

    return pif_up(txn, r->net, r->pif);
}

static struct err *vlans_down(struct txn *txn, const struct net *net,
                              const struct object *pif)
{
    struct model_value vlans = get_PIF_VLAN_slave_of(pif);

    for (unsigned i = 0; i < vlans.n; i++) {
        struct object *o = get_VLAN_untagged_PIF(
            db_find(txn_db(txn), &model_classes[CLASS_VLAN], vlans.keys[i].s));

        if (o && get_PIF_currently_attached(o))
            TRY(pif_down(txn, net, o));
    }
    return NULL;
}

struct err *pif_down(struct txn *txn, const struct net *net, struct object *pif)
{
    AUTO_POOL struct pool *p = pool_new();

    if (!get_PIF_physical(pif))
        TRY(vlans_down(txn, net, pif));
    TRY(net_down(net, get_network_bridge(get_PIF_network(pif))));
    TRY(drop_device(p, net, pif));
    return pif_describe(txn, net, get_PIF_host(pif), false);
}

/* ---- the start of the daemon --------------------------------------------- */

static bool is_gone(const struct pif_start *s, const struct object *pif,
                    const struct net_link *links, size_t n)
{
    return get_PIF_host(pif) == s->host && get_PIF_managed(pif) &&
           get_PIF_currently_attached(pif) &&
           !net_find(links, n, get_network_bridge(get_PIF_network(pif)));
}

/* Bonds before the VLANs on them: in the order they were made. */
static struct err *restore(struct job *j, const struct pif_start *s)
{
    struct object *o = db_first(job_db(j), &model_classes[CLASS_PIF]);
    struct object **gone = NULL;
    struct net_link *links;
    size_t n, n_gone = 0;

    TRY(s->net->list(s->net, job_pool(j), &links, &n));
    for (; o; o = object_next(o))
        if (is_gone(s, o, links, n))
            *pool_push(job_pool(j), gone, n_gone) = o;
    for (size_t i = 0; i < n_gone; i++) {
        struct pif_raising r = {s->net, gone[i]};
        AUTO_ERR struct err *e = job_commit(j, pif_raise, &r);

        if (e)
            log_error("net", "\"%s\" does not come up: %s",
                      pif_device(job_pool(j), gone[i]), err_text(e));
    }
    return NULL;
}

static bool is_known(const struct db *db, const char *name)
{
    AUTO_POOL struct pool *p = pool_new();

    for (const struct object *o = db_first(db, &model_classes[CLASS_network]);
         o; o = object_next(o))
        if (!strcmp(get_network_bridge(o), name))
            return true;
    for (const struct object *o = db_first(db, &model_classes[CLASS_PIF]); o;
         o = object_next(o))
        if (!strcmp(pif_device(p, o), name))
            return true;
    return false;
}

/* What a daemon has made and not lived to write down. */
static struct err *sweep(struct job *j, const struct pif_start *s)
{
    struct net_link *links;
    size_t n;

    TRY(s->net->list(s->net, job_pool(j), &links, &n));
    for (size_t i = 0; i < n; i++) {
        if (!links[i].ours || is_known(job_db(j), links[i].name))
            continue;
        log_warning("net", "\"%s\" is left over, and goes", links[i].name);
        TRY(net_down(s->net, links[i].name));
    }
    return NULL;
}

static struct err *describe_all(struct txn *txn, void *arg)
{
    const struct pif_start *s = arg;

    return pif_describe(txn, s->net, s->host, true);
}

struct err *pif_start(struct job *j, void *arg)
{
    TRY(restore(j, arg));
    TRY(job_commit(j, describe_all, arg));
    return sweep(j, arg);
}
