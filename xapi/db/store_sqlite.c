/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * store_sqlite: rows in a file of SQLite. Two threads sync in turns: who has
 * the turn writes what is queued, and syncs the WAL. Then the other one has the
 * turn, while this one tells of it, and writes what has been queued meanwhile.
 * The threads touch nothing but the file and the queue.
 *
 * PATH is in WAL mode; what is told to be on disk survives the loss of power.
 * PATH.lock says that somebody has it open.
 */
#include "xapi/db/store_sqlite.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>

#include "lib/file.h"
#include "lib/log.h"
#include "lib/thread.h"
#include "xapi/db/store.h"

/* What one transaction writes at most, so that it ends. */
#define BATCH_ROWS 50000
/* Between two batches this much of a dump is copied. */
#define DUMP_PAGES 256
/* One that syncs, one that tells. */
#define THREADS 2
/*
 * On a slow disk a turn waits for as many commits as the last one had, so that
 * writers who had to wait for that one share the next. It waits for half of
 * what the last one took beyond the time that writers need to come back: where
 * the disk is as fast as they are, it writes what is there, and they make the
 * next batch meanwhile.
 */
#define COME_BACK_NS 400000
#define GATHER_MAX_NS 5000000
/* For one that has just been killed to be gone. */
#define LOCK_SECONDS 2.0

/* In the pool of the rows. */
struct batch {
    struct batch *next;
    struct rows *rows;
    uint64_t generation;
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
    int lock_fd, event_fd, wal_fd;
    pthread_t threads[THREADS];
    size_t n_threads;

    pthread_mutex_t turn; /* of what follows; comes before the others */
    size_t n_last;        /* commits, in the last one */
    int64_t took;         /* ns, of that one */

    pthread_mutex_t writing; /* of what follows; comes before the next */
    struct file_db file;

    pthread_mutex_t mutex; /* of what follows */
    pthread_cond_t queued_one, ended_one;
    struct batch *first, *last;
    struct batch *ended;        /* for whom they came from to free */
    size_t n_queued, n_written; /* commits; n_written: that no sync has seen */
    size_t n_wanted;            /* who waits for so many of both */
    bool stopping;
    uint64_t queued, written, durable; /* generations */
    char *failed;
    struct dump *dump;
    struct listener listener;
};

static struct sqlite_store *of(const struct store *s)
{
    return (struct sqlite_store *)(uintptr_t)s;
}

/* ---- the threads --------------------------------------------------------- */

static void announce(struct sqlite_store *s)
{
    uint64_t one = 1;

    if (write(s->event_fd, &one, sizeof(one)) != sizeof(one))
        log_debug("store", "eventfd: %m");
}

static int64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Takes batches off the queue, how many in RET_N; with the mutex held. */
static struct batch *take_batches(struct sqlite_store *s, size_t *ret_n)
{
    struct batch *list = s->first, *b = list;

    *ret_n = !!b;
    if (!b)
        return NULL;
    for (size_t n = b->rows->n; b->next && n < BATCH_ROWS; n += b->rows->n) {
        b = b->next;
        ++*ret_n;
    }
    s->n_queued -= *ret_n;
    s->first = b->next;
    if (!s->first)
        s->last = NULL;
    b->next = NULL;
    return list;
}

static bool is_dumping(const struct sqlite_store *s)
{
    return s->dump && !s->dump->done;
}

/* Commits that no sync has seen. */
static size_t n_new(const struct sqlite_store *s)
{
    return s->n_queued + s->n_written;
}

/* There are more of them; with the mutex. */
static void wake(struct sqlite_store *s)
{
    if (s->n_wanted && n_new(s) >= s->n_wanted)
        pthread_cond_signal(&s->queued_one);
}

/* Until there is something to do; with the mutex. */
static void await_work(struct sqlite_store *s)
{
    s->n_wanted = 1;
    while (!n_new(s) && !is_dumping(s) && !s->stopping)
        pthread_cond_wait(&s->queued_one, &s->mutex);
    s->n_wanted = 0;
}

