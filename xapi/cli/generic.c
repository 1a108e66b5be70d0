/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cli/generic: vm-list, vm-param-get and so on, of every class, from the rows
 * of cli/fields.c.
 */
#include <string.h>

#include "xapi/cli/cli.h"
#include "xapi/model/errors_gen.h"
#include "xapi/call/server.h"
#include "xapi/call/session.h"

/* ---- objects ------------------------------------------------------------- */

static const struct model_class *model_of(const struct cli_class *class)
{
    return model_class_find(class->model);
}

/* The object that uuid= names. */
static struct err *named(struct cli *c, const struct cli_class *class,
                         const struct object **ret)
{
    struct object *o;

    TRY(cli_object(c, class->model, "uuid", &o));
    *ret = o;
    return NULL;
}

static struct err *need_field(struct cli *c, const struct cli_class *class,
                              const struct cli_field **ret)
{
    const char *name;

    TRY(cli_need(c, "param-name", &name));
    *ret = cli_field_find(class, name);
    return *ret ? NULL : cli_no_field(c, class, name);
}

/* What anybody may read, anybody may list; another database than this one,
 * nobody yet. */
static struct err *check_may_read(struct cli *c, const struct cli_class *class)
{
    const struct session *s = session_find(c->server->sessions, c->session);

    for (size_t i = 0; i < c->n_params; i++)
        if (text_has_prefix(c->params[i].name, "database:"))
            return err_NOT_IMPLEMENTED("VDI.open_database");

    if (!s)
        return err_SESSION_INVALID(c->session);
    return session_may_call(s, model_call_find_in(model_of(class), "get_all"),
                            NULL);
}

static struct err *parse_filters(struct cli *c, const struct cli_class *class,
                                 struct cli_filter **ret, size_t *ret_n)
{
    struct cli_filter *list = NULL;
    size_t n = 0;

    *ret = NULL;
    *ret_n = 0;
    if (cli_flag(c, "all"))
        return NULL;
    for (size_t i = 0; i < CLI_FILTERS_MAX && class->filters[i].name; i++)
        if (!cli_param(c, class->filters[i].name))
            TRY(cli_filter_parse(c, class, class->filters[i].name,
                                 class->filters[i].value,
                                 pool_push(c->pool, list, n)));
    for (size_t i = 0; i < c->n_params; i++)
        if (!cli_is_global(c->params[i].name))
            TRY(cli_filter_parse(c, class, c->params[i].name,
                                 c->params[i].value,
                                 pool_push(c->pool, list, n)));
    *ret = list;
    *ret_n = n;
    return NULL;
}

/* ---- records ------------------------------------------------------------- */

static const char *label(struct cli *c, const struct cli_field *f)
{
    return pool_printf(c->pool, "%s (%3s)%s", f->name, f->mark,
                       f->flags & CLI_DEPRECATED ? " [DEPRECATED]" : "");
}

static unsigned default_fields(const struct cli_class *class)
{
    unsigned flag = class->list ? class->list : CLI_LIST;

    for (const struct cli_field *f = class->fields; f->name; f++)
        if (f->flags & flag)
            return flag;
    return 0;
}

/* Which fields are shown: those with a flag (0: all), or those of a list. */
struct shown {
    unsigned flags;
    char **names;
    size_t n;
    bool compute; /* also what only a call can say */
};

static struct shown parse_params(struct cli *c, const struct cli_class *class,
                                 const char *params)
{
    struct shown s = {.flags = default_fields(class)};

    if (params && !strcmp(params, "all"))
        s.flags = 0;
    else if (params)
        s.names = text_split(c->pool, params, ',', &s.n);
    return s;
}

static bool shows(const struct shown *s, const struct cli_field *f)
{
    if (f->flags & CLI_HIDDEN && !s->names)
        return false;
    if (!s->names)
        return !s->flags || f->flags & s->flags;
    for (size_t i = 0; i < s->n; i++)
        if (!strcmp(s->names[i], f->name))
            return true;
    return false;
}

static struct err *print_shown(struct cli *c, const struct cli_class *class,
                               const struct object *o, const struct shown *s)
{
    const char *ref = pool_str(c->pool, object_ref(o));
    struct cli_line *lines = NULL;
    size_t n = 0;

    for (const struct cli_field *f = class->fields; f->name; f++) {
        struct cli_line line = {.label = NULL};

        if (!shows(s, f))
            continue;
        line.label = label(c, f);
        line.name = f->name;
        if (f->flags & CLI_EXPENSIVE) {
            line.value = CLI_TOO_EXPENSIVE;
            if (s->compute)
                TRY(cli_compute(c, f, o, &line));
            o = db_find(c->db, model_of(class), ref); /* it was waited */
            if (!o)
                return db_no_object(model_of(class), ref);
        } else {
            line.value = cli_value(c, f, o);
            if (c->json)
                line.data = cli_data(c, f, o);
        }
        *pool_push(c->pool, lines, n) = line;
    }
    cli_print_record(c, lines, n);
    return NULL;
}

