/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * task: calls that clients can watch. An Async call is a task that stays, with
 * its result, until a client destroys it or it is too old; a call that somebody
 * waits for is one while it runs. Tasks that were pending when the daemon ended
 * are not in the database that the next one opens.
 */
#ifndef XAPI_TASK_H
#define XAPI_TASK_H

#include "xapi/call.h"

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
/* Of type call_write_fn; ARG is the ref. */
void task_write_ref(struct writer *w, const void *arg);

/* Removes what is too old, now and then. */
struct event_base;
struct task_sweeper;
struct task_sweeper *task_sweeper_new(struct event_base *base, struct db *db);
void task_sweeper_free(struct task_sweeper *s); /* NULL is fine */

#endif
