/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* console: see console.h. */
#include "xl/console.h"

#include <errno.h>
#include <fcntl.h>
#include <libxl_event.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <xenctrl.h>
#include <xenstore.h>

#include "lib/file.h"
#include "lib/str.h"
#include "xl/domain/await.h"

#define INPUT_SIZE 512
#define OUTPUT_SIZE 16384
/* After the domain's end: its last words are over when nothing came for so
 * long; and a fork's parent waits so long for the child to be attached. */
#define LAST_WORDS_MS 300
#define ATTACH_WAIT_MS 10000
/* When standard input is a pipe or file at its end, nothing more is asked: what
 * is still to come is over when nothing came for so long. (xenconsole leaves at
 * once, and answers are lost.) */
#define ANSWERS_MS 2000
/* A console that hung up is looked for again this often, and on each change
 * of its path in XenStore. */
#define REOPEN_MS 250

struct session {
    const struct console *c;
    struct pool *pool;
    const char *path; /* in XenStore */
    struct xs_handle *xs;
    xc_interface *xc;
    const char *lock_path;
    int lock;
    int tty; /* -1: not attached now */
    bool was_attached, domain_over, left, input_over, told_waiting;
    bool terminal, raw; /* standard input is one; it is in raw mode */
    struct termios cooked;
    char input[INPUT_SIZE]; /* on its way to the guest */
    size_t n_input;
};

const char *console_path(struct pool *p, const struct console *c)
{
    unsigned id = c->domid;

    if (c->type == CONSOLE_SERIAL)
        return pool_printf(p, "/local/domain/%u/serial/%u/tty", id, c->num);
    if (c->type == CONSOLE_VUART)
        return pool_printf(p, "/local/domain/%u/vuart/%u/tty", id, c->num);
    if (c->num)
        return pool_printf(p, "/local/domain/%u/device/console/%u/tty", id,
                           c->num);
    return pool_printf(p, "/local/domain/%u/console/tty", id);
}

/* ---- the terminal -------------------------------------------------------- */

static void go_raw(struct session *s)
{
    struct termios raw = s->cooked;

    if (!s->terminal || s->raw)
        return;
    cfmakeraw(&raw);
    s->raw = !tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
}

static void go_cooked(struct session *s)
{
    if (s->raw)
        tcsetattr(STDIN_FILENO, TCSADRAIN, &s->cooked);
    s->raw = false;
}

static void tell_waiting(struct session *s)
{
    if (s->was_attached || s->told_waiting || !isatty(STDERR_FILENO))
        return;
    fprintf(stderr, "waiting for the console of domain %u (Ctrl-C gives up)",
            s->c->domid);
    s->told_waiting = true;
}

static void tell_attached(struct session *s)
{
    if (s->told_waiting)
        fputs("\r\033[K", stderr);
    s->told_waiting = false;
}

/* ---- attaching ----------------------------------------------------------- */

static void notify(const struct session *s)
{
    if (s->c->notify_fd > 0 && write(s->c->notify_fd, "", 1) < 0)
        return; /* nobody waits for it any more */
}

