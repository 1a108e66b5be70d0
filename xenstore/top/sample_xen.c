/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sample_xen: the real sampler. Domains come from the hypervisor, many in
 * one call; what XenStore knows of them from the catalog; the counters of their
 * devices from the kernel and from qemu.
 */
#include "xenstore/top/sample_xen.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "lib/str.h"
#include "xenstore/top/sample_disk.h"
#include "xenstore/top/sample_net.h"

#define STORE_WAIT_FIRST                                                \
    5.0                /* seconds that the first reading gives XenStore \
                        */
#define STORE_WAIT 0.3 /* and the others */
#define QEMU_WAIT_FIRST 1.0
#define QEMU_WAIT 0.3
#define DOMAINS_MAX 65536
#define UNSURE 0.005 /* seconds that the calls for them may take */

struct reader {
    xentoollog_logger *log;
    xc_interface *xc;
    unsigned parts;
    bool once;
    bool began; /* there was a reading */
    xc_domaininfo_t *infos;
    unsigned n_infos; /* room */
    struct topology topology;
    struct psr psr;
    struct catalog *catalog;
    struct nets *nets;
};

/* ---- domains ------------------------------------------------------------- */

static uint64_t pages(uint64_t n)
{
    return n * XEN_PAGE;
}

static uint64_t states_of(uint32_t flags)
{
    unsigned why = flags >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask;
    uint64_t states = 0;

    if (flags & XEN_DOMINF_dying)
        states |= STATE_DYING;
    if (flags & XEN_DOMINF_shutdown)
        states |= why == SHUTDOWN_crash ? STATE_CRASHED : STATE_SHUTDOWN;
    if (flags & XEN_DOMINF_blocked)
        states |= STATE_BLOCKED;
    if (flags & XEN_DOMINF_paused)
        states |= STATE_PAUSED;
    if (flags & XEN_DOMINF_running)
        states |= STATE_RUNNING;
    return states;
}

static const char *type_of(const xc_domaininfo_t *info)
{
    if (!(info->flags & XEN_DOMINF_hvm_guest))
        return "pv";
    return info->arch_config.emulation_flags & ~XEN_X86_EMU_LAPIC ? "hvm"
                                                                  : "pvh";
}

static void take_info(const xc_domaininfo_t *info, struct sample_domain *d)
{
    *d = (struct sample_domain){
        .id = info->domain,
        .name = "",
        .type = type_of(info),
        .states = states_of(info->flags),
        .cpu_ns = info->cpu_time,
        .online_vcpus = info->nr_online_vcpus,
        .max_vcpus = info->max_vcpu_id == XEN_INVALID_MAX_VCPU_ID
                         ? 0
                         : info->max_vcpu_id + 1,
        .memory = pages(info->tot_pages),
        .max_memory = info->max_pages >= UINT32_MAX ? SAMPLE_NONE
                                                    : pages(info->max_pages),
        .shared = pages(info->shr_pages),
        .paged = pages(info->paged_pages),
        .claimed = pages(info->outstanding_pages),
        .ssid = info->ssidref,
        .pool = info->cpupool,
        .target = SAMPLE_NONE,
        .guest_total = SAMPLE_NONE,
        .guest_free = SAMPLE_NONE,
        .cache = SAMPLE_NONE,
        .bandwidth = SAMPLE_NONE,
        .local_bandwidth = SAMPLE_NONE,
    };
    memcpy(d->uuid, info->handle, sizeof(d->uuid));
}

static int compare_domains(const void *a_, const void *b_)
{
    const struct sample_domain *a = a_, *b = b_;

    return (a->id > b->id) - (a->id < b->id);
}

