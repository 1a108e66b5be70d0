/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * record: objects and what they hold, as a codec writes them. A record is
 * written once after each change of its object and kept (db.h), whoever reads
 * it how often.
 */
#ifndef XAPI_RECORD_H
#define XAPI_RECORD_H

#include "xapi/door/codec.h"
#include "xapi/db/db.h"

void record_write_datum(struct writer *w, const struct model_type *type,
                        struct model_value d);
/* What record_write writes is made already, or is made now. */
bool record_is_made(const struct codec *codec, const struct object *o);
void record_make(const struct codec *codec, struct object *o);
/* All of O that is on the wire. */
void record_write(struct writer *w, struct object *o);
/* The same in two steps: the record as it is now, to be written (or released,
 * by cached_release) whatever becomes of O. */
const struct cached *record_lend(const struct codec *codec, struct object *o);
void record_write_lent(struct writer *w, const struct cached *record);

/* Of type call_write_fn; arg: a struct object. */
void record_write_one(struct writer *w, const void *arg);

#endif
