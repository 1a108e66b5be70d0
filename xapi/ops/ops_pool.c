/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ops_pool: which operation a pool may begin. They are of all its hosts, so
 * one excludes all others. */
#include "xapi/model/errors_gen.h"
#include "xapi/ops/ops.h"

static bool has_members(const struct db *db, const struct object *pool)
{
    const struct object *host = db_first(db, &model_classes[CLASS_host]);

    while (host && host == get_pool_master(pool))
        host = object_next(host);
    return host;
}

/* Who has nobody beside it is the master, which stays. */
static struct err *check(const struct db *db, const struct object *pool,
                         unsigned op, bool strict)
{
    if (ops_current(pool).n)
        return ops_in_progress(pool);
    if (get_pool_ha_enabled(pool))
        return err_HA_IS_ENABLED();
    if (strict && op == pool_allowed_operations_eject && !has_members(db, pool))
        return err_OPERATION_NOT_ALLOWED("The pool has no members");
    return NULL;
}

/* The calls of the others are not there. */
static bool hidden(unsigned op)
{
    return op != pool_allowed_operations_designate_new_master &&
           op != pool_allowed_operations_eject;
}

const struct ops_class ops_pool = {
    .class = CLASS_pool,
    .allowed = pool_allowed_operations,
    .current = pool_current_operations,
    .check = check,
    .hidden = hidden,
};
