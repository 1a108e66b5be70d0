/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* api/sr: what is asked of repositories that are there. */
#include "xapi/api/sr.h"

#include "xapi/model/calls_gen.h"
#include "xapi/storage/disk_scan.h"
#include "xapi/model/errors_gen.h"
#include "xapi/call/generic.h"
#include "xapi/ops/ops_sr.h"
#include "xapi/storage/sr.h"

/* ---- what is in them ----------------------------------------------------- */

static struct err *scan(struct job *j, void *arg)
{
    return disk_scan(j, ((const struct ops_work *)arg)->self);
}

static struct err *update(struct job *j, void *arg)
{
    return disk_scan_space(j, ((const struct ops_work *)arg)->self);
}

struct err *SR_scan(struct call *c, const struct SR_scan_args *a)
{
    (void)a;
    return ops_run(c, SR_operations_scan,
                   &(const struct ops_body){.work = scan, .no_host = true});
}

struct err *SR_update(struct call *c, const struct SR_update_args *a)
{
    (void)a;
    return ops_run(c, SR_operations_update,
                   &(const struct ops_body){.work = update, .no_host = true});
}

/* ---- questions ----------------------------------------------------------- */

struct err *SR_get_supported_types(struct call *c)
{
    union model_atom *names = NULL;
    size_t n = 0;

    for (const struct sr_type *const *type = sr_types; *type; type++)
        pool_push(c->pool, names, n)->s = (*type)->name;
    call_return(c, (struct model_value){(unsigned)n, names, NULL});
    return NULL;
}

struct err *SR_get_live_hosts(struct call *c,
                              const struct SR_get_live_hosts_args *a)
{
    union model_atom *hosts = NULL;
    struct object *sr = NULL;
    struct model_value pbds;
    size_t n = 0;

    (void)a;
    TRY(call_object(c, 0, &sr));
    pbds = get_SR_PBDs(sr);
    for (unsigned i = 0; i < pbds.n; i++) {
        const struct object *pbd =
            db_find(c->db, &model_classes[CLASS_PBD], pbds.keys[i].s);

        if (get_PBD_currently_attached(pbd))
            pool_push(c->pool, hosts, n)->s =
                pool_str(c->pool, object_ref(get_PBD_host(pbd)));
    }
    call_return(c, (struct model_value){(unsigned)n, hosts, NULL});
    return NULL;
}

/* What the other hosts of a pool shall read needs a place that all have, and
 * that can be attached before the daemon is there. */
static struct err *check_for_pool(struct call *c)
{
    struct object *sr = NULL;

    TRY(call_object(c, 0, &sr));
    if (!sr_is_plugged(c->db, sr))
        return err_SR_HAS_NO_PBDS(object_ref(sr));
    return get_SR_shared(sr) && sr_has_feature(c->db, sr, "VDI_GENERATE_CONFIG")
               ? NULL
               : err_SR_OPERATION_NOT_SUPPORTED(object_ref(sr));
}

struct err *SR_assert_can_host_ha_statefile(
    struct call *c, const struct SR_assert_can_host_ha_statefile_args *a)
{
    (void)a;
    return check_for_pool(c);
}

struct err *SR_assert_supports_database_replication(
    struct call *c,
    const struct SR_assert_supports_database_replication_args *a)
{
    (void)a;
    return check_for_pool(c);
}

/* ---- fields -------------------------------------------------------------- */

static struct err *check_shared(const struct object *sr, bool shared)
{
    struct model_value pbds = get_SR_PBDs(sr);

    return !shared && pbds.n > 1 ? err_SR_HAS_MULTIPLE_PBDS(pbds.keys[0].s)
                                 : NULL;
}

struct err *SR_set_shared(struct call *c, const struct SR_set_shared_args *a)
{
    struct object *sr = NULL;
    struct txn *txn;

    TRY(call_object(c, 0, &sr));
    TRY(check_shared(sr, a->value));
    txn = txn_begin(c->db);
    return txn_end(txn, set_SR_shared(txn, sr, a->value));
}

/* clang-format off */
#define SETTER(name_)                                                      \
    struct err *SR_set_##name_(struct call *c,                             \
                               const struct SR_set_##name_##_args *a)      \
    {                                                                      \
        struct object *sr = NULL;                                          \
        struct txn *txn;                                                   \
                                                                           \
        TRY(call_object(c, 0, &sr));                                       \
        txn = txn_begin(c->db);                                            \
        return txn_end(txn, set_SR_##name_(txn, sr, a->value));            \
    }

SETTER(name_label)
SETTER(name_description)
SETTER(physical_size)
SETTER(virtual_allocation)
SETTER(physical_utilisation)
/* clang-format on */
