/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * slices: answers of very many records. To make them and to write them can take
 * long: it is done in slices, between which others have their turn. What is
 * told is nevertheless of one moment: when all records are made, the answer is
 * listed once more, and from then on no change of an object changes it.
 */
#ifndef XAPI_SLICES_H
#define XAPI_SLICES_H

#include "xapi/call/call.h"
#include "xapi/door/codec.h"
#include "xapi/db/record.h"

struct slices_item {
    struct object *object; /* whose record is told; NULL: of none */
    const char *ref;
    /* slices.c's: lent, for item() to write, by record_write_lent */
    const struct cached *record;
};

struct slices_items {
    struct slices_item *list; /* in the call's pool */
    size_t n;
};

void slices_add(struct pool *p, struct slices_items *items, struct object *o);

struct slices_kind {
    /* What is to be told now. */
    struct err *(*list)(struct call *c, void *arg, struct slices_items *ret);
    /* What comes before, what is of item I (its object may be gone), and what
     * comes behind. */
    void (*open)(struct writer *w, void *arg);
    void (*item)(struct writer *w, void *arg, size_t i,
                 const struct slices_item *item);
    void (*close)(struct writer *w, void *arg);
};

/* Answers C with NOW, what KIND lists: there and then (call_return_by) when
 * that is little, else later. */
void slices_answer(struct call *c, const struct slices_kind *kind, void *arg,
                   const struct slices_items *now);

/* A map of references to records. */
void slices_map_open(struct writer *w, void *arg);
void slices_map_item(struct writer *w, void *arg, size_t i,
                     const struct slices_item *item);
void slices_map_close(struct writer *w, void *arg);

#endif
