/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * call: from a method's name and values to a body and its answer; see call.h.
 * The order of checks is what clients see: name, session, roles, arguments.
 */
#include "xapi/call/call.h"

#include <assert.h>
#include <event2/event.h>
#include <stdio.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/log.h"
#include "lib/str.h"
#include "xapi/call/audit.h"
#include "xapi/door/codec.h"
#include "xapi/call/crowd.h"
#include "xapi/call/generic.h"
#include "xapi/door/limits.h"
#include "xapi/db/record.h"
#include "xapi/call/server.h"
#include "xapi/call/session.h"
#include "xapi/call/task.h"
#include "xapi/model/errors_gen.h"
#include "xapi/model/model_gen.h"

#define ASYNC "Async."
#define SLOW_SECONDS 1.0
/* How long lines wait that nobody is to be answered for. */
#define LINES_MS 5

/* ---- results ------------------------------------------------------------- */

void call_return(struct call *c, struct model_value d)
{
    c->result = d;
    c->returned = true;
}

static void return_atom(struct call *c, union model_atom atom)
{
    call_return(c, (struct model_value){
                       1, pool_copy(c->pool, &atom, sizeof(atom)), NULL});
}

void call_return_string(struct call *c, const char *text)
{
    return_atom(c, (union model_atom){.s = pool_str(c->pool, text)});
}

void call_return_ref(struct call *c, const char *ref)
{
    call_return_string(c, ref);
}

struct err *call_end_new(struct call *c, struct txn *txn,
                         const struct object *o, struct err *e)
{
    if (!e)
        call_return_ref(c, object_ref(o));
    return txn_end(txn, e);
}

void call_return_int(struct call *c, int64_t i)
{
    return_atom(c, (union model_atom){.i = i});
}

void call_return_float(struct call *c, double d)
{
    return_atom(c, (union model_atom){.d = d});
}

void call_return_by(struct call *c, call_write_fn *write, const void *arg)
{
    c->write = write;
    c->write_arg = arg;
    c->returned = true;
}

void call_write_result(const struct call *c, struct writer *w)
{
    if (c->write)
        c->write(w, c->write_arg);
    else if (!c->row || c->row->result->kind == MODEL_VOID)
        writer_string(w, "");
    else
        record_write_datum(w, c->row->result, c->result);
}

/* ---- the end of a call --------------------------------------------------- */

/* Behind it C is gone: it is in a pool of whom it was answered to. */
static void answer(struct call *c)
{
    if (c->done)
        c->done(c, c->done_arg);
    else
        err_free(c->failure);
}

static void set_session(struct call *c, const struct session *s)
{
    c->user = pool_str(c->pool, session_user(s));
    c->originator = pool_str(c->pool, session_program(s));
}

static enum crowd_kind kind_of(const struct call *c)
{
    const struct model_call *row = c->row;

    if (row == &model_calls[CALL_event_from] ||
        row == &model_calls[CALL_event_next])
        return CROWD_EVENTS;
    return row->async && row->class->task_per_call ? CROWD_WORK : CROWD_KINDS;
}

/* ---- what is said of a call ---------------------------------------------- */

void call_write_lines(struct server *server)
{
    audit_write(server->audit);
    log_write();
}

static void on_lines(int fd, short what, void *arg)
{
    (void)fd, (void)what;
    call_write_lines(arg);
}

/* Most are written before, when the first of those they are about is answered.
 */
static void write_lines_soon(struct server *server)
{
    static const struct timeval at_the_latest = {0, LINES_MS * 1000};

    if (!server->lines)
        server->lines = evtimer_new(server->base, on_lines, server);
    if (!evtimer_pending(server->lines, NULL))
        evtimer_add(server->lines, &at_the_latest);
}

static void add_words(struct str *out, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        str_add(out, words[i] ? words[i] : "");
}

/* A line: at info what has changed something, failed or taken long, else at
 * debug. */
