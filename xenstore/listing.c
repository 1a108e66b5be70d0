/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* listing: see listing.h. */
#include "xenstore/listing.h"

#include <errno.h>
#include <string.h>

#include "xenstore/store.h"

#define TRIES_MAX 10 /* of a directory that changes all the time */

void listing_init(struct listing *l)
{
    *l = (struct listing){.names.max = STORE_LIST_MAX};
}

void listing_done(struct listing *l)
{
    str_done(&l->names);
    free(l->generation);
}

/* From the beginning, unless that was tried often enough. */
static bool begin_again(struct listing *l)
{
    str_clear(&l->names);
    free(take_ptr(l->generation));
    if (++l->tries == TRIES_MAX)
        l->errnum = EAGAIN;
    return l->errnum;
}

/*
 * An answer is the directory's generation as a string, then names, and an empty
 * name where the list ends.
 */
struct err *listing_take(struct listing *l, const struct frame *f,
                         bool *ret_whole)
{
    const char *generation = f->data;
    size_t start;

    l->errnum = wire_errnum(f);
    *ret_whole = l->errnum;
    if (l->errnum)
        return NULL;
    start = f->len && !f->data[f->len - 1] ? strlen(generation) + 1 : f->len;
    if (start >= f->len)
        return wire_nonsense("a part of a directory without an end");
    if (l->generation && strcmp(l->generation, generation)) {
        *ret_whole = begin_again(l);
        return NULL;
    }
    if (!l->generation)
        l->generation = xstrdup(generation);
    /* The name before the end is empty: another NUL. */
    *ret_whole = !f->data[f->len - 2];
    str_addn(&l->names, f->data + start, f->len - start - *ret_whole);
    return str_full(&l->names) ? wire_nonsense("a directory without an end")
                               : NULL;
}
