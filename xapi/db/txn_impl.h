/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* txn_impl: what txn.c and txn_pack.c share. */
#ifndef XAPI_TXN_IMPL_H
#define XAPI_TXN_IMPL_H

#include "xapi/db/db_impl.h"
#include "xapi/db/txn.h"

enum undo_op {
    UNDO_CELL,
    UNDO_CREATE,
    UNDO_DESTROY,
};

/* What a step did; a cell's first change in a txn is the one that is kept. */
struct undo {
    enum undo_op op;
    struct object *object;
    const struct model_field *field;
    union content content;
    uint64_t changed;
};

struct txn {
    struct db *db;
    struct pool *pool;   /* its own; freed with it */
    uint64_t generation; /* what it will be */
    struct undo *undo;
    size_t n_undo;
    struct object *touched;
    struct rows *log;     /* its writes as rows: in a worker, else NULL */
    bool missing_is_null; /* references to what is not there */
    uint64_t seen;        /* objects that changed after it are not written to */
};

struct err *txn_create_bare(struct txn *txn, const struct model_class *class,
                            const char *ref, struct object **ret) MUST_USE;

/* Adds a write to the log, if there is one. */
void txn_log(struct txn *txn, enum row_op op, const struct object *o,
             const struct model_field *field, const char *key,
             const char *value);
void txn_log_set(struct txn *txn, const struct object *o,
                 const struct model_field *field, struct model_value d);
void txn_log_item(struct txn *txn, enum row_op op, const struct object *o,
                  const struct model_field *field, union model_atom key,
                  union model_atom value);

#endif
