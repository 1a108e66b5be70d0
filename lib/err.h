/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * err: the one way a function says that it failed.
 *
 * A function that can fail returns `struct err *`: NULL is success, anything
 * else is owned by the caller. Results come out through ret_ parameters, which
 * stay untouched on failure. An error is a kind (which decides the exit
 * status) and a sentence: lower case, no full stop, the thing in quotes, then
 * what would be right. Callers add context with err_wrap; it is printed or
 * logged once, at the top.
 */
#ifndef LIB_ERR_H
#define LIB_ERR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct err_kind {
    const char *name;
    int exit_status;
};

extern const struct err_kind err_kind_failed;      /* anything else, exit 1 */
extern const struct err_kind err_kind_usage;       /* command line, exit 2 */
extern const struct err_kind err_kind_input;       /* bad config or data, 1 */
extern const struct err_kind err_kind_not_found;   /* no such thing, 1 */
extern const struct err_kind err_kind_timeout;     /* gave up waiting, 1 */
extern const struct err_kind err_kind_interrupted; /* by a signal, 130 */
extern const struct err_kind err_kind_reported;    /* already printed, 1 */
extern const struct err_kind err_kind_code;        /* err_code's, 1 */

/* What a caller sees in err_is(e, &err_kind_reported): print nothing. */

struct err; /* opaque: ask with the functions below */

#define MUST_USE __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))

/* Makes an error. Never NULL; out of memory aborts. */
struct err *err_make(const struct err_kind *kind, const char *fmt, ...)
    PRINTF_LIKE(2, 3) MUST_USE;
struct err *err_vmake(const struct err_kind *kind, const char *fmt, va_list ap)
    PRINTF_LIKE(2, 0) MUST_USE;

/* Short: ERR("..") is a plain failure, ERR_AS(usage, "..") another kind. */
#define ERR(...) err_make(&err_kind_failed, __VA_ARGS__)
#define ERR_AS(kind, ...) err_make(&err_kind_##kind, __VA_ARGS__)

/* A failure with ": strerror(errnum)" behind the sentence. */
struct err *err_errno(int errnum, const char *fmt, ...)
    PRINTF_LIKE(2, 3) MUST_USE;

/* Puts "sentence: " in front. NULL stays NULL, so it can wrap any call. */
struct err *err_wrap(struct err *e, const char *fmt, ...)
    PRINTF_LIKE(2, 3) MUST_USE;

/* Both failed: E with "; also: ..." of OTHER behind. Takes both, either may be
 * NULL. */
struct err *err_join(struct err *e, struct err *other) MUST_USE;

/* Fails with an exit status and nothing more to print. */
struct err *err_silent(int exit_status) MUST_USE;

/* A failure that programs tell from others: a code and N arguments (NULL is
 * ""), as an API's clients get them. Its sentence is "CODE: a, b". */
struct err *err_code(const char *code, const char *const *args,
                     size_t n) MUST_USE;
/* The code, its arguments, then NULL, however often E was wrapped; NULL for
 * errors of other kinds. They live as long as E. */
const char *const *err_words(const struct err *e, size_t *ret_n);

const char *err_text(const struct err *e);
const struct err_kind *err_kind(const struct err *e);
bool err_is(const struct err *e, const struct err_kind *kind);
int err_exit_status(const struct err *e); /* 0 for NULL */
void err_free(struct err *e);             /* NULL is fine */

/* The only way to ignore an error; WHY is for the reader (and debug log). */
void err_drop(struct err *e, const char *why);

/* The only macro in the tree that alters control flow. */
#define TRY(expr)                      \
    do {                               \
        struct err *try_err_ = (expr); \
        if (try_err_)                  \
            return try_err_;           \
    } while (0)

#endif
