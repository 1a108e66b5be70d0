/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* api/sr_make: repositories are made, found, and made away with. */
#include <string.h>

#include "xapi/api/sr.h"
#include "xapi/model/calls_gen.h"
#include "xapi/storage/disk_impl.h"
#include "xapi/storage/disk_scan.h"
#include "xapi/model/errors_gen.h"
#include "xapi/call/generic.h"
#include "xapi/call/server.h"

struct err *sr_set_plugged(struct txn *txn, struct object *pbd, bool plugged)
{
    struct object *sr = get_PBD_SR(pbd);
    struct model_value vdis = get_SR_VDIs(sr);

    TRY(set_PBD_currently_attached(txn, pbd, plugged));
    for (unsigned i = 0; i < vdis.n; i++)
        TRY(ops_update_alone(
            txn,
            db_find(txn_db(txn), &model_classes[CLASS_VDI], vdis.keys[i].s)));
    return ops_update(txn, sr);
}

struct object *sr_work_arg(struct job *j, const struct ops_work *w, unsigned i)
{
    return db_find(job_db(j), NULL, vm_arg(w->call, i).s);
}

/* ---- create -------------------------------------------------------------- */

/* Places of SR.create's arguments. */
enum {
    HOST,
    DEVICE_CONFIG,
    PHYSICAL_SIZE,
    NAME_LABEL,
    NAME_DESCRIPTION,
    TYPE,
    CONTENT_TYPE,
    SHARED,
    SM_CONFIG,
};

struct create {
    struct job *job;
    const struct ops_work *work;
    struct sr sr;
    struct object *record, *pbd;
};

static struct err *undo_make(void *arg)
{
    const struct create *c = arg;

    return c->sr.type->unmake(&c->sr);
}

static struct err *undo_plug(void *arg)
{
    const struct create *c = arg;

    return c->sr.type->unplug(&c->sr);
}

static struct err *write_pbd(struct txn *txn, struct create *c)
{
    TRY(txn_create(txn, &model_classes[CLASS_PBD], NULL, NULL, &c->pbd));
    TRY(set_PBD_SR(txn, c->pbd, c->record));
    TRY(set_PBD_host(txn, c->pbd, c->work->host));
    TRY(set_PBD_device_config(txn, c->pbd, c->work->call->args[DEVICE_CONFIG]));
    return sr_set_plugged(txn, c->pbd, true);
}

static struct err *write_sr(struct txn *txn, void *arg)
{
    struct create *c = arg;
    const struct call *call = c->work->call;
    const char *content = vm_arg(call, CONTENT_TYPE).s;

    TRY(txn_create(txn, &model_classes[CLASS_SR], NULL, c->sr.uuid,
                   &c->record));
    TRY(set_SR_name_label(txn, c->record, vm_arg(call, NAME_LABEL).s));
    TRY(set_SR_name_description(txn, c->record,
                                vm_arg(call, NAME_DESCRIPTION).s));
    TRY(set_SR_type(txn, c->record, c->sr.type->name));
    TRY(set_SR_content_type(txn, c->record,
                            *content            ? content
                            : c->sr.type->discs ? "iso"
                                                : "user"));
    TRY(set_SR_shared(txn, c->record, vm_arg(call, SHARED).i));
    TRY(set_SR_sm_config(txn, c->record, call->args[SM_CONFIG]));
    return write_pbd(txn, c);
}

/* Its sizes, and what is there already. */
static struct err *look_around(void *arg)
{
    const struct create *c = arg;

    return disk_scan(c->job, c->record);
}

/* One that is there, and that the database does not know (it was forgotten, or
 * its making was cut short), is the same again. */
static struct err *find_again(struct create *c, bool *ret_is_there)
{
    const char *uuid = NULL;

    if (c->sr.type->probe)
        TRY(c->sr.type->probe(&c->sr, job_pool(c->job), &uuid));
    *ret_is_there =
        uuid && !db_by_uuid(job_db(c->job), &model_classes[CLASS_SR], uuid);
    if (*ret_is_there)
        c->sr.uuid = uuid;
    return NULL;
}

static struct err *create(struct job *j, void *arg)
{
    struct pool *p = job_pool(j);
    struct create *c = pool_new_of(p, struct create);
    const struct call *call = ((const struct ops_work *)arg)->call;
    bool is_there = false;

