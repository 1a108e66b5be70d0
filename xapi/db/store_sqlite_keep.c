/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * store_sqlite_keep: two threads keep in turns: who has the turn writes what is
 * queued into the redo log, as one record. Then the other one has the turn,
 * while this one tells of it.
 */
#include "lib/thread.h"
#include "xapi/db/store_sqlite_impl.h"

/* The rows of a record, at most; a commit with more goes into the tables at
 * once, as does one whose rows are very long. */
#define RECORD_ROWS 1000
/*
 * On a slow disk a turn waits for as many commits as the last one had, so that
 * writers who had to wait for that one share the next. It waits for half of
 * what the last one took beyond the time that writers need to come back.
 *
 * Where the disk is as fast as they are, nobody waits, and half of the writers
 * are to come back while the others' record is written: it is no larger than
 * that, or the disk and the processors would wait for each other.
 */
#define COME_BACK_NS 400000
#define GATHER_MAX_NS 5000000

/* Those that share a record; with the turn and the mutex. */
static void take_queued(struct sqlite_store *s, struct batches *ret)
{
    size_t max = s->took > COME_BACK_NS ? s->queued.n
                                        : (s->queued.n + s->n_last + 1) / 2;
    struct batch *b = s->queued.first, *next;

    *ret = (struct batches){NULL};
    for (size_t n = 0;
         b && ret->n < max && (!n || n + b->rows->n <= RECORD_ROWS); b = next) {
        n += b->rows->n;
        next = b->next;
        batches_add(ret, b);
    }
    s->queued.first = b;
    s->queued.n -= ret->n;
    if (!b)
        s->queued.last = NULL;
}

/* Until there are N; with the mutex. */
static void await_queued(struct sqlite_store *s, size_t n, int64_t until)
{
    s->n_wanted = n;
    while (s->queued.n < n && !s->stopping)
        if (!sqlite_store_wait(s, &s->queued_one, until))
            break;
    s->n_wanted = 0;
}

static void gather(struct sqlite_store *s)
{
    int64_t wait = (s->took - COME_BACK_NS) / 2;

    if (wait > 0)
        await_queued(s, s->n_last,
                     sqlite_store_now() +
                         (wait < GATHER_MAX_NS ? wait : GATHER_MAX_NS));
}

/* What is on disk, or will be by the placer. */
static void hand_over(struct sqlite_store *s, struct batches *list)
{
    if (!s->kept.n || redo_used(s->redo) >= REDO_MUCH)
        pthread_cond_signal(&s->kept_one);
    batches_move(&s->kept, list);
}

/* Past the redo log. */
static void keep_large(struct sqlite_store *s, struct batches *list)
{
    pthread_mutex_lock(&s->mutex);
    hand_over(s, list);
    sqlite_store_hurry(s);
    pthread_mutex_unlock(&s->mutex);
}

/* False: it has failed. */
static bool reserve(struct sqlite_store *s, size_t len, struct redo_place *ret)
{
    bool failed;

    pthread_mutex_lock(&s->mutex);
    while (!s->failed && !redo_reserve(s->redo, len, ret))
        sqlite_store_hurry(s);
    failed = s->failed;
    pthread_mutex_unlock(&s->mutex);
    return !failed;
}

static bool pack(struct sqlite_store *s, const struct batches *list)
{
    str_clear(&s->text);
    if (list->first->rows->n > RECORD_ROWS)
        return false;
    for (const struct batch *b = list->first; b; b = b->next)
        rows_pack(b->rows, &s->text);
    return !str_full(&s->text);
}

static struct err *keep(struct sqlite_store *s, struct batches *list)
{
    struct redo_place *place = &list->last->place;

    if (!pack(s, list)) {
        keep_large(s, list);
        return NULL;
    }
    if (!reserve(s, s->text.len, place))
        return NULL;
    TRY(redo_write(s->redo, place, list->last->generation, str_text(&s->text),
                   s->text.len));
    pthread_mutex_lock(&s->mutex);
    hand_over(s, list);
    pthread_mutex_unlock(&s->mutex);
    return NULL;
}

/* What could not be kept of LIST is over. Gives who is to be told, if
 * anybody. */
static struct listener end_turn(struct sqlite_store *s, struct batches *list,
                                uint64_t generation, struct err *e)
{
    struct listener listener = {NULL, NULL};

    pthread_mutex_lock(&s->mutex);
    sqlite_store_fail(s, e);
    batches_move(&s->ended, list);
    if (!s->failed) {
        s->durable = generation;
        listener = s->listener;
    }
    pthread_cond_broadcast(&s->ended_one);
    pthread_mutex_unlock(&s->mutex);
    return listener;
}

/* With the turn, which it gives up when all that was queued is on disk. */
static void do_turn(struct sqlite_store *s, struct batches *list, bool failed)
{
    uint64_t generation = list->last->generation;
    int64_t began = sqlite_store_now();
    struct listener listener;
    struct err *e;

    s->n_last = list->n;
    e = failed ? NULL : keep(s, list);
    s->took = sqlite_store_now() - began;
    listener = end_turn(s, list, generation, e);
    pthread_mutex_unlock(&s->turn);
    if (listener.fn)
        listener.fn(listener.arg, generation);
    sqlite_store_announce(s);
    thread_lock(&s->turn);
}

/* False: there will be no more. With the turn. */
static bool next_turn(struct sqlite_store *s, struct batches *ret,
                      bool *ret_failed)
{
    pthread_mutex_lock(&s->mutex);
    await_queued(s, 1, INT64_MAX);
    if (s->queued.n)
        gather(s);
    take_queued(s, ret);
    *ret_failed = s->failed;
    pthread_mutex_unlock(&s->mutex);
    return ret->n;
}

void *sqlite_store_keep(void *store)
{
    struct sqlite_store *s = store;
    struct batches list;
    bool failed;

    thread_lock(&s->turn);
    while (next_turn(s, &list, &failed))
        do_turn(s, &list, failed);
    pthread_mutex_unlock(&s->turn);
    return NULL;
}
