/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* auth: see auth.h. What the child asks is in auth_ask.c. */
#include "xapi/call/auth.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "lib/log.h"
#include "lib/str.h"
#include "xapi/call/auth_ask.h"

/* A child that has not answered then never will. */
#define CHILD_SECONDS 60
#define ANSWER_MAX 512

struct auth {
    struct event_base *base;
    char *method;
    double delay;
    struct auth_check *first, **last; /* in their order */
    unsigned running;
};

struct auth_check {
    struct auth *auth;
    struct auth_check *next;
    char *user, *password;
    char *new; /* that it shall be, or NULL: nothing changes */
    auth_done_fn *done;
    void *arg;
    pid_t pid; /* 0: waits for its turn, or has answered */
    int fd;
    struct event *event;
    char answer[ANSWER_MAX];
    size_t len;
};

static void start(struct auth_check *c);

/* ---- the end of a check -------------------------------------------------- */

static void unlink_check(struct auth_check *c)
{
    struct auth_check **at = &c->auth->first;

    while (*at != c)
        at = &(*at)->next;
    *at = c->next;
    if (c->auth->last == &c->next)
        c->auth->last = at;
}

static void start_next(struct auth *a)
{
    for (struct auth_check *c = a->first; c; c = c->next) {
        if (a->running >= AUTH_CHILDREN_MAX)
            return;
        if (!c->pid && !c->event)
            start(c);
    }
}

static void end_child(struct auth_check *c)
{
    if (!c->pid)
        return;
    kill(c->pid, SIGKILL);
    waitpid(c->pid, NULL, 0);
    close(c->fd);
    c->pid = 0;
    c->auth->running--;
}

static void wipe(char *secret)
{
    if (!secret)
        return;
    explicit_bzero(secret, strlen(secret));
    free(secret);
}

void auth_check_cancel(struct auth_check *c)
{
    struct auth *a = c->auth;

    end_child(c);
    if (c->event)
        event_free(c->event);
    unlink_check(c);
    wipe(c->password);
    wipe(c->new);
    free(c->user);
    free(c);
    start_next(a);
}

static void tell(struct auth_check *c)
{
    auth_done_fn *done = c->done;
    void *arg = c->arg;
    char answer[ANSWER_MAX];

    memcpy(answer, c->answer, sizeof(answer));
    auth_check_cancel(c);
    done(arg, *answer == AUTH_YES ? NULL : answer + 1);
}

static void refuse_late(int fd, short what, void *arg)
{
    (void)fd, (void)what;
    tell(arg);
}

static struct timeval seconds(double s)
{
    return (struct timeval){(time_t)s, (suseconds_t)((s - (time_t)s) * 1e6)};
}

static void answered(struct auth_check *c)
{
    struct timeval delay = seconds(c->auth->delay);

    end_child(c);
    event_free(take_ptr(c->event));
    if (!c->len)
        snprintf(c->answer, sizeof(c->answer), "%cno answer", AUTH_NO);
    if (*c->answer == AUTH_YES) {
        tell(c);
        return;
    }
    log_warning("auth", "\"%s\" is refused: %s", c->user, c->answer + 1);
    c->event = evtimer_new(c->auth->base, refuse_late, c);
    evtimer_add(c->event, &delay);
    start_next(c->auth);
}

/* ---- the child ----------------------------------------------------------- */

static void child_says(int fd, short what, void *arg)
{
    struct auth_check *c = arg;
    ssize_t n = 0;

    if (!(what & EV_TIMEOUT)) {
        n = read(fd, c->answer + c->len, sizeof(c->answer) - 1 - c->len);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            return;
    }
    if (n > 0)
        c->len += (size_t)n;
    if (n <= 0 || c->len == sizeof(c->answer) - 1)
        answered(c);
}

static void ask(const struct auth_check *c, int fd)
{
    const char *method = c->auth->method;
    struct err *e = c->new
                        ? auth_ask_change(method, c->user, c->password, c->new)
                        : auth_ask(method, c->user, c->password);
    char answer[ANSWER_MAX] = {AUTH_YES};

    if (e)
        snprintf(answer, sizeof(answer), "%c%s", AUTH_NO, err_text(e));
    _exit(write(fd, answer, strlen(answer)) < 0);
}

static void cannot_ask(struct auth_check *c)
{
    snprintf(c->answer, sizeof(c->answer), "%cno child: %s", AUTH_NO,
             strerror(errno));
    c->len = strlen(c->answer);
    c->event = evtimer_new(c->auth->base, refuse_late, c);
    event_active(c->event, EV_TIMEOUT, 1);
}

static void start(struct auth_check *c)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK)) {
        cannot_ask(c);
        return;
    }
    c->pid = fork();
    if (!c->pid)
        ask(c, ends[1]);
    close(ends[1]);
    if (c->pid < 0) {
        c->pid = 0;
        close(ends[0]);
        cannot_ask(c);
        return;
    }
    c->fd = ends[0];
    c->auth->running++;
    c->event =
        event_new(c->auth->base, c->fd, EV_READ | EV_PERSIST, child_says, c);
    event_add(c->event, &(struct timeval){CHILD_SECONDS, 0});
}

static struct auth_check *add_check(struct auth *a, const char *user,
                                    const char *password, const char *new,
                                    auth_done_fn *done, void *arg)
{
    struct auth_check *c = xcalloc(1, sizeof(*c));

    *c = (struct auth_check){.auth = a,
                             .user = xstrdup(user),
                             .password = xstrdup(password),
                             .new = xstrdup(new),
                             .done = done,
                             .arg = arg};
    *a->last = c;
    a->last = &c->next;
    start_next(a);
    return c;
}

struct auth_check *auth_check(struct auth *a, const char *user,
                              const char *password, auth_done_fn *done,
                              void *arg)
{
    return add_check(a, user, password, NULL, done, arg);
}

struct auth_check *auth_change(struct auth *a, const char *user,
                               const char *password, const char *new,
                               auth_done_fn *done, void *arg)
{
    return add_check(a, user, password, new, done, arg);
}

/* ---- all of it ----------------------------------------------------------- */

struct err *auth_new(struct event_base *base, const char *method, double delay,
                     struct auth **ret)
{
    struct auth *a;

    TRY(auth_ask_check(method));
    a = xcalloc(1, sizeof(*a));
    *a = (struct auth){.base = base, .method = xstrdup(method), .delay = delay};
    a->last = &a->first;
    *ret = a;
    return NULL;
}

const char *auth_method(const struct auth *a)
{
    return a->method;
}

void auth_free(struct auth *a)
{
    if (!a)
        return;
    while (a->first)
        auth_check_cancel(a->first);
    free(a->method);
    free(a);
}
