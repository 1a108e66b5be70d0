/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sr_chain: see sr_chain.h. */
#include "xapi/storage/sr_chain.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uuid/uuid.h>

#include "lib/file.h"
#include "lib/log.h"
#include "lib/str.h"
#include "xapi/storage/image.h"
#include "xapi/storage/sr_mark.h"

#define BASE ".base.qcow2"

bool chain_is_base(const char *name)
{
    return text_has_suffix(name, BASE);
}

static const char *path_of(struct pool *p, const char *dir, const char *name)
{
    return pool_printf(p, "%s/%s", dir, name);
}

/* Takes the place of what is there. */
static struct err *put(const char *from, const char *to)
{
    return rename(from, to) ? err_errno(errno, "'%s' as '%s'", from, to) : NULL;
}

/* ---- branches ------------------------------------------------------------ */

struct branch {
    struct pool *pool;
    const char *dir, *from, *to; /* names; paths: */
    const char *from_path, *to_path;
    struct image image; /* of from */
    const struct sr_live *live;
};

static struct err *lay_over(const struct branch *b, const char *path,
                            const char *base)
{
    return image_overlay(path, base, "qcow2", b->image.size);
}

/* What is in FROM becomes BASE's, and FROM an overlay of it; all the time there
 * is a FROM with all that is in it. */
static struct err *make_base(const struct branch *b, const char *base)
{
    const char *base_path = path_of(b->pool, b->dir, base);
    const char *new = pool_printf(b->pool, "%s/.%s.new", b->dir, b->from);
    struct err *e;

    if (link(b->from_path, base_path))
        return err_errno(errno, "'%s' as '%s'", b->from_path, base_path);
    e = lay_over(b, new, base);
    if (!e)
        e = put(new, b->from_path);
    if (e)
        return err_join(e, err_join(file_remove(new), file_remove(base_path)));
    if (b->live)
        e = b->live->switch_to(b->live->arg, b->from_path, "qcow2");
    return e ? err_join(e, put(base_path, b->from_path)) : file_sync(b->dir);
}

/* An overlay that nothing was written to stands for its parent. */
static struct err *find_base(const struct branch *b, const char **ret)
{
    char uuid[UUID_STR_LEN];
    bool empty = false;
    uuid_t id;

    if (b->image.parent && !b->live && chain_is_base(b->image.parent))
        TRY(image_is_empty(b->from_path, &empty));
    if (empty) {
        *ret = b->image.parent;
        return NULL;
    }
    uuid_generate(id);
    uuid_unparse_lower(id, uuid);
    *ret = pool_printf(b->pool, "%s" BASE, uuid);
    return make_base(b, *ret);
}

struct err *chain_branch(const char *dir, const char *from, const char *to,
                         const struct sr_live *live)
{
    AUTO_POOL struct pool *p = pool_new();
    struct branch b = {.pool = p,
                       .dir = dir,
                       .from = from,
                       .to = to,
                       .from_path = path_of(p, dir, from),
                       .to_path = path_of(p, dir, to),
                       .live = live};
    const char *base = NULL;

    TRY(image_look(p, b.from_path, "qcow2", &b.image));
    TRY(find_base(&b, &base));
    return lay_over(&b, b.to_path, base);
}

/* ---- the tree ------------------------------------------------------------ */

struct node {
    const char *name;
    struct node *parent; /* that is in the directory, or NULL */
    int64_t size;
    unsigned n_children;
    bool base, used, gone;
    const char *parent_name;
};

struct tree {
    struct pool *pool;
    const char *dir;
    struct node *nodes;
    size_t n;
};

static struct node *find(const struct tree *t, const char *name)
{
    size_t low = 0, high = t->n;

