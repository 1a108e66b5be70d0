/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * screen_term: the terminal: cells on it, keys and clicks from it, and what it
 * takes to leave it as it was. The only file that knows curses (beside
 * screen_terminfo).
 */
#ifndef XENSTORE_TOP_SCREEN_TERM_H
#define XENSTORE_TOP_SCREEN_TERM_H

#include "xenstore/top/view_grid.h"

struct term {
    void *curses; /* SCREEN */
    int rows, cols;
    bool utf8, blocks, has_colours;
};

/* Standard input and output, which must be terminals. From here on also a
 * crash restores the terminal. */
struct err *term_open(struct term *t) MUST_USE;
void term_close(struct term *t);

/* Gives the terminal back, for a time (job control), and takes it again. */
void term_leave(struct term *t);
void term_return(struct term *t);

/* Asks the kernel how big it is now. */
void term_measure(struct term *t);
/* What is drawn next is drawn whole. */
void term_redraw(struct term *t);
void term_show(struct term *t, const struct grid *g, bool colours);

enum term_input {
    INPUT_NONE,
    INPUT_KEY,   /* CODE: a character or an enum key_code */
    INPUT_CLICK, /* at ROW, COL */
    INPUT_WHEEL, /* CODE: 1 down, 0 up */
};
struct term_event {
    enum term_input kind;
    int code, row, col;
};
/* What was typed next; does not wait. */
struct term_event term_read(struct term *t);
/* Whether clicks come here, or are the terminal's own (for copying text). */
void term_use_mouse(struct term *t, bool on);

#endif
