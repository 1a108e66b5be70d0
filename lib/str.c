/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* str: see str.h. */
#include "lib/str.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

/* The least that is allocated: to grow from less is dearer than the bytes. */
#define SIZE_MIN 256
#define SMALL 1024

void str_done(struct str *s)
{
    free(s->text);
    s->text = NULL;
    s->len = s->size = 0;
    s->full = false;
}

void str_clear(struct str *s)
{
    s->len = 0;
    s->full = false;
    if (s->text)
        s->text[0] = '\0';
}

/* Most of the time; when not, make_room has the last word. */
static inline bool has_room(const struct str *s, size_t len)
{
    return len < s->size - s->len && s->len + len <= s->max && !s->full;
}

/* Makes room for LEN more characters; false when the maximum forbids it. */
static bool make_room(struct str *s, size_t len)
{
    size_t want = s->len + len + 1;

    if (s->full || len > s->max || s->len + len > s->max) {
        s->full = true;
        return false;
    }
    if (want <= s->size)
        return true;
    if (want < 2 * s->size)
        want = 2 * s->size;
    if (want < SIZE_MIN)
        want = SIZE_MIN;
    s->text = xrealloc(s->text, want, 1);
    s->size = want;
    return true;
}

void str_addn(struct str *s, const char *text, size_t len)
{
    if (!has_room(s, len) && !make_room(s, len))
        return;
    if (len)
        memcpy(s->text + s->len, text, len);
    s->len += len;
    s->text[s->len] = '\0';
}

void str_addc(struct str *s, char c)
{
    str_addn(s, &c, 1);
}

void str_repeat(struct str *s, char c, size_t n)
{
    if (!make_room(s, n))
        return;
    memset(s->text + s->len, c, n);
    s->len += n;
    s->text[s->len] = '\0';
}

/* Into the room that is there, and again when that was too little. */
void str_vaddf(struct str *s, const char *fmt, va_list ap)
{
    size_t room = s->full ? 0 : s->size - s->len;
    va_list again;
    int len;

    va_copy(again, ap);
    len = vsnprintf(room ? s->text + s->len : NULL, room, fmt, ap);
    if (len < 0)
        abort();
    if (make_room(s, (size_t)len)) {
        if ((size_t)len >= room)
            vsnprintf(s->text + s->len, (size_t)len + 1, fmt, again);
        s->len += (size_t)len;
    } else if (room) {
        s->text[s->len] = '\0';
    }
    va_end(again);
}

void str_addf(struct str *s, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    str_vaddf(s, fmt, ap);
    va_end(ap);
}

void str_addu(struct str *s, uint64_t n, unsigned min)
{
    char digits[20];
    unsigned i = sizeof(digits);

    for (; i && (n || min); n /= 10) {
        digits[--i] = (char)('0' + n % 10);
        min -= min > 0;
    }
    str_addn(s, digits + i, sizeof(digits) - i);
}

/* What is next to the middle between two roundings, or large, is printf's. */
void str_addd(struct str *s, double d, unsigned decimals)
{
    static const double scales[] = {1, 10, 100, 1000};
    double scaled = fabs(d) * scales[decimals], whole = trunc(scaled);
    double rest = scaled - whole;
    uint64_t n, scale = (uint64_t)scales[decimals];

    if (!(scaled < 1e9) || fabs(rest - 0.5) < 1e-6) {
        str_addf(s, "%.*f", (int)decimals, d);
        return;
    }
    n = (uint64_t)whole + (rest > 0.5);
    if (signbit(d))
        str_addc(s, '-');
    str_addu(s, n / scale, 1);
    if (decimals) {
        str_addc(s, '.');
        str_addu(s, n % scale, decimals);
    }
}

void str_insert(struct str *s, size_t at, char c, size_t n)
{
    if (!n || !make_room(s, n))
        return;
    memmove(s->text + at + n, s->text + at, s->len - at);
    memset(s->text + at, c, n);
    s->len += n;
    s->text[s->len] = '\0';
}

void str_cut(struct str *s, size_t len)
{
    if (len < s->len)
        s->text[s->len = len] = '\0';
}

const char *str_text(const struct str *s)
{
    return s->text ? s->text : "";
}

