/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* generic: see generic.h. */
#include "xapi/call/generic.h"

#include <assert.h>
#include <string.h>

#include "lib/log.h"
#include "xapi/db/filter.h"
#include "xapi/model/errors_gen.h"
#include "xapi/model/model_gen.h"
#include "xapi/call/server.h"
#include "xapi/call/slices.h"
#include "xapi/db/txn.h"

/* ---- objects ------------------------------------------------------------- */

struct err *call_object(const struct call *c, unsigned i, struct object **ret)
{
    const struct model_class *class = c->row->params[i].type->class;
    const char *ref = c->args[i].keys[0].s;
    struct object *o = db_find(c->db, class, ref);

    if (!o)
        return err_HANDLE_INVALID(class->name, ref ? ref : DATUM_REF_NULL);
    *ret = o;
    return NULL;
}

struct err *call_this_host(const struct call *c, unsigned i)
{
    struct object *host;

    TRY(call_object(c, i, &host));
    return strcmp(object_ref(host), c->server->host) != 0
               ? err_HOST_OFFLINE(object_ref(host))
               : NULL;
}

/* Objects of a class that FILTER (NULL: all) matches. */
static void collect(struct call *c, const struct filter *filter,
                    struct slices_items *ret)
{
    const struct model_class *class = c->row->class;
    struct object *o;

    *ret = (struct slices_items){NULL, 0};
    if (filter && filter_one(filter, c->db, &o)) {
        if (o && filter_match(filter, o))
            slices_add(c->pool, ret, o);
        return;
    }
    for (o = db_first(c->db, class); o; o = object_next(o))
        if (!filter || filter_match(filter, o))
            slices_add(c->pool, ret, o);
}

static struct err *collect_where(struct call *c, struct slices_items *ret)
{
    const char *text = c->args[0].keys[0].s;
    struct filter *filter;
    struct err *e = filter_parse(c->pool, c->row->class, text, &filter);

    if (e) {
        struct err *invalid = err_INVALID_VALUE(text, err_text(e));

        err_free(e);
        return invalid;
    }
    collect(c, filter, ret);
    return NULL;
}

static void return_refs(struct call *c, const struct slices_items *found)
{
    union model_atom *refs =
        pool_alloc(c->pool, (found->n + 1) * sizeof(*refs));

    for (size_t i = 0; i < found->n; i++)
        refs[i].s = found->list[i].ref;
    call_return(c, (struct model_value){(unsigned)found->n, refs, NULL});
}

/* ---- reading ------------------------------------------------------------- */

static struct err *get_field(struct call *c)
{
    struct object *o = NULL;

    TRY(call_object(c, 0, &o));
    call_return(c, object_get(o, c->row->field));
    return NULL;
}

static struct err *get_record(struct call *c)
{
    struct object *o = NULL;

    TRY(call_object(c, 0, &o));
    call_return_by(c, record_write_one, o);
    return NULL;
}

static struct err *get_by_uuid(struct call *c)
{
    const char *uuid = c->args[0].keys[0].s;
    const struct object *o = db_by_uuid(c->db, c->row->class, uuid);

    if (!o)
        return err_UUID_INVALID(c->row->class->name, uuid);
    call_return_ref(c, object_ref(o));
    return NULL;
}

static struct err *get_by_name_label(struct call *c)
{
    const char *name = c->args[0].keys[0].s;
    union model_atom *refs = NULL;
    struct object *o = NULL;
    size_t n = 0;

    while ((o = db_by_name(c->db, c->row->class, name, o)))
        pool_push(c->pool, refs, n)->s = object_ref(o);
    call_return(c, (struct model_value){(unsigned)n, refs, NULL});
    return NULL;
}

static struct err *get_all(struct call *c)
{
    struct slices_items found;

    collect(c, NULL, &found);
    return_refs(c, &found);
    return NULL;
}

static struct err *get_all_where(struct call *c)
{
    struct slices_items found;

    TRY(collect_where(c, &found));
    return_refs(c, &found);
    return NULL;
}

static struct err *list(struct call *c, void *arg, struct slices_items *ret)
{
    (void)arg;
    if (c->row->kind == MODEL_GET_ALL_RECORDS_WHERE)
        return collect_where(c, ret);
    collect(c, NULL, ret);
    return NULL;
}

static struct err *get_records(struct call *c)
{
    static const struct slices_kind kind = {list, slices_map_open,
                                            slices_map_item, slices_map_close};
    struct slices_items found;

    TRY(list(c, NULL, &found));
    slices_answer(c, &kind, NULL, &found);
    return NULL;
}

/* ---- writing ------------------------------------------------------------- */

/* What a transaction refused is the client's doing. */
static struct err *refused(const struct model_field *field,
                           struct model_value d, struct err *e)
{
    if (!e)
        return NULL;
    log_debug("generic", "%s.%s: %s", field->class->name, field->name,
              err_text(e));
    err_drop(e, "the client has a code for it");
    if (field->type->kind == MODEL_REF)
        return err_HANDLE_INVALID(field->type->class->name, d.keys[0].s);
    return err_FIELD_TYPE_ERROR(field->name);
}

static struct err *set(struct txn *txn, struct object *o,
                       const struct model_field *field, struct model_value d)
{
    return refused(field, d, txn_set(txn, o, field, d));
}

static struct err *set_field(struct call *c)
{
    struct object *o = NULL;
    struct txn *txn;

