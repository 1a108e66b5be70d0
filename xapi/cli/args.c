/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cli/args: from a command's parameters to the arguments of its call, and from
 * the call's result to what is printed; see cli/command.h. */
#include <float.h>
#include <string.h>

#include "lib/json.h"
#include "xapi/cli/command.h"
#include "xapi/model/errors_gen.h"
#include "xapi/model/model_gen.h"
#include "xapi/call/server.h"

/* ---- words --------------------------------------------------------------- */

/* "VM/" in front of a word; without it a field has the parameter's name. */
static char *split_field(char *word, const char **ret_field)
{
    char *slash = strchr(word, '/');

    if (!slash)
        return word;
    *slash = 0;
    *ret_field = word;
    return slash + 1;
}

static const char *field_of(struct pool *p, const char *param)
{
    char *field = pool_strn(p, param, strcspn(param, ":"));

    for (char *s = field; *s; s++)
        *s = *s == '-' ? '_' : *s;
    return field;
}

/* "[a|b=x]" */
static void read_param(char *word, struct cli_word *ret)
{
    char *equals, *bar;

    if (*word == '[') {
        ret->optional = true;
        word[strlen(word) - 1] = 0;
        word++;
    }
    equals = strchr(word, '=');
    if (equals) {
        *equals = 0;
        ret->initial = equals + 1;
        ret->constant = equals == word;
    }
    bar = strchr(word, '|');
    if (bar) {
        *bar = 0;
        ret->other = bar + 1;
    }
    ret->param = word;
}

static bool take(char **word, char c)
{
    bool there = **word == c;

    *word += there;
    return there;
}

bool cli_word_next(struct pool *p, const char **at, struct cli_word *ret)
{
    const char *from = *at + strspn(*at, " ");
    size_t len = strcspn(from, " ");
    char *word = pool_strn(p, from, len);

    if (!len)
        return false;
    *at = from + len;
    *ret = (struct cli_word){.field = NULL};
    ret->shown = take(&word, '!');
    ret->after = take(&word, '>');
    ret->ignored = take(&word, '?');
    word = split_field(word, &ret->field);
    ret->self = take(&word, '@');
    ret->file = take(&word, '<');
    ret->base = take(&word, '~');
    read_param(word, ret);
    if (!ret->field)
        ret->field = field_of(p, ret->param);
    return true;
}

static bool is_no_argument(const struct cli_word *w)
{
    return w->after || w->shown || w->ignored;
}

bool cli_word_is_map(const struct cli_word *w)
{
    return text_has_suffix(w->param, ":");
}

bool cli_command_takes(const struct cli_command *cmd, const char *name)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *at = cmd->params;
    struct cli_word w;

    while (cli_word_next(p, &at, &w))
        if (!strcmp(w.param, name) || text_eq(w.other, name) ||
            (cli_word_is_map(&w) &&
             !strncmp(name, w.param, strlen(w.param) - 1)))
            return true;
    return false;
}

/* ---- values -------------------------------------------------------------- */

static struct err *read_ref(struct cli *c, const struct model_class *class,
                            const char *text, struct value **ret)
{
    const struct object *o = db_by_uuid(c->db, class, text);

    if (!o && *text && strcmp(text, DATUM_REF_NULL))
        return err_UUID_INVALID(class->name, text);
    *ret = value_string(c->pool, o ? object_ref(o) : DATUM_REF_NULL);
    return NULL;
}

static struct err *read_set(struct cli *c, const struct model_type *item,
                            const char *text, struct value **ret)
{
    struct value *list = value_list(c->pool), *v;
    size_t n = 0;
    char **parts = *text ? text_split(c->pool, text, ',', &n) : NULL;

    for (size_t i = 0; i < n; i++) {
        TRY(cli_read_value(c, item, parts[i], &v));
        value_append(list, v);
    }
    *ret = list;
    return NULL;
}

struct err *cli_read_value(struct cli *c, const struct model_type *type,
                           const char *text, struct value **ret)
{
    int64_t i;
    double d;
    bool b;

    switch (type->kind) {
    case MODEL_BOOL:
        TRY(cli_bool(text, &b));
        *ret = value_bool(c->pool, b);
        return NULL;
    case MODEL_INT:
        if (*text == '-')
            TRY(text_to_int(text, 10, INT64_MIN, 0, &i));
        else
            TRY(cli_size(text, &i));
        *ret = value_int(c->pool, i);
        return NULL;
    case MODEL_FLOAT:
        TRY(text_to_double(text, -DBL_MAX, DBL_MAX, &d));
        *ret = value_double(c->pool, d);
        return NULL;
    case MODEL_ENUM:
        if (*text) /* nothing is the API's to judge */
            TRY(cli_enum_read(c, type->enum_, text, &text));
        *ret = value_string(c->pool, text);
        return NULL;
    case MODEL_REF:
        return read_ref(c, type->class, text, ret);
    case MODEL_SET:
        return read_set(c, type->item, text, ret);
    default:
        *ret = value_string(c->pool, text);
        return NULL;
    }
}

