/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* host_cpus: which physical CPUs this host has, and on which NUMA nodes. */
#include <limits.h>

#include "xl/domain/host.h"

struct err *host_cpus_read(void *host, struct pool *p, struct host_cpus *ret)
{
    struct host *h = host;
    int max = libxl_get_max_cpus(h->ctx), n = 0;
    libxl_cputopology *topology;
    unsigned *node_of;

    if (max <= 0)
        return ERR("libxl cannot tell the number of CPUs");
    topology = libxl_get_cpu_topology(h->ctx, &n);
    if (!topology)
        return ERR("libxl cannot tell the CPUs' nodes");
    node_of = pool_alloc(p, (size_t)max * sizeof(*node_of));
    ret->n_nodes = 0;
    for (int i = 0; i < max; i++) {
        bool there =
            i < n && topology[i].node != LIBXL_CPUTOPOLOGY_INVALID_ENTRY;

        node_of[i] = there ? topology[i].node : UINT_MAX;
        if (there && topology[i].node >= ret->n_nodes)
            ret->n_nodes = topology[i].node + 1;
    }
    libxl_cputopology_list_free(topology, n);
    ret->n = (unsigned)max;
    ret->node_of = node_of;
    return NULL;
}
