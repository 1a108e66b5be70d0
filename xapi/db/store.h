/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * store: where the database is kept. Batches of rows that are on disk as a
 * whole or not at all, in the order they were given. Knows neither the model
 * nor objects. A body is a struct store_ops with a way to open it; there is one
 * for one host, in SQLite.
 *
 * Only the database calls these, from one thread.
 */
#ifndef XAPI_STORE_H
#define XAPI_STORE_H

#include "xapi/db/row.h"

struct store;

/* ERR is the function's own to free. */
typedef void store_done_fn(void *arg, struct err *err);
typedef void store_reached_fn(void *arg, uint64_t generation);

struct store_ops {
    /* Calls FN with each row kept: all ROW_CREATEs, then all ROW_SETs, then the
     * ROW_DESTROYs that are remembered, oldest first; stops at FN's error.
     * Less than ROW_GENERATIONS after the one given is what was last on disk.
     * Before any write. */
    struct err *(*load)(struct store *s, row_fn *fn, void *arg,
                        uint64_t *ret_generation);
    /* Queues ROWS, the store's own from now on, and returns at once. */
    void (*write)(struct store *s, struct rows *rows, uint64_t generation);
    /* The newest generation that is on disk. An error is for ever: nothing more
     * is written. */
    struct err *(*poll)(struct store *s, uint64_t *ret_durable);
    /* Readable: poll has news. */
    int (*fd)(const struct store *s);
    /* FN is called by any thread when a generation is on disk; it does not
     * allocate. */
    void (*on_reached)(struct store *s, store_reached_fn *fn, void *arg);
    /* Waits until all that is queued is on disk, or failed. */
    void (*flush)(struct store *s);
    /* Begins to write all that is on disk into a new file that can be opened
     * as a store; FN is called from poll at the end. */
    struct err *(*dump)(struct store *s, const char *path, store_done_fn *fn,
                        void *arg);
    /* In a forked child: lets go of what would keep others from opening it when
     * the parent is gone. No other function may be called any more. */
    void (*detach)(struct store *s);
    /* Writes first what is queued and ends a dump, without calling its FN. */
    void (*close)(struct store *s);
};

struct store {
    const struct store_ops *ops;
};

/*
 * The file at PATH, made (0600) when there is none, locked against others,
 * checked for integrity, its layout brought up to date. Errors say what to do.
 */
struct err *store_sqlite_open(const char *path, struct store **ret) MUST_USE;
/* Puts a dump in the place of the file at PATH, which nobody has open; the old
 * one stays as PATH.before-restore. */
struct err *store_sqlite_restore(const char *path, const char *dump) MUST_USE;
/* The file at PATH and what is beside it, which nobody has open; not there is
 * fine. */
struct err *store_sqlite_remove(const char *path) MUST_USE;

#endif
