/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* api/blob: records of blobs, alone and with an object by a name. */
#include <time.h>

#include "lib/file.h"
#include "xapi/storage/blob.h"
#include "xapi/model/calls_gen.h"
#include "xapi/model/errors_gen.h"
#include "xapi/model/fields_gen.h"
#include "xapi/call/generic.h"
#include "xapi/call/server.h"

static struct err *create(struct txn *txn, const char *mime, bool public,
                          struct object **ret)
{
    TRY(txn_create(txn, &model_classes[CLASS_blob], NULL, NULL, ret));
    TRY(set_blob_mime_type(txn, *ret,
                           *mime ? mime : "application/octet-stream"));
    TRY(set_blob_last_updated(txn, *ret, time(NULL)));
    return set_blob_public(txn, *ret, public);
}

struct err *blob_create(struct call *c, const struct blob_create_args *a)
{
    struct txn *txn = txn_begin(c->db);
    struct object *o = NULL;
    struct err *e = create(txn, a->mime_type, a->public, &o);

    return call_end_new(c, txn, o, e);
}

/* Fields that have blobs by names. */
static const unsigned fields[] = {SR_blobs, VM_blobs, host_blobs, network_blobs,
                                  pool_blobs};

static struct err *take_out_of(struct txn *txn, struct object *o,
                               const struct model_field *field,
                               const struct object *blob)
{
    struct model_value map = object_get(o, field);

    for (unsigned i = 0; i < map.n; i++)
        if (text_eq(map.values[i].s, object_ref(blob)))
            return txn_remove(txn, o, field, map.keys[i]);
    return NULL;
}

static struct err *destroy(struct txn *txn, struct object *blob)
{
    for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
        const struct model_field *field = &model_fields[fields[i]];

        for (struct object *o = db_first(txn_db(txn), field->class); o;
             o = object_next(o))
            TRY(take_out_of(txn, o, field, blob));
    }
    txn_destroy(txn, blob);
    return NULL;
}

struct err *blob_destroy(struct call *c, const struct blob_destroy_args *a)
{
    struct object *o = NULL;
    const char *path;
    struct txn *txn;

    (void)a;
    TRY(call_object(c, 0, &o));
    path = blob_path(c->pool, c->server, o);
    txn = txn_begin(c->db);
    TRY(txn_end(txn, destroy(txn, o)));
    return file_remove(path);
}

/* Places of the arguments of create_new_blob. */
enum {
    SELF,
    NAME,
    MIME,
    PUBLIC,
};

static struct err *add(struct call *c, struct txn *txn, struct object *self,
                       const struct model_field *field)
{
    struct object *blob = NULL;

    TRY(create(txn, c->args[MIME].keys[0].s, c->args[PUBLIC].keys[0].i, &blob));
    TRY(set_blob_name_label(txn, blob, c->args[NAME].keys[0].s));
    call_return_ref(c, object_ref(blob));
    return txn_add(txn, self, field, c->args[NAME].keys[0],
                   (union model_atom){.s = object_ref(blob)});
}

/* A name has one blob. */
static struct err *add_new(struct call *c, unsigned id)
{
    const struct model_field *field = &model_fields[id];
    struct object *self = NULL;
    struct txn *txn;

    TRY(call_object(c, SELF, &self));
    if (datum_find(field->type, object_get(self, field),
                   c->args[NAME].keys[0]) >= 0)
        return err_MAP_DUPLICATE_KEY(object_class(self)->name, field->name,
                                     object_ref(self), c->args[NAME].keys[0].s);
    txn = txn_begin(c->db);
    return txn_end(txn, add(c, txn, self, field));
}

/* clang-format off */
#define NEW(class_) CALL_BODY(class_, create_new_blob, add_new(c, class_##_blobs))

NEW(SR)
NEW(VM)
NEW(host)
NEW(network)
NEW(pool)
/* clang-format on */
