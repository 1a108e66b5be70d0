/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* several: see several.h. */
#include "xl/several.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include "lib/clock.h"
#include "lib/progress.h"
#include "lib/str.h"

#define SAID_MAX (1u << 20)

enum state { WAITS, RUNS, DONE, FAILED };

struct one {
    enum state state;
    pid_t pid;
    int fd; /* what it prints */
    double began;
    struct str said;
};

struct crowd {
    const struct several *s;
    struct one *ones;
    struct pollfd *fds; /* of all, and the signals' */
    size_t begun, running, failed;
    int signals, signal; /* the one that came */
    sigset_t before;
    struct progress *progress;
};

/* ---- one ----------------------------------------------------------------- */

static void be_the_child(const struct crowd *c, size_t i, int fd)
    __attribute__((noreturn));
static void be_the_child(const struct crowd *c, size_t i, int fd)
{
    struct err *e;

    dup2(fd, STDOUT_FILENO);
    dup2(fd, STDERR_FILENO);
    close(fd);
    close(c->signals);
    for (size_t k = 0; k < i; k++)
        if (c->ones[k].state == RUNS)
            close(c->ones[k].fd);
    sigprocmask(SIG_SETMASK, &c->before, NULL);
    e = c->s->run(c->s->arg, i);
    if (e && !err_is(e, &err_kind_reported))
        fprintf(stderr, "%s\n", err_text(e));
    fflush(NULL);
    _exit(err_exit_status(e));
}

static struct err *begin(struct crowd *c)
{
    struct one *one = &c->ones[c->begun];
    int ends[2];

    if (pipe2(ends, O_CLOEXEC))
        return err_errno(errno, "pipe");
    fflush(NULL);
    one->pid = fork();
    if (!one->pid)
        be_the_child(c, c->begun, ends[1]);
    close(ends[1]);
    if (one->pid < 0) {
        int errnum = errno;

        close(ends[0]);
        return err_errno(errnum, "no process left");
    }
    one->state = RUNS;
    one->fd = ends[0];
    one->began = clock_now();
    c->fds[c->begun] = (struct pollfd){one->fd, POLLIN, 0};
    c->begun++;
    c->running++;
    return NULL;
}

static void show(const struct crowd *c, size_t i, const char *how)
{
    const struct one *one = &c->ones[i];
    AUTO_POOL struct pool *p = pool_new();
    char **lines;
    size_t n;

    progress_hide(c->progress);
    if (one->state == FAILED || !c->s->quiet)
        fprintf(stderr, "%s: %s, %.1f s\n", c->s->names[i], how,
                clock_now() - one->began);
    lines = text_split(p, str_text(&one->said), '\n', &n);
    for (size_t k = 0; k < n; k++)
        if (*lines[k])
            fprintf(stderr, "    %s\n", lines[k]);
}

static void end(struct crowd *c, size_t i)
{
    struct one *one = &c->ones[i];
    int status = 0;

    while (waitpid(one->pid, &status, 0) < 0 && errno == EINTR)
        ;
    close(one->fd);
    c->fds[i].fd = -1;
    c->running--;
    one->state = WIFEXITED(status) && !WEXITSTATUS(status) ? DONE : FAILED;
    c->failed += one->state == FAILED;
    show(c, i, one->state == DONE ? c->s->done : "failed");
    str_done(&one->said);
}

static void hear(struct crowd *c, size_t i)
{
    char bytes[4096];
    ssize_t n = read(c->ones[i].fd, bytes, sizeof(bytes));

    if (n > 0)
        str_addn(&c->ones[i].said, bytes, (size_t)n);
    else if (!n || errno != EINTR)
        end(c, i);
}

/* ---- all of them --------------------------------------------------------- */

static void take_signal(struct crowd *c)
{
    struct signalfd_siginfo info;

    if (read(c->signals, &info, sizeof(info)) != sizeof(info))
        return;
    c->signal = (int)info.ssi_signo;
    for (size_t i = 0; i < c->begun; i++)
        if (c->ones[i].state == RUNS)
            kill(c->ones[i].pid, c->signal);
}

static bool may_begin(const struct crowd *c)
{
    return c->begun < c->s->n && c->running < c->s->at_once && !c->signal &&
           !(c->s->stop && c->failed);
}

static struct err *go_on(struct crowd *c)
{
    while (may_begin(c))
        TRY(begin(c));
    progress_step(c->progress, "%zu of %zu, %zu under way",
                  c->begun - c->running, c->s->n, c->running);
    if (!c->running)
        return NULL;
    if (poll(c->fds, c->s->n + 1, 1000) < 0)
        return errno == EINTR ? NULL : err_errno(errno, "poll");
    if (c->fds[c->s->n].revents)
        take_signal(c);
    for (size_t i = 0; i < c->begun; i++)
        if (c->ones[i].state == RUNS && c->fds[i].revents)
            hear(c, i);
    return NULL;
}

static struct err *sum_up(const struct crowd *c, double began)
{
    size_t left = c->s->n - c->begun;

    if (!c->s->quiet || c->failed || left)
        fprintf(stderr, "%zu %s", c->begun - c->failed, c->s->done);
    if (c->failed)
        fprintf(stderr, ", %zu failed", c->failed);
    if (left)
        fprintf(stderr, ", %zu not begun", left);
    if (!c->s->quiet || c->failed || left)
        fprintf(stderr, ", %.1f s\n", clock_now() - began);
    if (c->signal)
        return ERR_AS(interrupted, "interrupted by SIG%s",
                      sigabbrev_np(c->signal));
    return c->failed ? err_silent(1) : NULL;
}

static struct err *run(struct crowd *c)
{
    double began = clock_now();
    struct err *e = NULL;

    do
        e = go_on(c);
    while (!e && (c->running || may_begin(c)));
    while (c->running) /* after an error of ours: they are not left alone */
        for (size_t i = 0; i < c->begun; i++)
            if (c->ones[i].state == RUNS)
                hear(c, i);
    progress_hide(c->progress);
    return err_join(e, sum_up(c, began));
}

struct err *several_run(const struct several *s)
{
    AUTO_POOL struct pool *p = pool_new();
    struct crowd c = {.s = s};
    struct err *e;
    sigset_t set;

    c.ones = pool_alloc(p, s->n * sizeof(*c.ones));
    c.fds = pool_alloc(p, (s->n + 1) * sizeof(*c.fds));
    for (size_t i = 0; i < s->n; i++) {
        c.ones[i].said = (struct str)STR_INIT(SAID_MAX);
        c.fds[i].fd = -1;
    }
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    sigprocmask(SIG_BLOCK, &set, &c.before);
    c.signals = signalfd(-1, &set, SFD_CLOEXEC);
    c.fds[s->n] = (struct pollfd){c.signals, POLLIN, 0};
    c.progress = progress_new(s->doing, s->quiet);
    e = run(&c);
    progress_free(c.progress);
    close(c.signals);
    sigprocmask(SIG_SETMASK, &c.before, NULL);
    return e;
}
