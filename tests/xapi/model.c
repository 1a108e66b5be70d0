/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The model for tests that ask all of it.
 *   xapi-model calls        every call as JSON: its kind, class, field, roles,
 *                           types, and values that each of its parameters may
 *                           have
 *   xapi-model classes      every class: its fields
 *   xapi-model errors       every error: the names of its arguments
 *   xapi-model fill FILE    a database with two objects of every class that
 *                           has any on disk, all their fields filled
 */
#include <stdio.h>
#include <string.h>

#include "lib/json.h"
#include "xapi/model/model_gen.h"
#include "xapi/db/store.h"
#include "xapi/db/txn.h"

#define OBJECTS 2

static void must(struct err *e)
{
    if (!e)
        return;
    fprintf(stderr, "xapi-model: %s\n", err_text(e));
    exit(1);
}

/* ---- values -------------------------------------------------------------- */

static const char *ref_of(struct pool *p, const struct model_class *class,
                          unsigned n)
{
    return pool_printf(p, DATUM_REF_PREFIX "%s-%u", class->name, n % OBJECTS);
}

/* The Nth of a type; two that follow are different where the type allows. */
static struct value *example(struct pool *p, const struct model_type *type,
                             unsigned n)
{
    AUTO_STR struct str key = STR_INIT(1000);
    struct value *v;

    switch (type->kind) {
    case MODEL_INT:
        return value_int(p, n + 1);
    case MODEL_FLOAT:
        return value_double(p, n + 0.5);
    case MODEL_BOOL:
        return value_bool(p, n % 2);
    case MODEL_DATETIME:
        return value_printf(p, "2026010%uT00:00:00Z", n % 9 + 1);
    case MODEL_ENUM:
        return value_string(p, type->enum_->values[n % type->enum_->n_values]);
    case MODEL_REF:
        return value_string(p, ref_of(p, type->class, n));
    case MODEL_SET:
        v = value_list(p);
        value_append(v, example(p, type->item, n));
        return v;
    case MODEL_MAP:
        v = value_struct(p);
        if (type->key->kind == MODEL_INT)
            str_addf(&key, "%u", n);
        else
            str_add(&key, example(p, type->key, n)->s.text);
        value_set(v, pool_str(p, str_text(&key)), example(p, type->item, n));
        return v;
    case MODEL_OPTION:
        return example(p, type->item, n);
    case MODEL_RECORD:
        return value_struct(p);
    default:
        return value_printf(p, "text %u & <%u>", n, n);
    }
}

/* ---- types --------------------------------------------------------------- */

static const char *const type_kinds[] = {
    [MODEL_VOID] = "void",     [MODEL_STRING] = "string",
    [MODEL_INT] = "int",       [MODEL_FLOAT] = "float",
    [MODEL_BOOL] = "bool",     [MODEL_DATETIME] = "datetime",
    [MODEL_ENUM] = "enum",     [MODEL_REF] = "ref",
    [MODEL_RECORD] = "record", [MODEL_SET] = "set",
    [MODEL_MAP] = "map",       [MODEL_OPTION] = "option",
};

static struct value *texts_of(struct pool *p, const char *const *texts,
                              unsigned n)
{
    struct value *list = value_list(p);

    for (unsigned i = 0; i < n; i++)
        value_append(list, value_string(p, texts[i]));
    return list;
}

static struct value *type_of(struct pool *p, const struct model_type *type)
{
    struct value *v = value_struct(p);

    value_set(v, "kind", value_string(p, type_kinds[type->kind]));
    if (type->class)
        value_set(v, "class", value_string(p, type->class->name));
    if (type->enum_)
        value_set(v, "values",
                  texts_of(p, type->enum_->values, type->enum_->n_values));
    if (type->key)
        value_set(v, "key", type_of(p, type->key));
    if (type->item)
        value_set(v, "item", type_of(p, type->item));
    return v;
}

static void print(const struct value *list)
{
    AUTO_STR struct str text = STR_INIT(STR_MAX);

    json_print(list, false, &text);
    puts(str_text(&text));
}

/* ---- calls --------------------------------------------------------------- */

static const char *const kinds[] = {
    [MODEL_CUSTOM] = "custom",
    [MODEL_GET_FIELD] = "get_field",
    [MODEL_SET_FIELD] = "set_field",
    [MODEL_ADD] = "add",
    [MODEL_REMOVE] = "remove",
    [MODEL_ADD_TO] = "add_to",
    [MODEL_REMOVE_FROM] = "remove_from",
    [MODEL_GET_BY_UUID] = "get_by_uuid",
    [MODEL_GET_BY_NAME_LABEL] = "get_by_name_label",
    [MODEL_GET_RECORD] = "get_record",
    [MODEL_GET_ALL] = "get_all",
    [MODEL_GET_ALL_WHERE] = "get_all_where",
    [MODEL_GET_ALL_RECORDS] = "get_all_records",
    [MODEL_GET_ALL_RECORDS_WHERE] = "get_all_records_where",
    [MODEL_CREATE] = "create",
    [MODEL_DESTROY] = "destroy",
};

static struct value *roles_of(struct pool *p, model_role_bits roles)
{
    struct value *list = value_list(p);

    for (unsigned i = 0; model_roles[i].name; i++)
        if (roles & 1u << i)
            value_append(list, value_string(p, model_roles[i].name));
    return list;
}

static struct value *params_of(struct pool *p, const struct model_call *c)
{
    struct value *list = value_list(p);

    for (unsigned i = 0; i < c->n_params; i++) {
        struct value *pair = value_list(p);

        value_append(pair, example(p, c->params[i].type, 2));
        value_append(pair, example(p, c->params[i].type, 3));
        value_append(list, pair);
    }
    return list;
}