/* ---- where a value comes from -------------------------------------------- */

static const char *special(struct cli *c, const char *text)
{
    const struct object *pool;

    if (!strcmp(text, "%host"))
        return c->server->host;
    if (!strcmp(text, "%pool"))
        return c->server->pool;
    if (strcmp(text, "%sr"))
        return NULL;
    pool = db_find(c->db, &model_classes[CLASS_pool], c->server->pool);
    text = object_atom(pool, &model_fields[pool_default_SR]).s;
    return text ? text : DATUM_REF_NULL;
}

static struct err *load(struct cli *c, const char *file, struct value **ret)
{
    const char *bytes;
    size_t len;

    TRY(cli_load(c, file, &bytes, &len));
    *ret = value_stringn(c->pool, bytes, len);
    return NULL;
}

/* All device-config:KEY=VALUE; the old device-config-KEY, too. KEY:file=NAME is
 * the content of the client's file. */
static struct err *gather(struct cli *c, const struct model_type *type,
                          const char *param, struct value **ret)
{
    size_t len = strlen(param) - 1;
    struct value *map = value_struct(c->pool), *v;

    for (size_t i = 0; i < c->n_params; i++) {
        const char *name = c->params[i].name, *text = c->params[i].value;
        size_t whole = strlen(name);

        if (strncmp(name, param, len) || (name[len] != ':' && name[len] != '-'))
            continue;
        if (text_has_suffix(name, ":file")) {
            TRY(load(c, text, &v));
            whole -= strlen(":file");
        } else {
            TRY(cli_read_value(c, type->item, text, &v));
        }
        value_set(map, pool_strn(c->pool, name + len + 1, whole - len - 1), v);
    }
    *ret = map;
    return NULL;
}

static struct err *nothing(struct cli *c, const struct model_type *type,
                           struct value **ret)
{
    switch (type->kind) {
    case MODEL_BOOL:
        *ret = value_bool(c->pool, false);
        return NULL;
    case MODEL_INT:
        *ret = value_int(c->pool, 0);
        return NULL;
    case MODEL_FLOAT:
        *ret = value_double(c->pool, 0);
        return NULL;
    case MODEL_MAP:
        *ret = value_struct(c->pool);
        return NULL;
    default:
        return cli_read_value(c, type, "", ret);
    }
}

static const char *given(struct cli *c, const struct cli_word *w)
{
    const char *text = cli_param(c, w->param);

    if (!text && w->other)
        text = cli_param(c, w->other);
    return text ? text : w->initial;
}

/* *RET NULL: it is optional and not there. */
static struct err *read_word(struct cli *c, const struct cli_word *w,
                             const struct model_type *type,
                             const struct object *self, struct value **ret)
{
    const char *text = given(c, w), *slash;

    *ret = NULL;
    if (w->self) {
        *ret = value_string(c->pool, object_ref(self));
        return NULL;
    }
    if (cli_word_is_map(w) && type->kind == MODEL_MAP)
        return gather(c, type, w->param, ret);
    if (cli_word_is_map(w))
        text = cli_param(c, pool_strn(c->pool, w->param, strlen(w->param) - 1));
    if (!text)
        return w->optional ? NULL
                           : ERR_AS(usage, "Required parameter not found: %s",
                                    w->param);
    if (w->file)
        return load(c, text, ret);
    if (*text == '%' && special(c, text)) {
        *ret = value_string(c->pool, special(c, text));
        return NULL;
    }
    slash = w->base ? strrchr(text, '/') : NULL;
    return err_wrap(cli_read_value(c, type, slash ? slash + 1 : text, ret),
                    "%s", w->param);
}

/* ---- arguments ----------------------------------------------------------- */

/* What has to be in RECORD and is not, is empty. */
static struct err *complete(struct cli *c, const struct model_class *class,
                            struct value *record)
{
    struct value *v;

    for (unsigned i = 0; i < class->n_fields; i++) {
        const struct model_field *f = &class->fields[i];

        if (!f->required || value_get(record, f->name))
            continue;
        TRY(nothing(c, f->type, &v));
        value_set(record, f->name, v);
    }
    return NULL;
}

static struct err *read_record(struct cli *c, const struct cli_command *cmd,
                               const struct model_class *class,
                               const struct object *self, struct value **ret)
{
    const char *at = cmd->params;
    struct value *record = value_struct(c->pool), *v;
    struct cli_word w;

    while (cli_word_next(c->pool, &at, &w)) {
        const struct model_field *field = model_field_find(class, w.field);

        if (is_no_argument(&w))
            continue;
        TRY(read_word(c, &w, field->type, self, &v));
        if (v)
            value_set(record, w.field, v);
    }
    TRY(complete(c, class, record));
    *ret = value_list(c->pool);
    value_append(*ret, record);
    return NULL;
}

