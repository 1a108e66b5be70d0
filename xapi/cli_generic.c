/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cli_generic: vm-list, vm-param-get and so on, of every class, from the rows
 * of cli_fields.c.
 */
#include <string.h>
#include <strings.h>

#include "xapi/cli.h"
#include "xapi/errors_gen.h"
#include "xapi/server.h"
#include "xapi/session.h"

/* ---- objects ------------------------------------------------------------- */

static const struct model_class *model_of(const struct cli_class *class)
{
    return model_class_find(class->model);
}

/* The object that uuid= names. */
static struct err *named(struct cli *c, const struct cli_class *class,
                         const struct object **ret)
{
    const struct model_class *model = model_of(class);
    const struct object *o;
    const char *uuid;

    TRY(cli_need(c, "uuid", &uuid));
    o = db_by_uuid(c->db, model, uuid);
    if (!o)
        return err_UUID_INVALID(model->name, uuid);
    *ret = o;
    return NULL;
}

static struct err *need_field(struct cli *c, const struct cli_class *class,
                              const struct cli_field **ret)
{
    const char *name;

    TRY(cli_need(c, "param-name", &name));
    *ret = cli_field_find(class, name);
    if (*ret)
        return NULL;
    return ERR("Unknown field '%s'", name);
}

/* What anybody may read, anybody may list. */
static struct err *check_may_read(struct cli *c, const struct cli_class *class)
{
    const struct session *s = session_find(c->server->sessions, c->session);

    if (!s)
        return err_SESSION_INVALID(c->session);
    return session_may_call(s, model_call_find_in(model_of(class), "get_all"),
                            NULL);
}

/* ---- filters ------------------------------------------------------------- */

/* `other-config:key` and `tags:contains`; the old `other-config-key`, too. */
struct filter_word {
    const struct cli_field *field;
    const char *key; /* of a map; NULL: the whole */
    bool contains;
    const char *value;
};

static bool is_key_of(const char *word, const char *field)
{
    size_t len = strlen(field);

    return !strncmp(word, field, len) && (word[len] == ':' || word[len] == '-');
}

static const struct cli_field *field_with_key(const struct cli_class *class,
                                              const char *word,
                                              const char **ret_key)
{
    for (const struct cli_field *f = class->fields; f->name; f++)
        if ((*f->mark == 'M' || *f->mark == 'S') && is_key_of(word, f->name)) {
            *ret_key = word + strlen(f->name) + 1;
            return f;
        }
    return NULL;
}

/* Words that are no filter. */
static bool is_global(const char *name)
{
    static const char *const names[] = {
        "server", "password",  "port", "username", "minimal",
        "force",  "multiple",  "all",  "trace",    "message-priority",
        "params", "session_id"};

    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (!strcmp(name, names[i]))
            return true;
    return text_has_prefix(name, "database:");
}

static struct err *parse_filter(const struct cli_class *class, const char *name,
                                const char *value, struct filter_word *ret)
{
    const char *key = NULL;
    const struct cli_field *field = cli_field_find(class, name);

    if (!field)
        field = field_with_key(class, name, &key);
    if (!field)
        return ERR("Unknown field '%s'", name);
    *ret = (struct filter_word){.field = field, .key = key, .value = value};
    ret->contains = key && *field->mark == 'S' && !strcmp(key, "contains");
    return NULL;
}

static struct err *parse_filters(struct cli *c, const struct cli_class *class,
                                 struct filter_word **ret, size_t *ret_n)
{
    struct filter_word *words = NULL;
    size_t n = 0;

    if (cli_flag(c, "all")) {
        *ret_n = 0;
        return NULL;
    }
    for (size_t i = 0; i < CLI_FILTERS_MAX && class->filters[i].name; i++)
        if (!cli_param(c, class->filters[i].name))
            TRY(parse_filter(class, class->filters[i].name,
                             class->filters[i].value,
                             pool_push(c->pool, words, n)));
    for (size_t i = 0; i < c->n_params; i++)
        if (!is_global(c->params[i].name))
            TRY(parse_filter(class, c->params[i].name, c->params[i].value,
                             pool_push(c->pool, words, n)));
    *ret = words;
    *ret_n = n;
    return NULL;
}

