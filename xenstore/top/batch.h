/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * batch: readings printed one after the other: text in the shape of stock
 * xentop -b, JSON (a line a reading) or CSV (a line a domain).
 */
#ifndef XENSTORE_TOP_BATCH_H
#define XENSTORE_TOP_BATCH_H

#include "xenstore/top/screen.h"

/* FORMAT: enum table_format. Until iterations are done or a signal (INT, TERM,
 * HUP) comes, which is no error. */
struct err *top_batch_run(struct sampler *s, const struct top_options *opts,
                          int format) MUST_USE;

/* What prints readings, and what it keeps of them: OPTS and FORMAT are as
 * above. */
struct batch;
struct batch *batch_new(const struct top_options *opts, int format);
/* One reading. Changes are those from each to the next: what is the same in two
 * of them is not made anew. */
void batch_print(struct batch *b, const struct change *c, struct str *out);
void batch_free(struct batch *b); /* NULL is fine */

#endif
