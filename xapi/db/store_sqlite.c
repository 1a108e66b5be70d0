/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * store_sqlite: rows in a file of SQLite, with a redo log beside it. What is
 * queued is put on disk in the redo log, a record at a time, and into the
 * tables some time later, many records at a time. So an answer waits for one
 * write of one or two blocks, however many pages of the tables it changes.
 *
 * PATH is in WAL mode; PATH-redo is the redo log; PATH.lock says that somebody
 * has it open. What is told to be on disk survives the loss of power. The redo
 * log is only there while it is open, and after a crash.
 */
#include "xapi/db/store_sqlite_impl.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>

#include "lib/file.h"
#include "lib/log.h"
#include "lib/thread.h"

/* For one that has just been killed to be gone. */
#define LOCK_SECONDS 2.0

static struct sqlite_store *of(const struct store *s)
{
    return (struct sqlite_store *)(uintptr_t)s;
}

/* ---- what the threads share ---------------------------------------------- */

void batches_add(struct batches *list, struct batch *b)
{
    b->next = NULL;
    *(list->last ? &list->last->next : &list->first) = b;
    list->last = b;
    list->n++;
}

void batches_move(struct batches *to, struct batches *from)
{
    if (!from->n)
        return;
    *(to->last ? &to->last->next : &to->first) = from->first;
    to->last = from->last;
    to->n += from->n;
    *from = (struct batches){NULL};
}

static void free_batches(struct batches *list)
{
    struct batch *next;

    for (struct batch *b = list->first; b; b = next) {
        next = b->next;
        rows_free(b->rows);
    }
}

int64_t sqlite_store_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

bool sqlite_store_wait(struct sqlite_store *s, pthread_cond_t *cond,
                       int64_t until)
{
    const struct timespec end = {until / 1000000000, until % 1000000000};

    return !thread_wait(cond, &s->mutex, &end);
}

void sqlite_store_announce(struct sqlite_store *s)
{
    uint64_t one = 1;

    if (write(s->event_fd, &one, sizeof(one)) != sizeof(one))
        log_debug("store", "eventfd: %m");
}

void sqlite_store_fail(struct sqlite_store *s, struct err *e)
{
    if (e && !s->failed)
        s->failed = xstrdup(err_text(e));
    err_free(e);
}

void sqlite_store_hurry(struct sqlite_store *s)
{
    s->n_hurry++;
    pthread_cond_signal(&s->kept_one);
    while (!s->failed && (s->kept.n || s->placing))
        thread_wait(&s->ended_one, &s->mutex, NULL);
    s->n_hurry--;
}

/* ---- the database's side ------------------------------------------------- */

static struct err *start_threads(struct sqlite_store *s)
{
    int errnum = thread_start(&s->placer, sqlite_store_place, s);

    s->has_placer = !errnum;
    for (; !errnum && s->n_keepers < KEEPERS; s->n_keepers += !errnum)
        errnum = thread_start(&s->keepers[s->n_keepers], sqlite_store_keep, s);
    return errnum ? err_errno(errnum, "starting a thread that writes") : NULL;
}

static struct err *sqlite_load(struct store *store, row_fn *fn, void *arg,
                               uint64_t *ret_generation)
{
    struct sqlite_store *s = of(store);

    TRY(err_wrap(file_db_load(&s->file, fn, arg, ret_generation), "'%s'",
                 s->file.path));
    s->durable = *ret_generation;
    return start_threads(s);
}

