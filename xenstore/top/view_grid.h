/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view_grid: a screen as plain cells, and the places on it that a mouse can
 * click. Views write into it, screen.c shows it, tests read it as text. Knows
 * no terminal.
 */
#ifndef XENSTORE_TOP_VIEW_GRID_H
#define XENSTORE_TOP_VIEW_GRID_H

#include <stdint.h>

#include "lib/str.h"

/* What a cell means; screen.c decides how that looks. */
enum view_style {
    STYLE_PLAIN,
    STYLE_HEAD,     /* headings of columns */
    STYLE_SORTED,   /* the heading of the column that rows are sorted by */
    STYLE_KEY,      /* a key to press */
    STYLE_ON,       /* something that is switched on */
    STYLE_SELECTED, /* the row that keys act on */
    STYLE_DIM,      /* less important: what hangs below a row */
    STYLE_GRAPH,
    STYLE_WARN, /* high, or old */
    STYLE_BAD,  /* errors, crashed domains */
    STYLES,
};

struct grid_cell {
    uint32_t ch; /* Unicode; 0: the right half of a wide character */
    uint8_t style;
};

/* A click on [col, end) of ROW means KEY (a row of keys.h) with ARG. */
struct hot {
    int row, col, end;
    int key, arg;
};

struct grid {
    struct pool *pool;
    int rows, cols;
    bool utf8; /* may show more than ASCII */
    struct grid_cell *cells;
    struct hot *hots;
    size_t n_hots;
};

/* All blank. At most GRID_MAX rows and columns; what is outside is cut off. */
#define GRID_MAX 1000
struct grid *grid_new(struct pool *p, int rows, int cols, bool utf8);

/* Columns that TEXT takes; what cannot be shown takes one. */
int grid_width(const struct grid *g, const char *text);
/* Writes TEXT; returns the column behind it. What falls outside of the grid
 * (columns below 0 too) is not written. Control characters, bytes that are no
 * UTF-8 and, without utf8, everything beyond ASCII become '?'. */
int grid_put(struct grid *g, int row, int col, int style, const char *text);
int grid_putf(struct grid *g, int row, int col, int style, const char *fmt, ...)
    PRINTF_LIKE(5, 6);
/* Writes TEXT into exactly WIDTH columns: filled with blanks, or cut (a cut
 * text ends in '~' when there is room). Returns the column behind. */
int grid_put_in(struct grid *g, int row, int col, int width, bool right,
                int style, const char *text);
/* Changes the style of columns [col, end). */
void grid_style(struct grid *g, int row, int col, int end, int style);
/* Blanks columns [col, end) with STYLE. */
void grid_clear(struct grid *g, int row, int col, int end, int style);

void grid_hot(struct grid *g, int row, int col, int end, int key, int arg);
/* The topmost (last added) place there, or NULL. */
const struct hot *grid_find_hot(const struct grid *g, int row, int col);

/* Lines without blanks at their ends. */
void grid_text(const struct grid *g, struct str *out);
/* The same shape, a letter a cell that names its style (' ' plain, as in
 * "hskoSdgwb"), for tests. */
void grid_styles(const struct grid *g, struct str *out);

#endif
