/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* stock: see stock.h. */
#include "xenstore/top/stock.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

const char *stock_title(const struct sample *s, struct pool *p)
{
    time_t t = (time_t)s->wall;
    char text[16] = "";
    struct tm tm;

    if (localtime_r(&t, &tm))
        strftime(text, sizeof(text), "%H:%M:%S", &tm);
    return pool_printf(p, "xentop - %s   Xen %s", text, s->host.version);
}

static unsigned count(const struct sample *s, enum sample_state state)
{
    unsigned n = 0;

    for (size_t i = 0; i < s->n_domains; i++)
        n += !!(s->domains[i].states & state);
    return n;
}

const char *stock_domains(const struct sample *s, struct pool *p)
{
    return pool_printf(p,
                       "%zu domains: %u running, %u blocked, %u paused, "
                       "%u crashed, %u dying, %u shutdown ",
                       s->n_domains, count(s, STATE_RUNNING),
                       count(s, STATE_BLOCKED), count(s, STATE_PAUSED),
                       count(s, STATE_CRASHED), count(s, STATE_DYING),
                       count(s, STATE_SHUTDOWN));
}

const char *stock_memory(const struct sample *s, struct pool *p)
{
    const struct sample_host *h = &s->host;

    return pool_printf(p,
                       "Mem: %" PRIu64 "k total, %" PRIu64 "k used, %" PRIu64
                       "k free    CPUs: %" PRIu64 " @ %" PRIu64 "MHz",
                       h->memory / 1024, (h->memory - h->free) / 1024,
                       h->free / 1024, h->cpus, h->khz / 1000);
}

void stock_vcpus(const struct sample_domain *d, struct str *out)
{
    str_add(out, "VCPUs(sec): ");
    for (size_t i = 0; i < d->n_vcpus; i++) {
        const struct sample_vcpu *v = &d->vcpus[i];

        if (!v->online)
            continue;
        if (v->id && v->id % 5 == 0)
            str_add(out, "\n        ");
        str_addf(out, " %2" PRIu64 ": %10" PRIu64 "s", v->id,
                 v->ns / 1000000000);
    }
    str_addc(out, '\n');
}

/* RX is what the card's end in Dom0 received. */
void stock_vifs(const struct sample_domain *d, struct str *out)
{
    for (size_t i = 0; i < d->n_vifs; i++) {
        const struct sample_net *n = &d->vifs[i].net;

        str_addf(out,
                 "Net%" PRIu64 " RX: %8" PRIu64 "bytes %8" PRIu64
                 "pkts %8" PRIu64 "err %8" PRIu64 "drop  TX: %8" PRIu64
                 "bytes %8" PRIu64 "pkts %8" PRIu64 "err %8" PRIu64 "drop\n",
                 d->vifs[i].id, n->out_bytes, n->out_packets, n->out_errors,
                 n->out_drops, n->in_bytes, n->in_packets, n->in_errors,
                 n->in_drops);
    }
}

void stock_vbds(const struct sample_domain *d, struct str *out)
{
    for (size_t i = 0; i < d->n_vbds; i++) {
        const struct sample_vbd *v = &d->vbds[i];
        unsigned id = (unsigned)v->id;

        str_addf(out,
                 "VBD %s %4u [%2x:%2x]  OO: %8" PRIu64 "   RD: %8" PRIu64
                 "   WR: %8" PRIu64 "   RSECT: %10" PRIu64
                 "   WSECT: %10" PRIu64 "\n",
                 strcmp(v->backend, "vbd") ? "Unidentified" : "BlkBack", id,
                 id >> 8 & 0xff, id & 0xff, v->blk.waits, v->blk.reads,
                 v->blk.writes, v->blk.read_sectors, v->blk.write_sectors);
    }
}
