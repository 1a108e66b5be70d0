/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vm_domain: see vm_domain.h. */
#include "xapi/vm/vm_domain.h"

#include <stdlib.h>
#include <string.h>

#include "xapi/model/errors_gen.h"
#include "xapi/vm/device.h"
#include "xapi/storage/disk.h"
#include "xapi/hv/hv.h"
#include "xapi/call/message.h"
#include "xapi/hv/plan.h"

/* What a step has made, for undoing and writing. */
struct made {
    struct job *job;
    const struct ops_work *work;
    uint32_t domid;
    bool paused;
    enum VM_power_state state;
    const char *news;
    struct disk *image; /* that goes, or NULL */
};

static struct made *made_of(struct job *j, const struct ops_work *w)
{
    struct made *m = pool_new_of(job_pool(j), struct made);

    *m = (struct made){.job = j, .work = w};
    return m;
}

/* ---- news ---------------------------------------------------------------- */

struct err *vm_tell(struct txn *txn, const struct object *vm, const char *news)
{
    return message_tell(txn, &(struct message){.name = news,
                                               .cls = message_cls_VM,
                                               .obj_uuid = get_VM_uuid(vm),
                                               .body = ""});
}

/* ---- devices ------------------------------------------------------------- */

void vm_hold_devices(const struct call *c, const struct object *vm,
                     struct ops_more *more)
{
    struct model_value vbds = get_VM_VBDs(vm), vifs = get_VM_VIFs(vm);

    for (unsigned i = 0; i < vbds.n; i++)
        ops_hold(more,
                 db_find(c->db, &model_classes[CLASS_VBD], vbds.keys[i].s),
                 VBD_operations_attach);
    for (unsigned i = 0; i < vifs.n; i++)
        ops_hold(more,
                 db_find(c->db, &model_classes[CLASS_VIF], vifs.keys[i].s),
                 VIF_operations_attach);
}

static struct err *add_disks(struct job *j, const struct object *vm,
                             struct plan *plan)
{
    struct model_value vbds = get_VM_VBDs(vm);
    struct plan_disk *disks =
        pool_alloc(job_pool(j), (vbds.n + 1) * sizeof(*disks));

    for (unsigned i = 0; i < vbds.n; i++)
        TRY(vbd_attach(
            j, db_find(job_db(j), &model_classes[CLASS_VBD], vbds.keys[i].s),
            &disks[i]));
    plan_sort_disks(disks, vbds.n);
    plan->disks = disks;
    plan->n_disks = vbds.n;
    return NULL;
}

static struct err *add_nics(struct job *j, const struct ops_work *w,
                            struct plan *plan)
{
    struct model_value vifs = get_VM_VIFs(w->self);
    struct plan_nic *nics =
        pool_alloc(job_pool(j), (vifs.n + 1) * sizeof(*nics));

    for (unsigned i = 0; i < vifs.n; i++)
        TRY(vif_attach(
            j, w, db_find(job_db(j), &model_classes[CLASS_VIF], vifs.keys[i].s),
            &nics[i]));
    plan->nics = nics;
    plan->n_nics = vifs.n;
    return NULL;
}

/* They are in the order of the VM's VIFs. */
static struct err *tell_nics(struct job *j, const struct made *m,
                             const struct plan *plan)
{
    struct model_value vifs = get_VM_VIFs(m->work->self);

    for (unsigned i = 0; i < vifs.n; i++)
        TRY(vif_tell(
            j, m->work,
            db_find(job_db(j), &model_classes[CLASS_VIF], vifs.keys[i].s),
            &plan->nics[i], m->domid));
    return NULL;
}

/* All are tried. */
static struct err *give_disks_back(struct job *j, const struct ops_work *w)
{
    struct model_value vbds = get_VM_VBDs(w->self);
    struct err *e = NULL;

