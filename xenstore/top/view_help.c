/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* view_help: the page that says what keys and columns there are, of their
 * rows. */
#include <string.h>

#include "xenstore/top/keys.h"

#define TEXT_COL 20

/* Adds a term and its sentence, which goes on in further lines. */
static void add_term(struct view_lines *lines, uint64_t id, const char *term,
                     const char *text)
{
    size_t room = lines->grid->cols > TEXT_COL + 20
                      ? (size_t)lines->grid->cols - TEXT_COL
                      : 20;
    uint64_t sub = 0;

    do {
        size_t len = strlen(text), cut = len;

        if (len > room) {
            for (cut = room; cut > 0 && text[cut] != ' '; cut--)
                ;
            cut = cut ? cut : room;
        }
        view_add_text(lines, id, sub, STYLE_PLAIN, "%-*.*s%.*s", TEXT_COL,
                      TEXT_COL - 1, sub ? "" : term, (int)cut, text);
        sub++;
        text += cut + (text[cut] == ' ');
    } while (*text);
}

static void fill(struct view_lines *lines)
{
    uint64_t id = 1;

    for (const struct key *k = keys; k->names; k++)
        add_term(lines, id++, k->names, k->doc);
    view_add_text(lines, 0, 0, STYLE_PLAIN, " ")->head = true;
    for (const struct column *col = columns; col->name; col++)
        add_term(lines, id++, col->head, col->doc);
}

static void head(const struct view_lines *lines, int row)
{
    grid_put(lines->grid, row, 0, STYLE_HEAD, "KEY");
    grid_put(lines->grid, row, TEXT_COL, STYLE_HEAD,
             "WHAT IT DOES; below: what columns mean");
}

const struct view_page view_page_help = {
    .name = "Help",
    .doc = "Keys and columns.",
    .fill = fill,
    .no_change = true,
    .head = head,
};
