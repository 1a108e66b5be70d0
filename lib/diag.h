/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * diag: complaints about a source text, collected and then shown all at once,
 * each with file:line:column, the line and a caret.
 *
 *   guest.cfg:7:10: error: memory: 'lots' is not a number
 *       memory = "lots"
 *                ^~~~~~
 */
#ifndef LIB_DIAG_H
#define LIB_DIAG_H

#include "lib/err.h"
#include "lib/pool.h"
#include "lib/str.h"
#include "lib/value.h"

enum diag_level {
    DIAG_NOTE,
    DIAG_WARNING,
    DIAG_ERROR,
};

struct diag {
    enum diag_level level;
    struct place place;
    const char *text;
};

/* A collection. Past DIAGS_MAX complaints only the counts go on, and errors
 * take the places of lesser ones. */
#define DIAGS_MAX 200
struct diags {
    struct pool *pool;
    struct diag *list;
    size_t n;
    size_t n_errors, n_warnings; /* dropped ones too */
    size_t n_dropped;
    bool warnings_are_errors; /* as `-Werror` and strict modes want it */
    bool no_notes;            /* leave out what is only good to know */
};

void diag_add(struct diags *d, enum diag_level level, struct place place,
              const char *fmt, ...) PRINTF_LIKE(4, 5);
#define diag_error(d, place, ...) diag_add(d, DIAG_ERROR, place, __VA_ARGS__)
#define diag_warning(d, place, ...) \
    diag_add(d, DIAG_WARNING, place, __VA_ARGS__)
/* Adds E's sentence as an error at PLACE and frees E. */
void diag_err(struct diags *d, struct place place, struct err *e);

/* Line and column, both from 1; column in characters as typed (UTF-8 counts
 * one a character, a tab one). */
void place_line_column(struct place place, size_t *ret_line, size_t *ret_col);

/* All complaints in source order, as text with lines and carets. */
void diags_format(const struct diags *d, struct str *out);
/* The same as a list of structs (file, line, column, level, message). */
struct value *diags_to_value(const struct diags *d, struct pool *p);

#endif
