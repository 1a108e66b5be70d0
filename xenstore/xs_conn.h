/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* xs_conn: what the files xs*.c share: the handle of <xenstore.h>, requests and
 * their answers. Failures are false or NULL, and errno, as its callers want
 * them. */
#ifndef XENSTORE_XS_CONN_H
#define XENSTORE_XS_CONN_H

#include <xenstore.h>

#include "xenstore/wire.h"

struct xs_event {
    struct xs_event *next;
    size_t len;
    char text[]; /* path and token, each with its NUL */
};

struct xs_handle {
    struct wire wire; /* whose descriptor blocks */
    bool is_lost;
    int queue; /* an eventfd that is readable while events are queued */
    int poll;  /* an epoll of both, which is what callers poll */
    struct xs_event *first, **last;
    uint32_t last_id;
    unsigned n_deferred; /* requests whose answers are still to come */
    int deferred_errno;  /* first failure among them */
    struct xs_transaction *transaction; /* the one that is open */
};

struct xs_request {
    uint32_t type;
    const char *word;
    const void *data; /* what follows the word's NUL */
    size_t len;
};

struct xs_handle *xs_conn_open(void);
/* NULL is fine. Errno stays. */
void xs_conn_close(struct xs_handle *h);

/* The answer's text, malloc'd and with a NUL behind its *RET_LEN bytes (NULL:
 * nobody wants to know). */
char *xs_conn_ask(struct xs_handle *h, uint32_t tx, const struct xs_request *r,
                  size_t *ret_len);
/* Nobody waits for the answer before xs_conn_collect does. */
bool xs_conn_defer(struct xs_handle *h, uint32_t tx,
                   const struct xs_request *r);
/* Takes the answers of what was not waited for. False also when one of them was
 * a failure, but that what was to be removed was not there. */
bool xs_conn_collect(struct xs_handle *h);

/* Reads what has arrived, waiting for something if WAIT. */
bool xs_conn_listen(struct xs_handle *h, bool wait);
/* The oldest event, of which there is one; malloc'd. */
struct xs_event *xs_conn_event(struct xs_handle *h);

#endif
