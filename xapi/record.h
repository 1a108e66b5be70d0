/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * record: objects and what they hold, as a codec writes them. A record is
 * written once after each change of its object and kept (db.h), whoever reads
 * it how often.
 */
#ifndef XAPI_RECORD_H
#define XAPI_RECORD_H

#include "xapi/codec.h"
#include "xapi/db.h"

void record_write_datum(struct writer *w, const struct model_type *type,
                        struct model_value d);
/* What record_write writes is made already, or is made now. */
bool record_is_made(const struct codec *codec, const struct object *o);
void record_make(const struct codec *codec, struct object *o);
/* All of O that is on the wire. */
void record_write(struct writer *w, struct object *o);

/* Results of calls. */
struct record_list {
    struct object **list;
    size_t n;
};
/* Of type call_write_fn; arg: a struct object, a struct record_list. */
void record_write_one(struct writer *w, const void *arg);
void record_write_map(struct writer *w, const void *arg); /* by reference */

#endif
