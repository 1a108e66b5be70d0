/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vm_path: see vm_path.h. */
#include "xl/domain/vm_path.h"

#include <stdio.h>
#include <string.h>

#include "xenstore/store.h"

#define DEPTH 4
#define NODES_MAX 256 /* libxl writes some ten */

static struct err *keep(struct host *h, struct vm_path *v, const char *path,
                        unsigned depth)
{
    char *value = NULL, **names = NULL;
    size_t n = 0;

    TRY(store_read(h->store, v->pool, path, &value));
    if (!value || v->n >= NODES_MAX)
        return NULL;
    *pool_push(v->pool, v->nodes, v->n) = (struct vm_node){path, value};
    if (depth)
        TRY(store_list(h->store, v->pool, path, &names, &n));
    for (size_t i = 0; i < n; i++)
        TRY(keep(h, v, pool_printf(v->pool, "%s/%s", path, names[i]),
                 depth - 1));
    return NULL;
}

struct err *vm_path_keep(struct host *h, struct pool *p, const char *uuid,
                         struct vm_path *ret)
{
    TRY(host_open_quick(h, HOST_QUIET, 0));
    *ret = (struct vm_path){.pool = p, .path = pool_printf(p, "/vm/%s", uuid)};
    return keep(h, ret, ret->path, DEPTH);
}

/* The other one may have written its own there. */
static struct err *set_name(struct host *h, const struct vm_path *kept,
                            uint32_t domid)
{
    struct pool *p = kept->pool;
    const char *path = pool_printf(p, "%s/name", kept->path);
    char *name = NULL;

    TRY(store_read(h->store, p, pool_printf(p, "/local/domain/%u/name", domid),
                   &name));
    for (size_t i = 0; name && i < kept->n; i++)
        if (!strcmp(kept->nodes[i].path, path))
            kept->nodes[i].value = name;
    return NULL;
}

struct err *vm_path_restore(struct host *h, const struct vm_path *kept,
                            uint32_t domid)
{
    struct store_batch b = {.pool = kept->pool};
    char perms[32];
    int len = snprintf(perms, sizeof(perms), "n0%cr%u", 0, domid);

    TRY(host_open_quick(h, HOST_QUIET, 0));
    TRY(set_name(h, kept, domid));
    for (size_t i = 0; i < kept->n; i++) {
        const struct vm_node *node = &kept->nodes[i];
        size_t at;

        store_batch_write(&b, node->path, node->value, strlen(node->value));
        at = store_batch_add(&b, STORE_SET_PERMS, node->path);
        b.reqs[at].data = perms;
        b.reqs[at].data_len = (size_t)len + 1;
    }
    TRY(store_batch_run(h->store, &b));
    for (size_t i = 0; i < b.n; i++)
        TRY(store_req_err(&b.reqs[i]));
    return NULL;
}
