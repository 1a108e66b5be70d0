/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * requests: what of store.h never blocks. Batches with something to send stand
 * in a queue; each request under way has a slot, whose number is the last
 * digits of the id that its answer brings back.
 */
#include "xenstore/requests.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <string.h>

#include "lib/clock.h"

static const struct {
    uint32_t type;
    const char *verb;
} ops[] = {
    [STORE_READ] = {XS_READ, "read"},
    [STORE_LIST] = {XS_DIRECTORY, "list"},
    [STORE_WRITE] = {XS_WRITE, "write"},
    [STORE_MKDIR] = {XS_MKDIR, "make"},
    [STORE_REMOVE] = {XS_RM, "remove"},
    [STORE_GET_PERMS] = {XS_GET_PERMS, "read the permissions of"},
    [STORE_SET_PERMS] = {XS_SET_PERMS, "set the permissions of"},
    [STORE_WATCH] = {XS_WATCH, "watch"},
    [STORE_UNWATCH] = {XS_UNWATCH, "stop watching"},
    [STORE_TX_START] = {XS_TRANSACTION_START, "begin a transaction at"},
    [STORE_TX_END] = {XS_TRANSACTION_END, "end a transaction at"},
};

const char *requests_verb(enum store_op op)
{
    return ops[op].verb;
}

/* ---- a store ------------------------------------------------------------- */

struct store *store_new(int fd)
{
    struct store *s = xcalloc(1, sizeof(*s));

    wire_init(&s->wire, fd);
    events_init(&s->events);
    s->queue_end = &s->queue;
    s->timeout = STORE_TIMEOUT;
    return s;
}

static void free_slot(struct store *s, struct slot_out *slot)
{
    if (slot->listing) {
        listing_done(slot->listing);
        free(slot->listing);
    }
    s->n_busy -= slot->busy;
    *slot = (struct slot_out){0};
}

void store_close(struct store *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < STORE_OUTSTANDING_MAX; i++)
        free_slot(s, &s->slots[i]);
    events_done(&s->events);
    wire_done(&s->wire);
    free(s->turns);
    free(s->broken);
    free(s);
}

void store_set_timeout(struct store *s, double seconds)
{
    s->timeout = seconds;
}

void store_keep_all_events(struct store *s)
{
    s->events.keeps_all = true;
}

/* ---- batches ------------------------------------------------------------- */

/* The token of a watch is its path. */
static bool has_token(const struct store_req *req)
{
    return req->op == STORE_WATCH || req->op == STORE_UNWATCH;
}

static struct err *check_lengths(const struct store_req *req)
{
    size_t path_len = strlen(req->path);
    size_t data_len = has_token(req) ? path_len + 1 : req->data_len;

    if (path_len > STORE_PATH_MAX)
        return ERR("a XenStore path of %zu characters: %d is the most",
                   path_len, STORE_PATH_MAX);
    if (path_len + 1 + data_len > STORE_PAYLOAD_MAX)
        return ERR("cannot %s '%s': %zu bytes are too many for XenStore",
                   ops[req->op].verb, req->path, data_len);
    return NULL;
}

struct err *store_submit(struct store *s, struct store_batch *b)
{
    if (s->broken)
        return ERR("%s", s->broken);
    for (size_t i = b->n_sent; i < b->n; i++)
        TRY(check_lengths(&b->reqs[i]));
    for (size_t i = b->n_sent; i < b->n; i++) {
        struct store_req *req = &b->reqs[i];

        req->errnum = 0;
        req->text = NULL;
        req->names = NULL;
        req->len = req->n_names = 0;
    }
    if (!b->is_queued) {
        b->is_queued = true;
        *s->queue_end = b;
        s->queue_end = &b->next;
    }
    return NULL;
}

/* Takes out the batch that *AT points to. */
static struct store_batch *unqueue(struct store *s, struct store_batch **at)
{
    struct store_batch *b = *at;

    *at = take_ptr(b->next);
    if (!*at)
        s->queue_end = at;
    b->is_queued = false;
    return b;
}

void store_cancel(struct store *s, struct store_batch *b)
{
    struct store_batch **at = &s->queue;

    while (*at && *at != b)
        at = &(*at)->next;
    if (*at)
        unqueue(s, at);
    for (size_t i = 0; i < STORE_OUTSTANDING_MAX; i++) {
        if (s->slots[i].batch == b)
            s->slots[i].batch = NULL;
    }
}

static void tell_if_done(struct store_batch *b)
{
    if (b->n_done == b->n && b->done)
        b->done(b);
}

