/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * task: calls that clients can watch. An Async call is a task that stays, with
 * its result, until a client destroys it or it is too old; a call that somebody
 * waits for is one while it runs, and calls that are answered at once are none.
 * Tasks are on disk: those that were pending when the daemon ended have failed
 * (HOST_OFFLINE) when the next one begins, the others are as they were.
 */
#ifndef XAPI_TASK_H
#define XAPI_TASK_H

#include "xapi/call/call.h"
#include "xapi/model/model_gen.h"

#define TASK_DONE_SECONDS (65 * 60)
#define TASK_PENDING_SECONDS (24 * 3600)
#define TASKS_DONE_MAX 200 /* then the oldest go */

/* A pending task of C's session. */
struct txn;
struct err *task_make(struct txn *txn, const struct call *c, const char *label,
                      const char *description, struct object **ret) MUST_USE;
/* The new task of C; its ref is the database's. */
const char *task_begin(struct call *c);
/* C has its answer: it is the task's now. */
void task_finish(struct call *c);
/* O ends so; one that was to be destroyed then (task_drop) is. */
struct err *task_end(struct txn *txn, struct object *o,
                     enum task_status status) MUST_USE;
/* The same, by FAILURE or, when that is NULL, with RESULT: XML. */
struct err *task_end_of(struct txn *txn, struct object *o,
                        const struct err *failure, const char *result) MUST_USE;
/* It (C's) has been asked to stop, and goes on until it can. */
struct err *task_cancelling(struct txn *txn, struct object *o) MUST_USE;
void task_note_cancel(const struct call *c);
bool task_is_done(const struct object *o);
/* Destroys O: now, or when it ends. */
struct err *task_drop(struct txn *txn, struct object *o) MUST_USE;
/* The call that runs as the task, or NULL. */
struct call *task_call(const struct server *server, const char *task);
/* Before anybody asks: what was pending has failed. */
struct err *task_recover(const struct server *server) MUST_USE;
/* Of type call_write_fn; ARG is the ref. */
void task_write_ref(struct writer *w, const void *arg);

/* Removes what is too old, now and then. */
struct task_sweeper;
struct task_sweeper *task_sweeper_new(const struct server *server);
void task_sweeper_free(struct task_sweeper *s); /* NULL is fine */

#endif
