/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * modelc_type: types out of their names, each once, and constant values of
 * them. "(VM ref -> operations) map" is read in the class that says it: a bare
 * word that is no type of the API is an enum of that class, or CLASS.ENUM.
 */
#include <string.h>
#include <time.h>

#include "lib/near.h"
#include "xapi/modelc/modelc.h"

static const struct {
    const char *name;
    enum model_kind kind;
} atoms[] = {
    {"void", MODEL_VOID}, {"string", MODEL_STRING},
    {"int", MODEL_INT},   {"float", MODEL_FLOAT},
    {"bool", MODEL_BOOL}, {"datetime", MODEL_DATETIME},
};

static const struct modelc_class *find_class(const struct modelc *m,
                                             const char *name)
{
    for (size_t i = 0; i < m->n_classes; i++) {
        if (!strcmp(m->classes[i].row.name, name))
            return &m->classes[i];
    }
    return NULL;
}

/* The row of the type called NAME, made if there is none. */
static struct model_type *intern(struct modelc *m, const char *name,
                                 enum model_kind kind)
{
    struct model_type *type;

    for (size_t i = 0; i < m->n_types; i++) {
        if (!strcmp(m->types[i]->name, name))
            return m->types[i];
    }
    type = pool_new_of(m->pool, struct model_type);
    type->name = pool_str(m->pool, name);
    type->kind = kind;
    *pool_push(m->pool, m->types, m->n_types) = type;
    return type;
}

static const struct model_type *unknown(struct modelc *m,
                                        const struct modelc_class *class,
                                        const char *text, struct place place)
{
    struct near near = {.word = text};

    for (size_t i = 0; i < ARRAY_LEN(atoms); i++)
        near_try(&near, atoms[i].name);
    for (size_t i = 0; i < m->n_enums; i++) {
        const char *name = m->enums[i].name;

        near_try(&near, m->enums[i].class == &class->row ? strchr(name, '.') + 1
                                                         : name);
    }
    diag_error(&m->diags, place, "unknown type '%s'%s%s%s", text,
               near.best ? ": did you mean '" : "", near.best ? near.best : "",
               near.best ? "'?" : "");
    return NULL;
}

static const struct model_type *word_type(struct modelc *m,
                                          const struct modelc_class *class,
                                          const char *text, struct place place)
{
    struct model_type *type;

    for (size_t i = 0; i < ARRAY_LEN(atoms); i++) {
        if (!strcmp(atoms[i].name, text))
            return intern(m, text, atoms[i].kind);
    }
    for (size_t i = 0; i < m->n_enums; i++) {
        const struct model_enum *e = &m->enums[i];

        if (strcmp(e->name, text) &&
            (e->class != &class->row || strcmp(strchr(e->name, '.') + 1, text)))
            continue;
        type = intern(m, e->name, MODEL_ENUM);
        type->enum_ = e;
        return type;
    }
    return unknown(m, class, text, place);
}

/* "VM ref" and "VM record". */
static const struct model_type *class_type(struct modelc *m, const char *text,
                                           const char *name,
                                           enum model_kind kind,
                                           struct place place)
{
    const struct modelc_class *class = find_class(m, name);
    struct model_type *type;

    if (!class) {
        diag_error(&m->diags, place, "unknown class '%s'", name);
        return NULL;
    }
    type = intern(m, text, kind);
    type->class = &class->row;
    return type;
}

/* "T set" and "T option". */
static const struct model_type *item_type(struct modelc *m,
                                          const struct model_type *item,
                                          const char *suffix,
                                          enum model_kind kind)
{
    struct model_type *type;

    if (!item)
        return NULL;
    type = intern(m, pool_printf(m->pool, "%s%s", item->name, suffix), kind);
    type->item = item;
    return type;
}

/* The " -> " of "K -> V" that stands in no parenthesis. */
static char *arrow_of(char *text)
{
    int depth = 0;

    for (char *at = text; *at; at++) {
        depth += (*at == '(') - (*at == ')');
        if (!depth && !strncmp(at, " -> ", 4))
            return at;
    }
    return NULL;
}

static const struct model_type *map_type(struct modelc *m,
                                         const struct modelc_class *class,
                                         const char *text, struct place place)
{
    size_t len = strlen(text);
    char *inner = pool_strn(m->pool, text + 1, len - strlen("() map"));
    char *arrow = arrow_of(inner);
    const struct model_type *key, *item;
    struct model_type *type;

    if (!arrow) {
        diag_error(&m->diags, place, "'%s' has no ' -> '", text);
        return NULL;
    }
    *arrow = '\0';
    key = modelc_type(m, class, inner, place);
    item = modelc_type(m, class, arrow + 4, place);
    if (!key || !item)
        return NULL;
    type =
        intern(m, pool_printf(m->pool, "(%s -> %s) map", key->name, item->name),
               MODEL_MAP);
    type->key = key;
    type->item = item;
    return type;
}

