/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * run: see run.h. Input goes through a memory file, so only one pipe has to be
 * served; a pidfd says when the program is gone, a signalfd when the caller is
 * asked to stop.
 */
#include "lib/run.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>

#include "lib/clock.h"
#include "lib/str.h"

#define OUTPUT_DEFAULT (64 * 1024)
#define GRACE 1.0 /* seconds between SIGTERM and SIGKILL */
#define SHOWN_LINES 5

extern char **environ;

struct child {
    const struct run *run;
    pid_t pid;
    int pid_fd, out_fd, signal_fd;
    char *kept; /* 2 * max bytes; the last max of them count */
    size_t n_kept, max;
};

/* ---- starting ------------------------------------------------------------ */

static bool same_name(const char *a, const char *b)
{
    size_t len = strcspn(a, "=");

    return !strncmp(a, b, len) && b[len] == '=';
}

static char **environment(const char *const *more, struct pool *p)
{
    char **all = NULL;
    size_t n = 0, n_more = 0;

    for (; more && more[n_more]; n_more++)
        *pool_push(p, all, n) = pool_str(p, more[n_more]);
    for (char **e = environ; e && *e; e++) {
        bool replaced = false;

        for (size_t i = 0; i < n_more && !replaced; i++)
            replaced = same_name(more[i], *e);
        if (!replaced)
            *pool_push(p, all, n) = *e;
    }
    *pool_push(p, all, n) = NULL;
    return all;
}

static struct err *open_input(const struct run *r, int *ret_fd)
{
    AUTO_FD int fd = r->input ? memfd_create("input", MFD_CLOEXEC)
                              : open("/dev/null", O_RDONLY | O_CLOEXEC);
    size_t done = 0;

    if (fd < 0)
        return err_errno(errno, "cannot open its standard input");
    while (r->input && done < r->input_len) {
        ssize_t n = write(fd, r->input + done, r->input_len - done);

        if (n < 0 && errno != EINTR)
            return err_errno(errno, "cannot keep its standard input");
        done += n > 0 ? (size_t)n : 0;
    }
    if (r->input && lseek(fd, 0, SEEK_SET) < 0)
        return err_errno(errno, "cannot keep its standard input");
    *ret_fd = take_fd(&fd);
    return NULL;
}

static void set_attributes(posix_spawnattr_t *attr, bool own_group)
{
    sigset_t all, none;

    sigfillset(&all);
    sigemptyset(&none);
    posix_spawnattr_setsigdefault(attr, &all);
    posix_spawnattr_setsigmask(attr, &none);
    posix_spawnattr_setpgroup(attr, 0);
    posix_spawnattr_setflags(
        attr, (short)(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK |
                      (own_group ? POSIX_SPAWN_SETPGROUP : 0)));
}

static int spawn(const struct run *r, int in_fd, int out_fd, pid_t *ret_pid,
                 struct pool *p)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;
    int errnum;

    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attr);
    if (!r->inherit) {
        posix_spawn_file_actions_adddup2(&actions, in_fd, 0);
        posix_spawn_file_actions_adddup2(&actions, out_fd, 1);
        posix_spawn_file_actions_adddup2(&actions, out_fd, 2);
    }
    posix_spawn_file_actions_addclosefrom_np(&actions, 3);
    set_attributes(&attr, !r->inherit);
    errnum = posix_spawnp(ret_pid, r->argv[0], &actions, &attr,
                          (char *const *)r->argv, environment(r->env, p));
    posix_spawnattr_destroy(&attr);
    posix_spawn_file_actions_destroy(&actions);
    return errnum;
}

static struct err *start(struct child *c, struct pool *p)
{
    AUTO_FD int in_fd = -1;
    AUTO_FD int read_fd = -1;
    AUTO_FD int write_fd = -1;
    int pipe_fds[2], errnum;

    if (!c->run->inherit) {
        TRY(open_input(c->run, &in_fd));
        if (pipe2(pipe_fds, O_CLOEXEC) < 0)
            return err_errno(errno, "cannot make a pipe");
        read_fd = pipe_fds[0];
        write_fd = pipe_fds[1];
        fcntl(read_fd, F_SETFL, O_NONBLOCK);
    }
    errnum = spawn(c->run, in_fd, write_fd, &c->pid, p);
    if (errnum)
        return err_errno(errnum, "cannot run it");
    c->out_fd = take_fd(&read_fd);
    c->pid_fd = pidfd_open(c->pid, 0);
    return NULL;
}

/* ---- output -------------------------------------------------------------- */

static void keep(struct child *c, const char *data, size_t len)
{
    if (len > c->max) {
        data += len - c->max;
        len = c->max;
    }
    if (c->n_kept + len > 2 * c->max) {
        memmove(c->kept, c->kept + c->n_kept - c->max, c->max);
        c->n_kept = c->max;
    }
    memcpy(c->kept + c->n_kept, data, len);
    c->n_kept += len;
}

/* All there is for now; a pipe holds a megabyte at most, and one that is filled
 * faster than it is read must not keep us from the clock. */
static void read_output(struct child *c)
{
    char chunk[16384];
    size_t left = 2 * 1024 * 1024 / sizeof(chunk);
    ssize_t n;

    while (c->out_fd >= 0 && left--) {
        n = read(c->out_fd, chunk, sizeof(chunk));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return;
        if (n <= 0) {
            close(take_fd(&c->out_fd));
            return;
        }
        keep(c, chunk, (size_t)n);
    }
}

/* ---- waiting ------------------------------------------------------------- */

enum why {
    EXITED,
    TIME_IS_UP,
    SIGNALLED,
};

