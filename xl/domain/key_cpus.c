/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * key_cpus: the rules about virtual and physical CPUs: vcpus, maxvcpus, cpus,
 * cpus_soft, and the masks of xl.conf(5).
 */
#include <string.h>

#include "lib/str.h"
#include "xl/domain/keys.h"

void key_rule_vcpus(struct guest *g, const struct value *record,
                    struct fill *f)
{
    libxl_domain_build_info *b = &g->config.b_info;
    int vcpus = g->raw.vcpus, max = g->raw.maxvcpus;

    if (vcpus && max && max < vcpus)
        diag_error(f->diags, key_place(record, "maxvcpus"),
                   "maxvcpus: %d is less than vcpus, which is %d", max, vcpus);
    if (vcpus) {
        kind_bitmap_alloc(&b->avail_vcpus, (unsigned)vcpus);
        for (int i = 0; i < vcpus; i++)
            libxl_bitmap_set(&b->avail_vcpus, i);
    }
    if (max || vcpus)
        b->max_vcpus = max ? max : vcpus;
}

/* What it takes to read cpus or cpus_soft. */
struct affinity {
    const char *key;
    const struct value *value;
    libxl_bitmap **maps;
    int *n_maps;
};

/* None that the host has, that is. */
static bool has_no_cpu(const libxl_bitmap *map, const struct host_cpus *host)
{
    for (unsigned i = 0; i < (host->n ? host->n : map->size * 8); i++) {
        if (libxl_bitmap_test(map, (int)i))
            return false;
    }
    return true;
}

static struct err *map_of_text(const char *text, const struct host_cpus *host,
                               libxl_bitmap *map)
{
    TRY(err_wrap(spec_cpu_parse(text, host, map), "'%s'", text));
    if (host->n && has_no_cpu(map, host))
        return ERR_AS(input, "'%s' leaves no CPU: this host has 0-%u", text,
                      host->n - 1);
    return NULL;
}

static struct err *map_of(const struct value *value,
                          const struct host_cpus *host, libxl_bitmap *map,
                          struct fill *f)
{
    const char *text;

    TRY(kind_text(value, f->pool, &text));
    return map_of_text(text, host, map);
}

static void copy_map(libxl_bitmap *to, const libxl_bitmap *from)
{
    kind_bitmap_alloc(to, from->size * 8);
    memcpy(to->map, from->map, from->size);
}

/* The same map for all vCPUs. */
static struct err *map_for_all(const struct affinity *a, libxl_bitmap *maps,
                               int n, const struct host_cpus *host,
                               struct fill *f)
{
    libxl_bitmap map;
    struct err *e;

    libxl_bitmap_init(&map);
    e = map_of(a->value, host, &map, f);
    for (int i = 0; i < n && !e; i++)
        copy_map(&maps[i], &map);
    libxl_bitmap_dispose(&map);
    return e;
}

/* The i-th item is for the i-th vCPU; further ones are read for errors only. */
static void map_for_each(const struct affinity *a, libxl_bitmap *maps, int n,
                         const struct host_cpus *host, struct fill *f)
{
    int i = 0;

    value_each(item, a->value)
    {
        libxl_bitmap spare;
        struct err *e;

        libxl_bitmap_init(&spare);
        e = map_of(item, host, i < n ? &maps[i] : &spare, f);
        libxl_bitmap_dispose(&spare);
        if (e)
            diag_err(f->diags, item->place, err_wrap(e, "%s", a->key));
        i++;
    }
}

static void read_affinity(const struct affinity *a, int n_vcpus,
                          const struct host_cpus *host, struct fill *f)
{
    size_t n_items = a->value->kids.n;
    bool is_list = a->value->kind == VALUE_LIST;
    int n = is_list && n_items < (size_t)n_vcpus ? (int)n_items : n_vcpus;
    libxl_bitmap *maps = xcalloc((size_t)n + 1, sizeof(*maps));
    struct err *e = NULL;

    *a->maps = maps;
    *a->n_maps = n;
    if (is_list && n_items > VCPUS_MAX)
        e = ERR_AS(input, "more items than a guest can have vCPUs (%d)",
                   VCPUS_MAX);
    else if (is_list)
        map_for_each(a, maps, n, host, f);
    else
        e = map_for_all(a, maps, n, host, f);
    if (e)
        diag_err(f->diags, a->value->place, err_wrap(e, "%s", a->key));
}

struct host_cpus key_host_cpus(const struct guest *g, struct fill *f,
                               struct place place)
{
    const struct guest_defaults *d = g->defaults;
    struct host_cpus host = {0};

