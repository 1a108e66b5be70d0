/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * keeping: the keeper's own side; see keeper.h. The process itself opens no
 * libxl: it watches XenStore for deaths, asks the hypervisor who died, and
 * forks a worker for each, in which death_obey runs.
 */
#include <errno.h>
#include <fcntl.h>
#include <libxl_utils.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <xenctrl.h>
#include <xenstore.h>

#include "lib/file.h"
#include "lib/log.h"
#include "lib/str.h"
#include "xl/domain/create.h"
#include "xl/domain/death.h"
#include "xl/domain/journal.h"
#include "xl/domain/keeper.h"

#define USERDATA_DIR "/var/lib/xen"
#define CONFIG_MAX (4u << 20)
#define LIST_PIECE 64
/* A domain that lived for less is restarted with a growing delay. */
#define SHORT_LIFE 10
#define DELAY_STEP 2
#define DELAY_MAX 10
/* A worker that is killed is replaced so often. */
#define WORKER_DEATHS_MAX 3

enum job { JOB_OBEY, JOB_RECREATE };

/* A domain that is kept, or one that is to be made again. */
struct kept {
    struct kept *next;
    char uuid[37];
    uint32_t domid;
    enum job job;
    pid_t worker; /* 0: none */
    bool failed;  /* nothing more can be done for it */
    bool marked;  /* seen in the last scan */
    unsigned n_worker_deaths;
    time_t since; /* 0: before this keeper */
    time_t due;   /* when to act; 0: not dead */
};

/* Lives of a uuid that were short, one after the other. */
struct life {
    struct life *next;
    char uuid[37];
    unsigned n_short;
    time_t last;
};

struct keeper {
    const struct keeper_settings *settings;
    struct xs_handle *xs;
    xc_interface *xc;
    int lock, socket, signals;
    sigset_t old_mask;
    struct kept *kept;
    struct life *lives;
    xc_domaininfo_t *domains; /* the last list; malloc'd */
    int n_domains;
    bool stopping;
    time_t idle_since; /* 0: not idle */
};

static time_t now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + 1; /* never 0 */
}

/* ---- workers ------------------------------------------------------------- */

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

static bool domain_is_there(const char *uuid, struct host *h)
{
    libxl_dominfo *list;
    libxl_uuid want;
    bool found = false;
    int n;

    list = libxl_list_domain(h->ctx, &n);
    if (!list || libxl_uuid_from_string(&want, uuid))
        return false;
    for (int i = 0; i < n; i++) {
        if (!list[i].dying && !libxl_uuid_compare(&list[i].uuid, &want))
            found = true;
    }
    libxl_dominfo_list_free(list, n);
    return found;
}

/* The worker before us was killed in the middle of a restart. */
static struct err *recreate(struct work *w)
{
    char *json = pool_alloc(w->pool, CONFIG_MAX + 1);
    ssize_t len = pread(w->fd, json, CONFIG_MAX, 0);

    if (len < 0)
        return err_errno(errno, "cannot read '%s'", w->path);
    TRY(journal_recover(w->death.h));
    if (!len || domain_is_there(w->kept->uuid, w->death.h))
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

static struct err *work(struct work *w, struct host *h)
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

static _Noreturn void worker(const struct keeper *k, const struct kept *kept)
{
    struct work w = {.k = k, .kept = kept, .pool = pool_new(), .fd = -1};
    struct host h = {0};
    struct err *e;

    xs_daemon_destroy_postfork(k->xs);
    close(k->socket);
    close(k->signals);
    sigprocmask(SIG_SETMASK, &k->old_mask, NULL);
    e = work(&w, &h);
    if (e)
        log_error("keeper", "%s", err_text(e));
    _exit(err_exit_status(e));
}

static void start_worker(struct keeper *k, struct kept *kept)
{
    pid_t pid = fork();

    if (!pid)
        worker(k, kept);
    if (pid < 0) {
        log_error("keeper", "cannot start a worker: %s", strerror(errno));
        kept->due = now() + 1;
        return;
    }
    kept->worker = pid;
    kept->due = 0;
}

/* ---- who is kept --------------------------------------------------------- */

static struct kept *find(struct keeper *k, const char *uuid, uint32_t domid,
                         enum job job)
{
    for (struct kept *d = k->kept; d; d = d->next) {
        if (d->job == job && d->domid == domid && !strcmp(d->uuid, uuid))
            return d;
    }
    return NULL;
}

static struct kept *add(struct keeper *k, const char *uuid, uint32_t domid,
                        enum job job)
{
    struct kept *d = find(k, uuid, domid, job);

