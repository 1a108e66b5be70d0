/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cli/value: fields of objects as xe shows them. */
#include <string.h>

#include "xapi/cli/cli.h"
#include "xapi/model/model_gen.h"

#define NOT_THERE "<not in database>"
#define VALUE_MAX (16u << 20)

/* ---- which field --------------------------------------------------------- */

const struct cli_field *cli_field_find(const struct cli_class *class,
                                       const char *name)
{
    for (const struct cli_field *f = class->fields; f->name; f++)
        if (!strcmp(f->name, name))
            return f;
    return NULL;
}

const struct cli_class *cli_class_find(const char *name)
{
    for (const struct cli_class *k = cli_classes; k->name; k++)
        if (!strcmp(k->name, name))
            return k;
    return NULL;
}

/* Where a reference leads, or a set of one. */
static const struct object *follow(struct cli *c, const struct object *o,
                                   const struct model_field *field)
{
    struct model_value d;

    if (!o || field->type->kind == MODEL_REF)
        return o ? object_follow(o, field) : NULL;
    d = object_get(o, field);
    return d.n == 1 ? db_find(c->db, field->type->item->class, d.keys[0].s)
                    : NULL;
}

const struct model_field *cli_field_of(struct cli *c,
                                       const struct model_class *class,
                                       const char *path, const struct object *o,
                                       const struct object **ret)
{
    const char *dot = strchr(path, '.');
    const struct model_field *field = model_field_find(
        class, dot ? pool_strn(c->pool, path, (size_t)(dot - path)) : path);

    if (!dot) {
        *ret = o;
        return field;
    }
    return cli_field_of(
        c, (field->type->item ? field->type->item : field->type)->class,
        dot + 1, follow(c, o, field), ret);
}

/* ---- texts --------------------------------------------------------------- */

static const char *ref_text(struct cli *c, const struct model_type *type,
                            const char *ref)
{
    const struct object *o = ref ? db_find(c->db, type->class, ref) : NULL;

    return o && object_class(o)->uuid ? object_atom(o, object_class(o)->uuid).s
                                      : NOT_THERE;
}

static void add_atom(struct cli *c, const struct model_type *type,
                     union model_atom atom, struct str *out)
{
    switch (type->kind) {
    case MODEL_REF:
        str_add(out, ref_text(c, type, atom.s));
        break;
    case MODEL_ENUM:
        str_add(out, cli_enum_text(c, type->enum_, atom.i));
        break;
    case MODEL_FLOAT:
        str_addf(out, "%.3f", atom.d);
        break;
    case MODEL_SET: /* as a map's value: its text form */
        str_add(out, atom.s);
        break;
    default:
        datum_atom_to_text(type, atom, out);
    }
}

static void add_datum(struct cli *c, const struct cli_field *field,
                      const struct model_type *type, struct model_value d,
                      struct str *out)
{
    const char *between = field->flags & CLI_COMMAS ? ", " : "; ";

    if (type->kind == MODEL_OPTION)
        type = type->item;
    if (datum_is_scalar(type)) {
        if (d.n)
            add_atom(c, type, d.keys[0], out);
        return;
    }
    for (unsigned i = 0; i < d.n; i++) {
        if (i)
            str_add(out, between);
        add_atom(c, type->kind == MODEL_MAP ? type->key : type->item, d.keys[i],
                 out);
        if (type->kind == MODEL_MAP) {
            str_add(out, ": ");
            add_atom(c, type->item, d.values[i], out);
        }
    }
}

/* current_operations are shown without their tasks. */
static void add_operations(struct cli *c, const struct model_type *type,
                           struct model_value d, struct str *out)
{
    for (unsigned i = 0; i < d.n; i++) {
        if (i)
            str_add(out, "; ");
        add_atom(c, type->item, d.values[i], out);
    }
}

/* The set that a path goes through first, or NULL. */
static const struct model_field *set_of(struct cli *c,
                                        const struct cli_field *field,
                                        const struct object *o)
{
    const char *dot = strchr(field->path, '.');
    const struct model_field *first;

    if (!dot)
        return NULL;
    first = model_field_find(
        object_class(o),
        pool_strn(c->pool, field->path, (size_t)(dot - field->path)));
    return first->type->kind == MODEL_SET ? first : NULL;
}

/* Of more than one object behind the path there is no one value... */
static bool is_shared(struct cli *c, const struct cli_field *field,
                      const struct object *o)
{
    const struct model_field *set = set_of(c, field, o);

    return set && object_get(o, set).n > 1;
}

/* ... unless the field is a set: then it is one of all their values. */
static const char **values_of(struct cli *c, const struct cli_field *field,
                              const struct object *o, size_t *ret_n)
{
    const struct model_field *set =
        *field->mark == 'S' ? set_of(c, field, o) : NULL;
    struct model_value all = set ? object_get(o, set) : DATUM_EMPTY;
    const struct cli_field rest = {.mark = "RO",
                                   .path = strchr(field->path, '.') + 1};
    const char **list = NULL;
    size_t n = 0;

    for (unsigned i = 0; i < all.n; i++) {
        const struct object *item =
            db_find(c->db, set->type->item->class, all.keys[i].s);

        if (item)
            *pool_push(c->pool, list, n) = cli_value(c, &rest, item);
    }
    *ret_n = n;
    return list;
}

