/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * modelc_derive: the calls. Most follow from classes and fields by the rules
 * here (getters, setters, records, lists, create and destroy); the files give
 * the others, and may say more about a derived one (a body of its own, a
 * sentence). Then what both ends must agree on is checked.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/near.h"
#include "xapi/modelc/modelc.h"

/* ---- derived calls ------------------------------------------------------- */

static struct modelc_call *add(struct modelc *m, struct modelc_class *class,
                               enum model_call_kind kind, const char *message)
{
    struct modelc_call *call = pool_new_of(m->pool, struct modelc_call);

    call->place = class->place;
    call->row.kind = kind;
    call->row.message = message;
    call->row.class = &class->row;
    call->row.state = class->row.state;
    call->row.roles = class->row.read_roles;
    call->row.session = true;
    *pool_push(m->pool, m->calls, m->n_calls) = call;
    return call;
}

static const struct model_type *type_of(struct modelc *m,
                                        struct modelc_class *class,
                                        const char *fmt)
{
    const char *name = class->row.name;

    return modelc_type(m, class, pool_printf(m->pool, "%s %s", name, fmt),
                       class->place);
}

static const struct model_type *atom_type(struct modelc *m, const char *name)
{
    return modelc_type(m, NULL, name, (struct place){.source = NULL});
}

/* The parameters (name, type) in order, up to a NULL. */
static void set_params(struct modelc *m, struct modelc_call *call, unsigned n,
                       const char *const *names,
                       const struct model_type *const *types)
{
    struct model_param *params = pool_alloc(m->pool, n * sizeof(*params));

    for (unsigned i = 0; i < n; i++)
        params[i] = (struct model_param){.name = names[i], .type = types[i]};
    call->row.params = params;
    call->row.n_params = call->row.n_required = n;
}

#define PARAMS(m, call, n, names, ...)                         \
    set_params((m), (call), (n), (const char *const[]){names}, \
               (const struct model_type *const[]){__VA_ARGS__})
#define NAMES(...) __VA_ARGS__

static struct modelc_call *accessor(struct modelc *m,
                                    struct modelc_class *class,
                                    struct modelc_field *field,
                                    enum model_call_kind kind,
                                    const char *front)
{
    struct modelc_call *call = add(
        m, class, kind, pool_printf(m->pool, "%s%s", front, field->row.name));

    call->row.field = &field->row;
    call->row.state = field->row.state;
    call->row.roles = kind == MODEL_GET_FIELD ? field->row.getter_roles
                                              : field->row.setter_roles;
    call->row.result =
        kind == MODEL_GET_FIELD ? field->row.type : atom_type(m, "void");
    if (kind == MODEL_ADD_TO || kind == MODEL_REMOVE_FROM) {
        call->row.key_roles = field->row.key_roles;
        call->row.n_key_roles = field->row.n_key_roles;
    }
    return call;
}

static void derive_field(struct modelc *m, struct modelc_class *class,
                         struct modelc_field *field)
{
    const struct model_type *self = type_of(m, class, "ref");
    const struct model_type *type = field->row.type;
    struct modelc_call *call;

    if (!type || !field->row.on_wire)
        return;
    call = accessor(m, class, field, MODEL_GET_FIELD, "get_");
    PARAMS(m, call, 1, NAMES("self"), self);
    if (field->row.mode != MODEL_RW)
        return;
    call = accessor(m, class, field, MODEL_SET_FIELD, "set_");
    PARAMS(m, call, 2, NAMES("self", "value"), self, type);
    call->row.secret = field->row.secret;
    if (type->kind == MODEL_MAP) {
        call = accessor(m, class, field, MODEL_ADD_TO, "add_to_");
        PARAMS(m, call, 3, NAMES("self", "key", "value"), self, type->key,
               type->item);
        call->row.secret = field->row.secret;
        call = accessor(m, class, field, MODEL_REMOVE_FROM, "remove_from_");
        PARAMS(m, call, 2, NAMES("self", "key"), self, type->key);
    } else if (type->kind == MODEL_SET) {
        call = accessor(m, class, field, MODEL_ADD, "add_");
        PARAMS(m, call, 2, NAMES("self", "value"), self, type->item);
        call = accessor(m, class, field, MODEL_REMOVE, "remove_");
        PARAMS(m, call, 2, NAMES("self", "value"), self, type->item);
    }
}

