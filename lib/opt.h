/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * opt: a command line into a struct, by the rows of a slot table.
 *
 * Options as getopt_long takes them: -x, -xVALUE, -x VALUE, -xyz, --name,
 * --name=VALUE, --name VALUE, unambiguous beginnings of long names, options
 * after arguments, `--` ends options. Rows with SLOT_ARG are the positional
 * arguments in order; the last may be SLOT_REST.
 */
#ifndef LIB_OPT_H
#define LIB_OPT_H

#include "lib/slot.h"
#include "lib/str.h"

/* Rows, aligned by hand at the users. letter 0: long name only; a name of
 * NULL ends the table, so an option without a long name is named by
 * OPT_SHORT. */
#define OPT(letter_, name_, ...)                      \
    {                                                 \
        .name = name_, .letter = letter_, __VA_ARGS__ \
    }
/* The long name is then the letter itself and is not offered as `--x`. */
#define OPT_SHORT(letter_, ...)                                            \
    {                                                                      \
        .name = (const char[]){letter_, 0}, .letter = letter_, __VA_ARGS__ \
    }
#define ARG(name_, ...)                               \
    {                                                 \
        .name = name_, .flags = SLOT_ARG, __VA_ARGS__ \
    }
#define ARG_OPTIONAL(name_, ...)                                      \
    {                                                                 \
        .name = name_, .flags = SLOT_ARG | SLOT_OPTIONAL, __VA_ARGS__ \
    }
#define ARGS(name_, ...) /* none or more */                           \
    {                                                                 \
        .name = name_, .flags = SLOT_ARG | SLOT_OPTIONAL | SLOT_REST, \
        __VA_ARGS__                                                   \
    }
#define ARGS_SOME(name_, ...) /* one or more */                   \
    {                                                             \
        .name = name_, .flags = SLOT_ARG | SLOT_REST, __VA_ARGS__ \
    }
#define OPT_END      \
    {                \
        .name = NULL \
    }

struct opt_parse {
    bool stop_at_argument; /* global options: the rest belongs to another */
    int n_used;            /* result: words taken */
    bool help;             /* result: -h or --help was given, no more set */
};

/* Parses argv[1..argc-1] into BASE. An error is of kind usage. */
struct err *opt_parse(const struct slot *rows, int argc, char *const argv[],
                      void *base, struct pool *p,
                      struct opt_parse *parse) MUST_USE;

/* "[-w] [--timeout SECONDS] DOMAIN [ID...]" */
void opt_usage(const struct slot *rows, struct str *out);
/* "-w, --timeout=SECONDS" or "DOMAIN" */
void opt_term(const struct slot *slot, struct str *out);
/* One aligned line an option or argument, with its sentence. */
void opt_help(const struct slot *rows, struct str *out);

#endif
