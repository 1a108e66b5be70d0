/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * key_vnuma: the rule about vnuma, a list of NUMA nodes that the guest sees,
 * each a list of "SETTING=VALUE". The nodes say how much memory and how many
 * vCPUs there are.
 */
#include <string.h>

#include "lib/str.h"
#include "xl/domain/keys.h"

struct node {
    int64_t pnode;
    uint64_t kb;
    const char *vcpus, *distances;
};

/* clang-format off */
static const struct slot node_rows[] = {
    {"pnode",      SLOT_INT(struct node, pnode), .min = 0, .max = 1023,
     .doc = "Node of this host that it is on."},
    {"size",       MB_OF(struct node, kb), .min = 1,
     .doc = "Its memory, in MB."},
    {"vcpus",      SLOT_WORD(struct node, vcpus), .unit = "0-3,5",
     .doc = "Its vCPUs."},
    {"vdistances", SLOT_WORD(struct node, distances), .unit = "10,20",
     .doc = "Distances to all nodes, in their order."},
    {NULL},
};
/* clang-format on */

const struct slot_table vnode_keys = {
    .rows = node_rows, .noun = "vnuma setting", .unknown_is_error = true};

/* "SETTING=VALUE" as a member of NODE, with its places. */
static struct err *add_setting(const struct value *item, struct value *node,
                               struct pool *p)
{
    const char *text, *equals;
    struct value *v, *name;

    TRY(slot_text(item, p, &text));
    equals = strchr(text, '=');
    if (item->kind != VALUE_STRING || !equals)
        return ERR_AS(input, "'%s' is not SETTING=VALUE", text);
    name = value_substring(p, item, 0, (size_t)(equals - text));
    v = value_substring(p, item, (size_t)(equals - text) + 1, item->s.len);
    v->s.text = text_trim(p, v->s.text);
    v->s.len = strlen(v->s.text);
    v->name_place = name->place;
    value_set(node, text_trim(p, name->s.text), v);
    return NULL;
}

static struct value *settings_of(const struct value *list, struct fill *f)
{
    struct value *node = value_struct(f->pool);

    value_each(item, list)
    {
        struct err *e = add_setting(item, node, f->pool);

        if (e)
            diag_err(f->diags, item->place, err_wrap(e, "vnuma"));
    }
    return node;
}

static struct err *read_distances(const char *text, libxl_vnode_info *info,
                                  size_t n_nodes, struct pool *p)
{
    size_t n;
    char **words = text_split(p, text, ',', &n);

    if (n != n_nodes)
        return ERR_AS(input, "%zu distances for %zu nodes", n, n_nodes);
    info->distances = xcalloc(n, sizeof(*info->distances));
    info->num_distances = (int)n;
    for (size_t i = 0; i < n; i++) {
        int64_t distance;

        TRY(text_to_int(text_trim(p, words[i]), 10, 0, 255, &distance));
        info->distances[i] = (uint32_t)distance;
    }
    return NULL;
}

static struct err *fill_node(const struct node *node, libxl_vnode_info *info,
                             size_t n_nodes, const struct host_cpus *host,
                             struct pool *p)
{
    const struct host_cpus no_host = {0};

    if (node->pnode < 0 || !node->kb || !node->vcpus || !node->distances)
        return ERR_AS(input, "want pnode, size, vcpus and vdistances");
    if (host->n && node->pnode >= (int64_t)host->n_nodes)
        return ERR_AS(input, "this host has no node %d", (int)node->pnode);
    info->pnode = (uint32_t)node->pnode;
    info->memkb = node->kb;
    TRY(err_wrap(spec_cpu_parse(node->vcpus, &no_host, &info->vcpus), "vcpus"));
    return err_wrap(read_distances(node->distances, info, n_nodes, p),
                    "vdistances");
}

static void read_node(const struct value *list, libxl_vnode_info *info,
                      size_t n_nodes, const struct host_cpus *host,
                      struct fill *f)
{
    struct node node = {.pnode = -1};
    struct fill sub = {f->pool, f->diags, &node, NULL};
    size_t n_errors = f->diags->n_errors;
    struct err *e;

