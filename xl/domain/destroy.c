/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* destroy: see destroy.h. */
#include "xl/domain/destroy.h"

#include "xl/domain/await.h"

bool domain_is_gone(struct host *h, uint32_t domid)
{
    libxl_dominfo info;
    bool gone;

    libxl_dominfo_init(&info);
    gone = libxl_domain_info(h->ctx, &info, domid) || info.dying;
    libxl_dominfo_dispose(&info);
    return gone;
}

/* libxl finds out that it has gone wherever it happens to be, and calls that
 * what it was about to do. */
struct err *domain_destroy(struct host *h, uint32_t domid, bool *ret_by_other)
{
    struct await a;
    bool by_other;
    int rc;

    host_mark(h);
    await_begin(&a, h);
    a.interruptible = false;
    rc = await_end(&a, libxl_domain_destroy(h->ctx, domid, &a.how));
    by_other =
        rc && libxl_domain_info(h->ctx, NULL, domid) == ERROR_DOMAIN_NOTFOUND;
    if (ret_by_other)
        *ret_by_other = by_other;
    return !rc || by_other ? NULL
                           : host_err(h, rc, "cannot destroy domain %u", domid);
}