    c->work = arg;
    c->job = j;
    TRY(disk_sr_of(p, vm_arg(call, TYPE).s, disk_new_uuid(p),
                   call->args[DEVICE_CONFIG], &c->sr));
    TRY(disk_error(find_again(c, &is_there), NULL, NULL));
    TRY(disk_error(c->sr.type->make(&c->sr), NULL, NULL));
    if (!is_there)
        job_undo(j, undo_make, c);
    TRY(disk_error(c->sr.type->plug(&c->sr), NULL, NULL));
    job_undo(j, undo_plug, c);
    TRY(job_commit(j, write_sr, c));
    job_after(j, look_around, c);
    job_say(j, object_ref(c->record));
    return NULL;
}

struct err *SR_create(struct call *c, const struct SR_create_args *a)
{
    struct object *host = NULL;
    struct sr sr;

    TRY(call_object(c, HOST, &host));
    TRY(disk_sr_of(c->pool, a->type, "", c->args[DEVICE_CONFIG], &sr));
    return ops_run_on(
        c, NULL, 0, &(const struct ops_body){.work = create, .no_host = true});
}

/* ---- introduce ----------------------------------------------------------- */

static struct err *introduce(struct txn *txn, struct call *c,
                             const struct SR_introduce_args *a,
                             struct object **ret)
{
    TRY(txn_create(txn, &model_classes[CLASS_SR], NULL,
                   *a->uuid ? a->uuid : NULL, ret));
    TRY(set_SR_name_label(txn, *ret, a->name_label));
    TRY(set_SR_name_description(txn, *ret, a->name_description));
    TRY(set_SR_type(txn, *ret, a->type));
    TRY(set_SR_content_type(txn, *ret, a->content_type));
    TRY(set_SR_shared(txn, *ret, a->shared));
    TRY(set_SR_sm_config(txn, *ret, c->args[6]));
    return ops_update(txn, *ret);
}

struct err *SR_introduce(struct call *c, const struct SR_introduce_args *a)
{
    struct object *sr = NULL;
    struct txn *txn;
    struct err *e;

    if (db_by_uuid(c->db, &model_classes[CLASS_SR], a->uuid))
        return err_SR_UUID_EXISTS(a->uuid);
    if (!sr_type_of(a->type))
        return err_SR_UNKNOWN_DRIVER(a->type);
    txn = txn_begin(c->db);
    e = introduce(txn, c, a, &sr);
    return call_end_new(c, txn, sr, e);
}

/* ---- the end ------------------------------------------------------------- */

static struct err *write_end(struct txn *txn, void *arg)
{
    struct object *sr = arg;
    const struct db *db = txn_db(txn);

    while (get_SR_VDIs(sr).n)
        TRY(disk_forget(txn, db_find(db, &model_classes[CLASS_VDI],
                                     get_SR_VDIs(sr).keys[0].s)));
    while (get_SR_PBDs(sr).n)
        txn_destroy(txn, db_find(db, &model_classes[CLASS_PBD],
                                 get_SR_PBDs(sr).keys[0].s));
    txn_destroy(txn, sr);
    return NULL;
}

static struct err *forget(struct job *j, void *arg)
{
    return job_commit(j, write_end, ((const struct ops_work *)arg)->self);
}

static struct err *destroy(struct job *j, void *arg)
{
    struct object *of = ((const struct ops_work *)arg)->self;
    const struct object *pbd = db_find(job_db(j), &model_classes[CLASS_PBD],
                                       get_SR_PBDs(of).keys[0].s);
    struct sr sr;

    TRY(disk_sr_of(job_pool(j), get_SR_type(of), get_SR_uuid(of),
                   get_PBD_device_config(pbd), &sr));
    TRY(disk_error(sr.type->wipe(&sr), of, NULL));
    return job_commit(j, write_end, of);
}

struct err *SR_forget(struct call *c, const struct SR_forget_args *a)
{
    (void)a;
    return ops_run(c, SR_operations_forget,
                   &(const struct ops_body){.work = forget, .no_host = true});
}

struct err *SR_destroy(struct call *c, const struct SR_destroy_args *a)
{
    (void)a;
    return ops_run(c, SR_operations_destroy,
                   &(const struct ops_body){.work = destroy, .no_host = true});
}
