/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* hv_libxl: the verbs of hv.h on Xen, for domains as a whole; see hv_libxl.h.
 */
#include "xapi/hv/hv_libxl.h"

#include <errno.h>
#include <libxl_utils.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "lib/file.h"
#include "xapi/hv/hv_watch.h"
#include "xapi/call/job.h"
#include "xenstore/store.h"
#include "xl/domain/create.h"
#include "xl/domain/destroy.h"
#include "xl/domain/domains.h"
#include "xl/domain/journal.h"
#include "xl/domain/vm_path.h"

/* ---- one verb ------------------------------------------------------------ */

/* Some of libxl's children never exec: they must not hold what is the
 * worker's. */
static pid_t fork_child(void *user)
{
    struct lx *lx = user;
    pid_t pid = fork();

    if (!pid)
        job_left_worker();
    lx->forked = true;
    return pid;
}

static const libxl_childproc_hooks hooks = {
    .chldowner = libxl_sigchld_owner_libxl,
    .fork_replacement = fork_child,
};

static void hold_cancel(int how)
{
    sigset_t term;

    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    sigprocmask(how, &term, NULL);
}

struct err *lx_begin(struct lx *lx, bool changes)
{
    TRY(host_open(&lx->host, HOST_QUIET, 0));
    libxl_childproc_setmode(lx->host.ctx, &hooks, lx);
    await_signals_catch();
    hold_cancel(SIG_UNBLOCK);
    lx->catches = true;
    return changes && journal_has_debris() ? journal_recover(&lx->host) : NULL;
}

struct err *lx_begin_await(struct lx *lx, bool changes, struct await *a)
{
    TRY(lx_begin(lx, changes));
    host_mark(&lx->host);
    await_begin(a, &lx->host);
    return NULL;
}

struct err *lx_begin_quick(struct lx *lx)
{
    return host_open_quick(&lx->host, HOST_QUIET, 0);
}

const bool *lx_streams(struct lx *lx)
{
    lx->forked = false;
    return &lx->forked;
}

void lx_end(struct lx *lx)
{
    host_close(&lx->host);
    if (!lx->catches)
        return;
    hold_cancel(SIG_BLOCK);
    if (await_signal() == SIGTERM)
        raise(SIGTERM);
    await_signals_release();
}

struct err *lx_await(struct await *a, int started, const char *fmt, ...)
{
    int rc = await_end(a, started);
    char text[256];
    va_list ap;

    if (a->interrupted)
        return ERR_AS(interrupted, "cancelled");
    if (!rc)
        return NULL;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    if (a->guest_ended)
        return ERR("%s: it has ended", text);
    if (rc == ERROR_GUEST_TIMEDOUT)
        return ERR_AS(timeout, "%s: it does not listen", text);
    return host_err(a->h, rc, "%s", text);
}

/* ---- up and down --------------------------------------------------------- */

static struct err *check_guest(uint32_t domid)
{
    return domid ? NULL : ERR("Dom0 is no guest");
}

static struct err *begin_guest(struct lx *lx, uint32_t domid, bool changes,
                               struct await *a)
{
    TRY(check_guest(domid));
    return lx_begin_await(lx, changes, a);
}

/* VMs may share a name, domains cannot; nor can one have a name that is part of
 * a path, or that commands would take for an id. */
static const char *name_of(struct host *h, const struct plan *plan)
{
    const char *name = plan->name;
    uint32_t other;

    if (!*name || strchr(name, '/') || !name[strspn(name, "0123456789")] ||
        strlen(name) > 128 || !libxl_name_to_domid(h->ctx, name, &other))
        return plan->uuid;
    return name;
}

struct err *lx_create(const struct plan *plan, const int *fd,
                      uint32_t *ret_domid)
{
    AUTO_POOL struct pool *p = pool_new();
    struct guest_defaults defaults = guest_defaults_builtin;
    struct guest g AUTO(guest_done) = {0};
    struct lx lx AUTO_LX = {0};
    struct create how = {
        .paused = true, .lockfile = LX_LOCKFILE, .restore_fd = fd};

    TRY(lx_screen_prepare());
    TRY(lx_begin(&lx, true));
    how.autoballoon = create_autoballoons_by_default(&lx.host);
    defaults.host_cpus = host_cpus_read;
    defaults.host_cpus_arg = &lx.host;
    TRY(lx_config(plan, name_of(&lx.host, plan), &defaults, &g, p));
    if (fd)
        how.abortable = lx_streams(&lx);
    return create_domain(&lx.host, &g.config, &how, ret_domid);
}

