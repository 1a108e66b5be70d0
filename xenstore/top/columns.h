/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * columns: what can be shown of a domain, a row each. Batch output, screen,
 * --sort, --columns, JSON, CSV and the manual know columns from here only. A
 * column's value comes from a change (two readings, see change.h).
 */
#ifndef XENSTORE_TOP_COLUMNS_H
#define XENSTORE_TOP_COLUMNS_H

#include "lib/str.h"
#include "lib/value.h"
#include "xenstore/top/change.h"

enum column_flag {
    COLUMN_STOCK = 1,     /* in stock's listing, in the order of the rows */
    COLUMN_LEFT = 2,      /* on a screen: to the left */
    COLUMN_ASCENDING = 4, /* sorts with the least first */
    COLUMN_CURVE = 8,     /* the screen can draw a curve of it */
};

struct column {
    const char *name; /* of --sort, --columns, JSON and CSV: "cpu_percent" */
    const char *head; /* "CPU(%)" */
    int width;        /* of the text, at least */
    unsigned flags;
    unsigned needs; /* enum sample_part that a sampler must read for it */
    const struct column_kind *kind;
    size_t offset;    /* the kind's: where the figure is */
    double scale;     /* of the text: what the value is divided by; 0: 1 */
    const char *nil;  /* text where nothing is known; NULL: "-" */
    const char *unit; /* of the value: "bytes"; NULL: none */
    const char *doc;  /* one sentence */
    int rank; /* on a screen: 1 stays longest as it gets narrower, 0 is there
               * only when asked for */
};

/* Ends with a row without a name; stock's come first. */
extern const struct column columns[];

/* By name or, whatever the letter case, by heading; NULL: none. */
const struct column *column_find(const char *name);
/* The nearest name, or NULL. */
const char *column_nearest(const char *name);

/* The figure or word as data, nil when it is not known. */
struct value *column_value(const struct column *col, const struct change *c,
                           const struct change_domain *d, struct pool *p);
/* Whether it is something else than nil. */
bool column_is_known(const struct column *col, const struct change *c,
                     const struct change_domain *d);
/* The same as a number; 0 for words and what is not known. */
double column_number(const struct column *col, const struct change *c,
                     const struct change_domain *d);

/* What is shown, without padding, appended to OUT: no control characters; as
 * stock prints it for stock's columns. */
void column_text(const struct column *col, const struct change *c,
                 const struct change_domain *d, struct str *out);

/* Puts what stands in OUT from byte FROM on into the column's place: cut or
 * padded to WIDTH characters (0: the column's, and then only the name is cut).
 */
void column_pad(const struct column *col, size_t from, int width,
                struct str *out);

/* Which domains, in which order; equal ones are ordered by id. */
struct selection {
    const struct column *sort; /* NULL: the name */
    bool reverse;
    const char *filter; /* a glob over names, NULL or "": all. Without any of
                         * * ? [ it is found anywhere in the name; letter case
                         * is free. A number is a domain's id, too. */
    bool dom0_first;
};
/* In P; pointers into C. */
const struct change_domain **columns_select(const struct selection *sel,
                                            const struct change *c,
                                            struct pool *p, size_t *ret_n);
bool filter_matches(const char *filter, const struct sample_domain *d);

/* Characters of UTF-8. */
size_t text_width(const char *text);

/* A domain's name as it is shown: its name, or "(id)" while it has none. */
const char *domain_label(const struct sample_domain *d, struct pool *p);
/* "--b---": as stock shows them. RET has room for 7. */
void domain_states(const struct sample_domain *d, char ret[7]);

#endif
