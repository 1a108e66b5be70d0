/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* rrd_answer: a request for what was measured, and its answer. */
#ifndef XAPI_RRD_ANSWER_H
#define XAPI_RRD_ANSWER_H

#include "xapi/door/http.h"

struct event_base;
struct past;

/*
 * Parameters: start (seconds; below 0 from now), interval (the least time
 * between rows), cf (AVERAGE, MIN or MAX; of rows of PAST_STEP there is AVERAGE
 * alone), host=true, vm_uuid (of one VM; may come again), sr_uuid (the same;
 * none: of no SR), json=true. Rows are the newest first. False: that made no
 * sense.
 */
bool rrd_answer(struct http_request *r, struct event_base *base,
                struct past *h);

#endif
