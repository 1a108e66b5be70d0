/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* create: see create.h. */
#include "xl/domain/create.h"

#include <libxl_event.h>
#include <libxl_utils.h>
#include <string.h>

#include "lib/file.h"
#include "lib/str.h"
#include "xenstore/making.h"
#include "xl/domain/await.h"
#include "xl/domain/cause.h"
#include "xl/domain/domains.h"
#include "xl/domain/freemem.h"
#include "xl/domain/journal.h"
#include "xl/domain/keeper.h"
#include "xl/domain/scripts.h"

/* The console's process is not libxl's to reap. */
static const libxl_childproc_hooks reap_own = {
    .chldowner = libxl_sigchld_owner_libxl_always_selective_reap,
};

struct creation {
    struct host *h;
    libxl_domain_config *config;
    const struct create *how;
    struct journal journal;
    uint32_t domid;
    const char *step;
    struct err *console_err;
};

static void step(struct creation *c, const char *what)
{
    c->step = what;
    if (c->how->step)
        c->how->step(c->how->step_arg, what);
}

/* libxl stores the domid as soon as there is a domain. */
static void tick(void *arg)
{
    struct creation *c = arg;

    if (c->domid != NO_DOMID && c->journal.domid != c->domid) {
        journal_domid(&c->journal, c->domid);
        c->step = "setting it up";
    }
    step(c, c->step);
}

static void on_console(libxl_ctx *ctx, libxl_event *event, void *arg)
{
    struct creation *c = arg;
    uint32_t domid = event->domid;

    libxl_event_free(ctx, event);
    if (!c->console_err)
        c->console_err = c->how->console(c->how->console_arg, domid);
}

/* Names and uuids are each one domain's. libxl looks for the name; a second
 * domain of a uuid would confuse everything that finds domains by it. */
static struct err *check_unique(struct creation *c)
{
    struct pool *p = c->journal.pool;
    struct domain *other;

    TRY(domains_find(c->h, p, &c->config->c_info.uuid, c->how->beside, &other));
    if (!other)
        return NULL;
    TRY(domains_name(c->h, p, other, 1));
    return ERR("uuid %s is that of domain '%s' (id %u)", c->journal.uuid,
               other->name ? other->name : "", other->id);
}

static struct err *interrupted(void)
{
    return ERR_AS(interrupted, "interrupted by %s",
                  sigabbrev_np(await_signal()) ?: "a signal");
}

/* What libxl was doing, by what it says of the consequences of a failure. */
static const char *failed_step(const struct creation *c)
{
    static const struct {
        const char *said, *step;
    } steps[] = {
        {"bootloader failed", "running its bootloader"},
        {"device model did not start", "starting its device model"},
        {"cannot (re-)build domain", "loading what it boots"},
        {"cannot make domain", "making it"},
    };
    const char *devices = host_said(c->h, "unable to add ");

    if (devices) /* "vif devices" */
        return pool_printf(c->journal.pool, "adding its %s", devices);
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        if (host_said(c->h, steps[i].said))
            return steps[i].step;
    }
    return c->step;
}

static int start_build(struct creation *c, struct await *a)
{
    libxl_asyncprogress_how console = {.callback = on_console,
                                       .for_callback = c};
    const libxl_asyncprogress_how *how = c->how->console ? &console : NULL;
    libxl_domain_restore_params params AUTO(
        libxl_domain_restore_params_dispose);

    libxl_domain_restore_params_init(&params);
    params.stream_version = 2; /* as libxl_domain_suspend writes */
    if (!c->how->restore_fd)
        return libxl_domain_create_new(c->h->ctx, c->config, &c->domid, &a->how,
                                       how);
    return libxl_domain_create_restore(c->h->ctx, c->config, &c->domid,
                                       *c->how->restore_fd, -1, &params,
                                       &a->how, how);
}

static struct err *build(struct creation *c)
{
    struct cause cause;
    struct await a;
    int rc;

    step(c, "building it");
    cause_begin(&cause);
    host_mark(c->h);
    await_begin(&a, c->h);
    a.tick = tick;
    a.tick_arg = c;
    a.abortable = c->how->abortable;
    making_begin();
    rc = await_end(&a, start_build(c, &a));
    making_end();
    if (c->domid != NO_DOMID)
        journal_domid(&c->journal, c->domid);
    if (a.interrupted)
        return interrupted();
    if (c->console_err)
        return take_ptr(c->console_err);
    if (rc == ERROR_NOMEM || (rc && freemem_is_short(c->h, c->config)))
        return freemem_explain(c->h, c->config,
                               host_err(c->h, rc, "%s", failed_step(c)));
    if (!rc)
        return NULL;
    return cause_explain(&cause, c->config->c_info.name,
                         host_err(c->h, rc, "%s", failed_step(c)));
}

/* Freeing memory and taking it is one step to other creates on this host. */
static struct err *build_in_freed_memory(struct creation *c)
{
    AUTO_FD int lock = -1;

    if (!c->how->autoballoon)
        return build(c);
    step(c, "waiting for other creates");
    TRY(file_lock(c->how->lockfile, -1, &lock));
    step(c, "freeing memory");
    TRY(freemem_for(c->h, c->config));
    if (await_signal())
        return interrupted();
    return build(c);
}

static struct err *finish(struct creation *c)
{
    int rc;

    if (c->how->keep) {
        step(c, "handing it to the keeper");
        TRY(keeper_follow(c->h, c->domid, c->config));
    }
    if (await_signal())
        return interrupted();
    if (c->how->paused)
        return NULL;
    step(c, "starting it");
    host_mark(c->h);
    rc = libxl_domain_unpause(c->h->ctx, c->domid, NULL);
    return rc ? host_err(c->h, rc, "cannot start it") : NULL;
}

static struct err *steps(struct creation *c)
{
    TRY(check_unique(c));
    TRY(build_in_freed_memory(c));
    return finish(c);
}

static struct err *create(struct creation *c, struct pool *p)
{
    struct err *e, *undo;

    scripts_fill(c->config, c->how->disk_script);
    TRY(journal_begin(&c->journal, c->h, c->config, c->how->beside, p));
    e = steps(c);
    if (!e) {
        journal_end(&c->journal);
        return NULL;
    }
    step(c, "taking it back");
    undo = journal_undo(&c->journal, c->h);
    return undo ? err_join(e, undo) : e;
}

struct err *create_domain(struct host *h, libxl_domain_config *config,
                          const struct create *how, uint32_t *ret_domid)
{
    AUTO_POOL struct pool *p = pool_new();
    struct creation c = {
        .h = h, .config = config, .how = how, .domid = NO_DOMID};
    struct err *e;

    if (how->console)
        libxl_childproc_setmode(h->ctx, &reap_own, NULL);
    await_signals_catch();
    e = create(&c, p);
    await_signals_release();
    err_free(c.console_err);
    if (e)
        return err_wrap(e, "cannot create '%s'", config->c_info.name);
    *ret_domid = c.domid;
    return NULL;
}
