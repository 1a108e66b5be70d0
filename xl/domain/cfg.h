/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cfg: the language of xl.cfg(5) and xl.conf(5): text to values with places.
 *
 * The result is a struct value whose members are VALUE_STRING (numbers too:
 * the language does not tell `3` from `"3"`; kinds decide) or VALUE_LIST of
 * such, nested. What libxlutil's xlu_cfg_* understands of an input, this
 * understands the same way; a differential test and a fuzz target hold it to
 * that. Knows no key names and no libxl.
 */
#ifndef XL_DOMAIN_CFG_H
#define XL_DOMAIN_CFG_H

#include "lib/diag.h"
#include "lib/value.h"

#define CFG_SIZE_MAX (1u << 20)
#define CFG_DEPTH_MAX 64
#define CFG_SETTINGS_MAX 10000

/* Parses SOURCE into the struct RECORD, over what is there (later settings
 * win, += appends). RECORD's place becomes the first source as a whole. All
 * syntax errors go to DIAGS, each at its place; parsing goes on at the next
 * setting or list item. A name set twice in one source is a warning. Values
 * point into SOURCE, which has to live as long. */
void cfg_parse(struct pool *p, const struct source *source,
               struct value *record, struct diags *diags);

/* Reads and parses a file ("-": standard input). The error is about reading
 * only (missing, unreadable, a directory, too large). */
struct err *cfg_parse_file(struct pool *p, const char *path,
                           struct value *record, struct diags *diags) MUST_USE;

/* Words of a command line (`memory=64`, `cpus="0-3"; pci=["01:05.1"]`), as if
 * each were a line more at the end of the file: in complaints the N-th word is
 * line N of "command line". */
void cfg_parse_words(struct pool *p, const char *const *words, size_t n,
                     struct value *record, struct diags *diags);

#endif
