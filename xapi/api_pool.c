/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* api_pool: the calls of class pool, of a pool of one. */
#include "xapi/calls_gen.h"
#include "xapi/generic.h"

struct err *pool_is_slave(struct call *c, const struct pool_is_slave_args *a)
{
    struct object *host;

    (void)a;
    TRY(call_object(c, 0, &host));
    call_return_int(c, false);
    return NULL;
}

/* There are no members; here all that was answered is on disk. */
struct err *pool_sync_database(struct call *c)
{
    (void)c;
    return NULL;
}
