/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ops: which operation an object may begin, and when. A class that has
 * allowed_operations has a row here, with its rules in ops_<class>.c: they are
 * behind the check of every call and behind what is advertised. Reads the
 * database; who holds an operation while it runs is ops_queue.h.
 */
#ifndef XAPI_OPS_H
#define XAPI_OPS_H

#include "xapi/model/fields_gen.h"
#include "xapi/call/job.h"

/* Operations are values of the class's enum, e.g. VM_operations_start. */
struct ops_class {
    unsigned class;            /* CLASS_VM */
    unsigned allowed, current; /* VM_allowed_operations, ... */
    /* NULL, or the API's error why O may not begin OP now. Rules are checked in
     * the order clients know: the first that is broken is what they see. STRICT
     * is for what is advertised: it also asks whether O is able to, which a
     * call finds out by trying. */
    struct err *(*check)(const struct db *db, const struct object *o,
                         unsigned op, bool strict);
    /* These may be NULL, for no. */
    bool (*hidden)(unsigned op); /* it is never advertised */
    /* OP takes the place of RUNNING, which is cancelled. */
    bool (*cancels)(unsigned op, unsigned running);
    /* OP and RUNNING do not work at the same time, also when the check lets OP
     * begin: it waits until RUNNING has ended. */
    bool (*waits)(unsigned op, unsigned running);
    /* ops_update_alone of each object whose rules look at O, or NULL. */
    struct err *(*update_near)(struct txn *txn, struct object *o);
    /* What is to be done when a worker has died amid an operation, or NULL. Its
     * argument is a struct ops_work (ops_queue.h). */
    job_work_fn *settle;
};

/* O's row. Only asked for objects of classes that have one. */
const struct ops_class *ops_of(const struct object *o);

struct err *ops_check(const struct db *db, const struct object *o, unsigned op,
                      bool strict) MUST_USE;
/* The allowed_operations of O, and of what is near it, as the rest of O says
 * they are. Whoever changes that calls this in the same txn. */
struct err *ops_update(struct txn *txn, struct object *o) MUST_USE;
/* Those of O, which may be NULL or of a class without any, alone. */
struct err *ops_update_alone(struct txn *txn, struct object *o) MUST_USE;
/* Those of all objects there are: for the daemon's start. */
struct err *ops_update_all(struct db *db) MUST_USE;

/* Operations that run on O: their tasks and what they are. */
struct model_value ops_current(const struct object *o);
/* OTHER_OPERATION_IN_PROGRESS, of all that run on O; one at least does. */
struct err *ops_in_progress(const struct object *o) MUST_USE;
const char *ops_name(const struct object *o, unsigned op);

/* ---- the rows ------------------------------------------------------------ */

extern const struct ops_class ops_appliance;
extern const struct ops_class ops_sr;
extern const struct ops_class ops_vbd;
extern const struct ops_class ops_vdi;
extern const struct ops_class ops_vif;
extern const struct ops_class ops_host;
extern const struct ops_class ops_network;
extern const struct ops_class ops_pool;
extern const struct ops_class ops_vm;

/* What rules of several classes ask: VM_BAD_POWER_STATE unless VM is in one of
 * the power states of MAY, a bit each. */
struct err *ops_check_power_state(const struct object *vm,
                                  unsigned may) MUST_USE;

#endif
