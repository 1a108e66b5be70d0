/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cli/filter: which objects a command is about: `name-label=x`,
 * `other-config:key=x`, `tags:contains=x`. */
#include <string.h>
#include <strings.h>

#include "lib/near.h"
#include "xapi/cli/cli.h"

/* The old `other-config-key` is one, too. */
static bool is_key_of(const char *word, const char *field)
{
    size_t len = strlen(field);

    return !strncmp(word, field, len) && (word[len] == ':' || word[len] == '-');
}

const struct cli_field *cli_field_with_key(const struct cli_class *class,
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

struct err *cli_no_field(struct cli *c, const struct cli_class *class,
                         const char *name)
{
    struct near near = {.word = name};

    for (const struct cli_field *f = class->fields; f->name; f++)
        near_try(&near, f->name);
    if (near.best)
        cli_stderr(c, pool_printf(c->pool, "Did you mean '%s'?\n", near.best));
    return ERR("Unknown field '%s'", name);
}

struct err *cli_filter_parse(struct cli *c, const struct cli_class *class,
                             const char *name, const char *value,
                             struct cli_filter *ret)
{
    const char *key = NULL;
    const struct cli_field *field = cli_field_find(class, name);

    if (!field)
        field = cli_field_with_key(class, name, &key);
    if (!field)
        return cli_no_field(c, class, name);
    *ret = (struct cli_filter){.field = field, .key = key, .value = value};
    ret->contains = key && *field->mark == 'S' && !strcmp(key, "contains");
    return NULL;
}

const char *cli_map_value(struct cli *c, const struct cli_field *field,
                          const struct object *o, const char *key)
{
    const struct model_field *f;
    const struct object *of;

    if (field->flags & CLI_EXPENSIVE)
        return NULL;
    f = cli_field_of(c, object_class(o), field->path, o, &of);
    if (!of || f->type->kind != MODEL_MAP ||
        f->type->key->kind != MODEL_STRING ||
        f->type->item->kind != MODEL_STRING)
        return NULL;
    return datum_map_get(object_get(of, f), key);
}

static bool matches(struct cli *c, const struct cli_filter *w,
                    const struct object *o)
{
    const char *value;

    if (w->key && !w->contains) {
        value = cli_map_value(c, w->field, o, w->key);
        return value && !strcmp(value, w->value);
    }
    if (w->contains)
        return cli_has_item(c, w->field, o, w->value);
    value = cli_value(c, w->field, o);
    return w->field->flags & CLI_ANY_CASE ? !strcasecmp(value, w->value)
                                          : !strcmp(value, w->value);
}

bool cli_filter_match(struct cli *c, const struct cli_filter *list, size_t n,
                      const struct object *o)
{
    for (size_t i = 0; i < n; i++)
        if (!matches(c, &list[i], o))
            return false;
    return true;
}