static void sqlite_write(struct store *store, struct rows *rows,
                         uint64_t generation)
{
    struct sqlite_store *s = of(store);
    struct batch *b = pool_new_of(rows->pool, struct batch);

    *b = (struct batch){.rows = rows, .generation = generation};
    pthread_mutex_lock(&s->mutex);
    batches_add(&s->queued, b);
    s->queued_up_to = generation;
    if (s->n_wanted && s->queued.n >= s->n_wanted)
        pthread_cond_signal(&s->queued_one);
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
    struct batches ended = {NULL};
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
    batches_move(&ended, &s->ended);
    pthread_mutex_unlock(&s->mutex);
    free_batches(&ended);
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
    while (s->n_keepers && !s->failed && s->durable < s->queued_up_to)
        pthread_cond_wait(&s->ended_one, &s->mutex);
    if (s->has_placer)
        sqlite_store_hurry(s);
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
    pthread_cond_signal(&s->kept_one);
    pthread_mutex_unlock(&s->mutex);
    return NULL;
}

static void sqlite_detach(struct store *store)
{
    auto_close_(&of(store)->lock_fd);
    auto_close_(&of(store)->event_fd);
    redo_detach(of(store)->redo);
}

/* One after the other, so that what the keepers leave is placed. */
static void end_threads(struct sqlite_store *s)
{
    pthread_mutex_lock(&s->mutex);
    s->stopping = true;
    pthread_cond_broadcast(&s->queued_one);
    pthread_mutex_unlock(&s->mutex);
    while (s->n_keepers)
        pthread_join(s->keepers[--s->n_keepers], NULL);
    pthread_mutex_lock(&s->mutex);
    s->kept_all = true;
    pthread_cond_signal(&s->kept_one);
    pthread_mutex_unlock(&s->mutex);
    if (s->has_placer)
        pthread_join(s->placer, NULL);
}

static const char *redo_path(struct pool *p, const char *path)
{
    return pool_printf(p, "%s" FILE_DB_REDO, path);
}

/* All of it is in the tables. */
static void remove_redo(struct sqlite_store *s)
{
    AUTO_POOL struct pool *p = pool_new();

    redo_close(take_ptr(s->redo));
    err_drop(file_remove(redo_path(p, s->file.path)), "it does no harm");
}

static void free_parts(struct sqlite_store *s)
{
    redo_close(s->redo);
    file_db_close(&s->file);
    auto_close_(&s->event_fd);
    auto_close_(&s->lock_fd);
    str_done(&s->text);
    pthread_mutex_destroy(&s->turn);
    pthread_mutex_destroy(&s->mutex);
    pthread_cond_destroy(&s->queued_one);
    pthread_cond_destroy(&s->kept_one);
    pthread_cond_destroy(&s->ended_one);
}

static void sqlite_close(struct store *store)
{
    struct sqlite_store *s = of(store);

    end_threads(s);
    if (s->redo && !s->failed)
        remove_redo(s);
    free_dump(s->dump);
    free_batches(&s->queued);
    free_batches(&s->kept);
    free_batches(&s->ended);
    free_parts(s);
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
    AUTO_POOL struct pool *p = pool_new();

    TRY(lock(path, &s->lock_fd));
    s->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (s->event_fd < 0)
        return err_errno(errno, "eventfd");
    TRY(file_db_open(&s->file, path, &file_db_layout));
    TRY(redo_open(redo_path(p, path), &s->redo));
    return err_wrap(sqlite_store_replay(s), "'%s'", redo_path(p, path));
}

static void init_cond(pthread_cond_t *cond)
{
    pthread_condattr_t monotonic;

    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(cond, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

struct err *store_sqlite_open(const char *path, struct store **ret)
{
    struct sqlite_store *s = xcalloc(1, sizeof(*s));
    struct err *e;

    s->store.ops = &sqlite_ops;
    s->lock_fd = s->event_fd = -1;
    s->text = (struct str)STR_INIT(REDO_RECORD_MAX);
    pthread_mutex_init(&s->turn, NULL);
    pthread_mutex_init(&s->mutex, NULL);
    init_cond(&s->queued_one);
    init_cond(&s->kept_one);
    init_cond(&s->ended_one);
    e = open_parts(s, path);
    if (e) {
        sqlite_store_fail(s, ERR("not opened")); /* the redo log stays */
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
