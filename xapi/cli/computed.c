/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cli/computed: fields that only a call can say; see CLI_EXPENSIVE. */
#include <string.h>

#include "xapi/cli/cli.h"

/* TEXT with the object's fields in the places of {FIELD}. */
static const char *fill_in(struct cli *c, const char *text,
                           const struct object *o)
{
    AUTO_STR struct str out = STR_INIT(1024);

    for (; *text; text++) {
        size_t len = *text == '{' ? strcspn(text, "}") : 0;
        const struct model_field *f;

        if (!len) {
            str_addc(&out, *text);
            continue;
        }
        f = model_field_find(object_class(o),
                             pool_strn(c->pool, text + 1, len - 1));
        datum_atom_to_text(f->type, object_atom(o, f), &out);
        text += len;
    }
    return pool_str(c->pool, str_text(&out));
}

/* "CALL", "CALL:NAMES" or "CALL:FIELD:TEXT"; NULL: there is no object to ask.
 */
static const char *parse(struct cli *c, const char *path,
                         const struct object *o, struct value **ret_args)
{
    size_t n;
    char **parts = text_split(c->pool, path, ':', &n);
    const struct object *self = o;

    *ret_args = value_list(c->pool);
    if (n == 3)
        self = object_follow(o, model_field_find(object_class(o), parts[1]));
    if (!self)
        return NULL;
    if (model_call_find(parts[0])->n_params)
        value_append(*ret_args, value_string(c->pool, object_ref(self)));
    if (n == 3)
        value_append(*ret_args, value_string(c->pool, fill_in(c, parts[2], o)));
    return parts[0];
}

/* As JSON has them, numbers may have lost their point. */
static const char *number_text(struct cli *c, const struct cli_field *field,
                               const struct model_type *type,
                               const struct value *v)
{
    double d = value_number(v);

    if (type->kind != MODEL_FLOAT)
        return pool_printf(c->pool, "%lld", (long long)v->i);
    return pool_printf(c->pool, "%.3f", field->flags & CLI_KIB ? d / 1024 : d);
}

static const char *atom_text(struct cli *c, const struct cli_field *field,
                             const struct model_type *type,
                             const struct value *v)
{
    const struct object *o;

    if (v->kind == VALUE_BOOL)
        return v->b ? "true" : "false";
    if (v->kind != VALUE_STRING)
        return number_text(c, field, type, v);
    o = db_find(c->db, NULL, v->s.text);
    return o ? cli_text(o, "uuid") : v->s.text;
}

static void put_list(struct cli *c, const struct cli_field *field,
                     const struct model_type *item, const struct value *v,
                     struct cli_line *line)
{
    AUTO_STR struct str text = STR_INIT(CLI_OUT_MAX);

    line->data = value_list(c->pool);
    for (const struct value *i = v->kids.first; i; i = i->next) {
        const char *word = atom_text(c, field, item, i);

        str_addf(&text, "%s%s", i == v->kids.first ? "" : "; ", word);
        value_append(line->data, value_string(c->pool, word));
    }
    line->value = pool_strn(c->pool, str_text(&text), text.len);
}

/* Of data sources those whose names are NAMES and a number: by that number. */
static void put_sources(struct cli *c, const char *names, const struct value *v,
                        struct cli_line *line)
{
    AUTO_STR struct str text = STR_INIT(CLI_OUT_MAX);

    line->data = value_struct(c->pool);
    for (const struct value *i = v->kids.first; i; i = i->next) {
        const char *name = value_get(i, "name_label")->s.text;
        const char *key = name + strlen(names);
        double d = value_number(value_get(i, "value"));

        if (!text_has_prefix(name, names) || !*key ||
            key[strspn(key, "0123456789")])
            continue;
        str_addf(&text, "%s%s: %.3f", text.len ? "; " : "", key, d);
        value_set(line->data, pool_str(c->pool, key), value_double(c->pool, d));
    }
    line->value = pool_strn(c->pool, str_text(&text), text.len);
}

static void put(struct cli *c, const struct cli_field *field,
                const struct model_type *type, const struct value *v,
                struct cli_line *line)
{
    const char *colon = strchr(field->path, ':');

    if (*field->mark == 'M') {
        put_sources(c, colon + 1, v, line);
    } else if (v->kind == VALUE_LIST) {
        put_list(c, field, type->item, v, line);
    } else {
        line->value = atom_text(c, field, type, v);
        line->data = value_copy(c->pool, v);
    }
}

/* An assertion holds or fails of E; what cannot be said is no error of the
 * command. */
static void put_failure(struct cli *c, const struct cli_field *field,
                        const char *method, const struct err *e,
                        struct cli_line *line)
{
    bool assertion = method && strstr(method, ".assert_");

    line->value = assertion
                      ? pool_printf(c->pool, "false (error: %s)", err_text(e))
                  : *field->mark == 'M' ? ""
                                        : "<unknown>";
    line->data = assertion ? value_bool(c->pool, false) : value_nil(c->pool);
}

struct err *cli_compute(struct cli *c, const struct cli_field *field,
                        const struct object *o, struct cli_line *line)
{
    struct value *args, *result;
    const char *method = parse(c, field->path, o, &args);
    struct err *e = method ? cli_call(c, method, args, &result) : NULL;

    if (c->gone)
        return e;
    if (!method || e)
        put_failure(c, field, method, e, line);
    else if (strstr(method, ".assert_"))
        *line = (struct cli_line){.label = line->label,
                                  .name = line->name,
                                  .value = "true",
                                  .data = value_bool(c->pool, true)};
    else
        put(c, field, model_call_find(method)->result, result, line);
    err_free(e);
    return NULL;
}
