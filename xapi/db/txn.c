/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * txn: writes with an undo. The commit is in txn_commit.c, the way home from a
 * worker in txn_pack.c.
 */
#include "xapi/db/txn.h"

#include <assert.h>
#include <string.h>
#include <sys/random.h>
#include <uuid/uuid.h>

#include "xapi/db/txn_impl.h"

struct txn *txn_begin(struct db *db)
{
    struct pool *p = pool_new();
    struct txn *txn = pool_new_of(p, struct txn);

    assert(!db->txn);
    db->txn = txn;
    txn->db = db;
    txn->pool = p;
    txn->generation = db->generation + 1;
    txn->seen = db->generation;
    txn->log = db->detached ? rows_new() : NULL;
    return txn;
}

struct db *txn_db(const struct txn *txn)
{
    return txn->db;
}

struct err *txn_end(struct txn *txn, struct err *e)
{
    if (e)
        txn_abort(txn);
    else
        txn_commit(txn);
    return e;
}

static void touch(struct txn *txn, struct object *o)
{
    if (o->flags & OBJECT_TOUCHED)
        return;
    o->flags |= OBJECT_TOUCHED;
    o->next_touched = txn->touched;
    txn->touched = o;
}

void txn_touch(struct txn *txn, struct object *o)
{
    touch(txn, o);
    txn_log(txn, ROW_TOUCH, o, NULL, NULL, NULL);
}

/* Keeps what FIELD held before. False: nobody will want it. */
static bool remember(struct txn *txn, struct object *o,
                     const struct model_field *field, union content before)
{
    struct cell *cell = &o->cells[field->index];
    bool first = cell->changed != txn->generation;

    touch(txn, o);
    if (!first || o->flags & OBJECT_NEW)
        return false;
    *pool_push(txn->pool, txn->undo, txn->n_undo) =
        (struct undo){UNDO_CELL, o, field, before, cell->changed};
    cell->changed = txn->generation;
    return true;
}

/* ---- the other end of references ----------------------------------------- */

/* The computed set of the object at REF has changed. */
static void mark_inverse(struct txn *txn, const struct model_field *field,
                         const char *ref)
{
    struct object *target = ref ? text_of(ref)->object : NULL;

    if (target)
        (void)remember(txn, target, field->inverse, (union content){0});
}

/* For all that A refers to in FIELD and B does not. */
static void mark_inverses(struct txn *txn, const struct model_field *field,
                          struct model_value a, struct model_value b)
{
    for (unsigned i = 0; i < a.n; i++)
        if (datum_find(field->type, b, a.keys[i]) < 0)
            mark_inverse(txn, field, a.keys[i].s);
}

static bool has_inverse(const struct model_field *field)
{
    return field->inverse && field->inverse->computed && !field->computed;
}

/* ---- fields -------------------------------------------------------------- */

static void put(struct txn *txn, struct object *o,
                const struct model_field *field, union content content)
{
    struct cell *cell = &o->cells[field->index];
    union content before;

    if (has_inverse(field)) {
        struct model_value was = content_get(field->type, &cell->content);
        struct model_value is = content_get(field->type, &content);

        mark_inverses(txn, field, was, is);
        mark_inverses(txn, field, is, was);
    }
    before = object_swap(o, field, content);
    if (!remember(txn, o, field, before))
        content_free(txn->db, field->type, before);
}

static struct err *check_uuid(const struct txn *txn, const struct object *o,
                              const struct model_field *field,
                              struct model_value d)
{
    const char *args[] = {o->class->name, "uuid", NULL};
    struct object *other;

    if (field != o->class->uuid)
        return NULL;
    args[2] = d.keys[0].s;
    other = db_by_uuid(txn->db, o->class, args[2]);
    if (!other || other == o)
        return NULL;
    return err_code("DB_UNIQUENESS_CONSTRAINT_VIOLATION", args,
                    ARRAY_LEN(args));
}

/* Takes CONTENT. */
static struct err *put_changed(struct txn *txn, struct object *o,
                               const struct model_field *field,
                               union content content)
{
    struct model_value d = content_get(field->type, &content);
    bool same = datum_equal(field->type, object_get(o, field), d);
    struct err *e = same ? NULL : check_uuid(txn, o, field, d);

