/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* api/vdi: disks are made, copied, changed and taken away. Each is an operation
 * on the disk, and on its repository where that has a name for it. */
#include <string.h>

#include "xapi/model/calls_gen.h"
#include "xapi/storage/disk_impl.h"
#include "xapi/storage/disk_scan.h"
#include "xapi/model/errors_gen.h"
#include "xapi/call/generic.h"
#include "xapi/ops/ops_queue.h"
#include "xapi/ops/ops_sr.h"

/* What was done is written; a new one is the answer. */
static struct err *write_down(struct job *j, struct disk *disk)
{
    TRY(job_commit(j, disk_write, disk));
    if (disk->vdi)
        job_say(j, disk->ref);
    return NULL;
}

static struct object *self_of(void *work)
{
    return ((const struct ops_work *)work)->self;
}

/* ---- create -------------------------------------------------------------- */

static void read_spec(struct pool *p, struct object *vdi, struct disk_spec *s)
{
    const struct model_type *map = model_fields[VDI_other_config].type;

    *s = (struct disk_spec){
        .sr = get_VDI_SR(vdi),
        .size = get_VDI_virtual_size(vdi),
        .type = get_VDI_type(vdi),
        .name_label = pool_str(p, get_VDI_name_label(vdi)),
        .name_description = pool_str(p, get_VDI_name_description(vdi)),
        .sharable = get_VDI_sharable(vdi),
        .read_only = get_VDI_read_only(vdi),
        .other_config = datum_copy(p, map, get_VDI_other_config(vdi)),
        .xenstore_data = datum_copy(p, map, get_VDI_xenstore_data(vdi)),
        .sm_config = datum_copy(p, map, get_VDI_sm_config(vdi)),
        .tags = datum_copy(p, model_fields[VDI_tags].type, get_VDI_tags(vdi)),
    };
}

/* The record as the generic constructor understands it: an object that does not
 * stay. */
static struct err *spec_of(struct call *c, struct disk_spec *ret)
{
    struct txn *txn = txn_begin(c->db);
    struct object *vdi = NULL;
    struct err *e = generic_create(c, txn, &vdi);

    if (!e)
        read_spec(c->pool, vdi, ret);
    txn_abort(txn);
    TRY(e);
    return ret->sr ? NULL
                   : db_no_object(&model_classes[CLASS_SR], DATUM_REF_NULL);
}

static struct err *create(struct job *j, void *arg)
{
    const struct ops_work *w = arg;
    struct call c = *w->call;
    struct disk_spec spec;
    struct disk *disk;

    c.pool = job_pool(j);
    c.db = job_db(j);
    TRY(spec_of(&c, &spec));
    TRY(disk_create(j, &spec, &disk));
    return write_down(j, disk);
}

struct err *VDI_create(struct call *c, const struct VDI_create_args *a)
{
    struct disk_spec spec;

    (void)a;
    TRY(spec_of(c, &spec));
    return ops_run_on(
        c, spec.sr, SR_operations_vdi_create,
        &(const struct ops_body){.work = create, .no_host = true});
}

/* ---- on one -------------------------------------------------------------- */

static struct err *snapshot(struct job *j, void *arg)
{
    struct disk *disk;

    TRY(disk_snapshot(j, ((const struct ops_work *)arg)->hv, self_of(arg),
                      &disk));
    return write_down(j, disk);
}

static struct err *clone(struct job *j, void *arg)
{
    struct disk *disk;

    TRY(disk_clone(j, self_of(arg), &disk));
    return write_down(j, disk);
}

static struct err *resize(struct job *j, void *arg)
{
    const struct ops_work *w = arg;
    struct disk *disk;

    TRY(disk_resize(j, w->hv, w->self, vm_arg(w->call, 1).i, &disk));
    return write_down(j, disk);
}

static struct err *destroy(struct job *j, void *arg)
{
    struct disk *disk;

    TRY(disk_destroy(j, self_of(arg), &disk));
    return write_down(j, disk);
}

static struct err *update(struct job *j, void *arg)
{
    struct disk *disk;

    TRY(disk_look(j, self_of(arg), &disk));
    return write_down(j, disk);
}

