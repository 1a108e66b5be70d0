/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* events: what watches have seen and nobody has taken yet, for store.c. */
#ifndef XENSTORE_EVENTS_H
#define XENSTORE_EVENTS_H

#include "xenstore/store.h"

#define EVENTS_MAX 4096

struct event; /* in the queue */

struct events {
    struct event *first, **last;
    size_t n;
    bool keeps_all; /* also those that say nothing new */
};

void events_init(struct events *q);
void events_done(struct events *q);
/* A frame's data: path and watch as two strings. */
struct err *events_add(struct events *q, const char *data, size_t len) MUST_USE;
/* The oldest, its strings in P; false: there is none. */
bool events_take(struct events *q, struct pool *p, struct store_event *ret);
/* Drops those of a watch. */
void events_forget(struct events *q, const char *watch);

#endif
