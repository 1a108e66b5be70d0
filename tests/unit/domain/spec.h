/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* spec: one device string for a test, standing in a source of its own. */
#ifndef TESTS_UNIT_DOMAIN_SPEC_H
#define TESTS_UNIT_DOMAIN_SPEC_H

#include <stdlib.h>
#include <string.h>

#include "xl/domain/guest.h"

struct spec {
    struct pool *p;
    struct diags diags;
    struct source source;
    struct value *value;
};

/* As `device = "TEXT"` in a file would give it. */
static inline void spec_start(struct spec *s, const char *text)
{
    const size_t before = strlen("device = \"");

    memset(s, 0, sizeof(*s));
    s->p = pool_new();
    s->diags.pool = s->p;
    s->source.name = "test.cfg";
    s->source.text = pool_printf(s->p, "device = \"%s\"\n", text);
    s->source.len = strlen(s->source.text);
    s->value = value_string(s->p, text);
    s->value->s.verbatim = true;
    s->value->s.text_start = before;
    s->value->place = (struct place){
        .source = &s->source, .start = before - 1, .end = s->source.len - 1};
}

static inline void spec_end(struct spec *s)
{
    pool_free(s->p);
}

/* The text that the only complaint of LEVEL points at; NULL when there is none
 * or more than one. */
static inline const char *spec_blamed(struct spec *s, enum diag_level level)
{
    const struct diag *found = NULL;

    for (size_t i = 0; i < s->diags.n; i++) {
        if (s->diags.list[i].level != level)
            continue;
        if (found)
            return NULL;
        found = &s->diags.list[i];
    }
    return found ? pool_strn(s->p, s->source.text + found->place.start,
                             found->place.end - found->place.start)
                 : NULL;
}

static inline bool spec_says(const struct spec *s, const char *text)
{
    for (size_t i = 0; i < s->diags.n; i++) {
        if (strstr(s->diags.list[i].text, text))
            return true;
    }
    return false;
}

#endif
