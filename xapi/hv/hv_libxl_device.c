/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* hv_libxl_device: disks and NICs on Xen, at a domain's creation and later; see
 * hv_libxl.h. */
#include <libxl_utils.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/str.h"
#include "xapi/hv/hv_libxl.h"
#include "xenstore/store.h"
#include "xl/domain/medium.h"
#include "xl/domain/scripts.h"

/* ---- from a plan --------------------------------------------------------- */

static const struct {
    const char *name;
    libxl_disk_format format;
} formats[] = {
    {"raw", LIBXL_DISK_FORMAT_RAW},
    {"qcow2", LIBXL_DISK_FORMAT_QCOW2},
    {"vhd", LIBXL_DISK_FORMAT_VHD},
};

static struct err *format_of(const struct plan_disk *plan,
                             libxl_disk_format *ret)
{
    if (!plan->path) {
        *ret = LIBXL_DISK_FORMAT_EMPTY;
        return NULL;
    }
    for (size_t i = 0; i < ARRAY_LEN(formats); i++)
        if (plan->format && !strcmp(plan->format, formats[i].name)) {
            *ret = formats[i].format;
            return NULL;
        }
    return ERR("disk %s: \"%s\" is not a format of raw, qcow2 and vhd",
               plan->device, plan->format ? plan->format : "");
}

/* A file goes through qemu, whatever its format: no loop device, which would
 * have a cache of its own beside that of an emulated disk. */
static libxl_disk_backend backend_of(const struct plan_disk *plan)
{
    struct stat st;

    return plan->path && !stat(plan->path, &st) && S_ISREG(st.st_mode)
               ? LIBXL_DISK_BACKEND_QDISK
               : LIBXL_DISK_BACKEND_UNKNOWN;
}

struct err *lx_disk(const struct plan_disk *plan, libxl_device_disk *ret)
{
    TRY(format_of(plan, &ret->format));
    ret->pdev_path = xstrdup(plan->path ? plan->path : "");
    ret->vdev = xstrdup(plan->device);
    ret->backend = backend_of(plan);
    ret->readwrite = plan->writable && !plan->cdrom;
    ret->is_cdrom = plan->cdrom;
    ret->removable = plan->cdrom;
    return NULL;
}

struct err *lx_nic(const struct plan_nic *plan, libxl_device_nic *ret)
{
    unsigned b[6];

    if (sscanf(plan->mac, "%2x:%2x:%2x:%2x:%2x:%2x", &b[0], &b[1], &b[2], &b[3],
               &b[4], &b[5]) != 6)
        return ERR("NIC %lld: \"%s\" is not a MAC address",
                   (long long)plan->devid, plan->mac);
    for (size_t i = 0; i < ARRAY_LEN(b); i++)
        ret->mac[i] = (uint8_t)b[i];
    ret->devid = (libxl_devid)plan->devid;
    ret->bridge = plan->bridge && *plan->bridge ? xstrdup(plan->bridge) : NULL;
    ret->mtu = (int)plan->mtu;
    if (plan->rate > 0) {
        ret->rate_interval_usecs = 50000;
        ret->rate_bytes_per_interval = (uint64_t)plan->rate * 1024 / 20;
    }
    return NULL;
}

/* ---- plugged and unplugged ----------------------------------------------- */

/* A guest that began without disks of files may have no qemu, which libxl
 * starts with the domain or never: the kernel serves what has no format. */
static struct err *do_without_qemu(struct lx *lx, uint32_t domid,
                                   libxl_device_disk *d)
{
    AUTO_POOL struct pool *p = pool_new();
    char *state;

    if (d->backend != LIBXL_DISK_BACKEND_QDISK)
        return NULL;
    TRY(host_open_quick(&lx->host, HOST_QUIET, 0));
    TRY(store_read(
        lx->host.store, p,
        pool_printf(p, "/local/domain/0/device-model/%u/state", domid),
        &state));
    if (state)
        return NULL;
    if (d->format != LIBXL_DISK_FORMAT_RAW)
        return ERR("'%s' is no raw image: only a domain that starts with a "
                   "disk has the qemu for it",
                   d->pdev_path);
    d->backend = LIBXL_DISK_BACKEND_PHY;
    d->is_cdrom = d->removable = 0;
    return NULL;
}

