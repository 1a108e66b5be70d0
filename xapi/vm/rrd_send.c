/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* rrd_send: see rrd_send.h. */
#include "xapi/vm/rrd_send.h"

#include <event2/event.h>

#include "xapi/call/slice.h"

struct sending {
    struct http_request *request;
    struct rrd_text text;
    struct event *timer; /* NULL: it is the first slice */
    struct body body;
};

static void end(struct sending *s)
{
    if (s->timer)
        event_free(s->timer);
    s->text.done(s->text.arg);
}

static void gone(void *arg)
{
    struct sending *s = arg;

    end(s);
    body_done(&s->body);
}

/* S is in the request's pool, and gone with it. */
static void finish(struct sending *s)
{
    AUTO_BODY struct body body = s->body;
    struct http_request *r = s->request;
    const char *type = s->text.type;

    end(s);
    http_set_header(r, "Access-Control-Allow-Origin", "*");
    if (body_full(&body))
        http_page(r, 500, "This is too much for one answer.");
    else
        http_answer(r, 200, type, &body);
}

static bool write_next(void *arg)
{
    struct sending *s = arg;

    return !body_full(&s->body) && s->text.next(s->text.arg, &s->body.text);
}

static void on_slice(int fd, short what, void *arg)
{
    struct sending *s = arg;

    (void)fd, (void)what;
    if (slice_run(write_next, s)) {
        slice_again(s->timer);
        return;
    }
    http_on_gone(s->request, NULL, NULL);
    finish(s);
}

void rrd_send(struct http_request *r, struct event_base *base,
              const struct rrd_text *text)
{
    struct sending *s = pool_new_of(r->pool, struct sending);

    *s = (struct sending){.request = r, .text = *text, .body = BODY_INIT};
    if (!slice_run(write_next, s)) {
        finish(s);
    } else if (http_on_gone(r, gone, s)) {
        s->timer = evtimer_new(base, on_slice, s);
        slice_again(s->timer);
    } else {
        gone(s);
        http_page(r, 500, "Nobody waits for the rest of this answer.");
    }
}
