/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * http_conn: one connection from its first byte to its last. Its states follow
 * each other in a ring: head, body, turn (others are first), busy (a handler
 * has the request), send.
 */
#include "xapi/door/http_conn.h"

#include <errno.h>
#include <event2/bufferevent_ssl.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#include "xapi/door/tls.h"

#define LINGER_SECONDS 2
/* What is read ahead while a request is worked on. */
#define AHEAD_MAX (64 * 1024)
/* What is read at once, at the least. */
#define READ_MIN 4096

void conn_set_state(struct conn *c, enum conn_state state)
{
    bool waits =
        state == CONN_HANDSHAKE || state == CONN_HEAD || state == CONN_LINGER;

    c->state = state;
    if (c->is_waiting)
        TAILQ_REMOVE(&c->http->waiting, c, waiting);
    if (waits)
        TAILQ_INSERT_TAIL(&c->http->waiting, c, waiting);
    c->is_waiting = waits;
}

/* ---- input --------------------------------------------------------------- */

void conn_dispatch(struct conn *c)
{
    struct request *r = c->request;

    conn_set_state(c, CONN_BUSY);
    r->route->fn(&r->pub, r->route->arg);
}

static void take_body(struct conn *c)
{
    struct http_request *r = &c->request->pub;
    size_t len = (size_t)r->length;

    if (c->input.len < len) {
        if (c->eof)
            conn_free(c);
        return;
    }
    r->body = len ? pool_strn(r->pool, input_text(&c->input), len) : "";
    r->body_len = len;
    input_drop(&c->input, len);
    conn_queue(c);
}

static void start_body(struct conn *c)
{
    struct request *r = c->request;

    if (r->framing.transfer_encoding) {
        conn_refuse(c, 501, "a body needs a Content-Length here");
        return;
    }
    if (r->pub.length > r->route->body_max) {
        conn_refuse(c, 500, "the body is too large");
        return;
    }
    /* without a length, what follows might be a body or a request */
    if (!r->pub.has_length && strcmp(r->pub.method, "GET") &&
        strcmp(r->pub.method, "OPTIONS"))
        r->close = true;
    conn_set_state(c, CONN_BODY);
    conn_set_deadline(c, c->http->limits.body_seconds);
    conn_continue(c);
    take_body(c);
}

static void begin_request(struct conn *c, const char *text, size_t len)
{
    const char *detail;
    struct request *r = c->request = request_new(c);
    int status = http_head_parse(&r->pub, text, len, &r->framing, &detail);

    input_drop(&c->input, len);
    c->scanned = 0;
    c->reading = false;
    r->close = !r->framing.keep_alive;
    if (status) {
        conn_refuse(c, status, detail);
        return;
    }
    r->route = http_find_route(c->http, &r->pub, &status);
    if (c->refused)
        conn_refuse(c, 503, "this client has too many connections");
    else if (!r->route)
        conn_refuse(c, status, NULL);
    else if (r->route->mode == HTTP_STREAM)
        conn_queue(c);
    else
        start_body(c);
}

/* Clients end a request with a line too many at times. */
static void skip_line_ends(struct input *in)
{
    while (in->len && (*input_text(in) == '\r' || *input_text(in) == '\n'))
        input_drop(in, 1);
}

static void read_head(struct conn *c)
{
    size_t len, head = 0, max = c->http->limits.head_bytes;

    if (!c->reading)
        skip_line_ends(&c->input);
    len = c->input.len < max ? c->input.len : max;
    if (len)
        head = http_head_length(input_text(&c->input), len, &c->scanned);
    if (head) {
        begin_request(c, input_text(&c->input), head);
    } else if (len == max) {
        c->request = request_new(c);
        conn_refuse(c, 431, "the headers are too large");
    } else if (c->eof) {
        conn_free(c);
    } else if (len && !c->reading) {
        c->reading = true;
        conn_set_deadline(c, c->http->limits.head_seconds);
    }
}

void conn_soon(struct conn *c)
{
    static const struct timeval at_once = {0};

    event_add(&c->again, &at_once);
}

/* Input is taken in or left where it is. */
static void listen_to(struct conn *c, bool on)
{
    if (c->listens == on)
        return;
    c->listens = on;
    if (c->peer.transport == HTTP_TLS)
        (on ? bufferevent_enable : bufferevent_disable)(c->bev, EV_READ);
    else if (on)
        event_add(&c->readable, NULL);
    else
        event_del(&c->readable);
}

