/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * rrd_past: what was measured in the last minutes, a row each PAST_STEP
 * seconds, a column for each source of each owner ("vm:UUID:cpu0"). What is not
 * in a row is NAN there. A column that is recorded, because it is a standard
 * one or was chosen, has archives beside (rrd_archive.h), and stays until it is
 * forgotten; another that has been in none of the rows goes. Where there are
 * too many standard ones, the one that has been in none for longest gives way.
 */
#ifndef XAPI_RRD_PAST_H
#define XAPI_RRD_PAST_H

#include "xapi/call/reading.h"
#include "xapi/vm/rrd_archive.h"

#define PAST_STEP ARCHIVE_SAMPLE /* seconds */
#define PAST_ROWS 120            /* that are kept */
#define PAST_CHOSEN_MAX 8192     /* columns; 9 kB each */
#define PAST_STANDARD_MAX 16384

struct past;

struct past *past_new(void);
void past_free(struct past *h); /* NULL is fine */
/* While it is held it is there, after past_free too, and columns stay the
 * numbers that they are. */
struct past *past_hold(struct past *h);
void past_release(struct past *h);

/* The time of the newest row that was closed, a multiple of PAST_STEP; 0: there
 * is none. */
int64_t past_end(const struct past *h);
/* Of the oldest one that is kept. */
int64_t past_start(const struct past *h);
/* Begins the row of time T, which is such a multiple and newer. */
void past_begin(struct past *h, int64_t t);
/* What R, a source called NAME with its owner, tells in it; if it is standard,
 * it is recorded. */
void past_put(struct past *h, const char *name, const struct reading *r);
/* All of the row is there. */
void past_close(struct past *h);

/* ---- columns ------------------------------------------------------------- */

/* Columns are in the order in which they came. */
size_t past_width(const struct past *h);
const char *past_name(const struct past *h, size_t column);
/* It is in any of the rows. */
bool past_is_seen(const struct past *h, size_t column);
/* On average of the rows behind FROM, up to and with TO. */
double past_value(const struct past *h, size_t column, int64_t from,
                  int64_t to);
/* What was read last, the newest value of which past_value tells. */
const struct reading *past_last(const struct past *h, size_t column);

/* ---- recorded ------------------------------------------------------------ */

/* Chosen from now on, if it is not already; false: there are too many. */
bool past_record(struct past *h, const char *name);
/* No more; false: it was not. */
bool past_forget(struct past *h, const char *name);
bool past_is_recorded(const struct past *h, const char *name);
bool past_is_chosen(const struct past *h, size_t column);
size_t past_n_chosen(const struct past *h);
size_t past_n_recorded(const struct past *h);
/* NULL: it is not recorded. */
const struct archive *past_archive(const struct past *h, size_t column);

/* A recorded column, as it is on disk. */
struct past_saved {
    int64_t end, seen, chosen;
    double values[PAST_ROWS];
    struct archive archive;
};
void past_save(const struct past *h, size_t column, struct past_saved *ret);
/* NAME is recorded, and was SAVED. */
void past_restore(struct past *h, const char *name,
                  const struct past_saved *saved);

#endif
