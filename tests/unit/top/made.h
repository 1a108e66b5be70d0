/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* made: samples for tests, written as JSON with ' for ". */
#ifndef TESTS_UNIT_TOP_MADE_H
#define TESTS_UNIT_TOP_MADE_H

#include <string.h>

#include "lib/str.h"
#include "xenstore/top/change.h"
#include "xenstore/top/sample_json.h"

static inline const struct sample *made(struct pool *p, const char *text)
{
    char *json = pool_str(p, text);
    const struct sample *s = NULL;
    struct err *e;

    for (char *at = json; (at = strchr(at, '\''));)
        *at = '"';
    e = sample_from_json(p, json, strlen(json), &s);
    if (e)
        fail_msg("%s", err_text(e));
    return s;
}

/* A change from one such sample to another. */
static inline struct change *changed(struct pool *p, const char *was,
                                     const char *now)
{
    return change_between(was ? made(p, was) : NULL, made(p, now), p);
}

#endif
