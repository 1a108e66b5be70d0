/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * str: a growing text buffer with a stated maximum, and small string helpers.
 * Past its maximum a buffer keeps what it has and str_full() says so; nothing
 * that input feeds can grow without limit.
 */
#ifndef LIB_STR_H
#define LIB_STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "lib/auto.h"
#include "lib/err.h"
#include "lib/pool.h"

struct str {
    char *text; /* always NUL-terminated once anything was added */
    size_t len, size, max;
    bool full;
};

#define STR_MAX (64u << 20) /* a generous maximum for output of our own */
#define STR_INIT(max_) \
    {                  \
        .max = (max_)  \
    }
#define AUTO_STR AUTO(str_done)

void str_done(struct str *s);
void str_clear(struct str *s);
void str_addn(struct str *s, const char *text, size_t len);
static inline void str_add(struct str *s, const char *text)
{
    str_addn(s, text, strlen(text)); /* here, as most are of a known length */
}
void str_addc(struct str *s, char c);
void str_repeat(struct str *s, char c, size_t n);
void str_addf(struct str *s, const char *fmt, ...) PRINTF_LIKE(2, 3);
void str_vaddf(struct str *s, const char *fmt, va_list ap) PRINTF_LIKE(2, 0);
/* Numbers without printf, which is most of the time of who adds many of them:
 * N with at least MIN digits; D as "%.*f" has it, at most 3 DECIMALS. */
void str_addu(struct str *s, uint64_t n, unsigned min);
void str_addd(struct str *s, double d, unsigned decimals);
/* N times C before what stands from byte AT on; AT <= len. */
void str_insert(struct str *s, size_t at, char c, size_t n);
/* Leaves the first LEN bytes; LEN <= len. */
void str_cut(struct str *s, size_t len);
static inline bool str_full(const struct str *s)
{
    return s->full;
}
/* The text, "" when nothing was added. Valid until the next change. */
const char *str_text(const struct str *s);
/* The text as malloc'd memory of the caller's; the buffer is empty then. */
char *str_take(struct str *s);

bool text_eq(const char *a, const char *b); /* NULLs are equal to each other */
/* Its letters, those of ASCII, become small. */
void text_lower(char *s);
bool text_has_prefix(const char *s, const char *prefix);
bool text_has_suffix(const char *s, const char *suffix);
/* S without white space at both ends, in P. */
char *text_trim(struct pool *p, const char *s);
/* The parts of S between separators, empty ones kept; NULL-terminated. */
char **text_split(struct pool *p, const char *s, char separator, size_t *ret_n);
/* "a, b or c" */
char *text_join(struct pool *p, const char *const *words, size_t n,
                const char *between, const char *last);

/*
 * A whole word as a number: decimal, 0x hex, 0 octal (BASE 0), or BASE alone.
 * No white space, no trailing text; out of range is an error that states the
 * range.
 */
struct err *text_to_int(const char *s, int base, int64_t min, int64_t max,
                        int64_t *ret) MUST_USE;
struct err *text_to_double(const char *s, double min, double max,
                           double *ret) MUST_USE;

/* Malloc'd copies for libxl, which frees what it is given with free(3). */
char *xstrdup(const char *s); /* NULL gives NULL */
void *xcalloc(size_t n, size_t size);
void *xrealloc(void *p, size_t n, size_t size);
char *xprintf(const char *fmt, ...) PRINTF_LIKE(1, 2);

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

#endif