static bool log_call(const struct call *c)
{
    const char *const words[] = {
        c->async ? ASYNC : "",
        c->row->name,
        " ",
        c->user,
        "@",
        c->caller.address,
        c->task ? " " : "",
        c->task,
        ": ",
        c->failure ? err_text(c->failure) : "success",
        ", ",
    };
    double seconds = clock_now() - c->began;
    bool slow = seconds > SLOW_SECONDS && kind_of(c) != CROWD_EVENTS;
    enum log_level level =
        c->failure || c->n_changes || slow ? LOG_INFO_ : LOG_DEBUG_;
    AUTO_STR struct str text = STR_INIT(LOG_TEXT_MAX);

    if (!log_shows(level))
        return false;
    add_words(&text, words, ARRAY_LEN(words));
    str_addd(&text, seconds * 1e3, 1);
    str_add(&text, " ms");
    log_later(level, "call", &text);
    return true;
}

/* Who was nobody and is somebody now. */
static void audit(struct call *c)
{
    if (!c->row)
        return;
    if (!c->user && !c->failure && c->returned && !c->write &&
        c->row->result->class == &model_classes[CLASS_session])
        set_session(c, session_find(c->server->sessions, c->result.keys[0].s));
    c->has_lines = audit_call(c->server->audit, c);
    c->has_lines |= log_call(c);
    if (c->has_lines)
        write_lines_soon(c->server);
}

/* What runs as a task has its answer there; who started it has the task. */
static void end(struct call *c, struct err *e)
{
    assert(e || c->returned || c->row->result->kind == MODEL_VOID);
    c->failure = e;
    if (c->task)
        task_finish(c);
    audit(c);
    answer(c);
}

void call_later(struct call *c, call_cancel_fn *cancel, void *arg)
{
    c->waits = true;
    c->cancel = cancel;
    c->cancel_arg = arg;
}

static void link_call(struct call *c)
{
    struct call **head = &c->server->waiting;
    enum crowd_kind kind = kind_of(c);

    c->next = *head;
    c->link = head;
    if (c->next)
        c->next->link = &c->next;
    *head = c;
    if (kind != CROWD_KINDS)
        crowd_enter(c->server->crowd, c->user, c->caller.address, kind);
}

static void unlink_call(struct call *c)
{
    enum crowd_kind kind = kind_of(c);

    if (!c->link)
        return;
    if (kind != CROWD_KINDS)
        crowd_leave(c->server->crowd, c->user, c->caller.address, kind);
    *c->link = c->next;
    if (c->next)
        c->next->link = c->link;
    c->link = NULL;
}

void call_finish(struct call *c, struct err *e)
{
    struct pool *own = c->own;

    assert(c->waits);
    c->waits = false;
    unlink_call(c);
    if (c->why) {
        err_free(e);
        e = take_ptr(c->why);
    }
    end(c, e);
    pool_free(own);
}

void call_give_up(struct call *c)
{
    c->done = NULL;
    call_cancel(c, err_code("TASK_CANCELLED", &c->task, 1));
}

void call_cancel(struct call *c, struct err *why)
{
    if (c->cancelled) {
        err_free(why);
        return;
    }
    c->cancelled = true;
    c->why = why;
    if (c->async)
        task_note_cancel(c);
    c->cancel(c, c->cancel_arg);
}

void call_cancel_later(struct call *c)
{
    assert(c->async);
    err_free(take_ptr(c->why));
}

struct call *call_doing(struct server *server, struct call *c)
{
    struct call *before = server->doing;

    server->doing = c;
    return before;
}

/* The task is no change that the call was made for. */
const char *call_task(struct call *c)
{
    struct call *before = call_doing(c->server, NULL);

    if (!c->task)
        c->task = pool_str(c->pool, task_begin(c));
    call_doing(c->server, before);
    return c->task;
}

/* ---- arguments ----------------------------------------------------------- */

