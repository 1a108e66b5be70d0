/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * job: slow work in a forked worker. A work function is a straight line that
 * blocks as it pleases:
 *
 *     static struct err *work(struct job *j, void *arg)
 *     {
 *         TRY(hv->create(hv, plan, &domid));
 *         job_undo(j, destroy_domain, domain);
 *         TRY(hv->unpause(hv, domid));
 *         return job_commit(j, write_running, arg);
 *     }
 *
 * It has the whole database, and all else, by copy-on-write. What it writes
 * goes home as rows, which the daemon applies and has on disk before job_commit
 * returns. When it fails, what it has done is undone, last first. A worker that
 * dies is an error of the job and nothing else. When the daemon dies, a worker
 * finds out at its next job_commit and takes back what it did; unless it was
 * waiting for an answer, then it ends, and leaves all to the next start: with a
 * line in the log if the daemon has vanished, without if it was told
 * (job_forget).
 *
 * To cancel is a signal (SIGTERM) that a worker keeps blocked: whatever waits
 * for long waits by job_sleep, which ends with an error of kind interrupted.
 * Knows no VM.
 */
#ifndef XAPI_JOB_H
#define XAPI_JOB_H

#include "xapi/db/txn.h"

struct event_base;
struct job;

typedef struct err *job_work_fn(struct job *j, void *arg);
/* It is over: E (the function's own to free) is why it failed; DIED: it could
 * not undo anything. J is gone behind it. */
typedef void job_done_fn(void *arg, struct err *e, bool died);
/* How far it says it is, 0 to 1. */
typedef void job_progress_fn(void *arg, double share);

/* A text that the work has for who began it. */
typedef void job_said_fn(void *arg, const char *text);

/* Does what rows (txn.h) say, as txn_apply does. */
typedef struct err *job_apply_fn(void *arg, const char *rows, size_t len);

struct job_start {
    struct event_base *base;
    struct db *db;
    const char *title; /* for the log, and the worker's name for ps and top */
    bool often;        /* that it is done is for the verbose log */
    job_work_fn *work;
    void *work_arg; /* the worker has a copy of what it points at */
    job_done_fn *done;
    job_progress_fn *progress; /* or NULL */
    job_said_fn *said;         /* or NULL */
    job_apply_fn *apply;       /* NULL: txn_apply on DB */
    void *arg;
    int keep_fd;  /* stays open in the worker too, or -1 */
    int keep_too; /* and this one, or 0 */
};
/* S is copied. */
struct err *job_start(const struct job_start *s, struct job **ret) MUST_USE;
/* Asks it to stop, once: it ends as it ends. */
void job_cancel(struct job *j);
/* For the end of the daemon: it is asked to stop, nobody waits for it, and DONE
 * is not called. */
void job_forget(struct job *j);

/* ---- in a worker --------------------------------------------------------- */

struct pool *job_pool(struct job *j);
struct db *job_db(struct job *j);
/* UNDO(ARG) is called if the work fails from here on. */
typedef struct err *job_undo_fn(void *arg);
void job_undo(struct job *j, job_undo_fn *undo, void *arg);
/* AFTER(ARG) is called when the work has succeeded, in the order they were
 * given: for what can wait until nothing is to be taken back any more. An error
 * of it is logged, and fails nothing. */
void job_after(struct job *j, job_undo_fn *after, void *arg);
/* WORK(J, ARG) as a part that stands by itself: when it fails, what it did is
 * undone, and no more; when it succeeds it is over (job_after too), whatever
 * comes behind it. A cancel that has ended one part does not reach the next. */
struct err *job_part(struct job *j, job_work_fn *work, void *arg) MUST_USE;
/* Writes by WRITE, in one txn; when this returns NULL it is on disk. */
typedef struct err *job_write_fn(struct txn *txn, void *arg);
struct err *job_commit(struct job *j, job_write_fn *write, void *arg) MUST_USE;
void job_progress(struct job *j, double share);
void job_say(struct job *j, const char *text);
/* An error of kind interrupted once the job was cancelled. */
struct err *job_sleep(double seconds) MUST_USE;

/* In a child that the worker forks and that is not to be a part of it: closes
 * what joins the worker to the daemon, and takes signals as a program does. */
void job_left_worker(void);

#endif