    if (list->kind != VALUE_LIST) {
        diag_error(f->diags, list->place,
                   "vnuma: want a list of lists, as [[\"pnode=0\", ...]]");
        return;
    }
    slot_fill(&vnode_keys, settings_of(list, f), 0, &sub);
    if (f->diags->n_errors != n_errors)
        return;
    e = fill_node(&node, info, n_nodes, host, f->pool);
    if (e)
        diag_err(f->diags, list->place, err_wrap(e, "vnuma"));
}

/* Each vCPU is on one node; the highest of them in *RET_N. */
static struct err *count_vcpus(const libxl_domain_build_info *b, int *ret_n)
{
    int n = 0, top = 0;

    for (int i = 0; i < b->num_vnuma_nodes; i++) {
        const libxl_bitmap *map = &b->vnuma_nodes[i].vcpus;

        for (int cpu = 0; cpu < (int)map->size * 8; cpu++) {
            if (!libxl_bitmap_test(map, cpu))
                continue;
            for (int j = 0; j < i; j++) {
                if (libxl_bitmap_test(&b->vnuma_nodes[j].vcpus, cpu))
                    return ERR_AS(input, "vCPU %d is on two nodes", cpu);
            }
            top = cpu >= top ? cpu + 1 : top;
            n++;
        }
    }
    if (n != top)
        return ERR_AS(input, "not all of the vCPUs 0-%d are on a node",
                      top - 1);
    *ret_n = n;
    return NULL;
}

static struct err *place_totals(libxl_domain_build_info *b,
                                const struct guest_raw *raw)
{
    uint64_t kb = 0;
    int n = 0;

    for (int i = 0; i < b->num_vnuma_nodes; i++)
        kb += b->vnuma_nodes[i].memkb;
    if (b->max_memkb != LIBXL_MEMKB_DEFAULT && b->max_memkb != kb)
        return ERR_AS(input, "its nodes have %llu MB, but maxmem is %llu",
                      (unsigned long long)kb >> 10,
                      (unsigned long long)b->max_memkb >> 10);
    TRY(count_vcpus(b, &n));
    if (raw->vcpus > n || (raw->maxvcpus && raw->maxvcpus != n))
        return ERR_AS(input, "its nodes have %d vCPUs, but %s is %d", n,
                      raw->vcpus > n ? "vcpus" : "maxvcpus",
                      raw->vcpus > n ? raw->vcpus : raw->maxvcpus);
    b->max_memkb = kb;
    b->max_vcpus = n;
    libxl_defbool_set(&b->numa_placement, false);
    return NULL;
}

#define VNODES_MAX 64

void key_rule_vnuma(struct guest *g, const struct value *record, struct fill *f)
{
    libxl_domain_build_info *b = &g->config.b_info;
    const struct value *v = g->raw.vnuma;
    size_t n_errors = f->diags->n_errors;
    struct host_cpus host;
    struct err *e = NULL;

    (void)record;
    if (!v || (v->kind == VALUE_LIST && !v->kids.n))
        return;
    if (v->kind != VALUE_LIST || v->kids.n > VNODES_MAX) {
        diag_error(f->diags, v->place, "vnuma: want a list of at most %d lists",
                   VNODES_MAX);
        return;
    }
    host = key_host_cpus(g, f, v->place);
    b->vnuma_nodes = xcalloc(v->kids.n, sizeof(*b->vnuma_nodes));
    value_each(item, v)
    {
        libxl_vnode_info *info = &b->vnuma_nodes[b->num_vnuma_nodes++];

        libxl_vnode_info_init(info);
        read_node(item, info, v->kids.n, &host, f);
    }
    if (f->diags->n_errors == n_errors)
        e = place_totals(b, &g->raw);
    if (e)
        diag_err(f->diags, v->place, err_wrap(e, "vnuma"));
}