void conn_advance(struct conn *c)
{
    switch (c->state) {
    case CONN_HANDSHAKE:
        return;
    case CONN_HEAD:
        read_head(c);
        return;
    case CONN_BODY:
        take_body(c);
        return;
    case CONN_TURN:
    case CONN_BUSY:
    case CONN_SEND:
        if (c->eof && c->request->gone)
            conn_free(c);
        else if (c->input.len > AHEAD_MAX)
            listen_to(c, false);
        return;
    case CONN_LINGER:
        input_drop(&c->input, c->input.len);
        return;
    }
}

/* ---- output -------------------------------------------------------------- */

void conn_refuse(struct conn *c, int status, const char *detail)
{
    c->request->close = true;
    http_page(&c->request->pub, status, detail);
}

/* Closed at once, whatever it still sends would have the answer thrown away. */
static void linger(struct conn *c)
{
    if (c->eof) {
        conn_free(c);
        return;
    }
    conn_set_state(c, CONN_LINGER);
    tls_close(bufferevent_openssl_get_ssl(c->bev));
    shutdown(c->fd, SHUT_WR);
    listen_to(c, true);
    conn_set_deadline(c, LINGER_SECONDS);
    conn_advance(c);
}

/* False: it does not go on. */
static bool next_request(struct conn *c)
{
    bool close = c->request->close || c->http->stopping;

    request_free(take_ptr(c->request));
    if (close) {
        linger(c);
        return false;
    }
    conn_set_state(c, CONN_HEAD);
    if (!c->eof)
        listen_to(c, true);
    conn_set_deadline(c, c->http->limits.idle_seconds);
    return true;
}

void conn_sent(struct conn *c)
{
    if (next_request(c) && (c->eof || c->input.len))
        conn_soon(c);
}

/* ---- what libevent calls ------------------------------------------------- */

static void take_in(struct conn *c, size_t n)
{
    input_came(&c->input, n);
    if (!conn_is_through(c) || next_request(c))
        conn_advance(c);
}

static void on_read(struct bufferevent *bev, void *arg)
{
    struct evbuffer *from = bufferevent_get_input(bev);
    size_t n = evbuffer_get_length(from), room;
    struct conn *c = arg;

    evbuffer_remove(from, input_room(&c->input, n, &room), n);
    take_in(c, n);
}

static void on_again(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    conn_advance(arg);
}

static void on_write(struct bufferevent *bev, void *arg)
{
    struct conn *c = arg;

    (void)bev;
    if (c->state == CONN_SEND && !c->text &&
        !evbuffer_get_length(conn_output(c)) && !conn_send_more(c))
        conn_sent(c);
}

static void on_eof(struct conn *c)
{
    c->eof = true;
    if (c->state == CONN_HEAD || c->state == CONN_BODY)
        conn_advance(c);
    else if (c->state == CONN_HANDSHAKE || c->state == CONN_LINGER ||
             (c->state == CONN_BUSY && c->request->gone))
        conn_free(c);
}

/* A bufferevent would ask first how much there is to read. */
static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    struct conn *c = arg;
    size_t room;
    char *at = input_room(&c->input, READ_MIN, &room);
    ssize_t n = recv(fd, at, room, 0);

    (void)what;
    if (n > 0) {
        take_in(c, (size_t)n);
    } else if (!n) {
        listen_to(c, false);
        on_eof(c);
    } else if (errno != EAGAIN && errno != EINTR) {
        conn_free(c);
    }
}

static void on_event(struct bufferevent *bev, short what, void *arg)
{
    struct conn *c = arg;

    (void)bev;
    if (what & BEV_EVENT_CONNECTED && c->state == CONN_HANDSHAKE) {
        conn_set_state(c, CONN_HEAD);
        conn_set_deadline(c, c->http->limits.idle_seconds);
    } else if (what & BEV_EVENT_EOF) {
        on_eof(c);
    } else if (what & (BEV_EVENT_ERROR | BEV_EVENT_TIMEOUT)) {
        conn_free(c);
    }
}