    while (low < high) {
        size_t mid = (low + high) / 2;
        int order = strcmp(t->nodes[mid].name, name);

        if (!order)
            return &t->nodes[mid];
        if (order < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return NULL;
}

/* What is no image lies over nothing; what cannot be read may. */
static struct err *add_node(struct tree *t, const char *name)
{
    struct image image;
    struct err *e =
        image_look(t->pool, path_of(t->pool, t->dir, name), "qcow2", &image);

    if (e && err_is(e, &err_kind_input)) {
        err_drop(e, "SR.scan warns of it");
        return NULL;
    }
    TRY(e);
    *pool_push(t->pool, t->nodes, t->n) =
        (struct node){.name = name,
                      .size = image.size,
                      .base = chain_is_base(name),
                      .parent_name = image.parent};
    return NULL;
}

static void connect(struct tree *t)
{
    for (size_t i = 0; i < t->n; i++) {
        struct node *n = &t->nodes[i];

        n->parent = n->parent_name ? find(t, n->parent_name) : NULL;
        if (n->parent)
            n->parent->n_children++;
    }
}

/* Who has a file open has all below it open too. Chains that bite their own
 * tail are not made by us. */
static void use(const struct tree *t, struct node *n)
{
    for (size_t i = 0; n && i < t->n; i++, n = n->parent)
        n->used = true;
}

/* Names come sorted. Marks of EXCEPT (or NULL) do not count. */
static struct err *read_tree(struct tree *t, const char *except)
{
    size_t n_files;
    char **files;

    TRY(file_list(t->pool, t->dir, &files, &n_files));
    for (size_t i = 0; i < n_files; i++)
        if (*files[i] != '.' && text_eq(image_format_of(files[i]), "qcow2"))
            TRY(add_node(t, files[i]));
    connect(t);
    for (size_t i = 0; i < n_files; i++) {
        struct mark mark;

        if (mark_read(t->pool, files[i], &mark) && !text_eq(mark.name, except))
            use(t, find(t, mark.name));
    }
    return NULL;
}

/* ---- merging ------------------------------------------------------------- */

static struct node *only_child(const struct tree *t, const struct node *base)
{
    for (size_t i = 0; i < t->n; i++)
        if (t->nodes[i].parent == base && !t->nodes[i].gone)
            return &t->nodes[i];
    return NULL;
}

/* CHILD's place is taken by BASE, with what is in both. */
static struct err *merge(const struct tree *t, struct node *base,
                         struct node *child)
{
    const char *base_path = path_of(t->pool, t->dir, base->name);
    const char *path = path_of(t->pool, t->dir, child->name);
    bool empty = false;

    if (base->size == child->size)
        TRY(image_is_empty(path, &empty));
    if (!empty)
        TRY(image_merge(path));
    TRY(put(base_path, path));
    base->gone = true;
    child->parent = base->parent;
    return file_sync(t->dir);
}

static struct err *merge_if_single(const struct tree *t, struct node *base)
{
    struct node *child = base->base && !base->gone && base->n_children == 1
                             ? only_child(t, base)
                             : NULL;

    return child && !child->used ? merge(t, base, child) : NULL;
}

/* Where the tree is not known, nothing of it is changed. */
static bool is_known(struct tree *t, const char *except)
{
    struct err *e = read_tree(t, except);

    if (e)
        log_warning("sr", "nothing is merged there: %s", err_text(e));
    err_free(e);
    return !e;
}

struct err *chain_merge(const char *dir)
{
    AUTO_POOL struct pool *p = pool_new();
    struct tree t = {.pool = p, .dir = dir};

    if (!is_known(&t, NULL))
        return NULL;
    for (size_t i = 0; i < t.n; i++)
        TRY(merge_if_single(&t, &t.nodes[i]));
    return NULL;
}

/* ---- removing ------------------------------------------------------------ */

/* All below NODE that only it lies over, and NODE last: as long as it is there,
 * this can be done again. RET: what is below those, or NULL. */
static struct err *remove_line(const struct tree *t, const struct node *node,
                               struct node **ret)
{
    struct node *base = node->parent;

    while (base && base->base && base->n_children == 1) {
        TRY(file_remove(path_of(t->pool, t->dir, base->name)));
        base->gone = true;
        base = base->parent;
    }
    *ret = base;
    return file_remove(path_of(t->pool, t->dir, node->name));
}

struct err *chain_remove(const char *dir, const char *name)
{
    AUTO_POOL struct pool *p = pool_new();
    struct tree t = {.pool = p, .dir = dir};
    struct node *node, *below = NULL;

    node = is_known(&t, name) ? find(&t, name) : NULL;
    if (!node)
        return file_remove(path_of(p, dir, name));
    TRY(remove_line(&t, node, &below));
    node->gone = true;
    if (!below)
        return NULL;
    below->n_children--;
    return merge_if_single(&t, below);
}

/* It is still another name of the file that it was to be the base of. */
static struct err *drop_if_twin(const struct tree *t, const struct node *n)
{
    const char *path = path_of(t->pool, t->dir, n->name);
    struct stat st;

    if (!n->base || n->n_children)
        return NULL;
    if (!stat(path, &st) && st.st_nlink > 1)
        return file_remove(path);
    log_warning("sr", "'%s': nothing lies over it", path);
    return NULL;
}

struct err *chain_tidy(const char *dir)
{
    AUTO_POOL struct pool *p = pool_new();
    struct tree t = {.pool = p, .dir = dir};

    if (!is_known(&t, NULL))
        return NULL;
    for (size_t i = 0; i < t.n; i++)
        TRY(drop_if_twin(&t, &t.nodes[i]));
    return NULL;
}
