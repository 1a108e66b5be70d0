/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * await: runs one long libxl operation to its end, in this thread, while
 * SIGINT, SIGTERM and SIGHUP cut it short instead of ending the process.
 *
 *     struct await a;
 *     await_begin(&a, h);
 *     rc = await_end(&a, libxl_domain_create_new(ctx, &config, &domid, &a.how,
 * NULL));
 */
#ifndef XL_DOMAIN_AWAIT_H
#define XL_DOMAIN_AWAIT_H

#include "xl/domain/host.h"

struct await {
    struct host *h;
    libxl_asyncop_how how; /* for the libxl call */
    /* Called whenever something happened, and once a second; may be NULL. */
    void (*tick)(void *arg);
    void *tick_arg;
    bool interruptible; /* a signal aborts the operation (the default) */
    bool interrupted;   /* result */
    /* The operation asks this guest to end or to suspend: once that has shut
     * down by itself or is gone nobody answers, and the operation is aborted.
     * NO_DOMID: of none (the default). */
    uint32_t guest;
    /* It can be aborted once this is true; NULL: from the start. */
    const bool *abortable;
    bool guest_ended; /* result */
    bool done;
    int rc;
};

void await_begin(struct await *a, struct host *h);
/* STARTED is what the libxl call returned. Returns the operation's own rc. */
int await_end(struct await *a, int started);

/* From the first to the last of these pairs, which may nest, signals are
 * noted instead of ending the process; await_signal says which came (0: none).
 * Outside of such a pair an await cannot be interrupted. */
void await_signals_catch(void);
void await_signals_release(void);
int await_signal(void);
/* Readable once a signal came. */
int await_signal_fd(void);
/* In a forked child: signals as the program was started with. */
void await_signals_child(void);

#endif
