/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * rrd_past: what was measured in the last minutes, a row each PAST_STEP
 * seconds, a column for each source of each owner ("vm:UUID:cpu0"). What is not
 * in a row is NAN there; a column that has been in none of them goes.
 */
#ifndef XAPI_RRD_PAST_H
#define XAPI_RRD_PAST_H

#include "xapi/call/reading.h"

#define PAST_STEP 5   /* seconds */
#define PAST_ROWS 120 /* that are kept */

struct past;

struct past *past_new(void);
void past_free(struct past *h); /* NULL is fine */

/* The time of the newest row, a multiple of PAST_STEP; 0: there is none. */
int64_t past_end(const struct past *h);
/* Of the oldest one that is kept. */
int64_t past_start(const struct past *h);
/* Begins the row of time T, which is such a multiple and newer. */
void past_begin(struct past *h, int64_t t);
/* What R, a source called NAME with its owner, tells in it. */
void past_put(struct past *h, const char *name, const struct reading *r);

/* Columns are in the order in which they came. */
size_t past_width(const struct past *h);
const char *past_name(const struct past *h, size_t column);
/* On average of the rows behind FROM, up to and with TO. */
double past_value(const struct past *h, size_t column, int64_t from,
                  int64_t to);

#endif
