/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tree: a node of XenStore and all below it, read with as many requests
 * outstanding as there may be. Nodes that vanish while it is read are
 * left out.
 */
#ifndef XENSTORE_TREE_H
#define XENSTORE_TREE_H

#include "xenstore/store.h"

struct tree {
    const char *name; /* of the root: its path as it was asked for */
    const char *path;
    const char *value; /* NULL: it may not be read */
    size_t len;        /* of value, which may have NULs inside */
    char **perms;      /* when asked for; NULL: they may not be read */
    size_t n_perms;
    const struct tree *parent;
    int errnum;         /* why its children are not known, 0: they are */
    struct tree **kids; /* in the daemon's order */
    size_t n_kids;
};

struct tree_opts {
    bool perms;
    bool sorted; /* children by name, not as the daemon orders them */
};

/* In P. A root that is not there is kind not_found. */
struct err *tree_read(struct store *s, struct pool *p, const char *path,
                      const struct tree_opts *opts, struct tree **ret) MUST_USE;

/* Calls FN for the nodes below ROOT, parents first. DEPTH is 0 for the
 * children of ROOT. */
typedef void tree_fn(const struct tree *node, unsigned depth, void *arg);
void tree_each(const struct tree *root, tree_fn *fn, void *arg);

#endif
