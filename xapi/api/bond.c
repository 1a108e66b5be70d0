/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* api/bond: the calls of class Bond. A bond takes over what its members were:
 * addresses, the host's management, VLANs, guests; its end gives all of it to
 * its first member. */
#include <string.h>

#include "xapi/api/net.h"
#include "xapi/model/calls_gen.h"
#include "xapi/model/errors_gen.h"
#include "xapi/call/generic.h"

#define MEMBERS_MIN 2

/* ---- what moves ---------------------------------------------------------- */

/* A guest's interface into another bridge, while the guest runs. */
static struct err *move_live(const struct net_change *c,
                             const struct object *vif,
                             const struct object *network)
{
    const struct object *vm = get_VIF_VM(vif);
    struct pool *p = job_pool(c->job);
    struct net_link *links, l;
    const struct net_link *found;
    size_t n;

    if (!get_VIF_currently_attached(vif) || !vm)
        return NULL;
    TRY(c->net->list(c->net, p, &links, &n));
    found = net_find(links, n,
                     pool_printf(p, "vif%lld.%s", (long long)get_VM_domid(vm),
                                 get_VIF_device(vif)));
    if (!found)
        return NULL;
    l = *found;
    l.mac = "";
    l.master = get_network_bridge(network);
    return c->net->set(c->net, &l);
}

static struct err *move_vifs(struct txn *txn, const struct net_change *c,
                             const struct object *from, struct object *to)
{
    const struct model_type *type = model_fields[network_VIFs].type;
    struct model_value vifs =
        datum_copy(job_pool(c->job), type, get_network_VIFs(from));

    for (unsigned i = 0; i < vifs.n && from != to; i++) {
        struct object *o =
            db_find(txn_db(txn), &model_classes[CLASS_VIF], vifs.keys[i].s);

        TRY(move_live(c, o, to));
        TRY(set_VIF_network(txn, o, to));
    }
    return NULL;
}

/* VLANs on their way from one interface to another. */
struct vlan {
    struct object *vlan, *pif;
    bool was_up;
};
struct vlans {
    struct vlan *list;
    size_t n;
};

/* Those of PIF, which are down then. */
static struct err *take_vlans(struct txn *txn, const struct net_change *c,
                              const struct object *pif, struct vlans *ret)
{
    struct model_value set = get_PIF_VLAN_slave_of(pif);
    struct pool *p = job_pool(c->job);

    *ret = (struct vlans){pool_alloc(p, (set.n + 1) * sizeof(*ret->list)), 0};
    for (; ret->n < set.n; ret->n++) {
        struct vlan *v = &ret->list[ret->n];

        v->vlan = db_find(txn_db(txn), &model_classes[CLASS_VLAN],
                          set.keys[ret->n].s);
        v->pif = get_VLAN_untagged_PIF(v->vlan);
        v->was_up = v->pif && get_PIF_currently_attached(v->pif);
    }
    for (size_t i = 0; i < ret->n; i++)
        if (ret->list[i].was_up)
            TRY(net_lower(txn, c, ret->list[i].pif));
    return NULL;
}

static struct err *give_vlans(struct txn *txn, const struct net_change *c,
                              const struct vlans *vlans, struct object *to)
{
    for (size_t i = 0; i < vlans->n; i++) {
        const struct vlan *v = &vlans->list[i];

        TRY(set_VLAN_tagged_PIF(txn, v->vlan, to));
        if (!v->pif)
            continue;
        TRY(set_PIF_device(txn, v->pif, get_PIF_device(to)));
        TRY(set_PIF_MAC(txn, v->pif, get_PIF_MAC(to)));
        if (v->was_up)
            TRY(pif_up(txn, c->net, v->pif));
    }
    return NULL;
}

