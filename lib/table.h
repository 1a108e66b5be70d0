/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * table: every listing. Typed cells in rows; text in aligned columns (or in a
 * stock tool's fixed shape), CSV (RFC 4180, header line, quoted where needed)
 * or JSON (a list of structs with typed members). One listing, one table:
 * no command prints its own JSON.
 */
#ifndef LIB_TABLE_H
#define LIB_TABLE_H

#include "lib/slot.h"
#include "lib/str.h"
#include "lib/value.h"

struct table_col {
    const char *name; /* member of JSON, heading of CSV: snake_case */
    /* Fixed shape, when CELL is given: HEAD and CELL are printed as they
     * stand, nothing is added between columns. CELL is one printf conversion
     * with any literal text around it ("\\t%-5s"): %s for words, %d %u %x for
     * whole numbers (64 bits whatever the length letters say), %f %g for
     * doubles; - 0 width .precision. A cell that is not what its conversion
     * prints (nil, or with a TEXT) is printed as a word of that width.
     * Without CELL: aligned by content, HEAD (NULL: name) as heading, two
     * spaces between. */
    const char *head;
    const char *cell;
    bool right;      /* content-aligned columns: to the right */
    bool only_data;  /* not in text output */
    const char *doc; /* one sentence, with the unit */
};

enum table_format {
    TABLE_TEXT,
    TABLE_JSON,
    TABLE_CSV,
};
/* Choices for `--format`, and the option row every lister has. */
extern const struct slot_choice table_formats[];
#define OPT_FORMAT(strct)                                       \
    OPT(0, "format", SLOT_CHOICE(strct, format, table_formats), \
        .unit = "text|json|csv", .doc = "Print as text, JSON or CSV.")

struct table;

/* COLS ends with a column without a name and outlives the table. */
struct table *table_new(struct pool *p, const struct table_col *cols);
/* Leaves a column out of text output (-v and the like decide). */
void table_hide(struct table *t, const char *col);
/* No heading line in text and CSV. */
void table_no_head(struct table *t);
/* Begins a row; then one call a cell, in the order of the columns. */
void table_row(struct table *t);
/* A cell's value; TEXT is what text output shows (NULL: the value itself: nil
 * as "-", truth as yes or no, lists as JSON). Control characters are shown as
 * '?', so that no guest can drive a terminal. */
void table_cell(struct table *t, struct value *v, const char *text);
void table_str(struct table *t, const char *s); /* NULL: nil, "-" in text */
void table_int(struct table *t, int64_t n);
void table_double(struct table *t, double d);
void table_bool(struct table *t, bool b);

/* FORMAT is an enum table_format. CSV: lines end in LF, nil is empty. */
void table_print(const struct table *t, int format, struct str *out);
/* table_print to stdout; an error when stdout cannot take it. */
struct err *table_show(const struct table *t, int format) MUST_USE;

#endif
