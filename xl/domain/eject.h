/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * eject: a guest presses the button of its CD drive: its driver writes "eject"
 * to a node of the disk in XenStore, and whoever follows the domain (the
 * keeper, `xl create -F`) empties the drive and then clears the node.
 */
#ifndef XL_DOMAIN_EJECT_H
#define XL_DOMAIN_EJECT_H

#include "xl/domain/host.h"

/* The node, and what a guest writes there; NULL for a VDEV that is none. */
const char *eject_path(struct pool *p, uint32_t domid, const char *vdev);
#define EJECT_WORD "eject"

/* The disks of CONFIG that a guest can eject: their vdevs between blanks. */
const char *eject_disks(struct pool *p, const libxl_domain_config *config);

/* Empties the drive. Says in the log what it does. */
struct err *eject_obey(struct host *h, uint32_t domid,
                       const char *vdev) MUST_USE;

#endif
