/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* near: "did you mean ...?" by edit distance. */
#ifndef LIB_NEAR_H
#define LIB_NEAR_H

#include <stddef.h>

/* Changes (insert, delete, replace, swap of neighbours, each 1; letter case is
 * free) that make B of A. Words over 64 characters are cut. */
unsigned near_distance(const char *a, const char *b);

/* Keeps the nearest word seen; start with {.word = "what was typed"}. */
struct near {
    const char *word;
    const char *best; /* NULL: nothing near enough so far */
    unsigned best_distance;
};
void near_try(struct near *n, const char *candidate);

#endif
