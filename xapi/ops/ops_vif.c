/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ops_vif: operations on VIFs; see ops.h. */
#include "xapi/vm/device.h"
#include "xapi/model/errors_gen.h"
#include "xapi/ops/ops_device.h"

#define GENTLE (DEVICE_LIVE | DEVICE_ASKS)

#define OP(name) [VIF_operations_##name]
/* clang-format off */
static const unsigned ops[] = {
    OP(attach) = 0,
    OP(plug)   = GENTLE | DEVICE_CONNECTS,
    OP(unplug) = GENTLE | DEVICE_DISCONNECTS,
};
/* clang-format on */

static enum VM_guest_metrics_tristate can_hotplug(const struct object *vm)
{
    const struct object *guest = vm ? get_VM_guest_metrics(vm) : NULL;

    return guest ? get_VM_guest_metrics_can_use_hotplug_vif(guest)
                 : VM_guest_metrics_tristate_unspecified;
}

static struct err *check(const struct db *db, const struct object *o,
                         unsigned op, bool strict)
{
    const struct object *vm = get_VIF_VM(o);
    const struct device_check c = {db,      o,
                                   vm,      op,
                                   ops[op], get_VIF_currently_attached(o),
                                   strict,  can_hotplug(vm)};

    if (!vm)
        return db_no_object(&model_classes[CLASS_VM], NULL);
    TRY(device_check_others(&c));
    TRY(device_check_live(&c));
    if (op == VIF_operations_plug && get_VM_is_control_domain(vm))
        return err_OPERATION_NOT_ALLOWED(
            "a control domain gets no interfaces while it runs");
    return NULL;
}

const struct ops_class ops_vif = {
    .class = CLASS_VIF,
    .allowed = VIF_allowed_operations,
    .current = VIF_current_operations,
    .check = check,
    .settle = vif_settle,
};
