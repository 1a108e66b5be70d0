/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * call: one call of the API while it runs, and the only dispatcher. Whoever
 * takes calls from clients (rpc.h) hands them to call_start; it looks up the
 * row, holds session, roles and arguments against the model, runs the body of
 * the row's kind and tells the taker when the answer is there. Knows neither
 * HTTP nor a codec.
 *
 * A body of a custom call is
 *
 *     struct err *VM_start(struct call *c, const struct VM_start_args *a);
 *
 * with a prototype, the struct and a place in call_bodies made by modelc out of
 * the model. An error is the answer; so is what call_return_* was given (a
 * result that is not void has to be given). A body that cannot answer yet calls
 * call_later and returns NULL; call_finish is the answer then.
 */
#ifndef XAPI_CALL_H
#define XAPI_CALL_H

#include "lib/pool.h"
#include "lib/value.h"
#include "xapi/db/db.h"
#include "xapi/model/model.h"

struct audit_notes;
struct call;
struct codec;
struct server;
struct session;
struct writer;

/* ---- who calls ----------------------------------------------------------- */

struct caller {
    bool root;           /* by the Unix socket, as root: may do everything */
    const char *address; /* "192.0.2.7", "" on the Unix socket */
    const char *agent;   /* User-Agent, "" */
    const struct codec *codec; /* of the answer, or NULL */
};

/* ---- a call -------------------------------------------------------------- */

/* Takes the answer, once, and with it call->failure. The call is gone then. */
typedef void call_done_fn(struct call *c, void *arg);
/* Writes a result that is no datum. */
typedef void call_write_fn(struct writer *w, const void *arg);
typedef struct err *call_body_fn(struct call *c);

struct call {
    struct pool *pool; /* the call's own */
    struct server *server;
    struct db *db;
    struct caller caller; /* texts in the pool */
    const struct model_call *row;
    /* row->n_params of them, what was left out as the model says; a map of sets
     * has the sets as texts (datum.h). In place of a record nothing: */
    const struct model_value *args;
    const struct value *record;    /* a constructor's, a struct */
    const char *session;           /* ref; NULL for calls without one */
    const char *user, *originator; /* the session's */
    const char *task;              /* ref of the task it runs as, or NULL */
    double began;                  /* by the clock */
    /* set by call_return_* and call_finish */
    bool returned;
    struct model_value result; /* of row->result, unless WRITE */
    call_write_fn *write;
    const void *write_arg;
    struct err *failure;
    struct audit_notes *notes; /* audit.h: what it changed ... */
    unsigned n_changes;        /* ... and how much that is */
    bool has_lines;            /* that may still wait: call_write_lines */

    /* call.c's */
    call_done_fn *done;
    void *done_arg;
    void (*cancel)(struct call *c, void *arg);
    void *cancel_arg;
    bool async, waits, cancelled;
    struct err *why;           /* it was cancelled */
    struct pool *own;          /* of a call that outlives its request */
    struct call *next, **link; /* server->waiting */
};

/*
 * One call of METHOD ("VM.start", "VM_start", "Async.VM.start") with ARGS, the
 * session first. DONE(ARG) is called once, now or later, with failure or result
 * in the call; NULL is returned then or, for a call that waits, the call, for
 * call_cancel. P is the caller's, and has to stay until then.
 */
struct call *call_start(struct server *server, struct pool *p,
                        const struct caller *caller, const char *method,
                        const struct value *args, call_done_fn *done,
                        void *arg);
/* Nobody waits for the answer any more: DONE is not called. */
void call_give_up(struct call *c);
/* A call that waits fails of WHY. */
void call_cancel(struct call *c, struct err *why);
/* The result, or nothing for void, as the model says it is. */
void call_write_result(const struct call *c, struct writer *w);

/* D is of row->result's type and lives as long as the pool. */
void call_return(struct call *c, struct model_value d);
void call_return_ref(struct call *c, const char *ref); /* copied */
/* Ends TXN, in which O was made; E: that failed. The answer is O. */
struct txn;
struct err *call_end_new(struct call *c, struct txn *txn,
                         const struct object *o, struct err *e) MUST_USE;
void call_return_string(struct call *c, const char *text); /* copied */
void call_return_int(struct call *c, int64_t i); /* bool, enum, datetime too */
void call_return_float(struct call *c, double d);
void call_return_by(struct call *c, call_write_fn *write, const void *arg);

/* The body of CLASS.NAME where what follows finds its arguments in C. */
#define CALL_BODY(class_, name_, ...)                                     \
    struct err *class_##_##name_(struct call *c,                          \
                                 const struct class_##_##name_##_args *a) \
    {                                                                     \
        (void)a;                                                          \
        return __VA_ARGS__;                                               \
    }

/* The answer comes later. CANCEL(ARG) is called when it shall not any more (the
 * client or its session has gone, the task was cancelled): the body takes back
 * what would call it, and calls call_finish before it returns; or, when it has
 * to undo something first and C is async (else what C is made of goes),
 * call_cancel_later: then call_finish comes when it comes, and says how it
 * ended. */
typedef void call_cancel_fn(struct call *c, void *arg);
void call_later(struct call *c, call_cancel_fn *cancel, void *arg);
void call_cancel_later(struct call *c);
/* E (NULL: what was returned) is the answer. Frees the call. */
void call_finish(struct call *c, struct err *e);

/* Lines of the audit log and the log wait for this, or some milliseconds: who
 * answers calls sees to it that a call's are written before. */
void call_write_lines(struct server *server);

/* What is committed from now on is C's doing (NULL: no call's), for the audit
 * log; gives whose it was. For calls that wait and write later. */
struct call *call_doing(struct server *server, struct call *c);

/* The task that C is seen as while it runs; begins it if there is none yet. */
const char *call_task(struct call *c);

/* By the id of the row (CALL_VM_start), NULL: no body. Made by modelc. */
extern call_body_fn *const call_bodies[];

#endif
