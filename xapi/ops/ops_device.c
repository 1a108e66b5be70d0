/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ops_device: see ops_device.h. */
#include "xapi/ops/ops_device.h"

#include "xapi/model/errors_gen.h"

struct err *device_check_others(const struct device_check *c)
{
    return ops_current(c->o).n ? ops_in_progress(c->o) : NULL;
}

static struct err *check_attached(const struct device_check *c)
{
    if (c->flags & DEVICE_CONNECTS && c->attached)
        return err_DEVICE_ALREADY_ATTACHED(object_ref(c->o));
    if (c->flags & DEVICE_DISCONNECTS && !c->attached)
        return err_DEVICE_ALREADY_DETACHED(object_ref(c->o));
    return NULL;
}

/* A guest that is about to end, or is stopped, does not listen. */
static bool is_ending(enum VM_operations op)
{
    switch (op) {
    case VM_operations_clean_shutdown:
    case VM_operations_hard_shutdown:
    case VM_operations_shutdown:
    case VM_operations_clean_reboot:
    case VM_operations_hard_reboot:
    case VM_operations_suspend:
    case VM_operations_pause:
        return true;
    default:
        return false;
    }
}

static struct err *check_vm(const struct device_check *c)
{
    struct model_value running = get_VM_current_operations(c->vm);
    AUTO_STR struct str text = STR_INIT(256);

    for (unsigned i = 0; i < running.n; i++) {
        unsigned op = (unsigned)running.values[i].i;

        if (!is_ending((enum VM_operations)op))
            continue;
        str_addf(&text, "%s is not allowed during %s of the VM",
                 ops_name(c->o, c->op), ops_name(c->vm, op));
        return err_OPERATION_NOT_ALLOWED(str_text(&text));
    }
    return NULL;
}

/* Guests with firmware need drivers for Xen. Of one that says nothing it is
 * found out by trying. */
static struct err *check_guest(const struct device_check *c)
{
    const struct object *metrics = get_VM_metrics(c->vm);
    const struct object *guest = get_VM_guest_metrics(c->vm);
    bool can = false;

    if (!metrics ||
        get_VM_metrics_current_domain_type(metrics) != VM_domain_type_hvm)
        return NULL;
    if (!guest)
        return c->strict ? err_VM_MISSING_PV_DRIVERS(object_ref(c->vm)) : NULL;
    switch (c->can) {
    case VM_guest_metrics_tristate_yes:
        can = true;
        break;
    case VM_guest_metrics_tristate_no:
        break;
    case VM_guest_metrics_tristate_unspecified:
        can = get_VM_guest_metrics_PV_drivers_detected(guest);
        break;
    }
    return can ? NULL : err_VM_MISSING_PV_DRIVERS(object_ref(c->vm));
}

struct err *device_check_live(const struct device_check *c)
{
    if (!(c->flags & DEVICE_LIVE))
        return NULL;
    TRY(ops_check_power_state(c->vm, 1u << VM_power_state_Running));
    TRY(check_attached(c));
    if (c->flags & DEVICE_ASKS)
        TRY(check_vm(c));
    return check_guest(c);
}
