/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cmd_power: stopping domains for good or for a while, and letting them go. */
#include <libxl_event.h>
#include <stdio.h>
#include <string.h>

#include "xl/cmds.h"
#include "xl/domain/await.h"
#include "xl/domain/destroy.h"
#include "xl/domain/domains.h"
#include "xl/several.h"
#include "xl/xl.h"

/* Destroyed at once. */
#define JOBS 4

struct one_args {
    const char *domain;
};

struct destroy_args {
    struct slot_words domains;
    bool force;
};

struct stop_args {
    const char *domain;
    bool all, fallback;
    int wait;
};

/* clang-format off */
static const struct slot one_opts[] = {
    ARG("domain", SLOT_WORD(struct one_args, domain),
        .doc = "Name, id or uuid."),
    OPT_END,
};

static const struct slot destroy_opts[] = {
    OPT_SHORT('f', SLOT_FLAG(struct destroy_args, force),
              .doc = "Let domain 0 be destroyed, where that is another than this one."),
    ARGS_SOME("domain", SLOT_WORDS(struct destroy_args, domains),
              .doc = "Name, id or uuid."),
    OPT_END,
};

static const struct slot stop_opts[] = {
    OPT('a', "all", SLOT_FLAG(struct stop_args, all),
        .doc = "All domains but domain 0."),
    OPT('w', "wait", SLOT_COUNT(struct stop_args, wait),
        .doc = "Return when it is done; given twice: when the domain is gone."),
    OPT_SHORT('F', SLOT_FLAG(struct stop_args, fallback),
              .doc = "Press its ACPI button if it has no PV drivers to be asked through."),
    ARG_OPTIONAL("domain", SLOT_WORD(struct stop_args, domain),
                 .doc = "Name, id or uuid."),
    OPT_END,
};
/* clang-format on */

static struct err *do_to(struct xl *xl, const struct one_args *a,
                         const char *verb,
                         int (*act)(libxl_ctx *ctx, uint32_t domid,
                                    const libxl_asyncop_how *how))
{
    struct host *h;
    uint32_t domid;
    int rc;

    TRY(find_and_open(xl, a->domain, &domid, &h));
    rc = act(h->ctx, domid, NULL);
    return rc ? host_err(h, rc, "cannot %s domain '%s'", verb, a->domain)
              : NULL;
}

static struct err *run_pause(void *app, const void *args, struct pool *p)
{
    (void)p;
    return do_to(app, args, "pause", libxl_domain_pause);
}

static struct err *run_unpause(void *app, const void *args, struct pool *p)
{
    (void)p;
    return do_to(app, args, "unpause", libxl_domain_unpause);
}

/* ---- destroy ------------------------------------------------------------- */

struct destroying {
    struct xl *xl;
    const struct destroy_args *args;
    uint32_t *ids;
    struct err **why_not; /* who cannot be destroyed */
};

static struct err *find_victim(const struct destroying *d, struct domains *all,
                               size_t i)
{
    struct domain *found;

    TRY(find_in(d->xl, all, d->args->domains.list[i], &found));
    if (!found->id && !d->args->force)
        return ERR("not destroying domain 0: -f would, where a domain of its "
                   "own runs the toolstack");
    d->ids[i] = found->id;
    return NULL;
}

static struct err *find_victims(struct destroying *d, struct pool *p)
{
    struct domains all;
    struct host *h;

    d->ids = pool_alloc(p, d->args->domains.n * sizeof(*d->ids));
    d->why_not = pool_alloc(p, d->args->domains.n * sizeof(*d->why_not));
    TRY(xl_host_quick(d->xl, &h));
    TRY(domains_read(h, p, &all));
    for (size_t i = 0; i < d->args->domains.n; i++)
        d->why_not[i] = find_victim(d, &all, i);
    return NULL;
}

static struct err *destroy_one(const struct destroying *d, size_t i)
{
    struct host *h;

    TRY(d->why_not[i]);
    TRY(xl_host(d->xl, &h));
    return domain_destroy(h, d->ids[i], NULL);
}

