/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* http_send: bytes on their way out, copied only where that is cheaper. */
#include <errno.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "xapi/door/http_conn.h"

/* Above this an answer's text is handed on instead of copied. */
#define COPY_MAX 4096

void conn_continue(struct conn *c)
{
    static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";
    const struct request *r = c->request;

    if (!r->framing.expects_continue || c->input.len >= r->pub.length)
        return;
    if (c->peer.transport == HTTP_TLS)
        bufferevent_write(c->bev, text, sizeof(text) - 1);
    else /* at once: the connection may be about to be taken */
        (void)send(c->fd, text, sizeof(text) - 1, MSG_NOSIGNAL);
}

/* What is sent from where it lies, until the last of its parts is gone. */
struct lent {
    size_t n_parts;
    void (*release)(void *arg);
    void *arg;
};

static struct lent *lend(void (*release)(void *arg), void *arg)
{
    struct lent *lent = xcalloc(1, sizeof(*lent));

    lent->n_parts = 1;
    lent->release = release;
    lent->arg = arg;
    return lent;
}

static void give_back(struct lent *lent)
{
    if (--lent->n_parts)
        return;
    if (lent->release)
        lent->release(lent->arg);
    free(lent);
}

static void on_sent(const void *data, size_t len, void *arg)
{
    (void)data;
    (void)len;
    give_back(arg);
}

static void add_part(struct evbuffer *out, const char *bytes, size_t len,
                     struct lent *lent)
{
    if (!len)
        return;
    lent->n_parts++;
    if (evbuffer_add_reference(out, bytes, len, on_sent, lent) < 0)
        abort();
}

static void add_piece(struct evbuffer *out, const struct body_piece *piece)
{
    struct lent *lent = lend(piece->release, piece->arg);

    add_part(out, piece->bytes, piece->len, lent);
    give_back(lent);
}

/* ---- answers that go out bit by bit -------------------------------------- */

/* What of the connection's answer is not in its buffer yet: the text in the
 * parts that stand between pieces, each referred to. */
static bool has_more(const struct conn *c)
{
    return c->rest.text;
}

static void take_rest(struct conn *c, struct body *body)
{
    size_t len = body->text.len;
    char *text = str_take(&body->text);

    c->rest = (struct rest){
        .body = *body, .text = text, .len = len, .lent = lend(free, text)};
    *body = (struct body)BODY_INIT;
}

void conn_drop_rest(struct conn *c)
{
    struct rest *r = &c->rest;
    struct body_piece *pieces = r->body.pieces;

    if (!has_more(c))
        return;
    for (; r->piece < r->body.n_pieces; r->piece++)
        if (pieces[r->piece].release)
            pieces[r->piece].release(pieces[r->piece].arg);
    free(pieces);
    give_back(r->lent);
    *r = (struct rest){.text = NULL};
}

/* To refer to very many small pieces takes its time, too. */
static void add_some(struct conn *c, struct evbuffer *out)
{
    struct rest *r = &c->rest;

    while (evbuffer_get_length(out) < CONN_SEND_MAX &&
           r->piece < r->body.n_pieces) {
        const struct body_piece *piece = &r->body.pieces[r->piece++];

        add_part(out, r->text + r->at, piece->at - r->at, r->lent);
        add_piece(out, piece);
        r->at = piece->at;
    }
    if (r->piece < r->body.n_pieces)
        return;
    add_part(out, r->text + r->at, r->len - r->at, r->lent);
    conn_drop_rest(c);
}

/* The buffer is empty; false when that was all. */
bool conn_send_more(struct conn *c)
{
    if (!has_more(c))
        return false;
    add_some(c, conn_output(c));
    c->unsent = evbuffer_get_length(conn_output(c));
    conn_set_deadline(c, c->http->limits.send_seconds);
    return true;
}

/* ---- answers ------------------------------------------------------------- */

static bool is_broken(ssize_t written)
{
    return written < 0 && errno != EAGAIN && errno != EINTR;
}

/* The head and a small text: without a buffer, but for what the socket does not
 * take now. */
static bool send_small(struct conn *c, const struct body *body)
{
    const struct str *head = &c->http->head, *text = &body->text;
    struct iovec parts[] = {{head->text, head->len}, {text->text, text->len}};
    ssize_t n = writev(c->fd, parts, ARRAY_LEN(parts));
    size_t sent = n > 0 ? (size_t)n : 0;

    if (is_broken(n))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        size_t len = parts[i].iov_len, skip = sent < len ? sent : len;

        sent -= skip;
        if (skip < len)
            bufferevent_write(c->bev, (char *)parts[i].iov_base + skip,
                              len - skip);
    }
    return true;
}

static bool send_large(struct conn *c, struct body *body, bool now)
{
    struct evbuffer *out = evbuffer_new();
    bool alive = true;

    if (!out)
        abort();
    evbuffer_add(out, str_text(&c->http->head), c->http->head.len);
    take_rest(c, body);
    add_some(c, out);
    if (now)
        alive = !is_broken(evbuffer_write(out, c->fd));
    if (alive)
        bufferevent_write_buffer(c->bev, out);
    evbuffer_free(out);
    return alive;
}

static bool can_send_now(const struct conn *c)
{
    return c->peer.transport != HTTP_TLS &&
           !evbuffer_get_length(bufferevent_get_output(c->bev));
}

static bool is_small(const struct body *body)
{
    return !body->n_pieces && body->text.len <= COPY_MAX;
}

bool conn_may_post(const struct conn *c, const struct body *body)
{
    return can_send_now(c) && is_small(body);
}

void conn_went_out(struct conn *c, bool alive)
{
    c->unsent = evbuffer_get_length(conn_output(c));
    if (!alive)
        conn_free(c);
    else if (c->unsent)
        conn_set_deadline(c, c->http->limits.send_seconds);
    else if (!conn_send_more(c))
        conn_sent(c);
}

/* The most of it goes out here and now, without waiting to be told that it may:
 * that saves a small answer two turns of the loop. */
void conn_send(struct conn *c, struct body *body)
{
    bool now = can_send_now(c);
    bool alive;

    conn_set_state(c, CONN_SEND);
    alive =
        now && is_small(body) ? send_small(c, body) : send_large(c, body, now);
    body_done(body);
    conn_went_out(c, alive);
}
