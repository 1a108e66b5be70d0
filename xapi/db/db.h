/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * db: the objects of all classes, in memory; what is read here is the truth.
 * Written through txn.h only. Knows neither HTTP nor codecs; durability is
 * store.h's, through db_open.
 *
 * Pointers to objects are valid until the object is destroyed, what a field
 * holds (model_value, strings) until that field changes: keep copies over a
 * txn. Everything is of one thread; a forked child has a copy of its own.
 */
#ifndef XAPI_DB_H
#define XAPI_DB_H

#include "lib/str.h"
#include "xapi/db/datum.h"
#include "xapi/model/model.h"

struct db;
struct object;
struct store;

struct db *db_new(void); /* of model_classes, empty, in memory only */
/* Closes its store, which writes out what is queued. */
void db_free(struct db *db);

/* ---- objects ------------------------------------------------------------- */

/* By reference; NULL: none such, the null reference, or not of CLASS (NULL:
 * any class). */
struct object *db_find(const struct db *db, const struct model_class *class,
                       const char *ref);
/* The error for one that there is not: HANDLE_INVALID. */
struct err *db_no_object(const struct model_class *class,
                         const char *ref) MUST_USE;
struct object *db_by_uuid(const struct db *db, const struct model_class *class,
                          const char *uuid);
/* All of that name_label, one after another: NULL gives the first. */
struct object *db_by_name(const struct db *db, const struct model_class *class,
                          const char *name_label, const struct object *after);
/* Live objects in the order they were made. */
struct object *db_first(const struct db *db, const struct model_class *class);
struct object *object_next(const struct object *o);
unsigned db_count(const struct db *db, const struct model_class *class);

const struct model_class *object_class(const struct object *o);
const char *object_ref(const struct object *o); /* "OpaqueRef:..." */

/* What FIELD (of the object's class) holds. Computed sets are made when they
 * are asked for and kept until they change. */
struct model_value object_get(const struct object *o,
                              const struct model_field *field);
/* The atom of a scalar field. A reference is NULL when it is null. */
union model_atom object_atom(const struct object *o,
                             const struct model_field *field);
/* The object a reference field points at, or NULL. */
struct object *object_follow(const struct object *o,
                             const struct model_field *field);

/* ---- generations --------------------------------------------------------- */

/* Each commit that changes anything is one generation. They never go back, over
 * restarts and restores neither. */
uint64_t db_generation(const struct db *db);
uint64_t object_created(const struct object *o);
uint64_t object_changed(const struct object *o);
uint64_t object_field_changed(const struct object *o,
                              const struct model_field *field);

/* FN is told of each txn that changes anything, just before its commit. */
struct txn;
typedef void db_commit_fn(void *arg, const struct txn *txn);
void db_on_commit(struct db *db, db_commit_fn *fn, void *arg);

/* ---- records kept for codecs --------------------------------------------- */

/*
 * A codec keeps what it made of an object in a slot of its own; the database
 * drops it when anything of the object changes, or when all together are more
 * than the limit (those not asked for longest first).
 */
enum object_slot {
    OBJECT_SLOT_XML,
    OBJECT_SLOT_JSON,
    OBJECT_SLOTS,
};
#define DB_CACHE_BYTES (256u << 20)
void db_cache_limit(struct db *db, size_t bytes);
/* NULL when there is none. Else TEXT is what was kept, and stays until
 * cached_release, whatever becomes of the object and the database. */
struct cached {
    const char *text;
    size_t len;
};
const struct cached *object_cached(struct object *o, enum object_slot slot);
bool object_is_cached(const struct object *o, enum object_slot slot);
/* TEXT is malloc'd and the database's from now on; also gives it. */
const struct cached *object_cache_put(struct object *o, enum object_slot slot,
                                      char *text, size_t len);
void cached_release(const struct cached *c);

/* ---- durability ---------------------------------------------------------- */

/*
 * Loads what STORE has and from now on hands it every commit; STORE is the
 * database's own. Objects made before are never stored: those that every start
 * makes anew, to which stored ones may refer (roles). Fields and classes that
 * do not persist are as the model says they begin. All objects are stamped as
 * changed, because their fields that do not persist may be. An object or field
 * the model does not know, or that does not read, is an error that names it; a
 * reference to what is not there becomes null, with a warning in the log.
 */
struct err *db_open(struct db *db, struct store *store) MUST_USE;

/*
 * Calls FN once all that is committed now is on disk: at once when it is (or
 * when there is no store), else from db_poll. ERR (FN's own to free) says that
 * it could not be written; so will it be with everything after it.
 */
typedef void db_durable_fn(void *arg, struct err *err);
void db_when_durable(struct db *db, db_durable_fn *fn, void *arg);
/* The generation that it waits for; 0: it does not. */
uint64_t db_waits_for(const struct db *db);
/* FN is told by another thread, before db_poll is, up to which generation all
 * is on disk, for as long as there is a database. It must not allocate: others
 * may fork meanwhile. */
typedef void db_reached_fn(void *arg, uint64_t generation);
void db_on_reached(struct db *db, db_reached_fn *fn, void *arg);
/* Readable when db_poll has something to do; -1 without a store. */
int db_fd(const struct db *db);
void db_poll(struct db *db);
/* Waits until all that is committed is on disk. */
struct err *db_flush(struct db *db) MUST_USE;

/* All there is on disk into a new file, which can be opened as a store; writes
 * go on meanwhile. FN is called from db_poll when the file is complete and on
 * disk (or is not there). */
struct err *db_dump(struct db *db, const char *path, db_durable_fn *fn,
                    void *arg) MUST_USE;

/* In a forked child: no store, no waiters, no callbacks; the copy is the
 * child's to read and to write (txn.h says how its writes come home). */
void db_detach(struct db *db);

#endif