static struct err *destroy_nth(void *arg, size_t i)
{
    const struct destroying *d = arg;

    xl_forked(d->xl);
    return destroy_one(d, i);
}

static struct err *run_destroy(void *app, const void *args, struct pool *p)
{
    struct destroying d = {.xl = app, .args = args};
    const struct several several = {
        .doing = "destroying",
        .done = "destroyed",
        .names = d.args->domains.list,
        .n = d.args->domains.n,
        .at_once = JOBS,
        .quiet = true,
        .run = destroy_nth,
        .arg = &d,
    };
    struct err *e;

    TRY(find_victims(&d, p));
    if (several.n == 1)
        return destroy_one(&d, 0);
    e = several_run(&several);
    for (size_t i = 0; i < several.n; i++)
        err_free(d.why_not[i]); /* told by those who ran into it */
    return e;
}

/* ---- shutdown and reboot ------------------------------------------------- */

/* The two are one command with other words. */
struct stop {
    const char *verb, *doing, *button;
    int (*ask)(libxl_ctx *ctx, uint32_t domid, const libxl_asyncop_how *how);
    libxl_trigger trigger;
};

/* clang-format off */
static const struct stop stop_shutdown = {
    "shut down", "Shutting down", "power", libxl_domain_shutdown,
    LIBXL_TRIGGER_POWER,
};
static const struct stop stop_reboot = {
    "reboot", "Rebooting", "reset", libxl_domain_reboot, LIBXL_TRIGGER_RESET,
};
/* clang-format on */

static struct err *ask(struct host *h, const struct stop *stop,
                       const struct stop_args *a, uint32_t domid)
{
    struct await await;
    int rc;

    fprintf(stderr, "%s domain %u\n", stop->doing, domid);
    host_mark(h);
    await_begin(&await, h);
    await.guest = domid;
    rc = await_end(&await, stop->ask(h->ctx, domid, &await.how));
    if (await.guest_ended)
        return NULL;
    if (rc == ERROR_NOPARAVIRT && !a->fallback)
        return ERR("cannot %s domain %u: it has no PV drivers to be asked "
                   "through; -F presses its ACPI %s button instead",
                   stop->verb, domid, stop->button);
    if (rc == ERROR_NOPARAVIRT) {
        fprintf(stderr,
                "domain %u has no PV drivers to be asked through: pressing "
                "its ACPI %s button\n",
                domid, stop->button);
        host_mark(h);
        rc = libxl_send_trigger(h->ctx, domid, stop->trigger, 0, NULL);
    }
    return rc ? host_err(h, rc, "cannot %s domain %u", stop->verb, domid)
              : NULL;
}

/* A domain that is waited for. */
struct awaited {
    uint32_t domid;
    libxl_evgen_domain_death *death;
    bool done;
};

static struct err *wait_begin(struct host *h, struct awaited *w)
{
    int rc;

    host_mark(h);
    rc = libxl_evenable_domain_death(h->ctx, w->domid, 0, &w->death);
    return rc ? host_err(h, rc, "cannot wait for domain %u", w->domid) : NULL;
}

/* A domain that is gone has no more events of its own; one that has shut down
 * may still have its death to come. */
static void wait_done(struct host *h, struct awaited *w)
{
    libxl_evdisable_domain_death(h->ctx, w->death);
    w->death = NULL;
    w->done = true;
}

static void wait_event(struct host *h, const libxl_event *event, bool for_death,
                       struct awaited *w)
{
    if (w->done || event->domid != w->domid)
        return;
    if (event->type == LIBXL_EVENT_TYPE_DOMAIN_DEATH) {
        fprintf(stderr, "Domain %u has been destroyed\n", w->domid);
        wait_done(h, w);
    } else if (event->type == LIBXL_EVENT_TYPE_DOMAIN_SHUTDOWN) {
        fprintf(stderr, "Domain %u has been shut down, reason code %d\n",
                w->domid, event->u.domain_shutdown.shutdown_reason);
        if (!for_death)
            wait_done(h, w);
        else
            fprintf(stderr, "Domain %u continue waiting for death\n", w->domid);
    }
}

