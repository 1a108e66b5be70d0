/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ops_queue: operations while they run. A call that is an operation on objects
 * begins when ops.h lets it on all of them, and waits when it has to (others
 * have begun first); it is in their current_operations while its worker runs.
 * What it cancels is cancelled before. When a worker dies, what it left is
 * settled (ops_class.settle) before the call has its answer.
 */
#ifndef XAPI_OPS_QUEUE_H
#define XAPI_OPS_QUEUE_H

#include "xapi/vm/vm.h"
#include "xapi/call/job.h"
#include "xapi/ops/ops.h"

struct hv;
struct net;
struct ops_queue;

struct ops_queue *ops_queue_new(struct server *server);
/* Calls that run or wait fail; workers take back what they did. */
void ops_queue_free(struct ops_queue *q); /* NULL is fine */

#define OPS_WAIT_SECONDS (2 * 3600) /* then a call has waited in vain */

/* What a worker gets. The call is as it was when the worker began; what the
 * worker says (job_say) is its result: a string, or a text of its type
 * (datum.h).
 */
struct ops_work {
    const struct call *call;
    const struct hv *hv;
    const struct net *net; /* or NULL */
    struct object *self;   /* or NULL */
    struct object *host;   /* that this is */
};

/* Objects beside self that a call holds. */
struct ops_more;
void ops_hold(struct ops_more *more, const struct object *o, unsigned op);

/* One of: CHANGE is all of the operation, and over when it returns (self is a
 * VM); WORK runs in a worker, its argument is a struct ops_work. */
struct ops_body {
    vm_change_fn *change;
    job_work_fn *work;
    bool no_host; /* the work does without a hypervisor, too */
    /* Says by ops_hold what else has to be free, or NULL. Called each time the
     * operation tries to begin. */
    void (*also)(const struct call *c, const struct object *self,
                 struct ops_more *more);
    /* Makes the result of what the worker said, where that is no datum; or
     * NULL. */
    void (*answer)(struct call *c, const char *said);
};
/* The body of a call that is OP on the object of its first argument. */
struct err *ops_run(struct call *c, unsigned op,
                    const struct ops_body *body) MUST_USE;
/* The same for OP on SELF. With NULL the work is an operation of nothing, or
 * of what also says. */
struct err *ops_run_on(struct call *c, const struct object *self, unsigned op,
                       const struct ops_body *body) MUST_USE;
/* O's class's settle, without a call, alone: what comes waits until it is over.
 * Something runs on O already: nothing is done, false. */
bool ops_settle(struct ops_queue *q, const struct object *o);

/*
 * An operation that is no call: what a client sends or gets by HTTP. It is OP
 * on each of OBJECTS (of one class, the list ends with NULL) and begins now, or
 * the error says why it cannot; TASK is its key in current_operations. RET is
 * the caller's until ops_give.
 */
struct held;
struct err *ops_take(struct server *server, struct object *const *objects,
                     unsigned op, const char *task, struct held **ret) MUST_USE;
void ops_give(struct held *h);

#endif
