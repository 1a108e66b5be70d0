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

        if (!len) {
            str_addc(&out, *text);
            continue;
        }
        str_add(&out, cli_text(o, pool_strn(c->pool, text + 1, len - 1)));
        text += len;
    }
    return pool_str(c->pool, str_text(&out));
}

/* "CALL" or "CALL:FIELD:TEXT"; NULL: there is no object to ask. */
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

/* Rates are in bytes a second, and shown in KiB. */
static const char *number_text(struct cli *c, const struct value *v)
{
    return v->kind == VALUE_DOUBLE
               ? pool_printf(c->pool, "%.3f", v->d / 1024)
               : pool_printf(c->pool, "%lld", (long long)v->i);
}

static const char *atom_text(struct cli *c, const struct value *v)
{
    const struct object *o;

    if (v->kind == VALUE_BOOL)
        return v->b ? "true" : "false";
    if (v->kind != VALUE_STRING)
        return number_text(c, v);
    o = db_find(c->db, NULL, v->s.text);
    return o ? cli_text(o, "uuid") : v->s.text;
}

static void put(struct cli *c, struct cli_line *line, const struct value *v)
{
    AUTO_STR struct str text = STR_INIT(CLI_OUT_MAX);

    line->data = value_list(c->pool);
    if (v->kind != VALUE_LIST) {
        line->value = atom_text(c, v);
        line->data = value_copy(c->pool, v);
        return;
    }
    for (const struct value *i = v->kids.first; i; i = i->next) {
        const char *item = atom_text(c, i);

        str_addf(&text, "%s%s", i == v->kids.first ? "" : "; ", item);
        value_append(line->data, value_string(c->pool, item));
    }
    line->value = pool_strn(c->pool, str_text(&text), text.len);
}

/* An assertion holds or fails of E; what cannot be said is no error of the
 * command. */
static void put_failure(struct cli *c, struct cli_line *line,
                        const char *method, const struct err *e)
{
    bool assertion = method && strstr(method, ".assert_");

    line->value = assertion
                      ? pool_printf(c->pool, "false (error: %s)", err_text(e))
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
        put_failure(c, line, method, e);
    else if (strstr(method, ".assert_"))
        put(c, line, value_bool(c->pool, true));
    else
        put(c, line, result);
    err_free(e);
    return NULL;
}
