/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * transfer: what is too large for a call goes over a connection of its own,
 * which a worker has from then on: the loop sees no byte of it. It is an
 * operation on an object, and a task that says how it ended: the client's
 * (task_id) or one made for it, whose ref is the header task-id of the answer.
 * That begins at once, before the body is read.
 */
#ifndef XAPI_TRANSFER_H
#define XAPI_TRANSFER_H

#include "xapi/door/http.h"
#include "xapi/call/job.h"
#include "xapi/call/server.h"

#define TRANSFER_IDLE_SECONDS 600 /* without a byte, then it has failed */

struct transfer_all; /* those that go on */

/* What a worker has. */
struct transfer {
    struct object *object; /* the first, or NULL */
    void *arg;
    bool has_length;
    uint64_t length; /* of what comes */
    /* transfer.c's */
    int fd;
    const char *bytes; /* that came with the head */
    size_t len;
    uint64_t taken;
    const struct http_request *request;
    const char *content_type;
};

struct transfer_start {
    struct http_request *request;
    struct object *const *objects; /* ends with NULL; NULL: of nothing */
    unsigned op;                   /* on each of them */
    const char *title;             /* of a task made for it */
    const char *content_type;      /* of what goes out, or NULL */
    bool late_head;                /* the worker sends the answer's head */
    job_work_fn *work;             /* its argument is a struct transfer */
    void *arg;
    /* In the loop, once the work has succeeded; or NULL. */
    void (*done)(struct server *server);
};

/* The server's, from then on. */
struct transfer_all *transfer_all_new(struct server *server);
/* Workers take back what they did. */
void transfer_all_free(struct transfer_all *all); /* NULL is fine */
/* Answers the request, one way or the other. What the worker says is the
 * task's result. A PUT of nothing that names no task is answered and begins
 * nothing: clients ask so whether they are where they shall send to. */
void transfer_begin(struct transfer_all *all, const struct transfer_start *s);

/* Of the one whose task this is, if there is one. ALL may be NULL. */
void transfer_cancel(struct transfer_all *all, const char *task);

/* ---- in a worker --------------------------------------------------------- */

/* Fills INTO; less, or 0, at the end, wherever that is. */
struct err *transfer_read(struct transfer *t, void *into, size_t len,
                          size_t *ret) MUST_USE;
struct err *transfer_write(struct transfer *t, const void *bytes,
                           size_t len) MUST_USE;

/* The answer's head, for who has said so (late_head). */
struct err *transfer_head(struct transfer *t, int status,
                          int64_t length) MUST_USE;

/* After a failure: a client that is still sending shall get to read the answer.
 */
void transfer_drain(struct transfer *t);

#endif