static struct err *attach(struct lx *lx, uint32_t domid,
                          const struct plan_disk *disk)
{
    libxl_device_disk d AUTO(libxl_device_disk_dispose);
    struct await a;

    libxl_device_disk_init(&d);
    TRY(lx_disk(disk, &d));
    TRY(do_without_qemu(lx, domid, &d));
    scripts_fill_disk(&d, NULL, false);
    host_mark(&lx->host);
    await_begin(&a, &lx->host);
    return lx_await(&a, libxl_device_disk_add(lx->host.ctx, domid, &d, &a.how),
                    "cannot plug disk '%s' into domain %u", disk->device,
                    domid);
}

/* The disk as it is now; libxl forgets what it cannot remove safely only when
 * FORCE. */
static struct err *detach(struct lx *lx, uint32_t domid,
                          const struct plan_disk *disk, bool force)
{
    libxl_device_disk d AUTO(libxl_device_disk_dispose);
    struct plan_disk open = *disk;
    struct await a;
    int rc;

    libxl_device_disk_init(&d);
    host_mark(&lx->host);
    await_begin(&a, &lx->host);
    rc = libxl_vdev_to_device_disk(lx->host.ctx, domid, disk->device, &d);
    if (rc && disk->cdrom) /* there was no medium in it */
        return NULL;
    if (!rc)
        rc = (force ? libxl_device_disk_destroy : libxl_device_disk_remove)(
            lx->host.ctx, domid, &d, &a.how);
    TRY(lx_await(&a, rc, "cannot unplug disk '%s' of domain %u", disk->device,
                 domid));
    open.path = d.pdev_path ? d.pdev_path : "";
    return d.backend == LIBXL_DISK_BACKEND_QDISK ? lx_close_disk(domid, &open)
                                                 : NULL;
}

bool lx_is_no_disk(const char *type, const struct plan_disk *disk)
{
    return !disk->path && strcmp(type, "hvm");
}

struct err *lx_attach_disk(const struct hv *hv, uint32_t domid,
                           const struct plan_disk *disk)
{
    struct lx lx AUTO_LX = {0};

    (void)hv;
    TRY(lx_begin(&lx, true));
    return disk->path ? attach(&lx, domid, disk) : NULL;
}

struct err *lx_detach_disk(const struct hv *hv, uint32_t domid,
                           const struct plan_disk *disk, bool force)
{
    struct lx lx AUTO_LX = {0};

    (void)hv;
    TRY(lx_begin(&lx, true));
    return detach(&lx, domid, disk, force);
}

struct err *lx_set_medium(const struct hv *hv, uint32_t domid,
                          const struct plan_disk *disk)
{
    struct lx lx AUTO_LX = {0};

    (void)hv;
    TRY(lx_begin(&lx, true));
    if (medium_is_emulated(&lx.host, domid))
        return medium_change(&lx.host, domid, disk->device, disk->path);
    TRY(detach(&lx, domid, disk, false));
    return disk->path ? attach(&lx, domid, disk) : NULL;
}

struct err *lx_attach_nic(const struct hv *hv, uint32_t domid,
                          const struct plan_nic *nic)
{
    libxl_device_nic n AUTO(libxl_device_nic_dispose);
    struct lx lx AUTO_LX = {0};
    struct await a;

    (void)hv;
    libxl_device_nic_init(&n);
    TRY(lx_nic(nic, &n));
    scripts_fill_nic(&n);
    TRY(lx_begin_await(&lx, true, &a));
    return lx_await(&a, libxl_device_nic_add(lx.host.ctx, domid, &n, &a.how),
                    "cannot plug NIC %lld into domain %u",
                    (long long)nic->devid, domid);
}

struct err *lx_detach_nic(const struct hv *hv, uint32_t domid,
                          const struct plan_nic *nic, bool force)
{
    libxl_device_nic n AUTO(libxl_device_nic_dispose);
    struct lx lx AUTO_LX = {0};
    struct await a;
    int rc;

    (void)hv;
    libxl_device_nic_init(&n);
    TRY(lx_begin_await(&lx, true, &a));
    rc = libxl_devid_to_device_nic(lx.host.ctx, domid, (int)nic->devid, &n);
    if (!rc)
        rc = (force ? libxl_device_nic_destroy
                    : libxl_device_nic_remove)(lx.host.ctx, domid, &n, &a.how);
    return lx_await(&a, rc, "cannot unplug NIC %lld of domain %u",
                    (long long)nic->devid, domid);
}
