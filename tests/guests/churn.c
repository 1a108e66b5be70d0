/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * churn: makes domains that never run, each with a name, a disk and a network
 * card in XenStore, and takes them away again, a few at a time: what a monitor
 * sees of a busy host, at a rate no toolstack has.
 *   churn N MILLISECONDS     so many, with a pause after each
 */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <xenctrl.h>

#include "lib/str.h"
#include "xenstore/store.h"

#define AT_ONCE 5

struct churn {
    xc_interface *xc;
    struct store *store;
};

/* Nodes of a device as a backend in Dom0 has them. */
static void add_nodes(struct store_batch *b, uint32_t id)
{
    struct pool *p = b->pool;
    const char *root = "/local/domain/0/backend";
    struct {
        const char *path, *value;
    } nodes[] = {
        {pool_printf(p, "/local/domain/%u/name", id),
         pool_printf(p, "churn-%u", id)},
        {pool_printf(p, "%s/vif/%u/0/mac", root, id), "00:16:3e:00:00:77"},
        {pool_printf(p, "%s/vif/%u/0/bridge", root, id), "xenbr0"},
        {pool_printf(p, "%s/vbd/%u/51712/dev", root, id), "xvda"},
        {pool_printf(p, "%s/vbd/%u/51712/params", root, id), "/dev/null"},
    };

    for (size_t i = 0; i < ARRAY_LEN(nodes); i++)
        store_batch_write(b, nodes[i].path, nodes[i].value,
                          strlen(nodes[i].value));
}

static struct err *make(struct churn *c, uint32_t *ret)
{
    AUTO_POOL struct pool *p = pool_new();
    struct store_batch batch = {.pool = p};
    struct xen_domctl_createdomain config = {
        .max_vcpus = 1,
        .max_evtchn_port = 1023,
        .max_grant_frames = -1,
        .max_maptrack_frames = -1,
        .grant_opts = XEN_DOMCTL_GRANT_version(1),
    };

    *ret = 0;
    config.handle[0] = 0xc5;
    if (xc_domain_create(c->xc, ret, &config))
        return err_errno(errno, "cannot make a domain");
    if (xc_domain_max_vcpus(c->xc, *ret, 1))
        return err_errno(errno, "cannot give domain %u a CPU", *ret);
    add_nodes(&batch, *ret);
    return store_batch_run(c->store, &batch);
}

static struct err *take_away(struct churn *c, uint32_t id)
{
    AUTO_POOL struct pool *p = pool_new();
    struct store_batch batch = {.pool = p};

    store_batch_addf(&batch, STORE_REMOVE, "/local/domain/%u", id);
    store_batch_addf(&batch, STORE_REMOVE, "/local/domain/0/backend/vif/%u",
                     id);
    store_batch_addf(&batch, STORE_REMOVE, "/local/domain/0/backend/vbd/%u",
                     id);
    TRY(store_batch_run(c->store, &batch));
    if (xc_domain_destroy(c->xc, id))
        return err_errno(errno, "cannot destroy domain %u", id);
    return NULL;
}

static struct err *run(struct churn *c, unsigned n, unsigned ms)
{
    struct timespec pause = {ms / 1000, (long)(ms % 1000) * 1000000};
    uint32_t ids[AT_ONCE] = {0};

    for (unsigned i = 0; i < n + AT_ONCE; i++) {
        uint32_t *id = &ids[i % AT_ONCE];

        if (*id)
            TRY(take_away(c, *id));
        *id = 0;
        if (i < n)
            TRY(make(c, id));
        nanosleep(&pause, NULL);
    }
    return NULL;
}

static struct err *begin(struct churn *c, char *argv[])
{
    int64_t n, ms;

    TRY(text_to_int(argv[1], 10, 1, 100000, &n));
    TRY(text_to_int(argv[2], 10, 0, 10000, &ms));
    c->xc = xc_interface_open(NULL, NULL, 0);
    if (!c->xc)
        return ERR("cannot ask the hypervisor");
    TRY(store_open(&c->store));
    return run(c, (unsigned)n, (unsigned)ms);
}

int main(int argc, char *argv[])
{
    struct churn c = {0};
    struct err *e =
        argc == 3 ? begin(&c, argv) : ERR("usage: churn N MILLISECONDS");
    int status = err_exit_status(e);

    if (e)
        fprintf(stderr, "churn: %s\n", err_text(e));
    err_free(e);
    store_close(c.store);
    if (c.xc)
        xc_interface_close(c.xc);
    return status;
}
