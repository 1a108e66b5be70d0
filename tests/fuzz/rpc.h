/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* rpc: what holds for every codec. */
#ifndef TESTS_FUZZ_RPC_H
#define TESTS_FUZZ_RPC_H

#include <math.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "xapi/door/codec.h"

/* Ints are texts in XML-RPC, and a float has 16 digits: what was read as one
 * may come back as another. */
static inline bool fuzz_same(const struct value *a, const struct value *b)
{
    const struct value *x, *y;
    char digits[40];

    if (a->kind == VALUE_INT && b->kind == VALUE_STRING) {
        snprintf(digits, sizeof(digits), "%lld", (long long)a->i);
        return !strcmp(digits, b->s.text);
    }
    if (a->kind == VALUE_DOUBLE && b->kind == VALUE_INT)
        return fabs(a->d - (double)b->i) <= fabs(a->d) * 1e-15;
    if (a->kind == VALUE_DOUBLE && !isfinite(a->d) && b->kind == VALUE_NIL)
        return true;
    if (a->kind != b->kind)
        return false;
    if (a->kind == VALUE_DOUBLE)
        return (isnan(a->d) && isnan(b->d)) || a->d == b->d ||
               fabs(a->d - b->d) <= fabs(a->d) * 1e-15 || fabs(a->d) < 1e-300;
    if (a->kind != VALUE_LIST && a->kind != VALUE_STRUCT)
        return value_equal(a, b);
    for (x = a->kids.first, y = b->kids.first; x && y;
         x = x->next, y = y->next) {
        if ((a->kind == VALUE_STRUCT && strcmp(x->name, y->name)) ||
            !fuzz_same(x, y))
            return false;
    }
    return !x && !y;
}

/* An answer with V in it says V. */
static inline void fuzz_answer(const struct codec_call *call,
                               const struct value *v, struct pool *p)
{
    AUTO_BODY struct body body = BODY_INIT;
    struct writer w = {.codec = call->codec, .body = &body};
    struct value *result = NULL, *failure = NULL;
    struct err *e;

    w.codec->open(&w, call);
    writer_value(&w, v);
    w.codec->close(&w, call);
    e = call->codec->parse_answer(p, str_text(&body.text), body.text.len,
                                  &result, &failure);
    if (e || !result || failure || !fuzz_same(v, result))
        fprintf(stderr, "%s\n%s\n", str_text(&body.text), e ? err_text(e) : "");
    fuzz_must(!e && result && !failure, "an answer can be read");
    fuzz_must(fuzz_same(v, result), "an answer says what it was given");
}

static inline void fuzz_rpc(const struct codec *codec, const char *data,
                            size_t size)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *text = pool_copy(p, data, size);
    struct value *result, *failure;
    struct codec_call call;
    AUTO_ERR struct err *e = NULL;

    err_free(codec->parse_answer(p, text, size, &result, &failure));
    e = codec->parse_call(p, text, size, &call);
    if (e || call.bad_text)
        return;
    fuzz_answer(&call, call.args, p);
}

#endif
