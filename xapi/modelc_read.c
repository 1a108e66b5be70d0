/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * modelc_read: the files of the model into the tables, by slot rows: what may
 * stand in a file, and what each word of "is" means, is said here once.
 */
#include <string.h>

#include "lib/file.h"
#include "lib/json.h"
#include "xapi/modelc.h"

#define FILE_MAX (4u << 20)

/* ---- kinds of what files hold -------------------------------------------- */

/* Kept as it is; its kind is the row's min (0: any). */
static struct err *value_read(const struct slot *slot,
                              const struct value *value, void *field,
                              struct fill *f)
{
    (void)f;
    if (slot->min && value->kind != (enum value_kind)slot->min)
        return ERR_AS(input, "want a %s, not a %s",
                      value_kind_name((enum value_kind)slot->min),
                      value_kind_name(value->kind));
    *(const struct value **)field = value;
    return NULL;
}

static const char *const *mark_words(const struct slot *slot, struct pool *p)
{
    const char **words = NULL;
    size_t n = 0;

    for (const struct slot_choice *c = slot->more; c->name; c++)
        *pool_push(p, words, n) = c->name;
    *pool_push(p, words, n) = NULL;
    return words;
}

static struct err *marks_read(const struct slot *slot,
                              const struct value *value, void *field,
                              struct fill *f)
{
    char **words;
    size_t n;

    if (value->kind != VALUE_STRING)
        return ERR_AS(input, "want a string, not a %s",
                      value_kind_name(value->kind));
    words = text_split(f->pool, value->s.text, ' ', &n);
    for (size_t i = 0; i < n; i++) {
        const struct slot_choice *c = slot->more;

        while (c->name && strcmp(c->name, words[i]))
            c++;
        if (!c->name)
            return slot_bad_word(words[i], mark_words(slot, f->pool), f->pool);
        *(unsigned *)field |= (unsigned)c->value;
    }
    return NULL;
}

static struct err *roles_read(const struct slot *slot,
                              const struct value *value, void *field,
                              struct fill *f)
{
    (void)slot;
    *(model_role_bits *)field = modelc_roles(f->app, value);
    return NULL;
}

static const struct slot_kind kind_value = {.name = "value",
                                            .read = value_read};
static const struct slot_kind kind_marks = {
    .name = "words", .read = marks_read, .words = mark_words};
static const struct slot_kind kind_roles = {.name = "role", .read = roles_read};

#define WORD(strct, member_) SLOT_WORD(struct strct, member_)
#define VALUE(strct, member_, kind_)                                \
    .kind = &kind_value,                                            \
    .offset = SLOT_AT(struct strct, member_, const struct value *), \
    .size = sizeof(void *), .min = (kind_)
#define MARKS(strct, member_, words_)                                        \
    .kind = &kind_marks, .offset = SLOT_AT(struct strct, member_, unsigned), \
    .size = sizeof(unsigned), .more = (words_)
#define ROLES(strct, member_)                                  \
    .kind = &kind_roles,                                       \
    .offset = SLOT_AT(struct strct, member_, model_role_bits), \
    .size = sizeof(model_role_bits)

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
    {"refused",       MARK_REFUSED,       "Never does anything, as in the original."},
    STATES, {NULL},
};

static const struct slot_choice role_marks[] = {
    {"internal", MARK_INTERNAL, "Nobody can be given it."}, {NULL},
};

