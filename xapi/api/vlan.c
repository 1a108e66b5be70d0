/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* api/vlan: the calls of class VLAN, and pool's that make VLANs. */
#include <stdio.h>

#include "xapi/api/net.h"
#include "xapi/model/calls_gen.h"
#include "xapi/model/errors_gen.h"
#include "xapi/call/generic.h"

#define TAG_MAX 4094

/* ---- made ---------------------------------------------------------------- */

static struct object *find_tag(const struct db *db, const struct object *tagged,
                               int64_t tag)
{
    struct object *o = db_first(db, &model_classes[CLASS_VLAN]);

    while (o && (get_VLAN_tagged_PIF(o) != tagged || get_VLAN_tag(o) != tag))
        o = object_next(o);
    return o;
}

static struct err *check(const struct db *db, const struct net_new_vlan *v)
{
    const struct object *pif = v->tagged, *same;
    char text[24];

    snprintf(text, sizeof(text), "%lld", (long long)v->tag);
    TRY(net_check_managed(pif));
    if (get_PIF_bond_slave_of(pif))
        return err_CANNOT_ADD_VLAN_TO_BOND_SLAVE(object_ref(pif));
    if (v->tag < 0 || v->tag > TAG_MAX)
        return err_VLAN_TAG_INVALID(text);
    if (get_PIF_VLAN(pif) >= 0)
        return err_PIF_IS_VLAN(object_ref(pif));
    if (get_PIF_tunnel_access_PIF_of(pif).n)
        return err_IS_TUNNEL_ACCESS_PIF(object_ref(pif));
    TRY(net_check_free(db, v->network, get_PIF_host(pif)));
    same = find_tag(db, pif, v->tag);
    same = same ? get_VLAN_untagged_PIF(same) : NULL;
    return same ? err_PIF_VLAN_EXISTS(object_ref(same)) : NULL;
}

static struct err *make_records(struct txn *txn, const struct net_new_vlan *v,
                                struct object **ret_pif)
{
    struct object *pif, *vlan;

    TRY(txn_create(txn, &model_classes[CLASS_VLAN], v->vlan_ref, NULL, &vlan));
    TRY(pif_create(txn, get_PIF_host(v->tagged), get_PIF_device(v->tagged),
                   v->network, v->pif_ref, &pif));
    TRY(set_PIF_VLAN(txn, pif, v->tag));
    TRY(set_PIF_MAC(txn, pif, get_PIF_MAC(v->tagged)));
    TRY(set_PIF_VLAN_master_of(txn, pif, vlan));
    TRY(set_VLAN_tag(txn, vlan, v->tag));
    TRY(set_VLAN_tagged_PIF(txn, vlan, v->tagged));
    TRY(set_VLAN_untagged_PIF(txn, vlan, pif));
    *ret_pif = pif;
    return NULL;
}

struct err *net_make_vlan(struct txn *txn, const struct net_change *c,
                          const struct net_new_vlan *v)
{
    struct object *pif;

    TRY(check(txn_db(txn), v));
    TRY(make_records(txn, v, &pif));
    return pif_up(txn, c->net, pif);
}

/* tagged_PIF, tag, network */
static struct err *create(struct txn *txn, const struct net_change *c)
{
    const struct net_new_vlan v = {.tagged = c->self,
                                   .tag = vm_arg(c->call, 1).i,
                                   .network = net_arg(c, 2),
                                   .vlan_ref = net_new(c->call)};

    return net_make_vlan(txn, c, &v);
}

NET_BODY_NEW(VLAN, create, create)

struct err *VLAN_pool_introduce(struct call *c,
                                const struct VLAN_pool_introduce_args *a)
{
    (void)a;
    return generic_run_introduce(c);
}

/* ---- gone ---------------------------------------------------------------- */

struct err *net_drop_vlan(struct txn *txn, const struct net_change *c,
                          struct object *vlan)
{
    struct object *pif = get_VLAN_untagged_PIF(vlan);

    if (pif) {
        TRY(net_check_not_management(pif));
        TRY(net_check_unused(txn_db(txn), pif));
        if (get_PIF_currently_attached(pif))
            TRY(net_lower(txn, c, pif));
        pif_destroy(txn, pif);
    }
    txn_destroy(txn, vlan);
    return NULL;
}

static struct err *destroy(struct txn *txn, const struct net_change *c)
{
    return net_drop_vlan(txn, c, c->self);
}

NET_BODY(VLAN, destroy, destroy)

/* ---- on each host of the pool: on this one --------------------------------
 */

/* pif, network, VLAN */
static struct err *create_from_pif(struct txn *txn, const struct net_change *c)
{
    const struct net_new_vlan v = {.tagged = c->self,
                                   .network = net_arg(c, 1),
                                   .tag = vm_arg(c->call, 2).i,
                                   .pif_ref = net_new(c->call)};

    return net_make_vlan(txn, c, &v);
}

NET_BODY_NEW(pool, create_VLAN_from_PIF, create_from_pif)

/* device, network, VLAN */
static struct err *create_for_pool(struct txn *txn, const struct net_change *c)
{
    struct net_new_vlan v = {
        .tagged = pif_of_device(txn_db(txn), c->host, vm_arg(c->call, 0).s),
        .network = net_arg(c, 1),
        .tag = vm_arg(c->call, 2).i,
        .pif_ref = net_new(c->call)};

    return v.tagged ? net_make_vlan(txn, c, &v) : err_PIF_DEVICE_NOT_FOUND();
}

NET_BODY_NEW(pool, create_VLAN, create_for_pool)