static const char *map_value(struct cli *c, const struct cli_field *field,
                             const struct object *o, const char *key)
{
    const struct object *of;
    const struct model_field *f =
        cli_field_of(c, object_class(o), field->path, o, &of);

    if (!of || f->type->kind != MODEL_MAP ||
        f->type->key->kind != MODEL_STRING ||
        f->type->item->kind != MODEL_STRING)
        return NULL;
    return datum_map_get(object_get(of, f), key);
}

static bool matches(struct cli *c, const struct filter_word *w,
                    const struct object *o)
{
    const char *value;

    if (w->key && !w->contains) {
        value = map_value(c, w->field, o, w->key);
        return value && !strcmp(value, w->value);
    }
    if (w->contains)
        return cli_has_item(c, w->field, o, w->value);
    value = cli_value(c, w->field, o);
    return w->field->flags & CLI_ANY_CASE ? !strcasecmp(value, w->value)
                                          : !strcmp(value, w->value);
}

static bool matches_all(struct cli *c, const struct filter_word *words,
                        size_t n, const struct object *o)
{
    for (size_t i = 0; i < n; i++)
        if (!matches(c, &words[i], o))
            return false;
    return true;
}

/* ---- records ------------------------------------------------------------- */

static const char *label(struct cli *c, const struct cli_field *f)
{
    return pool_printf(c->pool, "%s (%3s)%s", f->name, f->mark,
                       f->flags & CLI_DEPRECATED ? " [DEPRECATED]" : "");
}

/* FLAGS 0: all fields; NAMES: those. */
static void print_object(struct cli *c, const struct cli_class *class,
                         const struct object *o, unsigned flags, char **names,
                         size_t n_names)
{
    struct cli_line *lines = NULL;
    size_t n = 0;

    for (const struct cli_field *f = class->fields; f->name; f++) {
        bool shown = !flags || f->flags & flags;

        if (names) {
            shown = false;
            for (size_t i = 0; i < n_names; i++)
                shown |= !strcmp(names[i], f->name);
        }
        if (shown)
            *pool_push(c->pool, lines, n) =
                (struct cli_line){label(c, f), cli_value(c, f, o)};
    }
    cli_print_record(c, lines, n);
}

static unsigned default_fields(const struct cli_class *class)
{
    unsigned flag = class->list ? class->list : CLI_LIST;

    for (const struct cli_field *f = class->fields; f->name; f++)
        if (f->flags & flag)
            return flag;
    return 0;
}

static struct err *list(struct cli *c, const struct cli_class *class)
{
    const struct model_class *model = model_of(class);
    const char *params = cli_param(c, "params");
    unsigned flags = default_fields(class);
    struct filter_word *words;
    char **names = NULL;
    size_t n_names = 0, n_words;

    TRY(check_may_read(c, class));
    TRY(parse_filters(c, class, &words, &n_words));
    if (params && !strcmp(params, "all"))
        flags = 0;
    else if (params)
        names = text_split(c->pool, params, ',', &n_names);
    for (const struct object *o = db_first(c->db, model); o; o = object_next(o))
        if (matches_all(c, words, n_words, o))
            print_object(c, class, o, flags, names, n_names);
    return NULL;
}

static struct err *param_list(struct cli *c, const struct cli_class *class)
{
    const struct object *o = NULL;

    TRY(check_may_read(c, class));
    TRY(named(c, class, &o));
    print_object(c, class, o, 0, NULL, 0);
    return NULL;
}

static struct err *param_get(struct cli *c, const struct cli_class *class)
{
    const char *key = cli_param(c, "param-key"), *value;
    const struct cli_field *field;
    const struct object *o = NULL;

