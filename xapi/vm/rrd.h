/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * rrd: GET /rrd_updates, what was measured of guests and of the host over the
 * last minutes (rrd_past.h), as XML or JSON. It is measured, by a worker each
 * PAST_STEP seconds, while somebody has asked for it within
 * RRD_KEEP_SECONDS: who asks first finds nothing yet.
 */
#ifndef XAPI_RRD_H
#define XAPI_RRD_H

#include "xapi/call/gate.h"
#include "xapi/call/server.h"

#define RRD_KEEP_SECONDS 900

struct event;
struct past;
struct job;

struct rrd {
    struct server *server;
    /* rrd.c's */
    struct gate gate;
    struct past *past;
    struct event *timer;
    struct job *job;
    int64_t asked; /* when somebody did last, seconds */
};

/* R stays as long as HTTP does. */
void rrd_serve(struct http *http, struct rrd *r);
void rrd_done(struct rrd *r); /* also of one that never served */

#endif
