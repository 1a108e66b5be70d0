/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* inherit: see inherit.h. */
#include "xenstore/inherit.h"

#include <string.h>

#include "lib/str.h"

struct inherit_node {
    const char *path;
    const char *perms; /* as in the request, each with its NUL; NULL: unknown */
    size_t len;
};

static struct inherit_node *find(const struct inherit *in, const char *path)
{
    for (size_t i = 0; i < in->n; i++)
        if (in->nodes[i].path && !strcmp(in->nodes[i].path, path))
            return &in->nodes[i];
    return NULL;
}

static bool is_within(const char *path, const char *root)
{
    size_t len = strlen(root);

    return !strncmp(path, root, len) && (!path[len] || path[len] == '/');
}

/* Whether it was removed, and so can only have been made here. */
static bool is_ours(const struct inherit *in, const char *path)
{
    for (size_t i = 0; i < in->n_roots; i++)
        if (is_within(path, in->roots[i]))
            return true;
    return false;
}

/* It exists now, and what is above it. NULL: it may have existed before. */
static struct inherit_node *make(struct inherit *in, const char *path)
{
    const struct inherit_node *above;
    struct inherit_node *node = find(in, path);
    const char *slash = strrchr(path, '/');
    struct inherit_node new = {.path = pool_str(in->pool, path)};

    if (node || !slash || !is_ours(in, path))
        return node;
    above = make(in, pool_strn(in->pool, path, (size_t)(slash - path)));
    if (above) {
        new.perms = above->perms;
        new.len = above->len;
    }
    node = pool_push(in->pool, in->nodes, in->n);
    *node = new;
    return node;
}

static void forget(struct inherit *in, const char *root)
{
    for (size_t i = 0; i < in->n; i++)
        if (in->nodes[i].path && is_within(in->nodes[i].path, root))
            in->nodes[i].path = NULL;
    if (!is_ours(in, root))
        *pool_push(in->pool, in->roots, in->n_roots) = pool_str(in->pool, root);
}

static bool set(struct inherit *in, const struct xs_request *r)
{
    struct inherit_node *node = find(in, r->word);

    if (!node) {
        node = pool_push(in->pool, in->nodes, in->n);
        *node = (struct inherit_node){.path = pool_str(in->pool, r->word)};
    } else if (node->perms && node->len == r->len &&
               !memcmp(node->perms, r->data, r->len)) {
        return true;
    }
    node->perms = memcpy(pool_alloc(in->pool, r->len + 1), r->data, r->len);
    node->len = r->len;
    return false;
}

bool inherit_has(struct inherit *in, const struct xs_request *r)
{
    if (r->type == XS_SET_PERMS)
        return set(in, r);
    if (r->type == XS_RM)
        forget(in, r->word);
    else
        make(in, r->word);
    return false;
}
