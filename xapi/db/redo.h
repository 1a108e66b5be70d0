/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * redo: the redo log: a file of a fixed size, written round and round, that
 * keeps records on disk until they are in their places. To write one takes a
 * single write to the disk, of a few kB, and nothing of the file's metadata.
 *
 * One record is written at a time. redo_write touches nothing that the other
 * functions do: they may be called meanwhile by other threads, one at a time.
 */
#ifndef XAPI_REDO_H
#define XAPI_REDO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"

#define REDO_SIZE (1u << 20)         /* the file's */
#define REDO_RECORD_MAX (128u << 10) /* a record's */

struct redo;

struct redo_record {
    uint64_t number;
    uint64_t generation; /* the writer's own word */
    const void *bytes;
    size_t len;
};
typedef struct err *redo_fn(void *arg, const struct redo_record *record);

/* The file at PATH, made (0600) when there is none. */
struct err *redo_open(const char *path, struct redo **ret) MUST_USE;
void redo_close(struct redo *r); /* NULL is fine */
/* In a forked child: as redo_close, but for the memory; NULL is fine. */
void redo_detach(struct redo *r);

/* Calls FN with what follows record number *LAST, in order, and gives the
 * number that the next record comes after. Before any is written. */
struct err *redo_read(struct redo *r, uint64_t *last, redo_fn *fn,
                      void *arg) MUST_USE;

/* Where a record goes. */
struct redo_place {
    uint64_t number; /* one more than that of the record before */
    uint64_t at, end;
};
/* False: there is no room before others are released. */
bool redo_reserve(struct redo *r, size_t len, struct redo_place *ret);
/* On disk when it returns. */
struct err *redo_write(struct redo *r, const struct redo_place *place,
                       uint64_t generation, const void *bytes,
                       size_t len) MUST_USE;
/* All records up to this one are in their places. */
void redo_release(struct redo *r, const struct redo_place *place);
/* Of how many bytes nobody has said so. */
size_t redo_used(const struct redo *r);

#endif
