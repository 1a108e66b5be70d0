/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sample_xen_host: the host's part of a sample, see sample_xen.h. */
#include <errno.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>

#include "lib/str.h"
#include "xenstore/top/sample_xen.h"

static struct err *failed(const char *what)
{
    return err_errno(errno, "the hypervisor does not tell %s", what);
}

/* ---- CPUs ---------------------------------------------------------------- */

void topology_free(struct topology *t)
{
    free(t->cpus);
    *t = (struct topology){0};
}

static struct err *read_topology(xc_interface *xc, const xc_physinfo_t *info,
                                 struct topology *t)
{
    unsigned n = info->max_cpu_id + 1;

    if (t->cpus && t->online == info->nr_cpus)
        return NULL;
    topology_free(t);
    t->cpus = xcalloc(n, sizeof(*t->cpus));
    if (xc_cputopoinfo(xc, &n, t->cpus))
        return failed("where its CPUs are");
    t->n = n;
    t->online = info->nr_cpus;
    return NULL;
}

static struct err *read_cpus(xc_interface *xc, const struct topology *t,
                             struct pool *p, struct sample_host *ret)
{
    xc_cpuinfo_t *idle = pool_alloc(p, t->n * sizeof(*idle));
    int n = 0;

    if (xc_getcpuinfo(xc, (int)t->n, idle, &n))
        return failed("how busy its CPUs are");
    ret->cpu = pool_alloc(p, t->n * sizeof(*ret->cpu));
    for (unsigned i = 0; i < t->n && i < (unsigned)n; i++)
        if (t->cpus[i].core != XEN_INVALID_CORE_ID)
            ret->cpu[ret->n_cpu++] = (struct sample_cpu){
                .id = i,
                .core = t->cpus[i].core,
                .socket = t->cpus[i].socket,
                .node = t->cpus[i].node,
                .pool = SAMPLE_NONE,
                .idle_ns = idle[i].idletime,
            };
    return NULL;
}

static struct err *read_nodes(xc_interface *xc, const xc_physinfo_t *info,
                              struct pool *p, struct sample_host *ret)
{
    unsigned n = info->max_node_id + 1;
    xc_meminfo_t *nodes = pool_alloc(p, n * sizeof(*nodes));

    if (xc_numainfo(xc, &n, nodes, NULL))
        return failed("its NUMA nodes");
    ret->nodes = pool_alloc(p, n * sizeof(*ret->nodes));
    for (unsigned i = 0; i < n; i++)
        if (nodes[i].memsize != XEN_INVALID_MEM_SZ)
            ret->nodes[ret->n_nodes++] =
                (struct sample_node){i, nodes[i].memsize, nodes[i].memfree};
    return NULL;
}

/* ---- pools --------------------------------------------------------------- */

static const char *scheduler_name(uint32_t id)
{
    static const char *const names[] = {
        [XEN_SCHEDULER_CREDIT] = "credit",
        [XEN_SCHEDULER_CREDIT2] = "credit2",
        [XEN_SCHEDULER_ARINC653] = "arinc653",
        [XEN_SCHEDULER_RTDS] = "rtds",
        [XEN_SCHEDULER_NULL] = "null",
    };

    return id < ARRAY_LEN(names) && names[id] ? names[id] : "";
}

static void take_pool(const xc_cpupoolinfo_t *info, struct pool *p,
                      struct sample_host *ret)
{
    struct sample_cpupool *pool = pool_push(p, ret->pools, ret->n_pools);

    pool->id = info->cpupool_id;
    pool->name = "";
    pool->scheduler = scheduler_name(info->sched_id);
    pool->domains = info->n_dom;
    for (size_t i = 0; i < ret->n_cpu; i++) {
        struct sample_cpu *cpu = &ret->cpu[i];

        if (info->cpumap[cpu->id / 8] & 1u << cpu->id % 8) {
            cpu->pool = pool->id;
            pool->cpus++;
        }
    }
}

static void read_pools(xc_interface *xc, struct pool *p,
                       struct sample_host *ret)
{
    xc_cpupoolinfo_t *info;
    uint32_t id = 0;

    while ((info = xc_cpupool_getinfo(xc, id))) {
        take_pool(info, p, ret);
        id = info->cpupool_id + 1;
        xc_cpupool_infofree(xc, info);
    }
}

/* ---- the host ------------------------------------------------------------ */

static const char *version(xc_interface *xc, struct pool *p)
{
    xen_extraversion_t extra = "";
    int n = xc_version(xc, XENVER_version, NULL);

    if (n < 0)
        return "";
    if (xc_version(xc, XENVER_extraversion, extra) < 0)
        *extra = '\0';
    return pool_printf(p, "%d.%d%.*s", n >> 16, n & 0xffff, (int)sizeof(extra),
                       extra);
}

static const char *host_name(struct pool *p)
{
    struct utsname names;

    return uname(&names) ? "" : pool_str(p, names.nodename);
}

static uint64_t uptime(void)
{
    struct timespec t;

    clock_gettime(CLOCK_BOOTTIME, &t);
    return (uint64_t)t.tv_sec;
}

struct err *xen_read_host(xc_interface *xc, unsigned parts,
                          struct topology *topology, struct pool *p,
                          struct sample_host *ret)
{
    xc_physinfo_t info = {0};

    if (xc_physinfo(xc, &info))
        return failed("what the host has");
    ret->version = version(xc, p);
    ret->name = host_name(p);
    ret->cpus = info.nr_cpus;
    ret->khz = info.cpu_khz;
    ret->memory = info.total_pages * XEN_PAGE;
    ret->free = (info.free_pages + info.scrub_pages) * XEN_PAGE;
    ret->claimed = info.outstanding_pages * XEN_PAGE;
    ret->uptime = uptime();
    if (parts & (SAMPLE_CPUS | SAMPLE_PSR))
        TRY(read_topology(xc, &info, topology));
    if (!(parts & SAMPLE_CPUS))
        return NULL;
    TRY(read_cpus(xc, topology, p, ret));
    TRY(read_nodes(xc, &info, p, ret));
    read_pools(xc, p, ret);
    return NULL;
}
