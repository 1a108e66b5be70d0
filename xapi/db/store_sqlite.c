/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * store_sqlite: rows in a file of SQLite. One thread writes; all that is queued
 * when it begins is one transaction of SQLite and one fsync. The thread touches
 * nothing but the file and the queue.
 *
 * PATH is in WAL mode with synchronous=FULL: what is committed survives the
 * loss of power. PATH.lock says that somebody has it open.
 */
#include "xapi/db/store_sqlite.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>

#include "lib/file.h"
#include "lib/log.h"
#include "xapi/db/store.h"

/* What one transaction writes at most, so that it ends. */
#define BATCH_ROWS 50000
/* Between two batches this much of a dump is copied. */
#define DUMP_PAGES 256
/*
 * It waits for as many commits as the last batch had, so that writers who had
 * to wait for that one share the next: where a batch takes longer than its
 * writers need to come back, all share it. It waits for half as long as the
 * last one took: where the disk is faster than they are, it writes what is
 * there, and they make the next batch meanwhile.
 */
#define GATHER_MAX_NS 5000000
/* For one that has just been killed to be gone. */
#define LOCK_SECONDS 2.0

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

struct sqlite_store {
    struct store store;
    struct file_db file;
    int lock_fd, event_fd;
    pthread_t thread;
    bool started;

    pthread_mutex_t mutex; /* of what follows */
    pthread_cond_t changed;
    struct batch *first, *last;
    size_t n_queued, n_last; /* commits: waiting, in the last transaction */
    int64_t took;            /* ns, of that one */
    bool stopping, busy;
    uint64_t queued, durable; /* generations */
    char *failed;
    struct dump *dump;
};

static struct sqlite_store *of(const struct store *s)
{
    return (struct sqlite_store *)(uintptr_t)s;
}

/* ---- the thread ---------------------------------------------------------- */

static void announce(struct sqlite_store *s)
{
    uint64_t one = 1;

    if (write(s->event_fd, &one, sizeof(one)) != sizeof(one))
        log_debug("store", "eventfd: %m");
}

/* Takes batches off the queue; with the mutex held. */
static struct batch *take_batches(struct sqlite_store *s)
{
    struct batch *list = s->first, *b = list;
    size_t n = 0;

    s->n_last = 1;
    for (n = b->rows->n; b->next && n < BATCH_ROWS; n += b->rows->n) {
        b = b->next;
        s->n_last++;
    }
    s->n_queued -= s->n_last;
    s->first = b->next;
    if (!s->first)
        s->last = NULL;
    b->next = NULL;
    return list;
}

static int64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void gather(struct sqlite_store *s)
{
    int64_t wait = s->took / 2 < GATHER_MAX_NS ? s->took / 2 : GATHER_MAX_NS;
    int64_t end = now_ns() + wait;
    const struct timespec until = {end / 1000000000, end % 1000000000};

    while (s->n_queued < s->n_last && !s->stopping)
        if (pthread_cond_timedwait(&s->changed, &s->mutex, &until))
            return;
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
        free(b);
    }
}

/* With the mutex held, which it gives up while it writes. */
static void do_batches(struct sqlite_store *s)
{
    uint64_t generation = 0;
    struct err *e = NULL;
    bool failed = s->failed;
    struct batch *list;
    int64_t began;

    gather(s);
    list = take_batches(s);
    pthread_mutex_unlock(&s->mutex);
    began = now_ns();
    if (!failed)
        e = write_batches(s, list, &generation);
    free_batches(list);
    pthread_mutex_lock(&s->mutex);
    s->took = now_ns() - began;
    if (e)
        s->failed = xstrdup(err_text(e));
    else if (!failed)
        s->durable = generation;
    err_free(e);
    pthread_cond_broadcast(&s->changed);
    announce(s);
}

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

