/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ops_queue: operations on VMs while they run. A call that is an operation
 * begins when ops.h lets it, and waits when it has to (others have begun
 * first); it is in VM.current_operations while its worker runs. What it cancels
 * is cancelled before. When a worker dies, the database is brought to agree
 * with the host again before the call has its answer.
 */
#ifndef XAPI_OPS_QUEUE_H
#define XAPI_OPS_QUEUE_H

#include "xapi/api_vm.h"
#include "xapi/job.h"
#include "xapi/ops.h"

struct hv;
struct ops_queue;

struct ops_queue *ops_queue_new(struct server *server);
/* Calls that run or wait fail; workers take back what they did. */
void ops_queue_free(struct ops_queue *q); /* NULL is fine */

#define OPS_WAIT_SECONDS (2 * 3600) /* then a call has waited in vain */

/* What a worker gets. The call is as it was when the worker began. */
struct ops_work {
    const struct call *call;
    const struct hv *hv;
    struct object *vm, *host;
};
/* One of: CHANGE is all of the operation, and over when it returns; WORK runs
 * in a worker, its argument is a struct ops_work. */
struct ops_body {
    vm_change_fn *change;
    job_work_fn *work;
};
/* The body of a call that is OP on the VM of its first argument. */
struct err *ops_run(struct call *c, enum VM_operations op,
                    const struct ops_body *body) MUST_USE;

#endif
