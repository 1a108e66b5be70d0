/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * quote: values as text on one line, as Debian's xenstore tools show and take
 * them. Bytes from ' ' to '~' stand for themselves but for the backslash; \t
 * \n \r \\ are those; other bytes below 8 are three octal digits (\001), all
 * others two hex ones (\xff). What quote_add gives, quote_undo takes back.
 */
#ifndef XENSTORE_QUOTE_H
#define XENSTORE_QUOTE_H

#include "lib/str.h"

void quote_add(struct str *out, const char *value, size_t len);
/* In P. */
char *quote(struct pool *p, const char *value, size_t len);

/* Never longer than TEXT. Also takes one to three octal digits (low eight bits
 * count) and one hex digit; a backslash before anything else stands for that,
 * one at the end for itself. In P; *ret_len may count NULs inside. */
char *quote_undo(struct pool *p, const char *text, size_t len, size_t *ret_len);

#endif
