/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* host_ssh: see host_ssh.h. */
#include "xapi/vm/host_ssh.h"

#include <event2/event.h>
#include <time.h>

#include "lib/log.h"
#include "xapi/hv/hv.h"

#define SERVICE "ssh"
#define LOOK_SECONDS 1

struct host_ssh {
    struct server *server;
    struct ops_work work;
    struct event *timer;
    struct job *job;
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

static bool is_over(const struct object *host)
{
    int64_t end = get_host_ssh_expiry(host);

    return get_host_ssh_enabled(host) && end > 0 && time(NULL) >= end;
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

static void settled(void *arg, struct err *e, bool died)
{
    struct host_ssh *s = arg;

    (void)died;
    s->job = NULL;
    if (e)
        log_warning("host", "SSH: %s", err_text(e));
    err_free(e);
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

static void tick(int fd, short what, void *arg)
{
    struct host_ssh *s = arg;

    (void)fd, (void)what;
    if (!s->job && is_over(s->work.host))
        begin(s);
}

struct host_ssh *host_ssh_new(struct server *server)
{
    struct host_ssh *s = xcalloc(1, sizeof(*s));

    s->server = server;
    s->work = (struct ops_work){
        .hv = server->hv,
        .host = db_find(server->db, &model_classes[CLASS_host], server->host)};
    s->timer = event_new(server->base, -1, EV_PERSIST, tick, s);
    event_add(s->timer, &(struct timeval){LOOK_SECONDS, 0});
    begin(s);
    return s;
}

void host_ssh_free(struct host_ssh *s)
{
    if (!s)
        return;
    if (s->job)
        job_forget(s->job);
    event_free(s->timer);
    free(s);
}
