/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* utf8: see utf8.h. Text is ASCII mostly: eight bytes at a time. */
#include "lib/utf8.h"

#include <string.h>

size_t utf8_len(const char *text, size_t len)
{
    const unsigned char *s = (const unsigned char *)text;
    size_t n = s[0] < 0x80   ? 1
               : s[0] < 0xc2 ? 0
               : s[0] < 0xe0 ? 2
               : s[0] < 0xf0 ? 3
               : s[0] < 0xf5 ? 4
                             : 0;

    if (n > len)
        return 0;
    for (size_t i = 1; i < n; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    }
    if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
        (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
        return 0;
    return n;
}

/* How much of S is UTF-8. */
static size_t valid_len(const char *s, size_t len)
{
    size_t i = 0, n;
    uint64_t word;

    while (i < len) {
        if (len - i >= sizeof(word)) {
            memcpy(&word, s + i, sizeof(word));
            if (!(word & 0x8080808080808080)) {
                i += sizeof(word);
                continue;
            }
        }
        n = utf8_len(s + i, len - i);
        if (!n)
            break;
        i += n;
    }
    return i;
}

size_t utf8_plain(const char *s, size_t len)
{
    size_t i = 0;
    uint64_t word;

    for (; len - i >= sizeof(word); i += sizeof(word)) {
        memcpy(&word, s + i, sizeof(word));
        /* a byte is 0x80 or more, or less than ' ' */
        if ((word | (word - 0x2020202020202020)) & 0x8080808080808080)
            break;
    }
    return i;
}

bool utf8_valid(const char *s, size_t len)
{
    return valid_len(s, len) == len;
}

void utf8_add(struct str *out, const char *text, size_t len)
{
    for (;;) {
        size_t n = valid_len(text, len);

        str_addn(out, text, n);
        if (n == len)
            return;
        str_add(out, UTF8_BAD);
        text += n + 1;
        len -= n + 1;
    }
}

const char *utf8_text(struct pool *p, const char *text, size_t *len)
{
    AUTO_STR struct str good = STR_INIT(SIZE_MAX / 2);

    if (utf8_valid(text, *len))
        return text;
    utf8_add(&good, text, *len);
    *len = good.len;
    return pool_strn(p, str_text(&good), good.len);
}

uint32_t utf8_char(const char *s, size_t len)
{
    static const unsigned char first[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    uint32_t ch = (unsigned char)s[0] & first[len];

    for (size_t i = 1; i < len; i++)
        ch = ch << 6 | ((unsigned char)s[i] & 0x3f);
    return ch;
}

void utf8_add_char(struct str *out, uint32_t ch)
{
    static const unsigned char first[] = {0, 0, 0xc0, 0xe0, 0xf0};
    int len = ch < 0x80 ? 1 : ch < 0x800 ? 2 : ch < 0x10000 ? 3 : 4;

    str_addc(out, (char)(first[len] | ch >> 6 * (len - 1)));
    while (--len)
        str_addc(out, (char)(0x80 | (ch >> 6 * (len - 1) & 0x3f)));
}
