/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* api/vm_provision: a template becomes a VM: the disks that it asks for are
 * made, and it is a template no more. */
#include "xapi/model/calls_gen.h"
#include "xapi/storage/disk.h"
#include "xapi/model/errors_gen.h"
#include "xapi/ops/ops_queue.h"
#include "xapi/vm/provision.h"

struct making {
    const struct ops_work *work;
    const struct provision_disk *wanted;
    struct disk **disks;
    size_t n;
};

/* ---- what is asked for --------------------------------------------------- */

static struct err *read_wanted(struct pool *p, const struct object *vm,
                               struct provision_disk **ret, size_t *ret_n)
{
    const char *text = datum_map_get(get_VM_other_config(vm), "disks");
    struct err *e;

    *ret_n = 0;
    if (!text)
        return NULL;
    e = provision_read(p, text, ret, ret_n);
    if (!e)
        return NULL;
    text = pool_printf(p, "disks: %s", err_text(e));
    err_drop(e, "the client has it with a code");
    return err_INVALID_VALUE("other_config", text);
}

static struct err *find_sr(const struct db *db, const char *uuid,
                           struct object **ret)
{
    const struct object *pool = db_first(db, &model_classes[CLASS_pool]);

    *ret = *uuid  ? db_by_uuid(db, &model_classes[CLASS_SR], uuid)
           : pool ? get_pool_default_SR(pool)
                  : NULL;
    if (*ret)
        return NULL;
    return *uuid ? err_UUID_INVALID("SR", uuid) : err_DEFAULT_SR_NOT_FOUND("");
}

static struct err *find_type(const char *name, enum VDI_type *ret)
{
    union model_atom atom;
    AUTO_POOL struct pool *p = pool_new();
    struct err *e =
        datum_atom_from_text(p, model_fields[VDI_type].type, name, &atom);

    if (!e)
        *ret = (enum VDI_type)atom.i;
    else
        err_drop(e, "the client has a code for it");
    return e ? err_INVALID_VALUE("type", name) : NULL;
}

/* ---- disks --------------------------------------------------------------- */

static struct err *make_disk(struct job *j, const struct provision_disk *wanted,
                             struct disk **ret)
{
    struct disk_spec spec = {
        .size = wanted->size,
        .name_label = wanted->device,
        .name_description = "Made for its template",
    };

    TRY(find_sr(job_db(j), wanted->sr, &spec.sr));
    TRY(find_type(wanted->type, &spec.type));
    return disk_create(j, &spec, ret);
}

static struct err *write_vbd(struct txn *txn, struct object *vm,
                             const struct provision_disk *wanted,
                             struct object *vdi)
{
    struct object *vbd;

    TRY(txn_create(txn, &model_classes[CLASS_VBD], NULL, NULL, &vbd));
    TRY(set_VBD_VM(txn, vbd, vm));
    TRY(set_VBD_VDI(txn, vbd, vdi));
    TRY(set_VBD_userdevice(txn, vbd, wanted->device));
    TRY(set_VBD_bootable(txn, vbd, wanted->bootable));
    TRY(set_VBD_mode(txn, vbd, VBD_mode_RW));
    TRY(set_VBD_type(txn, vbd, VBD_type_Disk));
    TRY(add_to_VBD_other_config(txn, vbd, "owner", "true"));
    return ops_update_alone(txn, vbd);
}

static struct err *write_vm(struct txn *txn, void *arg)
{
    const struct making *m = arg;
    struct object *vm = m->work->self;

    for (size_t i = 0; i < m->n; i++) {
        TRY(disk_write(txn, m->disks[i]));
        TRY(write_vbd(txn, vm, &m->wanted[i], m->disks[i]->vdi));
    }
    TRY(remove_from_VM_other_config(txn, vm, "disks"));
    TRY(remove_from_VM_other_config(txn, vm, "default_template"));
    TRY(set_VM_is_default_template(txn, vm, false));
    TRY(set_VM_is_a_template(txn, vm, false));
    return ops_update(txn, vm);
}

/* ---- the call ------------------------------------------------------------ */

static struct err *provision(struct job *j, void *arg)
{
    struct making m = {.work = arg};
    const struct object *vm = m.work->self;
    struct provision_disk *wanted = NULL;

    TRY(read_wanted(job_pool(j), vm, &wanted, &m.n));
    m.wanted = wanted;
    m.disks = pool_alloc(job_pool(j), (m.n + 1) * sizeof(*m.disks));
    for (size_t i = 0; i < m.n; i++) {
        TRY(make_disk(j, &wanted[i], &m.disks[i]));
        job_progress(j, 0.9 * (double)(i + 1) / (double)m.n);
    }
    return job_commit(j, write_vm, &m);
}

/* What does not read is the work's to tell. */
static void hold(const struct call *c, const struct object *vm,
                 struct ops_more *more)
{
    struct provision_disk *wanted;
    size_t n;
    AUTO_ERR struct err *e = read_wanted(c->pool, vm, &wanted, &n);

    for (size_t i = 0; !e && i < n; i++) {
        struct object *sr;
        AUTO_ERR struct err *none = find_sr(c->db, wanted[i].sr, &sr);

        if (!none)
            ops_hold(more, sr, SR_operations_vdi_create);
    }
}

struct err *VM_provision(struct call *c, const struct VM_provision_args *a)
{
    (void)a;
    return ops_run(c, VM_operations_provision,
                   &(const struct ops_body){
                       .work = provision, .no_host = true, .also = hold});
}
