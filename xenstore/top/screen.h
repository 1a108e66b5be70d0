/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * screen: the interactive monitor. Draws changes (see change.h) with ncurses
 * and obeys keys; the only part that knows a terminal.
 */
#ifndef XENSTORE_TOP_SCREEN_H
#define XENSTORE_TOP_SCREEN_H

#include "xenstore/top/columns.h"

/* What the command line says; keys change a copy. */
struct top_options {
    double delay;    /* seconds between readings */
    long iterations; /* readings to show; 0: no end */
    bool networks, vbds, vcpus, repeat_header, full_names;
    struct selection selection;
    const struct column **columns; /* to show, in order; NULL: stock's */
    size_t n_columns;
};

/* Until the user quits, a signal ends it or iterations are done. The terminal
 * is as it was afterwards, also after an error. */
struct err *top_screen_run(struct sampler *s,
                           const struct top_options *opts) MUST_USE;

#endif
