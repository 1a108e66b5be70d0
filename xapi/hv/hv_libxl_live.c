/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* hv_libxl_live: sizes of a domain that lives, and the host; see hv_libxl.h. */
#include <libxl_utils.h>

#include "lib/str.h"
#include "xapi/hv/hv_libxl.h"
#include "xenstore/store.h"
#include "xenstore/top/sample.h"
#include "xl/domain/domains.h"

#define MIB (INT64_C(1) << 20)

/* ---- sizes --------------------------------------------------------------- */

struct err *lx_set_memory(const struct hv *hv, uint32_t domid, int64_t bytes)
{
    struct lx lx AUTO_LX = {0};
    int rc;

    (void)hv;
    TRY(lx_begin(&lx, false));
    host_mark(&lx.host);
    rc = libxl_set_memory_target(lx.host.ctx, domid, bytes >> 10, 0, 1);
    return rc ? host_err(&lx.host, rc, "cannot set the memory of domain %u",
                         domid)
              : NULL;
}

/* Whole MiB, as at the start. */
struct err *lx_set_shadow(const struct hv *hv, uint32_t domid, int64_t bytes)
{
    uint64_t size = (uint64_t)((bytes + MIB - 1) / MIB * MIB);
    struct lx lx AUTO_LX = {0};

    (void)hv;
    TRY(lx_begin_quick(&lx));
    return xc_set_paging_mempool_size(lx.host.xc, domid, size)
               ? err_errno(errno,
                           "cannot set the memory for page tables of domain %u",
                           domid)
               : NULL;
}

struct err *lx_set_vcpus(const struct hv *hv, uint32_t domid, int64_t vcpus)
{
    libxl_bitmap map AUTO(libxl_bitmap_dispose);
    struct lx lx AUTO_LX = {0};
    struct await a;
    int rc;

    (void)hv;
    libxl_bitmap_init(&map);
    TRY(lx_begin(&lx, false));
    host_mark(&lx.host);
    rc = libxl_cpu_bitmap_alloc(lx.host.ctx, &map, (int)vcpus);
    if (!rc) {
        for (int i = 0; i < vcpus; i++)
            libxl_bitmap_set(&map, i);
        await_begin(&a, &lx.host);
        rc = await_end(&a,
                       libxl_set_vcpuonline(lx.host.ctx, domid, &map, &a.how));
    }
    return rc ? host_err(&lx.host, rc, "cannot set the VCPUs of domain %u",
                         domid)
              : NULL;
}

/* ---- the host ------------------------------------------------------------ */

static int64_t bytes_of(uint64_t pages)
{
    return (int64_t)(pages << XC_PAGE_SHIFT);
}

/* Dom0 is the first domain. */
static struct err *describe_control(struct host *h, struct hv_domain *ret)
{
    xc_domaininfo_t info;

    if (xc_domain_getinfolist(h->xc, 0, 1, &info) != 1 || info.domain)
        return err_errno(errno, "cannot tell what Dom0 is");
    *ret = (struct hv_domain){
        .state = HV_RUNNING,
        .memory = bytes_of(info.tot_pages),
        .vcpus = info.nr_online_vcpus,
    };
    return NULL;
}

struct err *lx_host(const struct hv *hv, struct hv_host *ret)
{
    struct lx lx AUTO_LX = {0};
    xc_physinfo_t info = {0};
    struct hv_domain control;
    unsigned per_socket;

    (void)hv;
    TRY(lx_begin_quick(&lx));
    if (xc_physinfo(lx.host.xc, &info))
        return err_errno(errno, "cannot tell what this host is");
    TRY(describe_control(&lx.host, &control));
    per_socket = info.threads_per_core * info.cores_per_socket;
    *ret = (struct hv_host){
        .memory_total = bytes_of(info.total_pages),
        .memory_free = bytes_of(info.free_pages + info.scrub_pages),
        .cpus = info.nr_cpus,
        .sockets =
            per_socket ? (info.nr_cpus + per_socket - 1) / per_socket : 1,
        .cpu_mhz = info.cpu_khz / 1000,
        .has_control = true,
        .control = control,
    };
    return NULL;
}

/* ---- what it does -------------------------------------------------------- */

struct err *lx_measure(const struct hv *hv, unsigned parts, struct pool *p,
                       const struct sample **ret)
{
    AUTO_SAMPLER struct sampler *sampler = NULL;

    (void)hv;
    TRY(sampler_open(parts, true, &sampler));
    return sampler_take(sampler, p, ret);
}
