/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* api/vbd: VBDs are made and destroyed; disks and media come and go while a
 * guest runs. */
#include <string.h>

#include "xapi/model/calls_gen.h"
#include "xapi/vm/device.h"
#include "xapi/vm/device_live.h"
#include "xapi/model/errors_gen.h"
#include "xapi/call/generic.h"
#include "xapi/hv/hv.h"
#include "xapi/vm/vm_domain.h"

/* ---- made ---------------------------------------------------------------- */

static bool is_taken(const struct db *db, const struct object *vbd,
                     int64_t place)
{
    struct model_value all = get_VM_VBDs(get_VBD_VM(vbd));

    for (unsigned i = 0; i < all.n; i++) {
        const struct object *other =
            db_find(db, &model_classes[CLASS_VBD], all.keys[i].s);

        if (other != vbd && plan_disk_place(get_VBD_userdevice(other)) == place)
            return true;
    }
    return false;
}

static struct err *choose_place(struct txn *txn, struct object *vbd)
{
    AUTO_POOL struct pool *p = pool_new();
    int64_t place = 0;

    while (place < PLAN_DISKS && is_taken(txn_db(txn), vbd, place))
        place++;
    if (place == PLAN_DISKS)
        return err_INVALID_DEVICE("autodetect");
    return set_VBD_userdevice(txn, vbd,
                              pool_printf(p, "%lld", (long long)place));
}

static struct err *check_place(struct txn *txn, struct object *vbd)
{
    const char *device = get_VBD_userdevice(vbd);
    int64_t place = plan_disk_place(device);

    if (!strcmp(device, "autodetect"))
        return choose_place(txn, vbd);
    if (place < 0)
        return err_INVALID_DEVICE(device);
    return is_taken(txn_db(txn), vbd, place) ? err_DEVICE_ALREADY_EXISTS(device)
                                             : NULL;
}

static struct err *check_kind(struct txn *txn, struct object *vbd)
{
    bool has_disk = get_VBD_VDI(vbd);

    switch (get_VBD_type(vbd)) {
    case VBD_type_CD:
        if (get_VBD_mode(vbd) == VBD_mode_RW)
            return err_VBD_CDS_MUST_BE_READONLY();
        break;
    case VBD_type_Disk:
        if (!has_disk)
            return db_no_object(&model_classes[CLASS_VDI], NULL);
        break;
    case VBD_type_Floppy:
        return err_VALUE_NOT_SUPPORTED("type", "Floppy",
                                       "no guest gets a floppy drive");
    }
    return set_VBD_empty(txn, vbd, !has_disk);
}

/* What a suspended VM had, it still has. */
static struct err *create(struct call *c, struct txn *txn, struct object **ret)
{
    struct object *vbd, *vm;
    bool attached;

    TRY(generic_create(c, txn, &vbd));
    vm = get_VBD_VM(vbd);
    if (!vm)
        return db_no_object(&model_classes[CLASS_VM], NULL);
    TRY(check_kind(txn, vbd));
    TRY(check_place(txn, vbd));
    attached = get_VBD_currently_attached(vbd) &&
               get_VM_power_state(vm) == VM_power_state_Suspended;
    TRY(vbd_set_attached(txn, vbd, attached));
    *ret = vbd;
    return ops_update(txn, vm);
}

struct err *VBD_create(struct call *c, const struct VBD_create_args *a)
{
    (void)a;
    return generic_construct(c, create);
}

/* ---- gone ---------------------------------------------------------------- */

static struct err *destroy(struct call *c, struct txn *txn, struct object *vbd)
{
    struct object *vm = get_VBD_VM(vbd), *vdi = get_VBD_VDI(vbd);

    (void)c;
    if (get_VBD_currently_attached(vbd))
        return err_OPERATION_NOT_ALLOWED(
            "a disk that is connected to a guest stays: unplug it before");
    if (ops_current(vbd).n)
        return ops_in_progress(vbd);
    txn_destroy(txn, vbd);
    TRY(ops_update_alone(txn, vdi));
    return vm ? ops_update(txn, vm) : NULL;
}

struct err *VBD_destroy(struct call *c, const struct VBD_destroy_args *a)
{
    (void)a;
    return vm_write(c, destroy);
}

/* ---- media --------------------------------------------------------------- */

/* A drive and what shall be in it, or NULL. */
struct exchange {
    struct device *drive;
    struct object *vdi;
};

static struct err *write_medium(struct txn *txn, void *arg)
{
    const struct exchange *x = arg;
    struct object *vbd = x->drive->o, *before = get_VBD_VDI(vbd);

    TRY(set_VBD_VDI(txn, vbd, x->vdi));
    TRY(set_VBD_empty(txn, vbd, !x->vdi));
    TRY(ops_update_alone(txn, before));
    return ops_update(txn, vbd);
}

