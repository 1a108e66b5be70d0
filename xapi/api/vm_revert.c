/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* api/vm_revert: a VM goes back to where it was when a snapshot was made: its
 * record as the snapshot has kept it, clones of the snapshot's disks in the
 * place of its own. */
#include <string.h>

#include "lib/log.h"
#include "xapi/model/calls_gen.h"
#include "xapi/model/errors_gen.h"
#include "xapi/vm/vm_copy.h"
#include "xapi/vm/vm_domain.h"
#include "xapi/door/xmlrpc.h"

struct reverting {
    const struct ops_work *work;
    struct object *snapshot, *vm; /* VM: NULL, it has gone */
    const struct value *record;   /* the VM's at the time, a struct */
    struct vm_copy copy;          /* of the snapshot */
    struct disk **gone;           /* as long as what is copied: the disk that it
                                     replaces, or NULL */
};

/* ---- the record ---------------------------------------------------------- */

/* What it keeps of what it has; all the rest goes back. */
static const unsigned kept[] = {
    VM_uuid,
    VM_power_state,
    VM_parent,
    VM_allowed_operations,
    VM_current_operations,
    VM_metrics,
    VM_guest_metrics,
    VM_resident_on,
    VM_scheduled_to_be_resident_on,
    VM_domid,
    VM_suspend_VDI,
    VM_protection_policy,
    VM_snapshot_schedule,
    VM_attached_PCIs,
    VM_groups,
    VM_blobs,
    VM_is_a_snapshot,
    VM_is_a_template,
    VM_is_default_template,
    VM_snapshot_of,
    VM_snapshot_time,
    VM_transportable_snapshot_id,
    VM_ha_always_run,
};
/* The same, but a VM that has gone has nothing to keep. */
static const unsigned own[] = {VM_name_label, VM_tags, VM_affinity};

static bool goes_back(const struct model_field *field, bool is_new)
{
    return !field->computed && !field_is_among(field, kept, ARRAY_LEN(kept)) &&
           (is_new || !field_is_among(field, own, ARRAY_LEN(own)));
}

static struct err *restore_field(struct txn *txn, struct object *vm,
                                 const struct model_field *field,
                                 const struct value *v)
{
    AUTO_POOL struct pool *p = pool_new();
    struct model_value d;
    bool gone;

    TRY(err_wrap(datum_from_value(p, field->type, v, &d), "%s", field->name));
    gone = field->type->kind == MODEL_REF &&
           !db_find(txn_db(txn), field->type->class, d.keys[0].s);
    return txn_set(txn, vm, field, gone ? DATUM_REF(NULL) : d);
}

static struct err *restore(struct txn *txn, const struct reverting *r,
                           struct object *vm)
{
    const struct model_class *class = object_class(vm);

    for (unsigned i = 0; i < class->n_fields; i++) {
        const struct model_field *field = &class->fields[i];
        const struct value *v = value_get(r->record, field->name);

        if (v && goes_back(field, !r->vm))
            TRY(restore_field(txn, vm, field, v));
    }
    return NULL;
}

static struct err *read_record(struct pool *p, const struct object *snapshot,
                               const struct value **ret)
{
    const char *text = get_VM_snapshot_metadata(snapshot);
    struct value *record;

    TRY(err_wrap(xmlrpc_parse_value(p, text, strlen(text), &record),
                 "snapshot_metadata"));
    if (record->kind != VALUE_STRUCT)
        return ERR("snapshot_metadata has no record");
    *ret = record;
    return NULL;
}

/* ---- a VM that has gone -------------------------------------------------- */

static const char *uuid_of(const struct value *record)
{
    const struct value *uuid = value_get(record, "uuid");

    return uuid && uuid->kind == VALUE_STRING ? uuid->s.text : NULL;
}

/* All that was made of it is of the new one. */
static struct err *find_snapshots(struct txn *txn, struct object *vm)
{
    for (struct object *o = db_first(txn_db(txn), object_class(vm)); o;
         o = object_next(o)) {
        AUTO_POOL struct pool *p = pool_new();
        const struct value *record;
        struct err *e;

        if (!get_VM_is_a_snapshot(o) || get_VM_snapshot_of(o))
            continue;
        e = read_record(p, o, &record);
        if (e)
            err_drop(e, "it is of nobody we know");
        else if (text_eq(uuid_of(record), get_VM_uuid(vm)))
            TRY(set_VM_snapshot_of(txn, o, vm));
    }
    return NULL;
}

static struct err *make_again(struct txn *txn, const struct reverting *r,
                              struct object **ret)
{
    TRY(txn_create(txn, object_class(r->snapshot), NULL, uuid_of(r->record),
                   ret));
    TRY(set_VM_bios_strings(txn, *ret, get_VM_bios_strings(r->snapshot)));
    return find_snapshots(txn, *ret);
}

/* ---- disks --------------------------------------------------------------- */

static bool has_disk(const struct db *db, const struct object *vm,
                     const struct object *vdi)
{
    struct model_value vbds = get_VM_VBDs(vm);

    for (unsigned i = 0; i < vbds.n; i++)
        if (get_VBD_VDI(
                db_find(db, &model_classes[CLASS_VBD], vbds.keys[i].s)) == vdi)
            return true;
    return false;
}