static void attach(struct session *s)
{
    AUTO_FREE char *tty = xs_read(s->xs, XBT_NULL, s->path, NULL);

    if (!tty || !tty[0])
        return;
    s->tty = open(tty, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (s->tty < 0)
        return;
    tell_attached(s);
    go_raw(s);
    if (!s->was_attached)
        notify(s);
    s->was_attached = true;
}

/* xenconsoled goes away, or a boot loader hands over to the guest. */
static void detach(struct session *s)
{
    close(s->tty);
    s->tty = -1;
}

/* ---- one client at a time ------------------------------------------------ */

/* The lock that Xen's own xenconsole takes. */
static struct err *take_lock(struct session *s)
{
    struct stat held, named;

    s->lock_path = pool_printf(s->pool, "/var/lock/xenconsole.%u", s->c->domid);
    do {
        if (s->lock >= 0)
            close(s->lock);
        s->lock = open(s->lock_path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (s->lock < 0)
            return err_errno(errno, "cannot open '%s'", s->lock_path);
        if (flock(s->lock, LOCK_EX | LOCK_NB)) {
            close(take_fd(&s->lock));
            return ERR("somebody is attached to it already ('%s' is locked)",
                       s->lock_path);
        }
    } while (fstat(s->lock, &held) || stat(s->lock_path, &named) ||
             held.st_ino != named.st_ino); /* its last owner removed it */
    return NULL;
}

static void drop_lock(struct session *s)
{
    if (s->lock < 0)
        return;
    unlink(s->lock_path);
    close(s->lock);
}

/* ---- the domain ---------------------------------------------------------- */

static void check_domain(struct session *s)
{
    xc_dominfo_t info;

    if (xc_domain_getinfo(s->xc, s->c->domid, 1, &info) != 1 ||
        info.domid != s->c->domid || info.dying ||
        (info.shutdown && info.shutdown_reason != SHUTDOWN_suspend))
        s->domain_over = true;
}

static void read_watches(struct session *s)
{
    char **event;

    while ((event = xs_check_watch(s->xs))) {
        if (!strcmp(event[XS_WATCH_TOKEN], "domain"))
            check_domain(s);
        else if (s->tty < 0)
            attach(s);
        free(event);
    }
}

/* ---- bytes --------------------------------------------------------------- */

static struct err *read_tty(struct session *s)
{
    char buf[OUTPUT_SIZE];
    ssize_t n = read(s->tty, buf, sizeof(buf));

    if (n > 0)
        return file_write_all(STDOUT_FILENO, buf, (size_t)n);
    if (n == 0 || (errno != EAGAIN && errno != EINTR))
        detach(s);
    return NULL;
}

static void write_tty(struct session *s)
{
    ssize_t n = write(s->tty, s->input, s->n_input);

    if (n > 0) {
        s->n_input -= (size_t)n;
        memmove(s->input, s->input + n, s->n_input);
    } else if (n < 0 && errno != EAGAIN && errno != EINTR) {
        detach(s);
    }
}

static struct err *read_input(struct session *s)
{
    ssize_t n = read(STDIN_FILENO, s->input, sizeof(s->input));
    const char *escape;

    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return NULL;
    if (n <= 0) {
        s->input_over = true;
        s->left = s->terminal; /* it is gone */
        return NULL;
    }
    escape = memchr(s->input, s->c->escape ? s->c->escape : CONSOLE_ESCAPE,
                    (size_t)n);
    s->left = escape;
    s->n_input = (size_t)(escape ? escape - s->input : n);
    return NULL;
}

/* ---- the loop ------------------------------------------------------------ */

enum { FD_XS, FD_SIGNAL, FD_TTY, FD_INPUT, N_FDS };

static void set_up_poll(const struct session *s, struct pollfd fds[N_FDS])
{
    bool takes_input = s->was_attached && !s->n_input && !s->input_over;

    fds[FD_XS] = (struct pollfd){xs_fileno(s->xs), POLLIN, 0};
    fds[FD_SIGNAL] = (struct pollfd){await_signal_fd(), POLLIN, 0};
    fds[FD_TTY] = (struct pollfd){
        s->tty, (short)(POLLIN | (s->n_input ? POLLOUT : 0)), 0};
    fds[FD_INPUT] = (struct pollfd){takes_input ? STDIN_FILENO : -1, POLLIN, 0};
}

static int poll_timeout(const struct session *s)
{
    if (s->domain_over)
        return LAST_WORDS_MS;
    if (s->input_over && s->was_attached)
        return ANSWERS_MS;
    return s->tty < 0 && s->was_attached ? REOPEN_MS : -1;
}

static struct err *turn(struct session *s, bool *ret_over)
{
    struct pollfd fds[N_FDS];
    int n;

    set_up_poll(s, fds);
    n = poll(fds, N_FDS, poll_timeout(s));
    if (await_signal())
        return ERR_AS(interrupted, "interrupted");
    if (n < 0 && errno != EINTR)
        return err_errno(errno, "cannot wait for the console");
    *ret_over = s->domain_over && (n <= 0 || s->tty < 0);
    if (n <= 0) {
        if (s->input_over && s->tty >= 0 && !n)
            s->left = true;
        if (s->tty < 0)
            attach(s);
        return NULL;
    }
    if (fds[FD_TTY].revents & (POLLIN | POLLHUP | POLLERR))
        TRY(read_tty(s));
    if (s->tty >= 0 && fds[FD_TTY].revents & POLLOUT && s->n_input)
        write_tty(s);
    if (fds[FD_INPUT].revents)
        TRY(read_input(s));
    if (fds[FD_XS].revents)
        read_watches(s);
    return NULL;
}

static struct err *loop(struct session *s)
{
    bool over = false;

    check_domain(s);
    if (!s->domain_over)
        attach(s);
    if (s->tty < 0 && !s->domain_over)
        tell_waiting(s);
    while (!over && !s->left)
        TRY(turn(s, &over));
    if (s->left && s->n_input && s->tty >= 0)
        write_tty(s);
    if (over && !s->was_attached)
        return ERR("domain %u ended before it had a console", s->c->domid);
    return NULL;
}

/* ---- opening and closing ------------------------------------------------- */

static struct err *open_all(struct session *s)
{
    TRY(take_lock(s));
    s->xs = xs_open(0);
    if (!s->xs)
        return err_errno(errno, "cannot talk to xenstored");
    s->xc = xc_interface_open(NULL, NULL, 0);
    if (!s->xc)
        return err_errno(errno, "cannot talk to Xen");
    if (!xs_watch(s->xs, s->path, "tty") ||
        !xs_watch(s->xs, "@releaseDomain", "domain"))
        return err_errno(errno, "cannot watch '%s'", s->path);
    return NULL;
}

static void close_all(struct session *s)
{
    go_cooked(s);
    tell_attached(s);
    if (s->tty >= 0)
        close(s->tty);
    if (s->xc)
        xc_interface_close(s->xc);
    if (s->xs)
        xs_close(s->xs);
    drop_lock(s);
}

struct err *console_run(const struct console *c)
{
    AUTO_POOL struct pool *p = pool_new();
    struct session s = {.c = c, .pool = p, .lock = -1, .tty = -1};
    struct err *e;

    s.path = console_path(p, c);
    s.terminal = isatty(STDIN_FILENO) && !tcgetattr(STDIN_FILENO, &s.cooked);
    await_signals_catch();
    e = open_all(&s);
    if (!e)
        e = loop(&s);
    close_all(&s);
    await_signals_release();
    return e;
}

/* ---- in a child ---------------------------------------------------------- */

static _Noreturn void child(const struct console *c, libxl_ctx *ctx, int fd)
{
    struct console mine = *c;
    struct err *e;
    int status;

    prctl(PR_SET_PDEATHSIG, SIGTERM);
    await_signals_child();
    libxl_postfork_child_noexec(ctx);
    mine.notify_fd = fd;
    e = console_run(&mine);
    if (e && !err_is(e, &err_kind_interrupted))
        fprintf(stderr, "xl: console: %s\n", err_text(e));
    status = err_exit_status(e);
    err_free(e);
    _exit(status);
}

static struct err *wait_attached(int fd)
{
    struct pollfd fds[2] = {{fd, POLLIN, 0}, {await_signal_fd(), POLLIN, 0}};
    struct timespec start, now;
    long left = ATTACH_WAIT_MS;

    clock_gettime(CLOCK_MONOTONIC, &start);
    while (left > 0 && !await_signal()) {
        if (poll(fds, 2, (int)left) >= 0 || errno != EINTR)
            break;
        clock_gettime(CLOCK_MONOTONIC, &now);
        left = ATTACH_WAIT_MS - (now.tv_sec - start.tv_sec) * 1000;
    }
    return await_signal() ? ERR_AS(interrupted, "interrupted") : NULL;
}

struct err *console_fork(const struct console *c, libxl_ctx *ctx,
                         pid_t *ret_pid)
{
    int fds[2];
    struct err *e;
    pid_t pid;

    if (pipe2(fds, O_CLOEXEC))
        return err_errno(errno, "cannot start the console");
    fflush(NULL);
    pid = fork();
    if (!pid)
        child(c, ctx, fds[1]);
    close(fds[1]);
    if (pid < 0) {
        close(fds[0]);
        return err_errno(errno, "cannot start the console");
    }
    *ret_pid = pid;
    e = wait_attached(fds[0]);
    close(fds[0]);
    return e;
}

struct err *console_join(pid_t pid)
{
    int status;

    if (!pid)
        return NULL;
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR)
            return NULL; /* it is gone, as wanted */
    }
    return NULL;
}

void console_kill(pid_t pid)
{
    if (pid && !kill(pid, SIGTERM))
        err_drop(console_join(pid), "it is not ours to report");
}
