/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* api/vm_copy: VMs made out of others: clones, which share with them what is
 * the same, and full copies. */
#include "xapi/model/calls_gen.h"
#include "xapi/model/errors_gen.h"
#include "xapi/vm/vm_copy.h"
#include "xapi/vm/vm_domain.h"

struct copying {
    const struct ops_work *work;
    struct object *sr; /* NULL: each disk stays in its own */
    struct vm_copy copy;
};

/* ---- disks --------------------------------------------------------------- */

static struct err *copy_disk(struct job *j, struct object *vdi, void *arg,
                             struct disk **ret)
{
    const struct copying *c = arg;

    return disk_copy(j, vdi, c->sr ? c->sr : get_VDI_SR(vdi), ret);
}

/* ---- what is written ----------------------------------------------------- */

/* What marks the original as one that came with the product. */
static struct err *forget_product(struct txn *txn, const struct object *from,
                                  struct object *vm)
{
    TRY(remove_from_VM_other_config(txn, vm, "default_template"));
    TRY(remove_from_VM_other_config(txn, vm, "xensource_internal"));
    if (!get_VM_is_a_template(from) || get_VM_is_a_snapshot(from))
        return NULL;
    return add_to_VM_other_config(txn, vm, "base_template_name",
                                  get_VM_name_label(from));
}

static struct err *write_copy(struct txn *txn, void *arg)
{
    const struct copying *c = arg;
    const struct call *call = c->work->call;
    struct object *vm;

    TRY(vm_copy_write(txn, &c->copy, call->result.keys[0].s, vm_arg(call, 1).s,
                      &vm));
    TRY(forget_product(txn, c->copy.from, vm));
    TRY(vm_complete(txn, vm));
    return vm_tell(txn, c->copy.from, "VM_CLONED");
}

static struct err *make(struct job *j, const struct ops_work *w,
                        struct object *sr, vm_disk_fn *fn)
{
    struct copying c = {
        .work = w, .sr = sr, .copy = {.from = w->self, .memory = true}};

    TRY(vm_copy_disks(j, &c.copy, fn, &c));
    return job_commit(j, write_copy, &c);
}

/* ---- the calls ----------------------------------------------------------- */

static struct err *clone(struct job *j, void *arg)
{
    return make(j, arg, NULL, vm_copy_clone);
}

static void hold_for_clone(const struct call *c, const struct object *vm,
                           struct ops_more *more)
{
    vm_copy_hold(c, &(const struct vm_copy){.from = vm, .memory = true},
                 VDI_operations_clone, SR_operations_vdi_clone, more);
}

struct err *VM_clone(struct call *c, const struct VM_clone_args *a)
{
    (void)a;
    call_return_ref(c, txn_new_ref(c->pool));
    return ops_run(c, VM_operations_clone,
                   &(const struct ops_body){
                       .work = clone, .no_host = true, .also = hold_for_clone});
}

static struct err *copy(struct job *j, void *arg)
{
    const struct ops_work *w = arg;
    const struct model_class *class = &model_classes[CLASS_SR];

    return make(j, w, db_find(job_db(j), class, vm_arg(w->call, 2).s),
                copy_disk);
}

static void hold_for_copy(const struct call *c, const struct object *vm,
                          struct ops_more *more)
{
    vm_copy_hold(c, &(const struct vm_copy){.from = vm, .memory = true},
                 VDI_operations_copy, SR_operations_vdi_copy, more);
}

struct err *VM_copy(struct call *c, const struct VM_copy_args *a)
{
    const struct model_class *class = &model_classes[CLASS_SR];
    const struct object *sr = db_find(c->db, class, a->sr);

    if (a->sr && !sr)
        return db_no_object(class, a->sr);
    if (sr && text_eq(get_SR_content_type(sr), "iso"))
        return err_OPERATION_NOT_ALLOWED(
            "disks of a VM cannot be copied to a repository of ISO images");
    call_return_ref(c, txn_new_ref(c->pool));
    return ops_run(c, VM_operations_copy,
                   &(const struct ops_body){
                       .work = copy, .no_host = true, .also = hold_for_copy});
}
