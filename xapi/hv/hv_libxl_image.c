/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hv_libxl_image: what becomes of an image while a guest has it: it is laid
 * under another one, or grows; see hv_libxl.h. The domain's qemu does it. An
 * image is open there once as the PV disk (a node named `xvda-qcow2`, say) and,
 * in HVM guests that have not taken over from their firmware, a second time as
 * the emulated one; both go by the path they were opened with.
 */
#include <poll.h>
#include <string.h>
#include <uuid/uuid.h>

#include "lib/clock.h"
#include "lib/json.h"
#include "lib/str.h"
#include "xapi/hv/hv_libxl.h"
#include "xl/domain/qmp.h"

#define OPEN_MAX_ 4       /* of one image */
#define CLOSE_SECONDS 20. /* until qemu has let go of a disk */

/* ---- who has it open ----------------------------------------------------- */

/* The file behind what qemu calls an image: a path, or how it was opened. */
static const char *path_of(struct pool *p, const char *name)
{
    const struct value *file;
    struct value *v;
    struct err *e;

    if (!text_has_prefix(name, "json:"))
        return name;
    name += strlen("json:");
    e = json_parse(p, name, strlen(name), &v);
    if (e) {
        err_drop(e, "then it is none of ours");
        return "";
    }
    file = v->kind == VALUE_STRUCT ? value_get(v, "file") : NULL;
    return qmp_text(file && file->kind == VALUE_STRUCT ? file : v, "filename");
}

struct node {
    const char *name;
    const char *of;   /* "xvda" or "ahcidisk-0": whose top it is */
    const char *over; /* what shall lie over it */
};

struct image {
    struct pool *pool;
    struct qmp *qmp;
    const struct plan_disk *disk;
    struct node nodes[OPEN_MAX_];
    size_t n;
};

/* A PV disk has no name but that of its node. Emulated ones that the guest has
 * unplugged are no device's. */
static void add_node(struct image *m, const struct value *block)
{
    const struct value *in = value_get(block, "inserted");
    const char *of = qmp_text(block, "device");

    if (!in || in->kind != VALUE_STRUCT || m->n == OPEN_MAX_ ||
        !*qmp_text(block, "qdev") ||
        strcmp(path_of(m->pool, qmp_text(in, "file")), m->disk->path))
        return;
    m->nodes[m->n++] = (struct node){.name = qmp_text(in, "node-name"),
                                     .of = *of ? of : m->disk->device};
}

static struct err *find_nodes(struct image *m)
{
    struct value *blocks;

    TRY(qmp_ask(m->qmp, "query-block", NULL, &blocks));
    m->n = 0;
    if (blocks->kind == VALUE_LIST)
        value_each(block, blocks) if (block->kind == VALUE_STRUCT)
            add_node(m, block);
    return NULL;
}

static struct err *open_image(struct image *m, struct pool *p, uint32_t domid,
                              const struct plan_disk *disk)
{
    *m = (struct image){.pool = p, .disk = disk};
    TRY(qmp_open(p, domid, &m->qmp));
    TRY(find_nodes(m));
    return m->n ? NULL
                : ERR("the qemu of domain %u has no '%s'", domid, disk->path);
}

/* ---- another image over it ----------------------------------------------- */

static void set_text(struct pool *p, struct value *v, const char *name,
                     const char *text)
{
    value_set(v, name, value_string(p, text));
}

/* Open, and no part of a disk yet. No locks, as several have it open; nor is
 * what its header says lies under it: that is what is open already. */
static struct err *add_overlay(struct image *m, struct node *node)
{
    struct value *args = value_struct(m->pool), *file = value_struct(m->pool);
    char unique[UUID_STR_LEN];
    uuid_t id;

    uuid_generate(id);
    uuid_unparse_lower(id, unique);
    node->over = pool_printf(m->pool, "%s-%.8s", node->of, unique);
    set_text(m->pool, file, "driver", "file");
    set_text(m->pool, file, "filename", m->disk->path);
    set_text(m->pool, file, "locking", "off");
    set_text(m->pool, args, "driver", "qcow2");
    set_text(m->pool, args, "node-name", node->over);
    set_text(m->pool, args, "discard", "unmap");
    value_set(args, "backing", value_nil(m->pool));
    value_set(args, "file", file);
    return qmp_ask(m->qmp, "blockdev-add", args, NULL);
}

static struct err *delete_node(struct image *m, const char *name)
{
    struct value *args = value_struct(m->pool);

    set_text(m->pool, args, "node-name", name);
    return qmp_ask(m->qmp, "blockdev-del", args, NULL);
}

static struct err *drop_overlays(struct image *m, struct err *e)
{
    for (size_t i = 0; i < m->n; i++)
        if (m->nodes[i].over)
            err_drop(delete_node(m, m->nodes[i].over), "it may not be there");
    return e;
}

/* All of them in one step, between two writes of the guest. */
static struct err *lay_over(struct image *m)
{
    struct value *args = value_struct(m->pool), *list = value_list(m->pool);