const struct model_type *modelc_type(struct modelc *m,
                                     const struct modelc_class *class,
                                     const char *text, struct place place)
{
    static const struct {
        const char *suffix;
        enum model_kind kind;
    } suffixes[] = {{" set", MODEL_SET},
                    {" option", MODEL_OPTION},
                    {" ref", MODEL_REF},
                    {" record", MODEL_RECORD}};

    if (*text == '(' && text_has_suffix(text, ") map"))
        return map_type(m, class, text, place);
    for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
        size_t len = strlen(text) - strlen(suffixes[i].suffix);
        const char *front;

        if (!text_has_suffix(text, suffixes[i].suffix))
            continue;
        front = pool_strn(m->pool, text, len);
        if (suffixes[i].kind == MODEL_REF || suffixes[i].kind == MODEL_RECORD)
            return class_type(m, text, front, suffixes[i].kind, place);
        return item_type(m, modelc_type(m, class, front, place),
                         suffixes[i].suffix, suffixes[i].kind);
    }
    return word_type(m, class, text, place);
}

/* ---- values -------------------------------------------------------------- */

static bool read_time(const char *text, int64_t *ret)
{
    struct tm tm = {.tm_year = 0};
    const char *end = strptime(text, "%Y%m%dT%H:%M:%SZ", &tm);

    if (!end || *end)
        return false;
    *ret = timegm(&tm);
    return true;
}

static bool read_word(const struct model_type *type, const char *text,
                      union model_atom *ret)
{
    switch (type->kind) {
    case MODEL_STRING:
        ret->s = text;
        return true;
    case MODEL_REF:
        ret->s = text;
        return text_has_prefix(text, "OpaqueRef:");
    case MODEL_DATETIME:
        return read_time(text, &ret->i);
    case MODEL_ENUM:
        for (unsigned i = 0; i < type->enum_->n_values; i++) {
            ret->i = i;
            if (!strcmp(type->enum_->values[i], text))
                return true;
        }
        return false;
    default:
        return false;
    }
}

static union model_atom read_atom(struct modelc *m,
                                  const struct model_type *type,
                                  const struct value *v)
{
    union model_atom atom = {.i = 0};
    bool good = false;

    if (v->kind == VALUE_STRING) {
        good = read_word(type, v->s.text, &atom);
    } else if (v->kind == VALUE_INT && type->kind == MODEL_INT) {
        atom.i = v->i;
        good = true;
    } else if (type->kind == MODEL_FLOAT &&
               (v->kind == VALUE_INT || v->kind == VALUE_DOUBLE)) {
        atom.d = value_number(v);
        good = true;
    } else if (v->kind == VALUE_BOOL && type->kind == MODEL_BOOL) {
        atom.i = v->b;
        good = true;
    } else if (v->kind == VALUE_NIL && type->kind == MODEL_REF) {
        atom.s = NULL;
        good = true;
    }
    if (!good)
        diag_error(&m->diags, v->place, "this is no value of type %s",
                   type->name);
    return atom;
}

static struct model_value many(struct modelc *m, const struct model_type *type,
                               const struct value *v)
{
    union model_atom *keys = NULL, *values = NULL;
    size_t n = 0, n_values = 0;
    bool map = type->kind == MODEL_MAP;

    if (!v)
        return (struct model_value){.n = 0};
    if (v->kind != (map ? VALUE_STRUCT : VALUE_LIST)) {
        diag_error(&m->diags, v->place, "this is no value of type %s",
                   type->name);
        return (struct model_value){.n = 0};
    }
    value_each(kid, v)
    {
        struct value *key = map ? value_string(m->pool, kid->name) : kid;

        key->place = kid->place;
        *pool_push(m->pool, keys, n) =
            read_atom(m, map ? type->key : type->item, key);
        if (map)
            *pool_push(m->pool, values, n_values) =
                read_atom(m, type->item, kid);
    }
    return (struct model_value){(unsigned)n, keys, values};
}

struct model_value modelc_value(struct modelc *m, const struct model_type *type,
                                const struct value *v)
{
    union model_atom *atom;

    if (!type)
        return (struct model_value){.n = 0};
    if (type->kind == MODEL_SET || type->kind == MODEL_MAP)
        return many(m, type, v);
    if (type->kind >= MODEL_RECORD) {
        if (v)
            diag_error(&m->diags, v->place, "type %s has no such values",
                       type->name);
        return (struct model_value){.n = 0};
    }
    atom = pool_new_of(m->pool, union model_atom);
    if (v)
        *atom = read_atom(m, type, v);
    else if (type->kind == MODEL_STRING)
        atom->s = "";
    return (struct model_value){.n = 1, .keys = atom};
}