/* The session does not count: without one, it is -1 that was received. */
static struct err *wrong_count(const struct model_call *row, int n)
{
    char expected[16], received[16];

    snprintf(expected, sizeof(expected), "%u", row->n_params);
    snprintf(received, sizeof(received), "%d", n);
    return err_MESSAGE_PARAMETER_COUNT_MISMATCH(row->name, expected, received);
}

static struct err *check_count(const struct model_call *row, size_t n)
{
    /* What follows optional parameters has always been ignored. */
    if (n >= row->n_required &&
        (n <= row->n_params || row->n_required < row->n_params))
        return NULL;
    return wrong_count(row, (int)n);
}

static struct err *read_arg(struct call *c, const struct model_param *param,
                            const struct value *v, struct model_value *ret)
{
    struct err *e;

    if (param->type->kind == MODEL_RECORD) {
        if (v->kind != VALUE_STRUCT)
            return err_FIELD_TYPE_ERROR(param->name);
        c->record = v;
        return NULL;
    }
    e = datum_from_value(c->pool, param->type, v, ret);
    if (!e)
        return NULL;
    log_debug("call", "%s: %s: %s", c->row->name, param->name, err_text(e));
    err_drop(e, "the client has a code for it");
    if (param->type->kind == MODEL_ENUM && v->kind == VALUE_STRING)
        return err_INVALID_VALUE(param->name, v->s.text);
    return err_FIELD_TYPE_ERROR(param->name);
}

static struct err *read_args(struct call *c, const struct value *args)
{
    struct model_value *list =
        pool_alloc(c->pool, (c->row->n_params + 1) * sizeof(*list));
    const struct value *v = args->kids.first;

    if (c->row->session)
        v = v->next;
    for (unsigned i = 0; i < c->row->n_params; i++) {
        const struct model_param *param = &c->row->params[i];

        if (!v) {
            list[i] = param->initial;
            continue;
        }
        TRY(read_arg(c, param, v, &list[i]));
        v = v->next;
    }
    c->args = list;
    return NULL;
}

/* ---- who may ------------------------------------------------------------- */

static struct err *check_session(struct call *c, const struct value *args)
{
    const struct value *first = args->kids.first;
    struct session *session;

    if (!c->row->session)
        return NULL;
    if (!first)
        return wrong_count(c->row, -1);
    if (first->kind != VALUE_STRING)
        return err_SESSION_INVALID("");
    session = session_find(c->server->sessions, first->s.text);
    if (!session)
        return err_SESSION_INVALID(first->s.text);
    session_touch(session);
    c->session = pool_str(c->pool, session_ref(session));
    set_session(c, session);
    return NULL;
}

static struct err *check_roles(const struct call *c)
{
    const char *key = NULL;

    if (!c->row->session)
        return NULL;
    for (unsigned i = 0; c->row->n_key_roles && i < c->row->n_params; i++)
        if (!strcmp(c->row->params[i].name, "key"))
            key = c->args[i].keys[0].s;
    return session_may_call(session_find(c->server->sessions, c->session),
                            c->row, key);
}

static struct err *check_room(const struct call *c)
{
    const struct limits *limits = c->server->limits;
    enum crowd_kind kind = kind_of(c);
    unsigned n = kind == CROWD_KINDS ? 0
                                     : crowd_count(c->server->crowd, c->user,
                                                   c->caller.address, kind);

    if (kind == CROWD_WORK && n >= limits->client_tasks)
        return err_TOO_MANY_PENDING_TASKS();
    if (kind == CROWD_EVENTS && n >= limits->client_listeners)
        return err_TOO_BUSY();
    return NULL;
}

/* ---- the call ------------------------------------------------------------ */

static struct err *no_such_method(const struct call *c, const char *method,
                                  const struct value *args)
{
    const struct value *first = args->kids.first;

    if (first && first->kind == VALUE_STRING &&
        !session_find(c->server->sessions, first->s.text))
        return err_SESSION_INVALID(first->s.text);
    log_info("call", "%s @%s: there is no such call", method,
             c->caller.address);
    return err_MESSAGE_METHOD_UNKNOWN(method);
}

