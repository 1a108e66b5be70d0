/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * post: small texts for sockets that must not go out yet. Each has a gate, a
 * number; once that is reached, which any thread may say, the same thread sends
 * what has waited for it. It allocates nothing.
 */
#ifndef XAPI_POST_H
#define XAPI_POST_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

/* The sender's, who leaves it alone while it is posted. */
struct letter {
    int fd; /* non-blocking */
    const char *text;
    size_t len;
    uint64_t gate; /* never less than that of the letter before */
    TAILQ_ENTRY(letter) all;
    bool waits;
    /* once it is done: */
    size_t sent; /* what the socket took */
    bool broken; /* the socket */
    atomic_bool done;
};

struct post;

struct post *post_new(void);
void post_free(struct post *p); /* NULL is fine; nothing waits any more */

/* Sent when its gate is reached; at once, by this or another thread, when that
 * has been. */
void post_add(struct post *p, struct letter *l);
/* All up to GATE are sent, by the time this returns or by other threads. */
void post_open(struct post *p, uint64_t gate);
/* True: it has not been sent, and will not be. False: it is done. */
bool post_take_back(struct post *p, struct letter *l);

#endif
