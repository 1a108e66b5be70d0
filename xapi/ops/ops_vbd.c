/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ops_vbd: operations on VBDs, and who may have a disk beside whom; see
 * ops.h. */
#include <string.h>

#include "xapi/vm/device.h"
#include "xapi/model/errors_gen.h"
#include "xapi/ops/ops_device.h"

/* ---- the table ----------------------------------------------------------- */

enum {
    USES_DISK = 1 << 8, /* and has to get it */
    NOT_FIXED = 1 << 9, /* it has to be unpluggable */
    DRIVE = 1 << 10,    /* it has to be a CD drive */
    FULL = 1 << 11,     /* with a medium */
    EMPTY = 1 << 12,    /* without */
};
#define LIVE DEVICE_LIVE
#define GENTLE (DEVICE_LIVE | DEVICE_ASKS)

#define OP(name) [VBD_operations_##name]
/* clang-format off */
static const unsigned ops[] = {
    OP(attach)       = USES_DISK,
    OP(eject)        = DRIVE | FULL,
    OP(insert)       = DRIVE | EMPTY,
    OP(plug)         = USES_DISK | GENTLE | DEVICE_CONNECTS,
    OP(unplug)       = NOT_FIXED | GENTLE | DEVICE_DISCONNECTS,
    OP(unplug_force) = NOT_FIXED | LIVE | DEVICE_DISCONNECTS,
    OP(pause)        = DEVICE_HIDDEN,
    OP(unpause)      = DEVICE_HIDDEN,
};
/* clang-format on */

static bool hidden(unsigned op)
{
    return ops[op] & DEVICE_HIDDEN;
}

/* ---- the drive ----------------------------------------------------------- */

static struct err *check_drive(const struct device_check *c)
{
    const char *ref = object_ref(c->o);
    bool is_drive = get_VBD_type(c->o) == VBD_type_CD;
    bool is_empty = !get_VBD_VDI(c->o);

    if (c->flags & NOT_FIXED && !get_VBD_unpluggable(c->o))
        return err_VBD_NOT_UNPLUGGABLE(ref);
    if (!(c->flags & DRIVE))
        return NULL;
    if (!is_drive)
        return err_VBD_NOT_REMOVABLE_MEDIA(ref);
    if (c->flags & FULL && is_empty)
        return err_VBD_IS_EMPTY(ref);
    if (c->flags & EMPTY && !is_empty)
        return err_VBD_NOT_EMPTY(ref);
    return ops_check_power_state(c->vm, ~(1u << VM_power_state_Suspended));
}

/* The drives of emulated hardware are there from the beginning. */
static struct err *check_hardware(const struct device_check *c)
{
    const struct object *metrics = get_VM_metrics(c->vm);

    if (!(c->flags & DEVICE_LIVE) || get_VBD_type(c->o) != VBD_type_CD ||
        !metrics ||
        get_VM_metrics_current_domain_type(metrics) != VM_domain_type_hvm)
        return NULL;
    return err_OPERATION_NOT_ALLOWED(
        "CD drives of HVM guests cannot be connected or disconnected while "
        "they run");
}

/* ---- the disk ------------------------------------------------------------ */

static bool is_active(const struct object *vbd)
{
    return get_VBD_currently_attached(vbd) || ops_current(vbd).n;
}

/* Beside another that is active, both have to be readers. */
static struct err *check_sharing(const struct db *db, const struct object *vbd,
                                 const struct object *vdi)
{
    struct model_value others = get_VDI_VBDs(vdi);
    bool writes = get_VBD_mode(vbd) == VBD_mode_RW;

    if (get_VDI_sharable(vdi) || get_VDI_read_only(vdi))
        return NULL;
    for (unsigned i = 0; i < others.n; i++) {
        const struct object *other =
            db_find(db, &model_classes[CLASS_VBD], others.keys[i].s);

        if (other == vbd || !is_active(other))
            continue;
        if (writes || get_VBD_mode(other) == VBD_mode_RW)
            return err_VDI_IN_USE(object_ref(vdi), "attach");
    }
    return NULL;
}

/* What runs on the disk, but for what reads it only. */
static struct err *check_busy(const struct object *vdi)
{
    struct model_value running = get_VDI_current_operations(vdi);

    for (unsigned i = 0; i < running.n; i++)
        if (running.values[i].i != VDI_operations_copy &&
            running.values[i].i != VDI_operations_mirror)
            return ops_in_progress(vdi);
    return NULL;
}

static bool is_system_domain(const struct object *vm)
{
    return get_VM_is_control_domain(vm) ||
           text_eq(datum_map_get(get_VM_other_config(vm), "is_system_domain"),
                   "true");
}

struct err *vbd_check_disk(const struct db *db, const struct object *vbd,
                           const struct object *vdi, bool held)
{
    if (!get_VDI_managed(vdi))
        return err_VDI_NOT_MANAGED(object_ref(vdi));
    if (!held)
        TRY(check_busy(vdi));
    if (!is_system_domain(get_VBD_VM(vbd)))
        TRY(check_sharing(db, vbd, vdi));
    return get_VBD_mode(vbd) == VBD_mode_RW && get_VDI_read_only(vdi)
               ? err_VDI_READONLY(object_ref(vdi))
               : NULL;
}

/* ---- all of it ----------------------------------------------------------- */

static enum VM_guest_metrics_tristate can_hotplug(const struct object *vm)
{
    const struct object *guest = vm ? get_VM_guest_metrics(vm) : NULL;

    return guest ? get_VM_guest_metrics_can_use_hotplug_vbd(guest)
                 : VM_guest_metrics_tristate_unspecified;
}

static struct err *check(const struct db *db, const struct object *o,
                         unsigned op, bool strict)
{
    const struct object *vm = get_VBD_VM(o), *vdi = get_VBD_VDI(o);
    const struct device_check c = {db,      o,
                                   vm,      op,
                                   ops[op], get_VBD_currently_attached(o),
                                   strict,  can_hotplug(vm)};

    if (!vm)
        return db_no_object(&model_classes[CLASS_VM], NULL);
    TRY(device_check_others(&c));
    TRY(check_drive(&c));
    TRY(check_hardware(&c));
    TRY(device_check_live(&c));
    return vdi && ops[op] & USES_DISK ? vbd_check_disk(db, o, vdi, false)
                                      : NULL;
}

/* Who else has the disk, or may have it. Readers of what nobody can write to
 * do not mind each other. */
static struct err *update_near(struct txn *txn, struct object *vbd)
{
    struct object *vdi = get_VBD_VDI(vbd);
    struct model_value others;

    if (!vdi)
        return NULL;
    TRY(ops_update_alone(txn, vdi));
    others = get_VDI_VBDs(vdi);
    for (unsigned i = 0; i < others.n && !get_VDI_read_only(vdi); i++)
        if (strcmp(others.keys[i].s, object_ref(vbd)))
            TRY(ops_update_alone(txn,
                                 db_find(txn_db(txn), &model_classes[CLASS_VBD],
                                         others.keys[i].s)));
    return NULL;
}

const struct ops_class ops_vbd = {
    .class = CLASS_VBD,
    .allowed = VBD_allowed_operations,
    .current = VBD_current_operations,
    .check = check,
    .hidden = hidden,
    .update_near = update_near,
    .settle = vbd_settle,
};
