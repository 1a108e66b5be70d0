/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* task: see task.h; what clients do with tasks is in api/task.c. */
#include "xapi/call/task.h"

#include <event2/event.h>
#include <string.h>
#include <time.h>

#include "xapi/door/codec.h"
#include "xapi/model/fields_gen.h"
#include "xapi/call/server.h"
#include "xapi/door/xmlrpc.h"

#define SWEEP_SECONDS 60

/* ---- begin --------------------------------------------------------------- */

static struct err *fill(struct txn *txn, struct object *o, const struct call *c)
{
    TRY(set_task_created(txn, o, time(NULL)));
    TRY(set_task_session(
        txn, o, db_find(c->db, &model_classes[CLASS_session], c->session)));
    TRY(set_task_user(txn, o, c->user ? c->user : ""));
    TRY(set_task_resident_on(
        txn, o, db_find(c->db, &model_classes[CLASS_host], c->server->host)));
    TRY(set_task_type(txn, o, "<none/>"));
    return add_task_allowed_operations(txn, o, task_allowed_operations_cancel);
}

struct err *task_make(struct txn *txn, const struct call *c, const char *label,
                      const char *description, struct object **ret)
{
    struct object *o;

    TRY(txn_create(txn, &model_classes[CLASS_task], NULL, NULL, &o));
    TRY(set_task_name_label(txn, o, label));
    TRY(set_task_name_description(txn, o, description));
    TRY(fill(txn, o, c));
    *ret = o;
    return NULL;
}

const char *task_begin(struct call *c)
{
    struct txn *txn = txn_begin(c->db);
    const char *label =
        pool_printf(c->pool, "%s%s", c->async ? "Async." : "", c->row->name);
    struct object *o = NULL;

    err_drop(task_make(txn, c, label, "", &o), "a task can always be made");
    txn_commit(txn);
    return object_ref(o);
}

/* ---- end ----------------------------------------------------------------- */

/* As XML, whatever the client speaks: task.result. */
static char *result_text(const struct call *c)
{
    AUTO_BODY struct body body = BODY_INIT;
    struct writer w = {.codec = &codec_xmlrpc, .body = &body};
    struct str text = STR_INIT(DATUM_MAX);

    call_write_result(c, &w);
    body_flatten(&body, &text);
    return str_take(&text);
}

static struct model_value words_of(struct pool *p, const struct err *e)
{
    const char *internal[] = {"INTERNAL_ERROR", err_text(e)};
    const char *const *words = internal;
    size_t n = ARRAY_LEN(internal);
    union model_atom *atoms;

    if (err_words(e, &n))
        words = err_words(e, &n);
    atoms = pool_alloc(p, n * sizeof(*atoms));
    for (size_t i = 0; i < n; i++)
        atoms[i].s = words[i];
    return (struct model_value){(unsigned)n, atoms, NULL};
}

static enum task_status status_of(const struct err *e)
{
    size_t n;
    const char *const *words = e ? err_words(e, &n) : NULL;

    if (!e)
        return task_status_success;
    return words && !strcmp(words[0], "TASK_CANCELLED") ? task_status_cancelled
                                                        : task_status_failure;
}

bool task_is_done(const struct object *o)
{
    enum task_status status = get_task_status(o);

    return status != task_status_pending && status != task_status_cancelling;
}

static bool is_dropped(const struct object *o)
{
    struct model_value d = get_task_current_operations(o);

    for (unsigned i = 0; i < d.n; i++)
        if (d.values[i].i == task_allowed_operations_destroy)
            return true;
    return false;
}

struct err *task_drop(struct txn *txn, struct object *o)
{
    if (!task_is_done(o))
        return add_to_task_current_operations(txn, o, "task",
                                              task_allowed_operations_destroy);
    txn_destroy(txn, o);
    return NULL;
}

struct err *task_cancelling(struct txn *txn, struct object *o)
{
    TRY(set_task_allowed_operations(txn, o, DATUM_EMPTY));
    TRY(add_to_task_current_operations(txn, o, object_ref(o),
                                       task_allowed_operations_cancel));
    return set_task_status(txn, o, task_status_cancelling);
}

void task_note_cancel(const struct call *c)
{
    struct object *o = db_find(c->db, &model_classes[CLASS_task], c->task);
    struct txn *txn;

    if (!o)
        return;
    txn = txn_begin(c->db);
    err_drop(txn_end(txn, task_cancelling(txn, o)),
             "all is of its field's type");
}

