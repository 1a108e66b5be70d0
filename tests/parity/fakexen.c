/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fakexen: with this preloaded, Debian's own `xl create -n` runs on a machine
 * without Xen, so that its reading of a config can be compared with ours
 * anywhere. Only what a dry run touches is here: opening and closing the
 * hypervisor and XenStore, and the few facts about the host that go into the
 * result. The real comparison is made in a Dom0, without this.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xenctrl.h>
#include <xenstore.h>

/* Handles that nobody looks into: any address of our own will do. */
static char handle_xc, handle_xs;

/* ---- connections --------------------------------------------------------- */

xc_interface *xc_interface_open(struct xentoollog_logger *logger,
                                struct xentoollog_logger *dombuild_logger,
                                unsigned open_flags)
{
    (void)logger;
    (void)dombuild_logger;
    (void)open_flags;
    return (xc_interface *)&handle_xc;
}

int xc_interface_close(xc_interface *xch)
{
    (void)xch;
    return 0;
}

struct xs_handle *xs_open(unsigned long flags)
{
    (void)flags;
    return (struct xs_handle *)&handle_xs;
}

void xs_close(struct xs_handle *xsh)
{
    (void)xsh;
}

/* XenStore is empty. */
void *xs_read(struct xs_handle *xsh, xs_transaction_t t, const char *path,
              unsigned *len)
{
    (void)xsh;
    (void)t;
    (void)path;
    (void)len;
    errno = ENOENT;
    return NULL;
}

char **xs_directory(struct xs_handle *xsh, xs_transaction_t t, const char *path,
                    unsigned *num)
{
    (void)xsh;
    (void)t;
    (void)path;
    (void)num;
    errno = ENOENT;
    return NULL;
}

/* ---- facts about the host ------------------------------------------------ */

/* Texts are fixed-size arrays that come zeroed from us: empty. */
static size_t version_size(int cmd)
{
    switch (cmd) {
    case XENVER_extraversion:
        return sizeof(xen_extraversion_t);
    case XENVER_compile_info:
        return sizeof(xen_compile_info_t);
    case XENVER_capabilities:
        return sizeof(xen_capabilities_info_t);
    case XENVER_changeset:
        return sizeof(xen_changeset_info_t);
    case XENVER_platform_parameters:
        return sizeof(xen_platform_parameters_t);
    case XENVER_commandline:
        return sizeof(xen_commandline_t);
    default:
        return 0;
    }
}

int xc_version(xc_interface *xch, int cmd, void *arg)
{
    (void)xch;
    if (cmd == XENVER_version)
        return 4 << 16 | 17;
    if (cmd == XENVER_pagesize)
        return 4096;
    if (version_size(cmd))
        memset(arg, 0, version_size(cmd));
    return 0;
}

int xc_get_max_cpus(xc_interface *xch)
{
    (void)xch;
    return (int)sysconf(_SC_NPROCESSORS_CONF);
}

int xc_get_online_cpus(xc_interface *xch)
{
    (void)xch;
    return (int)sysconf(_SC_NPROCESSORS_ONLN);
}

int xc_get_max_nodes(xc_interface *xch)
{
    (void)xch;
    return 1;
}

int xc_physinfo(xc_interface *xch, xc_physinfo_t *info)
{
    memset(info, 0, sizeof(*info));
    info->threads_per_core = info->cores_per_socket = 1;
    info->nr_cpus = (uint32_t)xc_get_online_cpus(xch);
    info->max_cpu_id = (uint32_t)xc_get_max_cpus(xch) - 1;
    info->nr_nodes = 1;
    info->cpu_khz = 2000000;
    info->capabilities = XEN_SYSCTL_PHYSCAP_hvm | XEN_SYSCTL_PHYSCAP_pv |
                         XEN_SYSCTL_PHYSCAP_hap | XEN_SYSCTL_PHYSCAP_shadow |
                         XEN_SYSCTL_PHYSCAP_gnttab_v1 |
                         XEN_SYSCTL_PHYSCAP_gnttab_v2;
    info->total_pages = info->max_mfn = UINT64_C(1) << 20;
    info->free_pages = info->total_pages / 2;
    return 0;
}

int xc_numainfo(xc_interface *xch, unsigned *max_nodes, xc_meminfo_t *meminfo,
                uint32_t *distance)
{
    (void)xch;
    if (meminfo)
        memset(meminfo, 0, *max_nodes * sizeof(*meminfo));
    if (distance)
        memset(distance, 0, *max_nodes * *max_nodes * sizeof(*distance));
    *max_nodes = 1;
    return 0;
}

/* All processors sit on node 0. */
int xc_cputopoinfo(xc_interface *xch, unsigned *max_cpus, xc_cputopo_t *cputopo)
{
    unsigned n = (unsigned)xc_get_max_cpus(xch);

    for (unsigned i = 0; cputopo && i < *max_cpus && i < n; i++)
        cputopo[i] = (xc_cputopo_t){.core = i};
    *max_cpus = n;
    return 0;
}

long xc_sharing_freed_pages(xc_interface *xch)
{
    (void)xch;
    return 0;
}

long xc_sharing_used_frames(xc_interface *xch)
{
    (void)xch;
    return 0;
}

int xc_sched_id(xc_interface *xch, int *sched_id)
{
    (void)xch;
    *sched_id = XEN_SCHEDULER_CREDIT2;
    return 0;
}
