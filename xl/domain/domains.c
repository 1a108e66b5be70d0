/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* domains: see domains.h. */
#include "xl/domain/domains.h"

#include <errno.h>
#include <string.h>

#include "lib/str.h"
#include "xenstore/store.h"

/* Domains asked for in one hypercall. */
#define CHUNK 256

static void add(struct domains *ds, struct pool *p, const xc_domaininfo_t *info)
{
    struct domain *d = pool_push(p, ds->list, ds->n);

    d->id = info->domain;
    d->info = *info;
    memcpy(d->uuid.uuid, info->handle, sizeof(d->uuid.uuid));
}

struct err *domains_read(struct host *h, struct pool *p, struct domains *ret)
{
    struct domains ds = {0};
    xc_domaininfo_t *chunk = pool_alloc(p, CHUNK * sizeof(*chunk));
    uint32_t next = 0;
    int n;

    do {
        n = xc_domain_getinfolist(h->xc, next, CHUNK, chunk);
        if (n < 0)
            return err_errno(errno, "cannot list the domains");
        for (int i = 0; i < n; i++)
            add(&ds, p, &chunk[i]);
        if (n)
            next = chunk[n - 1].domain + 1;
    } while (n == CHUNK);
    *ret = ds;
    return NULL;
}

struct err *domains_name(struct host *h, struct pool *p, struct domain *list,
                         size_t n)
{
    struct store_batch batch = {.pool = p};

    for (size_t i = 0; i < n; i++)
        store_batch_read(&batch, "/local/domain/%u/name", list[i].id);
    TRY(store_batch_run(h->store, &batch));
    for (size_t i = 0; i < n; i++)
        list[i].name = batch.reqs[i].text;
    return NULL;
}

struct err *domains_find(struct host *h, struct pool *p, const libxl_uuid *uuid,
                         uint32_t except, struct domain **ret)
{
    struct domains ds;

    TRY(host_open_quick(h, HOST_QUIET, 0));
    TRY(domains_read(h, p, &ds));
    *ret = NULL;
    for (size_t i = 0; i < ds.n && !*ret; i++) {
        if (!(ds.list[i].info.flags & XEN_DOMINF_dying) &&
            !libxl_uuid_compare(&ds.list[i].uuid, uuid) &&
            (!except || ds.list[i].id != except))
            *ret = &ds.list[i];
    }
    return NULL;
}

/* ---- for libxl ----------------------------------------------------------- */

/* Each create looks whether its name is free. libxl's own way asks Xen and
 * XenStore once for each domain; the linker puts this in its place (--wrap in
 * the makefile). */
int __wrap_libxl_name_to_domid(libxl_ctx *ctx, const char *name,
                               uint32_t *domid);

static struct err *find_name(struct pool *p, const char *name,
                             const struct domain **ret)
{
    struct host h AUTO(host_close) = {0};
    struct domains ds;

    *ret = NULL;
    TRY(host_open_quick(&h, HOST_QUIET, 0));
    TRY(domains_read(&h, p, &ds));
    TRY(domains_name(&h, p, ds.list, ds.n));
    for (size_t i = 0; i < ds.n && !*ret; i++)
        if (text_eq(ds.list[i].name, name))
            *ret = &ds.list[i];
    return NULL;
}

int __wrap_libxl_name_to_domid(libxl_ctx *ctx, const char *name,
                               uint32_t *domid)
{
    AUTO_POOL struct pool *p = pool_new();
    const struct domain *found;
    struct err *e = find_name(p, name, &found);

    (void)ctx;
    if (e) {
        err_drop(e, "libxl knows only that it failed");
        return ERROR_FAIL;
    }
    if (!found)
        return ERROR_INVAL; /* libxl's word for it */
    *domid = found->id;
    return 0;
}

/* ---- one ----------------------------------------------------------------- */

int domain_shutdown_reason(const struct domain *d)
{
    if (!(d->info.flags & XEN_DOMINF_shutdown))
        return -1;
    return (d->info.flags >> XEN_DOMINF_shutdownshift) &
           XEN_DOMINF_shutdownmask;
}

const char *domain_state(struct pool *p, const struct domain *d)
{
    uint32_t flags = d->info.flags;
    bool crashed = domain_shutdown_reason(d) == SHUTDOWN_crash;

    return pool_printf(
        p, "%c%c%c%c%c%c", flags & XEN_DOMINF_running ? 'r' : '-',
        flags & XEN_DOMINF_blocked ? 'b' : '-',
        flags & XEN_DOMINF_paused ? 'p' : '-',
        flags & XEN_DOMINF_shutdown ? 's' : '-', crashed ? 'c' : '-',
        flags & XEN_DOMINF_dying ? 'd' : '-');
}

uint64_t domain_memory_kb(const struct domain *d)
{
    return (d->info.tot_pages + d->info.outstanding_pages)
           << (XC_PAGE_SHIFT - 10);
}

const char *uuid_text(struct pool *p, const libxl_uuid *uuid)
{
    const uint8_t *b = uuid->uuid;

    return pool_printf(p,
                       "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-"
                       "%02x%02x%02x%02x%02x%02x",
                       b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8],
                       b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
}