static void do_dump(struct sqlite_store *s)
{
    struct dump *d = s->dump;
    bool done = false;
    struct err *e;

    pthread_mutex_unlock(&s->mutex);
    e = dump_step(s, d, &done);
    if (e || done)
        e = err_join(e, file_db_dump_end(d->path, d->to, d->backup, !e));
    pthread_mutex_lock(&s->mutex);
    if (!e && !done)
        return;
    d->err = e;
    d->done = true;
    announce(s);
}

static bool dumping(const struct sqlite_store *s)
{
    return s->dump && !s->dump->done;
}

static void *write_loop(void *arg)
{
    struct sqlite_store *s = arg;

    pthread_mutex_lock(&s->mutex);
    while (!s->stopping || s->first || dumping(s)) {
        s->busy = true;
        if (s->first)
            do_batches(s);
        if (dumping(s))
            do_dump(s);
        if (s->first || dumping(s))
            continue;
        s->busy = false;
        if (!s->stopping)
            pthread_cond_wait(&s->changed, &s->mutex);
    }
    pthread_mutex_unlock(&s->mutex);
    return NULL;
}

/* ---- the database's side ------------------------------------------------- */

static struct err *start_thread(struct sqlite_store *s)
{
    sigset_t all, before;
    int rc;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    rc = pthread_create(&s->thread, NULL, write_loop, s);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (rc)
        return err_errno(rc, "starting the thread that writes");
    s->started = true;
    return NULL;
}

static struct err *sqlite_load(struct store *store, row_fn *fn, void *arg,
                               uint64_t *ret_generation)
{
    struct sqlite_store *s = of(store);

    TRY(err_wrap(file_db_load(&s->file, fn, arg, ret_generation), "'%s'",
                 s->file.path));
    s->durable = *ret_generation;
    return start_thread(s);
}

static void sqlite_write(struct store *store, struct rows *rows,
                         uint64_t generation)
{
    struct sqlite_store *s = of(store);
    struct batch *b = xcalloc(1, sizeof(*b));

    *b = (struct batch){NULL, rows, generation};
    pthread_mutex_lock(&s->mutex);
    *(s->last ? &s->last->next : &s->first) = b;
    s->last = b;
    s->n_queued++;
    s->queued = generation;
    if (!s->busy || s->n_queued == s->n_last)
        pthread_cond_broadcast(&s->changed);
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
    pthread_mutex_unlock(&s->mutex);
    if (d)
        d->fn(d->arg, take_ptr(d->err));
    free_dump(d);
    return e;
}

static int sqlite_fd(const struct store *store)
{
    return of(store)->event_fd;
}

static void sqlite_flush(struct store *store)
{
    struct sqlite_store *s = of(store);

    pthread_mutex_lock(&s->mutex);
    while (s->started && !s->failed && s->durable < s->queued)
        pthread_cond_wait(&s->changed, &s->mutex);
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
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->mutex);
    return NULL;
}

static void sqlite_detach(struct store *store)
{
    auto_close_(&of(store)->lock_fd);
    auto_close_(&of(store)->event_fd);
}

static void sqlite_close(struct store *store)
{
    struct sqlite_store *s = of(store);

    if (s->started) {
        pthread_mutex_lock(&s->mutex);
        s->stopping = true;
        pthread_cond_broadcast(&s->changed);
        pthread_mutex_unlock(&s->mutex);
        pthread_join(s->thread, NULL);
    }
    free_dump(s->dump);
    free_batches(s->first);
    file_db_close(&s->file);
    auto_close_(&s->event_fd);
    auto_close_(&s->lock_fd);
    pthread_mutex_destroy(&s->mutex);
    pthread_cond_destroy(&s->changed);
    free(s->failed);
    free(s);
}

static const struct store_ops sqlite_ops = {
    .load = sqlite_load,
    .write = sqlite_write,
    .poll = sqlite_poll,
    .fd = sqlite_fd,
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
    s->lock_fd = s->event_fd = -1;
    pthread_mutex_init(&s->mutex, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&s->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
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
