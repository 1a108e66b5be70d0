/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* device_live: see device_live.h. */
#include "xapi/vm/device_live.h"

#include "xapi/vm/device.h"
#include "xapi/model/errors_gen.h"
#include "xapi/hv/hv.h"
#include "xapi/vm/vm_domain.h"

/* ---- the classes --------------------------------------------------------- */

struct device_kind {
    enum model_class_id class;
    struct object *(*vm)(const struct object *o);
    void (*plan)(struct device *d);
    struct err *(*prepare)(struct device *d);
    struct err *(*release)(const struct device *d);
    struct err *(*attach)(const struct device *d, const struct hv *hv);
    struct err *(*detach)(const struct device *d, const struct hv *hv,
                          bool force);
    struct err *(*set_attached)(struct txn *txn, struct object *o,
                                bool attached);
};

static void vbd_plan(struct device *d)
{
    plan_disk(job_pool(d->job), d->o, &d->disk);
}

static struct err *vbd_prepare(struct device *d)
{
    return vbd_attach(d->job, d->o, &d->disk);
}

static struct err *vbd_give_back(const struct device *d)
{
    return vbd_release(d->job, d->o);
}

static struct err *vbd_plug(const struct device *d, const struct hv *hv)
{
    return hv->attach_disk(hv, d->domid, &d->disk);
}

static struct err *vbd_unplug(const struct device *d, const struct hv *hv,
                              bool force)
{
    return hv->detach_disk(hv, d->domid, &d->disk, force);
}

static void vif_plan(struct device *d)
{
    plan_nic(job_pool(d->job), d->o, &d->nic);
}

static struct err *vif_prepare(struct device *d)
{
    return vif_attach(d->job, d->work, d->o, &d->nic);
}

static struct err *vif_give_back(const struct device *d)
{
    return vif_release(d->job, d->work, d->o);
}

static struct err *vif_plug(const struct device *d, const struct hv *hv)
{
    TRY(vif_tell(d->job, d->work, d->o, &d->nic, d->domid));
    return hv->attach_nic(hv, d->domid, &d->nic);
}

static struct err *vif_unplug(const struct device *d, const struct hv *hv,
                              bool force)
{
    TRY(hv->detach_nic(hv, d->domid, &d->nic, force));
    return vif_unlock(d->work, &d->nic, d->domid);
}

static const struct device_kind kinds[] = {
    {CLASS_VBD, get_VBD_VM, vbd_plan, vbd_prepare, vbd_give_back, vbd_plug,
     vbd_unplug, vbd_set_attached},
    {CLASS_VIF, get_VIF_VM, vif_plan, vif_prepare, vif_give_back, vif_plug,
     vif_unplug, vif_set_attached},
};

static const struct device_kind *kind_of(const struct object *o)
{
    const struct device_kind *kind = kinds;

    while (object_class(o) != &model_classes[kind->class])
        kind++;
    return kind;
}

/* ---- steps --------------------------------------------------------------- */

struct device *device_of(struct job *j, const struct ops_work *w)
{
    struct device *d = pool_new_of(job_pool(j), struct device);
    const struct device_kind *kind = kind_of(w->self);
    struct object *vm = kind->vm(w->self);

    *d = (struct device){.job = j,
                         .work = w,
                         .kind = kind,
                         .o = w->self,
                         .vm = vm,
                         .domid = (uint32_t)get_VM_domid(vm)};
    kind->plan(d);
    return d;
}

struct err *device_prepare(struct device *d)
{
    return d->kind->prepare(d);
}

struct err *device_release(const struct device *d)
{
    return d->kind->release(d);
}

struct err *device_attach(const struct device *d)
{
    return d->kind->attach(d, d->work->hv);
}

static struct err *write_attached(struct txn *txn, void *arg)
{
    const struct device *d = arg;

    return d->kind->set_attached(txn, d->o, true);
}

static struct err *write_detached(struct txn *txn, void *arg)
{
    const struct device *d = arg;

    return d->kind->set_attached(txn, d->o, false);
}

struct err *device_undo_attach(void *arg)
{
    const struct device *d = arg;

    return d->kind->detach(d, d->work->hv, true);
}

static struct err *undo_write(void *arg)
{
    const struct device *d = arg;

    return job_commit(d->job, write_detached, arg);
}

/* The guest may have ended meanwhile; who ended it has not heard of this. */
static struct err *check_lives(const struct device *d)
{
    bool lives = false;

    TRY(vm_lives(d->job, d->work->hv, d->domid, &lives));
    return lives
               ? NULL
               : err_VM_BAD_POWER_STATE(object_ref(d->vm), "running", "halted");
}

struct err *device_plug(struct job *j, void *work)
{
    struct device *d = device_of(j, work);

    TRY(device_prepare(d));
    TRY(device_attach(d));
    job_undo(j, device_undo_attach, d);
    job_undo(j, undo_write, d);
    TRY(job_commit(j, write_attached, d));
    return check_lives(d);
}

struct err *device_detach(const struct device *d, bool force)
{
    const char *class = object_class(d->o)->name, *ref = object_ref(d->o);
    struct err *e = d->kind->detach(d, d->work->hv, force), *said;

    if (!e || err_is(e, &err_kind_interrupted) || err_is(e, &err_kind_code))
        return e;
    said = err_is(e, &err_kind_timeout)
               ? err_DEVICE_DETACH_TIMEOUT(class, ref)
               : err_DEVICE_DETACH_REJECTED(class, ref, err_text(e));
    err_free(e);
    return said;
}

/* The record is true also when the host keeps what the device needed. */
static struct err *is_gone(struct device *d)
{
    struct err *e = device_release(d);

    return err_join(e, job_commit(d->job, write_detached, d));
}

static struct err *unplug(struct job *j, const struct ops_work *w, bool force)
{
    struct device *d = device_of(j, w);

    TRY(device_detach(d, force));
    return is_gone(d);
}

struct err *device_unplug(struct job *j, void *work)
{
    return unplug(j, work, false);
}

struct err *device_unplug_force(struct job *j, void *work)
{
    return unplug(j, work, true);
}

struct err *device_drop(struct device *d)
{
    if (!vm_is_up(d->vm))
        return NULL;
    err_drop(d->kind->detach(d, d->work->hv, true), "it may not be there");
    return is_gone(d);
}
