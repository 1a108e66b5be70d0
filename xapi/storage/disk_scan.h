/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * disk_scan: what a repository has and what the database says of it are brought
 * to agree. In workers.
 */
#ifndef XAPI_DISK_SCAN_H
#define XAPI_DISK_SCAN_H

#include "xapi/storage/disk.h"

/*
 * What dead workers left in SR is settled. Then volumes without a VDI get one,
 * VDIs without a volume go (or are `missing`, when a guest has them), sizes are
 * what they are.
 */
struct err *disk_scan(struct job *j, struct object *sr) MUST_USE;
/* Of SR's sizes alone. */
struct err *disk_scan_space(struct job *j, struct object *sr) MUST_USE;

/* Work (job.h) for the daemon's start: all that was plugged is plugged again,
 * and what dead workers left in it settled. */
struct err *disk_settle(struct job *j, void *unused) MUST_USE;

/* VDI's record goes, and disks of guests (VBDs) that are nothing without it;
 * drives become empty. */
struct err *disk_forget(struct txn *txn, struct object *vdi) MUST_USE;

#endif
