/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* err: see err.h. */
#include "lib/err.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct err_kind err_kind_failed = {"failed", 1};
const struct err_kind err_kind_usage = {"usage", 2};
const struct err_kind err_kind_input = {"input", 1};
const struct err_kind err_kind_not_found = {"not_found", 1};
const struct err_kind err_kind_timeout = {"timeout", 1};
const struct err_kind err_kind_interrupted = {"interrupted", 130};
const struct err_kind err_kind_reported = {"reported", 1};
const struct err_kind err_kind_code = {"code", 1};

struct err {
    const struct err_kind *kind;
    char *text;
    int exit_status;
    char **words; /* of err_code, then NULL */
    size_t n_words;
};

static char *format(const char *fmt, va_list ap)
{
    char *text;

    if (vasprintf(&text, fmt, ap) < 0)
        abort();
    return text;
}

struct err *err_vmake(const struct err_kind *kind, const char *fmt, va_list ap)
{
    struct err *e = calloc(1, sizeof(*e));

    if (!e)
        abort();
    e->kind = kind;
    e->text = format(fmt, ap);
    e->exit_status = kind->exit_status;
    return e;
}

struct err *err_make(const struct err_kind *kind, const char *fmt, ...)
{
    va_list ap;
    struct err *e;

    va_start(ap, fmt);
    e = err_vmake(kind, fmt, ap);
    va_end(ap);
    return e;
}

struct err *err_errno(int errnum, const char *fmt, ...)
{
    va_list ap;
    struct err *e;
    char *text;

    va_start(ap, fmt);
    text = format(fmt, ap);
    va_end(ap);
    e = err_make(&err_kind_failed, "%s: %s", text, strerror(errnum));
    free(text);
    return e;
}

struct err *err_wrap(struct err *e, const char *fmt, ...)
{
    va_list ap;
    char *front, *text;

    if (!e)
        return NULL;
    va_start(ap, fmt);
    front = format(fmt, ap);
    va_end(ap);
    if (asprintf(&text, "%s: %s", front, e->text) < 0)
        abort();
    free(front);
    free(e->text);
    e->text = text;
    return e;
}

struct err *err_join(struct err *e, struct err *other)
{
    char *text;

    if (!e || !other)
        return e ? e : other;
    if (asprintf(&text, "%s; also: %s", e->text, other->text) < 0)
        abort();
    free(e->text);
    e->text = text;
    err_free(other);
    return e;
}

struct err *err_silent(int exit_status)
{
    struct err *e = err_make(&err_kind_reported, "exit status %d", exit_status);

    e->exit_status = exit_status;
    return e;
}

static char *copy(const char *text)
{
    char *s = strdup(text ? text : "");

    if (!s)
        abort();
    return s;
}

struct err *err_code(const char *code, const char *const *args, size_t n)
{
    struct err *e = err_make(&err_kind_code, "%s", code);

    e->words = calloc(n + 2, sizeof(*e->words));
    if (!e->words)
        abort();
    e->n_words = n + 1;
    e->words[0] = copy(code);
    for (size_t i = 0; i < n; i++) {
        char *text;

        e->words[i + 1] = copy(args[i]);
        if (asprintf(&text, "%s%s%s", e->text, i ? ", " : ": ",
                     e->words[i + 1]) < 0)
            abort();
        free(e->text);
        e->text = text;
    }
    return e;
}

const char *const *err_words(const struct err *e, size_t *ret_n)
{
    if (!e->words)
        return NULL;
    *ret_n = e->n_words;
    return (const char *const *)e->words;
}

const char *err_text(const struct err *e)
{
    return e->text;
}

const struct err_kind *err_kind(const struct err *e)
{
    return e->kind;
}

bool err_is(const struct err *e, const struct err_kind *kind)
{
    return e && e->kind == kind;
}

int err_exit_status(const struct err *e)
{
    return e ? e->exit_status : 0;
}

void err_free(struct err *e)
{
    if (!e)
        return;
    for (size_t i = 0; i < e->n_words; i++)
        free(e->words[i]);
    free(e->words);
    free(e->text);
    free(e);
}

void err_drop(struct err *e, const char *why)
{
    assert(why);
    err_free(e);
}