struct err *cli_arguments(struct cli *c, const struct cli_command *cmd,
                          const struct model_call *call,
                          const struct object *self, struct value **ret)
{
    const char *at = cmd->params;
    struct value *list = value_list(c->pool), *v;
    struct cli_word w;

    if (call->n_params && call->params[0].type->kind == MODEL_RECORD)
        return read_record(c, cmd, call->params[0].type->class, self, ret);
    while (list->kids.n < call->n_params && cli_word_next(c->pool, &at, &w)) {
        const struct model_type *type = call->params[list->kids.n].type;

        if (is_no_argument(&w))
            continue;
        TRY(read_word(c, &w, type, self, &v));
        if (!v)
            TRY(nothing(c, type, &v));
        value_append(list, v);
    }
    *ret = list;
    return NULL;
}

const struct object *cli_shown(struct cli *c, const struct cli_command *cmd,
                               const struct object *o)
{
    const char *at = cmd->params;
    struct cli_word w;

    while (cli_word_next(c->pool, &at, &w))
        if (w.shown)
            return object_follow(o, model_field_find(object_class(o), w.param));
    return o;
}

struct err *cli_set_after(struct cli *c, const struct cli_command *cmd,
                          const struct model_class *class, const char *ref)
{
    const char *at = cmd->params;
    struct cli_word w;

    while (cli_word_next(c->pool, &at, &w)) {
        struct value *args = value_list(c->pool), *v = NULL;

        if (w.after)
            TRY(read_word(c, &w, model_field_find(class, w.field)->type, NULL,
                          &v));
        if (!v)
            continue;
        value_append(args, value_string(c->pool, ref));
        value_append(args, v);
        TRY(cli_call(c, pool_printf(c->pool, "%s.set_%s", class->name, w.field),
                     args, NULL));
    }
    return NULL;
}

/* ---- results ------------------------------------------------------------- */

static const char *result_text(struct cli *c, const struct model_type *type,
                               const struct value *v)
{
    AUTO_STR struct str text = STR_INIT(CLI_OUT_MAX);

    if (type->kind == MODEL_REF) {
        const struct object *o = db_find(c->db, type->class, v->s.text);

        return o && type->class->uuid ? cli_text(o, "uuid") : v->s.text;
    }
    if (v->kind == VALUE_STRING)
        return v->s.text;
    if (type->kind == MODEL_FLOAT)
        return pool_printf(c->pool, "%f", value_number(v));
    if (v->kind == VALUE_LIST) {
        for (const struct value *i = v->kids.first; i; i = i->next)
            str_addf(&text, "%s%s", i == v->kids.first ? "" : ", ",
                     result_text(c, type->item, i));
        return pool_strn(c->pool, str_text(&text), text.len);
    }
    json_print(v, false, &text);
    return pool_str(c->pool, str_text(&text));
}

/* Numbers among others are short, as those of objects' fields. */
static const char *item_text(struct cli *c, const struct model_type *type,
                             const struct value *v)
{
    if (type->kind != MODEL_FLOAT)
        return result_text(c, type, v);
    return pool_printf(c->pool, "%.3f", value_number(v));
}

static const struct model_type *type_of_field(const struct model_class *class,
                                              const char *name)
{
    static const struct model_type text = {.kind = MODEL_STRING};
    const struct model_field *f = model_field_find(class, name);

    return f ? f->type : &text;
}

/* A struct as a record; names of references as uuids. */
static void print_struct(struct cli *c, const struct model_type *type,
                         const struct value *v)
{
    bool map = type->kind == MODEL_MAP;
    struct cli_line *lines = NULL;
    size_t n = 0;

    for (struct value *m = v->kids.first; m; m = m->next) {
        const struct value name = {
            .kind = VALUE_STRING, .s.text = m->name, .s.len = strlen(m->name)};

        *pool_push(c->pool, lines, n) = (struct cli_line){
            .label = map ? result_text(c, type->key, &name) : m->name,
            .value = item_text(
                c, map ? type->item : type_of_field(type->class, m->name), m),
            .data = value_copy(c->pool, m)};
    }
    if (n)
        cli_print_record(c, lines, n);
}

void cli_print_result(struct cli *c, const struct model_type *type,
                      const struct value *v)
{
    switch (type->kind) {
    case MODEL_VOID:
        break;
    case MODEL_SET:
        for (const struct value *i = v->kids.first; i; i = i->next)
            cli_print_result(c, type->item, i);
        break;
    case MODEL_MAP:
    case MODEL_RECORD:
        print_struct(c, type, v);
        break;
    default:
        cli_print(c, result_text(c, type, v));
    }
}
