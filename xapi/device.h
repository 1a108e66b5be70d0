/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * device: what VBDs and VIFs come to on this host, in workers (job.h), and what
 * calls and operations on them share. The records stay as they are: who calls
 * writes them when all has succeeded.
 */
#ifndef XAPI_DEVICE_H
#define XAPI_DEVICE_H

#include "xapi/job.h"
#include "xapi/plan.h"

/* The disk of VBD ready for a domain; undone if the work fails. An empty drive
 * needs nothing. */
struct err *vbd_attach(struct job *j, struct object *vbd,
                       struct plan_disk *ret) MUST_USE;
/* No domain has it any more. */
struct err *vbd_release(struct job *j, struct object *vbd) MUST_USE;
/* The bridge of VIF's network is there; it stays. */
struct err *vif_attach(struct job *j, struct object *vif,
                       struct plan_nic *ret) MUST_USE;

/* The guest has it from now on, or has it no longer. */
struct err *vbd_set_attached(struct txn *txn, struct object *vbd,
                             bool attached) MUST_USE;
struct err *vif_set_attached(struct txn *txn, struct object *vif,
                             bool attached) MUST_USE;

/* An address for VIF that is the same for the same VM (its mac_seed) and
 * device. */
#define MAC_SIZE 18
void vif_make_address(const struct object *vm, const char *device,
                      char ret[MAC_SIZE]);

#endif
