/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * modelc_read: the files of classes into the tables, by slot rows: what may
 * stand in a file, and what each word of "is" means, is said here once.
 */
#include <string.h>

#include "lib/file.h"
#include "lib/json.h"
#include "xapi/modelc/modelc_kinds.h"

#define FILE_MAX (4u << 20)

/* ---- what may stand where ------------------------------------------------ */

/* clang-format off */
#define STATES \
    {"prototype",  MARK_PROTOTYPE,  "It may still change."}, \
    {"deprecated", MARK_DEPRECATED, "Something else is to be used."}, \
    {"removed",    MARK_REMOVED,    "It does nothing any more."}

static const struct slot_choice class_marks[] = {
    {"constructor",          MARK_CONSTRUCTOR,          "It has create and destroy."},
    {"no_database",          MARK_NO_DATABASE,          "A shape of records; calls are all its own."},
    {"transient",            MARK_TRANSIENT,            "Nothing of it survives a restart."},
    {"events",               MARK_EVENTS,               "Changes are sent though it is in no database."},
    {"no_events",            MARK_NO_EVENTS,            "Changes are not sent."},
    {"no_tasks",             MARK_NO_TASKS,             "Its calls do not show as tasks."},
    {"no_get_all",           MARK_NO_GET_ALL,           "Nobody gets a list of all."},
    {"no_get_by_name_label", MARK_NO_GET_BY_NAME_LABEL, "Names do not find it."},
    {"in_model",             MARK_IN_MODEL,             "Its objects are the model's."},
    STATES, {NULL},
};

static const struct slot_choice field_marks[] = {
    {"RW",        MARK_RW,        "Given at creation, set by clients."},
    {"static",    MARK_STATIC,    "Given at creation."},
    {"required",  MARK_REQUIRED,  "Has to be given at creation."},
    {"internal",  MARK_INTERNAL,  "The server's alone."},
    {"transient", MARK_TRANSIENT, "Does not survive a restart."},
    {"secret",    MARK_SECRET,    "Never in logs."},
    STATES, {NULL},
};

static const struct slot_choice call_marks[] = {
    {"async",         MARK_ASYNC,         "Also as Async."},
    {"no_session",    MARK_NO_SESSION,    "Without a session."},
    {"internal",      MARK_INTERNAL,      "Between hosts of a pool only."},
    {"hidden",        MARK_HIDDEN,        "Not in the reference."},
    {"secret",        MARK_SECRET,        "Its parameters are never in logs."},
    {"emergency",     MARK_EMERGENCY,     "Answered by a host without its master."},
    {"local",         MARK_LOCAL,         "Answered by the host that is asked."},
    {"unlisted",      MARK_UNLISTED,      "Not in current_operations."},
    {"own",           MARK_OWN,           "Derived, with a body of its own."},
    {"unimplemented", MARK_UNIMPLEMENTED, "No body yet."},
    {"partial",       MARK_PARTIAL,       "Checks and then answers NOT_IMPLEMENTED."},
    {"refused",       MARK_REFUSED,       "Never does anything, as in the original."},
    STATES, {NULL},
};

static const struct slot class_rows[] = {
    {"class",     WORD(modelc_class, row.name)},
    {"doc",       WORD(modelc_class, row.doc)},
    {"role",      ROLES(modelc_class, row.roles)},
    {"read_role", ROLES(modelc_class, row.read_roles)},
    {"is",        MARKS(modelc_class, marks, class_marks)},
    {"enums",     VALUE(modelc_class, enums, VALUE_STRUCT)},
    {"fields",    VALUE(modelc_class, fields, VALUE_STRUCT)},
    {"calls",     VALUE(modelc_class, calls, VALUE_STRUCT)},
    {NULL},
};

struct field_file { struct modelc_field field; const struct value *type; };

static const struct slot field_rows[] = {
    {"type",    VALUE(field_file, type, VALUE_STRING)},
    {"is",      MARKS(field_file, field.marks, field_marks)},
    {"initial", VALUE(field_file, field.initial, 0)},
    {"inverse", VALUE(field_file, field.inverse, VALUE_STRING)},
    {"getter",  VALUE(field_file, field.getter, VALUE_STRING)},
    {"setter",  VALUE(field_file, field.setter, VALUE_STRING)},
    {"keys",    VALUE(field_file, field.keys, VALUE_STRUCT)},
    {"doc",     WORD(field_file, field.row.doc)},
    {NULL},
};

