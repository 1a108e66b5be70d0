/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * keys: what can be pressed and clicked, a row each. The help page, the line at
 * the bottom of the screen and the manual come from these rows.
 */
#ifndef XENSTORE_TOP_KEYS_H
#define XENSTORE_TOP_KEYS_H

#include "lib/doc.h"
#include "xenstore/top/view.h"

/* Keys that are no characters. */
enum key_code {
    KEY_CODE_UP = 0x110000,
    KEY_CODE_DOWN,
    KEY_CODE_LEFT,
    KEY_CODE_RIGHT,
    KEY_CODE_PAGE_UP,
    KEY_CODE_PAGE_DOWN,
    KEY_CODE_HOME,
    KEY_CODE_END,
    KEY_CODE_BACKSPACE,
    KEY_CODE_DELETE,
    KEY_CODE_F1,
};

struct key {
    int codes[6];      /* letters in upper case stand for both; 0 ends */
    const char *names; /* "D", "Up, Down": for help */
    const char *label; /* for the bottom line, where the first key in it is
                        * marked; NULL: not there */
    const char *doc;   /* one sentence */
    void (*press)(struct view *v, const struct view_data *data, int arg);
    int arg;                             /* unless a click has one */
    bool (*is_on)(const struct view *v); /* for the bottom line; NULL */
};

/* Ends with a row without names. */
extern const struct key keys[];

/* Where in its label the row's first key is, which is marked. */
const char *key_mark(const struct key *k);
/* Rows that clicks name (struct hot). */
int key_for_heading(void); /* ARG: which of columns[] to sort by */
int key_for_line(void);    /* ARG: which line to select, or open if it is */

/* CODE is a Unicode character or an enum key_code. What belongs to nothing is
 * said in a message. */
void keys_press(struct view *v, const struct view_data *data, int code);
void keys_click(struct view *v, const struct view_data *data,
                const struct grid *g, int row, int col);
void keys_wheel(struct view *v, const struct view_data *data, bool down);

/* The list of them for the manual. */
void keys_write(struct doc *d);

#endif
