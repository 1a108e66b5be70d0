/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* keeping_list: who is kept, who died, and who wants what; see keeping.h. */
#include <errno.h>
#include <libxl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "lib/file.h"
#include "lib/log.h"
#include "lib/str.h"
#include "xl/domain/eject.h"
#include "xl/domain/journal.h"
#include "xl/domain/keeping.h"

#define USERDATA_DIR "/var/lib/xen"
#define MARK_MAX 4096
#define LIST_PIECE 64
/* A domain that lived for less is restarted with a growing delay. */
#define SHORT_LIFE 10
#define DELAY_STEP 2
#define DELAY_MAX 10
/* A worker that is killed is replaced so often. */
#define WORKER_DEATHS_MAX 3

static struct kept *add(struct keeper *k, const char *uuid, uint32_t domid,
                        enum job job)
{
    struct kept *d = xcalloc(1, sizeof(*d));

    memcpy(d->uuid, uuid, sizeof(d->uuid));
    d->domid = domid;
    d->job = job;
    d->marked = true;
    d->since = keeping_now();
    d->next = k->kept;
    k->kept = d;
    return d;
}

static void forget(struct keeper *k, struct kept *d)
{
    if (d->path)
        xs_unwatch(k->xs, d->path, WATCH_EJECTS);
    free(d->path);
    free(d->vdev);
    free(d);
}

static void add_eject(struct keeper *k, const char *uuid, uint32_t domid,
                      const char *vdev)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *path = eject_path(p, domid, vdev);
    struct kept *d;

    if (!path)
        return;
    d = add(k, uuid, domid, JOB_EJECT);
    d->vdev = xstrdup(vdev);
    d->path = xstrdup(path);
    if (!xs_watch(k->xs, d->path, WATCH_EJECTS))
        log_error("keeper", "cannot watch '%s': %s", d->path, strerror(errno));
}

/* Its mark, the file NAME, says which disks it can eject. */
static void add_marked(struct keeper *k, struct pool *p, const char *name,
                       const char *uuid, uint32_t domid)
{
    char *text, **words;
    struct err *e;
    size_t len, n;

    e = file_read(p, pool_printf(p, USERDATA_DIR "/%s", name), MARK_MAX, &text,
                  &len);
    add(k, uuid, domid, JOB_OBEY);
    if (e) {
        err_drop(e, "it died just now: keeping_check will see to it");
        return;
    }
    words = text_split(p, text, ' ', &n);
    for (size_t i = 0; i < n; i++)
        add_eject(k, uuid, domid, words[i]);
}

/* False when it was not followed before. */
static bool mark(struct keeper *k, const char *uuid, uint32_t domid)
{
    bool found = false;

    for (struct kept *d = k->kept; d; d = d->next) {
        if (d->job == JOB_RECREATE || d->domid != domid ||
            strcmp(d->uuid, uuid))
            continue;
        d->marked = found = true;
    }
    return found;
}

/* The names in DIR; a DIR that cannot be read has none. */
static char **list(struct pool *p, const char *dir, size_t *ret_n)
{
    char **names = NULL;
    struct err *e = file_list(p, dir, &names, ret_n);

    if (!e)
        return names;
    log_error("keeper", "%s", err_text(e));
    err_free(e);
    *ret_n = 0;
    return NULL;
}

void keeping_scan_marks(struct keeper *k)
{
    AUTO_POOL struct pool *p = pool_new();
    size_t n;
    char **names = list(p, USERDATA_DIR, &n);

    for (struct kept *d = k->kept; d; d = d->next)
        d->marked = d->job == JOB_RECREATE || !names;
    for (size_t i = 0; i < n; i++) {
        uint32_t domid;
        char uuid[37];

        if (keeper_mark_parse(names[i], &domid, uuid) && !mark(k, uuid, domid))
            add_marked(k, p, names[i], uuid, domid);
    }
}

static struct kept *restart_of(struct keeper *k, const char *uuid)
{
    for (struct kept *d = k->kept; d; d = d->next) {
        if (d->job == JOB_RECREATE && !strcmp(d->uuid, uuid))
            return d;
    }
    return add(k, uuid, NO_DOMID, JOB_RECREATE);
}

void keeping_scan_restarts(struct keeper *k)
{
    AUTO_POOL struct pool *p = pool_new();
    size_t n = 0;
    char **names = file_exists(KEEPER_DIR) ? list(p, KEEPER_DIR, &n) : NULL;

    for (size_t i = 0; i < n; i++) {
        if (strlen(names[i]) == 36)
            restart_of(k, names[i])->due = keeping_now();
    }
}

/* ---- who died ------------------------------------------------------------ */

/* In pieces, as each call copies all of its buffer. */
static bool list_domains(struct keeper *k)
{
    uint32_t first = 0;
    int n;

    k->n_domains = 0;
    do {
        k->domains = xrealloc(k->domains, (size_t)k->n_domains + LIST_PIECE,
                              sizeof(*k->domains));
        n = xc_domain_getinfolist(k->xc, first, LIST_PIECE,
                                  k->domains + k->n_domains);
        if (n < 0) {
            log_error("keeper", "cannot list the domains: %s", strerror(errno));
            return false;
        }
        k->n_domains += n;
        if (n)
            first = k->domains[k->n_domains - 1].domain + 1;
    } while (n == LIST_PIECE);
    return true;
}