/* Every batch gets its end, also when there will be no more answers. */
static void give_up(struct store *s)
{
    for (size_t i = 0; i < STORE_OUTSTANDING_MAX; i++) {
        struct store_batch *b = s->slots[i].batch;

        if (b) {
            b->reqs[s->slots[i].i].errnum = STORE_LOST;
            b->n_done++;
        }
        free_slot(s, &s->slots[i]);
        if (b && b->n_sent == b->n)
            tell_if_done(b);
    }
    while (s->queue) {
        struct store_batch *b = unqueue(s, &s->queue);

        for (; b->n_sent < b->n; b->n_sent++, b->n_done++)
            b->reqs[b->n_sent].errnum = STORE_LOST;
        tell_if_done(b);
    }
}

void requests_break(struct store *s, const struct err *e)
{
    if (s->broken)
        return;
    s->broken = xstrdup(err_text(e));
    give_up(s);
}

static struct err *breaks(struct store *s, struct err *e)
{
    if (e)
        requests_break(s, e);
    return e;
}

/* ---- sending ------------------------------------------------------------- */

/* The kernel's device keeps one request: a second one written before the answer
 * overwrites the first under way, without any error. */
static size_t outstanding_max(const struct store *s)
{
    return s->wire.is_device ? 1 : STORE_OUTSTANDING_MAX;
}

/* There is one: fewer than outstanding_max() are busy. */
static struct slot_out *take_slot(struct store *s)
{
    struct slot_out *slot;

    while (s->slots[s->next_id % STORE_OUTSTANDING_MAX].busy)
        s->next_id++;
    slot = &s->slots[s->next_id % STORE_OUTSTANDING_MAX];
    slot->busy = true;
    slot->id = s->next_id++;
    if (!s->n_busy++)
        s->heard = clock_now();
    return slot;
}

static void put(struct store *s, struct slot_out *slot, uint32_t type,
                const char *data, size_t len)
{
    const struct store_req *req = &slot->batch->reqs[slot->i];

    slot->type = type;
    wire_put(&s->wire,
             &(struct frame){.type = type, .id = slot->id, .tx = req->tx},
             req->path, data, len);
}

static void put_next(struct store *s, struct store_batch *b)
{
    const struct store_req *req = &b->reqs[b->n_sent];
    struct slot_out *slot = take_slot(s);

    slot->batch = b;
    slot->i = b->n_sent++;
    if (has_token(req))
        put(s, slot, ops[req->op].type, req->path, strlen(req->path) + 1);
    else
        put(s, slot, ops[req->op].type, req->data, req->data_len);
}

/* Goes on, in another slot, with the listing of SLOT. */
static void put_part(struct store *s, struct slot_out *slot)
{
    struct slot_out *next;
    char offset[24];
    int len = snprintf(offset, sizeof(offset), "%zu", slot->listing->names.len);

    slot->busy = false;
    s->n_busy--;
    next = take_slot(s);
    next->batch = slot->batch;
    next->i = slot->i;
    next->listing = slot->listing;
    if (next != slot)
        *slot = (struct slot_out){0};
    put(s, next, XS_DIRECTORY_PART, offset, (size_t)len + 1);
}

static void fill_slots(struct store *s)
{
    while (s->queue) {
        struct store_batch *b = s->queue;

        if (b->n_sent == b->n) {
            unqueue(s, &s->queue);
            if (!b->n)
                tell_if_done(b);
        } else if (s->n_busy < outstanding_max(s)) {
            put_next(s, b);
        } else {
            return;
        }
    }
}

struct err *requests_send(struct store *s)
{
    if (s->broken)
        return ERR("%s", s->broken);
    fill_slots(s);
    return wire_has_output(&s->wire) ? breaks(s, wire_send(&s->wire)) : NULL;
}

struct err *requests_check_time(struct store *s)
{
    if (store_seconds_left(s) > 0)
        return NULL;
    return breaks(s, ERR_AS(timeout, "xenstored gives no answer"));
}

/* ---- answers ------------------------------------------------------------- */

/* Names that end with a NUL each. */
static struct err *split_names(struct store_req *req, const char *data,
                               size_t len, struct pool *p)
{
    if (len && data[len - 1])
        return wire_nonsense("a list of names without an end");
    for (size_t at = 0; at < len; at += strlen(data + at) + 1)
        *pool_push(p, req->names, req->n_names) = pool_str(p, data + at);
    *pool_push(p, req->names, req->n_names) = NULL;
    req->n_names--;
    return NULL;
}

