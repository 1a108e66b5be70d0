/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* death: see death.h. */
#include "xl/domain/death.h"

#include <errno.h>
#include <libxl_event.h>
#include <libxl_utils.h>
#include <string.h>
#include <time.h>
#include <xenctrl.h>

#include "lib/file.h"
#include "lib/log.h"
#include "lib/str.h"
#include "xl/domain/await.h"
#include "xl/domain/cfg.h"
#include "xl/domain/create.h"
#include "xl/domain/destroy.h"
#include "xl/domain/eject.h"

struct config {
    libxl_domain_config c;
};

static void config_done(struct config *config)
{
    libxl_domain_config_dispose(&config->c);
}
#define AUTO_CONFIG AUTO(config_done)

static const char *action_name(libxl_action_on_shutdown action)
{
    const char *name = libxl_action_on_shutdown_to_string(action);

    return name ? name : "unknown";
}

static libxl_action_on_shutdown choose(const libxl_domain_config *c,
                                       libxl_shutdown_reason reason)
{
    switch (reason) {
    case LIBXL_SHUTDOWN_REASON_POWEROFF:
        return c->on_poweroff;
    case LIBXL_SHUTDOWN_REASON_REBOOT:
        return c->on_reboot;
    case LIBXL_SHUTDOWN_REASON_CRASH:
        return c->on_crash;
    case LIBXL_SHUTDOWN_REASON_WATCHDOG:
        return c->on_watchdog;
    case LIBXL_SHUTDOWN_REASON_SOFT_RESET:
        return c->on_soft_reset;
    default:
        return LIBXL_ACTION_ON_SHUTDOWN_DESTROY;
    }
}

/* ---- the steps ----------------------------------------------------------- */

static struct err *retrieve(const struct death *d, struct config *config)
{
    struct await a;
    int rc;

    libxl_domain_config_init(&config->c);
    host_mark(d->h);
    await_begin(&a, d->h);
    rc = await_end(&a, libxl_retrieve_domain_configuration(d->h->ctx, d->domid,
                                                           &config->c, &a.how));
    return rc ? host_err(d->h, rc, "cannot read its configuration") : NULL;
}

static struct err *dump_core(const struct death *d, const char *name)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *path = pool_printf(p, DUMP_DIR "/%s", name);
    struct await a;
    int rc;

    TRY(file_make_dirs(DUMP_DIR, 0700));
    log_info("death", "%s: dumping its memory to '%s'", name, path);
    host_mark(d->h);
    await_begin(&a, d->h);
    rc = await_end(&a,
                   libxl_domain_core_dump(d->h->ctx, d->domid, path, &a.how));
    return rc ? host_err(d->h, rc, "cannot dump its memory to '%s'", path)
              : NULL;
}

/* When somebody else destroyed it first, that was a user who wants it gone:
 * kind not_found. */
static struct err *destroy(const struct death *d)
{
    bool by_other = domain_is_gone(d->h, d->domid);

    if (!by_other)
        TRY(domain_destroy(d->h, d->domid, &by_other));
    return by_other ? ERR_AS(not_found, "somebody destroyed it") : NULL;
}

/* libxl gives a kept domain its new uuid in XenStore only; the hypervisor's
 * has to be free for its successor too. */
static struct err *set_handle(const struct death *d, const libxl_uuid *uuid)
{
    xen_domain_handle_t handle;

    TRY(host_open_quick(d->h, HOST_QUIET, 0)); /* beside libxl */
    memcpy(handle, libxl_uuid_bytearray_const(uuid), sizeof(handle));
    return xc_domain_sethandle(d->h->xc, d->domid, handle)
               ? err_errno(errno, "cannot give it another uuid")
               : NULL;
}

/* Renames the dead one and gives it another uuid, so that its successor can
 * have both. */
static struct err *put_aside(const struct death *d, libxl_domain_config *c)
{
    time_t now = time(NULL);
    libxl_uuid uuid;
    struct tm tm;
    char suffix[32];
    int rc;

    gmtime_r(&now, &tm);
    for (int with_seconds = 0; with_seconds < 2; with_seconds++) {
        strftime(suffix, sizeof(suffix),
                 with_seconds ? "-%Y%m%dT%H%M%SZ" : "-%Y%m%dT%H%MZ", &tm);
        libxl_uuid_generate(&uuid);
        host_mark(d->h);
        rc = libxl_domain_preserve(d->h->ctx, d->domid, &c->c_info, suffix,
                                   uuid);
        if (!rc) {
            log_info("death", "%s: kept as %s%s", c->c_info.name,
                     c->c_info.name, suffix);
            return set_handle(d, &uuid);
        }
    }
    return host_err(d->h, rc, "cannot rename it");
}

