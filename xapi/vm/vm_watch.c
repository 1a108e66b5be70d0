/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vm_watch: see vm_watch.h. Looks are jobs (vm_settle.h), one at a time; what
 * they find is settled by operations of their own (ops_settle). */
#include "xapi/vm/vm_watch.h"

#include <event2/event.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/log.h"
#include "xapi/hv/hv.h"
#include "xapi/ops/ops_queue.h"
#include "xapi/vm/vm_settle.h"

#define LOOK_SECONDS 60 /* when nothing is heard */
#define SOON 0.2        /* changes come in flocks */
#define BUSY_SECONDS 1  /* what could not be settled yet */

struct vm_watch {
    struct server *server;
    struct vm_look look;
    int fd;
    struct event *heard, *timer;
    struct job *job;
    double next;   /* seconds until the next look, while one is under way */
    uint64_t seen; /* the generation it sees */
    double all_at; /* when all were listened to */
};

/* ---- hearing ------------------------------------------------------------- */

static void look_in(struct vm_watch *w, double seconds);
static void hear(int fd, short what, void *arg);

static void listen_to(struct vm_watch *w)
{
    AUTO_ERR struct err *e = w->server->hv->watch(w->server->hv, &w->fd);

    if (e) {
        log_warning("vm", "%s: it is looked at each %d seconds", err_text(e),
                    LOOK_SECONDS);
        return;
    }
    w->heard = event_new(w->server->base, w->fd, EV_READ | EV_PERSIST, hear, w);
    event_add(w->heard, NULL);
}

static void stop_listening(struct vm_watch *w)
{
    if (w->heard)
        event_free(take_ptr(w->heard));
}

static void hear(int fd, short what, void *arg)
{
    struct vm_watch *w = arg;
    bool changed = false;
    AUTO_ERR struct err *e = w->server->hv->hear(w->server->hv, fd, &changed);

    (void)what;
    if (e) {
        log_warning("vm", "%s", err_text(e));
        stop_listening(w);
    }
    if (e || changed)
        look_in(w, SOON);
}

/* ---- looking ------------------------------------------------------------- */

static void set_timer(const struct vm_watch *w, double seconds)
{
    struct timeval tv = {
        (time_t)seconds,
        (suseconds_t)((seconds - (double)(time_t)seconds) * 1e6)};

    evtimer_add(w->timer, &tv);
}

/* At the latest. */
static void look_in(struct vm_watch *w, double seconds)
{
    struct timeval now, then;

    if (w->job) {
        w->next = seconds < w->next ? seconds : w->next;
        return;
    }
    event_base_gettimeofday_cached(w->server->base, &now);
    if (evtimer_pending(w->timer, &then) &&
        difftime(then.tv_sec, now.tv_sec) +
                (double)(then.tv_usec - now.tv_usec) / 1e6 <
            seconds)
        return;
    set_timer(w, seconds);
}

static void said(void *arg, const char *text)
{
    struct vm_watch *w = arg;
    const struct object *vm =
        db_find(w->server->db, &model_classes[CLASS_VM], text);
    double seconds = BUSY_SECONDS;

    if (vm && ops_settle(w->server->ops, vm))
        return;
    if (text_has_prefix(text, VM_LOOK_AGAIN))
        err_drop(text_to_double(text + strlen(VM_LOOK_AGAIN), 0, LOOK_SECONDS,
                                &seconds),
                 "then it is soon");
    look_in(w, seconds);
}

/* An operation is the better witness of what it has changed: what a look saw
 * may have been before it. */
static struct err *write_look(void *arg, const char *rows, size_t len)
{
    struct vm_watch *w = arg;
    bool overtaken;

    TRY(txn_apply_seen(w->server->db, w->seen, rows, len, &overtaken));
    if (overtaken)
        look_in(w, BUSY_SECONDS);
    return NULL;
}

static void looked(void *arg, struct err *e, bool died)
{
    struct vm_watch *w = arg;

    (void)died;
    if (e)
        log_warning("vm", "the host could not be looked at: %s", err_text(e));
    err_free(e);
    w->job = NULL;
    set_timer(w, w->next);
}

static void look(int fd, short what, void *arg)
{
    struct vm_watch *w = arg;
    const struct job_start s = {.base = w->server->base,
                                .db = w->server->db,
                                .title = "a look at the host",
                                .work = vm_look,
                                .work_arg = &w->look,
                                .done = looked,
                                .said = said,
                                .apply = write_look,
                                .arg = w,
                                .keep_fd = w->server->lock};
    AUTO_ERR struct err *e = NULL;

    (void)fd, (void)what;
    if (!w->heard)
        listen_to(w);
    w->next = LOOK_SECONDS;
    w->seen = db_generation(w->server->db);
    w->look.all = clock_now() >= w->all_at + LOOK_SECONDS;
    if (w->look.all)
        w->all_at = clock_now();
    e = job_start(&s, &w->job);
    if (!e)
        return;
    log_warning("vm", "the host could not be looked at: %s", err_text(e));
    set_timer(w, w->next);
}

/* ---- all of it ----------------------------------------------------------- */

struct vm_watch *vm_watch_new(struct server *server)
{
    struct vm_watch *w = xcalloc(1, sizeof(*w));

    *w = (struct vm_watch){
        .server = server,
        .fd = -1,
        .next = LOOK_SECONDS,
        .look = {.work = {.hv = server->hv,
                          .net = server->net,
                          .host =
                              db_find(server->db, &model_classes[CLASS_host],
                                      server->host)}},
        .all_at = -LOOK_SECONDS};
    w->timer = evtimer_new(server->base, look, w);
    set_timer(w, 0);
    return w;
}

void vm_watch_free(struct vm_watch *w)
{
    if (!w)
        return;
    stop_listening(w);
    event_free(w->timer);
    if (w->job)
        job_forget(w->job);
    free(w);
}