static struct err *take_tx(struct store_req *req)
{
    AUTO_ERR struct err *bad = NULL;
    int64_t id;

    bad = text_to_int(req->text, 10, 1, UINT32_MAX, &id);
    if (bad)
        return wire_nonsense("a transaction without a number");
    req->tx = (uint32_t)id;
    return NULL;
}

static struct err *take_success(struct store *s, struct store_req *req,
                                const struct frame *f, struct pool *p)
{
    if (req->op == STORE_LIST || req->op == STORE_GET_PERMS)
        return split_names(req, f->data, f->len, p);
    if (req->op == STORE_UNWATCH)
        events_forget(&s->events, req->path);
    req->text = pool_strn(p, f->data, f->len);
    req->len = f->len;
    return req->op == STORE_TX_START ? take_tx(req) : NULL;
}

static struct err *take_part(struct slot_out *slot, struct store_req *req,
                             const struct frame *f, bool *ret_whole)
{
    struct listing *l = slot->listing;

    TRY(listing_take(l, f, ret_whole));
    if (!*ret_whole)
        return NULL;
    req->errnum = l->errnum;
    return l->errnum ? NULL
                     : split_names(req, str_text(&l->names), l->names.len,
                                   slot->batch->pool);
}

static void begin_listing(struct slot_out *slot)
{
    slot->listing = xcalloc(1, sizeof(*slot->listing));
    listing_init(slot->listing);
}

/* What a wanted answer means for its request; *ret_done: it was the last. */
static struct err *take_wanted(struct store *s, struct slot_out *slot,
                               const struct frame *f, bool *ret_done)
{
    struct store_batch *b = slot->batch;
    struct store_req *req = &b->reqs[slot->i];

    *ret_done = true;
    if (slot->listing) {
        TRY(take_part(slot, req, f, ret_done));
    } else {
        req->errnum = wire_errnum(f);
        if (!req->errnum)
            return take_success(s, req, f, b->pool);
        if (req->op != STORE_LIST || req->errnum != E2BIG)
            return NULL;
        begin_listing(slot);
        *ret_done = false;
    }
    if (!*ret_done)
        put_part(s, slot);
    return NULL;
}

static struct err *take_answer(struct store *s, const struct frame *f)
{
    struct slot_out *slot = &s->slots[f->id % STORE_OUTSTANDING_MAX];
    struct store_batch *b = slot->batch;
    bool done = true;

    if (!slot->busy || slot->id != f->id)
        return wire_nonsense("an answer to what was not asked");
    if (f->type != XS_ERROR && f->type != slot->type)
        return wire_nonsense("an answer to another question");
    s->n_answers++;
    if (b)
        TRY(take_wanted(s, slot, f, &done));
    if (!done)
        return NULL;
    free_slot(s, slot);
    if (b) {
        b->n_done++;
        tell_if_done(b);
    }
    return NULL;
}

static struct err *take_frames(struct store *s)
{
    struct frame f;
    bool got;

    for (;;) {
        TRY(wire_next(&s->wire, &f, &got));
        if (!got)
            return NULL;
        if (f.type == XS_WATCH_EVENT)
            TRY(events_add(&s->events, f.data, f.len));
        else
            TRY(take_answer(s, &f));
    }
}

struct err *requests_receive(struct store *s)
{
    size_t before = s->n_answers;

    if (s->broken)
        return ERR("%s", s->broken);
    TRY(breaks(s, wire_receive(&s->wire)));
    TRY(breaks(s, take_frames(s)));
    if (s->n_answers > before)
        s->heard = clock_now();
    return NULL;
}

/* ---- for an event loop --------------------------------------------------- */

int store_fd(const struct store *s)
{
    return s->wire.fd;
}

short store_events(const struct store *s)
{
    bool can_send = s->queue && s->n_busy < outstanding_max(s);

    return POLLIN | (can_send || wire_has_output(&s->wire) ? POLLOUT : 0);
}

double store_seconds_left(const struct store *s)
{
    return s->n_busy ? fmax(0, s->heard + s->timeout - clock_now()) : INFINITY;
}

struct err *store_pump(struct store *s)
{
    TRY(requests_send(s));
    TRY(requests_receive(s));
    TRY(requests_send(s));
    return requests_check_time(s);
}

bool store_next_event(struct store *s, struct pool *p, struct store_event *ret)
{
    *ret = (struct store_event){0};
    return events_take(&s->events, p, ret);
}
