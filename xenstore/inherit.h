/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * inherit: of the requests of one transaction, which nodes are new and what
 * permissions they have: those of the node above, when a program of Dom0's
 * makes them. libxl sets most of them once more.
 */
#ifndef XENSTORE_INHERIT_H
#define XENSTORE_INHERIT_H

#include "xenstore/xs_conn.h"

struct inherit {
    struct pool *pool;
    struct inherit_node *nodes; /* what is known */
    size_t n;
    const char **roots; /* what was removed, with all below */
    size_t n_roots;
};

/* Takes note of the request; true when it would only set the permissions that
 * its node has. */
bool inherit_has(struct inherit *in, const struct xs_request *r);

#endif
