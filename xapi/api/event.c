/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * api/event: the calls of class event. Who waits costs nothing: event_wait
 * wakes those whom a commit concerns, and what they get is looked up then, so
 * that many changes in short order are one answer.
 */
#include <event2/event.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "lib/log.h"
#include "xapi/model/calls_gen.h"
#include "xapi/door/codec.h"
#include "xapi/model/errors_gen.h"
#include "xapi/db/event.h"
#include "xapi/call/server.h"
#include "xapi/call/session.h"
#include "xapi/call/slices.h"
#include "xapi/db/txn.h"

#define WAIT_MAX (24.0 * 3600)
/* From the first change to the answer: what comes meanwhile is in it. */
#define GATHER_SECONDS 0.05

/* One event.from or event.next that is under way. */
struct watch {
    struct call *call;
    struct event_filters filters;
    struct event_token token;
    bool legacy; /* event.next */
    struct event_wait *wait;
    struct event *timer;
    /* the answer, and the state it is of */
    struct event_change *changes;
    size_t n;
    struct event_token now;
    int32_t *counts; /* by class */
};

/* ---- the answer ---------------------------------------------------------- */

static void write_event(struct writer *w, void *arg, size_t i,
                        const struct slices_item *item)
{
    const struct watch *watch = arg;
    const struct event_change *change = &watch->changes[i];
    char text[24];

    writer_struct_open(w);
    writer_name(w, "id");
    snprintf(text, sizeof(text), "%llu",
             (unsigned long long)change->generation);
    writer_string(w, text);
    writer_name(w, "timestamp");
    snprintf(text, sizeof(text), "%lld.0", (long long)time(NULL));
    writer_string(w, watch->legacy ? text : "0.0");
    writer_name(w, "class");
    writer_string(w, change->class->lower);
    writer_name(w, "operation");
    writer_string(w, event_op_names[change->op]);
    writer_name(w, "ref");
    writer_string(w, item->ref);
    if (item->record) {
        writer_name(w, "snapshot");
        record_write_lent(w, item->record);
    }
    writer_struct_close(w);
}

static void write_counts(struct writer *w, const struct watch *watch)
{
    writer_struct_open(w);
    for (const struct model_class *c = model_classes; c->name; c++) {
        if (!c->in_database)
            continue;
        writer_name(w, c->lower);
        writer_i4(w, watch->counts[c - model_classes]);
    }
    writer_struct_close(w);
}

/* What event.next answers is the list alone. */
static void open_answer(struct writer *w, void *arg)
{
    const struct watch *watch = arg;

    if (!watch->legacy) {
        writer_struct_open(w);
        writer_name(w, "events");
    }
    writer_list_open(w);
}

static void close_answer(struct writer *w, void *arg)
{
    const struct watch *watch = arg;
    char token[EVENT_TOKEN_SIZE];

    writer_list_close(w);
    if (watch->legacy)
        return;
    event_token_print(watch->now, token);
    writer_name(w, "valid_ref_counts");
    write_counts(w, watch);
    writer_name(w, "token");
    writer_string(w, token);
    writer_struct_close(w);
}

/* ---- waiting ------------------------------------------------------------- */

static void advance(const struct watch *watch)
{
    struct session *s =
        session_find(watch->call->server->sessions, watch->call->session);

    if (watch->legacy && s)
        session_events(s)->token = watch->now;
}

static void count(struct watch *watch)
{
    const struct db *db = watch->call->db;

    for (const struct model_class *c = model_classes; c->name; c++)
        if (c->in_database)
            watch->counts[c - model_classes] = (int32_t)db_count(db, c);
}

/* Looks what there is since the token. */
static struct err *look(struct call *c, void *arg, struct slices_items *ret)
{
    struct watch *watch = arg;
    bool lost;

    event_collect(c->db, c->pool, watch->token, &watch->filters,
                  &watch->changes, &watch->n, &lost);
    watch->now = event_token_now(c->db);
    count(watch);
    if (lost || watch->n)
        advance(watch);
    if (lost)
        return err_EVENTS_LOST();
    ret->n = watch->n;
    ret->list = pool_alloc(c->pool, watch->n * sizeof(*ret->list));
    for (size_t i = 0; i < watch->n; i++)
        ret->list[i] = (struct slices_item){.object = watch->changes[i].object,
                                            .ref = watch->changes[i].ref};
    return NULL;
}

static void give(struct watch *watch, const struct slices_items *found)
{
    static const struct slices_kind kind = {look, open_answer, write_event,
                                            close_answer};

    slices_answer(watch->call, &kind, watch, found);
}

static void stop(struct watch *watch)
{
    event_wait_free(watch->wait);
    watch->wait = NULL;
    if (watch->timer)
        event_free(watch->timer);
    watch->timer = NULL;
}

static void begin_wait(struct watch *watch);

static void answer(int fd, short what, void *arg)
{
    struct watch *watch = arg;
    struct slices_items found;
    struct err *e = look(watch->call, watch, &found);

    (void)fd, (void)what;
    stop(watch);
    if (!e && !watch->n && watch->legacy) {
        begin_wait(watch);
        return;
    }
    if (!e)
        give(watch, &found);
    if (e || watch->call->returned)
        call_finish(watch->call, e);
}

static void set_timer(struct watch *watch, double seconds)
{
    struct timeval tv = {(time_t)seconds,
                         (suseconds_t)(fmod(seconds, 1) * 1e6)};

    if (!watch->timer)
        watch->timer = evtimer_new(watch->call->server->base, answer, watch);
    evtimer_add(watch->timer, &tv);
}

