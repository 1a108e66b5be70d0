/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* usage: see usage.h. */
#include "xapi/vm/usage.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "xapi/model/errors_gen.h"
#include "xapi/model/fields_gen.h"
#include "xapi/hv/hv.h"
#include "xapi/hv/plan.h"

/* ---- of a guest ---------------------------------------------------------- */

#define FREE "data/meminfo_free" /* where a guest says it, in KiB */

struct look {
    struct pool *pool;
    struct reading *list;
    size_t n;
};

static struct reading *add(struct look *l, const char *name, const char *doc,
                           const char *units, double max, double value)
{
    struct reading *r = pool_push(l->pool, l->list, l->n);

    *r = (struct reading){name, doc, units, max, value, .counts = false};
    return r;
}

static void add_share(struct look *l, const char *name, const char *doc,
                      double ran, double at)
{
    struct reading *r = add(l, name, doc, "(fraction)", 1, ran);

    r->counts = true;
    r->at = at;
}

static void add_processors(struct look *l, const struct hv_usage *u)
{
    double sum = 0;

    for (size_t i = 0; i < u->n; i++) {
        sum += u->ran[i];
        add_share(
            l, pool_printf(l->pool, "cpu%zu", i),
            pool_printf(l->pool, "Share of a processor that VCPU %zu takes", i),
            u->ran[i], u->at);
    }
    add_share(l, "cpu_usage", "The same, on average over its VCPUs",
              u->n ? sum / (double)u->n : 0, u->at);
}

/* A guest without an agent says nothing; what makes no sense is not there. */
static struct err *add_free(struct look *l, const struct hv *hv, uint32_t domid)
{
    struct plan_pair *said = NULL;
    size_t n = 0;
    double kib;

    TRY(hv->said(hv, domid, l->pool, &said, &n));
    for (size_t i = 0; i < n; i++) {
        struct err *e;

        if (strcmp(said[i].name, FREE) != 0)
            continue;
        e = text_to_double(said[i].value, 0, (double)INT64_MAX, &kib);
        if (!e)
            add(l, "memory_internal_free", "Memory that the guest does not use",
                "KiB", INFINITY, kib);
        err_drop(e, "guests may write what they like");
    }
    return NULL;
}

struct err *usage_of_vm(const struct hv *hv, struct pool *p,
                        const struct object *vm, struct reading **ret,
                        size_t *ret_n)
{
    struct look l = {.pool = p};
    struct hv_usage usage = {0};
    uint32_t domid = (uint32_t)get_VM_domid(vm);

    TRY(hv->measure(hv, domid, p, &usage));
    add_processors(&l, &usage);
    add(&l, "memory", "Memory the guest has", "B", INFINITY,
        (double)usage.memory);
    add(&l, "memory_target", "Memory the guest shall have", "B", INFINITY,
        (double)get_VM_memory_target(vm));
    TRY(add_free(&l, hv, domid));
    *ret = l.list;
    *ret_n = l.n;
    return NULL;
}

/* ---- of a host ----------------------------------------------------------- */

#define KIB 1024.0

static double memory_total(const struct object *metrics)
{
    return (double)get_host_metrics_memory_total(metrics) / KIB;
}

static double memory_free(const struct object *metrics)
{
    return (double)get_host_metrics_memory_free(metrics) / KIB;
}

static double load(const struct object *metrics)
{
    double average = 0;

    (void)metrics;
    return getloadavg(&average, 1) == 1 ? average : NAN;
}

static const struct source_row {
    const char *name, *doc, *units;
    double (*value)(const struct object *metrics);
} rows[] = {
    {"loadavg", "Processes that want to run, on average over a minute", "",
     load},
    {"memory_free_kib", "Memory that no domain has", "KiB", memory_free},
    {"memory_total_kib", "Memory of the machine", "KiB", memory_total},
};

struct err *usage_of_host(struct pool *p, const struct object *host,
                          struct reading **ret, size_t *ret_n)
{
    const struct object *metrics = get_host_metrics(host);

    if (!metrics)
        return err_HOST_CANNOT_READ_METRICS();
    *ret = pool_alloc(p, ARRAY_LEN(rows) * sizeof(**ret));
    *ret_n = ARRAY_LEN(rows);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        (*ret)[i] = (struct reading){rows[i].name,           rows[i].doc,
                                     rows[i].units,          INFINITY,
                                     rows[i].value(metrics), .counts = false};
    return NULL;
}
