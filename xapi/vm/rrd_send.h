/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* rrd_send: an answer of very many numbers, written in slices of a few
 * milliseconds between which others have their turn. */
#ifndef XAPI_RRD_SEND_H
#define XAPI_RRD_SEND_H

#include "xapi/door/http.h"

struct event_base;

struct rrd_text {
    const char *type;
    /* Writes a piece; false: that was the last. */
    bool (*next)(void *arg, struct str *out);
    void (*done)(void *arg); /* all is written, or nobody wants it any more */
    void *arg;
};

/* Answers R; TEXT, which is copied, and its argument stay as long as it does
 * (they may be in its pool). */
void rrd_send(struct http_request *r, struct event_base *base,
              const struct rrd_text *text);

#endif
