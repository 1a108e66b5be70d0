/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * value: what any text means before anyone gives it a type: nil, bool, int,
 * double, string, list or struct (ordered, names unique). A value knows where
 * it was written, so that later complaints can point at it. Lives in a pool.
 */
#ifndef LIB_VALUE_H
#define LIB_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/pool.h"

/* A text that values were read from. */
struct source {
    const char *name; /* "guest.cfg", "command line" */
    const char *text; /* whole, for showing lines */
    size_t len;
};

/* A place in a source: half-open byte range. source NULL: nowhere. With start
 * PLACE_WHOLE it is the source as a whole. */
#define PLACE_WHOLE SIZE_MAX
struct place {
    const struct source *source;
    size_t start, end;
};

enum value_kind {
    VALUE_NIL,
    VALUE_BOOL,
    VALUE_INT,
    VALUE_DOUBLE,
    VALUE_STRING,
    VALUE_LIST,
    VALUE_STRUCT,
};

struct value {
    enum value_kind kind;
    struct place place;      /* of the value itself */
    struct place name_place; /* of its name, for members of a struct */
    const char *name;        /* members of a struct */
    struct value *next;      /* the next member or item */
    union {
        bool b;
        int64_t i;
        double d;
        struct {
            const char *text; /* NUL-terminated; NULs inside count in len */
            size_t len;
            /* Where text[0] stands in the source when the text stands there
             * as it is (no escapes), so that parts of it can be pointed at. */
            bool verbatim;
            bool added; /* two or more put together, as by += */
            size_t text_start;
        } s;
        struct {
            struct value *first, *last;
            size_t n;
        } kids; /* list and struct */
    };
};

struct value *value_nil(struct pool *p);
struct value *value_bool(struct pool *p, bool b);
struct value *value_int(struct pool *p, int64_t i);
struct value *value_double(struct pool *p, double d);
struct value *value_string(struct pool *p, const char *s); /* NULL gives nil */
struct value *value_stringn(struct pool *p, const char *s, size_t len);
struct value *value_printf(struct pool *p, const char *fmt, ...)
    PRINTF_LIKE(2, 3);
struct value *value_list(struct pool *p);
struct value *value_struct(struct pool *p);

/* Appends ITEM (of nobody's yet). */
void value_append(struct value *list, struct value *item);
/* Sets a member; one of that name is replaced in its place. NAME is kept, not
 * copied. */
void value_set(struct value *strct, const char *name, struct value *member);
/* The same when the caller knows that there is none of that name. */
void value_add(struct value *strct, const char *name, struct value *member);
/* An int or a double. */
double value_number(const struct value *v);
/* The member, or NULL. */
struct value *value_get(const struct value *strct, const char *name);
/* A member whose name an earlier one has, or NULL. Sorts: to check each name as
 * it comes would be quadratic. */
const struct value *value_twice(const struct value *strct);
/* Takes a member out; NULL if there is none. */
struct value *value_remove(struct value *strct, const char *name);
/* A deep copy in P; sources are shared. */
struct value *value_copy(struct pool *p, const struct value *v);
bool value_equal(const struct value *a, const struct value *b);
/* "number", "string", "list" ...: for messages. */
const char *value_kind_name(enum value_kind kind);

/* A string value cut out of STRING at [start, end) of its text, with a place
 * that points at just that part where that is possible. */
struct value *value_substring(struct pool *p, const struct value *string,
                              size_t start, size_t end);

#define value_each(item, v) \
    for (struct value *item = (v)->kids.first; item; item = item->next)

#endif
