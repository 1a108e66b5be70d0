/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * rrd: what was measured of guests, hosts and repositories over time
 * (rrd_past.h), and what is recorded of it for longer. GET /rrd_updates gives
 * rows of the last minutes, or of archives; /vm_rrd, /host_rrd and /sr_rrd all
 * archives of one. It is measured, by a worker each PAST_STEP seconds, where
 * there is a hypervisor: what is standard is recorded there by itself.
 * Elsewhere only while somebody has asked for rows within RRD_KEEP_SECONDS (who
 * asks first finds nothing yet), or something was chosen to be recorded.
 */
#ifndef XAPI_RRD_H
#define XAPI_RRD_H

#include "xapi/call/gate.h"
#include "xapi/call/server.h"

#define RRD_KEEP_SECONDS 900
/* Between times that what was chosen is saved, and all that is recorded. */
#define RRD_SAVE_SECONDS 300
#define RRD_SAVE_ALL_SECONDS 3600
#define RRD_PATHS 6

struct event;
struct past;
struct job;

struct rrd {
    struct server *server;
    /* rrd.c's */
    struct gate gates[RRD_PATHS];
    struct past *past;
    struct event *timer;
    struct job *job;
    int64_t asked;     /* when somebody did last, seconds */
    struct pool *told; /* what a worker has said, while it is taken, or NULL */
    char *told_at;
    const char *owner; /* of the lines there */
    struct event *taker;
    /* rrd_keep.c's */
    const char *dir;
    struct job *saving;
    struct rrd_saves {
        int64_t at; /* when it was last, seconds */
        unsigned n;
    } saved_chosen, saved_all;
    bool saves_all;
};

/* R stays as long as HTTP does. */
void rrd_serve(struct http *http, struct rrd *r);
void rrd_done(struct rrd *r); /* also of one that never served */

/* ---- what is recorded (rrd_keep.c) --------------------------------------- */

/* SOURCE of O is. For workers, too. */
bool rrd_is_recorded(const struct rrd *r, const struct object *o,
                     const char *source);
/* What is standard is, by itself. */
bool rrd_keeps_standard(const struct rrd *r);

/* A source is recorded from when a worker has said so on disk and then the loop
 * in memory; the same for what is forgotten. */
struct err *rrd_record_on_disk(const struct rrd *r, const struct object *o,
                               const char *source) MUST_USE;
void rrd_record(struct rrd *r, const struct object *o, const char *source);
struct err *rrd_forget_on_disk(const struct rrd *r, const struct object *o,
                               const char *source) MUST_USE;
void rrd_forget(const struct rrd *r, const struct object *o,
                const char *source);

/* rrd.c's: there is something to measure for, perhaps. */
void rrd_wake(struct rrd *r);
/* rrd_keep.c's, for rrd.c. */
void rrd_keep_load(struct rrd *r);
void rrd_keep_tick(struct rrd *r); /* saves, when it is time */
void rrd_keep_end(struct rrd *r);  /* saves, here and now */

#endif