static struct err *write_forget(struct txn *txn, void *vdi)
{
    return disk_forget(txn, vdi);
}

static struct err *forget(struct job *j, void *arg)
{
    return job_commit(j, write_forget, self_of(arg));
}

/* clang-format off */
/* VDI.NAME: WORK is the operation of that name, and SR_OP on its repository. */
#define BODY(name_, work_, sr_op_)                                         \
    static void hold_##name_(const struct call *c,                         \
                             const struct object *vdi,                     \
                             struct ops_more *more)                        \
    {                                                                      \
        (void)c;                                                           \
        ops_hold(more, get_VDI_SR(vdi), SR_operations_##sr_op_);           \
    }                                                                      \
    CALL_BODY(VDI, name_,                                                  \
              ops_run(c, VDI_operations_##name_,                           \
                      &(const struct ops_body){.work = (work_),            \
                                               .no_host = true,            \
                                               .also = hold_##name_}))

BODY(snapshot, snapshot, vdi_snapshot)
BODY(clone, clone, vdi_clone)
BODY(resize, resize, vdi_resize)
BODY(resize_online, resize, vdi_resize_online)
BODY(destroy, destroy, vdi_destroy)
BODY(update, update, vdi_update)
BODY(forget, forget, vdi_forget)
/* clang-format on */

/* ---- copies -------------------------------------------------------------- */

/* Places of VDI.copy's arguments. */
enum {
    VDI_,
    SR_,
    BASE,
    INTO,
};

static struct object *copy_arg(const struct db *db, const struct call *c,
                               unsigned i, unsigned class)
{
    return db_find(db, &model_classes[class], vm_arg(c, i).s);
}

static struct err *copy(struct job *j, void *arg)
{
    const struct ops_work *w = arg;
    struct object *into = copy_arg(job_db(j), w->call, INTO, CLASS_VDI);
    struct object *sr = copy_arg(job_db(j), w->call, SR_, CLASS_SR);
    struct disk *disk;

    if (into) {
        TRY(disk_copy_into(j, w->self, into, &disk));
        TRY(write_down(j, disk));
        job_say(j, object_ref(into));
        return NULL;
    }
    if (!sr)
        return db_no_object(&model_classes[CLASS_SR], vm_arg(w->call, SR_).s);
    TRY(disk_copy(j, w->self, sr, &disk));
    return write_down(j, disk);
}

static void hold_copy(const struct call *c, const struct object *vdi,
                      struct ops_more *more)
{
    struct object *into = copy_arg(c->db, c, INTO, CLASS_VDI);

    (void)vdi;
    if (into && into != vdi)
        ops_hold(more, into, VDI_operations_blocked);
}

/* Only what differs from BASE would have to be copied; all of it comes to the
 * same. */
struct err *VDI_copy(struct call *c, const struct VDI_copy_args *a)
{
    struct object *vdi = NULL;
    struct object *sr = copy_arg(c->db, c, SR_, CLASS_SR);
    struct object *into = copy_arg(c->db, c, INTO, CLASS_VDI);

    TRY(call_object(c, 0, &vdi));
    if (a->base_vdi && !copy_arg(c->db, c, BASE, CLASS_VDI))
        return db_no_object(&model_classes[CLASS_VDI], a->base_vdi);
    if (a->into_vdi && !into)
        return db_no_object(&model_classes[CLASS_VDI], a->into_vdi);
    if (!into && !sr)
        return db_no_object(&model_classes[CLASS_SR],
                            a->sr ? a->sr : DATUM_REF_NULL);
    if (into == vdi)
        return err_INVALID_VALUE("into_vdi", a->into_vdi);
    if (into)
        TRY(vdi_check_unused(c->db, into, "copy"));
    return ops_run(c, VDI_operations_copy,
                   &(const struct ops_body){
                       .work = copy, .also = hold_copy, .no_host = true});
}

/* ---- NBD ----------------------------------------------------------------- */

/* Nothing here serves it. */
struct err *VDI_get_nbd_info(struct call *c,
                             const struct VDI_get_nbd_info_args *a)
{
    struct object *vdi = NULL;

    (void)a;
    TRY(call_object(c, 0, &vdi));
    call_return(c, DATUM_EMPTY);
    return NULL;
}

/* ---- introduce ----------------------------------------------------------- */

/* Places of VDI.introduce's arguments. */
enum {
    UUID,
    NAME_LABEL,
    NAME_DESCRIPTION,
    SR,
    TYPE,
    SHARABLE,
    READ_ONLY,
    OTHER_CONFIG,
    LOCATION,
    XENSTORE_DATA,
    SM_CONFIG,
    MANAGED,
};

struct introduce {
    const struct ops_work *work;
    struct sr_volume volume;
    struct object *vdi;
};

static struct err *write_introduced(struct txn *txn, void *arg)
{
    struct introduce *i = arg;
    const struct call *c = i->work->call;
    const char *uuid = vm_arg(c, UUID).s;

    TRY(txn_create(txn, &model_classes[CLASS_VDI], NULL, *uuid ? uuid : NULL,
                   &i->vdi));
    TRY(set_VDI_SR(txn, i->vdi, i->work->self));
    TRY(set_VDI_name_label(txn, i->vdi, vm_arg(c, NAME_LABEL).s));
    TRY(set_VDI_name_description(txn, i->vdi, vm_arg(c, NAME_DESCRIPTION).s));
    TRY(set_VDI_type(txn, i->vdi, (enum VDI_type)vm_arg(c, TYPE).i));
    TRY(set_VDI_sharable(txn, i->vdi, vm_arg(c, SHARABLE).i));
    TRY(set_VDI_read_only(txn, i->vdi, vm_arg(c, READ_ONLY).i));
    TRY(set_VDI_other_config(txn, i->vdi, c->args[OTHER_CONFIG]));
    TRY(set_VDI_xenstore_data(txn, i->vdi, c->args[XENSTORE_DATA]));
    TRY(set_VDI_sm_config(txn, i->vdi, c->args[SM_CONFIG]));
    TRY(set_VDI_managed(txn, i->vdi, vm_arg(c, MANAGED).i));
    TRY(set_VDI_location(txn, i->vdi, i->volume.location));
    TRY(set_VDI_virtual_size(txn, i->vdi, i->volume.size));
    TRY(set_VDI_physical_utilisation(txn, i->vdi, i->volume.used));
    return ops_update(txn, i->vdi);
}

static struct err *check_location(const struct db *db, const struct object *sr,
                                  const char *location)
{
    struct model_value vdis = get_SR_VDIs(sr);

    for (unsigned i = 0; i < vdis.n; i++)
        if (!strcmp(location,
                    get_VDI_location(db_find(db, &model_classes[CLASS_VDI],
                                             vdis.keys[i].s))))
            return err_LOCATION_NOT_UNIQUE(object_ref(sr), location);
    return NULL;
}

static struct err *introduce(struct job *j, void *arg)
{
    const struct ops_work *w = arg;
    const char *location = vm_arg(w->call, LOCATION).s;
    struct introduce i = {.work = w};
    struct err *e;
    struct sr sr;

    TRY(check_location(job_db(j), w->self, location));
    TRY(disk_sr(job_pool(j), job_db(j), w->self, &sr));
    e = sr.type->look(&sr, job_pool(j), location, &i.volume);
    if (e && err_is(e, &err_kind_not_found)) {
        err_drop(e, "the API has an error for it");
        return err_VDI_LOCATION_MISSING(object_ref(w->self), location);
    }
    TRY(disk_error(e, w->self, NULL));
    TRY(job_commit(j, write_introduced, &i));
    job_say(j, object_ref(i.vdi));
    return NULL;
}

struct err *VDI_introduce(struct call *c, const struct VDI_introduce_args *a)
{
    struct object *sr = NULL;

    if (*a->uuid && db_by_uuid(c->db, &model_classes[CLASS_VDI], a->uuid))
        return err_DB_UNIQUENESS_CONSTRAINT_VIOLATION("VDI", "uuid", a->uuid);
    TRY(call_object(c, SR, &sr));
    return ops_run_on(
        c, sr, SR_operations_vdi_introduce,
        &(const struct ops_body){.work = introduce, .no_host = true});
}