static const struct slot_choice http_marks[] = {
    {"unchecked", MARK_UNCHECKED, "The handler decides."}, {NULL},
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

struct role_file { struct model_role role; unsigned marks; };

static const struct slot role_rows[] = {
    {"name", WORD(role_file, role.name)},
    {"uuid", WORD(role_file, role.uuid)},
    {"is",   MARKS(role_file, marks, role_marks)},
    {"doc",  WORD(role_file, role.doc)},
    {NULL},
};

struct http_file { struct model_http http; unsigned marks; };

static const struct slot http_rows[] = {
    {"method", WORD(http_file, http.method)},
    {"path",   WORD(http_file, http.path)},
    {"role",   ROLES(http_file, http.roles)},
    {"is",     MARKS(http_file, marks, http_marks)},
    {NULL},
};

/* What is not of one class. */
struct rest_file {
    const struct value *errors, *roles, *permissions, *alerts, *actions, *version, *schema, *fields;
    const char *vendor;
};

static const struct slot rest_rows[] = {
    {"errors",      VALUE(rest_file, errors, VALUE_STRUCT)},
    {"roles",       VALUE(rest_file, roles, VALUE_LIST)},
    {"permissions", VALUE(rest_file, permissions, VALUE_STRUCT)},
    {"alerts",      VALUE(rest_file, alerts, VALUE_STRUCT)},
    {"actions",     VALUE(rest_file, actions, VALUE_STRUCT)},
    {"version",     VALUE(rest_file, version, VALUE_LIST)},
    {"vendor",      WORD(rest_file, vendor)},
    {"schema",      VALUE(rest_file, schema, VALUE_LIST)},
    {"fields",      VALUE(rest_file, fields, VALUE_STRUCT)},
    {NULL},
};
/* clang-format on */

#define TABLE(rows_, noun_)                                        \
    &(const struct slot_table)                                     \
    {                                                              \
        .rows = (rows_), .noun = (noun_), .unknown_is_error = true \
    }

static bool fill(struct modelc *m, const struct slot_table *table, void *base,
                 const struct value *record)
{
    struct fill f = {
        .pool = m->pool, .diags = &m->diags, .base = base, .app = m};

    if (record->kind != VALUE_STRUCT) {
        diag_error(&m->diags, record->place, "want a struct, not a %s",
                   value_kind_name(record->kind));
        return false;
    }
    slot_fill(table, record, 0, &f);
    return true;
}

static enum model_state state_of(unsigned marks)
{
    return marks & MARK_REMOVED      ? MODEL_REMOVED
           : marks & MARK_DEPRECATED ? MODEL_DEPRECATED
           : marks & MARK_PROTOTYPE  ? MODEL_PROTOTYPE
                                     : MODEL_PUBLISHED;
}

/* ---- roles --------------------------------------------------------------- */

static int role_index(const struct modelc *m, const char *name)
{
    for (size_t i = 0; i < m->n_roles; i++) {
        if (!strcmp(m->roles[i].name, name))
            return (int)i;
    }
    return -1;
}

model_role_bits modelc_roles(struct modelc *m, const struct value *v)
{
    char **parts;
    size_t n;
    model_role_bits bits = 0;

    if (v->kind != VALUE_STRING) {
        diag_error(&m->diags, v->place, "want the name of a role");
        return 0;
    }
    if (!strcmp(v->s.text, "none"))
        return 0;
    parts = text_split(m->pool, v->s.text, '+', &n);
    for (size_t i = 0; i < n; i++) {
        const char *name = text_trim(m->pool, parts[i]);
        int index = role_index(m, name);

        if (index < 0)
            diag_error(&m->diags, v->place, "unknown role '%s'", name);
        else /* the first with all above it, others by themselves */
            bits |= i ? 1u << index : (2u << index) - 1;
    }
    return bits;
}

static void read_roles(struct modelc *m, const struct value *list)
{
    value_each(item, list)
    {
        struct role_file row = {.marks = 0};

        if (!fill(m, TABLE(role_rows, "setting"), &row, item))
            continue;
        row.role.internal = row.marks & MARK_INTERNAL;
        *pool_push(m->pool, m->roles, m->n_roles) = row.role;
    }
}

/* ---- what is not of one class -------------------------------------------- */

static int by_error(const void *a, const void *b)
{
    const struct model_error *x = a, *y = b;

    return strcmp(x->name, y->name);
}

static void read_errors(struct modelc *m, const struct value *errors)
{
    value_each(v, errors)
    {
        struct model_error *e = pool_push(m->pool, m->errors, m->n_errors);
        const char **params = NULL;
        size_t n = 0;

        e->name = v->name;
        if (v->kind != VALUE_LIST) {
            diag_error(&m->diags, v->place, "want the names of its arguments");
            continue;
        }
        value_each(param, v)
        {
            if (param->kind != VALUE_STRING)
                diag_error(&m->diags, param->place, "want a name");
            else if (!strcmp(param->s.text, "..."))
                e->any_params = true;
            else
                *pool_push(m->pool, params, n) = param->s.text;
        }
        e->params = params;
        e->n_params = (unsigned)n;
    }
    qsort(m->errors, m->n_errors, sizeof(*m->errors), by_error);
}

static void read_pair(struct modelc *m, const struct value *list, int *ret_a,
                      int *ret_b)
{
    if (list->kids.n != 2 || list->kids.first->kind != VALUE_INT ||
        list->kids.last->kind != VALUE_INT) {
        diag_error(&m->diags, list->place, "want two numbers");
        return;
    }
    *ret_a = (int)list->kids.first->i;
    *ret_b = (int)list->kids.last->i;
}

static void read_actions(struct modelc *m, const struct value *actions)
{
    value_each(v, actions)
    {
        struct http_file row = {.marks = 0};

        if (!fill(m, TABLE(http_rows, "setting"), &row, v))
            continue;
        row.http.name = v->name;
        row.http.unchecked = row.marks & MARK_UNCHECKED;
        if (!row.http.method || !row.http.path)
            diag_error(&m->diags, v->place, "no method or no path");
        *pool_push(m->pool, m->http, m->n_http) = row.http;
    }
}

static void read_alerts(struct modelc *m, const struct value *alerts)
{
    value_each(v, alerts)
    {
        if (v->kind != VALUE_INT || v->i < 1 || v->i > 5)
            diag_error(&m->diags, v->place, "want a priority from 1 to 5");
        else
            *pool_push(m->pool, m->alerts, m->n_alerts) =
                (struct model_alert){v->name, (int)v->i};
    }
}

static void read_rest(struct modelc *m, const struct value *root)
{
    struct rest_file row = {.vendor = NULL};

    fill(m, TABLE(rest_rows, "part of the model"), &row, root);
    if (row.errors)
        read_errors(m, row.errors);
    if (row.actions)
        read_actions(m, row.actions);
    if (row.alerts)
        read_alerts(m, row.alerts);
    if (row.version)
        read_pair(m, row.version, &m->version.major, &m->version.minor);
    if (row.schema)
        read_pair(m, row.schema, &m->version.schema_major,
                  &m->version.schema_minor);
    if (row.vendor)
        m->version.vendor = row.vendor;
    if (row.fields)
        m->sentences = row.fields;
    for (const struct value *v = row.permissions ? row.permissions->kids.first
                                                 : NULL;
         v; v = v->next)
        *pool_push(m->pool, m->permissions, m->n_permissions) =
            (struct model_permission){v->name, modelc_roles(m, v)};
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
    fill(m, TABLE(class_rows, "part of a class"), class, root);
    if (!class->row.name) {
        diag_error(&m->diags, root->place, "a class without a name");
        return;
    }
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

    if (!fill(m, TABLE(field_rows, "setting of a field"), &file, v))
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
            read_roles(m, roles);
    }
    for (size_t i = 0; i < n; i++) {
        if (value_get(roots[i], "class"))
            read_class(m, roots[i]);
        else
            read_rest(m, roots[i]);
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
    if (!fill(m, TABLE(call_rows, "setting of a call"), call, v))
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
    call->row.refused = call->marks & MARK_REFUSED;
    call->row.unimplemented = call->marks & (MARK_UNIMPLEMENTED | MARK_REFUSED);
    return call;
}
