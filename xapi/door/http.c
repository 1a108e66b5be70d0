/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* http: the server: its routes, its clock, its end; see http.h. */
#include <event2/listener.h>
#include <signal.h>
#include <string.h>

#include "lib/clock.h"
#include "xapi/door/http_conn.h"

/* How often at most the deadlines are looked at. */
#define SWEEP_SECONDS 0.25

static struct timeval to_timeval(double seconds)
{
    return (struct timeval){
        .tv_sec = (time_t)seconds,
        .tv_usec = (suseconds_t)((seconds - (double)(time_t)seconds) * 1e6),
    };
}

/* ---- deadlines ----------------------------------------------------------- */

static void arm_sweep(struct http *h, double at)
{
    double wait = at - clock_now();
    struct timeval tv = to_timeval(wait > SWEEP_SECONDS ? wait : SWEEP_SECONDS);

    h->next_sweep = at;
    event_add(h->sweep, &tv);
}

/* One look at all of them, when the earliest is due: a deadline costs a request
 * nothing but an assignment. */
static void on_sweep(evutil_socket_t fd, short what, void *arg)
{
    struct http *h = arg;
    double now = clock_now(), earliest = 0;
    struct conn *c, *next;

    (void)fd;
    (void)what;
    h->next_sweep = 0;
    for (c = TAILQ_FIRST(&h->conns); c; c = next) {
        next = TAILQ_NEXT(c, all);
        if (c->deadline && c->deadline <= now)
            conn_timed_out(c);
    }
    TAILQ_FOREACH(c, &h->conns, all)
    {
        if (c->deadline && (!earliest || c->deadline < earliest))
            earliest = c->deadline;
    }
    if (earliest)
        arm_sweep(h, earliest);
}

void conn_set_deadline(struct conn *c, double seconds)
{
    struct http *h = c->http;

    c->deadline = seconds ? clock_now() + seconds : 0;
    if (c->deadline && (!h->next_sweep || c->deadline < h->next_sweep))
        arm_sweep(h, c->deadline);
}

bool http_evict(struct http *h)
{
    struct conn *longest = TAILQ_FIRST(&h->waiting);

    if (!longest)
        return false;
    conn_free(longest);
    return true;
}

/* ---- routes -------------------------------------------------------------- */

void http_add_route(struct http *h, const struct http_route *route)
{
    for (size_t i = 0; i < h->n_routes; i++) {
        if (!strcmp(h->routes[i]->method, route->method) &&
            !strcmp(h->routes[i]->path, route->path)) {
            h->routes[i] = route;
            return;
        }
    }
    h->routes =
        xrealloc(h->routes, h->n_routes + 1, sizeof(struct http_route *));
    h->routes[h->n_routes++] = route;
}

void http_refuse_plain(struct http *h, bool refuse)
{
    h->refuses_plain = refuse;
}

const struct http_route *http_find_route(const struct http *h,
                                         const struct http_request *r,
                                         int *ret_status)
{
    const struct http_route *best = NULL;
    size_t best_len = 0;

    *ret_status = 403;
    if (h->refuses_plain && r->peer->transport == HTTP_TCP)
        return NULL;
    *ret_status = 501;
    for (size_t i = 0; i < h->n_routes; i++) {
        const struct http_route *route = h->routes[i];
        size_t len;

        if (*route->method != *r->method || strcmp(route->method, r->method))
            continue;
        len = strlen(route->path);
        *ret_status = strcmp(r->method, "PUT") && strcmp(r->method, "CONNECT")
                          ? 404
                          : 403;
        if ((best && len <= best_len) || strncmp(r->path, route->path, len))
            continue;
        best = route;
        best_len = len;
    }
    return best;
}

/* ---- beginning and end --------------------------------------------------- */

static void on_resume(evutil_socket_t fd, short what, void *arg)
{
    struct http *h = arg;

    (void)fd;
    (void)what;
    for (struct listener *l = h->listeners; l; l = l->next)
        evconnlistener_enable(l->ev);
}

void http_pause_listeners(struct http *h)
{
    struct timeval tv = to_timeval(0.1);

    for (struct listener *l = h->listeners; l; l = l->next)
        evconnlistener_disable(l->ev);
    event_add(h->resume, &tv);
}

static void stopped(struct http *h)
{
    void (*fn)(void *arg) = take_ptr(h->stopped);

    event_del(h->stop);
    if (fn)
        fn(h->stopped_arg);
}

static void on_stop(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    stopped(arg);
}

void http_gone_one(struct http *h)
{
    struct timeval now = {0};

    if (!--h->n_conns && h->stopping)
        event_add(h->stop, &now);
}

void http_stop(struct http *h, double seconds, void (*done)(void *arg),
               void *arg)
{
    struct timeval tv;
    struct conn *c;

    h->stopping = true;
    h->stopped = done;
    h->stopped_arg = arg;
    http_free_listeners(h);
    event_del(h->resume);
    while ((c = TAILQ_FIRST(&h->waiting)))
        conn_free(c);
    tv = to_timeval(h->n_conns ? seconds : 0);
    event_add(h->stop, &tv);
}

size_t http_n_connections(const struct http *h)
{
    return h->n_conns;
}

struct http *http_new(struct event_base *base, const struct limits *limits)
{
    struct http *h = xcalloc(1, sizeof(*h));

    signal(SIGPIPE, SIG_IGN);
    h->base = base;
    h->limits = *limits;
    h->sweep = evtimer_new(base, on_sweep, h);
    h->resume = evtimer_new(base, on_resume, h);
    h->stop = evtimer_new(base, on_stop, h);
    if (!h->sweep || !h->resume || !h->stop)
        abort();
    h->head = (struct str)STR_INIT(STR_MAX);
    TAILQ_INIT(&h->conns);
    TAILQ_INIT(&h->waiting);
    TAILQ_INIT(&h->pumps);
    http_turns_init(h);
    TAILQ_INIT(&h->held);
    TAILQ_INIT(&h->posted);
    return h;
}

void http_free(struct http *h)
{
    struct conn *c;
    struct pump *pump;

    if (!h)
        return;
    h->stopping = false;
    http_free_listeners(h);
    while ((c = TAILQ_FIRST(&h->conns)))
        conn_free(c);
    while ((pump = TAILQ_FIRST(&h->pumps)))
        pump_free(pump);
    event_free(h->sweep);
    event_free(h->resume);
    event_free(h->stop);
    http_turns_done(h);
    str_done(&h->head);
    free(h->routes);
    free(h);
}