    if (!d) {
        d = xcalloc(1, sizeof(*d));
        memcpy(d->uuid, uuid, sizeof(d->uuid));
        d->domid = domid;
        d->job = job;
        d->since = now();
        d->next = k->kept;
        k->kept = d;
    }
    d->marked = true;
    return d;
}

static void scan_marks(struct keeper *k)
{
    AUTO_POOL struct pool *p = pool_new();
    struct err *e;
    char **names;
    size_t n;

    for (struct kept *d = k->kept; d; d = d->next)
        d->marked = d->job != JOB_OBEY;
    e = file_list(p, USERDATA_DIR, &names, &n);
    if (e) {
        log_error("keeper", "%s", err_text(e));
        err_free(e);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        uint32_t domid;
        char uuid[37];

        if (keeper_mark_parse(names[i], &domid, uuid))
            add(k, uuid, domid, JOB_OBEY);
    }
}

/* Restarts that were cut short. */
static void scan_restarts(struct keeper *k)
{
    AUTO_POOL struct pool *p = pool_new();
    struct err *e;
    char **names;
    size_t n;

    if (!file_exists(KEEPER_DIR))
        return;
    e = file_list(p, KEEPER_DIR, &names, &n);
    if (e) {
        log_error("keeper", "%s", err_text(e));
        err_free(e);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        if (strlen(names[i]) == 36)
            add(k, names[i], NO_DOMID, JOB_RECREATE)->due = now();
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

    l->last = now();
    if (!d->since || now() - d->since > SHORT_LIFE + DELAY_MAX) {
        l->n_short = 0;
        return 0;
    }
    seconds = l->n_short++ * DELAY_STEP;
    if (l->n_short == 2)
        log_warning("keeper", "id %u: its lives are short; the next start "
                              "is delayed", d->domid);
    return seconds > DELAY_MAX ? DELAY_MAX : seconds;
}

static void forget_lives(struct keeper *k)
{
    struct life **at = &k->lives;

    while (*at) {
        struct life *l = *at;

        if (now() - l->last > 60) {
            *at = l->next;
            free(l);
        } else {
            at = &l->next;
        }
    }
}

static bool is_dead(const xc_domaininfo_t *info)
{
    unsigned reason = (info->flags >> XEN_DOMINF_shutdownshift) &
                      XEN_DOMINF_shutdownmask;

    return info->flags & XEN_DOMINF_shutdown && reason != SHUTDOWN_suspend;
}

static void check(struct keeper *k)
{
    struct kept **at = &k->kept;

    if (!list_domains(k))
        return;
    while (*at) {
        struct kept *d = *at;
        const xc_domaininfo_t *info = info_of(k, d);
        bool gone = d->job == JOB_RECREATE
                        ? !d->due
                        : !info || info->flags & XEN_DOMINF_dying || !d->marked;

        if (gone && !d->worker) {
            *at = d->next;
            free(d);
            continue;
        }
        if (d->job == JOB_OBEY && info && is_dead(info) && !d->worker &&
            !d->due && !d->failed)
            d->due = now() + delay(k, d);
        at = &d->next;
    }
}

static void start_due(struct keeper *k)
{
    for (struct kept *d = k->kept; d; d = d->next) {
        if (d->due && d->due <= now() && !d->worker && !k->stopping)
            start_worker(k, d);
    }
}

static void on_worker_end(struct keeper *k, pid_t pid, int status)
{
    for (struct kept *d = k->kept; d; d = d->next) {
        if (d->worker != pid)
            continue;
        d->worker = 0;
        if (!WIFSIGNALED(status)) {
            d->failed = WEXITSTATUS(status);
            return;
        }
        d->failed = ++d->n_worker_deaths >= WORKER_DEATHS_MAX;
        log_error("keeper", "a worker was killed by signal %d",
                  WTERMSIG(status));
        if (!d->failed)
            scan_restarts(k);
        return;
    }
}

static void reap(struct keeper *k)
{
    pid_t pid;
    int status;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        on_worker_end(k, pid, status);
}

/* ---- the loop ------------------------------------------------------------ */

static void read_signals(struct keeper *k)
{
    struct signalfd_siginfo info;

    while (read(k->signals, &info, sizeof(info)) == sizeof(info)) {
        if (info.ssi_signo != SIGCHLD)
            k->stopping = true;
    }
}

static void read_socket(const struct keeper *k)
{
    char buf[16];

    while (recv(k->socket, buf, sizeof(buf), MSG_DONTWAIT) >= 0)
        ;
}

static void read_watches(const struct keeper *k)
{
    char **event;

    while ((event = xs_check_watch(k->xs)))
        free(event);
}

static bool is_working(const struct keeper *k)
{
    for (const struct kept *d = k->kept; d; d = d->next) {
        if (d->worker)
            return true;
    }
    return false;
}

/* Seconds to the next thing to do; -1: none. */
static time_t next_due(const struct keeper *k, int idle)
{
    time_t next = 0;

    for (const struct kept *d = k->kept; d; d = d->next) {
        if (d->due && !d->worker && (!next || d->due < next))
            next = d->due;
    }
    if (k->idle_since && (!next || k->idle_since + idle < next))
        next = k->idle_since + idle;
    if (!next)
        return -1;
    return next > now() ? next - now() : 0;
}

static void wait_event(struct keeper *k, int idle)
{
    struct pollfd fds[] = {
        {xs_fileno(k->xs), POLLIN, 0},
        {k->socket, POLLIN, 0},
        {k->signals, POLLIN, 0},
    };
    time_t seconds = next_due(k, idle);

    if (poll(fds, ARRAY_LEN(fds), seconds < 0 ? -1 : (int)seconds * 1000) <= 0)
        return;
    read_watches(k);
    read_socket(k);
    read_signals(k);
}

static void turn(struct keeper *k)
{
    reap(k);
    scan_marks(k);
    check(k);
    start_due(k);
    forget_lives(k);
    if (k->kept)
        k->idle_since = 0;
    else if (!k->idle_since)
        k->idle_since = now();
}

static void loop(struct keeper *k, int idle)
{
    for (;;) {
        turn(k);
        if (k->stopping ? !is_working(k)
                        : k->idle_since && now() >= k->idle_since + idle)
            return;
        wait_event(k, idle);
    }
}

/* ---- opening and closing ------------------------------------------------- */

static struct err *open_socket(struct keeper *k)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX, .sun_path = KEEPER_SOCKET};
    mode_t mask = umask(077);
    int rc;

