/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* api/vm_data: what a guest is told in XenStore. */
#include "xapi/model/calls_gen.h"
#include "xapi/call/generic.h"
#include "xapi/hv/hv.h"
#include "xapi/ops/ops_queue.h"
#include "xapi/hv/plan.h"

static struct err *set_data(struct call *c, struct txn *txn, struct object *vm)
{
    return set_VM_xenstore_data(txn, vm, c->args[1]);
}

struct telling {
    const struct call *call;
    struct object *vm;
};

static struct err *write_data(struct txn *txn, void *arg)
{
    const struct telling *t = arg;

    return set_VM_xenstore_data(txn, t->vm, t->call->args[1]);
}

/* What was there goes, but for what is there again. */
static void add_gone(struct pool *p, const struct plan *before,
                     struct plan *after)
{
    struct plan_pair *all =
        pool_alloc(p, (before->n_xenstore_data + after->n_xenstore_data + 1) *
                          sizeof(*all));
    size_t n = 0;

    for (size_t i = 0; i < before->n_xenstore_data; i++)
        all[n++].name = before->xenstore_data[i].name;
    for (size_t i = 0; i < after->n_xenstore_data; i++)
        all[n++] = after->xenstore_data[i];
    after->xenstore_data = all;
    after->n_xenstore_data = n;
}

static struct err *tell(struct job *j, void *arg)
{
    const struct ops_work *w = arg;
    struct telling t = {.call = w->call,
                        .vm = db_find(job_db(j), &model_classes[CLASS_VM],
                                      vm_arg(w->call, 0).s)};
    struct plan before, after;

    if (!t.vm)
        return db_no_object(&model_classes[CLASS_VM], vm_arg(w->call, 0).s);
    plan_data(job_pool(j), get_VM_xenstore_data(t.vm), &before);
    plan_data(job_pool(j), w->call->args[1], &after);
    add_gone(job_pool(j), &before, &after);
    TRY(w->hv->set_data(w->hv, (uint32_t)get_VM_domid(t.vm),
                        after.xenstore_data, after.n_xenstore_data));
    return job_commit(j, write_data, &t);
}

struct err *VM_set_xenstore_data(struct call *c,
                                 const struct VM_set_xenstore_data_args *a)
{
    struct object *vm = NULL;

    (void)a;
    TRY(call_object(c, 0, &vm));
    return vm_is_up(vm)
               ? ops_run_on(c, NULL, 0, &(const struct ops_body){.work = tell})
               : vm_write(c, set_data);
}