static struct err *create(const struct hv *hv, const struct plan *plan,
                          uint32_t *ret_domid)
{
    (void)hv;
    return lx_create(plan, NULL, ret_domid);
}

static struct err *destroy_one(struct lx *lx, uint32_t domid)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *screen;

    TRY(lx_screen_path(lx, p, domid, &screen));
    TRY(domain_destroy(&lx->host, domid, NULL));
    return err_join(screen ? file_remove(screen) : NULL, lx_unlock_all(domid));
}

/* Of a guest that moves there are two: the other one, or NULL; and DOMID's
 * uuid. */
static struct err *find_twin(struct lx *lx, struct pool *p, uint32_t domid,
                             const char **ret_uuid, struct domain **ret)
{
    struct domains all;

    *ret = NULL;
    TRY(host_open_quick(&lx->host, HOST_QUIET, 0));
    TRY(domains_read(&lx->host, p, &all));
    for (size_t i = 0; i < all.n; i++) {
        if (all.list[i].id != domid)
            continue;
        *ret_uuid = uuid_text(p, &all.list[i].uuid);
        return domains_find(&lx->host, p, &all.list[i].uuid, domid, ret);
    }
    return NULL;
}

static struct err *destroy(const struct hv *hv, uint32_t domid)
{
    AUTO_POOL struct pool *p = pool_new();
    struct lx lx AUTO_LX = {0};
    struct vm_path kept = {0};
    struct domain *twin = NULL;
    const char *uuid = NULL;

    (void)hv;
    TRY(check_guest(domid));
    TRY(lx_begin(&lx, true));
    TRY(find_twin(&lx, p, domid, &uuid, &twin));
    if (!twin)
        return destroy_one(&lx, domid);
    TRY(vm_path_keep(&lx.host, p, uuid, &kept));
    TRY(destroy_one(&lx, domid));
    return vm_path_restore(&lx.host, &kept, twin->id);
}

static struct err *pause_(const struct hv *hv, uint32_t domid)
{
    struct lx lx AUTO_LX = {0};
    struct await a;

    (void)hv;
    TRY(begin_guest(&lx, domid, false, &a));
    return lx_await(&a, libxl_domain_pause(lx.host.ctx, domid, &a.how),
                    "cannot pause domain %u", domid);
}

static struct err *unpause(const struct hv *hv, uint32_t domid)
{
    struct lx lx AUTO_LX = {0};
    struct await a;

    (void)hv;
    TRY(begin_guest(&lx, domid, false, &a));
    return lx_await(&a, libxl_domain_unpause(lx.host.ctx, domid, &a.how),
                    "cannot start domain %u", domid);
}

/* A guest without PV drivers has a power button. */
static struct err *press_button(struct lx *lx, uint32_t domid)
{
    struct await a;

    await_begin(&a, &lx->host);
    return lx_await(
        &a,
        libxl_send_trigger(lx->host.ctx, domid, LIBXL_TRIGGER_POWER, 0, &a.how),
        "cannot press the power button of domain %u", domid);
}

static struct err *shutdown_(const struct hv *hv, uint32_t domid,
                             enum hv_reason how)
{
    struct lx lx AUTO_LX = {0};
    struct await a;
    int rc;

    (void)hv;
    TRY(begin_guest(&lx, domid, false, &a));
    a.guest = domid;
    if (how == HV_REBOOT)
        rc = await_end(&a, libxl_domain_reboot(lx.host.ctx, domid, &a.how));
    else
        rc = await_end(&a, libxl_domain_shutdown(lx.host.ctx, domid, &a.how));
    if (rc == ERROR_NOPARAVIRT)
        return press_button(&lx, domid);
    return rc && !a.guest_ended
               ? host_err(&lx.host, rc, "cannot ask domain %u to end", domid)
               : NULL;
}

/* ---- what there is ------------------------------------------------------- */

