/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* hv_libxl_live: sizes of a domain that lives, its consoles, and the host; see
 * hv_libxl.h. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <libxl_utils.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/str.h"
#include "xapi/hv_libxl.h"
#include "xenstore/store.h"
#include "xl/domain/domains.h"

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

/* ---- what a domain takes ------------------------------------------------- */

static struct err *read_ran(struct host *h, uint32_t domid,
                            struct hv_usage *usage)
{
    for (size_t i = 0; i < usage->n; i++) {
        xc_vcpuinfo_t vcpu = {0};

        if (xc_vcpu_getinfo(h->xc, domid, (uint32_t)i, &vcpu))
            return err_errno(
                errno, "cannot tell what VCPU %zu of domain %u did", i, domid);
        usage->ran[i] = (double)vcpu.cpu_time / 1e9;
    }
    return NULL;
}

struct err *lx_measure(const struct hv *hv, uint32_t domid, struct pool *p,
                       struct hv_usage *ret)
{
    struct lx lx AUTO_LX = {0};
    xc_domaininfo_t info;

    (void)hv;
    TRY(lx_begin_quick(&lx));
    if (xc_domain_getinfolist(lx.host.xc, domid, 1, &info) != 1 ||
        info.domain != domid)
        return ERR_AS(not_found, "there is no domain %u", domid);
    *ret = (struct hv_usage){
        .memory = bytes_of(info.tot_pages),
        .n = info.max_vcpu_id + 1,
    };
    ret->ran = pool_alloc(p, ret->n * sizeof(*ret->ran));
    ret->at = clock_now();
    return read_ran(&lx.host, domid, ret);
}

/* ---- consoles ------------------------------------------------------------ */

static struct err *read_node(struct lx *lx, struct pool *p, uint32_t domid,
                             const char *node, char **ret)
{
    return store_read(lx->host.store, p,
                      pool_printf(p, "/local/domain/%u/%s", domid, node), ret);
}

/* A terminal that changes nothing of what goes through it. */
static struct err *open_tty(const char *path, int *ret_fd)
{
    AUTO_FD int fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    struct termios raw;

    if (fd < 0)
        return err_errno(errno, "cannot open '%s'", path);
    if (!tcgetattr(fd, &raw)) {
        cfmakeraw(&raw);
        tcsetattr(fd, TCSANOW, &raw);
    }
    *ret_fd = take_fd(&fd);
    return NULL;
}

/* An HVM guest's serial line is qemu's; other guests have a console of Xen's.
 */
static struct err *open_serial(struct lx *lx, struct pool *p, uint32_t domid,
                               int *ret_fd)
{
    static const char *const nodes[] = {"serial/0/tty", "console/tty"};
    char *tty = NULL;

    for (size_t i = 0; i < ARRAY_LEN(nodes) && !(tty && *tty); i++)
        TRY(read_node(lx, p, domid, nodes[i], &tty));
    return tty && *tty
               ? open_tty(tty, ret_fd)
               : ERR_AS(not_found, "domain %u has no serial console", domid);
}

static struct err *open_vnc(struct lx *lx, struct pool *p, uint32_t domid,
                            int *ret_fd)
{
    struct sockaddr_in to = {.sin_family = AF_INET};
    AUTO_FD int fd = -1;
    char *port, *listen;
    int64_t number;

    TRY(read_node(lx, p, domid, "console/vnc-port", &port));
    TRY(read_node(lx, p, domid, "console/vnc-listen", &listen));
    if (!port)
        return ERR_AS(not_found, "domain %u has no screen", domid);
    TRY(text_to_int(port, 10, 1, 65535, &number));
    to.sin_port = htons((uint16_t)number);
    if (!listen || inet_pton(AF_INET, listen, &to.sin_addr) != 1 ||
        to.sin_addr.s_addr == htonl(INADDR_ANY))
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)))
        return err_errno(errno, "cannot reach the screen of domain %u", domid);
    *ret_fd = take_fd(&fd);
    return NULL;
}

struct err *lx_console(const struct hv *hv, uint32_t domid,
                       enum hv_console kind, int *ret_fd)
{
    AUTO_POOL struct pool *p = pool_new();
    struct lx lx AUTO_LX = {0};

    (void)hv;
    TRY(lx_begin_quick(&lx));
    return (kind == HV_CONSOLE_VNC ? open_vnc : open_serial)(&lx, p, domid,
                                                             ret_fd);
}