    if (same || e)
        content_free(txn->db, field->type, content);
    else
        put(txn, o, field, content);
    return e;
}

static struct err *write_field(struct txn *txn, struct object *o,
                               const struct model_field *field,
                               struct model_value d)
{
    union content content;

    TRY(content_make(txn->db, field, d, txn->missing_is_null, &content));
    return put_changed(txn, o, field, content);
}

/* ---- the computed end of a relation of two sets -------------------------- */

static struct err *computed_item(struct txn *txn, struct object *o,
                                 const struct model_field *field,
                                 const char *ref, bool add)
{
    struct object *other = db_find(txn->db, field->inverse->class, ref);
    union model_atom self = {.s = o->ref};

    if (field->inverse->type->kind != MODEL_SET)
        return ERR("%s.%s is computed: write %s.%s", field->class->name,
                   field->name, field->inverse->class->name,
                   field->inverse->name);
    if (!other && (txn->missing_is_null || !add))
        return NULL;
    if (!other)
        return db_no_object(field->inverse->class, ref);
    return add ? txn_add(txn, other, field->inverse, self, self)
               : txn_remove(txn, other, field->inverse, self);
}

static struct err *computed_set(struct txn *txn, struct object *o,
                                const struct model_field *field,
                                struct model_value d)
{
    struct model_value now =
        datum_copy(txn->pool, field->type, object_get(o, field));

    d = datum_copy(txn->pool, field->type, d);
    for (unsigned i = 0; i < now.n; i++)
        if (datum_find(field->type, d, now.keys[i]) < 0)
            TRY(computed_item(txn, o, field, now.keys[i].s, false));
    for (unsigned i = 0; i < d.n; i++)
        if (datum_find(field->type, now, d.keys[i]) < 0)
            TRY(computed_item(txn, o, field, d.keys[i].s, true));
    return NULL;
}

/* ---- what callers do ----------------------------------------------------- */

struct err *txn_set(struct txn *txn, struct object *o,
                    const struct model_field *field, struct model_value d)
{
    assert(field->class == o->class && !(o->flags & OBJECT_GONE));
    if (field->computed)
        return computed_set(txn, o, field, d);
    TRY(write_field(txn, o, field, d));
    txn_log_set(txn, o, field, object_get(o, field));
    return NULL;
}

static struct err *write_logged(struct txn *txn, struct object *o,
                                const struct model_field *field,
                                struct model_value d)
{
    struct err *e = write_field(txn, o, field, d);

    if (e && txn->log)
        txn->log->n--;
    return e;
}

struct err *txn_add(struct txn *txn, struct object *o,
                    const struct model_field *field, union model_atom key,
                    union model_atom value)
{
    assert(field->class == o->class && !datum_is_scalar(field->type));
    if (field->computed)
        return computed_item(txn, o, field, key.s, true);
    /* Before the write, which may free the texts of KEY and VALUE. */
    txn_log_item(txn, ROW_ADD, o, field, key, value);
    return write_logged(
        txn, o, field,
        datum_with(txn->pool, field->type, object_get(o, field), key, value));
}

struct err *txn_remove(struct txn *txn, struct object *o,
                       const struct model_field *field, union model_atom key)
{
    assert(field->class == o->class && !datum_is_scalar(field->type));
    if (field->computed)
        return computed_item(txn, o, field, key.s, false);
    txn_log_item(txn, ROW_REMOVE, o, field, key, key);
    return write_logged(
        txn, o, field,
        datum_without(txn->pool, field->type, object_get(o, field), key));
}

/* ---- objects ------------------------------------------------------------- */

/* Version 4. libuuid's uuid_generate also stirs srandom, which takes longer
 * than all else of a small object. */
static const char *new_uuid(char text[UUID_STR_LEN])
{
    uuid_t uuid;

    if (getrandom(uuid, sizeof(uuid), 0) != sizeof(uuid))
        abort();
    uuid[6] = (unsigned char)((uuid[6] & 0x0f) | 0x40);
    uuid[8] = (unsigned char)((uuid[8] & 0x3f) | 0x80);
    uuid_unparse_lower(uuid, text);
    return text;
}