static bool is_live(const struct device *d)
{
    return vm_is_up(d->vm) && get_VBD_currently_attached(d->o);
}

static struct err *set_medium(const struct device *d)
{
    const struct hv *hv = d->work->hv;

    return hv->set_medium(hv, d->domid, &d->disk);
}

static struct err *eject(struct job *j, void *arg)
{
    struct exchange x = {.drive = device_of(j, arg)};

    if (is_live(x.drive)) {
        TRY(set_medium(x.drive));
        TRY(device_release(x.drive));
    }
    return job_commit(j, write_medium, &x);
}

static struct err *undo_medium(void *arg)
{
    struct device *d = arg;

    d->disk.path = d->disk.format = NULL;
    return set_medium(d);
}

/* Somebody may come to write to it: it is held while it is inserted, so that
 * nobody does between the check and the record. */
static bool is_exclusive(const struct object *vdi)
{
    return !get_VDI_read_only(vdi) && !get_VDI_sharable(vdi);
}

static struct err *insert(struct job *j, void *arg)
{
    const struct ops_work *w = arg;
    const char *ref = vm_arg(w->call, 1).s;
    struct device *d = device_of(j, w);
    struct exchange x = {
        .drive = d, .vdi = db_find(job_db(j), &model_classes[CLASS_VDI], ref)};

    if (!x.vdi)
        return db_no_object(&model_classes[CLASS_VDI], ref);
    TRY(vbd_check_disk(job_db(j), d->o, x.vdi, is_exclusive(x.vdi)));
    if (is_live(d)) {
        TRY(vbd_attach_disk(j, d->o, x.vdi, &d->disk));
        TRY(set_medium(d));
        job_undo(j, undo_medium, d);
    }
    return job_commit(j, write_medium, &x);
}

/* ---- what a dead worker left --------------------------------------------- */

/* The drive has the medium that its record says, or is no longer there. */
static bool settle_drive(struct device *d)
{
    struct err *e;

    if (!d->disk.cdrom || !is_live(d))
        return false;
    e = device_prepare(d);
    if (!e)
        e = set_medium(d);
    if (!e)
        return true;
    err_drop(e, "there may be no drive any more");
    return false;
}

struct err *vbd_settle(struct job *j, void *arg)
{
    struct device *d = device_of(j, arg);

    return settle_drive(d) ? NULL : device_drop(d);
}

/* ---- the calls ----------------------------------------------------------- */

static void hold_disk(const struct call *c, const struct object *self,
                      struct ops_more *more)
{
    const struct object *vdi =
        db_find(c->db, &model_classes[CLASS_VDI], vm_arg(c, 1).s);

    (void)self;
    if (vdi && is_exclusive(vdi))
        ops_hold(more, vdi, VDI_operations_blocked);
}

/* clang-format off */
#define BODY(name_, ...)                                                   \
    CALL_BODY(VBD, name_, ops_run(c, VBD_operations_##name_,               \
                                  &(const struct ops_body){__VA_ARGS__}))

BODY(plug, .work = device_plug)
BODY(unplug, .work = device_unplug)
BODY(unplug_force, .work = device_unplug_force)
BODY(eject, .work = eject)
BODY(insert, .work = insert, .also = hold_disk)
/* clang-format on */

struct err *VBD_assert_attachable(struct call *c,
                                  const struct VBD_assert_attachable_args *a)
{
    struct object *vbd = NULL;

    (void)a;
    TRY(call_object(c, 0, &vbd));
    return ops_check(c->db, vbd, VBD_operations_attach, false);
}

static struct err *set_mode(struct call *c, struct txn *txn, struct object *vbd)
{
    enum VBD_mode mode = (enum VBD_mode)vm_arg(c, 1).i;

    TRY(ops_check_power_state(get_VBD_VM(vbd), 1u << VM_power_state_Halted));
    if (ops_current(vbd).n)
        return ops_in_progress(vbd);
    if (mode == VBD_mode_RW && get_VBD_type(vbd) == VBD_type_CD)
        return err_VBD_CDS_MUST_BE_READONLY();
    return set_VBD_mode(txn, vbd, mode);
}

struct err *VBD_set_mode(struct call *c, const struct VBD_set_mode_args *a)
{
    (void)a;
    return vm_write(c, set_mode);
}

/* What else is set changes what may be done with it. */
static struct err *set_field(struct call *c, struct txn *txn,
                             struct object *vbd)
{
    return txn_set(txn, vbd, c->row->field, c->args[1]);
}

CALL_BODY(VBD, set_type, vm_write(c, set_field))

CALL_BODY(VBD, set_unpluggable, vm_write(c, set_field))
