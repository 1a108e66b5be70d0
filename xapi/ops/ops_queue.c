/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ops_queue: see ops_queue.h. */
#include "xapi/ops/ops_queue.h"

#include <event2/event.h>
#include <string.h>

#include "lib/log.h"
#include "xapi/model/errors_gen.h"
#include "xapi/call/generic.h"
#include "xapi/call/server.h"

struct hold {
    const char *ref;
    unsigned op;
};

/* What it is on, itself first. */
struct ops_more {
    struct pool *pool;
    struct hold *holds;
    size_t n;
};

/* One operation: it waits, or has a job. */
struct held {
    struct ops_queue *queue;
    struct pool *pool;
    struct call *call; /* NULL: it has its answer, and takes back what it did */
    struct ops_body body;
    const struct model_class *class; /* of self, or NULL */
    struct ops_more on;              /* as it was when it last tried to begin */
    const char *blocker; /* ref of what else it waits for, or NULL */
    const char *task;    /* ref, its key in current_operations */
    struct job *job;
    struct event *timer; /* when it has waited too long */
    bool settles;        /* it has never been a call */
    struct err *failure; /* of a worker that died, while all is settled */
    struct ops_work work;
    struct held *next;
};

struct ops_queue {
    struct server *server;
    struct held *first; /* in the order they came */
};

static struct object *find(const struct held *h, const char *ref)
{
    return db_find(h->queue->server->db, NULL, ref);
}

static struct object *self_of(const struct held *h)
{
    return h->class ? find(h, h->on.holds[0].ref) : NULL;
}

/* ---- what it holds ------------------------------------------------------- */

static void hold(struct ops_more *on, const char *ref, unsigned op)
{
    *pool_push(on->pool, on->holds, on->n) = (struct hold){ref, op};
}

void ops_hold(struct ops_more *more, const struct object *o, unsigned op)
{
    hold(more, pool_str(more->pool, object_ref(o)), op);
}

static bool has(const struct ops_more *on, const char *ref)
{
    for (size_t i = 0; ref && i < on->n; i++)
        if (!strcmp(on->holds[i].ref, ref))
            return true;
    return false;
}

/* They have an object in common. */
static bool meet(const struct ops_more *a, const struct ops_more *b)
{
    for (size_t i = 0; i < a->n; i++)
        if (has(b, a->holds[i].ref))
            return true;
    return false;
}

/* RULE says yes of an operation of H and one of O on the same object. */
static bool any_rule(const struct held *h, const struct held *o,
                     bool (*rule)(const struct ops_class *, unsigned op,
                                  unsigned running))
{
    for (size_t i = 0; i < h->on.n; i++) {
        const struct object *object = find(h, h->on.holds[i].ref);

        for (size_t k = 0; object && k < o->on.n; k++)
            if (!strcmp(h->on.holds[i].ref, o->on.holds[k].ref) &&
                rule(ops_of(object), h->on.holds[i].op, o->on.holds[k].op))
                return true;
    }
    return false;
}

static bool waits_for(const struct ops_class *row, unsigned op,
                      unsigned running)
{
    return row->waits && row->waits(op, running);
}

static bool takes_its_place(const struct ops_class *row, unsigned op,
                            unsigned running)
{
    return row->cancels && row->cancels(op, running);
}

/* ---- the list ------------------------------------------------------------ */

static void add_held(struct held *h)
{
    struct held **end = &h->queue->first;

    while (*end)
        end = &(*end)->next;
    *end = h;
}

static void remove_held(struct held *h)
{
    struct held **at = &h->queue->first;

    while (*at && *at != h)
        at = &(*at)->next;
    if (*at)
        *at = h->next;
    if (h->timer)
        event_free(h->timer);
    err_free(h->failure);
}

static void free_held(struct held *h)
{
    remove_held(h);
    pool_free(h->pool);
}

static bool is_busy(const struct held *h)
{
    return h->task;
}

/* It has to wait for others, though the check lets it begin. */
static bool has_to_wait(const struct held *h)
{
    for (const struct held *o = h->queue->first; o; o = o->next)
        if (o != h && is_busy(o) &&
            (o->settles ? meet(&h->on, &o->on) : any_rule(h, o, waits_for)))
            return true;
    return false;
}

