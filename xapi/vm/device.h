/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * device: what VBDs and VIFs come to on this host, in workers (job.h), and what
 * calls and operations on them share. The records stay as they are: who calls
 * writes them when all has succeeded.
 */
#ifndef XAPI_DEVICE_H
#define XAPI_DEVICE_H

#include "xapi/call/job.h"
#include "xapi/hv/plan.h"

struct ops_work;

/* The disk of VBD ready for a domain; undone if the work fails. An empty drive
 * needs nothing. */
struct err *vbd_attach(struct job *j, struct object *vbd,
                       struct plan_disk *ret) MUST_USE;
/* The same for a medium that goes into it. */
struct err *vbd_attach_disk(struct job *j, const struct object *vbd,
                            struct object *vdi, struct plan_disk *ret) MUST_USE;
/* No domain has it any more. */
struct err *vbd_release(struct job *j, struct object *vbd) MUST_USE;
/* The bridge of VIF's network is there. */
struct err *vif_attach(struct job *j, const struct ops_work *w,
                       const struct object *vif, struct plan_nic *ret) MUST_USE;
/* The same for a network it goes to. */
struct err *vif_attach_network(struct job *j, const struct ops_work *w,
                               const struct object *vif, struct object *network,
                               struct plan_nic *ret) MUST_USE;
/* No domain has it any more. */
struct err *vif_release(struct job *j, const struct ops_work *w,
                        const struct object *vif) MUST_USE;
/* DOMID has NIC no more. */
struct err *vif_unlock(const struct ops_work *w, const struct plan_nic *nic,
                       uint32_t domid) MUST_USE;
/* The addresses it may use are some. */
struct err *vif_check_allowed(const struct object *vif) MUST_USE;
/* For the guest DOMID, which has VIF as NIC or is about to: it is told its
 * addresses, if any, and what it may send is limited. */
struct err *vif_tell(struct job *j, const struct ops_work *w,
                     const struct object *vif, const struct plan_nic *nic,
                     uint32_t domid) MUST_USE;

/* The guest has it from now on, or has it no longer. */
struct err *vbd_set_attached(struct txn *txn, struct object *vbd,
                             bool attached) MUST_USE;
struct err *vif_set_attached(struct txn *txn, struct object *vif,
                             bool attached) MUST_USE;

/* Whether VBD may get VDI now: what is the disk's own, and who else has it.
 * HELD: by the operation that asks. */
struct err *vbd_check_disk(const struct db *db, const struct object *vbd,
                           const struct object *vdi, bool held) MUST_USE;

/* Work (job.h) for a struct ops_work: what a worker left that died amid an
 * operation on a device: the device is no longer there, a drive has the medium
 * that its record says. */
struct err *vbd_settle(struct job *j, void *work) MUST_USE;
struct err *vif_settle(struct job *j, void *work) MUST_USE;

/* An address for VIF that is the same for the same VM (its mac_seed) and
 * device. */
#define VIF_DEVICES 7 /* of a VM */
#define MAC_SIZE 18
void vif_make_address(const struct object *vm, const char *device,
                      char ret[MAC_SIZE]);

#endif
