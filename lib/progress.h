/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * progress: one line on standard error that says what long work is doing, if
 * that is a terminal and nobody asked for quiet; nothing otherwise. The line
 * is taken away at the end and around other output (progress_hide).
 */
#ifndef LIB_PROGRESS_H
#define LIB_PROGRESS_H

#include <stdbool.h>

#include "lib/err.h"

struct progress;

/* Never fails; TITLE ("creating guest1") stands before each step. */
struct progress *progress_new(const char *title, bool quiet);
/* What happens now; shows elapsed seconds when it lasts (the line is redrawn
 * on the next call, no timers). */
void progress_step(struct progress *p, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Share done, 0 to 1, drawn behind the step. */
void progress_share(struct progress *p, double share);
void progress_hide(struct progress *p);
void progress_free(struct progress *p); /* NULL is fine; clears the line */

#endif
