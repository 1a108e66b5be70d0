/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ops_appliance: which operation an appliance may begin: one at a time, when
 * there is a guest that it does something to. */
#include "xapi/ops/ops_appliance.h"

#include "xapi/vm/vm.h"
#include "xapi/model/errors_gen.h"
#include "xapi/ops/ops_queue.h"
#include "xapi/vm/vm_settle.h"

bool appliance_concerns(enum VM_appliance_operations op,
                        const struct object *vm)
{
    enum VM_power_state state = get_VM_power_state(vm);

    switch (op) {
    case VM_appliance_operations_start:
        return state == VM_power_state_Halted;
    case VM_appliance_operations_clean_shutdown:
        return state == VM_power_state_Running;
    case VM_appliance_operations_hard_shutdown:
    case VM_appliance_operations_shutdown:
        return state != VM_power_state_Halted;
    }
    return false;
}

struct object *appliance_vm(const struct db *db, const struct object *appliance,
                            unsigned i)
{
    return db_find(db, &model_classes[CLASS_VM],
                   get_VM_appliance_VMs(appliance).keys[i].s);
}

static struct err *check(const struct db *db, const struct object *appliance,
                         unsigned op, bool strict)
{
    (void)strict;
    if (ops_current(appliance).n)
        return ops_in_progress(appliance);
    for (unsigned i = 0; i < get_VM_appliance_VMs(appliance).n; i++)
        if (appliance_concerns((enum VM_appliance_operations)op,
                               appliance_vm(db, appliance, i)))
            return NULL;
    return err_OPERATION_NOT_ALLOWED(
        "The appliance has no VM in a power state that the operation is for");
}

static struct err *settle(struct job *j, void *arg)
{
    struct ops_work one = *(const struct ops_work *)arg;
    const struct object *appliance = one.self;

    for (unsigned i = 0; i < get_VM_appliance_VMs(appliance).n; i++) {
        one.self = appliance_vm(job_db(j), appliance, i);
        TRY(vm_settle(j, &one));
    }
    return NULL;
}

const struct ops_class ops_appliance = {
    .class = CLASS_VM_appliance,
    .allowed = VM_appliance_allowed_operations,
    .current = VM_appliance_current_operations,
    .check = check,
    .settle = settle,
};
