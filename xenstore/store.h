/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * store: a client of XenStore. Speaks the wire protocol of Xen's public
 * io/xs_wire.h with the daemon's socket, or through the kernel's device where
 * there is no socket (the daemon in a domain of its own).
 *
 * Requests are pipelined: a batch of a thousand reads costs about as much time
 * as its bytes, not a thousand round trips (the device takes one at a time, so
 * there it does). Nothing the daemon sends is
 * trusted: a frame that cannot be, or no answer in time, is an error and ends
 * the connection (further calls fail with the same sentence).
 *
 *     AUTO_STORE struct store *store = NULL;
 *     struct store_batch batch = {.pool = p};
 *
 *     TRY(store_open(&store));
 *     for (i = 0; i < n; i++)
 *         store_batch_read(&batch, "/local/domain/%u/name", domids[i]);
 *     TRY(store_batch_run(store, &batch));
 *     ... batch.reqs[i].text is the name, or NULL: no such domain
 */
#ifndef XENSTORE_STORE_H
#define XENSTORE_STORE_H

#include <errno.h>
#include <stdint.h>

#include "lib/pool.h"

struct store;
struct store_batch;

#define STORE_SOCKET "/run/xenstored/socket"
#define STORE_DEVICE "/dev/xen/xenbus"
#define STORE_PATH_MAX 3072
#define STORE_PAYLOAD_MAX 4096
/* oxenstored answers with a directory as long as it is, beyond the protocol's
 * limit, and knows no other way to tell it: this much is taken. */
#define STORE_LIST_MAX (4u << 20)
#define STORE_OUTSTANDING_MAX 64
/* Seconds without an answer after which the daemon counts as gone. */
#define STORE_TIMEOUT 20.0

/* Connects to the socket or device that XENSTORED_PATH names, else to
 * STORE_SOCKET, else to STORE_DEVICE. */
struct err *store_open(struct store **ret) MUST_USE;
/* The same without waiting for a daemon that is busy (kind timeout). */
struct err *store_open_now(struct store **ret) MUST_USE;
/* A store on a connected descriptor, which it owns from now on. */
struct store *store_new(int fd);
void store_set_timeout(struct store *s, double seconds);
/* An event that is the same as one not yet taken counts only once, unless this
 * is called. */
void store_keep_all_events(struct store *s);
void store_close(struct store *s); /* NULL is fine */

static inline void auto_store_(struct store **s)
{
    store_close(*s);
}
#define AUTO_STORE AUTO(auto_store_)

/* ---- one request at a time ----------------------------------------------- */

/* The value of a node, NUL-terminated; NULL when there is no such node. */
struct err *store_read(struct store *s, struct pool *p, const char *path,
                       char **ret) MUST_USE;
/* The names below a node, as the daemon orders them; NULL and 0 when there is
 * no such node. */
struct err *store_list(struct store *s, struct pool *p, const char *path,
                       char ***ret_names, size_t *ret_n) MUST_USE;
/* Makes missing parents. */
struct err *store_write(struct store *s, const char *path,
                        const char *value) MUST_USE;
struct err *store_mkdir(struct store *s, const char *path) MUST_USE;
/* With everything below it; not there is fine. */
struct err *store_remove(struct store *s, const char *path) MUST_USE;

/* ---- many at once -------------------------------------------------------- */

/* The errnum of a request whose connection has ended. */
#define STORE_LOST ECONNRESET

enum store_op {
    STORE_READ,
    STORE_LIST,
    STORE_WRITE,
    STORE_MKDIR,
    STORE_REMOVE,
    STORE_GET_PERMS, /* names: "n0", "r1" ..., the owner's first */
    STORE_SET_PERMS, /* data: the same, a NUL behind each */
    STORE_WATCH,     /* events name the path as it is given here */
    STORE_UNWATCH,   /* events of it that nobody has taken yet are dropped */
    STORE_TX_START,  /* of path "": tx is set by the answer */
    STORE_TX_END,    /* of path "T" (or "F": it is abandoned); EAGAIN: somebody
                      * else was faster */
};

struct store_req {
    enum store_op op;
    const char *path;
    const char *data; /* what is sent behind the path: the value to write */
    size_t data_len;
    uint32_t tx; /* the transaction it is part of, 0: none */
    /* results, in the pool */
    int errnum;   /* 0, or the daemon's answer: ENOENT, EACCES ... STORE_LOST */
    char *text;   /* of reads, NUL-terminated; NULL when errnum is set */
    size_t len;   /* of text, which may have NULs inside */
    char **names; /* of lists and permissions; ends with NULL; NULL when errnum
                     is set */
    size_t n_names;
};

typedef void store_done_fn(struct store_batch *b);