    if (d->host_cpus) {
        struct err *e = d->host_cpus(d->host_cpus_arg, f->pool, &host);

        if (e)
            diag_err(f->diags, place, err_wrap(e, "cannot tell the host's CPUs"));
    }
    return host;
}

void key_rule_affinities(struct guest *g, const struct value *record,
                         struct fill *f)
{
    libxl_domain_build_info *b = &g->config.b_info;
    const struct affinity affinities[] = {
        {"cpus", g->raw.cpus, &b->vcpu_hard_affinity,
         &b->num_vcpu_hard_affinity},
        {"cpus_soft", g->raw.cpus_soft, &b->vcpu_soft_affinity,
         &b->num_vcpu_soft_affinity},
    };

    (void)record;
    for (size_t i = 0; i < ARRAY_LEN(affinities); i++) {
        const struct affinity *a = &affinities[i];
        struct host_cpus host;

        if (!a->value)
            continue;
        if (!b->max_vcpus)
            diag_warning(f->diags, a->value->place,
                         "%s: has no effect when vcpus is not set", a->key);
        host = key_host_cpus(g, f, a->value->place);
        read_affinity(a, b->max_vcpus, &host, f);
        if (i == 1 || a->value->kind == VALUE_LIST)
            libxl_defbool_set(&b->numa_placement, false);
    }
}

/* ---- masks of xl.conf ---------------------------------------------------- */

/* Takes away from the vCPUs' hard affinities, or sets them all when there are
 * none, what MASK does not have. */
static struct err *apply_mask(libxl_domain_build_info *b,
                              const libxl_bitmap *mask, const char *setting)
{
    if (!b->num_vcpu_hard_affinity) {
        b->vcpu_hard_affinity =
            xrealloc(b->vcpu_hard_affinity, (size_t)b->max_vcpus,
                     sizeof(*b->vcpu_hard_affinity));
        for (int i = 0; i < b->max_vcpus; i++) {
            libxl_bitmap_init(&b->vcpu_hard_affinity[i]);
            copy_map(&b->vcpu_hard_affinity[i], mask);
        }
        b->num_vcpu_hard_affinity = b->max_vcpus;
        return NULL;
    }
    for (int i = 0; i < b->num_vcpu_hard_affinity; i++) {
        libxl_bitmap *map = &b->vcpu_hard_affinity[i];

        for (int bit = 0; bit < (int)map->size * 8; bit++) {
            if (!libxl_bitmap_test(mask, bit))
                libxl_bitmap_reset(map, bit);
        }
        if (libxl_bitmap_is_empty(map))
            return ERR_AS(input, "%s of xl.conf leaves no CPU for vCPU %d",
                          setting, i);
    }
    return NULL;
}

static bool is_whole_host(const libxl_bitmap *mask, const struct host_cpus *host)
{
    for (unsigned i = 0; i < host->n; i++) {
        if (!libxl_bitmap_test(mask, (int)i))
            return false;
    }
    return true;
}

static struct err *read_and_apply(struct guest *g, const char *text,
                                  const struct host_cpus *host,
                                  const char *setting)
{
    libxl_bitmap mask;
    struct err *e;

    libxl_bitmap_init(&mask);
    e = err_wrap(map_of_text(text, host, &mask), "%s of xl.conf", setting);
    if (!e && !is_whole_host(&mask, host))
        e = apply_mask(&g->config.b_info, &mask, setting);
    libxl_bitmap_dispose(&mask);
    return e;
}

void key_rule_cpu_masks(struct guest *g, const struct value *record,
                        struct fill *f)
{
    const struct guest_defaults *d = g->defaults;
    bool pv = g->config.c_info.type == LIBXL_DOMAIN_TYPE_PV;
    const struct {
        const char *setting, *text;
    } masks[] = {
        {"vm.cpumask", d->vm_cpus},
        {"vm.pv.cpumask", pv ? d->vm_pv_cpus : NULL},
        {"vm.hvm.cpumask", pv ? NULL : d->vm_hvm_cpus},
    };

    for (size_t i = 0; i < ARRAY_LEN(masks) && !f->diags->n_errors; i++) {
        struct host_cpus host;
        struct err *e;

        if (!masks[i].text || !g->config.b_info.max_vcpus)
            continue;
        host = key_host_cpus(g, f, key_place(record, "cpus"));
        if (!host.n)
            continue;
        e = read_and_apply(g, masks[i].text, &host, masks[i].setting);
        if (e)
            diag_err(f->diags, key_place(record, "cpus"), e);
    }
}
