/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* medium: see medium.h. */
#include "xl/domain/medium.h"

#include <string.h>

#include "lib/str.h"
#include "xenstore/store.h"
#include "xl/domain/await.h"
#include "xl/domain/current.h"

#define INITIALISING "1" /* xen/io/xenbus.h */
#define CLOSED "6"

/*
 * A drive that was empty from the beginning has a disk's backend in XenStore
 * that no qemu could make a PV disk of, and that it tries again at each change
 * as long as it is Initialising. libxl empties a drive by writing an empty
 * text to `params` there, and of that qemu 7.2 dies (it looks for a ":" behind
 * the end of it). Nobody wants that PV disk, since guests leave such drives to
 * the emulated ones: so it is Closed from now on.
 */
static struct err *close_backend(struct host *h, uint32_t domid,
                                 const char *vdev)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *node;
    char *backend, *state;

    TRY(host_open_quick(h, HOST_QUIET, 0));
    node = pool_printf(p, "/libxl/%u/device/vbd/%ld/backend", domid,
                       disk_number(vdev));
    TRY(store_read(h->store, p, node, &backend));
    if (!backend || !strstr(backend, "/backend/qdisk/"))
        return NULL;
    node = pool_printf(p, "%s/state", backend);
    TRY(store_read(h->store, p, node, &state));
    return text_eq(state, INITIALISING) ? store_write(h->store, node, CLOSED)
                                        : NULL;
}

bool medium_is_emulated(struct host *h, uint32_t domid)
{
    libxl_dominfo info AUTO(libxl_dominfo_dispose);

    libxl_dominfo_init(&info);
    return !libxl_domain_info(h->ctx, &info, domid) &&
           info.domain_type == LIBXL_DOMAIN_TYPE_HVM;
}

struct err *medium_change(struct host *h, uint32_t domid, const char *vdev,
                          const char *path)
{
    libxl_device_disk disk AUTO(libxl_device_disk_dispose);
    struct await a;
    int rc;

    if (medium_is_emulated(h, domid))
        TRY(close_backend(h, domid, vdev));
    libxl_device_disk_init(&disk);
    disk.vdev = xstrdup(vdev);
    disk.pdev_path = xstrdup(path ? path : "");
    disk.format = path ? LIBXL_DISK_FORMAT_RAW : LIBXL_DISK_FORMAT_EMPTY;
    disk.is_cdrom = disk.removable = 1;
    host_mark(h);
    await_begin(&a, h);
    rc = await_end(&a, libxl_cdrom_insert(h->ctx, domid, &disk, &a.how));
    if (a.interrupted)
        return ERR_AS(interrupted, "cancelled");
    return rc ? host_err(h, rc, "cannot change the medium in '%s' of domain %u",
                         vdev, domid)
              : NULL;
}