static struct err *wait_all(struct host *h, struct awaited *list, size_t n,
                            bool for_death)
{
    size_t left = n;

    fprintf(stderr, "Waiting for %zu domains\n", n);
    while (left) {
        libxl_event *event;
        int rc;

        host_mark(h);
        rc = libxl_event_wait(h->ctx, &event, LIBXL_EVENTMASK_ALL, 0, 0);
        if (rc)
            return host_err(h, rc, "cannot wait for the domains");
        left = 0;
        for (size_t i = 0; i < n; i++) {
            wait_event(h, event, for_death, &list[i]);
            left += !list[i].done;
        }
        libxl_event_free(h->ctx, event);
    }
    return NULL;
}

/* Whom the arguments mean. */
static struct err *choose(struct xl *xl, struct host *h,
                          const struct stop_args *a, struct pool *p,
                          uint32_t **ret, size_t *ret_n)
{
    uint32_t *ids = NULL;
    size_t n_ids = 0;
    libxl_dominfo *list;
    int n;

    if (!a->all) {
        ids = pool_new_of(p, uint32_t);
        TRY(find_domain(xl, a->domain, ids));
        *ret = ids;
        *ret_n = 1;
        return NULL;
    }
    host_mark(h);
    list = libxl_list_domain(h->ctx, &n);
    if (!list)
        return host_err(h, ERROR_FAIL, "cannot list the domains");
    for (int i = 0; i < n; i++) {
        if (list[i].domid)
            *pool_push(p, ids, n_ids) = list[i].domid;
    }
    libxl_dominfo_list_free(list, n);
    *ret = ids;
    *ret_n = n_ids;
    return NULL;
}

/* One domain that cannot be asked does not keep the others from it. */
static struct err *stop_domains(struct xl *xl, const struct stop *stop,
                                const struct stop_args *a, struct pool *p)
{
    struct host *h;
    struct awaited *list;
    struct err *failed = NULL;
    uint32_t *ids = NULL;
    size_t n = 0, n_waits = 0;

    if (a->all == !!a->domain)
        return a->all ? ERR("either -a or one domain, not both")
                      : ERR("whom? a domain or -a (all) has to be given");
    TRY(xl_host(xl, &h));
    TRY(choose(xl, h, a, p, &ids, &n));
    list = pool_alloc(p, (n + 1) * sizeof(*list));
    for (size_t i = 0; i < n; i++) {
        struct err *e = ask(h, stop, a, ids[i]);

        list[n_waits].domid = ids[i];
        if (!e && a->wait)
            e = wait_begin(h, &list[n_waits]);
        if (!e)
            n_waits++;
        failed = err_join(failed, e);
    }
    if (a->wait && n_waits)
        failed = err_join(failed, wait_all(h, list, n_waits, a->wait > 1));
    return failed;
}

static struct err *run_shutdown(void *app, const void *args, struct pool *p)
{
    return stop_domains(app, &stop_shutdown, args, p);
}

static struct err *run_reboot(void *app, const void *args, struct pool *p)
{
    return stop_domains(app, &stop_reboot, args, p);
}

/* clang-format off */
const struct cmd cmds_power[] = {
    {"destroy", NULL, run_destroy, destroy_opts, sizeof(struct destroy_args),
     CMD_MODIFIES, "Terminate domains immediately.",
     "Several are destroyed four at once; one that cannot be does not keep the "
     "others from it, and is exit status 1.", NULL},
    {"shutdown", NULL, run_shutdown, stop_opts, sizeof(struct stop_args),
     CMD_MODIFIES, "Ask a domain to shut down."},
    {"reboot", NULL, run_reboot, stop_opts, sizeof(struct stop_args),
     CMD_MODIFIES, "Ask a domain to reboot."},
    {"pause", NULL, run_pause, one_opts, sizeof(struct one_args),
     CMD_MODIFIES, "Stop a domain's CPUs until unpause."},
    {"unpause", NULL, run_unpause, one_opts, sizeof(struct one_args),
     CMD_MODIFIES, "Let a paused domain go on."},
    {.name = NULL},
};
/* clang-format on */
