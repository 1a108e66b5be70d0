/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * glob: patterns of paths. A part between slashes may have *, ? and [abc], as
 * in a shell; none of these can stand in the name of a node, so a word is
 * either a path or a pattern.
 */
#ifndef XENSTORE_GLOB_H
#define XENSTORE_GLOB_H

#include "xenstore/store.h"

bool glob_is_pattern(const char *word);
/* Whether PATH is what PATTERN says, or below it. */
bool glob_covers(struct pool *p, const char *pattern, const char *path);
/* The longest beginning of PATTERN, in whole parts, that has no pattern: what
 * to watch to see all that it can match. */
char *glob_plain_part(struct pool *p, const char *pattern);
/* Words with each pattern replaced by the paths that match it, in the daemon's
 * order; one that matches nothing is an error. */
struct err *glob_expand(struct store *s, struct pool *p,
                        const char *const *words, size_t n,
                        const char ***ret_paths, size_t *ret_n) MUST_USE;

#endif
