/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * http_take: connections handed on. Who takes one gets a descriptor whatever
 * the transport: what comes through TLS is pumped through a socket pair.
 */
#include <errno.h>
#include <event2/bufferevent_ssl.h>
#include <sys/socket.h>

#include "xapi/door/http_conn.h"
#include "xapi/door/tls.h"

/* What may stand in one direction before its source has to wait. */
#define PUMP_MAX (256 * 1024)

struct pump {
    TAILQ_ENTRY(pump) all;
    struct http *http;
    struct bufferevent *ends[2]; /* the client's, the taker's */
    bool eof[2];                 /* that end sends no more */
};

void pump_free(struct pump *p)
{
    struct http *h = p->http;

    TAILQ_REMOVE(&h->pumps, p, all);
    tls_close(bufferevent_openssl_get_ssl(p->ends[0]));
    bufferevent_free(p->ends[0]);
    bufferevent_free(p->ends[1]);
    free(p);
    http_gone_one(h);
}

static int side_of(const struct pump *p, const struct bufferevent *bev)
{
    return bev == p->ends[1];
}

static size_t unsent(const struct pump *p, int side)
{
    return evbuffer_get_length(bufferevent_get_output(p->ends[side]));
}

/* The end at SIDE has been given all that its other side had. */
static void finish(struct pump *p, int side)
{
    if (!p->eof[!side] || unsent(p, side))
        return;
    /* TLS has no half of a connection to close */
    if (side == 0 || p->eof[side]) {
        pump_free(p);
        return;
    }
    shutdown(bufferevent_getfd(p->ends[side]), SHUT_WR);
}

static void on_read(struct bufferevent *bev, void *arg)
{
    struct pump *p = arg;
    int other = !side_of(p, bev);

    bufferevent_write_buffer(p->ends[other], bufferevent_get_input(bev));
    if (unsent(p, other) > PUMP_MAX)
        bufferevent_disable(bev, EV_READ);
}

/* Comes when little is left to send. */
static void on_write(struct bufferevent *bev, void *arg)
{
    struct pump *p = arg;
    int side = side_of(p, bev);

    if (!p->eof[!side])
        bufferevent_enable(p->ends[!side], EV_READ);
    finish(p, side);
}

static void on_event(struct bufferevent *bev, short what, void *arg)
{
    struct pump *p = arg;
    int side = side_of(p, bev);

    if (what & BEV_EVENT_EOF) {
        p->eof[side] = true;
        finish(p, !side);
    } else if (what & BEV_EVENT_ERROR) {
        pump_free(p);
    }
}

struct err *pump_new(struct http *h, struct bufferevent *bev, int *ret_fd)
{
    struct pump *p;
    int fds[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
                   fds) < 0)
        return err_errno(errno, "cannot make a pair of sockets");
    p = xcalloc(1, sizeof(*p));
    p->http = h;
    p->ends[0] = bev;
    p->ends[1] = bufferevent_socket_new(h->base, fds[0], BEV_OPT_CLOSE_ON_FREE);
    if (!p->ends[1])
        abort();
    TAILQ_INSERT_TAIL(&h->pumps, p, all);
    h->n_conns++;
    for (int i = 0; i < 2; i++) {
        bufferevent_setcb(p->ends[i], on_read, on_write, on_event, p);
        bufferevent_enable(p->ends[i], EV_READ | EV_WRITE);
    }
    *ret_fd = fds[1];
    return NULL;
}

/* The descriptor itself, without its bufferevent. */
static int release_fd(struct conn *c)
{
    event_del(&c->readable);
    bufferevent_disable(c->bev, EV_WRITE);
    bufferevent_setfd(c->bev, -1);
    return c->fd;
}

struct err *http_take(struct http_request *pub, struct http_taken *ret)
{
    struct request *r = (struct request *)pub;
    struct conn *c = r->conn;
    struct http_taken taken = {.fd = -1};

    if (!c)
        return ERR("the client is gone");
    conn_continue(c);
    taken.len = c->input.len;
    taken.bytes = pool_copy(pub->pool, input_text(&c->input), taken.len);
    if (c->peer.transport == HTTP_TLS) {
        TRY(pump_new(c->http, c->bev, &taken.fd));
        c->bev = NULL;
    } else {
        taken.fd = release_fd(c);
    }
    c->request = NULL;
    r->conn = NULL;
    r->gone = NULL;
    conn_free(c);
    *ret = taken;
    return NULL;
}
