/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * txn: the only way to write. What is written is at once what everyone reads
 * (computed sets and indices too); txn_abort takes all of it back, txn_commit
 * makes it one generation, sends it to the store and wakes who waits for
 * events. One txn at a time: begin and end it in one go, without going back to
 * the loop in between.
 *
 *   struct txn *txn = txn_begin(db);
 *   struct err *e = do_this_and_that(txn, vm);
 *   TRY(txn_end(txn, e));            commits, or aborts when e is an error
 *
 * Refused, with nothing changed: a datum that is not of the field's type, a
 * reference to an object that is not there or of another class, a uuid that
 * another object of the class has, what is longer than DATUM_MAX, a computed
 * field (of a relation between two
 * sets either end can be written: the other follows).
 */
#ifndef XAPI_TXN_H
#define XAPI_TXN_H

#include "xapi/db/db.h"

struct txn;

struct txn *txn_begin(struct db *db);
/* Nothing can fail any more. The generation is the one of the changes, or the
 * old one when there were none. Both free TXN. */
uint64_t txn_commit(struct txn *txn);
void txn_abort(struct txn *txn);
/* Commits when E is NULL, else aborts and returns E. */
struct err *txn_end(struct txn *txn, struct err *e) MUST_USE;
struct db *txn_db(const struct txn *txn);

/*
 * A new object of CLASS; fields are what the model says they begin as, what is
 * required is the caller's to set. REF (whole, with its prefix) and UUID may be
 * NULL: new ones are made. A UUID that is none is UUID_INVALID.
 */
struct err *txn_create(struct txn *txn, const struct model_class *class,
                       const char *ref, const char *uuid,
                       struct object **ret) MUST_USE;
/* A reference that nobody has, in P: for who has to know it before the object
 * is there. */
char *txn_new_ref(struct pool *p);
/* References to it become null, or leave the set or map they are in. */
void txn_destroy(struct txn *txn, struct object *o);

/* D is copied. The same as before is no change. */
struct err *txn_set(struct txn *txn, struct object *o,
                    const struct model_field *field,
                    struct model_value d) MUST_USE;
/* An item into a set (once only), a key into a map (its value replaced). */
struct err *txn_add(struct txn *txn, struct object *o,
                    const struct model_field *field, union model_atom key,
                    union model_atom value) MUST_USE;
/* And out of it; not there is fine. */
struct err *txn_remove(struct txn *txn, struct object *o,
                       const struct model_field *field,
                       union model_atom key) MUST_USE;
/* A change of nothing: an event for those who watch (event.inject). */
void txn_touch(struct txn *txn, struct object *o);

/*
 * What TXN has done so far, in the order of the first steps, for who is told of
 * its commit (db_on_commit): FIELD is that of a change. Of an object that is
 * new, its creation alone; computed fields and objects that came and went are
 * left out.
 */
enum txn_change { TXN_CREATED, TXN_CHANGED, TXN_DESTROYED };
typedef void txn_change_fn(void *arg, enum txn_change what,
                           const struct object *o,
                           const struct model_field *field);
void txn_each_change(const struct txn *txn, txn_change_fn *fn, void *arg);

/* ---- a worker's writes come home ----------------------------------------- */

/*
 * In a worker's copy (db_detach) a txn also keeps its writes as rows. txn_pack
 * gives them as bytes, before the commit; txn_apply does them again in the
 * parent, as one txn. What has gone meanwhile: an object to write to makes all
 * of it fail (HANDLE_INVALID); a reference to an object that has gone becomes
 * null. Additions to sets and maps are sent as such, so that they do not undo
 * those of others.
 */
#define TXN_PACK_MAX (16u << 20)
void txn_pack(const struct txn *txn, struct str *out);
struct err *txn_apply(struct db *db, const char *bytes, size_t len) MUST_USE;
/* Of who has looked at something without keeping others from it: nothing is
 * done, and *RET_OVERTAKEN, where an object to write to has changed since the
 * worker was made, at generation SEEN, or has gone. */
struct err *txn_apply_seen(struct db *db, uint64_t seen, const char *bytes,
                           size_t len, bool *ret_overtaken) MUST_USE;

#endif
