/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* txn_pack: a worker's writes as rows, and doing them again in the parent. */
#include "xapi/db/txn_impl.h"

void txn_log(struct txn *txn, enum row_op op, const struct object *o,
             const struct model_field *field, const char *key,
             const char *value)
{
    if (txn->log)
        rows_add(txn->log, &(struct row){.op = op,
                                         .class = o->class->name,
                                         .ref = o->ref,
                                         .field = field ? field->name : NULL,
                                         .key = key,
                                         .value = value});
}

void txn_log_set(struct txn *txn, const struct object *o,
                 const struct model_field *field, struct model_value d)
{
    AUTO_STR struct str text = STR_INIT(DATUM_MAX);

    if (!txn->log)
        return;
    datum_to_text(field->type, d, &text);
    txn_log(txn, ROW_SET, o, field, NULL, str_text(&text));
}

void txn_log_item(struct txn *txn, enum row_op op, const struct object *o,
                  const struct model_field *field, union model_atom key,
                  union model_atom value)
{
    AUTO_STR struct str key_text = STR_INIT(DATUM_MAX);
    AUTO_STR struct str value_text = STR_INIT(DATUM_MAX);
    bool map = field->type->kind == MODEL_MAP;

    if (!txn->log)
        return;
    datum_atom_to_text(map ? field->type->key : field->type->item, key,
                       &key_text);
    if (map && op == ROW_ADD)
        datum_atom_to_text(field->type->item, value, &value_text);
    txn_log(txn, op, o, field, str_text(&key_text), str_text(&value_text));
}

void txn_pack(const struct txn *txn, struct str *out)
{
    rows_pack(txn->log, out);
}

/* ---- in the parent ------------------------------------------------------- */

static struct err *apply_set(struct txn *txn, const struct row *row,
                             struct object *o, const struct model_field *field)
{
    struct model_value d;

    TRY(datum_from_text(txn->pool, field->type, row->value, &d));
    return txn_set(txn, o, field, d);
}

static struct err *apply_item(struct txn *txn, const struct row *row,
                              struct object *o, const struct model_field *field)
{
    const struct model_type *type = field->type;
    bool map = type->kind == MODEL_MAP;
    union model_atom key, value = {0};

    if (datum_is_scalar(type) || !row->key)
        return ERR("%s.%s has no items", o->class->name, field->name);
    TRY(datum_atom_from_text(txn->pool, map ? type->key : type->item, row->key,
                             &key));
    if (row->op == ROW_REMOVE)
        return txn_remove(txn, o, field, key);
    if (map)
        TRY(datum_atom_from_text(txn->pool, type->item, row->value, &value));
    return txn_add(txn, o, field, key, value);
}

static struct err *apply_field(struct txn *txn, const struct row *row,
                               struct object *o)
{
    const struct model_field *field =
        row->field ? model_field_find(o->class, row->field) : NULL;

    if (!field || !row->value)
        return ERR("a row for no field of %s", o->class->name);
    return row->op == ROW_SET ? apply_set(txn, row, o, field)
                              : apply_item(txn, row, o, field);
}

static struct err *apply(struct txn *txn, const struct row *row)
{
    const struct model_class *class =
        row->class ? model_class_find(row->class) : NULL;
    struct object *o;

    if (!class || !row->ref)
        return ERR("a row of no class or object");
    if (row->op == ROW_CREATE)
        return txn_create_bare(txn, class, row->ref, &o);
    o = db_find(txn->db, class, row->ref);
    if (!o && row->op == ROW_DESTROY)
        return NULL;
    if (!o)
        return db_no_object(class, row->ref);
    if (o->changed > txn->seen)
        return ERR("%s has changed", row->ref);
    if (row->op == ROW_DESTROY)
        txn_destroy(txn, o);
    else if (row->op == ROW_TOUCH)
        txn_touch(txn, o);
    else
        return apply_field(txn, row, o);
    return NULL;
}

static struct err *apply_all(struct txn *txn, const struct rows *rows)
{
    txn->missing_is_null = true;
    for (size_t i = 0; i < rows->n; i++)
        TRY(apply(txn, &rows->list[i]));
    return NULL;
}

struct err *txn_apply(struct db *db, const char *bytes, size_t len)
{
    AUTO_ROWS struct rows *rows = NULL;
    struct txn *txn;

    TRY(rows_unpack(bytes, len, &rows));
    txn = txn_begin(db);
    return txn_end(txn, apply_all(txn, rows));
}

/* They could be written where they were made: if not here, then because of what
 * was done here meanwhile. */
struct err *txn_apply_seen(struct db *db, uint64_t seen, const char *bytes,
                           size_t len, bool *ret_overtaken)
{
    AUTO_ROWS struct rows *rows = NULL;
    struct txn *txn;
    struct err *e;

    TRY(rows_unpack(bytes, len, &rows));
    txn = txn_begin(db);
    txn->seen = seen;
    e = txn_end(txn, apply_all(txn, rows));
    *ret_overtaken = e;
    err_drop(e, "it is made anew from what is here now");
    return NULL;
}
