/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * several: the same for several things at once, each in a process of its own,
 * so that what goes wrong with one is that one's alone. What it prints is shown
 * when it has ended, with a line that says how.
 */
#ifndef XL_SEVERAL_H
#define XL_SEVERAL_H

#include "lib/pool.h"

struct several {
    const char *doing, *done; /* "creating", "created" */
    const char *const *names; /* what the lines begin with */
    size_t n;
    unsigned at_once; /* 1 and more */
    bool stop;        /* at the first failure: no others begin */
    bool quiet;       /* only what failed is shown */
    struct err *(*run)(void *arg, size_t i);
    void *arg;
};

/* Fails, with all said, when any did. SIGINT, SIGTERM and SIGHUP go to those
 * that run, and are an error of kind interrupted when they have ended. */
struct err *several_run(const struct several *s) MUST_USE;

#endif