    TRY(check_may_read(c, class));
    TRY(named(c, class, &o));
    TRY(need_field(c, class, &field));
    if (key && *field->mark == 'M') {
        value = map_value(c, field, o, key);
        if (!value)
            return ERR("Key %s not found in map", key);
    } else {
        value = cli_value(c, field, o);
    }
    cli_print(c, value);
    return NULL;
}

/* ---- changes ------------------------------------------------------------- */

static const struct model_field *model_field_of(struct cli *c,
                                                const struct cli_class *class,
                                                const struct cli_field *field)
{
    const struct object *of;

    return cli_field_of(c, model_of(class), field->path, NULL, &of);
}

static struct err *read_value(struct cli *c, const struct model_type *type,
                              const char *text, struct value **ret)
{
    bool b;

    if (type->kind == MODEL_BOOL) {
        TRY(cli_bool(text, &b));
        *ret = value_bool(c->pool, b);
    } else if (type->kind == MODEL_REF) {
        const struct object *o = db_by_uuid(c->db, type->class, text);

        if (!o && *text && strcmp(text, DATUM_REF_NULL))
            return err_UUID_INVALID(type->class->name, text);
        *ret = value_string(c->pool, o ? object_ref(o) : DATUM_REF_NULL);
    } else {
        *ret = value_string(c->pool, text);
    }
    return NULL;
}

/* CLASS.PREFIX_FIELD(o, values...) */
static struct err *change(struct cli *c, const struct object *o,
                          const struct model_field *field, const char *prefix,
                          struct value *first, struct value *second)
{
    struct value *args = value_list(c->pool);

    value_append(args, value_string(c->pool, object_ref(o)));
    if (first)
        value_append(args, first);
    if (second)
        value_append(args, second);
    return cli_call(c,
                    pool_printf(c->pool, "%s.%s_%s", field->class->name, prefix,
                                field->name),
                    args);
}

static struct err *set_key(struct cli *c, const struct object *o,
                           const struct model_field *field, const char *key,
                           const char *text)
{
    struct value *value;

    TRY(read_value(c, field->type->item, text, &value));
    TRY(change(c, o, field, "remove_from", value_string(c->pool, key), NULL));
    return change(c, o, field, "add_to", value_string(c->pool, key), value);
}

static struct err *set_one(struct cli *c, const struct cli_class *class,
                           const struct object *o, const char *name,
                           const char *text)
{
    const char *key = NULL;
    const struct cli_field *field = cli_field_find(class, name);
    const struct model_field *f;
    struct value *value;

    if (!field)
        field = field_with_key(class, name, &key);
    if (!field)
        return ERR("Unknown field '%s'", name);
    if (!strstr(field->mark, "RW"))
        return ERR("Field '%s' is read-only", field->name);
    f = model_field_of(c, class, field);
    if (*field->mark == 'M') {
        if (!key)
            return ERR("Field '%s' is a map: set a key of it by %s:KEY=VALUE",
                       field->name, field->name);
        return set_key(c, o, f, key, text);
    }
    if (*field->mark == 'S')
        return ERR("Field '%s' is a set: see %s-param-add and -remove",
                   field->name, class->name);
    TRY(read_value(c, f->type, text, &value));
    return change(c, o, f, "set", value, NULL);
}

static struct err *param_set(struct cli *c, const struct cli_class *class)
{
    const struct object *o = NULL;

    TRY(named(c, class, &o));
    for (size_t i = 0; i < c->n_params; i++)
        if (!is_global(c->params[i].name) && strcmp(c->params[i].name, "uuid"))
            TRY(set_one(c, class, o, c->params[i].name, c->params[i].value));
    return NULL;
}

static struct err *param_add(struct cli *c, const struct cli_class *class)
{
    const struct cli_field *field;
    const struct object *o = NULL;
    const struct model_field *f;
    struct value *value;
    const char *key;

