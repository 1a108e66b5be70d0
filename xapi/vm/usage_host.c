/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* usage_host: what a host does; see usage.h. */
#include <math.h>
#include <stdlib.h>

#include "lib/clock.h"
#include "lib/str.h"
#include "xapi/net/net.h"
#include "xapi/vm/usage_impl.h"

#define KIB 1024.0
#define NS 1e9
#define SHORT_UUID 8 /* letters of an SR's in names */

/* clang-format off */
static const struct usage_row
    row_load = {"loadavg", "Processes that want to run, on average over a minute", "", true, 0},
    row_free = {"memory_free_kib", "Memory that no domain has", "KiB", true, 0},
    row_total = {"memory_total_kib", "Memory of the machine", "KiB", true, 0},
    row_cpu = {"cpu%s", "Share of its time that processor %s works", "(fraction)", true, 1},
    row_cpus = {"cpu_avg", "The same, on average over all processors", "(fraction)", true, 1},
    row_vcpus = {"running_vcpus", "VCPUs that run or would like to", "count", true, 0},
    row_hostload = {"hostload", "The same, for each processor", "(fraction)", true, 0},
    row_domains = {"running_domains", "Domains that are there", "count", true, 0},
    row_all_rx = {"pif_aggr_rx", "What all cards receive", "B/s", true, 0},
    row_all_tx = {"pif_aggr_tx", "What all cards send", "B/s", true, 0};

static const struct usage_field pif_rows[] = {
    {{"pif_%s_rx", "What %s receives", "B/s", true, 0}, offsetof(struct net_count, rx_bytes)},
    {{"pif_%s_tx", "What %s sends", "B/s", true, 0}, offsetof(struct net_count, tx_bytes)},
    {{"pif_%s_rx_errors", "Packets that %s should have received", "err/s", false, 0}, offsetof(struct net_count, rx_errors)},
    {{"pif_%s_tx_errors", "Packets that %s could not send", "err/s", false, 0}, offsetof(struct net_count, tx_errors)},
};
/* clang-format on */

/* ---- processors ---------------------------------------------------------- */

static void add_cpus(struct usage_list *l, const struct sample *s)
{
    double sum = 0;

    for (size_t i = 0; i < s->host.n_cpu; i++) {
        const struct sample_cpu *cpu = &s->host.cpu[i];
        double worked = s->time - (double)cpu->idle_ns / NS;

        sum += worked;
        usage_count(l, &row_cpu, usage_number(l->pool, cpu->id), worked,
                    s->time, 0);
    }
    if (s->host.n_cpu)
        usage_count(l, &row_cpus, "", sum / (double)s->host.n_cpu, s->time, 0);
}

static void add_domains(struct usage_list *l, const struct sample *s)
{
    double vcpus = 0, domains = 0;

    for (size_t i = 0; i < s->n_domains; i++) {
        const struct sample_domain *d = &s->domains[i];

        domains +=
            !(d->states & (STATE_DYING | STATE_SHUTDOWN | STATE_CRASHED));
        for (size_t k = 0; k < d->n_vcpus; k++)
            vcpus += d->vcpus[k].online && !d->vcpus[k].blocked;
    }
    usage_add(l, &row_domains, "", domains);
    usage_add(l, &row_vcpus, "", vcpus);
    if (s->host.n_cpu)
        usage_add(l, &row_hostload, "", vcpus / (double)s->host.n_cpu);
}

/* ---- interfaces ---------------------------------------------------------- */

/* A PIF by what it is called on the host: a VLAN is not its card. */
static void add_pifs(const struct usage *u, const struct object *host,
                     struct usage_list *l)
{
    struct net_count sum = {.incarnation = 0};

    for (struct object *pif = db_first(u->db, &model_classes[CLASS_PIF]); pif;
         pif = object_next(pif)) {
        double now = clock_now();
        struct net_count count;
        struct err *e;

        if (get_PIF_host(pif) != host || get_PIF_VLAN(pif) >= 0)
            continue;
        e = u->net->count(u->net, get_PIF_device(pif), &count);
        err_drop(e, "it is not there now");
        if (e)
            continue;
        usage_count_fields(l, pif_rows, ARRAY_LEN(pif_rows),
                           get_PIF_device(pif), &count, now, count.incarnation);
        if (!get_PIF_physical(pif))
            continue;
        sum.incarnation = 31 * sum.incarnation + count.incarnation;
        sum.rx_bytes += count.rx_bytes;
        sum.tx_bytes += count.tx_bytes;
    }
    usage_count(l, &row_all_rx, "", (double)sum.rx_bytes, clock_now(),
                sum.incarnation);
    usage_count(l, &row_all_tx, "", (double)sum.tx_bytes, clock_now(),
                sum.incarnation);
}

/* ---- all of it ----------------------------------------------------------- */

static void add_srs(const struct usage *u, struct usage_list *l)
{
    for (size_t i = 0; i < u->n_srs; i++) {
        const char *uuid = get_SR_uuid(u->srs[i].sr);

        usage_add_io(l, &u->srs[i].io, u->srs[i].io.incarnation,
                     u->sample->time,
                     pool_printf(l->pool, "%%s_%.*s", SHORT_UUID, uuid),
                     pool_printf(l->pool, "the disks of repository %s", uuid));
    }
}

void usage_of_host(const struct usage *u, const struct object *host,
                   struct usage_list *l)
{
    const struct object *metrics = get_host_metrics(host);
    double average = 0;

    if (!metrics)
        return;
    if (getloadavg(&average, 1) == 1)
        usage_add(l, &row_load, "", average);
    usage_add(l, &row_free, "",
              (double)get_host_metrics_memory_free(metrics) / KIB);
    usage_add(l, &row_total, "",
              (double)get_host_metrics_memory_total(metrics) / KIB);
    if (u->sample) {
        add_cpus(l, u->sample);
        add_domains(l, u->sample);
        add_srs(u, l);
    }
    if (u->net)
        add_pifs(u, host, l);
}
