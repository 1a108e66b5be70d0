/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tree: see tree.h. */
#include "xenstore/tree.h"

#include <errno.h>
#include <string.h>

#include "lib/str.h"

/* Nodes whose requests go out together. */
struct level {
    struct tree **nodes;
    size_t n;
};

static size_t reqs_per_node(const struct tree_opts *opts)
{
    return opts->perms ? 3 : 2;
}

static struct err *ask(struct store *s, struct pool *p,
                       const struct tree_opts *opts, const struct level *level,
                       struct store_req **ret_reqs)
{
    size_t each = reqs_per_node(opts);
    struct store_req *reqs = pool_alloc(p, (level->n * each + 1) *
                                               sizeof(*reqs));

    for (size_t i = 0; i < level->n; i++) {
        struct store_req *r = &reqs[i * each];

        r[0] = (struct store_req){.op = STORE_LIST};
        r[1] = (struct store_req){.op = STORE_READ};
        if (opts->perms)
            r[2] = (struct store_req){.op = STORE_GET_PERMS};
        for (size_t j = 0; j < each; j++)
            r[j].path = level->nodes[i]->path;
    }
    TRY(store_run(s, reqs, level->n * each, p));
    *ret_reqs = reqs;
    return NULL;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void add_kids(struct pool *p, struct tree *node, struct store_req *list)
{
    bool root = !strcmp(node->path, "/");

    node->n_kids = list->n_names;
    node->kids = pool_alloc(p, (node->n_kids + 1) * sizeof(*node->kids));
    for (size_t i = 0; i < node->n_kids; i++) {
        struct tree *kid = pool_new_of(p, struct tree);

        kid->name = list->names[i];
        kid->path = pool_printf(p, "%s/%s", root ? "" : node->path, kid->name);
        kid->parent = node;
        node->kids[i] = kid;
    }
}

/* Takes a node's answers; false: it has vanished meanwhile. */
static bool take(struct pool *p, const struct tree_opts *opts,
                 struct tree *node, struct store_req *reqs)
{
    for (size_t i = 0; i < reqs_per_node(opts); i++) {
        if (reqs[i].errnum == ENOENT)
            return false;
    }
    node->errnum = reqs[0].errnum;
    node->value = reqs[1].text;
    node->len = reqs[1].len;
    if (opts->perms) {
        node->perms = reqs[2].names;
        node->n_perms = reqs[2].n_names;
    }
    if (opts->sorted && reqs[0].n_names)
        qsort(reqs[0].names, reqs[0].n_names, sizeof(*reqs[0].names), by_name);
    add_kids(p, node, &reqs[0]);
    return true;
}

static void forget(struct tree *node)
{
    struct tree *parent = (struct tree *)node->parent;
    size_t n = 0;

    for (size_t i = 0; i < parent->n_kids; i++) {
        if (parent->kids[i] != node)
            parent->kids[n++] = parent->kids[i];
    }
    parent->n_kids = n;
}

/* The next level, from the answers to this one. */
static struct level next_level(struct pool *p, const struct tree_opts *opts,
                               const struct level *level,
                               struct store_req *reqs)
{
    struct level next = {0};

    for (size_t i = 0; i < level->n; i++) {
        struct tree *node = level->nodes[i];

        if (!take(p, opts, node, &reqs[i * reqs_per_node(opts)])) {
            forget(node);
            continue;
        }
        for (size_t j = 0; j < node->n_kids; j++)
            *pool_push(p, next.nodes, next.n) = node->kids[j];
    }
    return next;
}

static struct err *check_root(const struct tree_opts *opts,
                              const struct store_req *reqs)
{
    TRY(store_req_err(&reqs[0]));
    for (size_t i = 1; i < reqs_per_node(opts); i++) {
        if (reqs[i].errnum == ENOENT)
            return store_req_err(&reqs[i]);
    }
    return NULL;
}

struct err *tree_read(struct store *s, struct pool *p, const char *path,
                      const struct tree_opts *opts, struct tree **ret)
{
    struct tree *root = pool_new_of(p, struct tree);
    struct level level = {.nodes = &root, .n = 1};
    bool first = true;

    root->name = root->path = pool_str(p, path);
    while (level.n) {
        struct store_req *reqs = NULL;

        TRY(ask(s, p, opts, &level, &reqs));
        if (first)
            TRY(check_root(opts, reqs));
        first = false;
        level = next_level(p, opts, &level, reqs);
    }
    *ret = root;
    return NULL;
}

static void each(const struct tree *node, unsigned depth, tree_fn *fn,
                 void *arg)
{
    for (size_t i = 0; i < node->n_kids; i++) {
        fn(node->kids[i], depth, arg);
        each(node->kids[i], depth + 1, fn, arg);
    }
}

void tree_each(const struct tree *root, tree_fn *fn, void *arg)
{
    each(root, 0, fn, arg);
}
