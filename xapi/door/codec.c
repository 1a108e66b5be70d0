/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* codec: what both directions of both codecs share; see codec.h. */
#include "xapi/door/codec.h"

#include <string.h>

#include "lib/utf8.h"

const char *codec_clean(struct pool *p, const char *text, size_t *len,
                        bool *ret_replaced)
{
    const char *good = utf8_text(p, text, len);

    *ret_replaced = good != text;
    return good;
}

/* Length of the character at S; 0 when XenAPI cannot hold it. */
static size_t good_len(const char *s, size_t len, bool replaced)
{
    unsigned char c = (unsigned char)s[0];
    size_t n;

    if (c < 0x80)
        return c >= ' ' || c == '\t' || c == '\n' || c == '\r';
    n = utf8_len(s, len);
    if (n == 3 && !memcmp(s, "\xef\xbf", 2) &&
        ((s[2] & 0x3e) == 0x3e || (replaced && s[2] == UTF8_BAD[2])))
        return 0;
    return n;
}

static const char *show(const char *text, size_t len, bool replaced,
                        struct pool *p)
{
    AUTO_STR struct str shown = STR_INIT(4096);

    for (size_t i = 0, n; i < len; i += n) {
        n = utf8_len(text + i, len - i);
        if (good_len(text + i, len - i, replaced))
            str_addn(&shown, text + i, n);
        else
            str_add(&shown, UTF8_BAD);
        n = n ? n : 1;
    }
    return pool_strn(p, str_text(&shown), shown.len);
}

static const char *bad_text(const char *text, size_t len, bool replaced,
                            struct pool *p)
{
    for (size_t i = utf8_plain(text, len), n; i < len; i += n) {
        n = good_len(text + i, len - i, replaced);
        if (!n)
            return show(text, len, replaced, p);
    }
    return NULL;
}

const char *codec_bad_text(const struct value *v, bool replaced, struct pool *p)
{
    const char *found = NULL;

    if (v->kind == VALUE_STRING)
        return bad_text(v->s.text, v->s.len, replaced, p);
    if (v->kind != VALUE_LIST && v->kind != VALUE_STRUCT)
        return NULL;
    for (const struct value *kid = v->kids.first; kid && !found;
         kid = kid->next) {
        if (v->kind == VALUE_STRUCT)
            found = bad_text(kid->name, strlen(kid->name), replaced, p);
        if (!found)
            found = codec_bad_text(kid, replaced, p);
    }
    return found;
}

static struct value *as_string(struct pool *p, const struct value *v)
{
    switch (v->kind) {
    case VALUE_NIL:
        return value_string(p, "");
    case VALUE_BOOL:
        return value_string(p, v->b ? "true" : "false");
    case VALUE_INT:
        return value_printf(p, "%lld", (long long)v->i);
    case VALUE_DOUBLE:
        return value_printf(p, "%.16g", v->d);
    case VALUE_STRING:
        return value_stringn(p, v->s.text, v->s.len);
    case VALUE_LIST:
    case VALUE_STRUCT:
        return NULL;
    }
    return NULL;
}

struct err *codec_failure(struct pool *p, const struct value *failure,
                          struct value **ret)
{
    struct value *words = value_list(p), *word;

    if (failure->kind != VALUE_LIST || !failure->kids.n)
        return ERR_AS(input, "the failure is no list of words");
    value_each(item, failure)
    {
        word = as_string(p, item);
        if (!word)
            return ERR_AS(input, "a word of the failure is a %s",
                          value_kind_name(item->kind));
        value_append(words, word);
    }
    *ret = words;
    return NULL;
}
