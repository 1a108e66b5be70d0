/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vt: what a terminal shows after the bytes a program has written to it: as
 * much of xterm, linux, screen and vt100 as ncurses uses. What it does not know
 * is an error, not a guess.
 */
#ifndef TESTS_SCREEN_VT_H
#define TESTS_SCREEN_VT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/str.h"

#define VT_MAX 300

struct vt_cell {
    uint32_t ch; /* 0: the right half of a wide character */
    bool reverse, bold, colour;
};

struct vt {
    int rows, cols, row, col, top, bottom;
    bool wrap_next, acs, g1_acs, so;
    bool alternate, cursor_hidden, mouse, keypad; /* modes switched on */
    struct vt_cell pen;
    struct vt_cell cells[VT_MAX][VT_MAX], main[VT_MAX][VT_MAX];
    int saved_row, saved_col;
    char escape[256]; /* an unfinished sequence or character */
    size_t n_escape;
    uint32_t last;    /* character, for REP */
    char unknown[64]; /* the first sequence that was not understood */
};

void vt_init(struct vt *vt, int rows, int cols);
void vt_resize(struct vt *vt, int rows, int cols);
void vt_feed(struct vt *vt, const char *bytes, size_t n);
/* Adds the text of a row, without blanks at its end. */
void vt_row(const struct vt *vt, int row, struct str *out);
bool vt_shows(const struct vt *vt, const char *text);
/* All rows; with MARKS a letter a cell instead: 'r' reverse, 'b' bold, 'c'
 * coloured (capital: bold too), '.' none of these. */
void vt_print(const struct vt *vt, struct str *out, bool marks);

#endif
