/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * json: text to value and back, by yajl. Structs keep their order; a name that
 * comes twice is an error; numbers that fit are ints, others doubles.
 */
#ifndef LIB_JSON_H
#define LIB_JSON_H

#include "lib/str.h"
#include "lib/value.h"

#define JSON_DEPTH_MAX 100

/* Errors say line:column. */
struct err *json_parse(struct pool *p, const char *text, size_t len,
                       struct value **ret) MUST_USE;
/* The same of a text that stays: values and names know where they stand in it
 * (strings with escapes in them only about). */
struct err *json_parse_source(struct pool *p, const struct source *source,
                              struct value **ret) MUST_USE;
/* PRETTY: four spaces a level and a newline at the end, as yajl and `xl list
 * -l` print. A string that is not UTF-8 is printed with U+FFFD in the place of
 * each bad byte. V nests no deeper than yajl prints (128 levels). */
void json_print(const struct value *v, bool pretty, struct str *out);

#endif
