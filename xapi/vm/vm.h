/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vm: what the files api/vm_*.c share: how a call changes a VM, and what
 * follows of a change. */
#ifndef XAPI_API_VM_H
#define XAPI_API_VM_H

#include "xapi/call/call.h"
#include "xapi/model/fields_gen.h"

/* Writes into TXN what the call C (its first argument is VM) says. */
typedef struct err *vm_change_fn(struct call *c, struct txn *txn,
                                 struct object *vm);
/* Runs CHANGE as the operation OP: once VM may begin it, and it is over when
 * CHANGE returns. The body of a call that only writes to the database. */
struct err *vm_change(struct call *c, enum VM_operations op,
                      vm_change_fn *change) MUST_USE;
/* The same for what is no operation: at once, whatever is going on. */
struct err *vm_write(struct call *c, vm_change_fn *change) MUST_USE;

/* A new VM, with all that follows of what it was given: metrics, domain type,
 * what addresses are made of, allowed operations. */
struct err *vm_complete(struct txn *txn, struct object *vm) MUST_USE;
/* What VM's hardware addresses are made of (other_config:mac_seed), if it has
 * none. */
struct err *vm_seed_addresses(struct txn *txn, struct object *vm) MUST_USE;
/* Its guest is to notice that others were, or will be, what it is: a new
 * generation_id; one without any (of old times) stays so. */
struct err *vm_new_generation(struct txn *txn, struct object *vm) MUST_USE;

/* The records of what is connected to it; disks and networks stay. */
struct err *vm_destroy_devices(struct txn *txn,
                               const struct object *vm) MUST_USE;

/* VM goes, with all that is its own. */
struct err *vm_remove(struct txn *txn, struct object *vm) MUST_USE;

/* Argument I, a scalar, where the call is answered later and its struct of
 * arguments has gone. */
static inline union model_atom vm_arg(const struct call *c, unsigned i)
{
    return c->args[i].keys[0];
}

/* static_min <= dynamic_min <= dynamic_max <= static_max, 0 < VCPUs_at_startup
 * <= VCPUs_max. */
struct err *vm_check_memory(const struct object *vm) MUST_USE;
struct err *vm_check_vcpus(const struct object *vm) MUST_USE;
/* VM's sizes make sense, and HOST is up, has its storage and networks, and
 * room. Where it runs already, HOST need not be enabled. */
struct err *vm_check_host(const struct db *db, const struct object *vm,
                          const struct object *host) MUST_USE;
/* INVALID_VALUE of FIELD. */
struct err *vm_bad_number(const char *field, int64_t n) MUST_USE;
/* Bytes Xen needs for VM beside the guest's own. */
int64_t vm_memory_overhead(const struct object *vm);

/* VM has no domain any more: HALTED or SUSPENDED, and what follows for its
 * devices. */
struct err *vm_set_down(struct txn *txn, struct object *vm,
                        enum VM_power_state state) MUST_USE;
/* VM is domain DOMID of HOST, a new one, with all its devices. */
struct err *vm_set_up(struct txn *txn, struct object *vm, struct object *host,
                      uint32_t domid, bool paused) MUST_USE;
/* It has one still. */
struct err *vm_set_paused(struct txn *txn, struct object *vm,
                          bool paused) MUST_USE;
static inline bool vm_is_up(const struct object *vm)
{
    return get_VM_power_state(vm) == VM_power_state_Running ||
           get_VM_power_state(vm) == VM_power_state_Paused;
}

#endif
