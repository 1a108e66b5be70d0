/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * db_impl: how the database is made, for db_*.c, txn*.c and event*.c alone.
 *
 * An object is one block: a cell a field, scalars inside it. Strings are
 * interned (struct text), each different one is there once, but for short ones
 * that seldom repeat. A reference is the interned text of the target's
 * reference, which knows its object. Each non-null reference to a live object
 * is also a struct link, in a list of the target's for that field: computed
 * sets are those lists.
 */
#ifndef XAPI_DB_IMPL_H
#define XAPI_DB_IMPL_H

#include "lib/hash.h"
#include "xapi/db/db.h"
#include "xapi/db/row.h"

struct event_wait;

/* ---- texts --------------------------------------------------------------- */

/* From this length on it pays to look whether a text is there already. */
#define TEXT_SHARED 64

struct text {
    struct hash_node node; /* not in the table: of one user only */
    uint32_t n_users;
    struct object *object; /* whose reference this is */
    char s[];
};

struct text *text_of(const char *s); /* of an interned string */
const char *text_intern(struct db *db, const char *s); /* one more user */
/* For what is neither looked for nor often the same: short ones are not looked
 * up. */
const char *text_keep(struct db *db, const char *s);
struct text *text_find(const struct db *db, const char *s); /* or NULL */
void text_drop(struct db *db, const char *s); /* one user less; NULL is fine */

/* ---- objects ------------------------------------------------------------- */

/* A set or map: keys, then values. */
struct many {
    unsigned n;
    union model_atom atoms[];
};

union content {
    union model_atom atom;
    struct many *many; /* NULL: empty; of computed sets also: not made yet */
};

struct cell {
    union content content;
    uint64_t changed;
};

/* SOURCE has the target of LIST in its field. */
struct link {
    struct object *source;
    struct referrers *list;
    struct link *prev, *next; /* in the list */
    struct link *sibling;     /* of the same source */
};

/* All that have TARGET in FIELD. */
struct referrers {
    const struct model_field *field;
    struct object *target;
    struct link *first, *last;
    unsigned n;
    struct referrers *next; /* of the same target */
};

struct kept {
    struct cached pub;
    struct kept *older, *newer; /* by when they were asked for */
    struct object *object;      /* NULL: only lent out */
    enum object_slot slot;
    unsigned n_users; /* the object is one */
};

enum object_flag {
    OBJECT_TOUCHED = 1, /* by the txn that is open */
    OBJECT_NEW = 2,     /* made by it */
    OBJECT_GONE = 4,    /* destroyed by it */
};

struct object {
    struct db *db;
    const struct model_class *class;
    const char *ref;
    uint64_t number, created, changed;
    struct object *prev, *next;   /* live ones of the class, as made */
    struct object *older, *newer; /* of the class, by last change */
    struct hash_node by_uuid, by_name;
    struct link *links; /* from this object */
    struct referrers *referrers;
    struct kept *cached[OBJECT_SLOTS];
    struct object *next_touched;
    unsigned flags;
    bool stored;
    struct cell cells[];
};

/* A destroyed object. */
struct grave {
    const struct model_class *class;
    const char *ref;
    uint64_t created, destroyed;
    struct grave *older, *newer; /* of the class */
    struct grave *next;          /* of all classes */
};

struct table {
    struct object *first, *last;
    struct object *oldest, *newest;
    struct grave *oldest_grave, *newest_grave;
    uint64_t forgotten; /* generation of the newest grave not kept */
    bool noted_volatile;
    unsigned n;
};

struct durable_wait {
    db_durable_fn *fn;
    void *arg;
    uint64_t generation;
    struct durable_wait *next;
};

struct db {
    uint64_t seed;
    struct hash texts, uuids, names, waits;
    struct event_wait *woken; /* by the commit that is going on */
    struct table *tables;     /* by class */
    unsigned n_classes;
    uint64_t generation, next_number;
    struct txn *txn; /* the one that is open */
    bool detached;
    db_commit_fn *on_commit;
    void *on_commit_arg;

    struct grave *first_grave, *last_grave;
    unsigned n_graves;
    uint64_t forgotten; /* tokens before it are of another database */

    struct kept *oldest_cached, *newest_cached;
    size_t cache_bytes, cache_limit;

    struct store *store;
    /* generations: at the start, handed over, on disk */
    uint64_t loaded, stored, durable;
    struct durable_wait *first_wait, *last_wait;
    char *broken; /* why the store failed; NULL: it did not */
};

struct table *db_table(const struct db *db, const struct model_class *class);

/* ---- changes without an undo: txn.c, loading ----------------------------- */

/* With its fields as they begin, and in no list yet. */
struct object *object_new(struct db *db, const struct model_class *class,
                          const char *ref);
void object_free(struct object *o); /* one that is not inserted */
/* Into and out of indices, lists and links. Back again (what went last first)
 * it is at the place where it was. */
void object_insert(struct object *o);
void object_remove(struct object *o);
void object_put_back(struct object *o);

/*
 * Interns D. References have to be to live objects of the right class, or to
 * null; MISSING_IS_NULL makes those null that are not (and drops them from
 * sets and keys).
 */
struct err *content_make(struct db *db, const struct model_field *field,
                         struct model_value d, bool missing_is_null,
                         union content *ret) MUST_USE;
void content_free(struct db *db, const struct model_type *type,
                  union content content);
struct model_value content_get(const struct model_type *type,
                               const union content *content);

/* Puts CONTENT in the place of what FIELD holds, which is the caller's then;
 * keeps indices and links. */
union content object_swap(struct object *o, const struct model_field *field,
                          union content content);

/* ---- links --------------------------------------------------------------- */

bool field_has_refs(const struct model_field *field);
/* Of all references in FIELD, as it is now. */
void links_add(struct object *o, const struct model_field *field);
void links_remove(struct object *o, const struct model_field *field);
struct referrers *object_referrers(const struct object *o,
                                   const struct model_field *field);

/* ---- the rest ------------------------------------------------------------ */

void cache_drop(struct object *o);
/* Into the list of changes, as the newest, with the generation of O. */
void object_changed_last(struct object *o);
void object_changed_remove(struct object *o);

void grave_dig(struct db *db, const struct model_class *class, const char *ref,
               uint64_t created, uint64_t destroyed);
void graves_free(struct db *db);

/* The commit's rows, to the store. */
void db_store_rows(struct db *db, struct rows *rows);
void db_store_close(struct db *db);
void db_store_detach(struct db *db);

/* Whom a commit concerns: event_note a changed object at a time, then
 * event_wake once all is done. */
void event_note(struct db *db, const struct model_class *class,
                const char *ref);
void event_wake(struct db *db);
void event_forget_all(struct db *db);

#endif
