/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sample_xen: what the hypervisor says; the parts of the real sampler. */
#ifndef XENSTORE_TOP_SAMPLE_XEN_H
#define XENSTORE_TOP_SAMPLE_XEN_H

#include <xenctrl.h>

#include "xenstore/top/sample.h"

#define XEN_PAGE UINT64_C(4096)

/* ---- sample_xen_host.c --------------------------------------------------- */

/* CPU's places, read again when their number changes. */
struct topology {
    xc_cputopo_t *cpus;
    unsigned n;
    uint32_t online; /* CPUs, when it was read */
};

/* The host; its CPUs, nodes and pools when PARTS say so. */
struct err *xen_read_host(xc_interface *xc, unsigned parts,
                          struct topology *topology, struct pool *p,
                          struct sample_host *ret) MUST_USE;
void topology_free(struct topology *t);

/* ---- sample_xen_psr.c ---------------------------------------------------- */

struct psr {
    bool tried, present;
    uint32_t factor; /* bytes that one counts for */
    bool cache, bandwidth, local;
};

/* Cache and bandwidth of the domain, SAMPLE_NONE where it is not monitored. */
void psr_read(struct psr *psr, xc_interface *xc, const struct topology *t,
              struct sample_domain *d);

#endif