    TRY(named(c, class, &o));
    TRY(need_field(c, class, &field));
    f = model_field_of(c, class, field);
    if (*field->mark == 'S') {
        TRY(cli_need(c, "param-key", &key));
        TRY(read_value(c, f->type->item, key, &value));
        return change(c, o, f, "add", value, NULL);
    }
    if (*field->mark != 'M')
        return ERR("Field '%s' is neither a set nor a map", field->name);
    for (size_t i = 0; i < c->n_params; i++) {
        const char *name = c->params[i].name;

        if (is_global(name) || !strcmp(name, "uuid") ||
            !strcmp(name, "param-name") || !strcmp(name, "param-key"))
            continue;
        TRY(read_value(c, f->type->item, c->params[i].value, &value));
        TRY(change(c, o, f, "add_to", value_string(c->pool, name), value));
    }
    return NULL;
}

static struct err *param_remove(struct cli *c, const struct cli_class *class)
{
    const struct cli_field *field;
    const struct object *o = NULL;
    const struct model_field *f;
    struct value *value;
    const char *key;

    TRY(named(c, class, &o));
    TRY(need_field(c, class, &field));
    TRY(cli_need(c, "param-key", &key));
    f = model_field_of(c, class, field);
    if (*field->mark == 'S') {
        if (!cli_has_item(c, field, o, key))
            return ERR("%s is not in the set", key);
        TRY(read_value(c, f->type->item, key, &value));
        return change(c, o, f, "remove", value, NULL);
    }
    if (*field->mark != 'M')
        return ERR("Field '%s' is neither a set nor a map", field->name);
    if (!map_value(c, field, o, key))
        return ERR("Key %s is not in map", key);
    return change(c, o, f, "remove_from", value_string(c->pool, key), NULL);
}

static struct err *param_clear(struct cli *c, const struct cli_class *class)
{
    const struct cli_field *field;
    const struct object *o = NULL;
    const struct model_field *f;
    struct value *empty;

    TRY(named(c, class, &o));
    TRY(need_field(c, class, &field));
    if (!strstr(field->mark, "RW"))
        return ERR("Field '%s' is read-only", field->name);
    f = model_field_of(c, class, field);
    empty = *field->mark == 'M'   ? value_struct(c->pool)
            : *field->mark == 'S' ? value_list(c->pool)
                                  : NULL;
    if (!empty)
        TRY(read_value(c, f->type, "", &empty));
    return change(c, o, f, "set", empty, NULL);
}

/* clang-format off */
const struct cli_verb cli_verbs[] = {
    {"list",         0,          list,         "",                           "params, database:", "Lists objects, all or those whose fields are as given."},
    {"param-list",   0,          param_list,   "uuid",                       "database:",         "Lists all fields of an object."},
    {"param-get",    0,          param_get,    "uuid, param-name",           "param-key",         "Prints a field of an object."},
    {"param-set",    CLI_SET,    param_set,    "uuid",                       "",                  "Sets fields of an object."},
    {"param-add",    CLI_ADD,    param_add,    "uuid, param-name",           "param-key",         "Adds to a set or a map of an object."},
    {"param-remove", CLI_REMOVE, param_remove, "uuid, param-name, param-key", "",                 "Removes from a set or a map of an object."},
    {"param-clear",  CLI_CLEAR,  param_clear,  "uuid, param-name",           "",                  "Empties a field of an object."},
    {NULL},
};
/* clang-format on */

bool cli_find_generated(const char *command, const struct cli_class **ret_class,
                        const struct cli_verb **ret_verb)
{
    for (const struct cli_class *k = cli_classes; k->name; k++) {
        size_t len = strlen(k->name);

        if (strncmp(command, k->name, len) || command[len] != '-')
            continue;
        for (const struct cli_verb *v = cli_verbs; v->name; v++)
            if (!strcmp(command + len + 1, v->name) &&
                (v->needs & k->flags) == v->needs) {
                *ret_class = k;
                *ret_verb = v;
                return true;
            }
    }
    return false;
}
