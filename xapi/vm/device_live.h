/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * device_live: a device comes to a guest that runs, or goes: what plug and
 * unplug are on any class, in workers (job.h). What the steps are of each class
 * is a row here, a struct device_kind.
 */
#ifndef XAPI_DEVICE_LIVE_H
#define XAPI_DEVICE_LIVE_H

#include "xapi/ops/ops_queue.h"
#include "xapi/hv/plan.h"

struct device {
    struct job *job;
    const struct ops_work *work; /* self is the device */
    const struct device_kind *kind;
    struct object *o, *vm;
    uint32_t domid;
    /* As the record says, without what comes from outside; one of them: */
    struct plan_disk disk;
    struct plan_nic nic;
};

/* That work->self is. */
struct device *device_of(struct job *j, const struct ops_work *w);

/* Of a job_work_fn's kind: WORK is a struct ops_work. */
struct err *device_plug(struct job *j, void *work) MUST_USE;
struct err *device_unplug(struct job *j, void *work) MUST_USE;
/* Whether the guest lets go or not. */
struct err *device_unplug_force(struct job *j, void *work) MUST_USE;

/* What it needs of this host is there; undone if the work fails. */
struct err *device_prepare(struct device *d) MUST_USE;
struct err *device_release(const struct device *d) MUST_USE;
struct err *device_attach(const struct device *d) MUST_USE;
/* Asks the guest to let go; if it does not: as the API has it. */
struct err *device_detach(const struct device *d, bool force) MUST_USE;
/* What a worker left that died in between: the guest does not have it. */
struct err *device_drop(struct device *d) MUST_USE;
/* A job_undo_fn: the guest had not got D. */
struct err *device_undo_attach(void *d);

#endif