    for (unsigned i = 0; i < vbds.n; i++)
        e = err_join(
            e, vbd_release(j, db_find(job_db(j), &model_classes[CLASS_VBD],
                                      vbds.keys[i].s)));
    return e;
}

static struct err *give_nics_back(struct job *j, const struct ops_work *w)
{
    struct model_value vifs = get_VM_VIFs(w->self);
    struct err *e = NULL;

    for (unsigned i = 0; i < vifs.n; i++)
        e = err_join(e,
                     vif_release(j, w,
                                 db_find(job_db(j), &model_classes[CLASS_VIF],
                                         vifs.keys[i].s)));
    return e;
}

static struct err *write_image_gone(struct txn *txn, const struct made *m)
{
    if (!m->image)
        return NULL;
    TRY(set_VM_suspend_VDI(txn, m->work->self, NULL));
    return disk_write(txn, m->image);
}

static struct err *write_down(struct txn *txn, void *arg)
{
    const struct made *m = arg;
    struct object *vm = m->work->self;

    TRY(set_VM_ha_always_run(txn, vm, false));
    TRY(write_image_gone(txn, m));
    TRY(vm_set_down(txn, vm, m->state));
    return m->news ? vm_tell(txn, vm, m->news) : NULL;
}

/* The domain has gone. A bridge goes when the database has no VIF on it that
 * is attached. */
static struct err *give_back(struct job *j, struct made *m)
{
    struct err *e = give_disks_back(j, m->work);

    e = err_join(e, job_commit(j, write_down, m));
    return err_join(e, give_nics_back(j, m->work));
}

/* ---- up ------------------------------------------------------------------ */

static struct err *undo_create(void *arg)
{
    const struct made *m = arg;

    return m->work->hv->destroy(m->work->hv, m->domid);
}

static struct err *write_up(struct txn *txn, void *arg)
{
    const struct made *m = arg;
    struct object *vm = m->work->self;
    bool keep = !strcmp(get_VM_ha_restart_priority(vm), "restart");

    TRY(set_VM_ha_always_run(txn, vm, keep));
    TRY(write_image_gone(txn, m));
    TRY(vm_set_up(txn, vm, m->work->host, m->domid, m->paused));
    return m->news ? vm_tell(txn, vm, m->news) : NULL;
}

static struct err *write_running(struct txn *txn, void *arg)
{
    const struct made *m = arg;

    TRY(write_image_gone(txn, m));
    return vm_set_paused(txn, m->work->self, false);
}

static struct err *unpause(const struct made *m)
{
    return m->work->hv->unpause(m->work->hv, m->domid);
}

static struct err *create(struct job *j, struct made *m, const char *from)
{
    const struct hv *hv = m->work->hv;
    struct plan plan;

    TRY(plan_make(job_pool(j), m->work->self, &plan));
    TRY(add_disks(j, m->work->self, &plan));
    TRY(add_nics(j, m->work, &plan));
    job_progress(j, 0.2);
    TRY(from ? hv->resume(hv, &plan, from, &m->domid)
             : hv->create(hv, &plan, &m->domid));
    job_undo(j, undo_create, m);
    return tell_nics(j, m, &plan);
}

static struct err *boot(struct job *j, struct made *m)
{
    if (!m->paused)
        TRY(unpause(m));
    job_progress(j, 0.9);
    return job_commit(j, write_up, m);
}

static struct err *drop_image(struct job *j, struct made *m)
{
    struct object *vm = m->work->self, *image = get_VM_suspend_VDI(vm);

    TRY(disk_detach(j, image, get_VM_uuid(vm)));
    return disk_destroy(j, image, &m->image);
}

/* A guest that goes on must not write while for the database it could go on
 * from there once more: it is paused first, then it runs and its image has
 * gone. */
static struct err *go_on(struct job *j, struct made *m)
{
    bool paused = m->paused;

