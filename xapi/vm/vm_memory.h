/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vm_memory: the memory of a suspended VM, a VDI of type suspend (a raw stream
 * as hv.h's suspend writes it). Steps of operations in workers (job.h), on
 * work->self.
 */
#ifndef XAPI_VM_MEMORY_H
#define XAPI_VM_MEMORY_H

#include "xapi/storage/disk.h"
#include "xapi/ops/ops_queue.h"

/* The repository for it: the VM's suspend_SR, that of the host, of the pool,
 * the pool's default; or NULL. */
struct object *vm_memory_sr(const struct db *db, const struct object *vm);
/* For ops_body.also of what suspends a VM. */
void vm_memory_hold(const struct call *c, const struct object *vm,
                    struct ops_more *more);

/* A running guest into a new VDI; NEWS is a message, or NULL. */
struct err *vm_suspend(struct job *j, const struct ops_work *w,
                       const char *news) MUST_USE;
/* Goes on from there; the VDI goes when the work has succeeded. */
struct err *vm_resume(struct job *j, const struct ops_work *w, bool paused,
                      const char *news) MUST_USE;
/* Of a VM that is not suspended any more. None is fine. */
struct err *vm_memory_drop(struct job *j, const struct ops_work *w) MUST_USE;

#endif
