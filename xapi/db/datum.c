/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * datum: copying, comparing and changing sets and maps, and what clients send
 * and get. The text form is datum_text.c's.
 */
#include "xapi/db/datum.h"

#include <math.h>
#include <string.h>

static const struct model_type *key_type(const struct model_type *type)
{
    if (type->kind == MODEL_MAP)
        return type->key;
    return type->kind == MODEL_SET ? type->item : type;
}

bool datum_is_scalar(const struct model_type *type)
{
    return type->kind != MODEL_SET && type->kind != MODEL_MAP;
}

bool datum_has_refs(const struct model_type *type)
{
    return type->kind == MODEL_REF ||
           (type->item && datum_has_refs(type->item)) ||
           (type->key && datum_has_refs(type->key));
}

static bool is_text(const struct model_type *type)
{
    return type->kind == MODEL_STRING || type->kind == MODEL_REF ||
           type->kind == MODEL_SET;
}

static const union model_atom *copy_atoms(struct pool *p,
                                          const struct model_type *type,
                                          const union model_atom *atoms,
                                          unsigned n)
{
    union model_atom *copy = pool_copy(p, atoms, n * sizeof(*atoms));

    for (unsigned i = 0; is_text(type) && i < n; i++)
        copy[i].s = pool_str(p, copy[i].s);
    return copy;
}

struct model_value datum_copy(struct pool *p, const struct model_type *type,
                              struct model_value d)
{
    struct model_value copy = {.n = d.n};

    copy.keys = copy_atoms(p, key_type(type), d.keys, d.n);
    if (type->kind == MODEL_MAP)
        copy.values = copy_atoms(p, type->item, d.values, d.n);
    return copy;
}

/* A null reference may also come as its text. */
static const char *atom_text(const struct model_type *type, union model_atom a)
{
    if (type->kind == MODEL_REF && (!a.s || !*a.s))
        return DATUM_REF_NULL;
    return a.s ? a.s : "";
}

bool datum_atom_equal(const struct model_type *type, union model_atom a,
                      union model_atom b)
{
    if (is_text(type))
        return !strcmp(atom_text(type, a), atom_text(type, b));
    if (type->kind == MODEL_FLOAT)
        return a.d == b.d || (isnan(a.d) && isnan(b.d));
    return a.i == b.i;
}

bool datum_equal(const struct model_type *type, struct model_value a,
                 struct model_value b)
{
    const struct model_type *key = key_type(type);

    if (a.n != b.n)
        return false;
    for (unsigned i = 0; i < a.n; i++) {
        if (!datum_atom_equal(key, a.keys[i], b.keys[i]))
            return false;
        if (type->kind == MODEL_MAP &&
            !datum_atom_equal(type->item, a.values[i], b.values[i]))
            return false;
    }
    return true;
}

/* ---- sets and maps ------------------------------------------------------- */

int datum_find(const struct model_type *type, struct model_value d,
               union model_atom key)
{
    for (unsigned i = 0; i < d.n; i++)
        if (datum_atom_equal(key_type(type), d.keys[i], key))
            return (int)i;
    return -1;
}

const char *datum_map_get(struct model_value map, const char *key)
{
    for (unsigned i = 0; i < map.n; i++)
        if (!strcmp(map.keys[i].s, key))
            return map.values[i].s;
    return NULL;
}

/* D's atoms in arrays with room for one more. */
static struct model_value with_room(struct pool *p,
                                    const struct model_type *type,
                                    struct model_value d,
                                    union model_atom **ret_keys,
                                    union model_atom **ret_values)
{
    size_t size = d.n * sizeof(**ret_keys);

    d.keys = *ret_keys = memcpy(pool_alloc(p, size + sizeof(**ret_keys)),
                                d.n ? d.keys : (union model_atom[]){{0}}, size);
    *ret_values = NULL;
    if (type->kind == MODEL_MAP)
        d.values = *ret_values =
            memcpy(pool_alloc(p, size + sizeof(**ret_values)),
                   d.n ? d.values : (union model_atom[]){{0}}, size);
    return d;
}

struct model_value datum_with(struct pool *p, const struct model_type *type,
                              struct model_value d, union model_atom key,
                              union model_atom value)
{
    union model_atom *keys, *values;
    int at = datum_find(type, d, key);

    if (at >= 0 && type->kind == MODEL_SET)
        return d;
    d = with_room(p, type, d, &keys, &values);
    if (at < 0) {
        at = (int)d.n++;
        keys[at] = key;
    }
    if (values)
        values[at] = value;
    return d;
}

struct model_value datum_without(struct pool *p, const struct model_type *type,
                                 struct model_value d, union model_atom key)
{
    union model_atom *keys, *values;
    unsigned n = 0;

    if (datum_find(type, d, key) < 0)
        return d;
    d = with_room(p, type, d, &keys, &values);
    for (unsigned i = 0; i < d.n; i++) {
        if (datum_atom_equal(key_type(type), keys[i], key))
            continue;
        keys[n] = keys[i];
        if (values)
            values[n] = values[i];
        n++;
    }
    d.n = n;
    return d;
}

/* ---- from and to values -------------------------------------------------- */

static struct err *wants(const struct model_type *type, const struct value *v)
{
    return ERR_AS(input, "a %s where the type is %s", value_kind_name(v->kind),
                  type->name);
}

static struct err *set_from_value(struct pool *p, const struct model_type *type,
                                  const struct value *v,
                                  struct model_value *ret);

