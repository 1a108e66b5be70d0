/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* freemem: see freemem.h. */
#include "xl/domain/freemem.h"

#include <libxl_utils.h>
#include <regex.h>
#include <time.h>

#include "xl/domain/await.h"
#include "xl/domain/create.h"

/* libxl refuses to take Dom0 below this. */
#define DOM0_MIN_KB (128u << 10)
/* Dom0 is given up on after this long without any progress. */
#define STALL_SECONDS 10

struct need {
    uint64_t need, free; /* kB */
};

static int look(struct host *h, libxl_domain_config *config, struct need *n)
{
    int rc = libxl_domain_need_memory(h->ctx, config, INVALID_DOMID, &n->need);

    return rc ? rc : libxl_get_free_memory(h->ctx, &n->free);
}

static unsigned long mb_up(uint64_t kb)
{
    return (unsigned long)((kb + 1023) / 1024);
}

bool freemem_is_short(struct host *h, libxl_domain_config *config)
{
    struct need n;

    return !look(h, config, &n) && n.free < n.need;
}

struct err *freemem_explain(struct host *h, libxl_domain_config *config,
                            struct err *e)
{
    struct need n;

    if (look(h, config, &n) || n.free >= n.need)
        return e;
    err_free(e);
    return ERR("not enough memory: it needs %lu MB (with %lu MB for Xen's own "
               "use of it), %lu MB are free",
               mb_up(n.need), mb_up(n.need - config->b_info.target_memkb),
               (unsigned long)(n.free / 1024));
}

/* Sleeps a moment; false when a signal came. */
static bool pause_briefly(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 200000000}, NULL);
    return !await_signal();
}

/* Waits until N's need is free, as long as it becomes more. */
static int wait_until_free(struct host *h, libxl_domain_config *config,
                           struct need *n)
{
    uint64_t best = n->free;
    time_t progressed = time(NULL);
    int rc;

    while (pause_briefly()) {
        rc = look(h, config, n);
        if (rc || n->free >= n->need)
            return rc;
        if (n->free > best) {
            best = n->free;
            progressed = time(NULL);
        } else if (time(NULL) - progressed > STALL_SECONDS) {
            return 0;
        }
    }
    return 0;
}

static struct err *too_little(const struct need *n, uint64_t dom0_kb)
{
    return ERR("not enough memory: it needs %lu MB, %lu MB are free, and Dom0 "
               "with its %lu MB cannot give up the %lu MB that lack",
               mb_up(n->need), (unsigned long)(n->free / 1024),
               (unsigned long)(dom0_kb / 1024), mb_up(n->need - n->free));
}

struct err *freemem_for(struct host *h, libxl_domain_config *config)
{
    struct need n = {0};
    uint64_t dom0;
    int rc;

    host_mark(h);
    rc = look(h, config, &n);
    if (rc)
        return host_err(h, rc, "cannot tell how much memory it needs");
    if (n.free >= n.need)
        return NULL;
    rc = libxl_get_memory_target(h->ctx, 0, &dom0);
    if (rc)
        return host_err(h, rc, "cannot tell how much memory Dom0 has");
    if (dom0 < DOM0_MIN_KB + (n.need - n.free))
        return too_little(&n, dom0);
    rc = libxl_set_memory_target(h->ctx, 0, -(int64_t)(n.need - n.free), 1, 0);
    if (!rc)
        rc = wait_until_free(h, config, &n);
    if (rc)
        return host_err(h, rc, "cannot free memory in Dom0");
    return n.free >= n.need || await_signal() ? NULL : too_little(&n, dom0);
}

bool create_autoballoons_by_default(struct host *h)
{
    const libxl_version_info *info = libxl_get_version_info(h->ctx);
    regex_t dom0_mem;
    bool told;

    if (!info || !info->commandline ||
        regcomp(&dom0_mem,
                "(^| )dom0_mem=((|min:|max:)[0-9]+[bBkKmMgGtT]?,?)+($| )",
                REG_EXTENDED | REG_NOSUB))
        return true;
    told = !regexec(&dom0_mem, info->commandline, 0, NULL, 0);
    regfree(&dom0_mem);
    return !told;
}
