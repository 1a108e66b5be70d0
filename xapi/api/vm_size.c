/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* api/vm_size: how many processors a VM has. Memory is in api/vm_memory.c. */
#include <stdio.h>

#include "xapi/model/calls_gen.h"
#include "xapi/model/errors_gen.h"
#include "xapi/call/generic.h"
#include "xapi/hv/hv.h"
#include "xapi/ops/ops_queue.h"

struct err *vm_bad_number(const char *field, int64_t n)
{
    char text[32];

    snprintf(text, sizeof(text), "%lld", (long long)n);
    return err_INVALID_VALUE(field, text);
}

/* ---- processors ---------------------------------------------------------- */

struct err *vm_check_vcpus(const struct object *vm)
{
    int64_t start = get_VM_VCPUs_at_startup(vm), max = get_VM_VCPUs_max(vm);

    if (max <= 0)
        return vm_bad_number("VCPUs_max", max);
    return start <= 0 || start > max ? vm_bad_number("VCPUs_at_startup", start)
                                     : NULL;
}

static struct err *set_vcpus_max(struct call *c, struct txn *txn,
                                 struct object *vm)
{
    int64_t max = vm_arg(c, 1).i;

    if (max <= 0 || max < get_VM_VCPUs_at_startup(vm))
        return vm_bad_number("VCPUs_max", max);
    TRY(set_VM_VCPUs_max(txn, vm, max));
    return set_VM_memory_overhead(txn, vm, vm_memory_overhead(vm));
}

struct err *VM_set_VCPUs_max(struct call *c,
                             const struct VM_set_VCPUs_max_args *a)
{
    (void)a;
    return vm_change(c, VM_operations_changing_VCPUs, set_vcpus_max);
}

static struct err *set_vcpus_at_startup(struct call *c, struct txn *txn,
                                        struct object *vm)
{
    int64_t n = vm_arg(c, 1).i;

    if (n <= 0 || n > get_VM_VCPUs_max(vm))
        return vm_bad_number("VCPUs_at_startup", n);
    return set_VM_VCPUs_at_startup(txn, vm, n);
}

struct err *VM_set_VCPUs_at_startup(
    struct call *c, const struct VM_set_VCPUs_at_startup_args *a)
{
    (void)a;
    return vm_change(c, VM_operations_changing_VCPUs, set_vcpus_at_startup);
}

/* ---- while it runs ------------------------------------------------------- */

static struct err *write_number(struct txn *txn, void *arg)
{
    const struct ops_work *w = arg;
    struct object *metrics = get_VM_metrics(w->self);

    return metrics
               ? set_VM_metrics_VCPUs_number(txn, metrics, vm_arg(w->call, 1).i)
               : NULL;
}

static struct err *set_number(struct job *j, void *arg)
{
    const struct ops_work *w = arg;
    int64_t n = vm_arg(w->call, 1).i;

    if (n <= 0 || n > get_VM_VCPUs_max(w->self))
        return vm_bad_number("nvcpu", n);
    TRY(w->hv->set_vcpus(w->hv, (uint32_t)get_VM_domid(w->self), n));
    return job_commit(j, write_number, arg);
}

struct err *VM_set_VCPUs_number_live(
    struct call *c, const struct VM_set_VCPUs_number_live_args *a)
{
    (void)a;
    return ops_run(c, VM_operations_changing_VCPUs_live,
                   &(const struct ops_body){.work = set_number});
}