static struct err *move_addresses(struct txn *txn, struct object *from,
                                  struct object *to)
{
    TRY(set_PIF_ip_configuration_mode(txn, to,
                                      get_PIF_ip_configuration_mode(from)));
    TRY(set_PIF_IP(txn, to, get_PIF_IP(from)));
    TRY(set_PIF_netmask(txn, to, get_PIF_netmask(from)));
    TRY(set_PIF_gateway(txn, to, get_PIF_gateway(from)));
    TRY(set_PIF_DNS(txn, to, get_PIF_DNS(from)));
    TRY(set_PIF_ipv6_configuration_mode(txn, to,
                                        get_PIF_ipv6_configuration_mode(from)));
    TRY(set_PIF_IPv6(txn, to, get_PIF_IPv6(from)));
    TRY(set_PIF_ipv6_gateway(txn, to, get_PIF_ipv6_gateway(from)));
    TRY(set_PIF_primary_address_type(txn, to,
                                     get_PIF_primary_address_type(from)));
    TRY(set_PIF_disallow_unplug(txn, to, get_PIF_disallow_unplug(from)));
    TRY(set_PIF_disallow_unplug(txn, from, false));
    TRY(set_PIF_ip_configuration_mode(txn, from,
                                      PIF_ip_configuration_mode_None));
    TRY(set_PIF_IP(txn, from, ""));
    TRY(set_PIF_netmask(txn, from, ""));
    TRY(set_PIF_gateway(txn, from, ""));
    TRY(set_PIF_DNS(txn, from, ""));
    TRY(set_PIF_ipv6_configuration_mode(txn, from,
                                        PIF_ipv6_configuration_mode_None));
    TRY(set_PIF_IPv6(txn, from, DATUM_EMPTY));
    return set_PIF_ipv6_gateway(txn, from, "");
}

/* ---- members ------------------------------------------------------------- */

struct members {
    struct object **list;
    size_t n;
    struct object *first; /* the primary */
    bool any_up;
};

static struct object *pif_at(const struct db *db, struct model_value set,
                             unsigned i)
{
    return db_find(db, &model_classes[CLASS_PIF], set.keys[i].s);
}

static bool has_ip(const struct object *pif)
{
    return get_PIF_ip_configuration_mode(pif) !=
               PIF_ip_configuration_mode_None ||
           get_PIF_ipv6_configuration_mode(pif) !=
               PIF_ipv6_configuration_mode_None;
}

static struct err *check_member(const struct object *pif,
                                const struct object *host)
{
    const char *ref = object_ref(pif);

    TRY(net_check_managed(pif));
    if (get_PIF_host(pif) != host)
        return err_PIF_CANNOT_BOND_CROSS_HOST();
    if (get_PIF_bond_slave_of(pif) || get_PIF_bond_master_of(pif).n)
        return err_PIF_ALREADY_BONDED(ref);
    if (get_PIF_VLAN(pif) >= 0)
        return err_PIF_VLAN_EXISTS(ref);
    return get_PIF_tunnel_access_PIF_of(pif).n ? err_IS_TUNNEL_ACCESS_PIF(ref)
                                               : NULL;
}

static struct err *check_alike(const struct members *m)
{
    const struct model_type *type = model_fields[PIF_properties].type;

    for (size_t i = 1; i < m->n; i++)
        if (!datum_equal(type, get_PIF_properties(m->list[0]),
                         get_PIF_properties(m->list[i])))
            return err_INCOMPATIBLE_PIF_PROPERTIES();
    return NULL;
}

/* The one that the host is managed through, or that has an address, or the
 * first that was named. */
static struct err *choose_first(struct members *m)
{
    size_t n_ip = 0;

    for (size_t i = 0; i < m->n; i++) {
        n_ip += has_ip(m->list[i]);
        if (!m->first && has_ip(m->list[i]))
            m->first = m->list[i];
    }
    for (size_t i = 0; i < m->n; i++)
        if (get_PIF_management(m->list[i]))
            m->first = m->list[i];
    if (!m->first)
        m->first = m->list[0];
    return n_ip > 1 ? err_PIF_BOND_MORE_THAN_ONE_IP() : NULL;
}

static struct err *take_members(const struct net_change *c,
                                struct model_value set, struct members *ret)
{
    struct pool *p = job_pool(c->job);

    *ret = (struct members){NULL};
    for (unsigned i = 0; i < set.n; i++) {
        struct object *pif = pif_at(job_db(c->job), set, i);

        if (!pif)
            return db_no_object(&model_classes[CLASS_PIF], set.keys[i].s);
        TRY(check_member(pif, c->host));
        *pool_push(p, ret->list, ret->n) = pif;
        if (get_PIF_currently_attached(pif) || get_PIF_management(pif))
            ret->any_up = true;
    }
    if (ret->n < MEMBERS_MIN)
        return err_PIF_BOND_NEEDS_MORE_MEMBERS();
    TRY(check_alike(ret));
    return choose_first(ret);
}