void cli_print_object(struct cli *c, const struct cli_class *class,
                      const struct object *o, const char *params)
{
    struct shown s = parse_params(c, class, params);

    err_drop(print_shown(c, class, o, &s), "nothing of it is computed");
}

/* Of what is printed, only the text stays. */
static struct err *print_one(struct cli *c, const struct cli_class *class,
                             const char *ref, const struct shown *shown)
{
    AUTO_POOL struct pool *mine = pool_new();
    const struct object *o = db_find(c->db, model_of(class), ref);
    struct pool *command = c->pool;
    struct err *e;

    if (!o)
        return NULL; /* it has gone meanwhile */
    c->pool = mine;
    e = print_shown(c, class, o, shown);
    c->pool = command;
    return e;
}

static struct err *list(struct cli *c, const struct cli_class *class)
{
    struct shown shown = parse_params(c, class, cli_param(c, "params"));
    const char **refs = NULL;
    struct cli_filter *filters;
    size_t n_filters, n = 0;

    TRY(check_may_read(c, class));
    TRY(parse_filters(c, class, &filters, &n_filters));
    for (const struct object *o = db_first(c->db, model_of(class)); o;
         o = object_next(o))
        if (cli_filter_match(c, filters, n_filters, o))
            *pool_push(c->pool, refs, n) = cli_ref(c, o);
    for (size_t i = 0; i < n; i++) {
        TRY(print_one(c, class, refs[i], &shown));
        TRY(cli_breathe(c));
    }
    return NULL;
}

static struct err *param_list(struct cli *c, const struct cli_class *class)
{
    struct shown all = {.compute = true};
    const struct object *o = NULL;

    TRY(check_may_read(c, class));
    TRY(named(c, class, &o));
    return print_shown(c, class, o, &all);
}