static void gather(struct sqlite_store *s)
{
    int64_t wait = (s->took - COME_BACK_NS) / 2;
    int64_t end = now_ns() + (wait < GATHER_MAX_NS ? wait : GATHER_MAX_NS);
    const struct timespec until = {end / 1000000000, end % 1000000000};

    if (wait <= 0)
        return;
    s->n_wanted = s->n_last;
    while (n_new(s) < s->n_last && !s->stopping)
        if (pthread_cond_timedwait(&s->queued_one, &s->mutex, &until))
            break;
    s->n_wanted = 0;
}

static struct err *write_batches(struct sqlite_store *s, struct batch *list,
                                 uint64_t *ret_generation)
{
    uint64_t generation = 0;

    TRY(file_db_begin(&s->file));
    for (struct batch *b = list; b; b = b->next) {
        for (size_t i = 0; i < b->rows->n; i++)
            TRY(file_db_write(&s->file, &b->rows->list[i]));
        generation = b->generation;
    }
    TRY(file_db_commit(&s->file, generation));
    *ret_generation = generation;
    return NULL;
}

static void free_batches(struct batch *b)
{
    struct batch *next;

    for (; b; b = next) {
        next = b->next;
        rows_free(b->rows);
    }
}

static struct batch **end_of(struct batch **list)
{
    while (*list)
        list = &(*list)->next;
    return list;
}

static void note_failure(struct sqlite_store *s, struct err *e)
{
    if (e && !s->failed)
        s->failed = xstrdup(err_text(e));
    err_free(e);
}

/* N commits, LIST, have been written up to GENERATION, unless E. */
static void note_written(struct sqlite_store *s, struct batch *list, size_t n,
                         uint64_t generation, struct err *e)
{
    pthread_mutex_lock(&s->mutex);
    note_failure(s, e);
    if (!s->failed)
        s->written = generation;
    s->n_written += n;
    wake(s);
    *end_of(&list) = s->ended;
    s->ended = list;
    pthread_mutex_unlock(&s->mutex);
}

/* Writes what is queued. */
static void write_queued(struct sqlite_store *s)
{
    uint64_t generation = 0;
    struct err *e = NULL;
    struct batch *list;
    bool failed;
    size_t n;

    pthread_mutex_lock(&s->writing);
    pthread_mutex_lock(&s->mutex);
    list = take_batches(s, &n);
    failed = s->failed;
    pthread_mutex_unlock(&s->mutex);
    if (list && !failed)
        e = write_batches(s, list, &generation);
    if (list)
        note_written(s, list, n, generation, e);
    pthread_mutex_unlock(&s->writing);
}

/* Gives what the sync that begins now is of; false: there is none. */
static bool begin_sync(struct sqlite_store *s, uint64_t *ret_generation)
{
    bool failed;

    pthread_mutex_lock(&s->mutex);
    *ret_generation = s->written;
    s->n_last = s->n_written;
    s->n_written = 0;
    failed = s->failed;
    pthread_mutex_unlock(&s->mutex);
    return !failed;
}

/* Gives who is to be told, if anybody. */
static struct listener end_sync(struct sqlite_store *s, uint64_t generation,
                                struct err *e)
{
    struct listener listener = {NULL, NULL};

    pthread_mutex_lock(&s->mutex);
    note_failure(s, e);
    if (!s->failed) {
        s->durable = generation;
        listener = s->listener;
    }
    pthread_cond_broadcast(&s->ended_one);
    pthread_mutex_unlock(&s->mutex);
    return listener;
}

/* With the turn, which it gives up when all that is queued is on disk. */
static void do_sync(struct sqlite_store *s)
{
    int64_t began = now_ns();
    struct listener listener;
    struct err *e = NULL;
    uint64_t generation;

    write_queued(s);
    if (begin_sync(s, &generation) && fdatasync(s->wal_fd))
        e = err_errno(errno, "'%s': cannot sync", s->file.path);
    s->took = now_ns() - began;
    listener = end_sync(s, generation, e);
    pthread_mutex_unlock(&s->turn);
    if (listener.fn)
        listener.fn(listener.arg, generation);
    announce(s);
    write_queued(s);
    pthread_mutex_lock(&s->turn);
}

/* ---- a dump -------------------------------------------------------------- */

static struct err *dump_step(struct sqlite_store *s, struct dump *d,
                             bool *ret_done)
{
    int rc;

    if (!d->backup)
        TRY(file_db_dump_begin(&s->file, d->path, &d->to, &d->backup));
    rc = sqlite3_backup_step(d->backup, DUMP_PAGES);
    if (rc == SQLITE_OK)
        return NULL;
    *ret_done = true;
    if (rc != SQLITE_DONE)
        return ERR("'%s': %s", d->path, sqlite3_errstr(rc));
    return NULL;
}