/* ---- settings ------------------------------------------------------------ */

/* What a mode's settings may be; TEXT NULL: a number. */
static const struct {
    enum Bond_mode mode;
    const char *name, *initial, *texts[2];
} rules[] = {
    {Bond_mode_lacp,
     "hashing_algorithm",
     "tcpudp_ports",
     {"tcpudp_ports", "src_mac"}},
    {Bond_mode_lacp, "lacp-time", "slow", {"slow", "fast"}},
    {Bond_mode_lacp, "lacp-aggregation-key", NULL, {NULL, NULL}},
    {Bond_mode_lacp, "lacp-fallback-ab", "true", {"true", "false"}},
};

static bool is_valid(size_t rule, const char *value)
{
    int64_t number;
    struct err *e;

    for (size_t i = 0; i < ARRAY_LEN(rules[rule].texts); i++)
        if (rules[rule].texts[i] && !strcmp(rules[rule].texts[i], value))
            return true;
    if (rules[rule].texts[0])
        return false;
    e = text_to_int(value, 10, 0, 1023, &number);
    err_drop(e, "it is said to be invalid");
    return !e;
}

static struct err *check_setting(enum Bond_mode mode, const char *name,
                                 const char *value)
{
    AUTO_POOL struct pool *p = pool_new();

    for (size_t i = 0; i < ARRAY_LEN(rules); i++)
        if (rules[i].mode == mode && !strcmp(rules[i].name, name) &&
            is_valid(i, value))
            return NULL;
    return err_INVALID_VALUE("properties",
                             pool_printf(p, "%s = %s", name, value));
}

/* Those that the mode knows, and its own where none is said. */
static struct err *set_settings(struct txn *txn, struct object *bond,
                                struct model_value given)
{
    enum Bond_mode mode = get_Bond_mode(bond);

    TRY(set_Bond_properties(txn, bond, DATUM_EMPTY));
    for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
        const char *value = datum_map_get(given, rules[i].name);

        if (rules[i].mode != mode)
            continue;
        if (!value || !is_valid(i, value))
            value = rules[i].initial;
        if (value)
            TRY(add_to_Bond_properties(txn, bond, rules[i].name, value));
    }
    return NULL;
}

/* ---- create -------------------------------------------------------------- */

static const char *new_device(struct pool *p, const struct db *db,
                              const struct object *host,
                              const struct net_link *links, size_t n)
{
    const char *name;
    unsigned i = 0;

    do
        name = pool_printf(p, "bond%u", i++);
    while (pif_of_device(db, host, name) || net_find(links, n, name));
    return name;
}

/* network, members, MAC, mode, properties */
static struct err *make_records(struct txn *txn, const struct net_change *c,
                                const struct members *m, struct object **ret)
{
    const char *mac = vm_arg(c->call, 2).s;
    struct pool *p = job_pool(c->job);
    struct object *pif, *bond;
    struct net_link *links;
    size_t n;

    TRY(c->net->list(c->net, p, &links, &n));
    TRY(pif_create(txn, c->host, new_device(p, txn_db(txn), c->host, links, n),
                   c->self, NULL, &pif));
    TRY(set_PIF_MAC(txn, pif, *mac ? mac : get_PIF_MAC(m->first)));
    TRY(set_PIF_properties(txn, pif, get_PIF_properties(m->first)));
    TRY(txn_create(txn, &model_classes[CLASS_Bond], net_new(c->call), NULL,
                   &bond));
    TRY(set_Bond_master(txn, bond, pif));
    TRY(set_Bond_primary_slave(txn, bond, m->first));
    TRY(set_Bond_mode(txn, bond, (enum Bond_mode)vm_arg(c->call, 3).i));
    TRY(set_Bond_auto_update_mac(txn, bond, !*mac));
    TRY(set_settings(txn, bond, c->call->args[4]));
    for (size_t i = 0; i < m->n; i++)
        TRY(set_PIF_bond_slave_of(txn, m->list[i], bond));
    *ret = pif;
    return NULL;
}

