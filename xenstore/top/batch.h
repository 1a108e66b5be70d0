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

/* One reading as top_batch_run prints it. FIRST: a heading is due where there
 * is only one in all. */
void batch_print(const struct top_options *opts, int format, bool first,
                 const struct change *c, struct str *out);

#endif
