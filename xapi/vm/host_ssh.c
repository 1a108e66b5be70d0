/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* host_ssh: see host_ssh.h. */
#include "xapi/vm/host_ssh.h"

#include <errno.h>
#include <event2/event.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "lib/log.h"
#include "xapi/db/event.h"
#include "xapi/hv/hv.h"

#define SERVICE "ssh"
#define AGAIN_SECONDS 60 /* after it could not be switched off */

struct host_ssh {
    struct server *server;
    struct ops_work work;
    int timer; /* goes by the host's clock, also when that is set */
    struct event *rings;
    struct event_wait *change; /* of the host */
    struct job *job;
    int64_t not_before; /* it could not be switched off */
};

/* ---- in a worker --------------------------------------------------------- */

struct state {
    struct object *host;
    bool on;
    int64_t seconds;
};

/* The epoch: it does not end. */
static struct err *write_state(struct txn *txn, void *arg)
{
    const struct state *s = arg;
    bool ends = s->on && s->seconds > 0;

    TRY(set_host_ssh_enabled(txn, s->host, s->on));
    TRY(set_host_ssh_enabled_timeout(txn, s->host, s->seconds));
    return set_host_ssh_expiry(txn, s->host,
                               ends ? time(NULL) + s->seconds : 0);
}

struct err *host_ssh_switch(struct job *j, const struct ops_work *w, bool on)
{
    struct state s = {w->host, on, get_host_ssh_enabled_timeout(w->host)};

    TRY(w->hv->set_service(w->hv, SERVICE, on));
    return job_commit(j, write_state, &s);
}

struct err *host_ssh_limit(struct job *j, const struct ops_work *w,
                           int64_t seconds)
{
    struct state s = {w->host, get_host_ssh_enabled(w->host), seconds};

    return job_commit(j, write_state, &s);
}

/* Whether and when it is to end. */
static bool ends_at(const struct object *host, int64_t *ret)
{
    *ret = get_host_ssh_expiry(host);
    return get_host_ssh_enabled(host) && *ret > 0;
}

/* To the nanosecond, as timers are. */
static bool is_over(const struct object *host)
{
    struct timespec now;
    int64_t end;

    clock_gettime(CLOCK_REALTIME, &now);
    return ends_at(host, &end) && now.tv_sec >= end;
}

static struct err *write_on(struct txn *txn, void *arg)
{
    const struct state *s = arg;

    return set_host_ssh_enabled(txn, s->host, s->on);
}

/* At the start, and when the time has come. */
static struct err *settle(struct job *j, void *arg)
{
    const struct ops_work *w = arg;
    struct state s = {.host = w->host};

    if (is_over(w->host))
        return host_ssh_switch(j, w, false);
    TRY(w->hv->has_service(w->hv, SERVICE, &s.on));
    return s.on == get_host_ssh_enabled(w->host) ? NULL
                                                 : job_commit(j, write_on, &s);
}

/* ---- in the loop --------------------------------------------------------- */

/* Zero is no time: it does not ring. */
static void set_timer(const struct host_ssh *s, int64_t at)
{
    timerfd_settime(s->timer, TFD_TIMER_ABSTIME,
                    &(const struct itimerspec){.it_value.tv_sec = at}, NULL);
}

static void await_end(const struct host_ssh *s)
{
    int64_t end;
    bool ends = ends_at(s->work.host, &end);

    set_timer(s, !ends ? 0 : end > s->not_before ? end : s->not_before);
}

static void await_change(struct host_ssh *s);

static void changed(void *arg)
{
    struct host_ssh *s = arg;

    await_end(s);
    event_wait_free(s->change);
    await_change(s);
}

static void await_change(struct host_ssh *s)
{
    struct event_filter host = {&model_classes[CLASS_host],
                                object_ref(s->work.host)};

    s->change = event_wait(s->server->db,
                           &(const struct event_filters){&host, 1}, changed, s);
}

/* What ended meanwhile has its turn now. */
static void settled(void *arg, struct err *e, bool died)
{
    struct host_ssh *s = arg;

    (void)died;
    s->job = NULL;
    s->not_before = e ? time(NULL) + AGAIN_SECONDS : 0;
    if (e)
        log_warning("host", "SSH: %s", err_text(e));
    err_free(e);
    await_end(s);
}

static void begin(struct host_ssh *s)
{
    const struct job_start start = {.base = s->server->base,
                                    .db = s->server->db,
                                    .title = "SSH",
                                    .often = true,
                                    .work = settle,
                                    .work_arg = &s->work,
                                    .done = settled,
                                    .arg = s,
                                    .keep_fd = s->server->lock};
    struct err *e = job_start(&start, &s->job);

    if (e)
        settled(s, e, false);
}

static void rung(int fd, short what, void *arg)
{
    struct host_ssh *s = arg;

    (void)fd, (void)what;
    set_timer(s, 0);
    if (!s->job)
        begin(s);
}

struct err *host_ssh_new(struct server *server, struct host_ssh **ret)
{
    int timer = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
    struct host_ssh *s;

    if (timer < 0)
        return err_errno(errno, "timerfd_create");
    *ret = s = xcalloc(1, sizeof(*s));
    s->server = server;
    s->work = (struct ops_work){
        .hv = server->hv,
        .host = db_find(server->db, &model_classes[CLASS_host], server->host)};
    s->timer = timer;
    s->rings = event_new(server->base, s->timer, EV_READ | EV_PERSIST, rung, s);
    event_add(s->rings, NULL);
    await_change(s);
    begin(s);
    return NULL;
}

void host_ssh_free(struct host_ssh *s)
{
    if (!s)
        return;
    if (s->job)
        job_forget(s->job);
    event_wait_free(s->change);
    event_free(s->rings);
    close(s->timer);
    free(s);
}
