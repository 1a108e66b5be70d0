/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* api/vm_snapshot: VMs as they were at a moment: their disks, with checkpoint
 * their memory too. Back to one goes api/vm_revert.c. */
#include <stdlib.h>
#include <time.h>

#include "xapi/door/body.h"
#include "xapi/model/calls_gen.h"
#include "xapi/model/errors_gen.h"
#include "xapi/db/record.h"
#include "xapi/vm/vm_copy.h"
#include "xapi/vm/vm_domain.h"
#include "xapi/vm/vm_memory.h"
#include "xapi/door/xmlrpc.h"

struct snapping {
    const struct ops_work *work;
    enum VM_power_state state; /* the VM was in when all began */
    const char *news;
    struct vm_copy copy;
};

/* ---- disks --------------------------------------------------------------- */

/* Of memory it is a plain copy: nobody goes on writing to the original. */
static struct err *snap_disk(struct job *j, struct object *vdi, void *arg,
                             struct disk **ret)
{
    const struct snapping *s = arg;

    return get_VDI_type(vdi) == VDI_type_suspend
               ? disk_copy(j, vdi, get_VDI_SR(vdi), ret)
               : disk_snapshot(j, s->work->hv, vdi, ret);
}

/* ---- what is written ----------------------------------------------------- */

/* The whole record, for going back to it. */
static char *record_text(struct object *vm)
{
    AUTO_BODY struct body body = BODY_INIT;
    struct writer w = {.codec = &codec_xmlrpc, .body = &body};
    struct str text = STR_INIT(DATUM_MAX);

    record_write(&w, vm);
    body_flatten(&body, &text);
    return str_take(&text);
}

static struct err *describe(struct txn *txn, const struct snapping *s,
                            struct object *vm)
{
    const struct model_enum *states = model_fields[VM_power_state].type->enum_;
    struct object *of = s->work->self;
    AUTO_FREE char *record = record_text(of);

    TRY(set_VM_is_a_snapshot(txn, vm, true));
    TRY(set_VM_is_a_template(txn, vm, true));
    TRY(set_VM_is_default_template(txn, vm, false));
    TRY(set_VM_snapshot_of(txn, vm, of));
    TRY(set_VM_snapshot_time(txn, vm, time(NULL)));
    TRY(set_VM_snapshot_metadata(txn, vm, record));
    TRY(add_to_VM_snapshot_info(txn, vm, "power-state-at-snapshot",
                                states->values[s->state]));
    return add_to_VM_snapshot_info(txn, vm, "disk-snapshot-type",
                                   "crash_consistent");
}

static struct err *write_snapshot(struct txn *txn, void *arg)
{
    const struct snapping *s = arg;
    const struct call *call = s->work->call;
    struct object *of = s->work->self, *vm;

    TRY(vm_copy_write(txn, &s->copy, call->result.keys[0].s, vm_arg(call, 1).s,
                      &vm));
    TRY(describe(txn, s, vm));
    TRY(set_VM_parent(txn, vm, get_VM_parent(of)));
    TRY(set_VM_parent(txn, of, vm));
    TRY(vm_complete(txn, vm));
    return vm_tell(txn, of, s->news);
}

static struct err *snap(struct job *j, void *arg)
{
    struct snapping *s = arg;

    TRY(vm_copy_disks(j, &s->copy, snap_disk, s));
    return job_commit(j, write_snapshot, s);
}

/* ---- without memory ------------------------------------------------------ */

static struct model_value ignored(const struct call *c)
{
    return c->args[2];
}

static struct err *snapshot(struct job *j, void *arg)
{
    const struct ops_work *w = arg;
    struct snapping s = {.work = w,
                         .state = get_VM_power_state(w->self),
                         .news = "VM_SNAPSHOTTED",
                         .copy = {.from = w->self,
                                  .ignored = ignored(w->call),
                                  .same_addresses = true}};

    return snap(j, &s);
}

static void hold_for_snapshot(const struct call *c, const struct object *vm,
                              struct ops_more *more)
{
    vm_copy_hold(c, &(const struct vm_copy){.from = vm, .ignored = ignored(c)},
                 VDI_operations_snapshot, SR_operations_vdi_snapshot, more);
}

struct err *VM_snapshot(struct call *c, const struct VM_snapshot_args *a)
{
    (void)a;
    call_return_ref(c, txn_new_ref(c->pool));
    return ops_run(c, VM_operations_snapshot,
                   &(const struct ops_body){.work = snapshot,
                                            .no_host = true,
                                            .also = hold_for_snapshot});
}

/* ---- with memory --------------------------------------------------------- */

/* What a failure of a step is for clients; not a cancel. */
static struct err *as(struct err *e, struct err *(*make)(const char *vm),
                      const struct object *vm)
{
    if (!e || err_is(e, &err_kind_interrupted))
        return e;
    err_drop(e, "its own error says which step it was");
    return make(object_ref(vm));
}

static struct err *suspend(struct job *j, void *arg)
{
    return vm_suspend(j, arg, NULL);
}

static struct err *resume(struct job *j, void *arg)
{
    return vm_resume(j, arg, false, NULL);
}

/* A guest that runs is suspended for a moment. Each step is whole by itself: it
 * goes on whatever becomes of its disks' snapshots, and its memory is not lost
 * when it cannot. */
static struct err *checkpoint(struct job *j, void *arg)
{
    struct ops_work *w = arg;
    enum VM_power_state state = get_VM_power_state(w->self);
    struct snapping s = {
        .work = w,
        .state = state,
        .news = "VM_CHECKPOINTED",
        .copy = {.from = w->self, .memory = true, .same_addresses = true}};
    struct err *e;

    if (state != VM_power_state_Running)
        return snap(j, &s);
    TRY(as(job_part(j, suspend, w), err_VM_CHECKPOINT_SUSPEND_FAILED, w->self));
    e = job_part(j, snap, &s);
    return err_join(e, as(job_part(j, resume, w),
                          err_VM_CHECKPOINT_RESUME_FAILED, w->self));
}

static void hold_for_checkpoint(const struct call *c, const struct object *vm,
                                struct ops_more *more)
{
    vm_copy_hold(c, &(const struct vm_copy){.from = vm, .memory = true},
                 VDI_operations_snapshot, SR_operations_vdi_snapshot, more);
    if (get_VM_power_state(vm) == VM_power_state_Running)
        vm_memory_hold(c, vm, more);
}

struct err *VM_checkpoint(struct call *c, const struct VM_checkpoint_args *a)
{
    (void)a;
    call_return_ref(c, txn_new_ref(c->pool));
    return ops_run(c, VM_operations_checkpoint,
                   &(const struct ops_body){.work = checkpoint,
                                            .also = hold_for_checkpoint});
}
