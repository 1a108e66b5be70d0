/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* value: see value.h. Lists and structs are singly linked, in order. */
#include "lib/value.h"

#include <assert.h>
#include <string.h>

#include "lib/str.h"

/* So many members are compared each with each. */
#define FEW 8

static struct value *make(struct pool *p, enum value_kind kind)
{
    struct value *v = pool_new_of(p, struct value);

    v->kind = kind;
    return v;
}

struct value *value_nil(struct pool *p)
{
    return make(p, VALUE_NIL);
}

struct value *value_bool(struct pool *p, bool b)
{
    struct value *v = make(p, VALUE_BOOL);

    v->b = b;
    return v;
}

struct value *value_int(struct pool *p, int64_t i)
{
    struct value *v = make(p, VALUE_INT);

    v->i = i;
    return v;
}

struct value *value_double(struct pool *p, double d)
{
    struct value *v = make(p, VALUE_DOUBLE);

    v->d = d;
    return v;
}

struct value *value_stringn(struct pool *p, const char *s, size_t len)
{
    struct value *v = make(p, VALUE_STRING);

    v->s.text = pool_strn(p, s, len);
    v->s.len = len;
    return v;
}

struct value *value_string(struct pool *p, const char *s)
{
    return s ? value_stringn(p, s, strlen(s)) : value_nil(p);
}

struct value *value_printf(struct pool *p, const char *fmt, ...)
{
    struct value *v = make(p, VALUE_STRING);
    va_list ap;

    va_start(ap, fmt);
    v->s.text = pool_vprintf(p, fmt, ap);
    va_end(ap);
    v->s.len = strlen(v->s.text);
    return v;
}

struct value *value_list(struct pool *p)
{
    return make(p, VALUE_LIST);
}

struct value *value_struct(struct pool *p)
{
    return make(p, VALUE_STRUCT);
}

static void link_last(struct value *parent, struct value *kid)
{
    assert(!kid->next);
    if (parent->kids.last)
        parent->kids.last->next = kid;
    else
        parent->kids.first = kid;
    parent->kids.last = kid;
    parent->kids.n++;
}

void value_append(struct value *list, struct value *item)
{
    assert(list->kind == VALUE_LIST);
    link_last(list, item);
}

double value_number(const struct value *v)
{
    return v->kind == VALUE_DOUBLE ? v->d : (double)v->i;
}

struct value *value_get(const struct value *strct, const char *name)
{
    assert(strct->kind == VALUE_STRUCT);
    value_each(member, strct)
    {
        if (!strcmp(member->name, name))
            return member;
    }
    return NULL;
}

void value_set(struct value *strct, const char *name, struct value *member)
{
    struct value **at;

    assert(strct->kind == VALUE_STRUCT && !member->next);
    member->name = name;
    for (at = &strct->kids.first; *at; at = &(*at)->next) {
        if (strcmp((*at)->name, name))
            continue;
        member->next = (*at)->next;
        *at = member;
        if (!member->next)
            strct->kids.last = member;
        return;
    }
    link_last(strct, member);
}

void value_add(struct value *strct, const char *name, struct value *member)
{
    assert(strct->kind == VALUE_STRUCT);
    member->name = name;
    link_last(strct, member);
}

struct named {
    const struct value *member;
    size_t n;
};

static int by_name(const void *a, const void *b)
{
    const struct named *x = a, *y = b;
    int order = strcmp(x->member->name, y->member->name);

    return order ? order : x->n < y->n ? -1 : 1;
}

/* The first that has a name of one before it, which is looked for in all. */
static const struct value *twice_of_few(const struct value *strct)
{
    value_each(member, strct)
    {
        if (value_get(strct, member->name) != member)
            return member;
    }
    return NULL;
}

const struct value *value_twice(const struct value *strct)
{
    AUTO_FREE struct named *all = NULL;
    size_t n = 0;

    if (strct->kids.n <= FEW)
        return twice_of_few(strct);
    all = xcalloc(strct->kids.n, sizeof(*all));
    value_each(member, strct)
    {
        all[n] = (struct named){member, n};
        n++;
    }
    qsort(all, n, sizeof(*all), by_name);
    for (size_t i = 1; i < n; i++) {
        if (!strcmp(all[i - 1].member->name, all[i].member->name))
            return all[i].member;
    }
    return NULL;
}

struct value *value_remove(struct value *strct, const char *name)
{
    struct value *before = NULL;

    value_each(member, strct)
    {
        if (strcmp(member->name, name)) {
            before = member;
            continue;
        }
        if (before)
            before->next = member->next;
        else
            strct->kids.first = member->next;
        if (strct->kids.last == member)
            strct->kids.last = before;
        strct->kids.n--;
        member->next = NULL;
        return member;
    }
    return NULL;
}

struct value *value_copy(struct pool *p, const struct value *v)
{
    struct value *copy = pool_copy(p, v, sizeof(*v));

    copy->next = NULL;
    copy->name = pool_str(p, v->name);
    if (v->kind == VALUE_STRING)
        copy->s.text = pool_strn(p, v->s.text, v->s.len);
    if (v->kind != VALUE_LIST && v->kind != VALUE_STRUCT)
        return copy;
    copy->kids.first = copy->kids.last = NULL;
    copy->kids.n = 0;
    value_each(kid, v)
    {
        link_last(copy, value_copy(p, kid));
    }
    return copy;
}

static bool kids_equal(const struct value *a, const struct value *b)
{
    const struct value *x = a->kids.first, *y = b->kids.first;

    for (; x && y; x = x->next, y = y->next) {
        if (a->kind == VALUE_STRUCT && strcmp(x->name, y->name))
            return false;
        if (!value_equal(x, y))
            return false;
    }
    return !x && !y;
}

bool value_equal(const struct value *a, const struct value *b)
{
    if (a->kind != b->kind)
        return false;
    switch (a->kind) {
    case VALUE_NIL:
        return true;
    case VALUE_BOOL:
        return a->b == b->b;
    case VALUE_INT:
        return a->i == b->i;
    case VALUE_DOUBLE:
        return a->d == b->d;
    case VALUE_STRING:
        return a->s.len == b->s.len && !memcmp(a->s.text, b->s.text, a->s.len);
    case VALUE_LIST:
    case VALUE_STRUCT:
        return kids_equal(a, b);
    }
    return false;
}

const char *value_kind_name(enum value_kind kind)
{
    static const char *const names[] = {
        [VALUE_NIL] = "nothing",   [VALUE_BOOL] = "truth value",
        [VALUE_INT] = "number",    [VALUE_DOUBLE] = "number",
        [VALUE_STRING] = "string", [VALUE_LIST] = "list",
        [VALUE_STRUCT] = "struct",
    };

    return names[kind];
}

struct value *value_substring(struct pool *p, const struct value *string,
                              size_t start, size_t end)
{
    struct value *v;

    assert(string->kind == VALUE_STRING && start <= end &&
           end <= string->s.len);
    v = value_stringn(p, string->s.text + start, end - start);
    v->place = string->place;
    if (!string->s.verbatim)
        return v;
    v->s.verbatim = true;
    v->s.text_start = string->s.text_start + start;
    v->place.start = v->s.text_start;
    v->place.end = string->s.text_start + end;
    return v;
}