static bool has_values(struct cli *c, const struct cli_field *field,
                       const struct object *o)
{
    return *field->mark == 'S' && set_of(c, field, o);
}

static const char *join_values(struct cli *c, const struct cli_field *field,
                               const struct object *o)
{
    size_t n;
    const char **list = values_of(c, field, o, &n);

    return text_join(c->pool, list, n, "; ", "; ");
}

static struct value *list_values(struct cli *c, const struct cli_field *field,
                                 const struct object *o)
{
    struct value *v = value_list(c->pool);
    size_t n;
    const char **list = values_of(c, field, o, &n);

    for (size_t i = 0; i < n; i++)
        value_append(v, value_string(c->pool, list[i]));
    return v;
}

const char *cli_value(struct cli *c, const struct cli_field *field,
                      const struct object *o)
{
    AUTO_STR struct str text = STR_INIT(VALUE_MAX);
    const struct model_field *f;
    const struct object *of;

    if (field->flags & CLI_EXPENSIVE)
        return CLI_TOO_EXPENSIVE;
    if (has_values(c, field, o))
        return join_values(c, field, o);
    f = cli_field_of(c, object_class(o), field->path, o, &of);
    if (!of)
        return is_shared(c, field, o) ? "<shared>" : NOT_THERE;
    if (f->type->kind == MODEL_MAP && !strcmp(field->mark, "SRO"))
        add_operations(c, f->type, object_get(of, f), &text);
    else
        add_datum(c, field, f->type, object_get(of, f), &text);
    return pool_strn(c->pool, str_text(&text), text.len);
}

static bool has_value(struct cli *c, const struct cli_field *field,
                      const struct object *o, const char *item)
{
    size_t n;
    const char **list = values_of(c, field, o, &n);

    for (size_t i = 0; i < n; i++)
        if (!strcmp(list[i], item))
            return true;
    return false;
}

/* ---- data ---------------------------------------------------------------- */

static struct value *atom_data(struct cli *c, const struct model_type *type,
                               union model_atom atom)
{
    AUTO_STR struct str text = STR_INIT(VALUE_MAX);

    switch (type->kind) {
    case MODEL_BOOL:
        return value_bool(c->pool, atom.i);
    case MODEL_INT:
        return value_int(c->pool, atom.i);
    case MODEL_FLOAT:
        return value_double(c->pool, atom.d);
    case MODEL_REF:
        if (!atom.s || !db_find(c->db, type->class, atom.s))
            return value_nil(c->pool);
        break;
    default:
        break;
    }
    add_atom(c, type, atom, &text);
    return value_string(c->pool, str_text(&text));
}

static struct value *datum_data(struct cli *c, const struct model_type *type,
                                struct model_value d, bool values_only)
{
    bool map = type->kind == MODEL_MAP && !values_only;
    struct value *v = map ? value_struct(c->pool) : value_list(c->pool);

    if (type->kind == MODEL_OPTION)
        type = type->item;
    if (datum_is_scalar(type))
        return d.n ? atom_data(c, type, d.keys[0]) : value_nil(c->pool);
    for (unsigned i = 0; i < d.n; i++) {
        struct value *item = atom_data(
            c, type->item, type->kind == MODEL_MAP ? d.values[i] : d.keys[i]);

        if (map)
            value_set(v, atom_data(c, type->key, d.keys[i])->s.text, item);
        else
            value_append(v, item);
    }
    return v;
}

struct value *cli_data(struct cli *c, const struct cli_field *field,
                       const struct object *o)
{
    const struct model_field *f;
    const struct object *of;

    if (has_values(c, field, o))
        return list_values(c, field, o);
    f = cli_field_of(c, object_class(o), field->path, o, &of);
    if (!of)
        return value_nil(c->pool);
    return datum_data(c, f->type, object_get(of, f),
                      !strcmp(field->mark, "SRO"));
}

bool cli_has_item(struct cli *c, const struct cli_field *field,
                  const struct object *o, const char *item)
{
    AUTO_STR struct str text = STR_INIT(VALUE_MAX);
    struct model_value set = DATUM_EMPTY;
    const struct model_field *f;
    const struct object *of;

    if (field->flags & CLI_EXPENSIVE)
        return false;
    if (has_values(c, field, o))
        return has_value(c, field, o, item);
    f = cli_field_of(c, object_class(o), field->path, o, &of);
    if (of && f->type->kind == MODEL_SET)
        set = object_get(of, f);
    for (unsigned i = 0; i < set.n; i++) {
        str_clear(&text);
        add_atom(c, f->type->item, set.keys[i], &text);
        if (!strcmp(str_text(&text), item))
            return true;
    }
    return false;
}