/* What `xl config-update` stored replaces the configuration from the next
 * start on. The uuid stays. */
static struct err *take_update(const struct death *d, struct config *config,
                               struct guest *g)
{
    AUTO_POOL struct pool *p = pool_new();
    AUTO_FREE uint8_t *data = NULL;
    struct diags diags = {.pool = p};
    struct value *record = value_struct(p);
    libxl_uuid uuid = config->c.c_info.uuid;
    struct source source = {.name = "<updated>"};
    int len = 0;

    if (libxl_userdata_retrieve(d->h->ctx, d->domid, "xl", &data, &len) ||
        len <= 0)
        return NULL;
    source.text = pool_strn(p, (const char *)data, (size_t)len);
    source.len = (size_t)len;
    cfg_parse(p, &source, record, &diags);
    if (!diags.n_errors)
        guest_parse(g, record, p, &diags);
    if (diags.n_errors)
        return ERR("its updated configuration is not usable: %s",
                   diags.list[0].text);
    libxl_domain_config_dispose(&config->c);
    config->c = g->config;
    libxl_domain_config_init(&g->config);
    config->c.c_info.uuid = uuid;
    libxl_userdata_unlink(d->h->ctx, d->domid, "xl");
    return NULL;
}

static struct err *update(const struct death *d, struct config *config)
{
    struct guest_defaults defaults =
        d->defaults ? *d->defaults : guest_defaults_builtin;
    struct guest g AUTO(guest_done);

    defaults.host_cpus = host_cpus_read;
    defaults.host_cpus_arg = d->h;
    guest_init(&g, &defaults);
    return take_update(d, config, &g);
}

static struct err *create_again(const struct death *d, libxl_domain_config *c,
                                uint32_t *ret_domid)
{
    struct create how = {.keep = d->keep,
                         .autoballoon = d->autoballoon,
                         .lockfile = d->lockfile};

    TRY(create_domain(d->h, c, &how, ret_domid));
    log_info("death", "%s: started again, id %u", c->c_info.name, *ret_domid);
    return NULL;
}

struct err *death_recreate(const struct death *d, const char *json,
                           uint32_t *ret_domid)
{
    struct config config AUTO_CONFIG;
    int rc;

    libxl_domain_config_init(&config.c);
    host_mark(d->h);
    rc = libxl_domain_config_from_json(d->h->ctx, &config.c, json);
    if (rc)
        return host_err(d->h, rc, "cannot read its configuration");
    return create_again(d, &config.c, ret_domid);
}

static struct err *restart(const struct death *d, struct config *config,
                           bool rename, uint32_t *ret_domid)
{
    TRY(update(d, config));
    if (d->restarting) {
        AUTO_FREE char *json =
            libxl_domain_config_to_json(d->h->ctx, &config->c);

        TRY(d->restarting(d->arg, json));
    }
    TRY(rename ? put_aside(d, &config->c) : destroy(d));
    return create_again(d, &config->c, ret_domid);
}

static struct err *soft_reset(const struct death *d, libxl_domain_config *c)
{
    struct await a;
    int rc;

    host_mark(d->h);
    await_begin(&a, d->h);
    rc = await_end(
        &a, libxl_domain_soft_reset(d->h->ctx, c, d->domid, &a.how, NULL));
    if (!rc)
        rc = libxl_domain_unpause(d->h->ctx, d->domid, NULL);
    return rc ? host_err(d->h, rc, "cannot reset it") : NULL;
}

/* ---- obeying ------------------------------------------------------------- */

static struct err *act(const struct death *d, libxl_action_on_shutdown action,
                       struct config *config, enum death_result *ret,
                       uint32_t *ret_domid)
{
    const char *name = config->c.c_info.name;

    switch (action) {
    case LIBXL_ACTION_ON_SHUTDOWN_PRESERVE:
        *ret = DEATH_PRESERVED;
        return NULL;
    case LIBXL_ACTION_ON_SHUTDOWN_SOFT_RESET:
        *ret = DEATH_LIVES;
        return soft_reset(d, &config->c);
    case LIBXL_ACTION_ON_SHUTDOWN_RESTART_RENAME:
    case LIBXL_ACTION_ON_SHUTDOWN_COREDUMP_RESTART:
    case LIBXL_ACTION_ON_SHUTDOWN_RESTART:
        *ret = DEATH_RESTARTED;
        return restart(d, config,
                       action == LIBXL_ACTION_ON_SHUTDOWN_RESTART_RENAME,
                       ret_domid);
    default:
        log_info("death", "%s: destroying it", name);
        *ret = DEATH_GONE;
        return destroy(d);
    }
}

static struct err *obey(const struct death *d, libxl_shutdown_reason reason,
                        enum death_result *ret, uint32_t *ret_domid)
{
    struct config config AUTO_CONFIG = {0};
    libxl_action_on_shutdown action;
    const char *why = libxl_shutdown_reason_to_string(reason);
    struct err *e;