/* KEY: of a map; NULL: the whole field. */
static struct err *value_with_key(struct cli *c, const struct cli_field *field,
                                  const struct object *o, const char *key,
                                  const char **ret)
{
    struct cli_line line = {.label = NULL};
    const struct value *item = NULL;

    if (!(field->flags & CLI_EXPENSIVE)) {
        *ret = key ? cli_map_value(c, field, o, key) : cli_value(c, field, o);
        return NULL;
    }
    TRY(cli_compute(c, field, o, &line));
    if (key && line.data->kind == VALUE_STRUCT)
        item = value_get(line.data, key);
    *ret = !key   ? line.value
           : item ? pool_printf(c->pool, "%.3f", item->d)
                  : NULL;
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
    if (*field->mark != 'M')
        key = NULL;
    TRY(value_with_key(c, field, o, key, &value));
    if (!value)
        return ERR("Key %s not found in map", key);
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

/* CLASS.PREFIX_FIELD(o, values...) */
static struct err *change(struct cli *c, const struct cli_class *class,
                          const char *ref, const struct model_field *field,
                          const char *prefix, struct value *first,
                          struct value *second)
{
    struct value *args = value_list(c->pool);

    value_append(args, value_string(c->pool, ref));
    if (first)
        value_append(args, first);
    if (second)
        value_append(args, second);
    return cli_call(
        c, pool_printf(c->pool, "%s.%s_%s", class->model, prefix, field->name),
        args, NULL);
}

static struct err *set_key(struct cli *c, const struct cli_class *class,
                           const char *ref, const struct model_field *field,
                           const char *key, const char *text)
{
    struct value *value;

    TRY(err_wrap(cli_read_value(c, field->type->item, text, &value), "%s",
                 key));
    TRY(change(c, class, ref, field, "remove_from", value_string(c->pool, key),
               NULL));
    return change(c, class, ref, field, "add_to", value_string(c->pool, key),
                  value);
}

/* What all words say of FIELD, of which NAME is one; the first of them does it.
 */
static struct err *set_whole(struct cli *c, const struct cli_class *class,
                             const char *ref, const struct cli_field *field,
                             const char *name)
{
    const struct model_field *f = model_field_of(c, class, field);
    struct value *map = value_struct(c->pool);
    const char *key, *first = NULL;

    for (size_t i = 0; i < c->n_params; i++) {
        if (cli_field_with_key(class, c->params[i].name, &key) != field)
            continue;
        first = first ? first : c->params[i].name;
        value_set(map, key, value_string(c->pool, c->params[i].value));
    }
    return strcmp(first, name) ? NULL
                               : change(c, class, ref, f, "set", map, NULL);
}

static struct err *set_property(struct cli *c, const struct cli_class *class,
                                const char *ref, const char *key,
                                const char *text)
{
    return CLI_CALL(c, pool_printf(c->pool, "%s.set_property", class->model),
                    NULL, ref, key, text);
}

/* By its name alone. */
static bool is_settable(const struct cli_field *field)
{
    return strstr(field->mark, "RW") ||
           (field->flags & CLI_WHOLE && *field->mark == 'S');
}

static struct err *set_one(struct cli *c, const struct cli_class *class,
                           const char *ref, const char *name, const char *text)
{
    const char *key = NULL;
    const struct cli_field *field = cli_field_find(class, name);
    const struct model_field *f;
    struct value *value;

    if (!field)
        field = cli_field_with_key(class, name, &key);
    if (!field)
        return cli_no_field(c, class, name);
    if (key && field->flags & CLI_WHOLE)
        return set_whole(c, class, ref, field, name);
    if (key && field->flags & CLI_PROPERTY)
        return set_property(c, class, ref, key, text);
    if (!is_settable(field))
        return ERR("Field '%s' is read-only", field->name);
    f = model_field_of(c, class, field);
    if (*field->mark == 'M') {
        if (!key)
            return ERR("Field '%s' is a map: set a key of it by %s:KEY=VALUE",
                       field->name, field->name);
        return set_key(c, class, ref, f, key, text);
    }
    if (key)
        return ERR("Field '%s' is a set: set it as a whole, %s=A,B, or see "
                   "%s-param-add and -remove",
                   field->name, field->name, class->name);
    TRY(err_wrap(cli_read_value(c, f->type, text, &value), "%s", name));
    return change(c, class, ref, f, "set", value, NULL);
}

static struct err *param_set(struct cli *c, const struct cli_class *class)
{
    const struct object *o = NULL;
    const char *ref;

    TRY(named(c, class, &o));
    ref = pool_str(c->pool, object_ref(o));
    for (size_t i = 0; i < c->n_params; i++)
        if (!cli_is_global(c->params[i].name) &&
            strcmp(c->params[i].name, "uuid"))
            TRY(set_one(c, class, ref, c->params[i].name, c->params[i].value));
    return NULL;
}

/* The field param-name= of the object uuid=. */
struct target {
    const struct object *o;
    const char *ref;
    const struct cli_field *field;
    const struct model_field *f;
};

static struct err *find_target(struct cli *c, const struct cli_class *class,
                               struct target *ret)
{
    TRY(named(c, class, &ret->o));
    TRY(need_field(c, class, &ret->field));
    if (!strstr(ret->field->mark, "RW"))
        return ERR("Field '%s' is read-only", ret->field->name);
    ret->ref = cli_ref(c, ret->o);
    ret->f = model_field_of(c, class, ret->field);
    return NULL;
}

static struct err *param_add(struct cli *c, const struct cli_class *class)
{
    struct target t = {NULL};
    struct value *value;
    const char *key;

    TRY(find_target(c, class, &t));
    if (*t.field->mark == 'S') {
        TRY(cli_need(c, "param-key", &key));
        TRY(cli_read_value(c, t.f->type->item, key, &value));
        return change(c, class, t.ref, t.f, "add", value, NULL);
    }
    if (*t.field->mark != 'M')
        return ERR("Field '%s' is neither a set nor a map", t.field->name);
    for (size_t i = 0; i < c->n_params; i++) {
        const char *name = c->params[i].name;

        if (cli_is_global(name) || !strcmp(name, "uuid") ||
            !strcmp(name, "param-name") || !strcmp(name, "param-key"))
            continue;
        TRY(cli_read_value(c, t.f->type->item, c->params[i].value, &value));
        TRY(change(c, class, t.ref, t.f, "add_to", value_string(c->pool, name),
                   value));
    }
    return NULL;
}

static struct err *param_remove(struct cli *c, const struct cli_class *class)
{
    struct target t = {NULL};
    struct value *value;
    const char *key;

    TRY(find_target(c, class, &t));
    TRY(cli_need(c, "param-key", &key));
    if (*t.field->mark == 'S') {
        if (!cli_has_item(c, t.field, t.o, key))
            return ERR("%s is not in the set", key);
        TRY(cli_read_value(c, t.f->type->item, key, &value));
        return change(c, class, t.ref, t.f, "remove", value, NULL);
    }
    if (*t.field->mark != 'M')
        return ERR("Field '%s' is neither a set nor a map", t.field->name);
    if (!cli_map_value(c, t.field, t.o, key))
        return ERR("Key %s is not in map", key);
    return change(c, class, t.ref, t.f, "remove_from",
                  value_string(c->pool, key), NULL);
}

static struct err *param_clear(struct cli *c, const struct cli_class *class)
{
    struct target t = {NULL};
    struct value *empty;

    TRY(find_target(c, class, &t));
    empty = *t.field->mark == 'M'   ? value_struct(c->pool)
            : *t.field->mark == 'S' ? value_list(c->pool)
                                    : NULL;
    if (!empty)
        TRY(cli_read_value(c, t.f->type, "", &empty));
    return change(c, class, t.ref, t.f, "set", empty, NULL);
}

/* clang-format off */
const struct cli_verb cli_verbs[] = {
    {"list",         0,          list,         "",                           "params, database:", "Lists objects, all or those whose fields are as given."},
    {"param-list",   0,          param_list,   "uuid",                       "database:",         "Lists all fields of an object."},
    {"param-get",    0,          param_get,    "uuid, param-name",           "param-key, database:", "Prints a field of an object."},
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
