/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* plan: what a VM's record comes to as a domain: a plain struct that hv.h's
 * bodies build from. */
#ifndef XAPI_PLAN_H
#define XAPI_PLAN_H

#include "lib/pool.h"
#include "xapi/db.h"

struct plan {
    const char *uuid, *name;
    const char *type;           /* "pv", "pvh", "hvm", "pv_in_pvh" */
    int64_t memory, memory_max; /* bytes */
    int64_t vcpus, vcpus_max;
    const char *kernel, *ramdisk, *args;
};

/* Of VM; texts are in P. */
void plan_make(struct pool *p, const struct object *vm, struct plan *ret);

#endif