    TRY(retrieve(d, &config));
    action = choose(&config.c, reason);
    log_info("death", "%s: id %u has shut down (%s): %s", config.c.c_info.name,
             d->domid, why ? why : "unknown reason", action_name(action));
    if (action == LIBXL_ACTION_ON_SHUTDOWN_COREDUMP_RESTART ||
        action == LIBXL_ACTION_ON_SHUTDOWN_COREDUMP_DESTROY) {
        e = dump_core(d, config.c.c_info.name);
        if (e)
            log_error("death", "%s: %s", config.c.c_info.name, err_text(e));
        err_free(e);
    }
    e = act(d, action, &config, ret, ret_domid);
    if (e && err_is(e, &err_kind_not_found)) {
        log_info("death", "%s: %s", config.c.c_info.name, err_text(e));
        err_free(e);
        *ret = DEATH_GONE;
        return NULL;
    }
    return err_wrap(e, "%s", config.c.c_info.name);
}

struct err *death_obey(const struct death *d, enum death_result *ret,
                       uint32_t *ret_domid)
{
    libxl_dominfo info AUTO(libxl_dominfo_dispose);

    libxl_dominfo_init(&info);
    *ret = DEATH_LIVES;
    if (libxl_domain_info(d->h->ctx, &info, d->domid) || info.dying)
        *ret = DEATH_GONE;
    else if (info.shutdown &&
             info.shutdown_reason != LIBXL_SHUTDOWN_REASON_SUSPEND)
        return obey(d, info.shutdown_reason, ret, ret_domid);
    return NULL;
}

/* ---- in the foreground --------------------------------------------------- */

/* Whose events are asked for. */
struct following {
    struct host *h;
    struct config config;
    libxl_evgen_domain_death *death;
    libxl_evgen_disk_eject **ejects; /* malloc'd */
    int n_ejects;
};

static void following_end(struct following *f)
{
    if (f->death)
        libxl_evdisable_domain_death(f->h->ctx, f->death);
    for (int i = 0; i < f->n_ejects; i++)
        libxl_evdisable_disk_eject(f->h->ctx, f->ejects[i]);
    free(f->ejects);
    config_done(&f->config);
}

static struct err *following_begin(struct following *f, const struct death *d)
{
    const libxl_domain_config *c = &f->config.c;
    int rc;

    f->h = d->h;
    TRY(retrieve(d, &f->config));
    f->ejects = xcalloc((size_t)c->num_disks + 1, sizeof(*f->ejects));
    host_mark(d->h);
    rc = libxl_evenable_domain_death(d->h->ctx, d->domid, 0, &f->death);
    for (int i = 0; !rc && i < c->num_disks; i++) {
        if (!c->disks[i].removable)
            continue;
        rc = libxl_evenable_disk_eject(d->h->ctx, d->domid, c->disks[i].vdev,
                                       (libxl_ev_user)i,
                                       &f->ejects[f->n_ejects]);
        f->n_ejects += !rc;
    }
    return rc ? host_err(d->h, rc, "cannot follow domain %u", d->domid) : NULL;
}

/* Which disk it is, the event itself does not say in libxl 4.17. */
static void on_eject(const struct following *f, const libxl_event *event)
{
    struct err *e =
        eject_obey(f->h, event->domid, f->config.c.disks[event->for_user].vdev);

    if (e)
        log_error("eject", "%s", err_text(e));
    err_free(e);
}

static struct err *wait_death(const struct death *d)
{
    struct following following AUTO(following_end) = {0};
    bool died = false;

    TRY(following_begin(&following, d));
    while (!died) {
        libxl_event *event;
        int rc;

        host_mark(d->h);
        rc = libxl_event_wait(d->h->ctx, &event, LIBXL_EVENTMASK_ALL, 0, 0);
        if (rc)
            return host_err(d->h, rc, "cannot wait for the end of domain %u",
                            d->domid);
        if (event->domid == d->domid) {
            died = event->type != LIBXL_EVENT_TYPE_DISK_EJECT;
            if (!died)
                on_eject(&following, event);
        }
        libxl_event_free(d->h->ctx, event);
    }
    return NULL;
}

struct err *death_follow(const struct death *d)
{
    struct death now = *d;
    enum death_result result = DEATH_LIVES;

    do {
        TRY(wait_death(&now));
        TRY(death_obey(&now, &result, &now.domid));
        if (result == DEATH_LIVES) /* suspended: it may be resumed */
            nanosleep(&(struct timespec){.tv_sec = 1}, NULL);
    } while (result == DEATH_LIVES || result == DEATH_RESTARTED);
    return NULL;
}
