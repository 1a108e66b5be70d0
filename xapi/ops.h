/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ops: which operation a VM may begin, and when: in which power states, beside
 * which others, on templates and snapshots, on whom else. One table (ops.c) is
 * behind the check of every call and behind VM.allowed_operations. Reads the
 * database; who holds an operation while it runs is ops_queue.h.
 */
#ifndef XAPI_OPS_H
#define XAPI_OPS_H

#include "xapi/fields_gen.h"

/*
 * NULL, or the API's error why VM may not begin OP now. Rules are checked in
 * the order clients know: the first that is broken is what they see. STRICT is
 * for what is advertised: it also asks whether the guest is able to, which a
 * call finds out by trying.
 */
struct err *ops_check(const struct db *db, const struct object *vm,
                      enum VM_operations op, bool strict) MUST_USE;

/* VM.allowed_operations as the rest of VM says it is. Whoever changes that
 * calls this in the same txn. */
struct err *ops_update(struct txn *txn, struct object *vm) MUST_USE;

/* OP takes the place of RUNNING, which is cancelled. */
bool ops_cancels(enum VM_operations op, enum VM_operations running);
/* OP and RUNNING do not work at the same time, also when the check lets OP
 * begin: it waits until RUNNING has ended. */
bool ops_waits(enum VM_operations op, enum VM_operations running);

const char *ops_name(enum VM_operations op);

#endif