static enum hv_reason reason_of(int shutdown)
{
    static const enum hv_reason reasons[] = {
        [SHUTDOWN_poweroff] = HV_POWEROFF,
        [SHUTDOWN_reboot] = HV_REBOOT,
        [SHUTDOWN_suspend] = HV_SUSPEND,
        [SHUTDOWN_crash] = HV_CRASH,
        [SHUTDOWN_watchdog] = HV_WATCHDOG,
        [SHUTDOWN_soft_reset] = HV_SOFT_RESET,
    };

    return shutdown >= 0 && (size_t)shutdown < ARRAY_LEN(reasons)
               ? reasons[shutdown]
               : HV_CRASH;
}

/* As libxl noted it when it made them. */
static struct err *read_types(struct lx *lx, struct pool *p,
                              const struct domains *all,
                              struct store_batch *types)
{
    *types = (struct store_batch){.pool = p};
    for (size_t i = 0; i < all->n; i++)
        store_batch_read(types, "/libxl/%u/type", all->list[i].id);
    return store_batch_run(lx->host.store, types);
}

static struct hv_domain describe(struct pool *p, const struct domain *d,
                                 const char *type)
{
    int shutdown = domain_shutdown_reason(d);

    return (struct hv_domain){
        .domid = d->id,
        .uuid = uuid_text(p, &d->uuid),
        .name = d->name,
        .type = type,
        .state = shutdown >= 0                       ? HV_SHUT
                 : d->info.flags & XEN_DOMINF_paused ? HV_PAUSED
                                                     : HV_RUNNING,
        .reason = shutdown >= 0 ? reason_of(shutdown) : HV_POWEROFF,
        .memory = (int64_t)(d->info.tot_pages << XC_PAGE_SHIFT),
        .vcpus = d->info.nr_online_vcpus,
    };
}

/* One that is being destroyed is gone, though Xen may still free its memory. */
static bool is_ours(const struct domain *d)
{
    return d->id && !(d->info.flags & XEN_DOMINF_dying);
}

static struct err *list(const struct hv *hv, struct pool *p,
                        struct hv_domain **ret, size_t *ret_n)
{
    struct lx lx AUTO_LX = {0};
    struct hv_domain *domains = NULL;
    struct store_batch types;
    struct domains all;
    size_t n = 0;

    (void)hv;
    TRY(lx_begin_quick(&lx));
    TRY(domains_read(&lx.host, p, &all));
    TRY(domains_name(&lx.host, p, all.list, all.n));
    TRY(read_types(&lx, p, &all, &types));
    for (size_t i = 0; i < all.n; i++)
        if (is_ours(&all.list[i]))
            *pool_push(p, domains, n) =
                describe(p, &all.list[i], types.reqs[i].text);
    *ret = domains;
    *ret_n = n;
    return NULL;
}

/* ---- the body ------------------------------------------------------------ */

struct err *hv_libxl_open(const char *dir, struct hv *ret)
{
    *ret = (struct hv){
        .name = "libxl",
        .dir = dir,
        .create = create,
        .destroy = destroy,
        .pause = pause_,
        .unpause = unpause,
        .shutdown = shutdown_,
        .list = list,
        .suspend = lx_suspend,
        .resume = lx_resume,
        .migrate = lx_migrate,
        .land = lx_land,
        .go_on = lx_go_on,
        .attach_disk = lx_attach_disk,
        .detach_disk = lx_detach_disk,
        .set_medium = lx_set_medium,
        .switch_disk = lx_switch_disk,
        .resize_disk = lx_resize_disk,
        .attach_nic = lx_attach_nic,
        .detach_nic = lx_detach_nic,
        .lock_nic = lx_lock_nic,
        .set_memory = lx_set_memory,
        .set_shadow = lx_set_shadow,
        .set_vcpus = lx_set_vcpus,
        .set_data = lx_set_data,
        .said = lx_said,
        .power = lx_power,
        .set_hostname = lx_set_hostname,
        .set_service = lx_set_service,
        .has_service = lx_has_service,
        .set_file = lx_set_file,
        .dmesg = lx_dmesg,
        .send_keys = lx_send_keys,
        .host = lx_host,
        .measure = lx_measure,
        .console = lx_console,
        .watching = hv_watch_new(),
        .watch = hv_watch_begin,
        .hear = hv_watch_hear,
    };
    return NULL;
}