static void cancel_others(const struct held *h)
{
    struct held *next;

    for (struct held *o = h->queue->first; o; o = next) {
        next = o->next;
        if (is_busy(o) && o->call && any_rule(h, o, takes_its_place))
            call_cancel(o->call, err_TASK_CANCELLED(o->task));
    }
}

/* ---- its end ------------------------------------------------------------- */

static void wake(struct ops_queue *q, const struct ops_more *on);

static struct err *clear(struct txn *txn, const struct held *h)
{
    for (size_t i = 0; i < h->on.n; i++) {
        struct object *o = find(h, h->on.holds[i].ref);

        if (!o)
            continue;
        TRY(txn_remove(txn, o, &model_fields[ops_of(o)->current],
                       (union model_atom){.s = h->task}));
        TRY(ops_update(txn, o));
    }
    return NULL;
}

static void end(struct held *h, struct err *e)
{
    struct ops_queue *q = h->queue;
    struct call *c = h->call;

    if (is_busy(h)) {
        struct txn *txn = txn_begin(q->server->db);

        err_drop(txn_end(txn, clear(txn, h)), "sets that fit");
    }
    if (e && err_is(e, &err_kind_interrupted)) {
        err_free(e);
        e = err_TASK_CANCELLED(h->task);
    }
    remove_held(h);
    if (c)
        call_finish(c, e);
    else
        err_free(e);
    wake(q, &h->on);
    pool_free(h->pool);
}

static void settled(void *arg, struct err *e, bool died)
{
    struct held *h = arg;

    (void)died;
    h->job = NULL;
    if (e)
        log_error("ops", "the host could not be asked: %s", err_text(e));
    err_free(e);
    end(h, take_ptr(h->failure));
}

static struct err *settle(struct held *h)
{
    const struct job_start s = {.base = h->queue->server->base,
                                .db = h->queue->server->db,
                                .title = h->settles ? "what a guest has done"
                                                    : "what a dead worker left",
                                .work = ops_of(self_of(h))->settle,
                                .work_arg = &h->work,
                                .done = settled,
                                .arg = h,
                                .keep_fd = h->queue->server->lock};

    h->work.self = self_of(h);
    return job_start(&s, &h->job);
}

static void worked(void *arg, struct err *e, bool died)
{
    struct held *h = arg;
    struct err *cannot;

    h->job = NULL;
    if (!died || !self_of(h) || !ops_of(self_of(h))->settle) {
        end(h, e);
        return;
    }
    h->failure = e;
    cannot = settle(h);
    if (cannot)
        end(h, err_join(take_ptr(h->failure), cannot));
}

static void progressed(void *arg, double share)
{
    const struct held *h = arg;
    struct db *db = h->queue->server->db;
    struct object *task = db_find(db, &model_classes[CLASS_task], h->task);
    struct txn *txn;

    if (!task || !h->call)
        return;
    txn = txn_begin(db);
    err_drop(txn_end(txn, set_task_progress(txn, task, share)), "a number");
}

/* A worker has no other way to the answer than a text. */
static void said(void *arg, const char *text)
{
    const struct held *h = arg;
    struct call *c = h->call;
    struct model_value d;

    if (!c)
        return;
    if (h->body.answer) {
        h->body.answer(c, text);
        return;
    }
    if (c->row->result->kind == MODEL_STRING) {
        call_return_string(c, text);
        return;
    }
    err_drop(datum_from_text(c->pool, c->row->result, text, &d),
             "workers write what the result is");
    call_return(c, d);
}

/* What the worker writes is the call's doing. */
static struct err *applied(void *arg, const char *rows, size_t len)
{
    const struct held *h = arg;
    struct server *server = h->queue->server;
    struct call *before = call_doing(server, h->call);
    struct err *e = txn_apply(server->db, rows, len);

    call_doing(server, before);
    return e;
}

/* ---- its begin ----------------------------------------------------------- */

