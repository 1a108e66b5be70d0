/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * store_sqlite_impl: what the files of the store share: store_sqlite.c (what
 * the database calls), store_sqlite_keep.c (the threads that put on disk what
 * is queued), store_sqlite_place.c (the thread that puts it into the tables).
 */
#ifndef XAPI_STORE_SQLITE_IMPL_H
#define XAPI_STORE_SQLITE_IMPL_H

#include <pthread.h>
#include <time.h>

#include "xapi/db/redo.h"
#include "xapi/db/store.h"
#include "xapi/db/store_sqlite.h"

/* Of those that keep: one that writes, one that tells. */
#define KEEPERS 2
/* Of the redo log: then the placer begins. */
#define REDO_MUCH (REDO_SIZE / 4)

/* A commit; in the pool of the rows. */
struct batch {
    struct batch *next;
    struct rows *rows;
    uint64_t generation;
    struct redo_place place; /* of the record that ends with it; or 0s */
};

struct batches {
    struct batch *first, *last;
    size_t n;
};

struct dump {
    char *path;
    store_done_fn *fn;
    void *arg;
    sqlite3 *to;
    sqlite3_backup *backup;
    bool done;
    struct err *err;
};

struct listener {
    store_reached_fn *fn;
    void *arg;
};

struct sqlite_store {
    struct store store;
    int lock_fd, event_fd;
    struct file_db file; /* from the load on: the placer's */
    pthread_t keepers[KEEPERS], placer;
    size_t n_keepers;
    bool has_placer;

    pthread_mutex_t turn; /* of what follows; comes before the other */
    size_t n_last;        /* commits, in the last record */
    int64_t took;         /* ns, of that one */
    struct str text;      /* of a record */

    pthread_mutex_t mutex; /* of what follows */
    pthread_cond_t queued_one, kept_one, ended_one;
    struct redo *redo;     /* but for redo_write, which is the turn's */
    struct batches queued; /* -> */
    struct batches kept;   /* on disk -> */
    struct batches ended;  /* in the tables: for whom they came from to free */
    size_t n_wanted;       /* queued ones, that a keeper waits for */
    int64_t place_at;      /* ns; not before, without need */
    unsigned n_hurry;      /* who wait until none is kept */
    bool placing;          /* some that are neither kept nor ended */
    bool is_stuck;         /* the last time that was in vain */
    bool stopping, kept_all;
    uint64_t queued_up_to, durable; /* generations */
    char *failed;
    struct dump *dump;
    struct listener listener;
};

void *sqlite_store_keep(void *store);
void *sqlite_store_place(void *store);

void batches_add(struct batches *list, struct batch *b);
/* All of FROM, which is empty then. */
void batches_move(struct batches *to, struct batches *from);

int64_t sqlite_store_now(void); /* ns, of CLOCK_MONOTONIC */
/* False when that was too late; with the mutex. */
bool sqlite_store_wait(struct sqlite_store *s, pthread_cond_t *cond,
                       int64_t until);
/* poll has news. */
void sqlite_store_announce(struct sqlite_store *s);
/* For ever, and it is E's text; with the mutex. NULL is fine. */
void sqlite_store_fail(struct sqlite_store *s, struct err *e);
/* Until none is kept and no thread is at work on one, or it has failed; with
 * the mutex. */
void sqlite_store_hurry(struct sqlite_store *s);

/* The records of the redo log that are not in the tables: into them. Before
 * there are threads. */
struct err *sqlite_store_replay(struct sqlite_store *s) MUST_USE;

#endif
