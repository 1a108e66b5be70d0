/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sr_mark: what workers say of the files of a repository while they are at
 * work, in files beside them: ".NAME.pending" (made or removed, and not
 * settled) and ".NAME.used.USER". A mark is locked by the worker that made it
 * until that ends; what a mark says whose worker has gone is for the database
 * to decide. One lock of the directory is held by whoever changes anything.
 */
#ifndef XAPI_SR_MARK_H
#define XAPI_SR_MARK_H

#include "lib/pool.h"

/* The directory's, for a while: AUTO_FD. */
struct err *mark_lock(const char *dir, int *ret_fd) MUST_USE;

struct err *mark_pending(const char *dir, const char *name) MUST_USE;
struct err *mark_used(const char *dir, const char *name,
                      const char *user) MUST_USE;
/* Not there is fine. */
struct err *mark_not_pending(const char *dir, const char *name) MUST_USE;
struct err *mark_not_used(const char *dir, const char *name,
                          const char *user) MUST_USE;

/* A mark, as its file's name says it. */
struct mark {
    const char *name; /* of what */
    const char *user; /* NULL: it is pending */
};
/* FILE is a mark; texts are in P. */
bool mark_read(struct pool *p, const char *file, struct mark *ret);
/* Who made it is still there. */
bool mark_is_held(const char *dir, const struct mark *m);

#endif
