/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * row: one write as text: what a commit hands to the store, what a store gives
 * back at start, and what a worker sends home. Names, not numbers of the
 * model's, so that rows outlive a change of it.
 */
#ifndef XAPI_ROW_H
#define XAPI_ROW_H

#include <stddef.h>
#include <stdint.h>

#include "lib/str.h"

enum row_op {
    ROW_CREATE,  /* class, ref, number */
    ROW_SET,     /* ref, number, field, value (NULL: as it begins) */
    ROW_ADD,     /* ref, field, key, value (maps): workers' only */
    ROW_REMOVE,  /* ref, field, key: workers' only */
    ROW_DESTROY, /* class, ref, number (0: it is not stored), created,
                    destroyed */
    ROW_TOUCH,   /* ref: workers' only */
    ROW_OPS,
};

/* How many ROW_DESTROYs the database and its store remember. */
#define ROW_GRAVES_MAX 65536
/*
 * The first generation after a start is so much newer than the one the store
 * gives: this may be behind, and tokens may be of generations that wrote
 * nothing.
 */
#define ROW_GENERATIONS (UINT64_C(1) << 32)

struct row {
    enum row_op op;
    const char *class, *ref, *field, *key, *value; /* each may be NULL */
    uint64_t number; /* of the object; 0 in a ROW_SET: the database itself */
    uint64_t created, destroyed; /* generations */
};

typedef struct err *row_fn(void *arg, const struct row *row);

/* Rows with texts of their own, all in one pool, they too. */
struct rows {
    struct pool *pool;
    struct row *list;
    size_t n;
};
struct rows *rows_new(void);
void rows_free(struct rows *rows); /* NULL is fine */
static inline void auto_rows_(struct rows **rows)
{
    rows_free(*rows);
}
#define AUTO_ROWS AUTO(auto_rows_)
/* Copies ROW and its texts. */
void rows_add(struct rows *rows, const struct row *row);

/* As bytes and back; bytes that are not whole rows are an error. */
void rows_pack(const struct rows *rows, struct str *out);
struct err *rows_unpack(const char *bytes, size_t len,
                        struct rows **ret) MUST_USE;

#endif
