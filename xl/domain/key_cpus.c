/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * key_cpus: the rules about virtual and physical CPUs: vcpus, maxvcpus, cpus,
 * cpus_soft, and the masks of xl.conf(5).
 */
#include <string.h>

#include "lib/str.h"
#include "xl/domain/keys.h"

void key_rule_vcpus(struct guest *g, const struct value *record, struct fill *f)
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

    TRY(slot_text(value, f->pool, &text));
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
            diag_err(f->diags, place,
                     err_wrap(e, "cannot tell the host's CPUs"));
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

static void intersect(libxl_bitmap *map, const libxl_bitmap *with)
{
    for (int bit = 0; bit < (int)map->size * 8; bit++) {
        if (!libxl_bitmap_test(with, bit))
            libxl_bitmap_reset(map, bit);
    }
}

static bool is_whole_host(const libxl_bitmap *mask,
                          const struct host_cpus *host)
{
    for (unsigned i = 0; i < host->n; i++) {
        if (!libxl_bitmap_test(mask, (int)i))
            return false;
    }
    return true;
}

/* A mask that allows all of the host is none. */
static struct err *add_mask(struct cpu_limit *limit, const char *setting,
                            const char *text, const struct host_cpus *host,
                            struct pool *p)
{
    libxl_bitmap mask AUTO(libxl_bitmap_dispose);

    libxl_bitmap_init(&mask);
    TRY(err_wrap(map_of_text(text, host, &mask), "%s of xl.conf", setting));
    if (is_whole_host(&mask, host))
        return NULL;
    if (limit->settings)
        intersect(&limit->map, &mask);
    else
        copy_map(&limit->map, &mask);
    limit->settings =
        limit->settings ? pool_printf(p, "%s and %s", limit->settings, setting)
                        : setting;
    return NULL;
}

bool cpu_limit_is_set(const struct guest_defaults *d, libxl_domain_type type)
{
    return d->vm_cpus ||
           (type == LIBXL_DOMAIN_TYPE_PV ? d->vm_pv_cpus : d->vm_hvm_cpus);
}

struct err *cpu_limit_read(const struct guest_defaults *d,
                           libxl_domain_type type, const struct host_cpus *host,
                           struct pool *p, struct cpu_limit *ret)
{
    bool pv = type == LIBXL_DOMAIN_TYPE_PV;
    const char *text = pv ? d->vm_pv_cpus : d->vm_hvm_cpus;

    if (d->vm_cpus)
        TRY(add_mask(ret, "vm.cpumask", d->vm_cpus, host, p));
    if (text)
        TRY(add_mask(ret, pv ? "vm.pv.cpumask" : "vm.hvm.cpumask", text, host,
                     p));
    return NULL;
}

struct err *cpu_limit_apply(const struct cpu_limit *limit, libxl_bitmap *map)
{
    if (!limit->settings)
        return NULL;
    intersect(map, &limit->map);
    return libxl_bitmap_is_empty(map)
               ? ERR_AS(input, "%s of xl.conf leaves no CPU", limit->settings)
               : NULL;
}

/* To the vCPUs' hard affinities; when there are none, LIMIT is that of all. */
static struct err *limit_vcpus(const struct cpu_limit *limit,
                               libxl_domain_build_info *b)
{
    if (!b->num_vcpu_hard_affinity) {
        b->vcpu_hard_affinity =
            xrealloc(b->vcpu_hard_affinity, (size_t)b->max_vcpus,
                     sizeof(*b->vcpu_hard_affinity));
        for (int i = 0; i < b->max_vcpus; i++) {
            libxl_bitmap_init(&b->vcpu_hard_affinity[i]);
            copy_map(&b->vcpu_hard_affinity[i], &limit->map);
        }
        b->num_vcpu_hard_affinity = b->max_vcpus;
    }
    for (int i = 0; i < b->num_vcpu_hard_affinity; i++)
        TRY(err_wrap(cpu_limit_apply(limit, &b->vcpu_hard_affinity[i]),
                     "vCPU %d", i));
    return NULL;
}

void key_rule_cpu_masks(struct guest *g, const struct value *record,
                        struct fill *f)
{
    libxl_domain_type type = g->config.c_info.type;
    struct cpu_limit limit AUTO(cpu_limit_done) = {0};
    struct place place = key_place(record, "cpus");
    struct host_cpus host;
    struct err *e;

    if (f->diags->n_errors || !g->config.b_info.max_vcpus ||
        !cpu_limit_is_set(g->defaults, type))
        return;
    host = key_host_cpus(g, f, place);
    if (!host.n)
        return;
    e = cpu_limit_read(g->defaults, type, &host, f->pool, &limit);
    if (!e && limit.settings)
        e = limit_vcpus(&limit, &g->config.b_info);
    if (e)
        diag_err(f->diags, place, e);
}
