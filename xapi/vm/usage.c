/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* usage: see usage.h; here the look, and guests. */
#include "xapi/vm/usage_impl.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "xapi/hv/hv.h"
#include "xapi/vm/vm.h"

#define PARTS \
    (SAMPLE_VCPUS | SAMPLE_VIFS | SAMPLE_VBDS | SAMPLE_CPUS | SAMPLE_MEMORY)
#define NS 1e9
#define KIB 1024.0

/* ---- sources ------------------------------------------------------------- */

/* TEXT, with OF in the place of its "%s". */
static const char *fill(struct pool *p, const char *text, const char *of)
{
    const char *at = strstr(text, "%s");

    return at ? pool_printf(p, "%.*s%s%s", (int)(at - text), text, of, at + 2)
              : text;
}

struct reading *usage_add(struct usage_list *l, const struct usage_row *row,
                          const char *of, double value)
{
    struct reading *r = pool_push(l->pool, l->list, l->n);

    *r = (struct reading){
        .name = fill(l->pool, row->name, of),
        .doc = fill(l->pool, row->doc, of),
        .units = row->units,
        .standard = row->standard,
        .max = row->max ? row->max : INFINITY,
        .value = value,
    };
    return r;
}

void usage_count(struct usage_list *l, const struct usage_row *row,
                 const char *of, double value, double at, uint64_t whose)
{
    struct reading *r = usage_add(l, row, of, value);

    r->counts = true;
    r->at = at;
    r->whose = whose;
}

void usage_count_fields(struct usage_list *l, const struct usage_field *fields,
                        size_t n, const char *of, const void *counters,
                        double at, uint64_t whose)
{
    for (size_t i = 0; i < n; i++) {
        const uint64_t *counter =
            (const void *)((const char *)counters + fields[i].offset);

        usage_count(l, &fields[i].row, of, (double)*counter, at, whose);
    }
}

const char *usage_number(struct pool *p, uint64_t n)
{
    return pool_printf(p, "%llu", (unsigned long long)n);
}

/* ---- of a guest ---------------------------------------------------------- */

/* clang-format off */
static const struct usage_row
    row_cpu = {"cpu%s", "Share of a processor that VCPU %s takes", "(fraction)", true, 1},
    row_cpus = {"cpu_usage", "The same, on average over its VCPUs", "(fraction)", true, 1},
    row_memory = {"memory", "Memory the guest has", "B", true, 0},
    row_target = {"memory_target", "Memory the guest shall have", "B", true, 0},
    row_free = {"memory_internal_free", "Memory that the guest does not use", "KiB", true, 0};

static const struct usage_field vif_rows[] = {
    {{"vif_%s_rx", "What the guest receives by NIC %s", "B/s", true, 0}, offsetof(struct sample_net, in_bytes)},
    {{"vif_%s_tx", "What the guest sends by NIC %s", "B/s", true, 0}, offsetof(struct sample_net, out_bytes)},
    {{"vif_%s_rx_errors", "Packets to the guest that failed, of NIC %s", "err/s", false, 0}, offsetof(struct sample_net, in_errors)},
    {{"vif_%s_tx_errors", "Packets of the guest that failed, of NIC %s", "err/s", false, 0}, offsetof(struct sample_net, out_errors)},
};
/* clang-format on */

static void add_vcpus(struct usage_list *l, const struct sample_domain *d,
                      double now)
{
    double sum = 0;

    for (size_t i = 0; i < d->n_vcpus; i++) {
        double ran = (double)d->vcpus[i].ns / NS;

        sum += ran;
        usage_count(l, &row_cpu, usage_number(l->pool, d->vcpus[i].id), ran,
                    now, d->id);
    }
    usage_count(l, &row_cpus, "", d->n_vcpus ? sum / (double)d->n_vcpus : 0,
                now, d->id);
}

/* Of domain and device: neither's successor is taken for the other. */
static uint64_t whose_is(const struct sample_domain *d, uint64_t incarnation)
{
    return d->id << 48 ^ incarnation;
}

static void add_vif(struct usage_list *l, const struct sample_domain *d,
                    const struct sample_vif *vif, double now)
{
    usage_count_fields(l, vif_rows, ARRAY_LEN(vif_rows),
                       usage_number(l->pool, vif->id), &vif->net, now,
                       whose_is(d, vif->incarnation));
}

static void add_devices(struct usage_list *l, const struct sample_domain *d,
                        double now)
{
    for (size_t i = 0; i < d->n_vifs; i++)
        if (d->vifs[i].counted)
            add_vif(l, d, &d->vifs[i], now);
    for (size_t i = 0; i < d->n_vbds; i++)
        if (d->vbds[i].counted)
            usage_add_io(l, &d->vbds[i], whose_is(d, d->vbds[i].incarnation),
                         now,
                         pool_printf(l->pool, "vbd_%s_%%s", d->vbds[i].dev),
                         pool_printf(l->pool, "disk %s", d->vbds[i].dev));
}

static void usage_of_vm(const struct usage *u, const struct object *vm,
                        struct usage_list *l)
{
    const struct sample_domain *d =
        u->sample && vm_is_up(vm)
            ? sample_domain(u->sample, (uint64_t)get_VM_domid(vm))
            : NULL;

    if (!d)
        return;
    add_vcpus(l, d, u->sample->time);
    usage_add(l, &row_memory, "", (double)d->memory);
    usage_add(l, &row_target, "", (double)get_VM_memory_target(vm));
    if (d->guest_free != SAMPLE_NONE)
        usage_add(l, &row_free, "", (double)d->guest_free / KIB);
    add_devices(l, d, u->sample->time);
}

/* ---- all ----------------------------------------------------------------- */

struct err *usage_look(struct pool *p, const struct db *db, const struct hv *hv,
                       const struct net *net, const struct usage **ret)
{
    struct usage *u = pool_new_of(p, struct usage);

    *u = (struct usage){.pool = p, .db = db, .net = net};
    if (hv)
        TRY(hv->measure(hv, PARTS, p, &u->sample));
    if (u->sample)
        usage_sum_srs(u);
    *ret = u;
    return NULL;
}

void usage_of(const struct usage *u, const struct object *o,
              struct reading **ret, size_t *ret_n)
{
    struct usage_list l = {.pool = u->pool};

    if (object_class(o) == &model_classes[CLASS_VM])
        usage_of_vm(u, o, &l);
    else if (object_class(o) == &model_classes[CLASS_host])
        usage_of_host(u, o, &l);
    else
        usage_of_sr(u, o, &l);
    *ret = l.list;
    *ret_n = l.n;
}
