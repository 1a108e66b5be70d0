/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* disk_impl: what the files disk*.c share. */
#ifndef XAPI_DISK_IMPL_H
#define XAPI_DISK_IMPL_H

#include "xapi/storage/disk.h"
#include "xapi/storage/sr.h"

/* E, of a verb of sr.h on VDI (or NULL) in SR, as the API says it. */
struct err *disk_error(struct err *e, const struct object *sr,
                       const struct object *vdi) MUST_USE;
/* E, of filling DISK, a new one, as the API says it. */
struct err *disk_fill_error(struct err *e, const struct disk *disk) MUST_USE;
/* SR's sizes, and the sum of its VDIs'. */
struct err *disk_write_space(struct txn *txn, struct object *sr,
                             const struct sr_space *space) MUST_USE;
/* A uuid, in P. */
const char *disk_new_uuid(struct pool *p);
/* Who writes to VDI in a living domain, and how it is held (in the job's pool),
 * or NULL. */
struct sr_live *disk_live(struct job *j, const struct hv *hv,
                          const struct object *vdi);

#endif