/* The disk of VM that VDI, a snapshot's, is of, or NULL. */
static struct object *original(const struct db *db, const struct object *vm,
                               const struct object *vdi)
{
    struct object *of = get_VDI_snapshot_of(vdi);

    return vm && of && has_disk(db, vm, of) ? of : NULL;
}

static struct err *replace_disks(struct job *j, struct reverting *r)
{
    struct db *db = job_db(j);

    TRY(vm_copy_disks(j, &r->copy, vm_copy_clone, NULL));
    r->gone = pool_alloc(job_pool(j), (r->copy.n + 1) * sizeof(*r->gone));
    for (size_t i = 0; i < r->copy.n; i++) {
        struct object *old = original(db, r->vm, r->copy.vdis[i]);

        if (old)
            TRY(disk_destroy(j, old, &r->gone[i]));
    }
    return NULL;
}

/* Snapshots of the old disk are snapshots of the new one. */
static struct err *take_over(struct txn *txn, const struct reverting *r,
                             size_t i)
{
    struct object *old = get_VDI_snapshot_of(r->copy.vdis[i]);
    const struct model_class *class = &model_classes[CLASS_VDI];
    struct model_value snapshots;

    while ((snapshots = get_VDI_snapshots(old)).n)
        TRY(set_VDI_snapshot_of(
            txn, db_find(txn_db(txn), class, snapshots.keys[0].s),
            r->copy.disks[i]->vdi));
    return disk_write(txn, r->gone[i]);
}

/* ---- what is written ----------------------------------------------------- */

static struct err *write_reverted(struct txn *txn, void *arg)
{
    const struct reverting *r = arg;
    struct object *vm = r->vm, *appliance;

    if (!vm)
        TRY(make_again(txn, r, &vm));
    appliance = get_VM_appliance(vm);
    TRY(vm_destroy_devices(txn, vm));
    TRY(restore(txn, r, vm));
    TRY(vm_new_generation(txn, vm));
    TRY(vm_copy_devices(txn, &r->copy, vm));
    for (size_t i = 0; i < r->copy.n; i++)
        if (r->gone[i])
            TRY(take_over(txn, r, i));
    TRY(set_VM_ha_always_run(txn, vm, false));
    TRY(set_VM_parent(txn, vm, r->snapshot));
    TRY(vm_complete(txn, vm));
    TRY(ops_update_alone(txn, appliance));
    return vm_tell(txn, vm, "VM_SNAPSHOT_REVERTED");
}

/* ---- the call ------------------------------------------------------------ */

static struct err *halt(struct job *j, void *arg)
{
    return vm_bring_down(j, arg, VM_power_state_Halted, NULL);
}

static struct err *go_back(struct job *j, struct reverting *r)
{
    struct ops_work w = *r->work;

    w.self = r->vm;
    TRY(read_record(job_pool(j), r->snapshot, &r->record));
    if (r->vm && get_VM_power_state(r->vm) != VM_power_state_Halted)
        TRY(job_part(j, halt, &w));
    TRY(replace_disks(j, r));
    return job_commit(j, write_reverted, r);
}

/* What says of itself what is wrong. */
static bool speaks(const struct err *e)
{
    static const char *const codes[] = {"SR_BACKEND_FAILURE_44",
                                        "SR_BACKEND_FAILURE_109",
                                        "VDI_INCOMPATIBLE_TYPE"};
    size_t n;
    const char *const *words = err_words(e, &n);

    for (size_t i = 0; words && i < ARRAY_LEN(codes); i++)
        if (!strcmp(words[0], codes[i]))
            return true;
    return err_is(e, &err_kind_interrupted);
}

static struct err *revert(struct job *j, void *arg)
{
    const struct ops_work *w = arg;
    struct reverting r = {
        .work = w,
        .snapshot = w->self,
        .vm = get_VM_snapshot_of(w->self),
        .copy = {.from = w->self, .memory = true, .same_addresses = true}};
    struct err *e = go_back(j, &r);

    if (!e || speaks(e))
        return e;
    log_warning("vm", "back to snapshot %s: %s", get_VM_uuid(w->self),
                err_text(e));
    err_free(e);
    return err_VM_REVERT_FAILED(object_ref(w->self),
                                r.vm ? object_ref(r.vm) : NULL);
}

static void hold(const struct call *c, const struct object *snapshot,
                 struct ops_more *more)
{
    const struct object *vm = get_VM_snapshot_of(snapshot);

    vm_copy_hold(c, &(const struct vm_copy){.from = snapshot, .memory = true},
                 VDI_operations_clone, SR_operations_vdi_clone, more);
    if (!vm)
        return;
    ops_hold(more, vm, VM_operations_reverting);
    vm_copy_hold(c, &(const struct vm_copy){.from = vm},
                 VDI_operations_revert_to, SR_operations_vdi_destroy, more);
}

struct err *VM_revert(struct call *c, const struct VM_revert_args *a)
{
    (void)a;
    return ops_run(c, VM_operations_revert,
                   &(const struct ops_body){
                       .work = revert, .no_host = true, .also = hold});
}