/* In the order that who watches for the status can rely on. */
struct err *task_end(struct txn *txn, struct object *o, enum task_status status)
{
    if (is_dropped(o)) {
        txn_destroy(txn, o);
        return NULL;
    }
    TRY(set_task_allowed_operations(txn, o, DATUM_EMPTY));
    TRY(set_task_current_operations(txn, o, DATUM_EMPTY));
    TRY(set_task_finished(txn, o, time(NULL)));
    return set_task_status(txn, o, status);
}

struct err *task_end_of(struct txn *txn, struct object *o,
                        const struct err *failure, const char *result)
{
    AUTO_POOL struct pool *p = pool_new();

    TRY(set_task_progress(txn, o, 1));
    if (failure)
        TRY(set_task_error_info(txn, o, words_of(p, failure)));
    else
        TRY(set_task_result(txn, o, result));
    return task_end(txn, o, status_of(failure));
}

static struct err *write_end(struct txn *txn, struct object *o,
                             const struct call *c)
{
    AUTO_FREE char *text = c->failure ? NULL : result_text(c);

    return task_end_of(txn, o, c->failure, text);
}

void task_finish(struct call *c)
{
    struct object *o = db_find(c->db, &model_classes[CLASS_task], c->task);
    struct txn *txn;

    if (!o)
        return; /* it was too old */
    txn = txn_begin(c->db);
    if (c->async)
        err_drop(write_end(txn, o, c), "all is of its field's type");
    else
        txn_destroy(txn, o);
    txn_commit(txn);
}

void task_write_ref(struct writer *w, const void *arg)
{
    writer_string(w, arg);
}

struct call *task_call(const struct server *server, const char *task)
{
    struct call *c = server->waiting;

    while (c && !(c->task && !strcmp(c->task, task)))
        c = c->next;
    return c;
}

/* ---- a new start --------------------------------------------------------- */

static struct err *fail(struct txn *txn, struct object *o, const char *host)
{
    union model_atom words[] = {{.s = "HOST_OFFLINE"}, {.s = host}};

    TRY(set_task_error_info(
        txn, o, (struct model_value){ARRAY_LEN(words), words, NULL}));
    return task_end(txn, o, task_status_failure);
}

static struct err *recover(struct txn *txn, struct object *first,
                           const char *host)
{
    struct object *next;

    for (struct object *o = first; o; o = next) {
        next = object_next(o);
        TRY(set_task_progress(txn, o, 1));
        if (!task_is_done(o))
            TRY(fail(txn, o, host));
    }
    return NULL;
}

struct err *task_recover(const struct server *server)
{
    struct txn *txn = txn_begin(server->db);
    struct object *first = db_first(server->db, &model_classes[CLASS_task]);

    return txn_end(txn, recover(txn, first, server->host));
}

/* ---- old ones ------------------------------------------------------------ */

struct task_sweeper {
    const struct server *server;
    struct event *event;
};

/* One that still runs is not old. */
static bool is_old(const struct server *server, const struct object *o,
                   int64_t now)
{
    if (task_is_done(o))
        return now - get_task_finished(o) > TASK_DONE_SECONDS;
    return now - get_task_created(o) > TASK_PENDING_SECONDS &&
           !task_call(server, object_ref(o));
}

static void sweep(int fd, short what, void *arg)
{
    const struct task_sweeper *s = arg;
    struct db *db = s->server->db;
    const struct model_class *class = &model_classes[CLASS_task];
    struct txn *txn = txn_begin(db);
    struct object *next;
    unsigned n_done = 0;

    (void)fd, (void)what;
    for (struct object *o = db_first(db, class); o; o = object_next(o))
        n_done += task_is_done(o);
    for (struct object *o = db_first(db, class); o; o = next) {
        bool done = task_is_done(o);

        next = object_next(o);
        if (!is_old(s->server, o, time(NULL)) &&
            !(done && n_done > TASKS_DONE_MAX))
            continue;
        n_done -= done;
        txn_destroy(txn, o);
    }
    txn_commit(txn);
}

struct task_sweeper *task_sweeper_new(const struct server *server)
{
    struct task_sweeper *s = xcalloc(1, sizeof(*s));

    s->server = server;
    s->event = event_new(server->base, -1, EV_PERSIST, sweep, s);
    event_add(s->event, &(struct timeval){SWEEP_SECONDS, 0});
    return s;
}

void task_sweeper_free(struct task_sweeper *s)
{
    if (!s)
        return;
    event_free(s->event);
    free(s);
}
