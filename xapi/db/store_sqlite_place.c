/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * store_sqlite_place: the thread that puts into the tables what is on disk in
 * the redo log: much at a time, and none of what waits for the disk waits for
 * that. It writes dumps between.
 */
#include "lib/log.h"
#include "xapi/db/store_sqlite_impl.h"

/* So long nothing is put into the tables, unless somebody is in a hurry or
 * much of the redo log is in use. */
#define REST_NS 100000000
/* After a disk was full. */
#define AGAIN_NS 1000000000
/* Between two transactions this much of a dump is copied. */
#define DUMP_PAGES 256

/* ---- into the tables ----------------------------------------------------- */

static struct err *write_rows(struct file_db *f, const struct rows *rows)
{
    for (size_t i = 0; i < rows->n; i++)
        TRY(file_db_write(f, &rows->list[i]));
    return NULL;
}

static struct err *write_all(struct file_db *f, const struct batches *list,
                             const struct redo_place *last)
{
    TRY(file_db_begin(f));
    for (const struct batch *b = list->first; b; b = b->next)
        TRY(write_rows(f, b->rows));
    if (last->number)
        TRY(file_db_set_redo(f, last->number));
    return file_db_commit(f, list->last->generation);
}

static struct redo_place last_place(const struct batches *list)
{
    struct redo_place place = {0};

    for (const struct batch *b = list->first; b; b = b->next)
        if (b->place.number)
            place = b->place;
    return place;
}

/* Is there no time to try again? With the mutex. */
static bool is_urgent(const struct sqlite_store *s)
{
    return s->n_hurry || s->kept_all;
}

/* It stays in the redo log; with the mutex. */
static void try_later(struct sqlite_store *s, struct batches *list,
                      struct err *e)
{
    if (!s->is_stuck)
        log_error("store",
                  "%s; what is answered is kept, and this is tried "
                  "again each second",
                  err_text(e));
    err_free(e);
    s->is_stuck = true;
    s->place_at = sqlite_store_now() + AGAIN_NS;
    batches_move(list, &s->kept);
    batches_move(&s->kept, list);
}

/* LIST is in the tables; with the mutex. */
static void note_placed(struct sqlite_store *s, struct batches *list,
                        const struct redo_place *last)
{
    if (s->is_stuck)
        log_info("store", "'%s' can be written again", s->file.path);
    s->is_stuck = false;
    if (last->number)
        redo_release(s->redo, last);
    batches_move(&s->ended, list);
    s->place_at = sqlite_store_now() + REST_NS;
}

static void end_place(struct sqlite_store *s, struct batches *list,
                      const struct redo_place *last, struct err *e)
{
    s->placing = false;
    if (!e) {
        note_placed(s, list, last);
    } else if (!is_urgent(s)) {
        try_later(s, list, e);
    } else {
        sqlite_store_fail(s, e);
        batches_move(&s->ended, list);
    }
    pthread_cond_broadcast(&s->ended_one);
}

static void place_kept(struct sqlite_store *s)
{
    struct batches list = {NULL};
    struct redo_place last;
    struct err *e;

    batches_move(&list, &s->kept);
    s->placing = true;
    pthread_mutex_unlock(&s->mutex);
    last = last_place(&list);
    e = write_all(&s->file, &list, &last);
    if (e)
        file_db_rollback(&s->file);
    pthread_mutex_lock(&s->mutex);
    end_place(s, &list, &last, e);
    sqlite_store_announce(s);
}

/* ---- a dump -------------------------------------------------------------- */

static bool is_dumping(const struct sqlite_store *s)
{
    return s->dump && !s->dump->done;
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
    struct err *e = s->failed ? ERR("%s", s->failed) : NULL;
    struct dump *d = s->dump;
    bool done = false;

    pthread_mutex_unlock(&s->mutex);
    if (!e)
        e = dump_step(s, d, &done);
    if (e || done)
        e = err_join(e, file_db_dump_end(d->path, d->to, d->backup, !e));
    pthread_mutex_lock(&s->mutex);
    if (!e && !done)
        return;
    d->err = e;
    d->done = true;
    sqlite_store_announce(s);
}

/* ---- the thread ---------------------------------------------------------- */

static bool is_due(const struct sqlite_store *s)
{
    return is_urgent(s) || sqlite_store_now() >= s->place_at ||
           (!s->is_stuck && (is_dumping(s) || redo_used(s->redo) >= REDO_MUCH));
}

static bool has_work(const struct sqlite_store *s)
{
    return s->kept.n || is_dumping(s) || s->kept_all;
}

/* False: there will be no more. With the mutex. */
static bool await_work(struct sqlite_store *s)
{
    while (!has_work(s))
        sqlite_store_wait(s, &s->kept_one, INT64_MAX);
    while (s->kept.n && !is_due(s))
        sqlite_store_wait(s, &s->kept_one, s->place_at);
    return s->kept.n || is_dumping(s);
}

void *sqlite_store_place(void *store)
{
    struct sqlite_store *s = store;

    pthread_mutex_lock(&s->mutex);
    while (await_work(s)) {
        if (s->kept.n)
            place_kept(s);
        if (is_dumping(s) && (!s->is_stuck || s->failed))
            do_dump(s);
    }
    pthread_mutex_unlock(&s->mutex);
    return NULL;
}

/* ---- after a crash ------------------------------------------------------- */

static struct err *write_record(void *arg, const struct redo_record *record)
{
    AUTO_ROWS struct rows *rows = NULL;
    struct sqlite_store *s = arg;

    TRY(rows_unpack(record->bytes, record->len, &rows));
    s->durable = record->generation;
    return write_rows(&s->file, rows);
}

/* All of them or none. */
struct err *sqlite_store_replay(struct sqlite_store *s)
{
    uint64_t placed, last;

    TRY(file_db_redo(&s->file, &placed));
    last = placed;
    TRY(file_db_begin(&s->file));
    TRY(redo_read(s->redo, &last, write_record, s));
    if (last > placed)
        TRY(file_db_set_redo(&s->file, last));
    return file_db_commit(&s->file, s->durable);
}
