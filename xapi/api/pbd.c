/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* api/pbd: connections of this host to repositories. To connect and to
 * disconnect are operations on the repository. */
#include "xapi/api/sr.h"
#include "xapi/model/calls_gen.h"
#include "xapi/storage/disk_impl.h"
#include "xapi/storage/disk_scan.h"
#include "xapi/model/errors_gen.h"
#include "xapi/call/generic.h"

/* ---- records ------------------------------------------------------------- */

static struct err *check_new(const struct db *db, const struct object *pbd)
{
    const struct object *sr = get_PBD_SR(pbd), *host = get_PBD_host(pbd);
    struct model_value pbds = get_SR_PBDs(sr);

    for (unsigned i = 0; i < pbds.n; i++) {
        const struct object *other =
            db_find(db, &model_classes[CLASS_PBD], pbds.keys[i].s);

        if (other != pbd && get_PBD_host(other) == host)
            return err_PBD_EXISTS(object_ref(sr), object_ref(host),
                                  object_ref(other));
    }
    return pbds.n > 1 && !get_SR_shared(sr)
               ? err_SR_NOT_SHARABLE(object_ref(sr), object_ref(host))
               : NULL;
}

static struct err *create(struct call *c, struct txn *txn, struct object **ret)
{
    TRY(generic_create(c, txn, ret));
    if (!get_PBD_SR(*ret))
        return db_no_object(&model_classes[CLASS_SR], DATUM_REF_NULL);
    if (!get_PBD_host(*ret))
        return db_no_object(&model_classes[CLASS_host], DATUM_REF_NULL);
    TRY(check_new(c->db, *ret));
    return ops_update(txn, get_PBD_SR(*ret));
}

struct err *PBD_create(struct call *c, const struct PBD_create_args *a)
{
    (void)a;
    return generic_construct(c, create);
}

static struct err *check_unplugged(struct call *c, struct object **ret)
{
    TRY(call_object(c, 0, ret));
    return get_PBD_currently_attached(*ret)
               ? err_OPERATION_NOT_ALLOWED("The PBD is plugged.")
               : NULL;
}

static struct err *destroy(struct txn *txn, struct object *pbd)
{
    struct object *sr = get_PBD_SR(pbd);

    txn_destroy(txn, pbd);
    return ops_update_alone(txn, sr);
}

struct err *PBD_destroy(struct call *c, const struct PBD_destroy_args *a)
{
    struct object *pbd = NULL;
    struct txn *txn;

    (void)a;
    TRY(check_unplugged(c, &pbd));
    txn = txn_begin(c->db);
    return txn_end(txn, destroy(txn, pbd));
}

struct err *PBD_set_device_config(struct call *c,
                                  const struct PBD_set_device_config_args *a)
{
    struct object *pbd = NULL;
    struct txn *txn;

    TRY(check_unplugged(c, &pbd));
    txn = txn_begin(c->db);
    return txn_end(txn, set_PBD_device_config(txn, pbd, a->value));
}

/* ---- plug ---------------------------------------------------------------- */

struct plug {
    struct object *pbd;
    struct sr sr;
    struct job *job;
    bool plugged;
};

static struct err *write_plugged(struct txn *txn, void *arg)
{
    const struct plug *p = arg;

    return sr_set_plugged(txn, p->pbd, p->plugged);
}

static struct err *undo_plug(void *arg)
{
    struct plug *p = arg;
    struct err *e = p->sr.type->unplug(&p->sr);

    p->plugged = false;
    return err_join(e, job_commit(p->job, write_plugged, p));
}

static struct err *open_sr(struct job *j, const struct ops_work *w,
                           struct plug **ret)
{
    struct plug *p = pool_new_of(job_pool(j), struct plug);

    p->job = j;
    p->pbd = sr_work_arg(j, w, 0);
    if (!p->pbd)
        return db_no_object(&model_classes[CLASS_PBD], vm_arg(w->call, 0).s);
    *ret = p;
    return disk_sr_of(job_pool(j), get_SR_type(w->self), get_SR_uuid(w->self),
                      get_PBD_device_config(p->pbd), &p->sr);
}

/* Discs are there without being asked for. */
static struct err *plug(struct job *j, void *arg)
{
    const struct ops_work *w = arg;
    struct plug *p;

    TRY(open_sr(j, w, &p));
    if (get_PBD_currently_attached(p->pbd))
        return NULL;
    TRY(disk_error(p->sr.type->plug(&p->sr), w->self, NULL));
    p->plugged = true;
    job_undo(j, undo_plug, p);
    TRY(job_commit(j, write_plugged, p));
    return p->sr.type->discs ? disk_scan(j, w->self)
                             : disk_scan_space(j, w->self);
}

struct err *PBD_plug(struct call *c, const struct PBD_plug_args *a)
{
    struct object *pbd = NULL;

    (void)a;
    TRY(call_object(c, 0, &pbd));
    return ops_run_on(c, get_PBD_SR(pbd), SR_operations_plug,
                      &(const struct ops_body){.work = plug, .no_host = true});
}

/* ---- unplug -------------------------------------------------------------- */

static bool is_active(const struct db *db, const struct object *vdi)
{
    struct model_value vbds = get_VDI_VBDs(vdi);

    for (unsigned i = 0; i < vbds.n; i++) {
        const struct object *vbd =
            db_find(db, &model_classes[CLASS_VBD], vbds.keys[i].s);

        if (get_VBD_currently_attached(vbd) ||
            get_VBD_current_operations(vbd).n)
            return true;
    }
    return get_VDI_current_operations(vdi).n > 0;
}

static struct err *check_inactive(const struct db *db, const struct object *sr)
{
    struct model_value vdis = get_SR_VDIs(sr);

    for (unsigned i = 0; i < vdis.n; i++)
        if (is_active(db,
                      db_find(db, &model_classes[CLASS_VDI], vdis.keys[i].s)))
            return err_VDI_IN_USE(vdis.keys[i].s, "unplug");
    return NULL;
}

static struct err *unplug(struct job *j, void *arg)
{
    const struct ops_work *w = arg;
    struct plug *p;

    TRY(open_sr(j, w, &p));
    if (!get_PBD_currently_attached(p->pbd))
        return NULL;
    TRY(check_inactive(job_db(j), w->self));
    TRY(disk_error(p->sr.type->unplug(&p->sr), w->self, NULL));
    return job_commit(j, write_plugged, p);
}

struct err *PBD_unplug(struct call *c, const struct PBD_unplug_args *a)
{
    struct object *pbd = NULL;

    (void)a;
    TRY(call_object(c, 0, &pbd));
    return ops_run_on(
        c, get_PBD_SR(pbd), SR_operations_unplug,
        &(const struct ops_body){.work = unplug, .no_host = true});
}
