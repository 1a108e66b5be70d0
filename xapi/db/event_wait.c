/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * event_wait: who waits for what. Each filter of each waiter is in one table
 * by class and reference; a changed object asks it three times: for itself, for
 * its class and for everything.
 */
#include "xapi/db/db_impl.h"
#include "xapi/db/event.h"

struct entry {
    struct hash_node node;
    struct event_wait *wait;
    const struct model_class *class;
    const char *ref; /* interned */
};

struct event_wait {
    struct db *db; /* NULL: the database is gone */
    event_wait_fn *fn;
    void *arg;
    struct event_wait *next, **link; /* of those that are to be called */
    bool waiting;                    /* its entries are in the table */
    size_t n;
    struct entry entries[];
};

struct event_wait *event_wait(struct db *db,
                              const struct event_filters *filters,
                              event_wait_fn *fn, void *arg)
{
    struct event_wait *w =
        xcalloc(1, sizeof(*w) + filters->n * sizeof(w->entries[0]));

    w->db = db;
    w->fn = fn;
    w->arg = arg;
    w->n = filters->n;
    w->waiting = true;
    for (size_t i = 0; i < w->n; i++) {
        const struct event_filter *f = &filters->list[i];
        struct entry *entry = &w->entries[i];

        entry->wait = w;
        entry->class = f->class;
        entry->ref = f->ref ? text_intern(db, f->ref) : NULL;
        hash_add(&db->waits, &entry->node,
                 hash_pointers(entry->class, entry->ref));
    }
    return w;
}

static void stop_waiting(struct event_wait *w)
{
    for (size_t i = 0; w->waiting && i < w->n; i++) {
        hash_remove(&w->db->waits, &w->entries[i].node);
        text_drop(w->db, w->entries[i].ref);
    }
    w->waiting = false;
}

static void stop_calling(struct event_wait *w)
{
    if (!w->link)
        return;
    *w->link = w->next;
    if (w->next)
        w->next->link = w->link;
    w->next = NULL;
    w->link = NULL;
}

void event_wait_free(struct event_wait *w)
{
    if (!w)
        return;
    stop_calling(w);
    stop_waiting(w);
    free(w);
}

static void note(struct db *db, const struct model_class *class,
                 const char *ref)
{
    struct hash_node *node = hash_first(&db->waits, hash_pointers(class, ref));
    struct entry *entry;

    for (; (entry = hash_entry(node, struct entry, node));
         node = hash_next(node)) {
        struct event_wait *w = entry->wait;

        if (entry->class != class || entry->ref != ref || w->link)
            continue;
        w->next = db->woken;
        w->link = &db->woken;
        if (w->next)
            w->next->link = &w->next;
        db->woken = w;
    }
}

void event_note(struct db *db, const struct model_class *class, const char *ref)
{
    if (!class->events || !db->waits.n)
        return;
    note(db, class, ref);
    note(db, class, NULL);
    note(db, NULL, NULL);
}

void event_wake(struct db *db)
{
    struct event_wait *w;

    while ((w = db->woken)) {
        stop_calling(w);
        stop_waiting(w);
        w->fn(w->arg);
    }
}

/* Waiters stay their owners', who free them. */
void event_forget_all(struct db *db)
{
    struct entry *entry;

    for (uint32_t i = 0; i < db->waits.n_buckets; i++)
        while ((entry = hash_entry(db->waits.buckets[i], struct entry, node))) {
            stop_calling(entry->wait);
            stop_waiting(entry->wait);
        }
}
