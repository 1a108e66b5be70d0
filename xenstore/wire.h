/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * wire: frames of Xen's public io/xs_wire.h on a descriptor that never blocks.
 * Knows nothing of what is asked and answered; trusts nothing of what arrives.
 * After an error nothing more can be done with a wire.
 */
#ifndef XENSTORE_WIRE_H
#define XENSTORE_WIRE_H

#include <errno.h> /* without it the next has no table of errors */
#include <stdint.h>

#include <xen/io/xs_wire.h>

#include "lib/str.h"

struct wire {
    int fd;
    bool is_device; /* one frame a write */
    struct str out;
    size_t out_done;
    char *in;
    size_t in_size, in_start, in_end;
};

struct frame {
    uint32_t type; /* of enum xsd_sockmsg_type */
    uint32_t id, tx;
    const char *data; /* valid until the next receive */
    size_t len;
};

void wire_init(struct wire *w, int fd); /* which it owns from now on */
void wire_done(struct wire *w);

/* Queues a frame: a word and what follows its NUL. */
void wire_put(struct wire *w, const struct frame *head, const char *word,
              const char *data, size_t len);
static inline bool wire_has_output(const struct wire *w)
{
    return w->out.len;
}

/* Moves what can be moved now. */
struct err *wire_send(struct wire *w) MUST_USE;
struct err *wire_receive(struct wire *w) MUST_USE;
/* A whole frame, if one has arrived. */
struct err *wire_next(struct wire *w, struct frame *ret,
                      bool *ret_got) MUST_USE;

/* What an XS_ERROR says; 0 for other frames. */
int wire_errnum(const struct frame *f);
/* The error for what no daemon would say. */
struct err *wire_nonsense(const char *what) MUST_USE;

#endif