static const struct slot call_rows[] = {
    {"role",   VALUE(modelc_call, role, VALUE_STRING)},
    {"is",     MARKS(modelc_call, marks, call_marks)},
    {"params", VALUE(modelc_call, params, VALUE_STRUCT)},
    {"result", VALUE(modelc_call, result, VALUE_STRING)},
    {"errors", VALUE(modelc_call, errors, VALUE_LIST)},
    {"doc",    WORD(modelc_call, row.doc)},
    {NULL},
};
/* clang-format on */

static enum model_state state_of(unsigned marks)
{
    return marks & MARK_REMOVED      ? MODEL_REMOVED
           : marks & MARK_DEPRECATED ? MODEL_DEPRECATED
           : marks & MARK_PROTOTYPE  ? MODEL_PROTOTYPE
                                     : MODEL_PUBLISHED;
}

/* ---- classes ------------------------------------------------------------- */

static void read_enums(struct modelc *m, struct modelc_class *class)
{
    struct model_enum *first = m->enums + m->n_enums;

    class->row.enums = first;
    for (const struct value *v = class->enums ? class->enums->kids.first : NULL;
         v; v = v->next) {
        struct model_enum *e = &m->enums[m->n_enums++];
        const char **values = NULL;
        size_t n = 0;

        *e = (struct model_enum){
            .name = pool_printf(m->pool, "%s.%s", class->row.name, v->name),
            .class = &class->row};
        class->row.n_enums++;
        if (v->kind != VALUE_LIST || !v->kids.n) {
            diag_error(&m->diags, v->place, "want a list of values");
            continue;
        }
        value_each(word, v)
        {
            if (word->kind != VALUE_STRING)
                diag_error(&m->diags, word->place, "want a word");
            else
                *pool_push(m->pool, values, n) = word->s.text;
        }
        e->values = values;
        e->n_values = (unsigned)n;
    }
}

static void read_class(struct modelc *m, const struct value *root)
{
    struct modelc_class *class = &m->classes[m->n_classes];
    unsigned marks;

    class->place = root->place;
    class->row.read_roles = (1u << m->n_roles) - 1;
    modelc_fill(m, TABLE(class_rows, "part of a class"), class, root);
    if (!class->row.name) {
        diag_error(&m->diags, root->place, "a class without a name");
        return;
    }
    if (!value_get(root, "role"))
        diag_error(&m->diags, root->place, "%s has no role", class->row.name);
    marks = class->marks;
    class->row.state = state_of(marks);
    class->row.in_database = !(marks & MARK_NO_DATABASE);
    class->row.persist = !(marks & (MARK_NO_DATABASE | MARK_TRANSIENT));
    class->row.events =
        marks & MARK_EVENTS || !(marks & (MARK_NO_DATABASE | MARK_NO_EVENTS));
    class->row.constructor = marks & MARK_CONSTRUCTOR;
    class->row.task_per_call = !(marks & MARK_NO_TASKS);
    class->row.in_model = marks & MARK_IN_MODEL;
    m->n_classes++;
}

/* ---- fields -------------------------------------------------------------- */

/* name__label is one of the group "name": its name is name_label. */
static const char *name_of(struct modelc *m, const char *path)
{
    char *name = pool_str(m->pool, path), *at = strstr(name, "__");

    if (at)
        memmove(at, at + 1, strlen(at));
    return name;
}

static void read_keys(struct modelc *m, struct modelc_field *field)
{
    struct model_key_role *keys = NULL;
    size_t n = 0;

    for (const struct value *v = field->keys ? field->keys->kids.first : NULL;
         v; v = v->next)
        *pool_push(m->pool, keys, n) =
            (struct model_key_role){v->name, modelc_roles(m, v)};
    field->row.key_roles = keys;
    field->row.n_key_roles = (unsigned)n;
}

