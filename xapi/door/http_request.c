/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* http_request: what a handler asks a request: headers, parameters, cookies,
 * who it says it is; see http.h. */
#include <ctype.h>
#include <openssl/evp.h>
#include <string.h>

#include "xapi/door/http.h"

const char *http_header(const struct http_request *r, const char *name)
{
    for (size_t i = 0; i < r->n_headers; i++) {
        if (!strcmp(r->headers[i].name, name))
            return r->headers[i].value;
    }
    return NULL;
}

static int hex_digit(char c)
{
    return isdigit((unsigned char)c)    ? c - '0'
           : isxdigit((unsigned char)c) ? tolower((unsigned char)c) - 'a' + 10
                                        : -1;
}

/* What is no %XX, and %00, stays as it is. FORM: a + is a space. */
static const char *decode(struct pool *p, const char *text, size_t len,
                          bool form)
{
    char *to = pool_strn(p, text, len), *out = to;

    for (size_t i = 0; i < len; i++) {
        int high = len - i > 2 && text[i] == '%' ? hex_digit(text[i + 1]) : -1;
        int low = high >= 0 ? hex_digit(text[i + 2]) : -1;

        if (low >= 0 && (high || low)) {
            *out++ = (char)(16 * high + low);
            i += 2;
        } else {
            *out++ = form && text[i] == '+' ? ' ' : text[i];
        }
    }
    *out = '\0';
    return to;
}

/* "a=b", "c=d" between SEPARATORS, decoded. */
static struct http_pair *split_pairs(struct pool *p, const char *text,
                                     const char *separators, bool form,
                                     size_t *ret_n)
{
    struct http_pair *pairs = NULL;
    size_t n = 0;

    while (*text) {
        size_t len, name;

        text += strspn(text, separators);
        len = strcspn(text, separators);
        name = strcspn(text, "=");
        if (len) {
            struct http_pair *pair = pool_push(p, pairs, n);

            name = name < len ? name : len;
            pair->name = decode(p, text, name, form);
            pair->value = name < len
                              ? decode(p, text + name + 1, len - name - 1, form)
                              : "";
        }
        text += len;
    }
    *ret_n = n;
    return pairs;
}

static const char *find_pair(const struct http_pair *pairs, size_t n,
                             const char *name)
{
    for (size_t i = 0; i < n; i++) {
        if (!strcmp(pairs[i].name, name))
            return pairs[i].value;
    }
    return NULL;
}

const struct http_pair *http_params(struct http_request *r, size_t *ret_n)
{
    return split_pairs(r->pool, r->query ? r->query : "", "&", true, ret_n);
}

const char *http_param(struct http_request *r, const char *name)
{
    size_t n;
    const struct http_pair *pairs = http_params(r, &n);

    return find_pair(pairs, n, name);
}

const char *http_cookie(struct http_request *r, const char *name)
{
    const char *text = http_header(r, "cookie");
    struct http_pair *pairs;
    size_t n;

    if (!text)
        return NULL;
    pairs = split_pairs(r->pool, text, "; &", false, &n);
    return find_pair(pairs, n, name);
}

/* Base64 with its padding, to a text. */
static char *decode_base64(struct pool *p, const char *text)
{
    size_t len = strlen(text), padding = 0;
    unsigned char *out = pool_alloc(p, len / 4 * 3 + 1);
    int n = len < 1 << 16
                ? EVP_DecodeBlock(out, (const unsigned char *)text, (int)len)
                : -1;

    while (padding < 2 && padding < len && text[len - 1 - padding] == '=')
        padding++;
    if (n < (int)padding)
        return NULL;
    out[(size_t)n - padding] = '\0';
    return (char *)out;
}

bool http_basic(struct http_request *r, const char **ret_user,
                const char **ret_password)
{
    const char *text = http_header(r, "authorization");
    char *both, *colon;

    if (!text || strncasecmp(text, "basic ", 6))
        return false;
    both = decode_base64(r->pool, text + 6 + strspn(text + 6, " "));
    colon = both ? strchr(both, ':') : NULL;
    if (!colon)
        return false;
    *colon = '\0';
    *ret_user = both;
    *ret_password = colon + 1;
    return true;
}