    k->socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    unlink(KEEPER_SOCKET);
    rc = k->socket < 0 ? -1
                       : bind(k->socket, (struct sockaddr *)&at, sizeof(at));
    umask(mask);
    return rc < 0 ? err_errno(errno, "cannot listen on '%s'", KEEPER_SOCKET)
                  : NULL;
}

static struct err *open_signals(struct keeper *k)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_BLOCK, &set, &k->old_mask);
    k->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return k->signals < 0 ? err_errno(errno, "cannot watch signals") : NULL;
}

/* Another keeper holds it: one that is leaving, for which we wait, or one that
 * had not answered yet when we were started, which is then told to look. */
static struct err *open_lock(struct keeper *k, bool *ret_other)
{
    struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

    TRY(file_make_dirs(KEEPER_RUN, 0700));
    k->lock = open(KEEPER_LOCK, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (k->lock < 0)
        return err_errno(errno, "cannot open '%s'", KEEPER_LOCK);
    *ret_other = false;
    while (fcntl(k->lock, F_SETLK, &l)) {
        if (errno != EAGAIN && errno != EACCES && errno != EINTR)
            return err_errno(errno, "cannot lock '%s'", KEEPER_LOCK);
        *ret_other = keeper_poke();
        if (*ret_other)
            return NULL;
        nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
    }
    return NULL;
}

static struct err *open_all(struct keeper *k)
{
    TRY(open_signals(k));
    TRY(open_socket(k));
    k->xc = xc_interface_open(NULL, NULL, 0);
    if (!k->xc)
        return err_errno(errno, "cannot talk to Xen");
    k->xs = xs_open(0);
    if (!k->xs || !xs_watch(k->xs, "@releaseDomain", "died"))
        return err_errno(errno, "cannot talk to xenstored");
    return NULL;
}

static void close_all(struct keeper *k)
{
    while (k->kept) {
        struct kept *d = k->kept;

        k->kept = d->next;
        free(d);
    }
    while (k->lives) {
        struct life *l = k->lives;

        k->lives = l->next;
        free(l);
    }
    free(k->domains);
    if (k->xs)
        xs_close(k->xs);
    if (k->xc)
        xc_interface_close(k->xc);
    for (int i = 0; i < 3; i++) {
        int fd = (int[]){k->socket, k->signals, k->lock}[i];

        if (fd >= 0)
            close(fd);
    }
}

/* From here nobody pokes this keeper, but starts another, which waits for the
 * lock. A domain that was marked just before is still this one's. */
static bool has_late_comers(struct keeper *k)
{
    unlink(KEEPER_SOCKET);
    scan_marks(k);
    check(k);
    return k->kept && !k->stopping;
}

static struct err *keep(struct keeper *k, int idle)
{
    bool other;

    TRY(open_lock(k, &other));
    if (other)
        return NULL;
    TRY(open_all(k));
    log_info("keeper", "started, process %d", (int)getpid());
    scan_restarts(k);
    scan_marks(k);
    for (struct kept *d = k->kept; d; d = d->next)
        d->since = 0;
    for (;;) {
        loop(k, idle);
        if (!has_late_comers(k))
            break;
        close(k->socket);
        TRY(open_socket(k));
    }
    log_info("keeper", "nothing left to keep, leaving");
    return NULL;
}

struct err *keeper_run(const struct keeper_settings *settings, int idle)
{
    struct keeper k = {
        .settings = settings, .lock = -1, .socket = -1, .signals = -1};
    struct err *e = keep(&k, idle);

    close_all(&k);
    return e;
}