static void woken(void *arg)
{
    set_timer(arg, GATHER_SECONDS);
}

static void begin_wait(struct watch *watch)
{
    watch->wait = event_wait(watch->call->db, &watch->filters, woken, watch);
}

static void cancel(struct call *c, void *arg)
{
    stop(arg);
    call_finish(c, NULL);
}

static struct err *start(struct watch *watch, double timeout)
{
    struct call *c = watch->call;
    struct slices_items found;

    watch->counts = pool_alloc(c->pool, MODEL_N_CLASSES * sizeof(int32_t));
    TRY(look(c, watch, &found));
    if (watch->n) {
        give(watch, &found);
        return NULL;
    }
    begin_wait(watch);
    if (!watch->legacy)
        set_timer(watch, timeout);
    call_later(c, cancel, watch);
    return NULL;
}

/* ---- event.from ---------------------------------------------------------- */

static const char **words_of(struct pool *p, struct model_value set)
{
    const char **words = pool_alloc(p, (set.n + 1) * sizeof(*words));

    for (unsigned i = 0; i < set.n; i++)
        words[i] = set.keys[i].s;
    return words;
}

static struct err *parse_filters(struct pool *p, const char *const *words,
                                 size_t n, struct event_filters *ret)
{
    struct err *e = event_filters_parse(p, words, n, ret), *failure;

    if (!e)
        return NULL;
    failure = err_EVENT_SUBSCRIPTION_PARSE_FAILURE(err_text(e));
    err_free(e);
    return failure;
}

static struct err *parse_token(const char *text, struct event_token *ret)
{
    struct err *e = event_token_parse(text, ret);

    if (!e)
        return NULL;
    err_drop(e, "the code says it");
    return err_EVENT_FROM_TOKEN_PARSE_FAILURE(text);
}

struct err *event_from(struct call *c, const struct event_from_args *a)
{
    struct watch *watch = pool_new_of(c->pool, struct watch);
    double timeout = a->timeout;

    if (!(timeout >= 0 && timeout <= WAIT_MAX))
        timeout = WAIT_MAX;
    watch->call = c;
    TRY(parse_filters(c->pool, words_of(c->pool, a->classes), a->classes.n,
                      &watch->filters));
    TRY(parse_token(a->token, &watch->token));
    return start(watch, timeout);
}

/* ---- event.register, unregister, next ------------------------------------ */

/* Names of classes are the same in any case. */
static bool is_named(struct model_value classes, const char *word)
{
    for (unsigned i = 0; i < classes.n; i++)
        if (!strcasecmp(classes.keys[i].s, word))
            return true;
    return false;
}

/* WORDS are what a session is registered for from now on. */
static struct err *subscribe(struct call *c, struct session_events *events,
                             const char *const *words, size_t n)
{
    struct pool *p = pool_new();
    struct event_filters filters;
    const char **copies = pool_alloc(p, (n + 1) * sizeof(*copies));
    struct err *e;

    for (size_t i = 0; i < n; i++)
        copies[i] = pool_str(p, words[i]);
    e = parse_filters(p, copies, n, &filters);
    if (e) {
        pool_free(p);
        return e;
    }
    if (!events->n_words)
        events->token = event_token_now(c->db);
    pool_free(events->pool);
    events->pool = p;
    events->words = copies;
    events->n_words = n;
    events->filters = filters;
    return NULL;
}

struct err *event_register(struct call *c, const struct event_register_args *a)
{
    struct session_events *events =
        session_events(session_find(c->server->sessions, c->session));
    const char **words = NULL;
    size_t n = 0;

    for (size_t i = 0; i < events->n_words; i++)
        if (!is_named(a->classes, events->words[i]))
            *pool_push(c->pool, words, n) = events->words[i];
    for (unsigned i = 0; i < a->classes.n; i++)
        *pool_push(c->pool, words, n) = a->classes.keys[i].s;
    return subscribe(c, events, words, n);
}

struct err *event_unregister(struct call *c,
                             const struct event_unregister_args *a)
{
    struct session_events *events =
        session_events(session_find(c->server->sessions, c->session));
    const char **words = NULL;
    size_t n = 0;

    for (size_t i = 0; i < events->n_words; i++)
        if (!is_named(a->classes, events->words[i]))
            *pool_push(c->pool, words, n) = events->words[i];
    return subscribe(c, events, words, n);
}

struct err *event_next(struct call *c)
{
    struct session_events *events =
        session_events(session_find(c->server->sessions, c->session));
    struct watch *watch;

    if (!events->n_words)
        return err_SESSION_NOT_REGISTERED(c->session);
    watch = pool_new_of(c->pool, struct watch);
    *watch = (struct watch){.call = c, .token = events->token, .legacy = true};
    TRY(parse_filters(c->pool, events->words, events->n_words,
                      &watch->filters));
    return start(watch, 0);
}

/* ---- the rest ------------------------------------------------------------ */

struct err *event_get_current_id(struct call *c)
{
    call_return_int(c, (int64_t)db_generation(c->db));
    return NULL;
}

struct err *event_inject(struct call *c, const struct event_inject_args *a)
{
    const struct model_class *class = model_class_find(a->class);
    struct object *o = class ? db_find(c->db, class, a->ref) : NULL;
    char token[EVENT_TOKEN_SIZE];
    struct txn *txn;

    if (!o)
        return err_HANDLE_INVALID(a->class, a->ref);
    event_token_print(event_token_now(c->db), token);
    txn = txn_begin(c->db);
    txn_touch(txn, o);
    txn_commit(txn);
    call_return_string(c, token);
    return NULL;
}
