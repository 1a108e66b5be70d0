/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * change: what happened between two readings. The one place where counters
 * are subtracted, and so the one that knows when they must not be: a domain
 * of the same id but another uuid, a device of the same id but another
 * incarnation, and a counter that went back (without wrapping where it is
 * known to wrap) are new, and nothing is known of what they did.
 */
#ifndef XENSTORE_TOP_CHANGE_H
#define XENSTORE_TOP_CHANGE_H

#include "xenstore/top/sample.h"

/* What happened while. Everything in here is a difference. */
struct change_domain {
    const struct sample_domain *now;
    uint64_t known; /* 0: the domain is new, all of these are 0 */
    uint64_t same;  /* 1: nothing of it has changed, all of these are 0 */
    uint64_t cpu_ns;
    struct sample_net net; /* over all its devices */
    struct sample_blk blk;
    uint64_t bandwidth, local_bandwidth;
    uint64_t *vcpu_ns;                   /* as now->vcpus ... */
    struct sample_net *vif;              /* as now->vifs; all 0 for a new one */
    struct sample_blk *vbd;              /* as now->vbds */
    uint64_t counted_vifs, counted_vbds; /* how many have counters here */
    /* Sums of now's counters, over all devices: what a total shows. */
    struct sample_net net_total;
    struct sample_blk blk_total;
};

struct change {
    const struct sample *now;
    double seconds;                /* 0: there was no reading before */
    uint64_t *busy_ns;             /* as now->host.cpu: time not idle */
    double busy;                   /* of all CPUs together, 0 to 1 */
    struct change_domain *domains; /* as now->domains */
    size_t n_domains;
};

/* In P, pointing into NOW; WAS may be NULL. Nothing of WAS is kept. */
struct change *change_between(const struct sample *was,
                              const struct sample *now, struct pool *p);

/* N a second; 0 when no time has passed. */
double change_rate(const struct change *c, uint64_t n);

/* How much a counter has grown; false: it was begun anew, *ret is 0. WRAPS_AT:
 * the value at which it begins with 0 again, 0: never. */
bool counter_grown(uint64_t was, uint64_t now, uint64_t wraps_at,
                   uint64_t *ret);

#endif
