/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* api_vbd: VBDs are made and destroyed; disks and media come and go while a
 * guest runs. */
#include <string.h>

#include "xapi/calls_gen.h"
#include "xapi/device.h"
#include "xapi/disk.h"
#include "xapi/errors_gen.h"
#include "xapi/generic.h"
#include "xapi/hv.h"
#include "xapi/vm_domain.h"

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
    struct txn *txn = txn_begin(c->db);
    struct object *vbd = NULL;
    struct err *e = create(c, txn, &vbd);

    (void)a;
    if (!e)
        call_return_ref(c, object_ref(vbd));
    return txn_end(txn, e);
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

/* ---- while the guest runs ------------------------------------------------ */

/* One device in hand. */
struct work {
    struct job *job;
    const struct hv *hv;
    struct object *vbd, *vm;
    struct object *vdi; /* that the drive has then, or NULL */
    uint32_t domid;
    struct plan_disk disk;
};

static struct work *work_of(struct job *j, const struct ops_work *w)
{
    struct work *d = pool_new_of(job_pool(j), struct work);
    struct object *vm = get_VBD_VM(w->self);

    *d = (struct work){.job = j,
                       .hv = w->hv,
                       .vbd = w->self,
                       .vm = vm,
                       .domid = (uint32_t)get_VM_domid(vm)};
    plan_disk(job_pool(j), w->self, &d->disk);
    return d;
}

static struct err *write_attached(struct txn *txn, void *arg)
{
    const struct work *d = arg;

    return vbd_set_attached(txn, d->vbd, true);
}

static struct err *write_detached(struct txn *txn, void *arg)
{
    const struct work *d = arg;

    return vbd_set_attached(txn, d->vbd, false);
}

static struct err *undo_attach(void *arg)
{
    const struct work *d = arg;

    return d->hv->detach_disk(d->hv, d->domid, &d->disk, true);
}

static struct err *undo_write(void *arg)
{
    const struct work *d = arg;

    return job_commit(d->job, write_detached, arg);
}

/* The guest may have ended meanwhile; who ended it has not heard of this. */
static struct err *check_lives(const struct work *d)
{
    bool lives = false;

    TRY(vm_lives(d->job, d->hv, d->domid, &lives));
    return lives
               ? NULL
               : err_VM_BAD_POWER_STATE(object_ref(d->vm), "running", "halted");
}

static struct err *plug(struct job *j, void *arg)
{
    const struct ops_work *w = arg;
    struct work *d = work_of(j, w);

    TRY(vbd_attach(j, w->self, &d->disk));
    TRY(d->hv->attach_disk(d->hv, d->domid, &d->disk));
    job_undo(j, undo_attach, d);
    job_undo(j, undo_write, d);
    TRY(job_commit(j, write_attached, d));
    return check_lives(d);
}

static struct err *take_away(struct job *j, const struct ops_work *w,
                             bool force)
{
    struct work *d = work_of(j, w);
    struct err *e = d->hv->detach_disk(d->hv, d->domid, &d->disk, force);

    TRY(device_not_let_go(e, w->self));
    e = vbd_release(j, w->self);
    return err_join(e, job_commit(j, write_detached, d));
}

static struct err *unplug(struct job *j, void *arg)
{
    return take_away(j, arg, false);
}

static struct err *unplug_force(struct job *j, void *arg)
{
    return take_away(j, arg, true);
}

/* ---- media --------------------------------------------------------------- */

static struct err *write_medium(struct txn *txn, void *arg)
{
    const struct work *d = arg;
    struct object *before = get_VBD_VDI(d->vbd);

    TRY(set_VBD_VDI(txn, d->vbd, d->vdi));
    TRY(set_VBD_empty(txn, d->vbd, !d->vdi));
    TRY(ops_update_alone(txn, before));
    return ops_update(txn, d->vbd);
}

static bool is_live(const struct work *d)
{
    return vm_is_up(d->vm) && get_VBD_currently_attached(d->vbd);
}

static struct err *eject(struct job *j, void *arg)
{
    const struct ops_work *w = arg;
    struct work *d = work_of(j, w);

    if (is_live(d)) {
        TRY(d->hv->set_medium(d->hv, d->domid, &d->disk));
        TRY(vbd_release(j, w->self));
    }
    return job_commit(j, write_medium, d);
}

static struct err *undo_medium(void *arg)
{
    struct work *d = arg;

    d->disk.path = d->disk.format = NULL;
    return d->hv->set_medium(d->hv, d->domid, &d->disk);
}

static struct err *insert(struct job *j, void *arg)
{
    const struct ops_work *w = arg;
    struct work *d = work_of(j, w);

    d->vdi =
        db_find(job_db(j), &model_classes[CLASS_VDI], vm_arg(w->call, 1).s);
    if (!d->vdi)
        return db_no_object(&model_classes[CLASS_VDI], vm_arg(w->call, 1).s);
    TRY(vbd_check_disk(job_db(j), w->self, d->vdi));
    if (is_live(d)) {
        TRY(vbd_attach_disk(j, w->self, d->vdi, &d->disk));
        TRY(d->hv->set_medium(d->hv, d->domid, &d->disk));
        job_undo(j, undo_medium, d);
    }
    return job_commit(j, write_medium, d);
}

/* ---- what a dead worker left --------------------------------------------- */

/* The drive has the medium that its record says, or is no longer there. */
static bool settle_drive(struct job *j, struct work *d)
{
    struct err *e = NULL;

    if (!d->disk.cdrom || !get_VBD_currently_attached(d->vbd))
        return false;
    if (get_VBD_VDI(d->vbd))
        e = vbd_attach(j, d->vbd, &d->disk);
    if (!e)
        e = d->hv->set_medium(d->hv, d->domid, &d->disk);
    if (!e)
        return true;
    err_drop(e, "there may be no drive any more");
    return false;
}

struct err *vbd_settle(struct job *j, void *arg)
{
    const struct ops_work *w = arg;
    struct work *d = work_of(j, w);

    if (!vm_is_up(d->vm) || settle_drive(j, d))
        return NULL;
    err_drop(d->hv->detach_disk(d->hv, d->domid, &d->disk, true),
             "it may not be there");
    TRY(vbd_release(j, w->self));
    return job_commit(j, write_detached, d);
}

/* ---- the calls ----------------------------------------------------------- */

/* clang-format off */
#define BODY(name_)                                                        \
    struct err *VBD_##name_(struct call *c,                                \
                            const struct VBD_##name_##_args *a)            \
    {                                                                      \
        (void)a;                                                           \
        return ops_run(c, VBD_operations_##name_,                          \
                       &(const struct ops_body){.work = name_});           \
    }

BODY(plug)
BODY(unplug)
BODY(unplug_force)
BODY(eject)
BODY(insert)
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
