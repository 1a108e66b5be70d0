/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ops: the rows of all classes, and what they share; see ops.h. */
#include "xapi/ops/ops.h"

#include "xapi/model/errors_gen.h"

static const struct ops_class *const rows[] = {
    &ops_appliance, &ops_sr,      &ops_vbd,  &ops_vdi, &ops_vif,
    &ops_host,      &ops_network, &ops_pool, &ops_vm,
};

static const struct ops_class *row_of(const struct model_class *class)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (&model_classes[rows[i]->class] == class)
            return rows[i];
    return NULL;
}

const struct ops_class *ops_of(const struct object *o)
{
    return row_of(object_class(o));
}

static const struct model_enum *names_of(const struct object *o)
{
    return model_fields[ops_of(o)->allowed].type->item->enum_;
}

const char *ops_name(const struct object *o, unsigned op)
{
    return names_of(o)->values[op];
}

struct model_value ops_current(const struct object *o)
{
    return object_get(o, &model_fields[ops_of(o)->current]);
}

struct err *ops_in_progress(const struct object *o)
{
    struct model_value running = ops_current(o);
    AUTO_STR struct str op = STR_INIT(STR_MAX);
    AUTO_STR struct str task = STR_INIT(STR_MAX);
    bool many = running.n > 1;

    for (unsigned i = 0; i < running.n; i++) {
        const char *between = i ? "," : many ? "{" : "";

        str_addf(&op, "%s%s", between,
                 ops_name(o, (unsigned)running.values[i].i));
        str_addf(&task, "%s%s", between, running.keys[i].s);
    }
    str_add(&op, many ? "}" : "");
    str_add(&task, many ? "}" : "");
    return err_OTHER_OPERATION_IN_PROGRESS(object_class(o)->name, object_ref(o),
                                           str_text(&op), str_text(&task));
}

struct err *ops_check(const struct db *db, const struct object *o, unsigned op,
                      bool strict)
{
    return ops_of(o)->check(db, o, op, strict);
}

static struct err *update(struct txn *txn, const struct ops_class *row,
                          struct object *o)
{
    unsigned n_ops = names_of(o)->n_values, n = 0;
    AUTO_FREE union model_atom *allowed = xcalloc(n_ops, sizeof(*allowed));

    for (unsigned op = 0; op < n_ops; op++) {
        AUTO_ERR struct err *e = NULL;

        if (row->hidden && row->hidden(op))
            continue;
        e = ops_check(txn_db(txn), o, op, true);
        if (!e)
            allowed[n++].i = op;
    }
    return txn_set(txn, o, &model_fields[row->allowed],
                   (struct model_value){n, allowed, NULL});
}

struct err *ops_update_alone(struct txn *txn, struct object *o)
{
    const struct ops_class *row = o ? ops_of(o) : NULL;

    return row ? update(txn, row, o) : NULL;
}

struct err *ops_update(struct txn *txn, struct object *o)
{
    const struct ops_class *row = ops_of(o);

    TRY(update(txn, row, o));
    return row->update_near ? row->update_near(txn, o) : NULL;
}

static struct err *update_all(struct txn *txn, const struct db *db)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        for (struct object *o = db_first(db, &model_classes[rows[i]->class]); o;
             o = object_next(o))
            TRY(update(txn, rows[i], o));
    return NULL;
}

struct err *ops_update_all(struct db *db)
{
    struct txn *txn = txn_begin(db);

    return txn_end(txn, update_all(txn, db));
}
