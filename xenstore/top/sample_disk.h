/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sample_disk: the counters of disks: of the kernel's backend from sysfs, of
 * qemu's from qemu. */
#ifndef XENSTORE_TOP_SAMPLE_DISK_H
#define XENSTORE_TOP_SAMPLE_DISK_H

#include "xenstore/top/catalog.h"

/* A device of BACKEND_VBD of domain DOMID, whose list's pool is P: fills in
 * blk, counted and incarnation. */
void vbd_count(uint64_t domid, struct catalog_device *device, struct pool *p,
               struct sample_vbd *ret);

/* Lets as many files be open as the system allows. */
void vbd_raise_limit(void);

/*
 * Devices of BACKEND_QDISK: asks the qemus of all the N domains (those without
 * such devices are passed over) at the same time. One that does not answer
 * within SECONDS leaves its figures as they were.
 */
void qdisks_read(struct catalog_domain *const *domains, size_t n,
                 double seconds);
/* What was read. */
void qdisk_count(const struct catalog_device *device, struct sample_vbd *ret);

/* What a qemu says to `query-blockstats` (the list), for tests: the figures of
 * a disk called DEV ("xvda"); false: it has none. */
struct value;
bool qdisk_stats(const struct value *list, const char *dev,
                 struct sample_blk *ret);

#endif