char *str_take(struct str *s)
{
    char *text = s->text ? s->text : xstrdup("");

    s->text = NULL;
    str_done(s);
    return text;
}

bool text_eq(const char *a, const char *b)
{
    return a && b ? !strcmp(a, b) : a == b;
}

void text_lower(char *s)
{
    for (; *s; s++)
        if (*s >= 'A' && *s <= 'Z')
            *s = (char)(*s - 'A' + 'a');
}

bool text_has_prefix(const char *s, const char *prefix)
{
    return !strncmp(s, prefix, strlen(prefix));
}

bool text_has_suffix(const char *s, const char *suffix)
{
    size_t len = strlen(s), suffix_len = strlen(suffix);

    return len >= suffix_len && !strcmp(s + len - suffix_len, suffix);
}

char *text_trim(struct pool *p, const char *s)
{
    size_t len;

    while (isspace((unsigned char)*s))
        s++;
    len = strlen(s);
    while (len && isspace((unsigned char)s[len - 1]))
        len--;
    return pool_strn(p, s, len);
}

char **text_split(struct pool *p, const char *s, char separator, size_t *ret_n)
{
    char **parts = NULL;
    size_t n = 0;

    for (;;) {
        const char *end = strchrnul(s, separator);

        *pool_push(p, parts, n) = pool_strn(p, s, (size_t)(end - s));
        if (!*end)
            break;
        s = end + 1;
    }
    if (ret_n)
        *ret_n = n;
    *pool_push(p, parts, n) = NULL;
    return parts;
}

char *text_join(struct pool *p, const char *const *words, size_t n,
                const char *between, const char *last)
{
    AUTO_STR struct str s = STR_INIT(STR_MAX);

    for (size_t i = 0; i < n; i++) {
        if (i)
            str_add(&s, i + 1 == n ? last : between);
        str_add(&s, words[i]);
    }
    return pool_str(p, str_text(&s));
}

struct err *text_to_int(const char *s, int base, int64_t min, int64_t max,
                        int64_t *ret)
{
    long long n;
    char *end;

    errno = 0;
    n = strtoll(s, &end, base);
    if (!*s || isspace((unsigned char)*s) || *end)
        return ERR_AS(input, "'%s' is not a number", s);
    if (errno == ERANGE || n < min || n > max) {
        if (max == INT64_MAX && min != INT64_MIN)
            return ERR_AS(input, "%s is too %s: %" PRId64 " is the %s", s,
                          n < min ? "small" : "large", n < min ? min : max,
                          n < min ? "least" : "most");
        return ERR_AS(input, "%s is out of range: %" PRId64 " to %" PRId64, s,
                      min, max);
    }
    *ret = n;
    return NULL;
}

struct err *text_to_double(const char *s, double min, double max, double *ret)
{
    char *end;
    double d = strtod(s, &end);

    if (!*s || isspace((unsigned char)*s) || *end || !isfinite(d))
        return ERR_AS(input, "'%s' is not a number", s);
    if (d < min || d > max)
        return ERR_AS(input, "%s is out of range: %g to %g", s, min, max);
    *ret = d;
    return NULL;
}

char *xstrdup(const char *s)
{
    char *copy = s ? strdup(s) : NULL;

    if (s && !copy)
        abort();
    return copy;
}

void *xcalloc(size_t n, size_t size)
{
    size_t bytes = 1;
    void *p;

    if (n && size && __builtin_mul_overflow(n, size, &bytes))
        abort();
    /* glibc has small memory at hand for malloc, not for calloc */
    p = bytes <= SMALL ? malloc(bytes) : calloc(1, bytes);
    if (!p)
        abort();
    return bytes <= SMALL ? memset(p, 0, bytes) : p;
}

void *xrealloc(void *p, size_t n, size_t size)
{
    p = reallocarray(p, n ? n : 1, size ? size : 1);
    if (!p)
        abort();
    return p;
}

char *xprintf(const char *fmt, ...)
{
    va_list ap;
    char *s;

    va_start(ap, fmt);
    if (vasprintf(&s, fmt, ap) < 0)
        abort();
    va_end(ap);
    return s;
}
