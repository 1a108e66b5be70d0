/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* requests: the inside of a store, for the files that make it up. */
#ifndef XENSTORE_REQUESTS_H
#define XENSTORE_REQUESTS_H

#include "xenstore/events.h"
#include "xenstore/listing.h"
#include "xenstore/store.h"
#include "xenstore/wire.h"

/* A request whose answer is to come. */
struct slot_out {
    bool busy;
    uint32_t id, type;         /* as they were sent */
    struct store_batch *batch; /* NULL: nobody wants the answer any more */
    size_t i;                  /* in the batch */
    struct listing *listing;   /* NULL: it is no big directory, so far */
};

struct store {
    struct wire wire;
    bool was_opened; /* by store_open: the same can be opened again */
    struct events events;
    struct slot_out slots[STORE_OUTSTANDING_MAX];
    size_t n_busy;
    uint32_t next_id;
    size_t n_answers;
    struct store_batch *queue, **queue_end; /* those with something to send */
    double timeout;                         /* seconds between two answers */
    double heard; /* when the last was, or when we began to wait */
    char *broken; /* why nothing more can be asked */
    char *turns;  /* the lock of transactions, NULL: none */
};

/* Sends what can be sent now; takes what has arrived. */
struct err *requests_send(struct store *s) MUST_USE;
struct err *requests_receive(struct store *s) MUST_USE;
/* Ends the connection, if it has not ended yet: E is why. */
void requests_break(struct store *s, const struct err *e);
/* No answer for too long ends the connection. */
struct err *requests_check_time(struct store *s) MUST_USE;
/* "read", "write" ...: for sentences. */
const char *requests_verb(enum store_op op);

#endif
