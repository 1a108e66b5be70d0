/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * screen_terminfo: descriptions of the usual terminals for machines that have
 * no terminfo files (a small Dom0, a chroot).
 */
#ifndef XENSTORE_TOP_SCREEN_TERMINFO_H
#define XENSTORE_TOP_SCREEN_TERMINFO_H

#include "lib/err.h"

/* Makes a description of $TERM available to curses, its own where there is
 * no file. An error when there is neither. */
struct err *terminfo_provide(void) MUST_USE;

#endif
