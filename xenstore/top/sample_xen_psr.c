/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sample_xen_psr: what Intel's resource monitoring says of domains that are
 * attached to it (`xl psr-cmt-attach`), see sample_xen.h. */
#include "xenstore/top/sample_xen.h"

/* The least that a CPU counts to before it begins with 0 again. */
#define COUNTER_END (UINT64_C(1) << 24)

/* Bits of the host's event mask. */
#define EVENT_CACHE 1u
#define EVENT_BANDWIDTH 2u
#define EVENT_LOCAL 4u

static void look_for(struct psr *psr, xc_interface *xc)
{
    uint32_t mask = 0;

    psr->tried = true;
    if (xc_psr_cmt_enabled(xc) != 1 ||
        xc_psr_cmt_get_l3_upscaling_factor(xc, &psr->factor) ||
        xc_psr_cmt_get_l3_event_mask(xc, &mask))
        return;
    psr->present = true;
    psr->cache = mask & EVENT_CACHE;
    psr->bandwidth = mask & EVENT_BANDWIDTH;
    psr->local = mask & EVENT_LOCAL;
}

/* One CPU of each socket is asked: whether this is the first of its own. */
static bool is_first(const struct topology *t, unsigned cpu)
{
    for (unsigned i = 0; i < cpu; i++)
        if (t->cpus[i].core != XEN_INVALID_CORE_ID &&
            t->cpus[i].socket == t->cpus[cpu].socket)
            return false;
    return t->cpus[cpu].core != XEN_INVALID_CORE_ID;
}

/* The sum over the sockets, in bytes. */
static uint64_t sum(const struct psr *psr, xc_interface *xc,
                    const struct topology *t, uint32_t id, xc_psr_cmt_type type)
{
    uint64_t all = 0;

    for (unsigned cpu = 0; cpu < t->n; cpu++) {
        uint64_t n;

        if (!is_first(t, cpu))
            continue;
        if (xc_psr_cmt_get_data(xc, id, cpu, type, &n, NULL))
            return SAMPLE_NONE;
        all += n * psr->factor;
    }
    return all;
}

/* Each socket's counter begins with 0 again at a time of its own: what is left
 * of their sum modulo that end still has the right differences. */
static uint64_t traffic(const struct psr *psr, xc_interface *xc,
                        const struct topology *t, uint32_t id,
                        xc_psr_cmt_type type)
{
    uint64_t n = sum(psr, xc, t, id, type);

    return n == SAMPLE_NONE ? n : n % (COUNTER_END * psr->factor);
}

void psr_read(struct psr *psr, xc_interface *xc, const struct topology *t,
              struct sample_domain *d)
{
    uint32_t id = 0;

    if (!psr->tried)
        look_for(psr, xc);
    if (!psr->present || xc_psr_cmt_get_domain_rmid(xc, (uint32_t)d->id, &id) ||
        !id)
        return;
    if (psr->cache)
        d->cache = sum(psr, xc, t, id, XC_PSR_CMT_L3_OCCUPANCY);
    if (psr->bandwidth)
        d->bandwidth = traffic(psr, xc, t, id, XC_PSR_CMT_TOTAL_MEM_COUNT);
    if (psr->local)
        d->local_bandwidth =
            traffic(psr, xc, t, id, XC_PSR_CMT_LOCAL_MEM_COUNT);
    d->bandwidth_wraps = COUNTER_END * psr->factor;
}
