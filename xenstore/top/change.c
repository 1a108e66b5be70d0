/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* change: see change.h. Domains, CPUs and devices are ordered by id in both
 * readings, so that one walk finds what belongs together. */
#include "xenstore/top/change.h"

#include <string.h>

bool counter_grown(uint64_t was, uint64_t now, uint64_t wraps_at, uint64_t *ret)
{
    *ret = 0;
    if (now >= was) {
        *ret = now - was;
        return true;
    }
    if (was >= wraps_at)
        return false;
    *ret = wraps_at - was + now;
    return true;
}

double change_rate(const struct change *c, uint64_t n)
{
    return c->seconds > 0 ? (double)n / c->seconds : 0;
}

/* ---- devices ------------------------------------------------------------- */

/* A device's counters are a struct of numbers only. */
#define N_COUNTERS(strct) (sizeof(strct) / sizeof(uint64_t))

static void counters_add(void *sum, const void *more, size_t n)
{
    for (size_t i = 0; i < n; i++)
        ((uint64_t *)sum)[i] += ((const uint64_t *)more)[i];
}

/* One counter that went back says that all were begun anew. */
static void counters_grown(const void *was, const void *now, void *ret,
                           size_t n)
{
    uint64_t *grown = ret;

    for (size_t i = 0; i < n; i++)
        if (!counter_grown(((const uint64_t *)was)[i],
                           ((const uint64_t *)now)[i], 0, &grown[i])) {
            memset(ret, 0, n * sizeof(uint64_t));
            return;
        }
}

/* Where the members of a device of either sort are. */
struct shape {
    size_t size, id, counted, incarnation, counters;
    size_t n;     /* counters */
    size_t texts; /* all behind the numbers */
};

#define SHAPE(strct, counters_)                           \
    {                                                     \
        sizeof(struct strct), offsetof(struct strct, id), \
            offsetof(struct strct, counted),              \
            offsetof(struct strct, incarnation),          \
            offsetof(struct strct, counters_),            \
            N_COUNTERS(((struct strct *)0)->counters_),   \
            offsetof(struct strct, dev)                   \
    }
static const struct shape vif_shape = SHAPE(sample_vif, net);
static const struct shape vbd_shape = SHAPE(sample_vbd, blk);

static uint64_t member(const void *device, size_t offset)
{
    return *(const uint64_t *)((const char *)device + offset);
}

static bool same_device(const struct shape *shape, const void *was,
                        const void *now)
{
    return member(was, shape->id) == member(now, shape->id) &&
           member(was, shape->incarnation) == member(now, shape->incarnation) &&
           member(was, shape->counted) && member(now, shape->counted);
}

/* The differences of each of N devices go to EACH, and their sum to SUM; what
 * they have counted in all, to TOTAL; COUNTED: how many have. */
static void compare_devices(const struct shape *shape, const char *was,
                            size_t n_was, const char *now, size_t n,
                            uint64_t *each, void *sum, void *total,
                            uint64_t *counted)
{
    const char *end = was + n_was * shape->size;

    for (size_t i = 0; i < n; i++, now += shape->size, each += shape->n) {
        const void *counters = now + shape->counters;

        counters_add(total, counters, shape->n);
        *counted += !!member(now, shape->counted);
        while (was < end && member(was, shape->id) < member(now, shape->id))
            was += shape->size;
        if (was == end || !same_device(shape, was, now))
            continue;
        counters_grown(was + shape->counters, counters, each, shape->n);
        counters_add(sum, each, shape->n);
    }
}

static bool devices_are_same(const struct shape *shape, const char *was,
                             size_t n_was, const char *now, size_t n)
{
    if (n != n_was)
        return false;
    for (; n; n--, was += shape->size, now += shape->size) {
        if (memcmp(was, now, shape->texts))
            return false;
        for (size_t at = shape->texts; at < shape->size; at += sizeof(char *))
            if (strcmp(*(char *const *)(was + at), *(char *const *)(now + at)))
                return false;
    }
    return true;
}

static void compare_all_devices(const struct sample_domain *was,
                                struct change_domain *d, struct pool *p)
{
    static const struct sample_domain none;
    const struct sample_domain *now = d->now;

    if (!was)
        was = &none;
    d->vif = pool_alloc(p, now->n_vifs * sizeof(*d->vif));
    compare_devices(&vif_shape, (const void *)was->vifs, was->n_vifs,
                    (const void *)now->vifs, now->n_vifs, (void *)d->vif,
                    &d->net, &d->net_total, &d->counted_vifs);
    d->vbd = pool_alloc(p, now->n_vbds * sizeof(*d->vbd));
    compare_devices(&vbd_shape, (const void *)was->vbds, was->n_vbds,
                    (const void *)now->vbds, now->n_vbds, (void *)d->vbd,
                    &d->blk, &d->blk_total, &d->counted_vbds);
}

/* ---- domains ------------------------------------------------------------- */

