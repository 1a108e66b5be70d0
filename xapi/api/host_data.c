/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* api/host_data: what can be measured of a host (reading.h). */
#include "xapi/model/calls_gen.h"
#include "xapi/call/generic.h"
#include "xapi/vm/usage.h"

static struct err *measure(const struct call *c, struct reading **ret,
                           size_t *ret_n)
{
    struct object *host = NULL;

    TRY(call_object(c, 0, &host));
    return usage_of_host(c->pool, host, ret, ret_n);
}

struct err *host_get_data_sources(struct call *c,
                                  const struct host_get_data_sources_args *a)
{
    struct reading *list = NULL;
    size_t n = 0;

    (void)a;
    TRY(measure(c, &list, &n));
    reading_return(c, list, n);
    return NULL;
}

struct err *host_query_data_source(struct call *c,
                                   const struct host_query_data_source_args *a)
{
    const struct reading *one = NULL;
    struct reading *list = NULL;
    size_t n = 0;

    TRY(measure(c, &list, &n));
    TRY(reading_find(list, n, a->data_source, &one));
    call_return_float(c, one->value);
    return NULL;
}