static struct err *find_row(struct call *c, const char *method, bool async,
                            const struct value *args)
{
    const char *name = async ? method + strlen(ASYNC) : method;

    c->row = async && !strchr(name, '.') ? NULL : model_call_find(name);
    if (!c->row)
        return no_such_method(c, method, args);
    if (async && !c->row->async)
        return err_code(
            "Fault",
            (const char *const[]){pool_printf(
                c->pool, "No async mode for this operation (rpc: %s)", name)},
            1);
    return NULL;
}

static struct err *check(struct call *c, const char *method, bool async,
                         const struct value *args)
{
    size_t n = args->kids.n;

    TRY(find_row(c, method, async, args));
    TRY(check_session(c, args));
    if (c->row->state == MODEL_REMOVED)
        return err_MESSAGE_REMOVED();
    TRY(check_count(c->row, n - c->row->session));
    TRY(read_args(c, args));
    TRY(check_roles(c));
    if (c->row->unimplemented)
        return err_NOT_IMPLEMENTED(c->row->name);
    return check_room(c);
}

static struct err *run(struct call *c)
{
    call_body_fn *body = call_bodies[c->row - model_calls];
    struct call *before = call_doing(c->server, c);
    struct err *e = body ? body(c) : generic_run(c);

    call_doing(c->server, before);
    return e;
}

/* A call that takes long is seen as a task while it runs. */
static bool shows(const struct call *c)
{
    return !c->task && c->session && c->row->kind == MODEL_CUSTOM &&
           c->row->class->task_per_call;
}

/* Runs C; true when it waits. */
static bool begin(struct call *c)
{
    struct err *e = run(c);

    if (!e && c->waits) {
        link_call(c);
        if (shows(c))
            call_task(c);
        return true;
    }
    c->waits = false;
    end(c, e);
    return false;
}

/* The client has its answer, a task, at once; the call goes on by itself. */
static void detach(struct call *c)
{
    struct pool *own = pool_new();
    struct call *a = pool_copy(own, c, sizeof(*c));
    struct model_value *args =
        pool_alloc(own, (c->row->n_params + 1) * sizeof(*args));

    for (unsigned i = 0; i < c->row->n_params; i++)
        args[i] = c->row->params[i].type->kind == MODEL_RECORD
                      ? DATUM_EMPTY
                      : datum_copy(own, c->row->params[i].type, c->args[i]);
    a->own = a->pool = own;
    a->args = args;
    a->record = c->record ? value_copy(own, c->record) : NULL;
    a->session = pool_str(own, c->session);
    a->user = pool_str(own, c->user);
    a->originator = pool_str(own, c->originator);
    a->caller.address = pool_str(own, c->caller.address);
    a->caller.agent = pool_str(own, c->caller.agent);
    a->done = NULL;
    a->async = true;
    a->task = pool_str(own, task_begin(a));
    c->row = NULL;
    c->write = task_write_ref;
    c->write_arg = pool_str(c->pool, a->task);
    c->returned = true;
    if (!begin(a))
        pool_free(own);
}

struct call *call_start(struct server *server, struct pool *p,
                        const struct caller *caller, const char *method,
                        const struct value *args, call_done_fn *done, void *arg)
{
    struct call *c = pool_new_of(p, struct call);
    bool async = text_has_prefix(method, ASYNC);

    *c = (struct call){.pool = p,
                       .server = server,
                       .db = server->db,
                       .caller = *caller,
                       .began = clock_now(),
                       .done = done,
                       .done_arg = arg};
    c->failure = check(c, method, async, args);
    if (c->failure || async) {
        if (c->failure)
            audit(c);
        else
            detach(c);
        answer(c);
        return NULL;
    }
    return begin(c) ? c : NULL;
}