static struct err *mark(struct txn *txn, const struct held *h)
{
    for (size_t i = 0; i < h->on.n; i++) {
        struct object *o = find(h, h->on.holds[i].ref);

        TRY(txn_add(txn, o, &model_fields[ops_of(o)->current],
                    (union model_atom){.s = h->task},
                    (union model_atom){.i = h->on.holds[i].op}));
        TRY(ops_update(txn, o));
    }
    return NULL;
}

static struct err *start_work(struct held *h)
{
    struct server *server = h->queue->server;
    const struct job_start s = {.base = server->base,
                                .db = server->db,
                                .title = h->call->row->name,
                                .work = h->body.work,
                                .work_arg = &h->work,
                                .done = worked,
                                .progress = progressed,
                                .said = said,
                                .apply = applied,
                                .arg = h,
                                .keep_fd = server->lock};
    struct txn *txn;

    h->task = pool_str(h->pool, call_task(h->call));
    txn = txn_begin(server->db);
    TRY(txn_end(txn, mark(txn, h)));
    h->work = (struct ops_work){
        .call = h->call,
        .hv = server->hv,
        .net = server->net,
        .self = self_of(h),
        .host = db_find(server->db, &model_classes[CLASS_host], server->host)};
    return job_start(&s, &h->job);
}

/* It fails of what runs on another object (ret), which may be none of H's. */
static bool is_in_progress(const struct err *e, struct pool *p,
                           const char **ret)
{
    size_t n = 0;
    const char *const *words = e ? err_words(e, &n) : NULL;

    if (!words || n < 3 || strcmp(words[0], "OTHER_OPERATION_IN_PROGRESS"))
        return false;
    *ret = pool_str(p, words[2]);
    return true;
}

/* Self, and what else there is now. */
static struct err *look_around(struct held *h)
{
    const struct object *self = self_of(h);

    if (h->class && !self)
        return db_no_object(h->class, h->on.holds[0].ref);
    h->on.n = h->class ? 1 : 0;
    if (h->body.also)
        h->body.also(h->call, self, &h->on);
    return NULL;
}

static struct err *check(const struct held *h)
{
    const struct db *db = h->queue->server->db;

    for (size_t i = 0; i < h->on.n; i++)
        TRY(ops_check(db, find(h, h->on.holds[i].ref), h->on.holds[i].op,
                      false));
    return NULL;
}

/* Begins, or finds that it has to wait (still). */
static struct err *try_begin(struct held *h, bool *ret_waits)
{
    struct err *e;

    *ret_waits = false;
    TRY(look_around(h));
    e = check(h);
    h->blocker = NULL;
    if (is_in_progress(e, h->pool, &h->blocker) || (!e && has_to_wait(h))) {
        err_free(e);
        *ret_waits = true;
        return NULL;
    }
    TRY(e);
    return h->body.change ? vm_write(h->call, h->body.change) : start_work(h);
}

/* For another call's sake, perhaps: what it writes is its own. */
static struct err *resume(struct held *h, bool *ret_waits)
{
    struct server *server = h->queue->server;
    struct call *before = call_doing(server, h->call);
    struct err *e = try_begin(h, ret_waits);

    call_doing(server, before);
    return e;
}

/* One at a time: what begins may have others wait on. */
static bool wake_one(struct ops_queue *q, const struct ops_more *on)
{
    for (struct held *h = q->first; h; h = h->next) {
        bool waits;
        struct err *e;

        if (is_busy(h) || (!meet(&h->on, on) && !has(on, h->blocker)))
            continue;
        e = resume(h, &waits);
        if (waits)
            continue;
        if (e || !h->job) {
            end(h, e);
            return true;
        }
        event_free(take_ptr(h->timer));
    }
    return false;
}

static void wake(struct ops_queue *q, const struct ops_more *on)
{
    while (wake_one(q, on))
        ;
}

/* ---- waiting, cancelling ------------------------------------------------- */

static void waited(int fd, short what, void *arg)
{
    struct held *h = arg;
    struct err *e = look_around(h);

    (void)fd, (void)what;
    if (!e)
        e = check(h);
    end(h, e ? e : ERR("it has waited for too long"));
}

