/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tree: see tree.h. */
#include "xenstore/tree.h"

#include <errno.h>
#include <string.h>

#include "lib/str.h"
#include "xenstore/lanes.h"

/* One reading of a tree: a node's children are asked for as soon as its own
 * answers are there. */
struct walk {
    struct pool *pool;
    const struct tree_opts *opts;
    struct lanes lanes;
    size_t n_left; /* nodes that have been asked for and not answered */
    struct err *e; /* why no more is asked for */
};

/* What is asked about one node. */
struct ask {
    struct store_batch batch;
    struct store_req reqs[3];
    struct tree *node;
    struct walk *walk;
};

static store_done_fn take;

static void ask(struct walk *w, struct tree *node)
{
    struct ask *a = pool_new_of(w->pool, struct ask);

    a->node = node;
    a->walk = w;
    a->reqs[0].op = STORE_LIST;
    a->reqs[1].op = STORE_READ;
    a->reqs[2].op = STORE_GET_PERMS;
    a->batch = (struct store_batch){.pool = w->pool,
                                    .reqs = a->reqs,
                                    .n = w->opts->perms ? 3 : 2,
                                    .done = take,
                                    .arg = a};
    for (size_t i = 0; i < a->batch.n; i++)
        a->reqs[i].path = node->path;
    if (!w->e)
        w->e = lanes_submit(&w->lanes, &a->batch);
    w->n_left += !w->e;
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

/* A request that came to that end; NULL: none. */
static const struct store_req *find(const struct ask *a, int errnum)
{
    for (size_t i = 0; i < a->batch.n; i++) {
        if (a->reqs[i].errnum == errnum)
            return &a->reqs[i];
    }
    return NULL;
}

static void fill(struct walk *w, struct tree *node, struct store_req *reqs)
{
    node->errnum = reqs[0].errnum;
    node->value = reqs[1].text;
    node->len = reqs[1].len;
    node->perms = reqs[2].names;
    node->n_perms = reqs[2].n_names;
    if (w->opts->sorted && reqs[0].n_names)
        qsort(reqs[0].names, reqs[0].n_names, sizeof(*reqs[0].names), by_name);
    add_kids(w->pool, node, &reqs[0]);
    for (size_t i = 0; i < node->n_kids; i++)
        ask(w, node->kids[i]);
}

static void take(struct store_batch *b)
{
    struct ask *a = b->arg;
    struct walk *w = a->walk;
    const struct store_req *gone = find(a, ENOENT);

    w->n_left--;
    if (w->e || find(a, STORE_LOST))
        return;
    if (!gone && (a->node->parent || !a->reqs[0].errnum))
        fill(w, a->node, a->reqs);
    else if (a->node->parent)
        forget(a->node);
    else
        w->e = store_req_err(gone ? gone : &a->reqs[0]);
}

static struct err *walk(struct walk *w, struct tree *root)
{
    struct err *e = NULL;

    ask(w, root);
    while (w->n_left && !e)
        e = lanes_turn(&w->lanes);
    return err_join(w->e, e);
}

struct err *tree_read(struct store *s, struct pool *p, const char *path,
                      const struct tree_opts *opts, struct tree **ret)
{
    struct walk w = {.pool = p, .opts = opts};
    struct tree *root = pool_new_of(p, struct tree);
    struct err *e;

    root->name = root->path = pool_str(p, path);
    lanes_init(&w.lanes, s);
    e = walk(&w, root);
    lanes_done(&w.lanes);
    TRY(e);
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
