/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ops_queue: see ops_queue.h. */
#include "xapi/ops_queue.h"

#include <event2/event.h>
#include <string.h>

#include "lib/log.h"
#include "xapi/errors_gen.h"
#include "xapi/generic.h"
#include "xapi/server.h"

/* One operation: it waits, or has a job. */
struct held {
    struct ops_queue *queue;
    struct pool *pool;
    struct call *call; /* NULL: it has its answer, and takes back what it did */
    struct ops_body body;
    enum VM_operations op;
    const char *vm;   /* ref */
    const char *task; /* ref, its key in current_operations */
    struct job *job;
    struct event *timer; /* when it has waited too long */
    struct err *failure; /* of a worker that died, while all is settled */
    struct ops_work work;
    struct held *next;
};

struct ops_queue {
    struct server *server;
    struct held *first; /* in the order they came */
};

static struct object *vm_of(const struct held *h)
{
    return db_find(h->queue->server->db, &model_classes[CLASS_VM], h->vm);
}

/* ---- the list ------------------------------------------------------------ */

static void add_held(struct held *h)
{
    struct held **end = &h->queue->first;

    while (*end)
        end = &(*end)->next;
    *end = h;
}

static void free_held(struct held *h)
{
    struct held **at = &h->queue->first;

    while (*at && *at != h)
        at = &(*at)->next;
    if (*at)
        *at = h->next;
    if (h->timer)
        event_free(h->timer);
    err_free(h->failure);
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
        if (o != h && is_busy(o) && !strcmp(o->vm, h->vm) &&
            ops_waits(h->op, o->op))
            return true;
    return false;
}

static void cancel_others(const struct held *h)
{
    struct held *next;

    for (struct held *o = h->queue->first; o; o = next) {
        next = o->next;
        if (is_busy(o) && o->call && !strcmp(o->vm, h->vm) &&
            ops_cancels(h->op, o->op))
            call_cancel(o->call, err_TASK_CANCELLED(o->task));
    }
}

/* ---- its end ------------------------------------------------------------- */

static void wake(struct ops_queue *q, const char *vm);

static struct err *clear(struct txn *txn, struct object *vm, const char *task)
{
    TRY(remove_from_VM_current_operations(txn, vm, task));
    return ops_update(txn, vm);
}

static void end(struct held *h, struct err *e)
{
    struct ops_queue *q = h->queue;
    struct object *vm = vm_of(h);
    struct call *c = h->call;
    AUTO_FREE char *ref = xstrdup(h->vm);

    if (vm && is_busy(h)) {
        struct txn *txn = txn_begin(q->server->db);

        err_drop(txn_end(txn, clear(txn, vm, h->task)), "sets that fit");
    }
    if (e && err_is(e, &err_kind_interrupted)) {
        err_free(e);
        e = err_TASK_CANCELLED(h->task);
    }
    free_held(h);
    if (c)
        call_finish(c, e);
    else
        err_free(e);
    wake(q, ref);
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
                                .title = "what a dead worker left",
                                .work = vm_settle,
                                .work_arg = &h->work,
                                .done = settled,
                                .arg = h,
                                .keep_fd = h->queue->server->lock};

    h->work.vm = vm_of(h);
    return job_start(&s, &h->job);
}

static void worked(void *arg, struct err *e, bool died)
{
    struct held *h = arg;
    struct err *cannot;

    h->job = NULL;
    if (!died || !vm_of(h)) {
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

static struct err *mark(struct txn *txn, struct object *vm,
                        const struct held *h)
{
    TRY(add_to_VM_current_operations(txn, vm, h->task, h->op));
    return ops_update(txn, vm);
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
                                .apply = applied,
                                .arg = h,
                                .keep_fd = server->lock};
    struct txn *txn;

    h->task = pool_str(h->pool, call_task(h->call));
    txn = txn_begin(server->db);
    TRY(txn_end(txn, mark(txn, vm_of(h), h)));
    h->work = (struct ops_work){
        .call = h->call,
        .hv = server->hv,
        .vm = vm_of(h),
        .host = db_find(server->db, &model_classes[CLASS_host], server->host)};
    return job_start(&s, &h->job);
}

static bool is_in_progress(const struct err *e)
{
    size_t n;
    const char *const *words = e ? err_words(e, &n) : NULL;

    return words && !strcmp(words[0], "OTHER_OPERATION_IN_PROGRESS");
}

/* Begins, or finds that it has to wait (still). */
static struct err *try_begin(struct held *h, bool *ret_waits)
{
    struct object *vm = vm_of(h);
    struct err *e;

    *ret_waits = false;
    if (!vm)
        return db_no_object(&model_classes[CLASS_VM], h->vm);
    e = ops_check(h->queue->server->db, vm, h->op, false);
    if (is_in_progress(e) || (!e && has_to_wait(h))) {
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
static bool wake_one(struct ops_queue *q, const char *vm)
{
    for (struct held *h = q->first; h; h = h->next) {
        bool waits;
        struct err *e;

        if (is_busy(h) || strcmp(h->vm, vm))
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

static void wake(struct ops_queue *q, const char *vm)
{
    while (wake_one(q, vm))
        ;
}

/* ---- waiting, cancelling ------------------------------------------------- */

static void waited(int fd, short what, void *arg)
{
    struct held *h = arg;
    struct object *vm = vm_of(h);
    struct err *e = vm ? ops_check(h->queue->server->db, vm, h->op, false)
                       : db_no_object(&model_classes[CLASS_VM], h->vm);

    (void)fd, (void)what;
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

static struct held *hold(struct call *c, enum VM_operations op,
                         const struct ops_body *body)
{
    struct pool *p = pool_new();
    struct held *h = pool_new_of(p, struct held);

    *h = (struct held){.queue = c->server->ops,
                       .pool = p,
                       .call = c,
                       .body = *body,
                       .op = op,
                       .vm = pool_str(p, vm_arg(c, 0).s)};
    add_held(h);
    return h;
}

struct err *ops_run(struct call *c, enum VM_operations op,
                    const struct ops_body *body)
{
    struct object *vm = NULL;
    struct held *h;
    bool waits;
    struct err *e;

    TRY(call_object(c, 0, &vm));
    if (body->work && !c->server->hv)
        return err_NOT_IMPLEMENTED(c->row->name);
    h = hold(c, op, body);
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