/* Name and type of each. */
static struct value *types_of(struct pool *p, const struct model_call *c)
{
    struct value *list = value_list(p);

    for (unsigned i = 0; i < c->n_params; i++) {
        struct value *pair = value_list(p);

        value_append(pair, value_string(p, c->params[i].name));
        value_append(pair, type_of(p, c->params[i].type));
        value_append(list, pair);
    }
    return list;
}

static struct value *call_of(struct pool *p, const struct model_call *c)
{
    struct value *v = value_struct(p);

    value_set(v, "name", value_string(p, c->name));
    value_set(v, "class", value_string(p, c->class->name));
    value_set(v, "kind", value_string(p, kinds[c->kind]));
    if (c->field) {
        value_set(v, "field", value_string(p, c->field->name));
        value_set(v, "path", value_string(p, c->field->path));
    }
    value_set(v, "session", value_bool(p, c->session));
    value_set(v, "async", value_bool(p, c->async));
    value_set(v, "own", value_bool(p, c->own));
    value_set(v, "unimplemented", value_bool(p, c->unimplemented));
    value_set(v, "keys", value_int(p, c->n_key_roles));
    value_set(v, "removed", value_bool(p, c->state == MODEL_REMOVED));
    value_set(v, "roles", roles_of(p, c->roles));
    value_set(v, "params", params_of(p, c));
    value_set(v, "types", types_of(p, c));
    value_set(v, "result", type_of(p, c->result));
    return v;
}

static void print_calls(struct pool *p)
{
    struct value *list = value_list(p);

    for (const struct model_call *c = model_calls; c->name; c++)
        value_append(list, call_of(p, c));
    print(list);
}

/* ---- classes and errors -------------------------------------------------- */

static struct value *field_of(struct pool *p, const struct model_field *f)
{
    struct value *v = value_struct(p);

    value_set(v, "type", type_of(p, f->type));
    value_set(v, "persist", value_bool(p, f->persist));
    value_set(v, "given", value_bool(p, f->mode != MODEL_DYNAMIC));
    if (f->inverse && f->inverse->on_wire) {
        struct value *end = value_list(p);

        value_append(end, value_string(p, f->inverse->class->name));
        value_append(end, value_string(p, f->inverse->name));
        value_set(v, "inverse", end);
    }
    return v;
}

static struct value *class_of(struct pool *p, const struct model_class *class)
{
    struct value *v = value_struct(p), *fields = value_struct(p);

    for (unsigned i = 0; i < class->n_fields; i++)
        if (class->fields[i].on_wire)
            value_set(fields, class->fields[i].name,
                      field_of(p, &class->fields[i]));
    value_set(v, "in_database", value_bool(p, class->in_database));
    value_set(v, "persist", value_bool(p, class->persist));
    value_set(v, "events", value_bool(p, class->events));
    value_set(v, "fields", fields);
    return v;
}

static void print_classes(struct pool *p)
{
    struct value *v = value_struct(p);

    for (const struct model_class *c = model_classes; c->name; c++)
        value_set(v, c->name, class_of(p, c));
    print(v);
}

/* An argument "..." is any number of them. */
static void print_errors(struct pool *p)
{
    struct value *v = value_struct(p);

    for (const struct model_error *e = model_errors; e->name; e++) {
        struct value *params = texts_of(p, e->params, e->n_params);

        if (e->any_params)
            value_append(params, value_string(p, "..."));
        value_set(v, e->name, params);
    }
    print(v);
}

/* ---- objects ------------------------------------------------------------- */

static bool is_kept(const struct model_class *class)
{
    return class->in_database && class->persist && !class->in_model;
}

/* References that are null at first, to what is there only later. */
static void fill_field(struct pool *p, struct txn *txn, struct object *o,
                       const struct model_field *f, unsigned n)
{
    struct model_value d;

    if (!f->persist || f->computed || f == f->class->uuid)
        return;
    must(datum_from_value(p, f->type, example(p, f->type, n), &d));
    err_drop(txn_set(txn, o, f, d), "it refers to a class of no objects here");
}

static void make_all(struct pool *p, struct txn *txn)
{
    struct object *o;

    for (const struct model_class *c = model_classes; c->name; c++)
        for (unsigned n = 0; is_kept(c) && n < OBJECTS; n++)
            must(txn_create(txn, c, ref_of(p, c, n), NULL, &o));
}

static void fill(struct pool *p, const char *path)
{
    struct db *db = db_new();
    struct store *store;
    struct txn *txn;

    must(store_sqlite_open(path, &store));
    must(db_open(db, store));
    txn = txn_begin(db);
    make_all(p, txn);
    for (const struct model_class *c = model_classes; c->name; c++)
        for (unsigned n = 0; is_kept(c) && n < OBJECTS; n++)
            for (unsigned i = 0; i < c->n_fields; i++)
                fill_field(p, txn, db_find(db, c, ref_of(p, c, n)),
                           &c->fields[i], n);
    txn_commit(txn);
    must(db_flush(db));
    db_free(db);
}

int main(int argc, char **argv)
{
    AUTO_POOL struct pool *p = pool_new();

    if (argc == 2 && !strcmp(argv[1], "calls"))
        print_calls(p);
    else if (argc == 2 && !strcmp(argv[1], "classes"))
        print_classes(p);
    else if (argc == 2 && !strcmp(argv[1], "errors"))
        print_errors(p);
    else if (argc == 3 && !strcmp(argv[1], "fill"))
        fill(p, argv[2]);
    else
        must(ERR("calls, classes, errors, or fill and a file"));
    return 0;
}
