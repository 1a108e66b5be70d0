/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sample_json: see sample_json.h. Walks the levels of fields.h. */
#include "xenstore/top/sample_json.h"

#include <string.h>
#include <uuid/uuid.h>

#include "lib/json.h"
#include "xenstore/top/fields.h"

/* ---- to JSON ------------------------------------------------------------- */

static struct value *number_value(uint64_t n, struct pool *p)
{
    return n <= INT64_MAX ? value_int(p, (int64_t)n)
                          : value_double(p, (double)n);
}

static struct value *field_value(const struct field *f, const void *strct,
                                 struct pool *p)
{
    char uuid[37];

    switch (f->type) {
    case FIELD_NUMBER:
        return number_value(field_number(f, strct), p);
    case FIELD_MAYBE:
        return field_number(f, strct) == SAMPLE_NONE
                   ? NULL
                   : number_value(field_number(f, strct), p);
    case FIELD_REAL:
        return value_double(p, field_real(f, strct));
    case FIELD_TEXT:
        return *field_text(f, strct) ? value_string(p, field_text(f, strct))
                                     : NULL;
    case FIELD_UUID:
        uuid_unparse_lower(field_uuid(f, strct), uuid);
        return value_string(p, pool_str(p, uuid));
    }
    return NULL;
}

static struct value *struct_value(const struct level *level, const void *strct,
                                  struct pool *p);

static struct value *list_value(const struct level *level, const void *above,
                                struct pool *p)
{
    struct value *list = value_list(p);
    size_t n;
    const char *strct = level_list(level, above, &n);

    for (size_t i = 0; i < n; i++, strct += level->size)
        value_append(list, struct_value(level, strct, p));
    return list;
}

static struct value *fields_value(const struct level *level, const void *strct,
                                  struct pool *p)
{
    struct value *v = value_struct(p);

    for (const struct field *f = level->fields; f->name; f++) {
        struct value *member = field_value(f, strct, p);

        if (member)
            value_add(v, f->name, member);
    }
    return v;
}

static struct value *struct_value(const struct level *level, const void *strct,
                                  struct pool *p)
{
    struct value *v = fields_value(level, strct, p);

    for (const struct level *const *child = level->children; child && *child;
         child++)
        value_add(v, (*child)->name, list_value(*child, strct, p));
    return v;
}

struct value *sample_host_value(const struct sample *s, struct pool *p)
{
    struct value *v = fields_value(&level_sample, s, p);

    for (const struct field *f = level_sample.fields; f->name; f++)
        if (f->metric == METRIC_NONE)
            value_remove(v, f->name);
    return v;
}

struct value *sample_list_value(const char *list, const struct sample_domain *d,
                                struct pool *p)
{
    const struct level *const *child = level_domain.children;

    while (strcmp((*child)->name, list))
        child++;
    return list_value(*child, d, p);
}

void sample_to_json(const struct sample *s, struct str *out)
{
    AUTO_POOL struct pool *p = pool_new();

    json_print(struct_value(&level_sample, s, p), false, out);
}

/* ---- from JSON ----------------------------------------------------------- */

static struct err *bad(const char *name, const char *wanted)
{
    return ERR_AS(input, "'%s' is not %s", name, wanted);
}

static struct err *read_number(const struct field *f, const struct value *v,
                               uint64_t *ret)
{
    if (!v)
        *ret = f->type == FIELD_MAYBE ? SAMPLE_NONE : 0;
    else if (v->kind == VALUE_INT && v->i >= 0)
        *ret = (uint64_t)v->i;
    else if (v->kind == VALUE_DOUBLE && v->d >= 0 && v->d < 0x1p64)
        *ret = (uint64_t)v->d;
    else
        return bad(f->name, "a number from 0");
    return NULL;
}

static struct err *read_real(const struct field *f, const struct value *v,
                             double *ret)
{
    if (!v)
        *ret = 0;
    else if (v->kind == VALUE_INT || v->kind == VALUE_DOUBLE)
        *ret = value_number(v);
    else
        return bad(f->name, "a number");
    return NULL;
}

static struct err *read_uuid(const struct field *f, const struct value *v,
                             unsigned char *ret)
{
    if (v && (v->kind != VALUE_STRING || uuid_parse(v->s.text, ret)))
        return bad(f->name, "a UUID");
    return NULL;
}

static struct err *read_text(const struct field *f, const struct value *v,
                             struct pool *p, const char **ret)
{
    if (v && v->kind != VALUE_STRING)
        return bad(f->name, "a string");
    *ret = v ? pool_str(p, v->s.text) : "";
    return NULL;
}

static struct err *read_field(const struct field *f, const struct value *v,
                              void *strct, struct pool *p)
{
    void *at = (char *)strct + f->offset;

    if (v && v->kind == VALUE_NIL)
        v = NULL;
    switch (f->type) {
    case FIELD_REAL:
        return read_real(f, v, at);
    case FIELD_TEXT:
        return read_text(f, v, p, at);
    case FIELD_UUID:
        return read_uuid(f, v, at);
    case FIELD_NUMBER:
    case FIELD_MAYBE:
        break;
    }
    return read_number(f, v, at);
}

static struct err *read_struct(const struct level *level, const struct value *v,
                               void *strct, struct pool *p);

/* Members of a list are ordered by id, which is each struct's first member;
 * all that compares readings relies on it. */
static struct err *check_order(const struct level *level, const char *list,
                               size_t n)
{
    for (size_t i = 1; i < n; i++) {
        const char *at = list + i * level->size;

        if (*(const uint64_t *)at <= *(const uint64_t *)(at - level->size))
            return ERR_AS(input, "'%s' is not in the order of ids",
                          level->name);
    }
    return NULL;
}

static struct err *read_list(const struct level *level, const struct value *v,
                             void *above, struct pool *p)
{
    char *list;
    size_t i = 0;

    if (!v)
        return NULL;
    if (v->kind != VALUE_LIST)
        return bad(level->name, "a list");
    list = pool_alloc(p, v->kids.n * level->size);
    value_each(item, v)
    {
        TRY(err_wrap(read_struct(level, item, list + i * level->size, p), "%s",
                     level->name));
        i++;
    }
    TRY(check_order(level, list, i));
    *(char **)((char *)above + level->list) = list;
    *(size_t *)((char *)above + level->n) = i;
    return NULL;
}

static struct err *read_struct(const struct level *level, const struct value *v,
                               void *strct, struct pool *p)
{
    if (v->kind != VALUE_STRUCT)
        return ERR_AS(input, "%s where an object is due",
                      value_kind_name(v->kind));
    for (const struct field *f = level->fields; f->name; f++)
        TRY(read_field(f, value_get(v, f->name), strct, p));
    for (const struct level *const *child = level->children; child && *child;
         child++)
        TRY(read_list(*child, value_get(v, (*child)->name), strct, p));
    return NULL;
}

struct err *sample_from_json(struct pool *p, const char *text, size_t len,
                             const struct sample **ret)
{
    AUTO_POOL struct pool *values = pool_new();
    struct sample *s = pool_new_of(p, struct sample);
    struct value *v;

    TRY(json_parse(values, text, len, &v));
    TRY(read_struct(&level_sample, v, s, p));
    *ret = s;
    return NULL;
}
