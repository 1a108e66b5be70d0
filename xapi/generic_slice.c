/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* generic_slice: see generic_slice.h. */
#include "xapi/generic_slice.h"

#include <event2/event.h>

#include "lib/clock.h"
#include "xapi/server.h"

/* Records that are made without a thought: a millisecond or two. */
#define FEW 100
#define SLICE_SECONDS 0.004

struct slices {
    struct call *call;
    call_body_fn *fn;
    struct event *timer;
    const char **refs; /* objects may go meanwhile */
    size_t n, at;
};

/* Those that are to be made. */
static void list_missing(struct slices *s, const struct record_list *found)
{
    const struct codec *codec = s->call->caller.codec;

    for (size_t i = 0; i < found->n; i++)
        if (!record_is_made(codec, found->list[i]))
            s->refs[s->n++] =
                pool_str(s->call->pool, object_ref(found->list[i]));
}

static bool is_few(const struct call *c, const struct record_list *found)
{
    size_t n = 0;

    if (!c->caller.codec || found->n <= FEW)
        return true;
    for (size_t i = 0; i < found->n; i++)
        n += !record_is_made(c->caller.codec, found->list[i]);
    return n <= FEW;
}

static void soon(struct slices *s)
{
    static const struct timeval at_once = {0};

    event_add(s->timer, &at_once);
}

static void on_slice(int fd, short what, void *arg)
{
    struct slices *s = arg;
    struct call *c = s->call;
    double until = clock_now() + SLICE_SECONDS;
    struct object *o;

    (void)fd, (void)what;
    while (s->at < s->n && clock_now() < until) {
        o = db_find(c->db, c->row->class, s->refs[s->at++]);
        if (o)
            record_make(c->caller.codec, o);
    }
    if (s->at < s->n) {
        soon(s);
        return;
    }
    event_free(s->timer);
    call_finish(c, s->fn(c));
}

static void cancel(struct call *c, void *arg)
{
    struct slices *s = arg;

    event_free(s->timer);
    call_finish(c, NULL);
}

struct err *generic_slice(struct call *c, const struct record_list *found,
                          call_body_fn *fn)
{
    struct slices *s;

    if (is_few(c, found)) {
        call_return_by(c, record_write_map, found);
        return NULL;
    }
    s = pool_new_of(c->pool, struct slices);
    s->call = c;
    s->fn = fn;
    s->refs = pool_alloc(c->pool, found->n * sizeof(*s->refs));
    s->timer = evtimer_new(c->server->base, on_slice, s);
    list_missing(s, found);
    soon(s);
    call_later(c, cancel, s);
    return NULL;
}
