/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vm_guest: VM_guest_metrics out of what a guest says of itself in XenStore:
 * its agent's words (versions, addresses), and those of its kernel (what it
 * can).
 */
#ifndef XAPI_VM_GUEST_H
#define XAPI_VM_GUEST_H

#include "xapi/hv/plan.h"
#include "xapi/db/txn.h"

/* Of VM, which runs; a guest that says nothing has no such object. */
struct err *vm_guest_write(struct txn *txn, struct object *vm,
                           const struct plan_pair *said, size_t n) MUST_USE;

#endif
