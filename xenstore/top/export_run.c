/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* export_run: the process that reads the host for the exporter, and starts the
 * one that answers; see export.h. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "lib/clock.h"
#include "lib/file.h"
#include "lib/str.h"
#include "xenstore/top/export.h"
#include "xenstore/top/export_server.h"
#include "xenstore/top/wait.h"

/* How often the host is read when nobody asks: so that events of XenStore do
 * not pile up at the daemon. */
#define IDLE_TIME 10.0

/* The last reading. */
struct reading {
    struct sampler *sampler;
    struct pool *pool;
    const struct sample *sample; /* NULL: it failed */
    double taken;
    bool failed;
};

/* A failure is said once, not with each request. */
static void take(struct reading *r)
{
    struct err *e;

    pool_free(r->pool);
    r->pool = pool_new();
    r->sample = NULL;
    e = sampler_take(r->sampler, r->pool, &r->sample);
    if (e && !r->failed)
        fprintf(stderr, "xentop: %s\n", err_text(e));
    r->failed = e;
    err_free(e);
    r->taken = clock_now();
}

static struct err *answer(struct reading *r, int fd, unsigned char format)
{
    AUTO_STR struct str text = STR_INIT(SERVER_TEXT_MAX);
    struct server_answer head = {.format = format};

    if (clock_now() - r->taken > EXPORT_FRESH / 2)
        take(r);
    if (r->sample)
        export_print(r->sample, format, &text);
    head.len = str_full(&text) ? 0 : (uint32_t)text.len;
    TRY(file_write_all(fd, &head, sizeof(head)));
    return file_write_all(fd, str_text(&text), head.len);
}

/* Serves the server until it or this is ended. */
static struct err *serve(struct reading *r, int fd, const sigset_t *mask)
{
    while (!wait_ended()) {
        struct pollfd ready = {fd, POLLIN, 0};
        struct timespec t = {(time_t)IDLE_TIME, 0};
        int n = ppoll(&ready, 1, &t, mask);
        unsigned char format;

        if (n == 0)
            take(r);
        if (n <= 0)
            continue;
        if (read(fd, &format, 1) != 1 || format > EXPORT_PROMETHEUS)
            return wait_ended() ? NULL
                                : ERR("the process that serves has ended");
        TRY(answer(r, fd, format));
    }
    return NULL;
}

/* The child obeys no signal of the terminal; it ends with this process. */
static void run_child(int listener, int ask, const char *user)
{
    struct err *e = server_run(listener, ask, user);

    if (e)
        fprintf(stderr, "xentop: %s\n", err_text(e));
    _exit(err_exit_status(e));
}

struct err *top_export_run(struct sampler *s, const char *address,
                           const char *user)
{
    struct reading r = {.sampler = s};
    AUTO_FD int listener = -1;
    char where[80];
    int fds[2], status;
    sigset_t mask;
    struct err *e;
    pid_t child;

    TRY(server_listen(address, &listener, where));
    take(&r);
    wait_catch_signals(&mask);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds))
        return err_errno(errno, "cannot make a pair of sockets");
    fflush(stdout);
    child = fork();
    if (child < 0)
        return err_errno(errno, "cannot start a process");
    if (!child)
        run_child(listener, fds[1], user);
    close(fds[1]);
    printf("listening on http://%s/metrics\n", where);
    fflush(stdout);
    e = serve(&r, fds[0], &mask);
    close(fds[0]);
    waitpid(child, &status, 0);
    pool_free(r.pool);
    return e;
}
