/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* hv_libxl_data: what is said to guests and by them in XenStore; see
 * hv_libxl.h. */
#include <string.h>

#include "lib/str.h"
#include "xapi/hv/hv_libxl.h"
#include "xenstore/store.h"

#define DEPTH 6 /* of nodes below one of HV_SAID */

static struct err *set_one(struct lx *lx, struct pool *p, uint32_t domid,
                           const struct plan_pair *pair)
{
    const char *path = pool_printf(p, "/local/domain/%u/%s", domid, pair->name);
    const char *owner = pool_printf(p, "n%u", domid);
    struct store_req own = {.op = STORE_SET_PERMS,
                            .path = path,
                            .data = owner,
                            .data_len = strlen(owner) + 1};

    if (!pair->value)
        return store_remove(lx->host.store, path);
    TRY(store_write(lx->host.store, path, pair->value));
    if (!text_has_prefix(pair->name, HV_AGENT))
        return NULL;
    TRY(store_run(lx->host.store, &own, 1, p));
    return own.errnum ? store_req_err(&own) : NULL;
}

struct err *lx_set_data(const struct hv *hv, uint32_t domid,
                        const struct plan_pair *pairs, size_t n)
{
    AUTO_POOL struct pool *p = pool_new();
    struct lx lx AUTO_LX = {0};

    (void)hv;
    TRY(lx_begin_quick(&lx));
    for (size_t i = 0; i < n; i++)
        TRY(set_one(&lx, p, domid, &pairs[i]));
    return NULL;
}

struct said {
    struct store *store;
    struct pool *pool;
    uint32_t domid;
    struct plan_pair *pairs;
    size_t n;
};

/* NODE, from the domain's path, and all below it. */
static struct err *hear(struct said *s, const char *node, unsigned depth)
{
    const char *path =
        pool_printf(s->pool, "/local/domain/%u/%s", s->domid, node);
    char *value = NULL, **names = NULL;
    size_t n = 0;

    TRY(store_read(s->store, s->pool, path, &value));
    if (!value || s->n >= HV_SAID_MAX)
        return NULL;
    if (*value)
        *pool_push(s->pool, s->pairs, s->n) = (struct plan_pair){node, value};
    if (!depth)
        return NULL;
    TRY(store_list(s->store, s->pool, path, &names, &n));
    for (size_t i = 0; i < n && i < HV_SAID_MAX; i++)
        TRY(hear(s, pool_printf(s->pool, "%s/%s", node, names[i]), depth - 1));
    return NULL;
}

struct err *lx_said(const struct hv *hv, uint32_t domid, struct pool *p,
                    struct plan_pair **ret, size_t *ret_n)
{
    static const char *const roots[] = HV_SAID;
    struct said s = {.pool = p, .domid = domid};
    struct lx lx AUTO_LX = {0};

    (void)hv;
    TRY(lx_begin_quick(&lx));
    s.store = lx.host.store;
    for (size_t i = 0; i < ARRAY_LEN(roots); i++)
        TRY(hear(&s, roots[i], DEPTH));
    *ret = s.pairs;
    *ret_n = s.n;
    return NULL;
}
