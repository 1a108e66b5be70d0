/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* quote: see quote.h. */
#include "xenstore/quote.h"

#include <ctype.h>
#include <string.h>

static const struct {
    char byte, letter;
} letters[] = {{'\t', 't'}, {'\n', 'n'}, {'\r', 'r'}, {'\\', '\\'}};

static void add_escaped(struct str *out, unsigned char c)
{
    for (size_t i = 0; i < ARRAY_LEN(letters); i++) {
        if (letters[i].byte == c) {
            str_addc(out, '\\');
            str_addc(out, letters[i].letter);
            return;
        }
    }
    str_addf(out, c < 8 ? "\\%03o" : "\\x%02x", c);
}

void quote_add(struct str *out, const char *value, size_t len)
{
    size_t plain = 0;

    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)value[i];

        if (c >= ' ' && c <= '~' && c != '\\')
            continue;
        str_addn(out, value + plain, i - plain);
        add_escaped(out, c);
        plain = i + 1;
    }
    str_addn(out, value + plain, len - plain);
}

char *quote(struct pool *p, const char *value, size_t len)
{
    AUTO_STR struct str out = STR_INIT(STR_MAX);

    quote_add(&out, value, len);
    return pool_str(p, str_text(&out));
}

/* Up to MAX digits of BASE at *AT, the low eight bits of what they say. */
static char number(const char *text, size_t len, size_t *at, int base,
                   size_t max)
{
    char digits[4] = "";

    for (size_t n = 0; n < max && *at < len; n++, ++*at) {
        char c = text[*at];

        if (base == 8 ? c < '0' || c > '7' : !isxdigit((unsigned char)c))
            break;
        digits[n] = c;
    }
    return (char)strtoul(digits, NULL, base);
}

/* What stands behind a backslash at *AT, which is not the end. */
static char unescape(const char *text, size_t len, size_t *at)
{
    char c = text[*at];

    if (c >= '0' && c <= '7')
        return number(text, len, at, 8, 3);
    ++*at;
    if (c == 'x' && *at < len && isxdigit((unsigned char)text[*at]))
        return number(text, len, at, 16, 2);
    for (size_t i = 0; i < ARRAY_LEN(letters); i++) {
        if (letters[i].letter == c)
            return letters[i].byte;
    }
    return c;
}

char *quote_undo(struct pool *p, const char *text, size_t len, size_t *ret_len)
{
    char *out = pool_alloc(p, len + 1);
    size_t n = 0;

    for (size_t at = 0; at < len;) {
        char c = text[at++];

        out[n++] = c == '\\' && at < len ? unescape(text, len, &at) : c;
    }
    out[n] = '\0';
    *ret_len = n;
    return out;
}
