/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* record: config records for tests, without the grammar of xl.cfg. */
#ifndef TESTS_UNIT_DOMAIN_RECORD_H
#define TESTS_UNIT_DOMAIN_RECORD_H

#include <stdlib.h>
#include <string.h>

#include "xl/domain/guest.h"

struct record {
    struct pool *p;
    struct value *values;
    struct diags diags;
    struct guest guest;
};

static inline void record_start(struct record *r)
{
    memset(r, 0, sizeof(*r));
    r->p = pool_new();
    r->values = value_struct(r->p);
    r->diags.pool = r->p;
    guest_init(&r->guest, NULL);
}

static inline void record_end(struct record *r)
{
    guest_done(&r->guest);
    pool_free(r->p);
}

static inline void record_set(struct record *r, const char *key,
                              const char *text)
{
    value_set(r->values, key, value_string(r->p, text));
}

/* A list of strings; ends with NULL. */
__attribute__((sentinel)) static inline void record_list(struct record *r,
                                                         const char *key, ...)
{
    struct value *list = value_list(r->p);
    const char *item;
    va_list ap;

    va_start(ap, key);
    while ((item = va_arg(ap, const char *)))
        value_append(list, value_string(r->p, item));
    va_end(ap);
    value_set(r->values, key, list);
}

static inline void record_parse(struct record *r)
{
    guest_parse(&r->guest, r->values, r->p, &r->diags);
}

/* True when a complaint contains TEXT. */
static inline bool record_says(const struct record *r, const char *text)
{
    for (size_t i = 0; i < r->diags.n; i++) {
        if (strstr(r->diags.list[i].text, text))
            return true;
    }
    return false;
}

#endif