char *txn_new_ref(struct pool *p)
{
    char text[UUID_STR_LEN];

    return pool_printf(p, "%s%s", DATUM_REF_PREFIX, new_uuid(text));
}

struct err *txn_create_bare(struct txn *txn, const struct model_class *class,
                            const char *ref, struct object **ret)
{
    struct object *o;

    if (!class->in_database)
        return ERR("objects of class %s are not in the database", class->name);
    if (!text_has_prefix(ref, DATUM_REF_PREFIX) || !strcmp(ref, DATUM_REF_NULL))
        return ERR_AS(input, "'%s' is not a reference", ref);
    if (db_find(txn->db, NULL, ref))
        return ERR("there is an object '%s' already", ref);
    o = object_new(txn->db, class, ref);
    o->flags = OBJECT_NEW;
    o->created = txn->generation;
    o->number = txn->db->next_number++;
    for (unsigned i = 0; i < class->n_fields; i++)
        o->cells[i].changed = txn->generation;
    object_insert(o);
    *pool_push(txn->pool, txn->undo, txn->n_undo) =
        (struct undo){.op = UNDO_CREATE, .object = o};
    touch(txn, o);
    txn_log(txn, ROW_CREATE, o, NULL, NULL, NULL);
    *ret = o;
    return NULL;
}

/* Files are named by them. */
static struct err *check_form(const struct model_class *class, const char *uuid)
{
    uuid_t bytes;

    return uuid && uuid_parse(uuid, bytes)
               ? err_code("UUID_INVALID",
                          (const char *const[]){class->name, uuid}, 2)
               : NULL;
}

struct err *txn_create(struct txn *txn, const struct model_class *class,
                       const char *ref, const char *uuid, struct object **ret)
{
    char fresh_uuid[UUID_STR_LEN];
    struct object *o;

    TRY(check_form(class, uuid));
    if (!ref)
        ref = txn_new_ref(txn->pool);
    TRY(txn_create_bare(txn, class, ref, &o));
    if (class->uuid)
        TRY(txn_set(txn, o, class->uuid,
                    DATUM_STRING(uuid ? uuid : new_uuid(fresh_uuid))));
    *ret = o;
    return NULL;
}

/* SOURCE's FIELD without references to the object REF. */
static struct model_value without_ref(struct txn *txn,
                                      const struct object *source,
                                      const struct model_field *field,
                                      const char *ref)
{
    static const union model_atom null = {.s = NULL};
    const struct model_type *type = field->type;
    struct model_value d = object_get(source, field);
    union model_atom *values, atom = {.s = ref};

    if (datum_is_scalar(type))
        return (struct model_value){1, &null, NULL};
    if (type->kind == MODEL_SET || type->key->kind == MODEL_REF)
        d = datum_without(txn->pool, type, d, atom);
    if (type->kind == MODEL_MAP && type->item->kind == MODEL_REF && d.n) {
        values = pool_copy(txn->pool, d.values, d.n * sizeof(*values));
        for (unsigned i = 0; i < d.n; i++)
            if (values[i].s == ref)
                values[i].s = NULL;
        d.values = values;
    }
    return d;
}

static void drop_ref(struct txn *txn, struct object *source,
                     const struct model_field *field, const char *ref)
{
    union content content;

    err_drop(content_make(txn->db, field, without_ref(txn, source, field, ref),
                          true, &content),
             "what was valid with it is valid without it");
    put(txn, source, field, content);
}

void txn_destroy(struct txn *txn, struct object *o)
{
    assert(!(o->flags & OBJECT_GONE));
    txn_log(txn, ROW_DESTROY, o, NULL, NULL, NULL);
    while (o->referrers)
        drop_ref(txn, o->referrers->first->source, o->referrers->field, o->ref);
    for (struct link *l = o->links; l; l = l->sibling)
        if (has_inverse(l->list->field))
            mark_inverse(txn, l->list->field, l->list->target->ref);
    touch(txn, o);
    cache_drop(o);
    object_remove(o);
    o->flags |= OBJECT_GONE;
    *pool_push(txn->pool, txn->undo, txn->n_undo) =
        (struct undo){.op = UNDO_DESTROY, .object = o};
}
