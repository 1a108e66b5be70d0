/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* txn_commit: the end of a txn, either way. */
#include <assert.h>

#include "xapi/db/txn_impl.h"

static void free_txn(struct txn *txn)
{
    txn->db->txn = NULL;
    rows_free(txn->log);
    pool_free(txn->pool);
}

/* ---- back ---------------------------------------------------------------- */

static void undo_cell(struct db *db, const struct undo *u)
{
    struct cell *cell = &u->object->cells[u->field->index];

    cell->changed = u->changed;
    cache_drop(u->object);
    if (!u->field->computed)
        content_free(db, u->field->type,
                     object_swap(u->object, u->field, u->content));
}

/*
 * A field may have come to refer to the new object after its first change,
 * whose undo is still to come: until then it is empty.
 */
static void undo_create(struct object *o)
{
    const union content empty = {0};

    while (o->referrers) {
        struct object *source = o->referrers->first->source;
        const struct model_field *field = o->referrers->field;

        content_free(o->db, field->type, object_swap(source, field, empty));
    }
    object_remove(o);
    object_free(o);
}

static void undo(struct db *db, const struct undo *u)
{
    switch (u->op) {
    case UNDO_CELL:
        undo_cell(db, u);
        break;
    case UNDO_CREATE:
        undo_create(u->object);
        break;
    case UNDO_DESTROY:
        u->object->flags &= ~(unsigned)OBJECT_GONE;
        object_put_back(u->object);
        break;
    }
}

void txn_abort(struct txn *txn)
{
    struct object *o, *next;

    for (o = txn->touched; o; o = next) {
        next = o->next_touched;
        o->next_touched = NULL;
        o->flags &= ~(unsigned)OBJECT_TOUCHED;
    }
    while (txn->n_undo)
        undo(txn->db, &txn->undo[--txn->n_undo]);
    free_txn(txn);
}

/* ---- rows for the store -------------------------------------------------- */

static bool persists(const struct model_field *field)
{
    return field->persist && !field->computed;
}

static void set_row(struct rows *rows, const struct object *o,
                    const struct model_field *field)
{
    AUTO_STR struct str text = STR_INIT(DATUM_MAX);
    struct model_value d = object_get(o, field);
    struct row row = {.op = ROW_SET,
                      .ref = o->ref,
                      .number = o->number,
                      .field = field->name};

    if (!datum_equal(field->type, d, field->initial)) {
        datum_to_text(field->type, d, &text);
        row.value = str_text(&text);
    }
    rows_add(rows, &row);
}

static void object_row(struct rows *rows, enum row_op op,
                       const struct object *o, uint64_t destroyed)
{
    rows_add(rows, &(struct row){.op = op,
                                 .class = o->class->name,
                                 .ref = o->ref,
                                 .number = o->number,
                                 .created = o->created,
                                 .destroyed = destroyed});
}

static void create_rows(struct rows *rows, const struct object *o)
{
    const struct model_field *f = o->class->fields;

    object_row(rows, ROW_CREATE, o, 0);
    for (; f < o->class->fields + o->class->n_fields; f++)
        if (persists(f) && !datum_equal(f->type, object_get(o, f), f->initial))
            set_row(rows, o, f);
}

/*
 * Events of classes that do not persist end with the process: that there were
 * objects of such a class has to be known after it. Object 0 is the database
 * itself.
 */
static void volatile_row(struct rows *rows, const struct object *o)
{
    struct table *t = db_table(o->db, o->class);

    if (t->noted_volatile || !o->class->events)
        return;
    t->noted_volatile = true;
    rows_add(rows, &(struct row){.op = ROW_SET,
                                 .field = o->class->name,
                                 .value = "volatile"});
}

/* ---- forth --------------------------------------------------------------- */

static void commit_object(struct txn *txn, struct object *o, struct rows *rows)
{
    bool fresh = o->flags & OBJECT_NEW;

    if (o->flags & OBJECT_GONE) {
        if (fresh)
            return;
        object_changed_remove(o);
        grave_dig(txn->db, o->class, o->ref, o->created, txn->generation);
        if (o->stored)
            object_row(rows, ROW_DESTROY, o, txn->generation);
    } else {
        o->changed = txn->generation;
        object_changed_last(o);
        o->stored |= fresh && o->class->persist && txn->db->store;
        if (fresh && o->stored)
            create_rows(rows, o);
        else if (fresh && txn->db->store)
            volatile_row(rows, o);
    }
    event_note(txn->db, o->class, o->ref);
}

static void commit_cell(struct txn *txn, const struct undo *u,
                        struct rows *rows)
{
    if (u->op != UNDO_CELL || u->field->computed)
        return;
    content_free(txn->db, u->field->type, u->content);
    if (u->object->stored && persists(u->field) &&
        !(u->object->flags & OBJECT_GONE))
        set_row(rows, u->object, u->field);
}

/* The first touched last in the list: turned round, so that the list of changes
 * has the order of the writes. */
static struct object *in_order(struct object *touched)
{
    struct object *list = NULL, *next;

    for (; touched; touched = next) {
        next = touched->next_touched;
        touched->next_touched = list;
        list = touched;
    }
    return list;
}

static void finish(struct object *o)
{
    struct object *next;

    for (; o; o = next) {
        next = o->next_touched;
        o->next_touched = NULL;
        if (o->flags & OBJECT_GONE)
            object_free(o);
        else
            o->flags = 0;
    }
}

static void tell(const struct undo *u, txn_change_fn *fn, void *arg)
{
    const struct object *o = u->object;
    bool is_new = o->flags & OBJECT_NEW, is_gone = o->flags & OBJECT_GONE;

    if (u->op == UNDO_DESTROY && !is_new)
        fn(arg, TXN_DESTROYED, o, NULL);
    else if (u->op == UNDO_CREATE && !is_gone)
        fn(arg, TXN_CREATED, o, NULL);
    else if (u->op == UNDO_CELL && !is_gone && !u->field->computed)
        fn(arg, TXN_CHANGED, o, u->field);
}

void txn_each_change(const struct txn *txn, txn_change_fn *fn, void *arg)
{
    for (size_t i = 0; i < txn->n_undo; i++)
        tell(&txn->undo[i], fn, arg);
}

uint64_t txn_commit(struct txn *txn)
{
    struct object *touched = in_order(txn->touched);
    struct db *db = txn->db;
    AUTO_ROWS struct rows *rows = rows_new();

    assert(db->txn == txn);
    if (txn->n_undo && db->on_commit)
        db->on_commit(db->on_commit_arg, txn);
    if (touched) {
        db->generation = txn->generation;
        for (struct object *o = touched; o; o = o->next_touched)
            commit_object(txn, o, rows);
        for (size_t i = 0; i < txn->n_undo; i++)
            commit_cell(txn, &txn->undo[i], rows);
        finish(touched);
        if (rows->n)
            db_store_rows(db, take_ptr(rows));
    }
    free_txn(txn);
    event_wake(db);
    return db->generation;
}
