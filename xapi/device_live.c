/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* device_live: see device_live.h. */
#include "xapi/device_live.h"

#include "xapi/errors_gen.h"
#include "xapi/hv.h"
#include "xapi/vm_domain.h"

struct device *device_of(struct job *j, const struct ops_work *w,
                         const struct device_kind *kind)
{
    struct device *d = pool_new_of(job_pool(j), struct device);
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

    return d->kind->detach(d, true);
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

struct err *device_plug(struct job *j, const struct ops_work *w,
                        const struct device_kind *kind)
{
    struct device *d = device_of(j, w, kind);

    TRY(kind->prepare(d));
    TRY(kind->attach(d));
    job_undo(j, device_undo_attach, d);
    job_undo(j, undo_write, d);
    TRY(job_commit(j, write_attached, d));
    return check_lives(d);
}

struct err *device_detach(const struct device *d, bool force)
{
    const char *class = object_class(d->o)->name, *ref = object_ref(d->o);
    struct err *e = d->kind->detach(d, force), *said;

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
    struct err *e = d->kind->release(d);

    return err_join(e, job_commit(d->job, write_detached, d));
}

struct err *device_unplug(struct job *j, const struct ops_work *w,
                          const struct device_kind *kind, bool force)
{
    struct device *d = device_of(j, w, kind);

    TRY(device_detach(d, force));
    return is_gone(d);
}

struct err *device_drop(struct device *d)
{
    if (!vm_is_up(d->vm))
        return NULL;
    err_drop(d->kind->detach(d, true), "it may not be there");
    return is_gone(d);
}
