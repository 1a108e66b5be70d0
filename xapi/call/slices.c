/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* slices: see slices.h. */
#include "xapi/call/slices.h"

#include <event2/event.h>

#include "xapi/call/server.h"
#include "xapi/call/slice.h"

/* Records that are made, and that are written, without a thought: a millisecond
 * or two. */
#define FEW_MADE 100
#define FEW_WRITTEN 1000

/* Objects may go while they wait. */
struct missing {
    const struct model_class *class;
    const char *ref;
};

struct slices {
    struct call *call;
    const struct slices_kind *kind;
    void *arg;
    struct event *timer;
    struct missing *missing;
    size_t n_missing;
    struct slices_items items;
    bool lent; /* the items have their records */
    size_t at; /* of what is missing, then of the items */
    struct body body;
    struct writer writer;
};

/* ---- at once ------------------------------------------------------------- */

static void lend(const struct codec *codec, struct slices_item *item)
{
    if (item->object)
        item->record = record_lend(codec, item->object);
}

static void write_now(struct writer *w, const void *arg)
{
    const struct slices *s = arg;

    s->kind->open(w, s->arg);
    for (size_t i = 0; i < s->items.n; i++) {
        lend(w->codec, &s->items.list[i]);
        s->kind->item(w, s->arg, i, &s->items.list[i]);
    }
    s->kind->close(w, s->arg);
}

/* ---- in slices ----------------------------------------------------------- */

/* With the call: it may be cancelled. */
static void end(void *arg)
{
    struct slices *s = arg;

    if (s->timer)
        event_free(s->timer);
    for (; s->lent && s->at < s->items.n; s->at++)
        if (s->items.list[s->at].record)
            cached_release(s->items.list[s->at].record);
    body_done(&s->body);
}

static void finish(struct slices *s, struct err *e)
{
    event_free(s->timer);
    s->timer = NULL;
    call_finish(s->call, e);
}

static void cancel(struct call *c, void *arg)
{
    (void)c;
    finish(arg, NULL);
}

static void make_one(struct slices *s)
{
    const struct missing *m = &s->missing[s->at++];
    struct object *o = db_find(s->call->db, m->class, m->ref);

    if (o)
        record_make(s->call->caller.codec, o);
}

/* From here on what is told stays as it is. */
static struct err *lend_all(struct slices *s)
{
    struct call *c = s->call;

    TRY(s->kind->list(c, s->arg, &s->items));
    for (size_t i = 0; i < s->items.n; i++) {
        struct slices_item *item = &s->items.list[i];

        item->ref = pool_str(c->pool, item->ref);
        lend(c->caller.codec, item);
    }
    s->at = 0;
    s->lent = true;
    s->writer = (struct writer){.codec = c->caller.codec, .body = &s->body};
    s->kind->open(&s->writer, s->arg);
    return NULL;
}

static void write_one(struct slices *s)
{
    const struct slices_item *item = &s->items.list[s->at++];

    s->kind->item(&s->writer, s->arg, s->at - 1, item);
}

static void write_body(struct writer *w, const void *arg)
{
    struct slices *s = (struct slices *)(uintptr_t)arg;

    writer_body(w, &s->body);
}

static void write_end(struct slices *s)
{
    s->kind->close(&s->writer, s->arg);
    call_return_by(s->call, write_body, s);
    finish(s, NULL);
}

static bool do_one(void *arg)
{
    struct slices *s = arg;

    if (s->at == (s->lent ? s->items.n : s->n_missing))
        return false;
    (s->lent ? write_one : make_one)(s);
    return true;
}

static void on_slice(int fd, short what, void *arg)
{
    struct slices *s = arg;
    bool more = slice_run(do_one, s);
    struct err *e = NULL;

    (void)fd, (void)what;
    if (!more && s->lent) {
        write_end(s);
        return;
    }
    if (!more)
        e = lend_all(s);
    if (e)
        finish(s, e);
    else
        slice_again(s->timer);
}

/* ---- which --------------------------------------------------------------- */

static void list_missing(struct slices *s)
{
    struct call *c = s->call;

    s->missing = pool_alloc(c->pool, s->items.n * sizeof(*s->missing));
    for (size_t i = 0; i < s->items.n; i++) {
        const struct object *o = s->items.list[i].object;

        if (o && !record_is_made(c->caller.codec, o))
            s->missing[s->n_missing++] = (struct missing){
                object_class(o), pool_str(c->pool, object_ref(o))};
    }
}

static bool is_little(const struct call *c, const struct slices_items *items)
{
    size_t n = 0;

    if (!c->caller.codec || items->n <= FEW_MADE)
        return true;
    for (size_t i = 0; i < items->n; i++)
        n += items->list[i].object &&
             !record_is_made(c->caller.codec, items->list[i].object);
    return n <= FEW_MADE && items->n <= FEW_WRITTEN;
}

void slices_add(struct pool *p, struct slices_items *items, struct object *o)
{
    *pool_push(p, items->list, items->n) =
        (struct slices_item){.object = o, .ref = object_ref(o)};
}

void slices_answer(struct call *c, const struct slices_kind *kind, void *arg,
                   const struct slices_items *now)
{
    struct slices *s = pool_new_of(c->pool, struct slices);

    *s = (struct slices){
        .call = c, .kind = kind, .arg = arg, .items = *now, .body = BODY_INIT};
    if (is_little(c, now)) {
        call_return_by(c, write_now, s);
        return;
    }
    list_missing(s);
    s->timer = evtimer_new(c->server->base, on_slice, s);
    pool_at_free(c->pool, end, s);
    slice_again(s->timer);
    call_later(c, cancel, s);
}

/* ---- maps ---------------------------------------------------------------- */

void slices_map_open(struct writer *w, void *arg)
{
    (void)arg;
    writer_struct_open(w);
}

void slices_map_item(struct writer *w, void *arg, size_t i,
                     const struct slices_item *item)
{
    (void)arg, (void)i;
    writer_name(w, item->ref);
    record_write_lent(w, item->record);
}

void slices_map_close(struct writer *w, void *arg)
{
    (void)arg;
    writer_struct_close(w);
}
