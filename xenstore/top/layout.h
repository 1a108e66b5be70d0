/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * layout: which columns of a table stand where in a screen of some width. Knows
 * widths and ranks only.
 */
#ifndef XENSTORE_TOP_LAYOUT_H
#define XENSTORE_TOP_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>

struct layout_item {
    int width;   /* at least */
    int grow_to; /* at most, when there is room; 0: WIDTH */
    int rank;    /* 1 stays longest as the screen gets narrower; 0: only
                  * shown when scrolled to */
};

struct layout_place {
    size_t item;
    int col, width;
};

/*
 * Puts items next to each other, one blank between, in their order. The first
 * one is always there. SKIP 0: those of the lowest ranks that fit together;
 * what is left of WIDTH is given to those that can grow, first come, first
 * served. SKIP n: all from the n-th after the first on, of whatever rank, as
 * far as they fit. RET has room for all. Returns how many stand there.
 */
size_t layout_place(const struct layout_item *items, size_t n, int width,
                    size_t skip, struct layout_place *ret);

/* The first line to show of N in a window of ROWS, which showed TOP first, so
 * that line CURSOR (below 0: none) is in it and no room is wasted. */
int layout_top(int top, int n, int rows, int cursor);

#endif