static void do_dump(struct sqlite_store *s, struct dump *d)
{
    bool done = false;
    struct err *e;

    pthread_mutex_lock(&s->writing);
    e = dump_step(s, d, &done);
    pthread_mutex_unlock(&s->writing);
    if (e || done)
        e = err_join(e, file_db_dump_end(d->path, d->to, d->backup, !e));
    if (!e && !done)
        return;
    pthread_mutex_lock(&s->mutex);
    d->err = e;
    d->done = true;
    pthread_mutex_unlock(&s->mutex);
    announce(s);
}

/* False: there will be no more. With the turn. */
static bool next_work(struct sqlite_store *s, bool *ret_sync,
                      struct dump **ret_dump)
{
    pthread_mutex_lock(&s->mutex);
    await_work(s);
    *ret_sync = n_new(s);
    if (*ret_sync)
        gather(s);
    *ret_dump = is_dumping(s) ? s->dump : NULL;
    pthread_mutex_unlock(&s->mutex);
    return *ret_sync || *ret_dump;
}

static void *sync_loop(void *arg)
{
    struct sqlite_store *s = arg;
    struct dump *dump;
    bool sync;

    pthread_mutex_lock(&s->turn);
    while (next_work(s, &sync, &dump)) {
        if (dump)
            do_dump(s, dump);
        if (sync)
            do_sync(s);
    }
    pthread_mutex_unlock(&s->turn);
    return NULL;
}

/* ---- the database's side ------------------------------------------------- */

static struct err *start_threads(struct sqlite_store *s)
{
    for (; s->n_threads < THREADS; s->n_threads++) {
        int errnum = thread_start(&s->threads[s->n_threads], sync_loop, s);

        if (errnum)
            return err_errno(errnum, "starting a thread that writes");
    }
    return NULL;
}

static struct err *sqlite_load(struct store *store, row_fn *fn, void *arg,
                               uint64_t *ret_generation)
{
    struct sqlite_store *s = of(store);

    TRY(err_wrap(file_db_load(&s->file, fn, arg, ret_generation), "'%s'",
                 s->file.path));
    TRY(file_db_sync_apart(&s->file, &s->wal_fd));
    s->written = s->durable = *ret_generation;
    return start_threads(s);
}

static void sqlite_write(struct store *store, struct rows *rows,
                         uint64_t generation)
{
    struct sqlite_store *s = of(store);
    struct batch *b = pool_new_of(rows->pool, struct batch);

    *b = (struct batch){NULL, rows, generation};
    pthread_mutex_lock(&s->mutex);
    *(s->last ? &s->last->next : &s->first) = b;
    s->last = b;
    s->n_queued++;
    s->queued = generation;
    wake(s);
    pthread_mutex_unlock(&s->mutex);
}

static struct dump *take_dump(struct sqlite_store *s)
{
    struct dump *d = s->dump;

    if (!d || !d->done)
        return NULL;
    s->dump = NULL;
    return d;
}

static void free_dump(struct dump *d)
{
    if (!d)
        return;
    err_free(d->err);
    free(d->path);
    free(d);
}

static struct err *sqlite_poll(struct store *store, uint64_t *ret_durable)
{
    struct sqlite_store *s = of(store);
    struct batch *ended;
    struct err *e = NULL;
    struct dump *d;
    uint64_t count;