static void read_field(struct modelc *m, struct modelc_class *class,
                       const struct value *v)
{
    struct field_file file = {.field.place = v->name_place};
    struct modelc_field *field = &m->fields[m->n_fields];
    const char *name = name_of(m, v->name);
    const struct value *common =
        m->sentences ? value_get(m->sentences, name) : NULL;
    struct model_field *row = &field->row;

    if (!modelc_fill(m, TABLE(field_rows, "setting of a field"), &file, v))
        return;
    if (!file.type) {
        diag_error(&m->diags, v->place, "%s: no type", v->name);
        return;
    }
    m->n_fields++;
    *field = file.field;
    row->name = name;
    row->path = v->name;
    row->class = &class->row;
    row->index = class->row.n_fields++;
    row->type = modelc_type(m, class, file.type->s.text, file.type->place);
    row->mode = field->marks & MARK_RW       ? MODEL_RW
                : field->marks & MARK_STATIC ? MODEL_STATIC
                                             : MODEL_DYNAMIC;
    row->state = state_of(field->marks);
    row->on_wire = !(field->marks & MARK_INTERNAL);
    row->persist = class->row.persist && !(field->marks & MARK_TRANSIENT);
    row->required = field->marks & MARK_REQUIRED;
    row->secret = field->marks & MARK_SECRET;
    row->initial = modelc_value(m, row->type, field->initial);
    row->getter_roles =
        field->getter ? modelc_roles(m, field->getter) : class->row.read_roles;
    row->setter_roles =
        field->setter ? modelc_roles(m, field->setter) : class->row.roles;
    if (!row->doc && common && common->kind == VALUE_STRING)
        row->doc = common->s.text;
    read_keys(m, field);
}

static void read_fields(struct modelc *m, struct modelc_class *class)
{
    class->row.fields = &m->fields[m->n_fields].row;
    for (const struct value *v = class->fields ? class->fields->kids.first
                                               : NULL;
         v; v = v->next)
        read_field(m, class, v);
    for (unsigned i = 0; i < class->row.n_fields; i++) {
        const struct model_field *row =
            &((struct modelc_field *)class->row.fields)[i].row;

        if (!strcmp(row->name, "uuid"))
            class->row.uuid = row;
        if (!strcmp(row->name, "name_label") &&
            !(class->marks & MARK_NO_GET_BY_NAME_LABEL))
            class->row.name_label = row;
    }
}

/* "VBD.VM" as that field. */
static struct modelc_field *find_field(struct modelc *m, const char *text)
{
    for (size_t i = 0; i < m->n_fields; i++) {
        const struct model_field *row = &m->fields[i].row;
        size_t len = strlen(row->class->name);

        if (!strncmp(text, row->class->name, len) && text[len] == '.' &&
            !strcmp(text + len + 1, row->name))
            return &m->fields[i];
    }
    return NULL;
}

static const struct model_class *refers_to(const struct model_field *field)
{
    const struct model_type *type = field->type;

    if (type && type->kind == MODEL_SET)
        type = type->item;
    return type && type->kind == MODEL_REF ? type->class : NULL;
}

static void read_inverse(struct modelc *m, struct modelc_field *field)
{
    const struct value *v = field->inverse;
    struct modelc_field *other = find_field(m, v->s.text);

    if (!other)
        diag_error(&m->diags, v->place, "unknown field '%s'", v->s.text);
    else if (other->inverse || other->row.inverse)
        diag_error(&m->diags, v->place, "'%s' is an inverse already",
                   v->s.text);
    else if (!field->row.type || !other->row.type)
        return; /* said already */
    else if (refers_to(&field->row) != other->row.class ||
             refers_to(&other->row) != field->row.class ||
             field->row.type->kind != MODEL_SET)
        diag_error(&m->diags, v->place,
                   "'%s' is no inverse of %s.%s: want a set of refs to the "
                   "class of the other, and back",
                   v->s.text, field->row.class->name, field->row.name);
    else {
        field->row.inverse = &other->row;
        field->row.computed = true;
        other->row.inverse = &field->row;
    }
}

/* ---- files --------------------------------------------------------------- */

static struct err *read_file(struct modelc *m, const char *path,
                             struct value **ret)
{
    struct source *source = pool_new_of(m->pool, struct source);
    AUTO_ERR struct err *e = NULL;
    char *text;