/* A set as a map's value: kept as its text form. */
static struct err *inner_from_value(struct pool *p,
                                    const struct model_type *type,
                                    const struct value *v,
                                    union model_atom *ret)
{
    AUTO_STR struct str text = STR_INIT(DATUM_MAX);
    struct model_value set;

    if (v->kind != VALUE_LIST)
        return wants(type, v);
    TRY(set_from_value(p, type, v, &set));
    datum_to_text(type, set, &text);
    if (str_full(&text))
        return ERR_AS(input, "longer than %u bytes", DATUM_MAX);
    ret->s = pool_str(p, str_text(&text));
    return NULL;
}

static struct err *string_from_value(struct pool *p,
                                     const struct model_type *type,
                                     const struct value *v,
                                     union model_atom *ret)
{
    if (memchr(v->s.text, '\0', v->s.len))
        return ERR_AS(input, "a NUL character inside a %s", type->name);
    if (v->s.len > DATUM_MAX)
        return ERR_AS(input, "longer than %u bytes", DATUM_MAX);
    return datum_atom_from_text(p, type, v->s.text, ret);
}

static struct err *atom_from_value(struct pool *p,
                                   const struct model_type *type,
                                   const struct value *v, union model_atom *ret)
{
    enum model_kind kind = type->kind;

    if (kind == MODEL_SET)
        return inner_from_value(p, type, v, ret);
    if (kind == MODEL_BOOL) {
        if (v->kind != VALUE_BOOL)
            return wants(type, v);
        ret->i = v->b;
        return NULL;
    }
    if (kind == MODEL_INT && v->kind == VALUE_INT) {
        ret->i = v->i;
        return NULL;
    }
    if (kind == MODEL_FLOAT &&
        (v->kind == VALUE_INT || v->kind == VALUE_DOUBLE)) {
        ret->d = value_number(v);
        return NULL;
    }
    if (v->kind != VALUE_STRING)
        return wants(type, v);
    return string_from_value(p, type, v, ret);
}

static struct err *set_from_value(struct pool *p, const struct model_type *type,
                                  const struct value *v,
                                  struct model_value *ret)
{
    union model_atom *keys = pool_alloc(p, v->kids.n * sizeof(*keys));
    unsigned n = 0;

    value_each(item, v)
    {
        TRY(err_wrap(atom_from_value(p, type->item, item, &keys[n]), "item %u",
                     n + 1));
        n++;
    }
    *ret = (struct model_value){n, keys, NULL};
    return NULL;
}

static struct err *map_from_value(struct pool *p, const struct model_type *type,
                                  const struct value *v,
                                  struct model_value *ret)
{
    union model_atom *keys = pool_alloc(p, v->kids.n * sizeof(*keys));
    union model_atom *values = pool_alloc(p, v->kids.n * sizeof(*values));
    unsigned n = 0;

    value_each(member, v)
    {
        TRY(err_wrap(datum_atom_from_text(p, type->key, member->name, &keys[n]),
                     "key '%s'", member->name));
        TRY(err_wrap(atom_from_value(p, type->item, member, &values[n]),
                     "key '%s'", member->name));
        n++;
    }
    *ret = (struct model_value){n, keys, values};
    return NULL;
}

struct err *datum_from_value(struct pool *p, const struct model_type *type,
                             const struct value *v, struct model_value *ret)
{
    union model_atom *atom;

    if (type->kind == MODEL_SET)
        return v->kind == VALUE_LIST ? set_from_value(p, type, v, ret)
                                     : wants(type, v);
    if (type->kind == MODEL_MAP)
        return v->kind == VALUE_STRUCT ? map_from_value(p, type, v, ret)
                                       : wants(type, v);
    atom = pool_new_of(p, union model_atom);
    TRY(atom_from_value(p, type, v, atom));
    *ret = (struct model_value){1, atom, NULL};
    return NULL;
}

static struct value *text_value(struct pool *p, const struct model_type *type,
                                union model_atom atom)
{
    AUTO_STR struct str text = STR_INIT(DATUM_MAX);

    datum_atom_to_text(type, atom, &text);
    return value_stringn(p, str_text(&text), text.len);
}

static struct value *atom_to_value(struct pool *p,
                                   const struct model_type *type,
                                   union model_atom atom)
{
    struct model_value set;

    switch (type->kind) {
    case MODEL_INT:
        return value_int(p, atom.i);
    case MODEL_FLOAT:
        return value_double(p, atom.d);
    case MODEL_BOOL:
        return value_bool(p, atom.i);
    case MODEL_SET:
        err_drop(datum_from_text(p, type, atom.s, &set),
                 "we have written it ourselves");
        return datum_to_value(p, type, set);
    case MODEL_STRING:
        return value_string(p, atom_text(type, atom));
    default:
        return text_value(p, type, atom);
    }
}

struct value *datum_to_value(struct pool *p, const struct model_type *type,
                             struct model_value d)
{
    struct value *v;

    if (datum_is_scalar(type))
        return atom_to_value(p, type, d.keys[0]);
    v = type->kind == MODEL_SET ? value_list(p) : value_struct(p);
    for (unsigned i = 0; i < d.n; i++)
        if (type->kind == MODEL_SET)
            value_append(v, atom_to_value(p, type->item, d.keys[i]));
        else
            value_add(v, text_value(p, type->key, d.keys[i])->s.text,
                      atom_to_value(p, type->item, d.values[i]));
    return v;
}