    m->paused = true;
    if (!paused)
        TRY(job_commit(j, write_up, m));
    TRY(drop_image(j, m));
    if (paused)
        return job_commit(j, write_up, m);
    TRY(unpause(m));
    job_progress(j, 0.9);
    return job_commit(j, write_running, m);
}

struct err *vm_bring_up(struct job *j, const struct ops_work *w,
                        const struct vm_up *up)
{
    struct made *m = made_of(j, w);

    TRY(create(j, m, up->from));
    job_progress(j, 0.5);
    m->news = up->news;
    m->paused = up->paused;
    return up->from ? go_on(j, m) : boot(j, m);
}

/* ---- down ---------------------------------------------------------------- */

struct err *vm_domain_gone(struct job *j, const struct ops_work *w,
                           enum VM_power_state state, const char *news)
{
    struct made *m = made_of(j, w);
    struct object *image = get_VM_suspend_VDI(w->self);
    struct err *e = NULL;

    m->state = state;
    m->news = news;
    if (image && state == VM_power_state_Halted)
        e = disk_destroy(j, image, &m->image);
    return err_join(e, give_back(j, m));
}

struct err *vm_bring_down(struct job *j, const struct ops_work *w,
                          enum VM_power_state state, const char *news)
{
    if (get_VM_domid(w->self) >= 0)
        TRY(w->hv->destroy(w->hv, (uint32_t)get_VM_domid(w->self)));
    return vm_domain_gone(j, w, state, news);
}

static struct err *undo_up(void *arg)
{
    struct made *m = arg;

    return give_back(m->job, m);
}

/* Between the old domain and the new one it is halted, if that is the end. */
struct err *vm_renew(struct job *j, const struct ops_work *w, const char *news)
{
    struct made *m = made_of(j, w);

    TRY(w->hv->destroy(w->hv, (uint32_t)get_VM_domid(w->self)));
    m->state = VM_power_state_Halted;
    job_undo(j, undo_up, m);
    return vm_bring_up(j, w, &(struct vm_up){.news = news});
}

/* ---- whether it lives ---------------------------------------------------- */

/* NULL: it is gone. */
static struct err *look_at(struct job *j, const struct hv *hv, int64_t domid,
                           const struct hv_domain **ret)
{
    struct hv_domain *domains;
    size_t n;

    TRY(hv->list(hv, job_pool(j), &domains, &n));
    *ret = NULL;
    for (size_t i = 0; i < n; i++)
        if (domains[i].domid == domid)
            *ret = &domains[i];
    return NULL;
}

struct err *vm_lives(struct job *j, const struct hv *hv, int64_t domid,
                     bool *ret)
{
    const struct hv_domain *domain = NULL;

    TRY(look_at(j, hv, domid, &domain));
    *ret = domain && domain->state != HV_SHUT;
    return NULL;
}

static struct err *has_ended(const struct object *vm, enum hv_reason how)
{
    switch (how) {
    case HV_REBOOT:
    case HV_SOFT_RESET:
        return err_VM_REBOOTED(object_ref(vm));
    case HV_CRASH:
    case HV_WATCHDOG:
        return err_VM_CRASHED(object_ref(vm));
    case HV_POWEROFF:
    case HV_SUSPEND:
        break;
    }
    return err_VM_HALTED(object_ref(vm));
}

struct err *vm_not_suspended(struct job *j, const struct ops_work *w,
                             struct err *e)
{
    const struct hv_domain *domain = NULL;
    struct err *other;

    if (err_is(e, &err_kind_interrupted))
        return e;
    if (err_is(e, &err_kind_timeout)) {
        err_free(e);
        return err_VM_FAILED_SUSPEND_ACKNOWLEDGMENT(object_ref(w->self));
    }
    other = look_at(j, w->hv, get_VM_domid(w->self), &domain);
    if (other || (domain && domain->state != HV_SHUT))
        return err_join(e, other);
    err_free(e);
    return has_ended(w->self, domain ? domain->reason : HV_POWEROFF);
}