static void derive_lists(struct modelc *m, struct modelc_class *class)
{
    const char *name = class->row.name;
    const struct model_type *refs = type_of(m, class, "ref set");
    const struct model_type *text = atom_type(m, "string");
    const struct model_type *records = modelc_type(
        m, class, pool_printf(m->pool, "(%s ref -> %s record) map", name, name),
        class->place);
    struct modelc_call *call;

    add(m, class, MODEL_GET_ALL, "get_all")->row.result = refs;
    add(m, class, MODEL_GET_ALL_RECORDS, "get_all_records")->row.result =
        records;
    call = add(m, class, MODEL_GET_ALL_WHERE, "get_all_where");
    PARAMS(m, call, 1, NAMES("expr"), text);
    call->row.result = refs;
    call->row.hidden = true;
    call = add(m, class, MODEL_GET_ALL_RECORDS_WHERE, "get_all_records_where");
    PARAMS(m, call, 1, NAMES("expr"), text);
    call->row.result = records;
    call->row.hidden = true;
}

static void derive_constructor(struct modelc *m, struct modelc_class *class)
{
    struct modelc_call *call = add(m, class, MODEL_CREATE, "create");

    PARAMS(m, call, 1, NAMES("args"), type_of(m, class, "record"));
    call->row.result = type_of(m, class, "ref");
    call->row.roles = class->row.roles;
    call->row.async = true;
    call = add(m, class, MODEL_DESTROY, "destroy");
    PARAMS(m, call, 1, NAMES("self"), type_of(m, class, "ref"));
    call->row.result = atom_type(m, "void");
    call->row.roles = class->row.roles;
    call->row.async = true;
}

static void derive_class(struct modelc *m, struct modelc_class *class)
{
    struct modelc_call *call;

    if (class->row.uuid) {
        call = add(m, class, MODEL_GET_BY_UUID, "get_by_uuid");
        PARAMS(m, call, 1, NAMES("uuid"), atom_type(m, "string"));
        call->row.result = type_of(m, class, "ref");
    }
    call = add(m, class, MODEL_GET_RECORD, "get_record");
    PARAMS(m, call, 1, NAMES("self"), type_of(m, class, "ref"));
    call->row.result = type_of(m, class, "record");
    if (class->row.name_label) {
        call = add(m, class, MODEL_GET_BY_NAME_LABEL, "get_by_name_label");
        PARAMS(m, call, 1, NAMES("label"), atom_type(m, "string"));
        call->row.result = type_of(m, class, "ref set");
    }
    if (!(class->marks & MARK_NO_GET_ALL))
        derive_lists(m, class);
    if (class->row.constructor)
        derive_constructor(m, class);
}

/* ---- calls of the files -------------------------------------------------- */

static struct modelc_call *find_call(struct modelc *m, const char *class,
                                     const char *message)
{
    for (size_t i = 0; i < m->n_calls; i++) {
        if (!strcmp(m->calls[i]->row.message, message) &&
            !strcmp(m->calls[i]->row.class->name, class))
            return m->calls[i];
    }
    return NULL;
}

static const struct model_error *find_error(struct modelc *m,
                                            const struct value *name)
{
    struct near near;

    if (name->kind != VALUE_STRING) {
        diag_error(&m->diags, name->place, "want the name of an error");
        return NULL;
    }
    near = (struct near){.word = name->s.text};
    for (size_t i = 0; i < m->n_errors; i++) {
        if (!strcmp(m->errors[i].name, name->s.text))
            return &m->errors[i];
        near_try(&near, m->errors[i].name);
    }
    diag_error(&m->diags, name->place, "unknown error '%s'%s%s%s", name->s.text,
               near.best ? ": did you mean '" : "", near.best ? near.best : "",
               near.best ? "'?" : "");
    return NULL;
}

static void set_errors(struct modelc *m, struct modelc_call *call)
{
    const struct model_error **errors = NULL;
    size_t n = 0;

    for (const struct value *v = call->errors ? call->errors->kids.first : NULL;
         v; v = v->next) {
        const struct model_error *e = find_error(m, v);

        if (e)
            *pool_push(m->pool, errors, n) = e;
    }
    call->row.errors = errors;
    call->row.n_errors = (unsigned)n;
}

/* "TYPE", or "secret TYPE", or, when it may be left out, ["TYPE", VALUE]. */
static void read_param(struct modelc *m, struct modelc_class *class,
                       struct modelc_call *call, const struct value *v,
                       struct model_param *param)
{
    static const char secret[] = "secret ";
    const struct value *type = v;
    const struct value *initial = NULL;

    param->name = v->name;
    if (v->kind == VALUE_LIST && v->kids.n == 2) {
        type = v->kids.first;
        initial = v->kids.last;
        param->optional = true;
    }
    if (type->kind != VALUE_STRING) {
        diag_error(&m->diags, v->place,
                   "%s: want a type, or a list of a type and a value", v->name);
        return;
    }
    param->secret = text_has_prefix(type->s.text, secret);
    param->type = modelc_type(
        m, class, type->s.text + (param->secret ? strlen(secret) : 0),
        type->place);
    if (param->optional)
        param->initial = modelc_value(m, param->type, initial);
    else if (call->row.n_required < call->row.n_params)
        diag_error(&m->diags, v->place,
                   "'%s' has no value but those before "
                   "it may be left out",
                   v->name);
    call->row.n_params++;
    call->row.n_required += !param->optional;
}

