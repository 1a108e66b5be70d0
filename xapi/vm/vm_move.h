/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vm_move: a guest goes into another domain of its host while it runs. Steps of
 * operations in workers (job.h), on work->self. Which of the two domains is the
 * guest's is what the record says (VM.domid): until it says the new one, the
 * old can go on; from then on the move is over but for landing, which whoever
 * comes next finishes (vm_settle.h).
 */
#ifndef XAPI_VM_MOVE_H
#define XAPI_VM_MOVE_H

#include "xapi/ops/ops_queue.h"

/* LIVE: it is stopped for the last of its memory only. Taken back if it fails:
 * then the guest runs on where it was. */
struct err *vm_move(struct job *j, const struct ops_work *w,
                    bool live) MUST_USE;

/* It has its new domain, and does not run there yet, as far as is known. */
bool vm_is_landing(const struct object *vm);
/* The old one (OLD; 0: it has gone) goes, and the guest runs. */
struct err *vm_land(struct job *j, const struct ops_work *w,
                    uint32_t old) MUST_USE;

#endif
