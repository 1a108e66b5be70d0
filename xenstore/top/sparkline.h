/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sparkline: figures as a line of characters: block elements where the terminal
 * has them, ASCII else.
 */
#ifndef XENSTORE_TOP_SPARKLINE_H
#define XENSTORE_TOP_SPARKLINE_H

#include "lib/str.h"

/* WIDTH characters, the last of the N figures at the right end; blank where
 * there are fewer. TOP is the figure of a full character; 0: the greatest of
 * those shown. A figure above zero never looks like zero. */
void sparkline(const double *figures, size_t n, int width, double top,
               bool blocks, struct str *out);
/* A bar of WIDTH characters, SHARE (0 to 1) of it full. */
void sparkline_bar(double share, int width, bool blocks, struct str *out);

#endif