static double clock_seconds(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* libxc keeps a page at hand for what the hypervisor writes; for more it has
 * the kernel make a mapping each time, which costs many times the call. */
#define INFOS_AT_ONCE ((int)(XEN_PAGE / sizeof(xc_domaininfo_t)))

/* All of them, a page's worth after the other; their number, or -1. */
static int read_infos(struct reader *r)
{
    uint32_t next = 0;
    int all = 0, n;

    do {
        if ((unsigned)(all + INFOS_AT_ONCE) > r->n_infos) {
            r->n_infos = 2 * r->n_infos + (unsigned)INFOS_AT_ONCE;
            r->infos = xrealloc(r->infos, r->n_infos, sizeof(*r->infos));
        }
        n = xc_domain_getinfolist(r->xc, next, INFOS_AT_ONCE, r->infos + all);
        if (n < 0)
            return n;
        all += n;
        next = n ? r->infos[all - 1].domain + 1u : 0;
    } while (n == INFOS_AT_ONCE && all < DOMAINS_MAX);
    return all;
}

/* Their time is the middle of when it could have been. When this process was
 * kept from running just then, they are asked again: rates are as good as the
 * time is. */
static int read_all_infos(struct reader *r, double *ret_time)
{
    double began, ended;
    int n, tries = 3;

    do {
        began = clock_seconds(CLOCK_MONOTONIC);
        n = read_infos(r);
        ended = clock_seconds(CLOCK_MONOTONIC);
    } while (n >= 0 && ended - began > UNSURE && --tries);
    *ret_time = (began + ended) / 2;
    return n;
}

static struct err *read_domains(struct reader *r, struct pool *p,
                                struct sample *s)
{
    int n = read_all_infos(r, &s->time);

    if (n < 0)
        return err_errno(errno, "the hypervisor does not tell its domains");
    s->n_domains = (size_t)n;
    s->domains = pool_alloc(p, s->n_domains * sizeof(*s->domains));
    for (size_t i = 0; i < s->n_domains; i++)
        take_info(&r->infos[i], &s->domains[i]);
    qsort(s->domains, s->n_domains, sizeof(*s->domains), compare_domains);
    return NULL;
}

/* A domain that goes away while it is asked has the VCPUs told so far. */
static void read_vcpus(struct reader *r, struct sample_domain *d,
                       struct pool *p)
{
    d->vcpus = pool_alloc(p, d->max_vcpus * sizeof(*d->vcpus));
    for (uint32_t i = 0; i < d->max_vcpus; i++) {
        xc_vcpuinfo_t info = {0};

        if (xc_vcpu_getinfo(r->xc, (uint32_t)d->id, i, &info))
            return;
        d->vcpus[d->n_vcpus++] = (struct sample_vcpu){
            .id = i,
            .online = info.online,
            .running = info.running,
            .blocked = info.blocked,
            .cpu = info.cpu,
            .ns = info.cpu_time,
        };
    }
}

/* ---- devices ------------------------------------------------------------- */

static void take_vif(struct reader *r, unsigned backend,
                     struct catalog_list *list, struct catalog_device *device,
                     const struct sample_domain *d, struct sample_vif *vif,
                     struct pool *p)
{
    vif->id = device->id;
    vif->dev = "";
    if (backend == BACKEND_VIF)
        nets_count(r->nets, d->id, !strcmp(d->type, "hvm"), device, list->pool,
                   vif);
    vif->dev = pool_str(p, vif->dev);
    vif->mac = pool_str(p, device->texts[0]);
    vif->bridge = pool_str(p, device->texts[1]);
}

/* "qdisk" of "/local/domain/3/backend/qdisk/...". */
static const char *backend_in(const char *path, struct pool *p)
{
    static const char before[] = "/backend/";
    const char *at = strstr(path, before);

    at = at ? at + strlen(before) : "";
    return pool_strn(p, at, strcspn(at, "/"));
}

static void take_vbd(unsigned backend, struct catalog_list *list,
                     struct catalog_device *device,
                     const struct sample_domain *d, struct sample_vbd *vbd,
                     struct pool *p)
{
    vbd->id = device->id;
    vbd->backend = backend == BACKEND_VBD_ELSEWHERE
                       ? backend_in(device->texts[3], p)
                       : catalog_backends[backend].name;
    vbd->dev = pool_str(p, device->texts[0]);
    vbd->target = pool_str(p, device->texts[1]);
    vbd->mode = pool_str(p, device->texts[2]);
    if (backend == BACKEND_VBD)
        vbd_count(d->id, device, list->pool, vbd);
    else if (backend == BACKEND_QDISK)
        qdisk_count(device, vbd);
}

static int compare_vifs(const void *a_, const void *b_)
{
    const struct sample_vif *a = a_, *b = b_;

    return (a->id > b->id) - (a->id < b->id);
}

static int compare_vbds(const void *a_, const void *b_)
{
    const struct sample_vbd *a = a_, *b = b_;

    return (a->id > b->id) - (a->id < b->id);
}

/* Room for those of all backends that are of PART. */
static size_t count_devices(const struct catalog_domain *c, unsigned part)
{
    size_t n = 0;

    for (unsigned b = 0; b < N_BACKENDS; b++)
        n += catalog_backends[b].part == part ? c->lists[b].n : 0;
    return n;
}

static void take_devices(struct reader *r, struct catalog_domain *c, unsigned b,
                         struct sample_domain *d, struct pool *p)
{
    struct catalog_list *list = &c->lists[b];

    for (size_t i = 0; i < list->n; i++)
        if (catalog_backends[b].part == SAMPLE_VIFS)
            take_vif(r, b, list, &list->devices[i], d, &d->vifs[d->n_vifs++],
                     p);
        else
            take_vbd(b, list, &list->devices[i], d, &d->vbds[d->n_vbds++], p);
}

static void take_all_devices(struct reader *r, struct catalog_domain *c,
                             struct sample_domain *d, struct pool *p)
{
    d->vifs = pool_alloc(p, count_devices(c, SAMPLE_VIFS) * sizeof(*d->vifs));
    d->vbds = pool_alloc(p, count_devices(c, SAMPLE_VBDS) * sizeof(*d->vbds));
    for (unsigned b = 0; b < N_BACKENDS; b++)
        if (r->parts & catalog_backends[b].part)
            take_devices(r, c, b, d, p);
    if (d->n_vifs)
        qsort(d->vifs, d->n_vifs, sizeof(*d->vifs), compare_vifs);
    if (d->n_vbds)
        qsort(d->vbds, d->n_vbds, sizeof(*d->vbds), compare_vbds);
}

/* What the catalog knows of the domain. */
static void take_catalog(struct reader *r, struct catalog_domain *c,
                         struct sample_domain *d, struct pool *p)
{
    d->name = pool_str(p, c->name);
    if (r->parts & SAMPLE_MEMORY) {
        d->target = c->target;
        d->guest_total = c->guest_total;
        d->guest_free = c->guest_free;
    }
    take_all_devices(r, c, d, p);
}

/* Asks for the counters of all devices, where there are any. */
static void read_counters(struct reader *r, struct catalog_domain **found,
                          size_t n)
{
    bool vifs = false, qdisks = false;

    for (size_t i = 0; i < n; i++) {
        vifs |= found[i] && found[i]->lists[BACKEND_VIF].n;
        qdisks |= found[i] && found[i]->lists[BACKEND_QDISK].n;
    }
    if (vifs && (r->parts & SAMPLE_VIFS))
        nets_read(r->nets);
    if (qdisks && (r->parts & SAMPLE_VBDS))
        qdisks_read(found, n, r->began ? QEMU_WAIT : QEMU_WAIT_FIRST);
}

static void name_pools(struct reader *r, struct sample_host *host,
                       struct pool *p)
{
    for (size_t i = 0; i < host->n_pools; i++)
        host->pools[i].name =
            pool_str(p, catalog_pool_name(r->catalog, host->pools[i].id));
}

static void read_store(struct reader *r, struct sample *s, struct pool *p)
{
    struct catalog_domain **found =
        pool_alloc(p, (s->n_domains + 1) * sizeof(struct catalog_domain *));

    name_pools(r, &s->host, p); /* says which are to be read */
    catalog_update(r->catalog, s->domains, s->n_domains, r->parts, !r->once,
                   r->began ? STORE_WAIT : STORE_WAIT_FIRST);
    s->store_age = catalog_age(r->catalog);
    name_pools(r, &s->host, p);
    for (size_t i = 0; i < s->n_domains; i++)
        found[i] = catalog_find(r->catalog, s->domains[i].id);
    read_counters(r, found, s->n_domains);
    for (size_t i = 0; i < s->n_domains; i++)
        if (found[i])
            take_catalog(r, found[i], &s->domains[i], p);
}

/* ---- the sampler --------------------------------------------------------- */

static struct err *take(void *state, struct pool *p, const struct sample **ret)
{
    struct reader *r = state;
    struct sample *s = pool_new_of(p, struct sample);

    s->parts = r->parts;
    TRY(xen_read_host(r->xc, r->parts, &r->topology, p, &s->host));
    s->wall = clock_seconds(CLOCK_REALTIME);
    TRY(read_domains(r, p, s));
    for (size_t i = 0; i < s->n_domains; i++) {
        if (r->parts & SAMPLE_VCPUS)
            read_vcpus(r, &s->domains[i], p);
        if (r->parts & SAMPLE_PSR)
            psr_read(&r->psr, r->xc, &r->topology, &s->domains[i]);
    }
    read_store(r, s, p);
    r->began = true;
    *ret = s;
    return NULL;
}

static void set_parts(void *state, unsigned parts)
{
    ((struct reader *)state)->parts = parts;
}

static void close_reader(void *state)
{
    struct reader *r = state;

    catalog_free(r->catalog);
    nets_free(r->nets);
    topology_free(&r->topology);
    free(r->infos);
    if (r->xc)
        xc_interface_close(r->xc);
    xtl_logger_destroy(r->log);
    free(r);
}

/* Opened once, and asked something that only Dom0 may ask. */
static struct err *open_xen(struct reader *r)
{
    xc_physinfo_t info = {0};
    int errnum;

    r->xc = xc_interface_open(r->log, r->log, XC_OPENFLAG_NON_REENTRANT);
    if (r->xc && !xc_physinfo(r->xc, &info))
        return NULL;
    errnum = errno;
    if (access("/proc/xen", F_OK) && access("/sys/hypervisor/type", F_OK))
        return ERR_AS(not_found, "no Xen here: this machine did not boot "
                                 "under the Xen hypervisor");
    if (errnum == EACCES || (errnum == EPERM && geteuid()))
        return ERR("no permission to ask the hypervisor: run as root");
    if (errnum == EPERM)
        return ERR("the hypervisor refuses: this is not Dom0");
    return err_errno(errnum, "cannot ask the hypervisor");
}

struct err *sampler_open(unsigned parts, bool once, struct sampler **ret)
{
    static const struct sampler_kind kind = {
        .take = take, .set_parts = set_parts, .close = close_reader};
    struct reader *r = xcalloc(1, sizeof(*r));
    struct err *e;

    r->log = (void *)xtl_createlogger_stdiostream(stderr, XTL_CRITICAL, 0);
    r->parts = parts;
    r->once = once;
    r->catalog = catalog_new();
    r->nets = nets_new();
    vbd_raise_limit();
    e = open_xen(r);
    if (e) {
        close_reader(r);
        return e;
    }
    *ret = sampler_new(&kind, r);
    return NULL;
}
