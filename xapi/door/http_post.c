/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * http_post: answers that are made now and sent when the post's gate opens, by
 * whoever opens it: the loop does not have to come by. Until its answer is sent
 * a connection is in CONN_SEND.
 */
#include <string.h>

#include "lib/clock.h"
#include "xapi/door/http_conn.h"

/* ---- one connection's ---------------------------------------------------- */

void conn_hold(struct conn *c, const struct str *head, const struct str *text,
               uint64_t gate)
{
    struct http *h = c->http;

    conn_set_state(c, CONN_SEND);
    c->text = xcalloc(1, head->len + text->len);
    memcpy(c->text, str_text(head), head->len);
    memcpy(c->text + head->len, str_text(text), text->len);
    c->letter = (struct letter){.fd = c->fd,
                                .text = c->text,
                                .len = head->len + text->len,
                                .gate = gate};
    if (TAILQ_EMPTY(&h->held)) {
        h->held_since = clock_now();
        http_turn_again(h);
    }
    TAILQ_INSERT_TAIL(&h->held, c, post);
}

static void forget(struct conn *c)
{
    struct http *h = c->http;

    TAILQ_REMOVE(c->is_posted ? &h->posted : &h->held, c, post);
    c->is_posted = false;
    free(take_ptr(c->text));
}

bool conn_take_back(struct conn *c)
{
    if (!c->text ||
        (c->is_posted && !post_take_back(c->http->post, &c->letter)))
        return false;
    forget(c);
    return true;
}

void conn_drop_letter(struct conn *c)
{
    if (!conn_take_back(c) && c->text)
        forget(c);
}

static bool is_done(const struct conn *c)
{
    return c->is_posted && atomic_load(&c->letter.done);
}

bool conn_is_through(struct conn *c)
{
    if (!is_done(c) || c->letter.sent < c->letter.len)
        return false;
    forget(c);
    return true;
}

/* What the socket has not taken goes into the buffer. */
static void finish(struct conn *c)
{
    const struct letter *l = &c->letter;
    bool alive = !l->broken;

    if (alive && l->sent < l->len)
        bufferevent_write(c->bev, l->text + l->sent, l->len - l->sent);
    forget(c);
    conn_went_out(c, alive);
}

/* ---- all of them --------------------------------------------------------- */

void http_use_post(struct http *h, struct post *post, void (*before)(void *arg),
                   void *arg)
{
    h->post = post;
    h->before_post = before;
    h->before_post_arg = arg;
}

void http_hand_over(struct http *h)
{
    struct conn *c;

    h->before_post(h->before_post_arg);
    while ((c = TAILQ_FIRST(&h->held))) {
        TAILQ_REMOVE(&h->held, c, post);
        TAILQ_INSERT_TAIL(&h->posted, c, post);
        c->is_posted = true;
        post_add(h->post, &c->letter);
    }
    http_collect(h); /* some gates were open */
}

void http_collect(struct http *h)
{
    struct conn *c;

    while ((c = TAILQ_FIRST(&h->posted)) && is_done(c))
        finish(c);
}
