/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * scripts: which program libxl runs for a device's backend. Where a
 * configuration names none, and the stock one would be block or vif-bridge, it
 * is ours (xl/hotplug), which is compiled. A stock script is named by its file
 * name ("block", "vif-bridge"), anything else by its path.
 */
#ifndef XL_DOMAIN_SCRIPTS_H
#define XL_DOMAIN_SCRIPTS_H

#include <libxl.h>

/* DISK: the script for disks that name none, or NULL. Nothing, where libxl runs
 * no scripts. */
void scripts_fill(libxl_domain_config *config, const char *disk);
/* The same for one device; a domain's BOOTLOADER reads its disks before there
 * is a script. */
void scripts_fill_disk(libxl_device_disk *disk, const char *script,
                       bool bootloader);
void scripts_fill_nic(libxl_device_nic *nic);

#endif