static struct err *hand_over(struct txn *txn, const struct net_change *c,
                             const struct members *m, struct object *to)
{
    bool management = get_PIF_management(m->first);
    struct vlans vlans;

    TRY(move_addresses(txn, m->first, to));
    if (m->any_up)
        TRY(pif_up(txn, c->net, to));
    for (size_t i = 0; i < m->n; i++) {
        TRY(take_vlans(txn, c, m->list[i], &vlans));
        TRY(give_vlans(txn, c, &vlans, to));
        TRY(move_vifs(txn, c, get_PIF_network(m->list[i]), c->self));
    }
    return management ? pif_set_management(txn, c->host, to) : NULL;
}

static struct err *check_new(const struct net_change *c)
{
    const char *mac = vm_arg(c->call, 2).s;
    struct model_value given = c->call->args[4];

    TRY(net_check_free(job_db(c->job), c->self, c->host));
    if (*mac && !pif_is_mac(mac))
        return err_MAC_INVALID(mac);
    for (unsigned i = 0; i < given.n; i++)
        TRY(check_setting((enum Bond_mode)vm_arg(c->call, 3).i, given.keys[i].s,
                          given.values[i].s));
    return NULL;
}

static struct err *create(struct txn *txn, const struct net_change *c)
{
    struct members m;
    struct object *pif;

    TRY(check_new(c));
    TRY(take_members(c, c->call->args[1], &m));
    for (size_t i = 0; i < m.n; i++)
        if (get_PIF_currently_attached(m.list[i]))
            TRY(net_lower(txn, c, m.list[i]));
    TRY(make_records(txn, c, &m, &pif));
    return hand_over(txn, c, &m, pif);
}

NET_BODY_NEW(Bond, create, create)

/* ---- destroy ------------------------------------------------------------- */

/* Who gets what the bond has: another one when records of PIFs were removed
 * (PIF.db_forget). */
static struct object *heir(const struct db *db, const struct object *bond)
{
    struct object *first = get_Bond_primary_slave(bond);
    struct model_value all = get_Bond_slaves(bond);

    if (first || !all.n)
        return first;
    return db_find(db, &model_classes[CLASS_PIF], all.keys[0].s);
}

static struct err *destroy(struct txn *txn, const struct net_change *c)
{
    struct object *pif = get_Bond_master(c->self),
                  *first = heir(txn_db(txn), c->self);
    bool was_up, management;
    struct vlans vlans;

    if (!pif) {
        txn_destroy(txn, c->self);
        return NULL;
    }
    if (!first)
        return err_OPERATION_NOT_ALLOWED("All members of the bond are gone");
    was_up = get_PIF_currently_attached(pif);
    management = get_PIF_management(pif);
    TRY(take_vlans(txn, c, pif, &vlans));
    TRY(move_vifs(txn, c, get_PIF_network(pif), get_PIF_network(first)));
    if (was_up)
        TRY(net_lower(txn, c, pif));
    TRY(move_addresses(txn, pif, first));
    if (management)
        TRY(pif_set_management(txn, c->host, first));
    txn_destroy(txn, c->self);
    if (was_up)
        TRY(pif_up(txn, c->net, first));
    TRY(give_vlans(txn, c, &vlans, first));
    pif_destroy(txn, pif);
    return NULL;
}

NET_BODY(Bond, destroy, destroy)

/* ---- changes ------------------------------------------------------------- */

static struct err *renew(struct txn *txn, const struct net_change *c)
{
    struct object *pif = get_Bond_master(c->self);

    return pif && get_PIF_currently_attached(pif) ? pif_up(txn, c->net, pif)
                                                  : NULL;
}

static struct err *set_mode(struct txn *txn, const struct net_change *c)
{
    struct model_value old = get_Bond_properties(c->self);

    old = datum_copy(job_pool(c->job), model_fields[Bond_properties].type, old);
    TRY(set_Bond_mode(txn, c->self, (enum Bond_mode)vm_arg(c->call, 1).i));
    TRY(set_settings(txn, c->self, old));
    return renew(txn, c);
}

NET_BODY(Bond, set_mode, set_mode)

/* self, name, value */
static struct err *set_property(struct txn *txn, const struct net_change *c)
{
    const char *name = vm_arg(c->call, 1).s, *value = vm_arg(c->call, 2).s;

    TRY(check_setting(get_Bond_mode(c->self), name, value));
    TRY(add_to_Bond_properties(txn, c->self, name, value));
    return renew(txn, c);
}

NET_BODY(Bond, set_property, set_property)
