/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vm_settle: the database and the host are brought to agree. Work (job.h) for a
 * struct ops_work. */
#ifndef XAPI_VM_SETTLE_H
#define XAPI_VM_SETTLE_H

#include "xapi/ops/ops_queue.h"

/*
 * Of one VM (self) that nothing else is done to, or, when that is NULL, of all
 * there are and of all else there is on the host: for a time when nothing is
 * going on. A guest that has ended gets what its VM wants of that; restarts are
 * left to be done when it is for all. Domains that have not run yet and are of
 * a VM that is halted are half-made, and destroyed.
 */
struct err *vm_settle(struct job *j, void *work) MUST_USE;

/* Finds the VMs that want that, but for those that an operation is under way
 * on; says (job_say) the reference of each, or after how many seconds it is
 * time to look again. What can be measured is written at once; what guests say
 * is heard of those that have just started, or of ALL. */
struct vm_look {
    struct ops_work work; /* self is NULL */
    bool all;
};
#define VM_LOOK_AGAIN "again "
struct err *vm_look(struct job *j, void *look) MUST_USE;

#endif