    TRY(file_read(m->pool, path, FILE_MAX, &text, &source->len));
    source->name = path;
    source->text = text;
    e = json_parse_source(m->pool, source, ret);
    if (e) /* begins with line and column */
        return ERR_AS(input, "%s:%s", path, err_text(e));
    if ((*ret)->kind != VALUE_STRUCT)
        return ERR_AS(input, "%s: not a struct", path);
    return NULL;
}

static size_t kids_of(const struct value *root, const char *member)
{
    const struct value *v = value_get(root, member);

    return v && (v->kind == VALUE_STRUCT || v->kind == VALUE_LIST) ? v->kids.n
                                                                   : 0;
}

static int by_class(const void *a, const void *b)
{
    const struct value *const *x = a, *const *y = b;
    const struct value *m = value_get(*x, "class"), *n = value_get(*y, "class");

    if (!m || !n || m->kind != VALUE_STRING || n->kind != VALUE_STRING)
        return (m != NULL) - (n != NULL);
    return strcmp(m->s.text, n->s.text);
}

/* Rows refer to each other by address, so their number comes first. */
static void make_room(struct modelc *m, struct value **roots, size_t n)
{
    size_t n_fields = 0, n_enums = 0;

    for (size_t i = 0; i < n; i++) {
        n_fields += kids_of(roots[i], "fields");
        n_enums += kids_of(roots[i], "enums");
    }
    m->classes = pool_alloc(m->pool, n * sizeof(*m->classes));
    m->fields = pool_alloc(m->pool, n_fields * sizeof(*m->fields));
    m->enums = pool_alloc(m->pool, n_enums * sizeof(*m->enums));
}

static void read_roots(struct modelc *m, struct value **roots, size_t n)
{
    make_room(m, roots, n);
    for (size_t i = 0; i < n; i++) {
        const struct value *roles = value_get(roots[i], "roles");

        if (roles && roles->kind == VALUE_LIST)
            modelc_read_roles(m, roles);
    }
    for (size_t i = 0; i < n; i++) {
        if (value_get(roots[i], "class"))
            read_class(m, roots[i]);
        else
            modelc_read_rest(m, roots[i]);
    }
    for (size_t i = 0; i < m->n_classes; i++)
        read_enums(m, &m->classes[i]);
    for (size_t i = 0; i < m->n_classes; i++)
        read_fields(m, &m->classes[i]);
    for (size_t i = 0; i < m->n_fields; i++) {
        if (m->fields[i].inverse)
            read_inverse(m, &m->fields[i]);
    }
}

struct err *modelc_read(struct modelc *m, const char *folder)
{
    char **names;
    size_t n_names, n = 0;
    struct value **roots = NULL;

    TRY(file_list(m->pool, folder, &names, &n_names));
    for (size_t i = 0; i < n_names; i++) {
        if (text_has_suffix(names[i], ".json"))
            TRY(read_file(m, pool_printf(m->pool, "%s/%s", folder, names[i]),
                          pool_push(m->pool, roots, n)));
    }
    if (!n)
        return ERR_AS(not_found, "no model in '%s'", folder);
    qsort(roots, n, sizeof(struct value *), by_class);
    read_roots(m, roots, n);
    return NULL;
}

/* ---- calls --------------------------------------------------------------- */

struct modelc_call *modelc_read_call(struct modelc *m, const struct value *v)
{
    struct modelc_call *call = pool_new_of(m->pool, struct modelc_call);

    call->place = v->name_place;
    if (!modelc_fill(m, TABLE(call_rows, "setting of a call"), call, v))
        return NULL;
    call->row.message = v->name;
    call->row.state = state_of(call->marks);
    call->row.session = !(call->marks & MARK_NO_SESSION);
    call->row.async = call->marks & MARK_ASYNC;
    call->row.internal = call->marks & MARK_INTERNAL;
    call->row.hidden = call->marks & MARK_HIDDEN;
    call->row.secret = call->marks & MARK_SECRET;
    call->row.emergency = call->marks & MARK_EMERGENCY;
    call->row.local = call->marks & MARK_LOCAL;
    call->row.unlisted = call->marks & MARK_UNLISTED;
    call->row.own = call->marks & MARK_OWN;
    call->row.partial = call->marks & MARK_PARTIAL;
    call->row.refused = call->marks & MARK_REFUSED;
    call->row.unimplemented = call->marks & (MARK_UNIMPLEMENTED | MARK_REFUSED);
    return call;
}
