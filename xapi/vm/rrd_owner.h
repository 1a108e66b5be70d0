/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* rrd_owner: of whom there are measured values, as columns are named by them:
 * "vm:UUID". */
#ifndef XAPI_RRD_OWNER_H
#define XAPI_RRD_OWNER_H

#include "xapi/db/db.h"

struct rrd_owner {
    const char *word;
    const struct model_class *class;
};

#define RRD_OWNERS 3
extern const struct rrd_owner rrd_owners[RRD_OWNERS];

/* O's name, in P; O is of one of these classes. */
const char *rrd_owner_name(struct pool *p, const struct object *o);
/* Whose name (the first part of a column's) NAME is, or NULL. */
struct object *rrd_owner_find(const struct db *db, const char *name);

#endif
