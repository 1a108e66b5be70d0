/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* rrd_owner: see rrd_owner.h. */
#include "xapi/vm/rrd_owner.h"

#include <string.h>

#include "xapi/model/model_gen.h"

const struct rrd_owner rrd_owners[RRD_OWNERS] = {
    {"vm", &model_classes[CLASS_VM]},
    {"host", &model_classes[CLASS_host]},
    {"sr", &model_classes[CLASS_SR]},
};

const char *rrd_owner_name(struct pool *p, const struct object *o)
{
    const struct model_class *class = object_class(o);
    size_t i = 0;

    while (i + 1 < RRD_OWNERS && rrd_owners[i].class != class)
        i++;
    return pool_printf(p, "%s:%s", rrd_owners[i].word,
                       object_atom(o, class->uuid).s);
}

struct object *rrd_owner_find(const struct db *db, const char *name)
{
    AUTO_POOL struct pool *p = pool_new();
    size_t n;
    char **parts = text_split(p, name, ':', &n);

    for (size_t i = 0; n > 1 && i < RRD_OWNERS; i++)
        if (!strcmp(rrd_owners[i].word, parts[0]))
            return db_by_uuid(db, rrd_owners[i].class, parts[1]);
    return NULL;
}
