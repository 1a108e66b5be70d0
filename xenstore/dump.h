/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * dump: nodes as lines of text, one each, parents first: what `xenstore-ls -fp`
 * and `xenstore-ls -f` print.
 *
 *     /local/domain/0/name = "Domain-0"   (n0,r1)
 */
#ifndef XENSTORE_DUMP_H
#define XENSTORE_DUMP_H

#include "lib/str.h"
#include "xenstore/tree.h"

#define DUMP_FILE_MAX (64u << 20)

struct dump_node {
    const char *path;
    const char *value;
    size_t len;
    const char *perms; /* as the daemon takes them: a NUL behind each; NULL:
                        * the line had none */
    size_t perms_len;
};

struct dump {
    struct dump_node *nodes;
    size_t n;
};

/* The line of a node whose value is known. */
void dump_add(const struct tree *node, struct str *out);

/* A whole file; errors say NAME:LINE. Empty lines and lines that begin with #
 * are skipped. */
struct err *dump_parse(struct pool *p, const char *name, const char *text,
                       struct dump *ret) MUST_USE;

#endif