static const xc_domaininfo_t *info_of(const struct keeper *k,
                                      const struct kept *d)
{
    for (int i = 0; i < k->n_domains; i++) {
        const xc_domaininfo_t *info = &k->domains[i];
        char uuid[37];

        if (info->domain != d->domid)
            continue;
        snprintf(uuid, sizeof(uuid), LIBXL_UUID_FMT,
                 LIBXL__UUID_BYTES(info->handle));
        return strcmp(uuid, d->uuid) ? NULL : info;
    }
    return NULL;
}

static struct life *life_of(struct keeper *k, const char *uuid)
{
    struct life *l;

    for (l = k->lives; l; l = l->next) {
        if (!strcmp(l->uuid, uuid))
            return l;
    }
    l = xcalloc(1, sizeof(*l));
    memcpy(l->uuid, uuid, sizeof(l->uuid));
    l->next = k->lives;
    k->lives = l;
    return l;
}

/* How long to let a dead domain lie, so that one that dies at once each time
 * does not keep the host busy. It can be seen and destroyed meanwhile. */
static time_t delay(struct keeper *k, const struct kept *d)
{
    struct life *l = life_of(k, d->uuid);
    unsigned seconds;

    l->last = keeping_now();
    if (!d->since || keeping_now() - d->since > SHORT_LIFE + DELAY_MAX) {
        l->n_short = 0;
        return 0;
    }
    seconds = l->n_short++ * DELAY_STEP;
    if (l->n_short == 2)
        log_warning("keeper",
                    "id %u: its lives are short; the next start "
                    "is delayed",
                    d->domid);
    return seconds > DELAY_MAX ? DELAY_MAX : seconds;
}

static bool is_dead(const xc_domaininfo_t *info)
{
    unsigned reason =
        (info->flags >> XEN_DOMINF_shutdownshift) & XEN_DOMINF_shutdownmask;

    return info->flags & XEN_DOMINF_shutdown && reason != SHUTDOWN_suspend;
}

static bool is_gone(const struct kept *d, const xc_domaininfo_t *info)
{
    if (d->job == JOB_RECREATE)
        return !d->due;
    return !info || info->flags & XEN_DOMINF_dying || !d->marked;
}

void keeping_check(struct keeper *k)
{
    struct kept **at = &k->kept;

    if (!list_domains(k))
        return;
    while (*at) {
        struct kept *d = *at;
        const xc_domaininfo_t *info = info_of(k, d);

        if (is_gone(d, info) && !d->worker) {
            *at = d->next;
            forget(k, d);
            continue;
        }
        if (d->job == JOB_OBEY && info && is_dead(info) && !d->worker &&
            !d->due && !d->failed)
            d->due = keeping_now() + delay(k, d);
        at = &d->next;
    }
}

/* ---- who wants what ------------------------------------------------------ */

/* A guest can ask as often as it likes: once a second is obeyed. */
static void look_at_eject(struct keeper *k, struct kept *d)
{
    AUTO_FREE char *wish = xs_read(k->xs, XBT_NULL, d->path, NULL);
    time_t now = keeping_now();

    if (!text_eq(wish, EJECT_WORD) || d->worker || d->due || d->failed)
        return;
    d->due = now > d->since ? now : now + 1;
    d->since = d->due;
}

void keeping_eject(struct keeper *k, const char *path)
{
    for (struct kept *d = k->kept; d; d = d->next) {
        if (text_eq(d->path, path))
            look_at_eject(k, d);
    }
}

/* What a killed worker was at is done by another. */
static void replace(struct keeper *k, struct kept *d)
{
    d->failed = ++d->n_worker_deaths >= WORKER_DEATHS_MAX;
    if (!d->failed && d->job != JOB_EJECT)
        keeping_scan_restarts(k);
}

void keeping_worker_ended(struct keeper *k, pid_t pid, int status)
{
    for (struct kept *d = k->kept; d; d = d->next) {
        if (d->worker != pid)
            continue;
        d->worker = 0;
        if (WIFSIGNALED(status)) {
            log_error("keeper", "a worker was killed by signal %d",
                      WTERMSIG(status));
            replace(k, d);
        } else if (d->job != JOB_EJECT) {
            d->failed = WEXITSTATUS(status);
        }
        if (d->job == JOB_EJECT)
            look_at_eject(k, d);
        return;
    }
}

/* ---- forgetting ---------------------------------------------------------- */

void keeping_forget_lives(struct keeper *k)
{
    struct life **at = &k->lives;

    while (*at) {
        struct life *l = *at;

        if (keeping_now() - l->last > 60) {
            *at = l->next;
            free(l);
        } else {
            at = &l->next;
        }
    }
}

void keeping_forget_all(struct keeper *k)
{
    while (k->kept) {
        struct kept *d = k->kept;

        k->kept = d->next;
        forget(k, d);
    }
    while (k->lives) {
        struct life *l = k->lives;

        k->lives = l->next;
        free(l);
    }
    free(k->domains);
}
