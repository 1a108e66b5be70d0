/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* job_impl: what both sides of a job share: the struct and the frames they
 * send each other. */
#ifndef XAPI_JOB_IMPL_H
#define XAPI_JOB_IMPL_H

#include <stdint.h>
#include <sys/types.h>

#include "lib/file.h"
#include "xapi/call/job.h"

enum frame_kind {
    FRAME_ROWS,      /* of a txn; answered by DONE or FAILED */
    FRAME_PROGRESS,  /* a double */
    FRAME_SAID,      /* a text */
    FRAME_FAILED,    /* a sentence */
    FRAME_CANCELLED, /* the same */
    FRAME_CODE,      /* the words of an error, a NUL behind each */
    FRAME_DONE,
    FRAME_LEFT, /* to a worker: the daemon ends, and so shall it */
};

struct frame {
    uint32_t kind, len; /* of what follows */
};
#define FRAME_MAX TXN_PACK_MAX

struct job_step {
    job_undo_fn *undo;
    void *arg;
};

/* A commit of a worker's on its way to the disk. */
struct job_writing {
    struct job *job; /* NULL: it is over */
};

struct job {
    struct db *db;
    char *title;
    bool often;
    int fd;
    /* the daemon's */
    pid_t pid;
    double began;
    struct event *event;
    struct evbuffer *input;
    job_done_fn *done;
    job_progress_fn *progress;
    job_said_fn *said;
    job_apply_fn *apply;
    void *arg;
    struct job_writing *writing; /* or NULL */
    struct err *failure;
    bool said_end, cancelled;
    /* the worker's */
    pid_t daemon;
    struct pool *pool;
    struct job_step *steps; /* to take back */
    size_t n_steps;
    struct job_step *after; /* to finish */
    size_t n_after;
};

/* Does the work and ends the process. */
void job_run_worker(struct job *j, const struct job_start *s, int fd)
    __attribute__((noreturn));

#endif