struct store_batch {
    struct pool *pool;
    struct store_req *reqs; /* in the order they were added */
    size_t n;
    uint32_t tx;         /* what is added is part of this transaction */
    store_done_fn *done; /* called when all have their results; NULL: nothing */
    void *arg;           /* for it */
    size_t n_done;       /* how many have their results */
    /* the store's own */
    size_t n_sent;
    struct store_batch *next;
    bool is_queued;
};

/* Add a request; the index in reqs is returned. */
size_t store_batch_add(struct store_batch *b, enum store_op op,
                       const char *path);
size_t store_batch_addf(struct store_batch *b, enum store_op op,
                        const char *fmt, ...) PRINTF_LIKE(3, 4);
#define store_batch_read(b, ...) store_batch_addf(b, STORE_READ, __VA_ARGS__)
#define store_batch_list(b, ...) store_batch_addf(b, STORE_LIST, __VA_ARGS__)
size_t store_batch_write(struct store_batch *b, const char *path,
                         const char *value, size_t len);
/* Runs what was added since the last run, and fills in the results. An error is
 * about the connection; a request's own failure is in its errnum. */
struct err *store_batch_run(struct store *s, struct store_batch *b) MUST_USE;
/* The same for any requests. */
struct err *store_run(struct store *s, struct store_req *reqs, size_t n,
                      struct pool *p) MUST_USE;
/* A request's failure as an error: "cannot read '/path': Permission denied". */
struct err *store_req_err(const struct store_req *req) MUST_USE;

/* ---- transactions -------------------------------------------------------- */

/* What a transaction does: all requests in TX. May run several times. An error
 * abandons it. */
typedef struct err *store_tx_fn(struct store *s, uint32_t tx, void *arg);

/*
 * Runs FN in a transaction until it comes through without somebody else having
 * changed the same nodes. Those who use this function take turns (by a lock
 * beside the daemon's socket, where one can be made), so that they do not
 * conflict with each other; others' conflicts are retried for STORE_TIMEOUT.
 */
struct err *store_transaction(struct store *s, store_tx_fn *fn,
                              void *arg) MUST_USE;

/* ---- waiting ------------------------------------------------------------- */

/*
 * Watches a path and all below it, or @introduceDomain, @releaseDomain. A watch
 * fires once as soon as it is set, so that
 *     store_watch(...); do { store_wait(...); look } while (not yet)
 * misses nothing.
 */
struct err *store_watch(struct store *s, const char *path) MUST_USE;
struct err *store_unwatch(struct store *s, const char *path) MUST_USE;

struct store_event {
    const char *watch; /* as given to store_watch; NULL: no event */
    const char *path;  /* what changed, at or below it */
    bool fd_ready;     /* the other descriptor can be read (or hung up) */
};

/* Waits for an event, FD (-1: none) or SECONDS (<0: no limit) to pass; events
 * go before FD. Time that is up is not an error. A signal handler that ran is
 * an error of kind interrupted. */
struct err *store_wait(struct store *s, struct pool *p, int fd, double seconds,
                       struct store_event *ret) MUST_USE;

/* ---- without blocking ---------------------------------------------------- */

/*
 * For an event loop: wait until store_fd is ready for one of store_events, or
 * store_seconds_left have passed, then call store_pump; take events until there
 * are no more. None of these blocks.
 *
 *     struct pollfd fd = {store_fd(s), store_events(s)};
 *     ... poll(&fd, 1, ...)
 *     TRY(store_pump(s));
 *     while (store_next_event(s, p, &event))
 *         ...
 *
 * What blocks (all of the above) can be called meanwhile; functions of batches
 * that finish then are called then.
 */
int store_fd(const struct store *s);       /* the same until store_close */
short store_events(const struct store *s); /* POLLIN, and POLLOUT at times */
/* Until the daemon counts as gone; INFINITY: nothing is waited for. */
double store_seconds_left(const struct store *s);

/*
 * Hands over what was added to a batch since the last time; b->n_done says how
 * far it is. Batch, pool and requests have to stay until they are done or
 * cancelled; more can be added and submitted meanwhile. An error: nothing of
 * it was taken (too long for the protocol, or the connection has ended).
 */
struct err *store_submit(struct store *s, struct store_batch *b) MUST_USE;
/* Its function will not be called, its answers are of no interest (what was
 * sent is done by the daemon all the same). */
void store_cancel(struct store *s, struct store_batch *b);

/*
 * Sends and receives what can be now, and calls the functions of batches that
 * are done; these may submit and cancel, but not close. An error is the end of
 * the connection; before it is returned, each request still under way gets
 * STORE_LOST, and each batch's function is called. Open another, set the
 * watches again.
 */
struct err *store_pump(struct store *s) MUST_USE;
/* The oldest event, false: there is none. */
bool store_next_event(struct store *s, struct pool *p, struct store_event *ret);

#endif
