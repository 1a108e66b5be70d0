/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * xs_transaction: what libxl writes in a transaction is kept here until it
 * reads in it or ends it, and then sent together: no round trip for each write,
 * and a write that was a failure makes the end one. And:
 *
 * - A permission that a new node has from its parent anyhow is not set again.
 * - Transactions of programs of ours take turns. Of two that collide the daemon
 *   has one done anew: many creates at once would mostly undo each other.
 * - What is written while a domain is made (making.h) goes without a
 * transaction, unless it is read in between. The nodes are that domain's alone;
 * who waits for devices waits for their "state", which goes last; a failure, or
 * our end, leaves what a failure between two transactions of libxl's leaves.
 *   xenstored then need not copy each node twice, and need not read it, and the
 *   one above, once for each guest there is, in order to find out who may hear
 *   of it: with a hundred guests that was half of a create.
 */
#ifndef XENSTORE_XS_TRANSACTION_H
#define XENSTORE_XS_TRANSACTION_H

#include "xenstore/xs_conn.h"

/* The number callers get, which is none of the daemon's. */
#define XS_TRANSACTION_KEPT UINT32_MAX

/* False when one is open: a second is the daemon's from its start. */
bool xs_transaction_keep(struct xs_handle *h);
bool xs_transaction_add(struct xs_handle *h, const struct xs_request *r);
/* The daemon's number for what is to be read in it. */
bool xs_transaction_read(struct xs_handle *h, uint32_t *ret_tx);
bool xs_transaction_done(struct xs_handle *h, bool abort);
/* One that will not end. NULL is fine. */
void xs_transaction_forget(struct xs_transaction *t);

#endif
