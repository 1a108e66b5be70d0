/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* api/network: the calls of class network. A network is a row in the database
 * until a VIF or PIF wants its bridge. */
#include <stdio.h>
#include <string.h>

#include "xapi/api/net.h"
#include "xapi/model/calls_gen.h"
#include "xapi/model/errors_gen.h"
#include "xapi/model/fields_gen.h"
#include "xapi/call/generic.h"
#include "xapi/vm/network.h"
#include "xapi/call/server.h"

#define MTU 1500

static bool bridge_is_taken(struct db *db, const char *name,
                            const struct object *except)
{
    for (const struct object *o = db_first(db, &model_classes[CLASS_network]);
         o; o = object_next(o))
        if (o != except && !strcmp(get_network_bridge(o), name))
            return true;
    return false;
}

/* The first of xapi0, xapi1, ... that no network has. */
static struct err *name_bridge(struct txn *txn, struct object *network)
{
    char name[32];
    unsigned n = 0;

    do
        snprintf(name, sizeof(name), "xapi%u", n++);
    while (bridge_is_taken(txn_db(txn), name, network));
    return set_network_bridge(txn, network, name);
}

/* Its caller has chosen one. */
static struct err *check_bridge(struct txn *txn, const struct object *network)
{
    const char *name = get_network_bridge(network);

    if (!net_is_name(name))
        return err_INVALID_VALUE("bridge", name);
    return bridge_is_taken(txn_db(txn), name, network)
               ? err_BRIDGE_NAME_EXISTS(name)
               : NULL;
}

static struct err *create(struct call *c, struct txn *txn, struct object **ret)
{
    TRY(generic_create(c, txn, ret));
    if (get_network_MTU(*ret) <= 0)
        TRY(set_network_MTU(txn, *ret, MTU));
    return *get_network_bridge(*ret) ? check_bridge(txn, *ret)
                                     : name_bridge(txn, *ret);
}

struct err *network_create(struct call *c, const struct network_create_args *a)
{
    (void)a;
    return generic_construct(c, create);
}

/* ---- the end ------------------------------------------------------------- */

#define INTERNAL "is_host_internal_management_network"

static struct err *check_unused(const struct db *db,
                                const struct object *network)
{
    struct model_value vifs = get_network_VIFs(network),
                       pifs = get_network_PIFs(network);
    const char *internal =
        datum_map_get(get_network_other_config(network), INTERNAL);

    for (unsigned i = 0; i < vifs.n; i++)
        if (get_VIF_currently_attached(
                db_find(db, &model_classes[CLASS_VIF], vifs.keys[i].s)))
            return err_NETWORK_CONTAINS_VIF(vifs.keys[i].s);
    if (pifs.n)
        return err_NETWORK_CONTAINS_PIF(pifs.keys[0].s);
    return internal && !strcmp(internal, "true")
               ? err_CANNOT_DESTROY_SYSTEM_NETWORK(object_ref(network))
               : NULL;
}

static struct err *destroy(struct txn *txn, const struct net_change *c)
{
    TRY(check_unused(txn_db(txn), c->self));
    if (get_network_managed(c->self))
        TRY(net_down(c->net, get_network_bridge(c->self)));
    txn_destroy(txn, c->self);
    return NULL;
}

static struct err *destroy_work(struct job *j, void *w)
{
    return net_work(j, w, destroy);
}

/* Without a host there is no bridge. */
struct err *network_destroy(struct call *c,
                            const struct network_destroy_args *a)
{
    struct object *o = NULL;
    struct txn *txn;

    (void)a;
    if (c->server->net)
        return net_run(c, destroy_work, false);
    TRY(call_object(c, 0, &o));
    TRY(check_unused(c->db, o));
    txn = txn_begin(c->db);
    txn_destroy(txn, o);
    return txn_end(txn, NULL);
}

/* ---- its bridge ---------------------------------------------------------- */

static struct err *attach_work(struct job *j, void *arg)
{
    const struct ops_work *w = arg;
    struct object *network =
        db_find(job_db(j), &model_classes[CLASS_network], vm_arg(w->call, 0).s);

