/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* medium: what is in the CD drive of an HVM guest that runs. Other guests have
 * media, which are disks that come and go, but no drives. */
#ifndef XL_DOMAIN_MEDIUM_H
#define XL_DOMAIN_MEDIUM_H

#include "xl/domain/host.h"

/* Whether its drives are emulated ones, which may be empty. */
bool medium_is_emulated(struct host *h, uint32_t domid);

/* The image or the host's drive at PATH (NULL: none) instead of what is in the
 * drive VDEV. An interrupted one is an error of that kind. */
struct err *medium_change(struct host *h, uint32_t domid, const char *vdev,
                          const char *path) MUST_USE;

#endif
