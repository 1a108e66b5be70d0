/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * await: see await.h. libxl's descriptors and ours go into one poll; signals
 * arrive through a pipe, because a blocked mask would be inherited by every
 * program that libxl starts. The pipe and the old handlers are the state of
 * the process's signals, of which there is one set, so they are static.
 */
#include "xl/domain/await.h"

#include <errno.h>
#include <fcntl.h>
#include <libxl_event.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "lib/str.h"

static const int caught_signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

static struct {
    volatile sig_atomic_t signal;
    int depth;
    int wake[2];
    struct sigaction old[ARRAY_LEN(caught_signals)];
} catching = {.wake = {-1, -1}};

static void on_signal(int sig)
{
    int saved = errno;

    catching.signal = sig;
    if (write(catching.wake[1], "", 1) < 0)
        errno = saved; /* full: it wakes as it is */
    errno = saved;
}

void await_signals_catch(void)
{
    struct sigaction sa = {.sa_handler = on_signal};

    if (catching.depth++)
        return;
    catching.signal = 0;
    if (pipe2(catching.wake, O_CLOEXEC | O_NONBLOCK))
        catching.wake[0] = catching.wake[1] = -1;
    for (size_t i = 0; i < ARRAY_LEN(caught_signals); i++) {
        sigaction(caught_signals[i], NULL, &catching.old[i]);
        if (catching.old[i].sa_handler != SIG_IGN)
            sigaction(caught_signals[i], &sa, NULL);
    }
}

void await_signals_release(void)
{
    if (--catching.depth)
        return;
    for (size_t i = 0; i < ARRAY_LEN(caught_signals); i++)
        sigaction(caught_signals[i], &catching.old[i], NULL);
    for (int i = 0; i < 2; i++) {
        if (catching.wake[i] >= 0)
            close(catching.wake[i]);
        catching.wake[i] = -1;
    }
}

int await_signal(void)
{
    return catching.signal;
}

int await_signal_fd(void)
{
    return catching.wake[0];
}

void await_signals_child(void)
{
    for (size_t i = 0; i < ARRAY_LEN(caught_signals); i++)
        signal(caught_signals[i], SIG_DFL);
}

static void on_complete(libxl_ctx *ctx, int rc, void *for_callback)
{
    struct await *a = for_callback;

    (void)ctx;
    a->rc = rc;
    a->done = true;
}

void await_begin(struct await *a, struct host *h)
{
    memset(a, 0, sizeof(*a));
    a->h = h;
    a->interruptible = true;
    a->guest = NO_DOMID;
    a->how.callback = on_complete;
    a->how.u.for_callback = a;
}

/* libxl's descriptors in *FDS (malloc'd), with one place more for ours. */
static int before_poll(struct await *a, struct pollfd **fds, int *n,
                       int *timeout)
{
    struct timeval now;
    int rc;

    do {
        *fds = xrealloc(*fds, (size_t)*n + 1, sizeof(**fds));
        gettimeofday(&now, NULL);
        rc = libxl_osevent_beforepoll(a->h->ctx, n, *fds, timeout, now);
    } while (rc == ERROR_BUFFERFULL);
    return rc;
}

static bool is_abortable(const struct await *a)
{
    return !a->abortable || *a->abortable;
}

static void check_signal(struct await *a)
{
    if (!await_signal() || a->interrupted || !a->interruptible ||
        !is_abortable(a))
        return;
    a->interrupted = true;
    libxl_ao_abort(a->h->ctx, &a->how);
}

static bool has_ended(struct host *h, uint32_t domid)
{
    libxl_dominfo info AUTO(libxl_dominfo_dispose);

    libxl_dominfo_init(&info);
    return libxl_domain_info(h->ctx, &info, domid) || info.dying ||
           (info.shutdown &&
            info.shutdown_reason != LIBXL_SHUTDOWN_REASON_SUSPEND);
}

static void check_guest(struct await *a)
{
    if (a->guest == NO_DOMID || a->guest_ended || !is_abortable(a))
        return;
    a->guest_ended = has_ended(a->h, a->guest);
    if (a->guest_ended)
        libxl_ao_abort(a->h->ctx, &a->how);
}

static int turn(struct await *a, struct pollfd **fds)
{
    int n = 16, timeout = 1000, rc;
    struct timeval now;
    char drain[16];

    rc = before_poll(a, fds, &n, &timeout);
    if (rc)
        return rc;
    (*fds)[n] = (struct pollfd){.fd = catching.wake[0], .events = POLLIN};
    if (poll(*fds, (nfds_t)n + 1, timeout) < 0) {
        if (errno != EINTR)
            return ERROR_FAIL;
        return 0;
    }
    while ((*fds)[n].revents && read(catching.wake[0], drain, 16) == 16)
        ;
    gettimeofday(&now, NULL);
    libxl_osevent_afterpoll(a->h->ctx, n, *fds, now);
    return 0;
}

int await_end(struct await *a, int started)
{
    AUTO_FREE struct pollfd *fds = NULL;

    if (started)
        return started;
    while (!a->done) {
        int rc;

        check_signal(a);
        check_guest(a);
        rc = turn(a, &fds);
        if (rc)
            return rc;
        if (a->tick)
            a->tick(a->tick_arg);
    }
    return a->rc;
}
