/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vm_adopt: what is on the host and was not made by the daemon: Dom0, the
 * domains of other toolstacks (xl), the machine's memory and processors. They
 * have records for as long as they are there. Records of others' domains say so
 * in other_config (VM_ADOPTED), can be paused and shut down, and nothing else;
 * what becomes of such a domain when it ends is its toolstack's matter.
 */
#ifndef XAPI_VM_ADOPT_H
#define XAPI_VM_ADOPT_H

#include "xapi/hv/hv.h"
#include "xapi/ops/ops_queue.h"

#define VM_ADOPTED "foreign" /* key of other_config */

bool vm_is_adopted(const struct object *vm);

/* In a worker: brings these records to agree with the host, whose domains are
 * DOMAINS. Records that an operation works on stay as they are. */
struct err *vm_adopt(struct job *j, const struct ops_work *work,
                     const struct hv_domain *domains, size_t n) MUST_USE;

#endif
