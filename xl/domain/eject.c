/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* eject: see eject.h. */
#include "xl/domain/eject.h"

#include <libxl_utils.h>

#include "lib/log.h"
#include "lib/str.h"
#include "xl/domain/current.h"
#include "xl/domain/medium.h"

const char *eject_path(struct pool *p, uint32_t domid, const char *vdev)
{
    long number = disk_number(vdev);

    return number < 0 ? NULL
                      : pool_printf(p, "/local/domain/%u/device/vbd/%ld/eject",
                                    domid, number);
}

const char *eject_disks(struct pool *p, const libxl_domain_config *config)
{
    const char **vdevs = NULL;
    size_t n = 0;

    for (int i = 0; i < config->num_disks; i++) {
        if (config->disks[i].removable && config->disks[i].vdev)
            *pool_push(p, vdevs, n) = config->disks[i].vdev;
    }
    return text_join(p, vdevs, n, " ", " ");
}

struct err *eject_obey(struct host *h, uint32_t domid, const char *vdev)
{
    AUTO_FREE char *name = libxl_domid_to_name(h->ctx, domid);

    log_info("eject", "%s: the guest ejects '%s'", name ? name : "(no name)",
             vdev);
    return err_wrap(medium_change(h, domid, vdev, NULL), "%s",
                    name ? name : "(no name)");
}
