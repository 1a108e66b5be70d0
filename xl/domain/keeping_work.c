/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* keeping_work: the workers; see keeping.h. Each is a process of its own, as
 * libxl is not for many domains at once, and so that a crash is one's alone. */
#include <errno.h>
#include <fcntl.h>
#include <libxl_utils.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/file.h"
#include "lib/log.h"
#include "lib/str.h"
#include "xl/domain/create.h"
#include "xl/domain/death.h"
#include "xl/domain/domains.h"
#include "xl/domain/eject.h"
#include "xl/domain/journal.h"
#include "xl/domain/keeping.h"

#define CONFIG_MAX (4u << 20)

struct work {
    const struct keeper *k;
    const struct kept *kept;
    struct death death;
    struct pool *pool;
    const char *path; /* its file in KEEPER_DIR */
    int fd;           /* that, locked */
};

/* The file's text goes to the one that is locked: no replacing. */
static struct err *note(struct work *w, const char *json)
{
    if (ftruncate(w->fd, 0) || lseek(w->fd, 0, SEEK_SET) < 0)
        return err_errno(errno, "cannot write '%s'", w->path);
    return json ? file_write_all(w->fd, json, strlen(json)) : NULL;
}

static struct err *on_restarting(void *arg, const char *json)
{
    return note(arg, json);
}

static struct err *obey(struct work *w)
{
    enum death_result result;

    w->death.restarting = on_restarting;
    w->death.arg = w;
    TRY(death_obey(&w->death, &result, &w->death.domid));
    if (result == DEATH_PRESERVED)
        libxl_userdata_unlink(w->death.h->ctx, w->death.domid, KEEPER_MARK);
    return NULL;
}

/* The worker before us was killed in the middle of a restart. */
static struct err *recreate(struct work *w)
{
    char *json = pool_alloc(w->pool, CONFIG_MAX + 1);
    struct domain *there;
    libxl_uuid uuid;
    ssize_t len = pread(w->fd, json, CONFIG_MAX, 0);

    if (len < 0)
        return err_errno(errno, "cannot read '%s'", w->path);
    TRY(journal_recover(w->death.h));
    if (!len)
        return NULL;
    if (libxl_uuid_from_string(&uuid, w->kept->uuid))
        return ERR("'%s' is no uuid", w->kept->uuid);
    TRY(domains_find(w->death.h, w->pool, &uuid, 0, &there));
    if (there)
        return NULL;
    log_info("keeper", "%s: taking up its restart again", w->kept->uuid);
    return death_recreate(&w->death, json, &w->death.domid);
}

/* Another keeper's worker may still be at it. */
static struct err *lock_file(struct work *w)
{
    struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    struct stat st;

    do {
        if (w->fd >= 0)
            close(w->fd);
        w->fd = open(w->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (w->fd < 0)
            return err_errno(errno, "cannot write '%s'", w->path);
        if (fcntl(w->fd, F_SETLKW, &l))
            return err_errno(errno, "cannot lock '%s'", w->path);
    } while (fstat(w->fd, &st) || !st.st_nlink);
    return NULL;
}

static struct err *work_on_death(struct work *w, struct host *h)
{
    const struct keeper_settings *set = w->k->settings;
    struct err *e;

    TRY(file_make_dirs(KEEPER_DIR, 0700));
    w->path = pool_printf(w->pool, KEEPER_DIR "/%s", w->kept->uuid);
    TRY(lock_file(w));
    TRY(host_open(h, XTL_CRITICAL, 0));
    w->death = (struct death){.h = h,
                              .domid = w->kept->domid,
                              .keep = true,
                              .defaults = set->defaults,
                              .lockfile = set->lockfile};
    w->death.autoballoon = set->autoballoon_auto
                               ? create_autoballoons_by_default(h)
                               : set->autoballoon;
    e = w->kept->job == JOB_OBEY ? obey(w) : recreate(w);
    return err_join(e, file_remove(w->path));
}

/* The node is cleared when the wish is fulfilled or cannot be; a worker that
 * is killed leaves it for the next. */
static struct err *work_on_eject(struct work *w, struct host *h)
{
    const struct kept *kept = w->kept;
    struct xs_handle *xs;
    struct err *e;

    TRY(host_open(h, XTL_CRITICAL, 0));
    e = eject_obey(h, kept->domid, kept->vdev);
    xs = xs_open(0);
    if (!xs || !xs_write(xs, XBT_NULL, kept->path, "", 0))
        e = err_join(e, err_errno(errno, "cannot write '%s'", kept->path));
    if (xs)
        xs_close(xs);
    return e;
}

static _Noreturn void worker(const struct keeper *k, const struct kept *kept)
{
    struct work w = {.k = k, .kept = kept, .pool = pool_new(), .fd = -1};
    struct host h = {0};
    struct err *e;

    xs_daemon_destroy_postfork(k->xs);
    close(k->socket);
    close(k->signals);
    sigprocmask(SIG_SETMASK, &k->old_mask, NULL);
    e = kept->job == JOB_EJECT ? work_on_eject(&w, &h) : work_on_death(&w, &h);
    if (e)
        log_error("keeper", "%s", err_text(e));
    _exit(err_exit_status(e));
}

void keeping_start_worker(struct keeper *k, struct kept *kept)
{
    pid_t pid = fork();

    if (!pid)
        worker(k, kept);
    if (pid < 0) {
        log_error("keeper", "cannot start a worker: %s", strerror(errno));
        kept->due = keeping_now() + 1;
        return;
    }
    kept->worker = pid;
    kept->due = 0;
}