    return network ? network_up(j, w->call->server->net, network, w->host, NULL)
                   : db_no_object(&model_classes[CLASS_network],
                                  vm_arg(w->call, 0).s);
}

struct err *network_attach(struct call *c, const struct network_attach_args *a)
{
    (void)a;
    return net_run(c, attach_work, false);
}

/* host, vm */
static struct err *each_network(struct job *j, const struct ops_work *w,
                                bool attach)
{
    const struct net *net = w->call->server->net;
    const struct object *vm =
        db_find(job_db(j), &model_classes[CLASS_VM], vm_arg(w->call, 1).s);
    struct model_value vifs = vm ? get_VM_VIFs(vm) : DATUM_EMPTY;

    for (unsigned i = 0; i < vifs.n; i++) {
        const struct object *vif =
            db_find(job_db(j), &model_classes[CLASS_VIF], vifs.keys[i].s);
        struct object *network = get_VIF_network(vif);

        if (network)
            TRY(attach ? network_up(j, net, network, w->host, vif)
                       : network_down(j, net, network, vif));
    }
    return NULL;
}

static struct err *attach_for_vm(struct job *j, void *w)
{
    return each_network(j, w, true);
}

static struct err *detach_for_vm(struct job *j, void *w)
{
    return each_network(j, w, false);
}

struct err *network_attach_for_vm(struct call *c,
                                  const struct network_attach_for_vm_args *a)
{
    (void)a;
    return net_run(c, attach_for_vm, false);
}

struct err *network_detach_for_vm(struct call *c,
                                  const struct network_detach_for_vm_args *a)
{
    (void)a;
    return net_run(c, detach_for_vm, false);
}

struct err *network_pool_introduce(struct call *c,
                                   const struct network_pool_introduce_args *a)
{
    (void)a;
    return generic_run_introduce(c);
}

/* ---- what guests on it may do, what it is for ---------------------------- */

/* No guest that runs goes by the network's word. */
static struct err *check_locked_otherwise(const struct db *db,
                                          const struct object *network)
{
    struct model_value vifs = get_network_VIFs(network);

    for (unsigned i = 0; i < vifs.n; i++) {
        const struct object *vif =
            db_find(db, &model_classes[CLASS_VIF], vifs.keys[i].s);

        if (get_VIF_currently_attached(vif) &&
            get_VIF_locking_mode(vif) == VIF_locking_mode_network_default)
            return err_VIF_IN_USE(object_ref(network), object_ref(vif));
    }
    return NULL;
}

struct err *network_set_default_locking_mode(
    struct call *c, const struct network_set_default_locking_mode_args *a)
{
    struct object *o = NULL;
    struct txn *txn;

    TRY(call_object(c, 0, &o));
    TRY(check_locked_otherwise(c->db, o));
    txn = txn_begin(c->db);
    return txn_end(txn, set_network_default_locking_mode(txn, o, a->value));
}

static bool has_purpose(const struct object *network, int purpose)
{
    return datum_find(model_fields[network_purpose].type,
                      get_network_purpose(network),
                      (union model_atom){.i = purpose}) >= 0;
}

/* A network for NBD with TLS and one for NBD without exclude each other. */
struct err *network_add_purpose(struct call *c,
                                const struct network_add_purpose_args *a)
{
    enum network_purpose other = a->value == network_purpose_nbd
                                     ? network_purpose_insecure_nbd
                                     : network_purpose_nbd;
    const struct model_enum *names = c->row->params[1].type->enum_;
    struct object *o = NULL;
    struct txn *txn;

    TRY(call_object(c, 0, &o));
    for (const struct object *n = db_first(c->db, object_class(o)); n;
         n = object_next(n))
        if (has_purpose(n, other))
            return err_NETWORK_INCOMPATIBLE_PURPOSES(names->values[a->value],
                                                     names->values[other]);
    txn = txn_begin(c->db);
    return txn_end(txn, add_network_purpose(txn, o, a->value));
}

struct err *network_remove_purpose(struct call *c,
                                   const struct network_remove_purpose_args *a)
{
    struct object *o = NULL;
    struct txn *txn;

    TRY(call_object(c, 0, &o));
    txn = txn_begin(c->db);
    return txn_end(txn, remove_network_purpose(txn, o, a->value));
}
