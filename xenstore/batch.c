/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* batch: requests are put together, and what became of one is told. */
#include <errno.h>
#include <string.h>

#include "xenstore/path.h"
#include "xenstore/requests.h"

static size_t add(struct store_batch *b, enum store_op op, const char *path,
                  const char *data, size_t data_len)
{
    struct store_req *req = pool_push(b->pool, b->reqs, b->n);

    req->op = op;
    req->path = path;
    req->data = data;
    req->data_len = data_len;
    req->tx = b->tx;
    return b->n - 1;
}

size_t store_batch_add(struct store_batch *b, enum store_op op,
                       const char *path)
{
    return add(b, op, pool_str(b->pool, path), NULL, 0);
}

size_t store_batch_addf(struct store_batch *b, enum store_op op,
                        const char *fmt, ...)
{
    va_list ap;
    char *path;

    va_start(ap, fmt);
    path = pool_vprintf(b->pool, fmt, ap);
    va_end(ap);
    return add(b, op, path, NULL, 0);
}

size_t store_batch_write(struct store_batch *b, const char *path,
                         const char *value, size_t len)
{
    return add(b, STORE_WRITE, pool_str(b->pool, path),
               pool_strn(b->pool, value, len), len);
}

struct err *store_req_err(const struct store_req *req)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *fault = path_fault(p, req->path);

    if (!req->errnum)
        return NULL;
    if (fault && (req->errnum == EINVAL || req->errnum == ENOENT))
        return ERR_AS(input, "'%s': %s", req->path, fault);
    if (req->errnum == ENOENT)
        return ERR_AS(not_found, "there is no '%s' in XenStore", req->path);
    if (req->errnum == ENOSYS && req->op == STORE_LIST)
        return ERR("'%s' has more names than this daemon can send through the "
                   "kernel's device: use its socket",
                   req->path);
    return err_errno(req->errnum, "cannot %s '%s' in XenStore",
                     requests_verb(req->op), req->path);
}
