/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * keeping: the keeper's own side; see keeper.h and keeping.h. The process
 * itself opens no libxl: it watches XenStore for deaths and wishes to eject,
 * asks the hypervisor who died, and forks a worker for each.
 */
#include "xl/domain/keeping.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/file.h"
#include "lib/log.h"
#include "lib/str.h"

time_t keeping_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + 1;
}

/* ---- the loop ------------------------------------------------------------ */

static void reap(struct keeper *k)
{
    pid_t pid;
    int status;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        keeping_worker_ended(k, pid, status);
}

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

static void read_watches(struct keeper *k)
{
    char **event;

    while ((event = xs_check_watch(k->xs))) {
        if (!strcmp(event[XS_WATCH_TOKEN], WATCH_EJECTS))
            keeping_eject(k, event[XS_WATCH_PATH]);
        free(event);
    }
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
    return next > keeping_now() ? next - keeping_now() : 0;
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

static void start_due(struct keeper *k)
{
    for (struct kept *d = k->kept; d; d = d->next) {
        if (d->due && d->due <= keeping_now() && !d->worker && !k->stopping)
            keeping_start_worker(k, d);
    }
}

static void turn(struct keeper *k)
{
    reap(k);
    keeping_scan_marks(k);
    keeping_check(k);
    start_due(k);
    keeping_forget_lives(k);
    if (k->kept)
        k->idle_since = 0;
    else if (!k->idle_since)
        k->idle_since = keeping_now();
}

static void loop(struct keeper *k, int idle)
{
    for (;;) {
        turn(k);
        if (k->stopping
                ? !is_working(k)
                : k->idle_since && keeping_now() >= k->idle_since + idle)
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
    if (!k->xs || !xs_watch(k->xs, "@releaseDomain", WATCH_DEATHS))
        return err_errno(errno, "cannot talk to xenstored");
    return NULL;
}

static void close_all(struct keeper *k)
{
    keeping_forget_all(k);
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
    keeping_scan_marks(k);
    keeping_check(k);
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
    keeping_scan_restarts(k);
    keeping_scan_marks(k);
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