static void compare_vcpus(const struct sample_domain *was,
                          struct change_domain *d, struct pool *p)
{
    d->vcpu_ns = pool_alloc(p, d->now->n_vcpus * sizeof(*d->vcpu_ns));
    for (size_t i = 0, j = 0; was && i < d->now->n_vcpus; i++) {
        const struct sample_vcpu *now = &d->now->vcpus[i];

        while (j < was->n_vcpus && was->vcpus[j].id < now->id)
            j++;
        if (j < was->n_vcpus && was->vcpus[j].id == now->id)
            counter_grown(was->vcpus[j].ns, now->ns, 0, &d->vcpu_ns[i]);
    }
}

static void compare_bandwidth(const struct sample_domain *was,
                              struct change_domain *d)
{
    const struct sample_domain *now = d->now;

    if (was->bandwidth == SAMPLE_NONE || now->bandwidth == SAMPLE_NONE)
        return;
    counter_grown(was->bandwidth, now->bandwidth, now->bandwidth_wraps,
                  &d->bandwidth);
    counter_grown(was->local_bandwidth, now->local_bandwidth,
                  now->bandwidth_wraps, &d->local_bandwidth);
}

static bool is_same(const struct sample_domain *was,
                    const struct sample_domain *now)
{
    return was->id == now->id && was->cpu_ns <= now->cpu_ns &&
           !memcmp(was->uuid, now->uuid, sizeof(now->uuid));
}

static bool is_unchanged(const struct sample_domain *was,
                         const struct sample_domain *now)
{
    return !memcmp(was, now, offsetof(struct sample_domain, name)) &&
           !strcmp(was->name, now->name) && !strcmp(was->type, now->type) &&
           was->n_vcpus == now->n_vcpus &&
           (!now->n_vcpus || !memcmp(was->vcpus, now->vcpus,
                                     now->n_vcpus * sizeof(*now->vcpus))) &&
           devices_are_same(&vif_shape, (const void *)was->vifs, was->n_vifs,
                            (const void *)now->vifs, now->n_vifs) &&
           devices_are_same(&vbd_shape, (const void *)was->vbds, was->n_vbds,
                            (const void *)now->vbds, now->n_vbds);
}

/* WAS: NULL for one that was not there before. */
static void compare_domain(const struct sample_domain *was,
                           const struct sample_domain *now,
                           struct change_domain *d, struct pool *p)
{
    d->now = now;
    if (was) {
        d->known = 1;
        d->same = is_unchanged(was, now);
        d->cpu_ns = now->cpu_ns - was->cpu_ns;
        compare_bandwidth(was, d);
    }
    compare_vcpus(was, d, p);
    compare_all_devices(was, d, p);
}

static void compare_domains(const struct sample *was, struct change *c,
                            struct pool *p)
{
    const struct sample *now = c->now;
    size_t j = 0;

    c->n_domains = now->n_domains;
    c->domains = pool_alloc(p, now->n_domains * sizeof(*c->domains));
    for (size_t i = 0; i < now->n_domains; i++) {
        const struct sample_domain *d = &now->domains[i];
        const struct sample_domain *old = NULL;

        while (was && j < was->n_domains && was->domains[j].id < d->id)
            j++;
        if (was && j < was->n_domains && is_same(&was->domains[j], d))
            old = &was->domains[j];
        compare_domain(old, d, &c->domains[i], p);
    }
}

/* ---- the host ------------------------------------------------------------ */

/* A CPU's time not idle; 0 for one that has just come online. */
static uint64_t busy_ns(const struct sample_cpu *was,
                        const struct sample_cpu *now, double seconds)
{
    uint64_t idle, all = (uint64_t)(seconds * 1e9);

    if (!counter_grown(was->idle_ns, now->idle_ns, 0, &idle))
        return 0;
    return idle < all ? all - idle : 0;
}

static void compare_cpus(const struct sample *was, struct change *c,
                         struct pool *p)
{
    const struct sample_host *now = &c->now->host;

    c->busy_ns = pool_alloc(p, now->n_cpu * sizeof(*c->busy_ns));
    for (size_t i = 0, j = 0; was && i < now->n_cpu; i++) {
        while (j < was->host.n_cpu && was->host.cpu[j].id < now->cpu[i].id)
            j++;
        if (j < was->host.n_cpu && was->host.cpu[j].id == now->cpu[i].id)
            c->busy_ns[i] =
                busy_ns(&was->host.cpu[j], &now->cpu[i], c->seconds);
    }
}

/* What the domains ran is what the CPUs were not idle. */
static double busy(const struct change *c)
{
    double ran = 0, all = c->seconds * 1e9 * (double)c->now->host.cpus;

    for (size_t i = 0; i < c->n_domains; i++)
        ran += (double)c->domains[i].cpu_ns;
    if (all <= 0)
        return 0;
    return ran < all ? ran / all : 1;
}

struct change *change_between(const struct sample *was,
                              const struct sample *now, struct pool *p)
{
    struct change *c = pool_new_of(p, struct change);

    c->now = now;
    if (was && now->time <= was->time)
        was = NULL;
    c->seconds = was ? now->time - was->time : 0;
    compare_domains(was, c, p);
    compare_cpus(was, c, p);
    c->busy = busy(c);
    return c;
}