static void cancel(struct call *c, void *arg)
{
    struct held *h = arg;

    if (!h->job) {
        free_held(h);
        call_finish(c, NULL);
        return;
    }
    if (!h->failure) /* else it is over but for the settling */
        job_cancel(h->job);
    if (c->async) {
        call_cancel_later(c);
        return;
    }
    h->call = NULL;
    h->work.call = NULL;
    call_finish(c, NULL);
}

static struct held *new_held(struct call *c, const struct object *self,
                             unsigned op, const struct ops_body *body)
{
    struct pool *p = pool_new();
    struct held *h = pool_new_of(p, struct held);

    *h = (struct held){.queue = c->server->ops,
                       .pool = p,
                       .call = c,
                       .body = *body,
                       .class = self ? object_class(self) : NULL,
                       .on = {.pool = p}};
    if (self)
        ops_hold(&h->on, self, op);
    add_held(h);
    return h;
}

struct err *ops_run_on(struct call *c, const struct object *self, unsigned op,
                       const struct ops_body *body)
{
    struct held *h;
    bool waits;
    struct err *e;

    if (body->work && !body->no_host && !c->server->hv)
        return err_NOT_IMPLEMENTED(c->row->name);
    h = new_held(c, self, op, body);
    e = try_begin(h, &waits);
    if (e || (!waits && !h->job)) {
        h->call = NULL;
        end(h, NULL);
        return e;
    }
    call_later(c, cancel, h);
    if (!waits)
        return NULL;
    h->timer = evtimer_new(c->server->base, waited, h);
    event_add(h->timer, &(struct timeval){OPS_WAIT_SECONDS, 0});
    cancel_others(h);
    return NULL;
}

struct err *ops_run(struct call *c, unsigned op, const struct ops_body *body)
{
    struct object *self = NULL;

    TRY(call_object(c, 0, &self));
    return ops_run_on(c, self, op, body);
}

/* ---- without a call ------------------------------------------------------ */

static bool is_held(const struct ops_queue *q, const struct object *o)
{
    for (const struct held *h = q->first; h; h = h->next)
        if (is_busy(h) && has(&h->on, object_ref(o)))
            return true;
    return false;
}

static struct held *new_alone(struct server *server, const struct object *o,
                              unsigned op, const char *task)
{
    struct pool *p = pool_new();
    struct held *h = pool_new_of(p, struct held);

    *h = (struct held){.queue = server->ops,
                       .pool = p,
                       .class = object_class(o),
                       .on = {.pool = p},
                       .task = pool_str(p, task)};
    ops_hold(&h->on, o, op);
    add_held(h);
    return h;
}

bool ops_settle(struct ops_queue *q, const struct object *o)
{
    struct server *server = q->server;
    struct held *h;
    struct err *e;

    if (is_held(q, o))
        return false;
    h = new_alone(server, o, 0, "");
    h->settles = true;
    h->work = (struct ops_work){
        .hv = server->hv,
        .net = server->net,
        .host = db_find(server->db, &model_classes[CLASS_host], server->host)};
    e = settle(h);
    if (e)
        end(h, e);
    return true;
}

struct err *ops_take(struct server *server, struct object *const *objects,
                     unsigned op, const char *task, struct held **ret)
{
    struct txn *txn;

    for (struct object *const *o = objects; *o; o++)
        TRY(ops_check(server->db, *o, op, false));
    *ret = new_alone(server, objects[0], op, task);
    for (struct object *const *o = objects + 1; *o; o++)
        ops_hold(&(*ret)->on, *o, op);
    txn = txn_begin(server->db);
    return txn_end(txn, mark(txn, *ret));
}

void ops_give(struct held *h)
{
    end(h, NULL);
}

/* ---- all of it ----------------------------------------------------------- */

struct ops_queue *ops_queue_new(struct server *server)
{
    struct ops_queue *q = xcalloc(1, sizeof(*q));

    q->server = server;
    return q;
}

void ops_queue_free(struct ops_queue *q)
{
    if (!q)
        return;
    while (q->first) {
        struct held *h = q->first;
        struct call *c = h->call;

        if (h->job)
            job_forget(h->job);
        free_held(h);
        if (c)
            call_finish(c, err_HOST_OFFLINE(q->server->host));
    }
    free(q);
}