/* Serves the program until one of these; DEADLINE may be infinite. */
static enum why serve(struct child *c, double deadline)
{
    for (;;) {
        struct pollfd fds[] = {
            {.fd = c->pid_fd, .events = POLLIN},
            {.fd = c->out_fd, .events = POLLIN},
            {.fd = c->signal_fd, .events = POLLIN},
        };
        int n =
            poll(fds, ARRAY_LEN(fds), clock_poll_ms(deadline - clock_now()));

        if (n < 0)
            continue; /* EINTR: somebody's SIGCHLD handler ran */
        if (fds[1].revents)
            read_output(c);
        if (fds[0].revents) {
            read_output(c); /* what it wrote last is in the pipe by now */
            return EXITED;
        }
        if (fds[2].revents)
            return SIGNALLED;
        if (clock_now() >= deadline)
            return TIME_IS_UP;
    }
}

static void signal_all(const struct child *c, int sig)
{
    kill(c->run->inherit ? c->pid : -c->pid, sig);
}

/* The program is not reaped yet, so its number is still the group's. */
static void stop(struct child *c)
{
    signal_all(c, SIGTERM);
    c->signal_fd = -1;
    if (serve(c, clock_now() + GRACE) != EXITED) {
        signal_all(c, SIGKILL);
        serve(c, INFINITY);
    } else if (!c->run->inherit) {
        signal_all(c, SIGKILL);
    }
}

static struct err *reap(struct child *c, struct run *r)
{
    int status;

    while (waitpid(c->pid, &status, 0) < 0) {
        if (errno != EINTR)
            return err_errno(errno, "cannot learn how it ended");
    }
    r->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    r->exit_status = r->signal ? 128 + r->signal : WEXITSTATUS(status);
    return NULL;
}

/* Signals that ask the caller to stop, unless it ignores them. */
static sigset_t stop_signals(void)
{
    static const int asked[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action;
    sigset_t set;

    sigemptyset(&set);
    for (size_t i = 0; i < ARRAY_LEN(asked); i++) {
        if (!sigaction(asked[i], NULL, &action) && action.sa_handler != SIG_IGN)
            sigaddset(&set, asked[i]);
    }
    return set;
}

static struct err *serve_to_end(struct child *c, struct run *r)
{
    enum why why =
        serve(c, r->timeout > 0 ? clock_now() + r->timeout : INFINITY);
    struct err *e;

    if (why != EXITED)
        stop(c);
    r->timed_out = why == TIME_IS_UP;
    e = reap(c, r);
    if (why == SIGNALLED)
        e = err_join(ERR_AS(interrupted, "interrupted"), e);
    return e;
}

static struct err *run_child(struct child *c, struct run *r, struct pool *p)
{
    AUTO_FD int signal_fd = -1;
    sigset_t signals = stop_signals(), before;
    struct err *e;

    signal_fd = signalfd(-1, &signals, SFD_CLOEXEC);
    if (signal_fd < 0)
        return err_errno(errno, "cannot watch for signals");
    c->signal_fd = signal_fd;
    sigprocmask(SIG_BLOCK, &signals, &before);
    e = start(c, p);
    if (!e && c->pid_fd < 0) {
        e = err_errno(errno, "cannot watch it");
        signal_all(c, SIGKILL);
        e = err_join(e, reap(c, r));
    } else if (!e) {
        e = serve_to_end(c, r);
    }
    sigprocmask(SIG_SETMASK, &before, NULL);
    return e;
}

struct err *run_wait(struct run *r, struct pool *p)
{
    size_t max = r->output_max ? r->output_max : OUTPUT_DEFAULT;
    AUTO_FREE char *kept = xcalloc(2, max);
    struct child c = {
        .run = r, .pid_fd = -1, .out_fd = -1, .kept = kept, .max = max};
    struct err *e = run_child(&c, r, p);

    if (c.pid_fd >= 0)
        close(c.pid_fd);
    if (c.out_fd >= 0)
        close(c.out_fd);
    r->output_len = c.n_kept < max ? c.n_kept : max;
    r->output = pool_strn(p, kept + c.n_kept - r->output_len, r->output_len);
    return err_wrap(e, "'%s'", r->argv[0]);
}

/* ---- judging ------------------------------------------------------------- */

const char *run_last_lines(const char *text, size_t n)
{
    const char *at = text + strlen(text);

    if (at > text && at[-1] == '\n')
        at--;
    while (at > text && (at[-1] != '\n' || --n))
        at--;
    return at;
}

/* The output's last lines below the sentence, harmless for terminals. */
static struct err *with_output(struct err *e, const struct run *r)
{
    AUTO_STR struct str text = STR_INIT(STR_MAX);
    const char *lines = run_last_lines(r->output, SHOWN_LINES);
    struct err *full;

    str_add(&text, lines);
    while (text.len && text.text[text.len - 1] == '\n')
        text.text[--text.len] = '\0';
    if (!text.len)
        return e;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char ch = (unsigned char)text.text[i];

        if ((ch < ' ' && ch != '\n' && ch != '\t') || ch == 0x7f)
            text.text[i] = '?';
    }
    full =
        err_make(err_kind(e), "%s: it said:\n%s", err_text(e), str_text(&text));
    err_free(e);
    return full;
}

struct err *run_check(struct run *r, struct pool *p)
{
    struct err *e;

    TRY(run_wait(r, p));
    if (r->timed_out)
        e = ERR_AS(timeout, "'%s' took longer than %g seconds and was stopped",
                   r->argv[0], r->timeout);
    else if (r->signal)
        e = ERR("'%s' was killed by signal %d (%s)", r->argv[0], r->signal,
                strsignal(r->signal));
    else if (r->exit_status)
        e = ERR("'%s' failed with exit status %d", r->argv[0], r->exit_status);
    else
        return NULL;
    return with_output(e, r);
}
