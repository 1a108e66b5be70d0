/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* utf8: which bytes are UTF-8. */
#ifndef LIB_UTF8_H
#define LIB_UTF8_H

#include "lib/str.h"

#define UTF8_BAD "\xef\xbf\xbd" /* U+FFFD, in the place of what is none */

/* Length of the UTF-8 character at S, 0 when there is none. LEN is not 0. */
size_t utf8_len(const char *s, size_t len);
bool utf8_valid(const char *s, size_t len);
/* How many bytes at the beginning of S are ASCII and no control characters: in
 * steps of eight, what is left is for who asks. */
size_t utf8_plain(const char *s, size_t len);
/* Adds TEXT with UTF8_BAD in the place of each byte that is not UTF-8. */
void utf8_add(struct str *out, const char *text, size_t len);
/* TEXT itself when it is UTF-8, else a copy as by utf8_add. */
const char *utf8_text(struct pool *p, const char *text, size_t *len);
/* The character in the LEN bytes at S, of which utf8_len has said that. */
uint32_t utf8_char(const char *s, size_t len);
/* Adds a character, which is at most 0x10ffff. */
void utf8_add_char(struct str *out, uint32_t ch);

#endif