    if (read(s->event_fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
        log_debug("store", "eventfd: %m");
    pthread_mutex_lock(&s->mutex);
    *ret_durable = s->durable;
    if (s->failed)
        e = ERR("%s", s->failed);
    d = take_dump(s);
    ended = take_ptr(s->ended);
    pthread_mutex_unlock(&s->mutex);
    free_batches(ended);
    if (d)
        d->fn(d->arg, take_ptr(d->err));
    free_dump(d);
    return e;
}

static int sqlite_fd(const struct store *store)
{
    return of(store)->event_fd;
}

static void sqlite_on_reached(struct store *store, store_reached_fn *fn,
                              void *arg)
{
    struct sqlite_store *s = of(store);

    pthread_mutex_lock(&s->mutex);
    s->listener = (struct listener){fn, arg};
    pthread_mutex_unlock(&s->mutex);
}

static void sqlite_flush(struct store *store)
{
    struct sqlite_store *s = of(store);

    pthread_mutex_lock(&s->mutex);
    while (s->n_threads && !s->failed && s->durable < s->queued)
        pthread_cond_wait(&s->ended_one, &s->mutex);
    pthread_mutex_unlock(&s->mutex);
}

static struct err *sqlite_dump(struct store *store, const char *path,
                               store_done_fn *fn, void *arg)
{
    struct sqlite_store *s = of(store);
    struct dump *d;

    if (file_exists(path))
        return ERR("'%s' is there already", path);
    if (s->dump)
        return ERR("a dump into '%s' is being written", s->dump->path);
    d = xcalloc(1, sizeof(*d));
    d->path = xstrdup(path);
    d->fn = fn;
    d->arg = arg;
    pthread_mutex_lock(&s->mutex);
    s->dump = d;
    pthread_cond_signal(&s->queued_one);
    pthread_mutex_unlock(&s->mutex);
    return NULL;
}

static void sqlite_detach(struct store *store)
{
    auto_close_(&of(store)->lock_fd);
    auto_close_(&of(store)->event_fd);
    auto_close_(&of(store)->wal_fd);
}

static void sqlite_close(struct store *store)
{
    struct sqlite_store *s = of(store);

    pthread_mutex_lock(&s->mutex);
    s->stopping = true;
    pthread_cond_broadcast(&s->queued_one);
    pthread_mutex_unlock(&s->mutex);
    while (s->n_threads)
        pthread_join(s->threads[--s->n_threads], NULL);
    free_dump(s->dump);
    free_batches(s->first);
    free_batches(s->ended);
    file_db_close(&s->file);
    auto_close_(&s->wal_fd);
    auto_close_(&s->event_fd);
    auto_close_(&s->lock_fd);
    pthread_mutex_destroy(&s->turn);
    pthread_mutex_destroy(&s->writing);
    pthread_mutex_destroy(&s->mutex);
    pthread_cond_destroy(&s->queued_one);
    pthread_cond_destroy(&s->ended_one);
    free(s->failed);
    free(s);
}

static const struct store_ops sqlite_ops = {
    .load = sqlite_load,
    .write = sqlite_write,
    .poll = sqlite_poll,
    .fd = sqlite_fd,
    .on_reached = sqlite_on_reached,
    .flush = sqlite_flush,
    .dump = sqlite_dump,
    .detach = sqlite_detach,
    .close = sqlite_close,
};

/* ---- opening ------------------------------------------------------------- */

static struct err *lock(const char *path, int *ret_fd)
{
    AUTO_POOL struct pool *p = pool_new();

    return err_wrap(
        file_lock(pool_printf(p, "%s.lock", path), LOCK_SECONDS, ret_fd),
        "'%s' is in use", path);
}

static struct err *open_parts(struct sqlite_store *s, const char *path)
{
    TRY(lock(path, &s->lock_fd));
    s->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (s->event_fd < 0)
        return err_errno(errno, "eventfd");
    return file_db_open(&s->file, path, &file_db_layout);
}

struct err *store_sqlite_open(const char *path, struct store **ret)
{
    struct sqlite_store *s = xcalloc(1, sizeof(*s));
    pthread_condattr_t monotonic;
    struct err *e;

    s->store.ops = &sqlite_ops;
    s->lock_fd = s->event_fd = s->wal_fd = -1;
    pthread_mutex_init(&s->turn, NULL);
    pthread_mutex_init(&s->writing, NULL);
    pthread_mutex_init(&s->mutex, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&s->queued_one, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_cond_init(&s->ended_one, NULL);
    e = open_parts(s, path);
    if (e) {
        sqlite_close(&s->store);
        return e;
    }
    *ret = &s->store;
    return NULL;
}

struct err *store_sqlite_restore(const char *path, const char *dump)
{
    AUTO_FD int fd = -1;

    TRY(lock(path, &fd));
    return file_db_restore(path, dump);
}

struct err *store_sqlite_remove(const char *path)
{
    AUTO_POOL struct pool *p = pool_new();

    TRY(file_db_remove(path));
    return file_remove(pool_printf(p, "%s.lock", path));
}