    for (size_t i = 0; i < m->n; i++) {
        struct value *step = value_struct(m->pool);
        struct value *data = value_struct(m->pool);

        set_text(m->pool, data, "node", m->nodes[i].name);
        set_text(m->pool, data, "overlay", m->nodes[i].over);
        set_text(m->pool, step, "type", "blockdev-snapshot");
        value_set(step, "data", data);
        value_append(list, step);
    }
    value_set(args, "actions", list);
    return qmp_ask(m->qmp, "transaction", args, NULL);
}

/* Whether it has been done although nobody said so. */
static bool is_over(struct image *m, uint32_t domid)
{
    const char *over = m->nodes[0].over;
    struct image now;
    struct err *e = open_image(&now, m->pool, domid, m->disk);

    for (size_t i = 0; !e && i < now.n; i++)
        if (!strcmp(now.nodes[i].name, over))
            return true;
    err_free(e);
    return false;
}

struct err *lx_switch_disk(const struct hv *hv, uint32_t domid,
                           const struct plan_disk *disk)
{
    AUTO_POOL struct pool *p = pool_new();
    struct image m;
    struct err *e;

    (void)hv;
    if (strcmp(disk->format, "qcow2"))
        return ERR("'%s' is no qcow2 file", disk->path);
    TRY(open_image(&m, p, domid, disk));
    for (size_t i = 0; i < m.n; i++) {
        e = add_overlay(&m, &m.nodes[i]);
        if (e)
            return drop_overlays(&m, e);
    }
    e = lay_over(&m);
    if (!e || err_is(e, &err_kind_input))
        return e ? drop_overlays(&m, e) : NULL;
    if (!is_over(&m, domid))
        return e;
    err_drop(e, "it was done");
    return NULL;
}

/* ---- more of it ---------------------------------------------------------- */

static struct err *grow(struct image *m, const struct node *node, int64_t bytes)
{
    struct value *args = value_struct(m->pool);

    set_text(m->pool, args, "node-name", node->name);
    value_set(args, "size", value_int(m->pool, bytes));
    return qmp_ask(m->qmp, "block_resize", args, NULL);
}

struct err *lx_resize_disk(const struct hv *hv, uint32_t domid,
                           const struct plan_disk *disk, int64_t bytes)
{
    AUTO_POOL struct pool *p = pool_new();
    struct image m;

    (void)hv;
    TRY(open_image(&m, p, domid, disk));
    if (m.n > 1 && !strcmp(disk->format, "qcow2"))
        return ERR("'%s' is still open as a disk of emulated hardware: it can "
                   "grow once the guest's PV driver has taken over",
                   disk->path);
    for (size_t i = 0; i < m.n; i++)
        TRY(grow(&m, &m.nodes[i], bytes));
    return NULL;
}

/* ---- closed -------------------------------------------------------------- */

/* What is open of DEVICE in qemu without a disk, newest first. */
static struct err *find_rest(struct image *m, const char ***ret, size_t *ret_n)
{
    const char *front = pool_printf(m->pool, "%s-", m->disk->device);
    struct value *args = value_struct(m->pool), *nodes;

    *ret = NULL;
    *ret_n = 0;
    value_set(args, "flat", value_bool(m->pool, true));
    TRY(qmp_ask(m->qmp, "query-named-block-nodes", args, &nodes));
    if (nodes->kind != VALUE_LIST)
        return NULL;
    value_each(node, nodes)
    {
        const char *name =
            node->kind == VALUE_STRUCT ? qmp_text(node, "node-name") : "";

        if (text_has_prefix(name, front))
            *pool_push(m->pool, *ret, *ret_n) = name;
    }
    return NULL;
}

static bool is_open(const struct image *m)
{
    for (size_t i = 0; i < m->n; i++)
        if (!strcmp(m->nodes[i].of, m->disk->device))
            return true;
    return false;
}

static struct err *wait_for_close(struct image *m)
{
    double deadline = clock_now() + CLOSE_SECONDS;

    while (is_open(m)) {
        if (clock_now() > deadline)
            return ERR("qemu keeps '%s'", m->disk->path);
        poll(NULL, 0, 50);
        TRY(find_nodes(m));
    }
    return NULL;
}

/* Qemu closes the node that a PV disk began with, and cannot when another lies
 * over it: all would stay open, with what is not yet in the file, and its name
 * would be taken when the disk comes again. */
static struct err *close_rest(struct image *m)
{
    const char **names;
    size_t n;

    TRY(find_rest(m, &names, &n));
    if (n < 2)
        return NULL;
    TRY(wait_for_close(m));
    for (size_t i = 0; i < n; i++)
        TRY(delete_node(m, names[i]));
    return NULL;
}

struct err *lx_close_disk(uint32_t domid, const struct plan_disk *disk)
{
    AUTO_POOL struct pool *p = pool_new();
    struct image m = {.pool = p, .disk = disk};
    struct err *e = qmp_open(p, domid, &m.qmp);

    if (e && err_is(e, &err_kind_not_found)) {
        err_drop(e, "then nothing is open there");
        return NULL;
    }
    TRY(e);
    TRY(find_nodes(&m));
    return close_rest(&m);
}