static void read_params(struct modelc *m, struct modelc_class *class,
                        struct modelc_call *call)
{
    struct model_param *params;
    size_t n = 0;

    if (!call->params)
        return;
    params = pool_alloc(m->pool, call->params->kids.n * sizeof(*params));
    value_each(v, call->params)
    {
        read_param(m, class, call, v, &params[n++]);
    }
    call->row.params = params;
}

/* add_to_x and remove_from_x obey the keys of field x. */
static void find_keys(const struct modelc_class *class,
                      struct modelc_call *call)
{
    const struct modelc_field *fields =
        (const struct modelc_field *)class->row.fields;

    for (unsigned i = 0; i < class->row.n_fields; i++) {
        const struct model_field *field = &fields[i].row;
        const char *message = call->row.message;

        if ((text_has_prefix(message, "add_to_") &&
             !strcmp(message + strlen("add_to_"), field->name)) ||
            (text_has_prefix(message, "remove_from_") &&
             !strcmp(message + strlen("remove_from_"), field->name))) {
            call->row.key_roles = field->key_roles;
            call->row.n_key_roles = field->n_key_roles;
        }
    }
}

static void add_custom(struct modelc *m, struct modelc_class *class,
                       struct modelc_call *call)
{
    const struct value *result = call->result;

    call->row.kind = MODEL_CUSTOM;
    call->row.class = &class->row;
    call->row.own = true;
    call->row.roles =
        call->role ? modelc_roles(m, call->role) : class->row.roles;
    call->row.result = modelc_type(m, class, result ? result->s.text : "void",
                                   result ? result->place : call->place);
    read_params(m, class, call);
    find_keys(class, call);
    if (call->marks & MARK_OWN)
        diag_error(&m->diags, call->place,
                   "'own' is for derived calls: this has a body anyway");
    *pool_push(m->pool, m->calls, m->n_calls) = call;
}

/* What a file says of a derived call. */
static void change_derived(struct modelc *m, struct modelc_call *derived,
                           struct modelc_call *call)
{
    if (call->params || call->result || call->role ||
        call->marks & ~(unsigned)(MARK_OWN | MARK_UNIMPLEMENTED | MARK_REFUSED))
        diag_error(&m->diags, call->place,
                   "'%s' is derived: its file may say of it 'own', "
                   "'unimplemented', errors and a sentence only",
                   call->row.message);
    derived->place = call->place;
    derived->row.own = call->row.own;
    derived->row.unimplemented = call->row.unimplemented;
    derived->row.refused = call->row.refused;
    derived->row.doc = call->row.doc;
    derived->row.errors = call->row.errors;
    derived->row.n_errors = call->row.n_errors;
}

static void read_calls(struct modelc *m, struct modelc_class *class)
{
    for (const struct value *v = class->calls ? class->calls->kids.first : NULL;
         v; v = v->next) {
        struct modelc_call *call = modelc_read_call(m, v);
        struct modelc_call *derived;

        if (!call)
            continue;
        set_errors(m, call);
        derived = find_call(m, class->row.name, v->name);
        if (derived)
            change_derived(m, derived, call);
        else
            add_custom(m, class, call);
    }
}

static int by_name(const void *a, const void *b)
{
    const struct modelc_call *const *x = a, *const *y = b;
    int order = strcmp((*x)->row.class->name, (*y)->row.class->name);

    return order ? order : strcmp((*x)->row.message, (*y)->row.message);
}

void modelc_derive(struct modelc *m)
{
    for (size_t i = 0; i < m->n_fields; i++) {
        struct modelc_field *field = &m->fields[i];
        struct modelc_class *class = (struct modelc_class *)field->row.class;

        if (class->row.in_database)
            derive_field(m, class, field);
    }
    for (size_t i = 0; i < m->n_classes; i++) {
        if (m->classes[i].row.in_database)
            derive_class(m, &m->classes[i]);
    }
    for (size_t i = 0; i < m->n_classes; i++)
        read_calls(m, &m->classes[i]);
    qsort(m->calls, m->n_calls, sizeof(struct modelc_call *), by_name);
    for (size_t i = 0; i < m->n_calls; i++) {
        struct model_call *row = &m->calls[i]->row;

        row->name =
            pool_printf(m->pool, "%s.%s", row->class->name, row->message);
        ((struct model_class *)row->class)->n_calls++;
    }
}
