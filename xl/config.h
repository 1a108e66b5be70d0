/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * config: what the commands share that take a configuration from the command
 * line, and those that print one.
 */
#ifndef XL_CONFIG_H
#define XL_CONFIG_H

#include <stdio.h>

#include "xl/xl.h"

/* The rows of what a configuration is given by. STRCT has their members:
 * `const char *file`, `bool debug` and `struct slot_words words`. */
#define OPT_CONFIG_FILE(strct)                                    \
    OPT('f', "defconfig", SLOT_WORD(strct, file), .unit = "FILE", \
        .doc = "The configuration file (- is standard input).")
#define OPT_CONFIG_DEBUG(strct)             \
    OPT_SHORT('d', SLOT_FLAG(strct, debug), \
              .doc = "Print what libxl gets, as JSON, on standard error.")
#define ARGS_CONFIG(strct)                                           \
    ARGS("word", SLOT_WORDS(strct, words), .unit = "FILE|KEY=VALUE", \
         .doc = "The configuration file, and settings over those in it.")

/* Parts WORDS into settings, those with a `=`, and files, before which may be
 * FILE, the -f option's. What is a pattern and no file (the shell did not see
 * it) is all that match. */
struct err *config_sort_all(const char *file, const struct slot_words *words,
                            struct pool *p, struct slot_words *ret_files,
                            struct slot_words *ret_settings) MUST_USE;
/* The same for at most one file; NULL when there is none. */
struct err *config_sort(const char *file, const struct slot_words *words,
                        struct pool *p, const char **ret_file,
                        struct slot_words *ret_settings) MUST_USE;

/* An error when xl.conf wants configurations printed as S-expressions. */
struct err *config_check_format(const struct xl *xl) MUST_USE;

/* Prints G as guest_json does. */
struct err *config_print(const struct xl *xl, const struct guest *g, long domid,
                         FILE *to) MUST_USE;

#endif
