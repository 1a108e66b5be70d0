/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* api_network: the calls of class network. A network is a row in the database
 * until a VIF or PIF wants its bridge. */
#include <stdio.h>
#include <string.h>

#include "xapi/calls_gen.h"
#include "xapi/errors_gen.h"
#include "xapi/fields_gen.h"
#include "xapi/generic.h"

#define MTU 1500

static bool bridge_is_taken(struct db *db, const char *name)
{
    for (const struct object *o = db_first(db, &model_classes[CLASS_network]);
         o; o = object_next(o))
        if (!strcmp(get_network_bridge(o), name))
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
    while (bridge_is_taken(txn_db(txn), name));
    return set_network_bridge(txn, network, name);
}

static struct err *create(struct call *c, struct txn *txn, struct object **ret)
{
    TRY(generic_create(c, txn, ret));
    if (get_network_MTU(*ret) <= 0)
        TRY(set_network_MTU(txn, *ret, MTU));
    return *get_network_bridge(*ret) ? NULL : name_bridge(txn, *ret);
}

struct err *network_create(struct call *c, const struct network_create_args *a)
{
    struct txn *txn = txn_begin(c->db);
    struct object *o = NULL;
    struct err *e = create(c, txn, &o);

    (void)a;
    if (!e)
        call_return_ref(c, object_ref(o));
    return txn_end(txn, e);
}

static struct err *check_unused(struct db *db, const struct object *network)
{
    struct model_value vifs = get_network_VIFs(network),
                       pifs = get_network_PIFs(network);

    for (unsigned i = 0; i < vifs.n; i++)
        if (get_VIF_currently_attached(
                db_find(db, &model_classes[CLASS_VIF], vifs.keys[i].s)))
            return err_NETWORK_CONTAINS_VIF(vifs.keys[i].s);
    return pifs.n ? err_NETWORK_CONTAINS_PIF(pifs.keys[0].s) : NULL;
}

struct err *network_destroy(struct call *c,
                            const struct network_destroy_args *a)
{
    struct object *o = NULL;
    struct txn *txn;

    (void)a;
    TRY(call_object(c, 0, &o));
    TRY(check_unused(c->db, o));
    txn = txn_begin(c->db);
    txn_destroy(txn, o);
    return txn_end(txn, NULL);
}

struct err *network_set_default_locking_mode(
    struct call *c, const struct network_set_default_locking_mode_args *a)
{
    struct object *o = NULL;
    struct txn *txn;

    TRY(call_object(c, 0, &o));
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
