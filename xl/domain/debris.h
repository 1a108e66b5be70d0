/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * debris: what a create that did not end well has left, and its removal. Used
 * by the journal alone. Removes only what is surely that create's.
 */
#ifndef XL_DOMAIN_DEBRIS_H
#define XL_DOMAIN_DEBRIS_H

#include "xl/domain/host.h"

struct debris {
    struct pool *pool;
    const char *token; /* value of JOURNAL_ENV in its processes */
    const char *uuid;
    uint32_t domid;  /* NO_DOMID: not known */
    uint32_t beside; /* a domain of the same uuid that stays; 0: none */
    /* Backing files that its disks may have loop devices for, and the loop
     * devices that were there before ("loop3"). */
    const char **files, **loops;
    size_t n_files, n_loops;
};

/* Sets *RET_COMPLETE, and removes nothing, when the domain has run: then the
 * create was through. */
struct err *debris_remove(struct debris *d, struct host *h,
                          bool *ret_complete) MUST_USE;

/* Loop devices in use: calls FN with name and backing file. */
struct err *debris_each_loop(struct pool *p,
                             void (*fn)(void *arg, const char *loop,
                                        const char *file),
                             void *arg) MUST_USE;

#endif