    TRY(call_object(c, 0, &o));
    txn = txn_begin(c->db);
    return txn_end(txn, set(txn, o, c->row->field, c->args[1]));
}

static struct err *add(struct call *c)
{
    struct object *o = NULL;
    struct txn *txn;

    TRY(call_object(c, 0, &o));
    txn = txn_begin(c->db);
    return txn_end(txn,
                   refused(c->row->field, c->args[1],
                           txn_add(txn, o, c->row->field, c->args[1].keys[0],
                                   (union model_atom){0})));
}

static struct err *drop(struct call *c)
{
    struct object *o = NULL;
    struct txn *txn;

    TRY(call_object(c, 0, &o));
    txn = txn_begin(c->db);
    return txn_end(txn, txn_remove(txn, o, c->row->field, c->args[1].keys[0]));
}

static struct err *add_to(struct call *c)
{
    const struct model_field *field = c->row->field;
    union model_atom key = c->args[1].keys[0];
    struct object *o = NULL;
    struct txn *txn;

    TRY(call_object(c, 0, &o));
    if (datum_find(field->type, object_get(o, field), key) >= 0) {
        AUTO_STR struct str text = STR_INIT(DATUM_MAX);

        datum_atom_to_text(field->type->key, key, &text);
        return err_MAP_DUPLICATE_KEY(field->class->name, field->name,
                                     object_ref(o), str_text(&text));
    }
    txn = txn_begin(c->db);
    return txn_end(txn,
                   refused(field, c->args[2],
                           txn_add(txn, o, field, key, c->args[2].keys[0])));
}

/* ---- made and gone ------------------------------------------------------- */

static struct err *fill(struct call *c, struct txn *txn, struct object *o,
                        const struct model_field *field)
{
    const struct value *v = value_get(c->record, field->name);
    struct model_value d;
    struct err *e;

    if (!v && field->required)
        return err_FIELD_TYPE_ERROR(field->name);
    if (!v || field->mode == MODEL_DYNAMIC || field->computed)
        return NULL;
    e = datum_from_value(c->pool, field->type, v, &d);
    if (!e)
        return set(txn, o, field, d);
    log_debug("generic", "%s.create: %s: %s", field->class->name, field->name,
              err_text(e));
    err_drop(e, "the client has a code for it");
    if (field->type->kind == MODEL_ENUM && v->kind == VALUE_STRING)
        return err_INVALID_VALUE(field->name, v->s.text);
    return err_FIELD_TYPE_ERROR(field->name);
}

struct err *generic_create(struct call *c, struct txn *txn, struct object **ret)
{
    const struct model_class *class = c->row->class;
    struct object *o;

    TRY(txn_create(txn, class, NULL, NULL, &o));
    for (unsigned i = 0; i < class->n_fields; i++)
        TRY(fill(c, txn, o, &class->fields[i]));
    *ret = o;
    return NULL;
}

struct err *generic_construct(struct call *c, generic_create_fn *create)
{
    struct txn *txn = txn_begin(c->db);
    struct object *o = NULL;
    struct err *e = create(c, txn, &o);

    return call_end_new(c, txn, o, e);
}

struct err *generic_introduce(struct call *c, struct txn *txn,
                              struct object **ret)
{
    TRY(txn_create(txn, c->row->class, NULL, NULL, ret));
    for (unsigned i = 0; i < c->row->n_params; i++) {
        const struct model_field *field =
            model_field_find(c->row->class, c->row->params[i].name);

        if (field)
            TRY(txn_set(txn, *ret, field, c->args[i]));
    }
    return NULL;
}

struct err *generic_run_introduce(struct call *c)
{
    struct txn *txn = txn_begin(c->db);
    struct object *o = NULL;
    struct err *e = generic_introduce(c, txn, &o);

    if (!e)
        call_return_ref(c, object_ref(o));
    return txn_end(txn, e);
}

static struct err *create(struct call *c)
{
    struct txn *txn = txn_begin(c->db);
    struct object *o;
    struct err *e = generic_create(c, txn, &o);

    if (!e)
        call_return_ref(c, object_ref(o));
    return txn_end(txn, e);
}

static struct err *destroy(struct call *c)
{
    struct object *o = NULL;
    struct txn *txn;

    TRY(call_object(c, 0, &o));
    txn = txn_begin(c->db);
    txn_destroy(txn, o);
    return txn_end(txn, NULL);
}

struct err *generic_run(struct call *c)
{
    static call_body_fn *const bodies[] = {
        [MODEL_GET_FIELD] = get_field,
        [MODEL_SET_FIELD] = set_field,
        [MODEL_ADD] = add,
        [MODEL_REMOVE] = drop,
        [MODEL_ADD_TO] = add_to,
        [MODEL_REMOVE_FROM] = drop,
        [MODEL_GET_BY_UUID] = get_by_uuid,
        [MODEL_GET_BY_NAME_LABEL] = get_by_name_label,
        [MODEL_GET_RECORD] = get_record,
        [MODEL_GET_ALL] = get_all,
        [MODEL_GET_ALL_WHERE] = get_all_where,
        [MODEL_GET_ALL_RECORDS] = get_records,
        [MODEL_GET_ALL_RECORDS_WHERE] = get_records,
        [MODEL_CREATE] = create,
        [MODEL_DESTROY] = destroy,
    };

    assert(c->row->kind != MODEL_CUSTOM);
    return bodies[c->row->kind](c);
}
