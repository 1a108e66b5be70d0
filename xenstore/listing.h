/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * listing: a directory whose names are more than one frame holds, put together
 * from the answers to XS_DIRECTORY_PART, for store.c.
 */
#ifndef XENSTORE_LISTING_H
#define XENSTORE_LISTING_H

#include "lib/str.h"
#include "xenstore/wire.h"

struct listing {
    struct str names; /* so far; the next part begins at its length */
    char *generation; /* of the directory, from the first part */
    int tries;        /* times it has changed under our hands */
    int errnum;       /* why there will be no list */
};

void listing_init(struct listing *l);
void listing_done(struct listing *l);
/* The answer to the part from names.len on; *ret_whole: no other is needed. */
struct err *listing_take(struct listing *l, const struct frame *f,
                         bool *ret_whole) MUST_USE;

#endif