/* A client that takes some of an answer has more time for the rest. */
static void send_timed_out(struct conn *c)
{
    size_t unsent = evbuffer_get_length(conn_output(c));

    if (unsent >= c->unsent) {
        conn_free(c);
        return;
    }
    c->unsent = unsent;
    conn_set_deadline(c, c->http->limits.send_seconds);
}

void conn_timed_out(struct conn *c)
{
    bool late = c->state == CONN_BODY || (c->state == CONN_HEAD && c->reading);

    if (c->state == CONN_SEND) {
        send_timed_out(c);
    } else if (late) {
        if (!c->request)
            c->request = request_new(c);
        conn_refuse(c, 408, "the request took too long");
    } else {
        conn_free(c);
    }
}

/* ---- beginning and end --------------------------------------------------- */

/* Finds out, within two minutes, that a client has gone without a word. */
static void keep_watch(int fd)
{
    static const struct {
        int level, option, value;
    } rows[] = {
        {SOL_SOCKET, SO_KEEPALIVE, 1},   {IPPROTO_TCP, TCP_NODELAY, 1},
        {IPPROTO_TCP, TCP_KEEPIDLE, 60}, {IPPROTO_TCP, TCP_KEEPINTVL, 15},
        {IPPROTO_TCP, TCP_KEEPCNT, 4},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        (void)setsockopt(fd, rows[i].level, rows[i].option, &rows[i].value,
                         sizeof(rows[i].value));
}

static struct bufferevent *open_bufferevent(struct http *h, int fd,
                                            struct tls *tls)
{
    struct bufferevent *bev;

    if (!tls)
        return bufferevent_socket_new(h->base, fd, BEV_OPT_CLOSE_ON_FREE);
    bev = bufferevent_openssl_socket_new(h->base, fd, tls_session(tls),
                                         BUFFEREVENT_SSL_ACCEPTING,
                                         BEV_OPT_CLOSE_ON_FREE);
    if (bev)
        bufferevent_openssl_set_allow_dirty_shutdown(bev, 1);
    return bev;
}

void conn_new(struct http *h, int fd, const struct http_peer *peer,
              struct tls *tls)
{
    struct conn *c;

    if (h->n_conns >= h->limits.connections && !http_evict(h)) {
        close(fd);
        return;
    }
    if (peer->transport != HTTP_UNIX)
        keep_watch(fd);
    c = xcalloc(1, sizeof(*c));
    c->http = h;
    c->peer = *peer;
    c->fd = fd;
    c->bev = open_bufferevent(h, fd, tls);
    if (!c->bev)
        abort();
    evtimer_assign(&c->again, h->base, on_again, c);
    event_assign(&c->readable, h->base, fd, EV_READ | EV_PERSIST, on_readable,
                 c);
    TAILQ_INSERT_TAIL(&h->conns, c, all);
    h->n_conns++;
    c->refused = !conn_enter(c, "");
    conn_set_state(c, tls ? CONN_HANDSHAKE : CONN_HEAD);
    conn_set_deadline(c, tls || c->refused ? h->limits.head_seconds
                                           : h->limits.idle_seconds);
    bufferevent_set_max_single_write(c->bev, CONN_SEND_MAX);
    bufferevent_setcb(c->bev, on_read, on_write, on_event, c);
    bufferevent_enable(c->bev, EV_WRITE);
    listen_to(c, true);
}

/* The request outlives its client unless its handler wants to be told, or has
 * never seen it. */
static void abandon(struct request *r, bool is_busy)
{
    r->conn = NULL;
    if (r->gone)
        r->gone(r->gone_arg);
    if (r->gone || !is_busy)
        request_free(r);
}

void conn_free(struct conn *c)
{
    struct http *h = c->http;
    struct request *r = take_ptr(c->request);

    if (c->is_waiting)
        TAILQ_REMOVE(&h->waiting, c, waiting);
    TAILQ_REMOVE(&h->conns, c, all);
    conn_leave(c);
    event_del(&c->again);
    event_del(&c->readable);
    input_done(&c->input);
    conn_drop_rest(c);
    conn_drop_letter(c);
    if (c->bev) {
        tls_close(bufferevent_openssl_get_ssl(c->bev));
        bufferevent_free(c->bev);
    }
    if (r)
        abandon(r, c->state == CONN_BUSY);
    free(c);
    http_gone_one(h);
}
