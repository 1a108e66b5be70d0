/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* api/vm_state: what a VM's record says of the domain it is, or is not any
 * more. */
#include <time.h>

#include "xapi/vm/vm.h"
#include "xapi/vm/console.h"
#include "xapi/vm/device.h"
#include "xapi/ops/ops.h"
#include "xapi/db/txn.h"

/* ---- sets of devices ----------------------------------------------------- */

typedef struct err *each_fn(struct txn *txn, struct object *o, bool attached);

static struct err *vusb_set_attached(struct txn *txn, struct object *vusb,
                                     bool attached)
{
    return set_VUSB_currently_attached(txn, vusb, attached);
}

static struct err *vgpu_set_attached(struct txn *txn, struct object *vgpu,
                                     bool attached)
{
    return set_VGPU_currently_attached(txn, vgpu, attached);
}

static struct err *set_attached(struct txn *txn, const struct object *vm,
                                bool attached)
{
    static const struct {
        unsigned field;
        each_fn *fn;
    } rows[] = {{VM_VBDs, vbd_set_attached},
                {VM_VIFs, vif_set_attached},
                {VM_VUSBs, vusb_set_attached},
                {VM_VGPUs, vgpu_set_attached}};

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct model_value refs = object_get(vm, &model_fields[rows[i].field]);

        for (unsigned k = 0; k < refs.n; k++)
            TRY(rows[i].fn(txn, db_find(txn_db(txn), NULL, refs.keys[k].s),
                           attached));
    }
    return NULL;
}

/* ---- down ---------------------------------------------------------------- */

struct err *vm_set_down(struct txn *txn, struct object *vm,
                        enum VM_power_state state)
{
    TRY(set_VM_power_state(txn, vm, state));
    console_drop(txn, vm);
    TRY(set_VM_resident_on(txn, vm, NULL));
    TRY(set_VM_scheduled_to_be_resident_on(txn, vm, NULL));
    TRY(set_VM_domid(txn, vm, -1));
    if (state ==
        VM_power_state_Halted) { /* else its disks are not for others */
        TRY(set_VM_requires_reboot(txn, vm, false));
        TRY(set_attached(txn, vm, false));
    }
    return ops_update(txn, vm);
}

/* ---- up ------------------------------------------------------------------ */

static struct err *measure(struct txn *txn, const struct object *vm)
{
    struct object *metrics = get_VM_metrics(vm);

    if (!metrics)
        return NULL;
    TRY(set_VM_metrics_start_time(txn, metrics, time(NULL)));
    TRY(set_VM_metrics_VCPUs_number(txn, metrics, get_VM_VCPUs_at_startup(vm)));
    TRY(set_VM_metrics_memory_actual(txn, metrics,
                                     get_VM_memory_dynamic_max(vm)));
    TRY(set_VM_metrics_last_updated(txn, metrics, time(NULL)));
    TRY(set_VM_metrics_hvm(txn, metrics,
                           get_VM_domain_type(vm) == VM_domain_type_hvm));
    return set_VM_metrics_current_domain_type(txn, metrics,
                                              get_VM_domain_type(vm));
}

struct err *vm_set_up(struct txn *txn, struct object *vm, struct object *host,
                      uint32_t domid, bool paused)
{
    struct object *guest = get_VM_guest_metrics(vm);

    if (guest)
        txn_destroy(txn, guest);
    TRY(measure(txn, vm));
    TRY(set_VM_domid(txn, vm, domid));
    TRY(set_VM_resident_on(txn, vm, host));
    TRY(set_VM_scheduled_to_be_resident_on(txn, vm, NULL));
    TRY(set_VM_memory_target(txn, vm, get_VM_memory_dynamic_max(vm)));
    TRY(console_make(txn, vm, host));
    TRY(set_attached(txn, vm, true));
    return vm_set_paused(txn, vm, paused);
}

struct err *vm_set_paused(struct txn *txn, struct object *vm, bool paused)
{
    TRY(set_VM_power_state(
        txn, vm, paused ? VM_power_state_Paused : VM_power_state_Running));
    return ops_update(txn, vm);
}
