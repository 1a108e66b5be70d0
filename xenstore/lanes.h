/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lanes: several connections to one daemon for many requests of which none
 * depends on another. The C daemon asks the kernel at each turn who has sent
 * something, and then takes one request from each who has: from four it gets a
 * third more done than from one.
 */
#ifndef XENSTORE_LANES_H
#define XENSTORE_LANES_H

#include "xenstore/store.h"

#define LANES_MAX 4

struct lanes {
    struct store *stores[LANES_MAX]; /* the first is the caller's */
    size_t n;
    size_t n_submitted;
};

void lanes_init(struct lanes *l, struct store *first);
/* Closes all but the first. */
void lanes_done(struct lanes *l);

/* As store_submit, on one of them; connects more as there is work for them. */
struct err *lanes_submit(struct lanes *l, struct store_batch *b) MUST_USE;
/* Waits until something can be sent or received, and does it. Where one fails,
 * all do: the daemon is the same. */
struct err *lanes_turn(struct lanes *l) MUST_USE;

#endif
