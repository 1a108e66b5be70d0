/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* scripts: see scripts.h. */
#include "xl/domain/scripts.h"

#include <sys/stat.h>

#include "lib/str.h"
#include "xl/domain/libexec.h"

static bool is_true(libxl_defbool b, bool by_default)
{
    return libxl_defbool_is_default(b) ? by_default : libxl_defbool_val(b);
}

/* Our program NAME, malloc'd; NULL when it is not there. */
static char *find_ours(const char *name)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *path = libexec_path(p, name);

    return access(path, X_OK) ? NULL : xstrdup(path);
}

/* libxl has the kernel serve it, by a script: it serves itself what has a
 * format, and each drive. */
static bool is_kernels(const libxl_device_disk *disk)
{
    struct stat st;

    if (disk->backend_domid || disk->backend_domname || disk->is_cdrom ||
        is_true(disk->colo_enable, false))
        return false;
    if (disk->backend != LIBXL_DISK_BACKEND_UNKNOWN &&
        disk->backend != LIBXL_DISK_BACKEND_PHY)
        return false;
    if (disk->format != LIBXL_DISK_FORMAT_RAW &&
        disk->format != LIBXL_DISK_FORMAT_UNKNOWN)
        return false;
    return disk->pdev_path && !stat(disk->pdev_path, &st) &&
           (S_ISBLK(st.st_mode) || S_ISREG(st.st_mode));
}

void scripts_fill_disk(libxl_device_disk *disk, const char *script,
                       bool bootloader)
{
    if (disk->script || !is_kernels(disk))
        return;
    if (script)
        disk->script = xstrdup(script);
    else if (!bootloader)
        disk->script = find_ours("block");
}

void scripts_fill_nic(libxl_device_nic *nic)
{
    if (!nic->script && !nic->backend_domid && !nic->backend_domname)
        nic->script = find_ours("vif-bridge");
}

void scripts_fill(libxl_domain_config *config, const char *disk)
{
    /* libxl's bootloader looks into the first disk. */
    const libxl_domain_build_info *b = &config->b_info;
    bool bootloader = b->bootloader ||
                      (b->type == LIBXL_DOMAIN_TYPE_PV && b->u.pv.bootloader);

    if (!is_true(config->c_info.run_hotplug_scripts, true))
        return;
    for (int i = 0; i < config->num_disks; i++)
        scripts_fill_disk(&config->disks[i], disk, bootloader && i == 0);
    for (int i = 0; i < config->num_nics; i++)
        scripts_fill_nic(&config->nics[i]);
}
