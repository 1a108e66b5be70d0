/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fakehost: preloaded into build/tests/xentop, it is a hypervisor as the file
 * $FAKEHOST says, which is read anew for each reading: for what the lab's
 * emulated processor has not, and for more domains than it can hold.
 *
 *     psr FACTOR MASK            Intel's monitoring; without this line, none
 *     traffic RMID TOTAL LOCAL   what each of the two sockets has counted
 *     domain ID CPU_NS PAGES RMID
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xenctrl.h>

#define DOMAINS_MAX 20000
#define RMIDS_MAX 16

static struct {
    int psr;
    unsigned factor, mask;
    unsigned long long traffic[RMIDS_MAX][2];
    struct {
        unsigned id, rmid;
        unsigned long long ns, pages;
    } domains[DOMAINS_MAX];
    size_t n;
} host;

static void take_line(const char *line)
{
    unsigned long long a, b, c, d;

    if (sscanf(line, "psr %llu %llu", &a, &b) == 2) {
        host.psr = 1;
        host.factor = (unsigned)a;
        host.mask = (unsigned)b;
    } else if (sscanf(line, "traffic %llu %llu %llu", &a, &b, &c) == 3) {
        host.traffic[a % RMIDS_MAX][0] = b;
        host.traffic[a % RMIDS_MAX][1] = c;
    } else if (sscanf(line, "domain %llu %llu %llu %llu", &a, &b, &c, &d) ==
                   4 &&
               host.n < DOMAINS_MAX) {
        host.domains[host.n].id = (unsigned)a;
        host.domains[host.n].ns = b;
        host.domains[host.n].pages = c;
        host.domains[host.n++].rmid = (unsigned)d;
    }
}

static int read_host(void)
{
    const char *path = getenv("FAKEHOST");
    FILE *file = path ? fopen(path, "r") : NULL;
    char line[200];

    if (!file)
        return -1;
    memset(&host, 0, sizeof(host));
    while (fgets(line, sizeof(line), file))
        take_line(line);
    fclose(file);
    return 0;
}

/* ---- the host ------------------------------------------------------------ */

xc_interface *xc_interface_open(xentoollog_logger *logger,
                                xentoollog_logger *dombuild, unsigned flags)
{
    (void)logger, (void)dombuild, (void)flags;
    return (xc_interface *)&host;
}

int xc_interface_close(xc_interface *xch)
{
    (void)xch;
    return 0;
}

int xc_physinfo(xc_interface *xch, xc_physinfo_t *info)
{
    (void)xch;
    memset(info, 0, sizeof(*info));
    info->nr_cpus = 4;
    info->max_cpu_id = 3;
    info->cpu_khz = 2400000;
    info->total_pages = 1u << 22;
    info->free_pages = 1u << 21;
    return read_host();
}

int xc_version(xc_interface *xch, int cmd, void *arg)
{
    (void)xch;
    if (cmd == XENVER_extraversion)
        strcpy(arg, ".7");
    return cmd == XENVER_version ? 4 << 16 | 17 : 0;
}

/* CPUs 0 and 1 are on one socket, 2 and 3 on the other. */
int xc_cputopoinfo(xc_interface *xch, unsigned *n, xc_cputopo_t *cpus)
{
    (void)xch;
    for (unsigned i = 0; cpus && i < *n && i < 4; i++)
        cpus[i] = (xc_cputopo_t){.core = i, .socket = i / 2, .node = 0};
    return 0;
}

int xc_getcpuinfo(xc_interface *xch, int max, xc_cpuinfo_t *info, int *n)
{
    (void)xch;
    memset(info, 0, (size_t)max * sizeof(*info));
    *n = max;
    return 0;
}

int xc_numainfo(xc_interface *xch, unsigned *n, xc_meminfo_t *nodes,
                uint32_t *distance)
{
    (void)xch, (void)distance;
    for (unsigned i = 0; nodes && i < *n; i++)
        nodes[i] = (xc_meminfo_t){.memsize = 1ull << 34, .memfree = 1ull << 33};
    return 0;
}

xc_cpupoolinfo_t *xc_cpupool_getinfo(xc_interface *xch, uint32_t id)
{
    (void)xch, (void)id;
    errno = ENOENT;
    return NULL;
}

/* ---- domains ------------------------------------------------------------- */

int xc_domain_getinfolist(xc_interface *xch, uint32_t first, unsigned max,
                          xc_domaininfo_t *infos)
{
    int n = 0;

    (void)xch;
    for (size_t i = 0; i < host.n && (unsigned)n < max; i++) {
        xc_domaininfo_t *info = &infos[n];

        if (host.domains[i].id < first)
            continue;
        memset(info, 0, sizeof(*info));
        info->domain = (domid_t)host.domains[i].id;
        info->flags = XEN_DOMINF_blocked;
        info->cpu_time = host.domains[i].ns;
        info->tot_pages = info->max_pages = host.domains[i].pages;
        info->nr_online_vcpus = 1;
        info->handle[15] = (uint8_t)info->domain;
        n++;
    }
    return n;
}

int xc_vcpu_getinfo(xc_interface *xch, uint32_t domid, uint32_t vcpu,
                    xc_vcpuinfo_t *info)
{
    (void)xch, (void)domid, (void)vcpu;
    memset(info, 0, sizeof(*info));
    info->online = 1;
    return 0;
}

/* ---- monitoring ---------------------------------------------------------- */

int xc_psr_cmt_enabled(xc_interface *xch)
{
    (void)xch;
    return host.psr;
}

int xc_psr_cmt_get_l3_upscaling_factor(xc_interface *xch, uint32_t *factor)
{
    (void)xch;
    *factor = host.factor;
    return 0;
}

int xc_psr_cmt_get_l3_event_mask(xc_interface *xch, uint32_t *mask)
{
    (void)xch;
    *mask = host.mask;
    return 0;
}

int xc_psr_cmt_get_domain_rmid(xc_interface *xch, uint32_t domid,
                               uint32_t *rmid)
{
    (void)xch;
    for (size_t i = 0; i < host.n; i++)
        if (host.domains[i].id == domid) {
            *rmid = host.domains[i].rmid;
            return 0;
        }
    errno = ESRCH;
    return -1;
}

/* Of the cache, each socket has 100 times the RMID. */
int xc_psr_cmt_get_data(xc_interface *xch, uint32_t rmid, uint32_t cpu,
                        xc_psr_cmt_type type, uint64_t *data, uint64_t *tsc)
{
    (void)xch, (void)cpu, (void)tsc;
    *data = type == XC_PSR_CMT_L3_OCCUPANCY ? 100 * rmid
            : type == XC_PSR_CMT_TOTAL_MEM_COUNT
                ? host.traffic[rmid % RMIDS_MAX][0]
                : host.traffic[rmid % RMIDS_MAX][1];
    return 0;
}
