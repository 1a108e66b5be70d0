/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* api_vm_size: how much memory and how many processors a VM has. */
#include <stdio.h>

#include "xapi/api_vm.h"
#include "xapi/calls_gen.h"
#include "xapi/errors_gen.h"
#include "xapi/generic.h"

#define MIB (INT64_C(1) << 20)
#define OVERHEAD MIB      /* of Xen itself, a VM */
#define VCPU_OVERHEAD MIB /* shadow page tables, a processor */
#define SHADOW_SHARE 128  /* of the memory goes into page tables */

static struct err *bad_number(const char *field, int64_t n)
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
        return bad_number("VCPUs_max", max);
    return start <= 0 || start > max ? bad_number("VCPUs_at_startup", start)
                                     : NULL;
}

static struct err *set_vcpus_max(struct call *c, struct txn *txn,
                                 struct object *vm)
{
    int64_t max = vm_arg(c, 1).i;

    if (max <= 0 || max < get_VM_VCPUs_at_startup(vm))
        return bad_number("VCPUs_max", max);
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
        return bad_number("VCPUs_at_startup", n);
    return set_VM_VCPUs_at_startup(txn, vm, n);
}

struct err *VM_set_VCPUs_at_startup(
    struct call *c, const struct VM_set_VCPUs_at_startup_args *a)
{
    (void)a;
    return vm_change(c, VM_operations_changing_VCPUs, set_vcpus_at_startup);
}

/* ---- memory -------------------------------------------------------------- */

struct limits_of {
    int64_t static_min, static_max, dynamic_min, dynamic_max;
};

static struct limits_of memory_of(const struct object *vm)
{
    return (struct limits_of){
        get_VM_memory_static_min(vm), get_VM_memory_static_max(vm),
        get_VM_memory_dynamic_min(vm), get_VM_memory_dynamic_max(vm)};
}

static struct err *check_order(const struct limits_of *m)
{
    if (m->static_min < 0)
        return bad_number("memory_static_min", m->static_min);
    if (m->static_max <= 0)
        return bad_number("memory_static_max", m->static_max);
    if (m->static_min <= m->dynamic_min && m->dynamic_min <= m->dynamic_max &&
        m->dynamic_max <= m->static_max)
        return NULL;
    return err_MEMORY_CONSTRAINT_VIOLATION(
        "Memory limits must satisfy: static_min <= dynamic_min <= dynamic_max "
        "<= static_max");
}

struct err *vm_check_memory(const struct object *vm)
{
    struct limits_of m = memory_of(vm);

    return check_order(&m);
}

/* Rounded up to whole MiB. A guest with firmware, or in such a box, has page
 * tables that shadow its own. */
int64_t vm_memory_overhead(const struct object *vm)
{
    int64_t bytes = OVERHEAD;

    if (get_VM_domain_type(vm) != VM_domain_type_pv)
        bytes +=
            (int64_t)(get_VM_HVM_shadow_multiplier(vm) *
                      (double)(get_VM_VCPUs_max(vm) * VCPU_OVERHEAD +
                               get_VM_memory_static_max(vm) / SHADOW_SHARE));
    return (bytes + MIB - 1) / MIB * MIB;
}

struct err *VM_compute_memory_overhead(
    struct call *c, const struct VM_compute_memory_overhead_args *a)
{
    struct object *vm = NULL;

    (void)a;
    TRY(call_object(c, 0, &vm));
    call_return_int(c, vm_memory_overhead(vm));
    return NULL;
}

static struct err *write_limits(struct txn *txn, struct object *vm,
                                const struct limits_of *m)
{
    TRY(check_order(m));
    TRY(set_VM_memory_static_min(txn, vm, m->static_min));
    TRY(set_VM_memory_static_max(txn, vm, m->static_max));
    TRY(set_VM_memory_dynamic_min(txn, vm, m->dynamic_min));
    TRY(set_VM_memory_dynamic_max(txn, vm, m->dynamic_max));
    TRY(set_VM_memory_target(txn, vm, m->dynamic_max));
    return set_VM_memory_overhead(txn, vm, vm_memory_overhead(vm));
}

/* A body whose M is what VM has; CHANGE says what of it becomes of the
 * arguments. */
#define SETS(name_, op, change)                                       \
    static struct err *write_##name_(struct call *c, struct txn *txn, \
                                     struct object *vm)               \
    {                                                                 \
        struct limits_of m = memory_of(vm);                           \
                                                                      \
        TRY(check_halted(c, vm));                                     \
        change;                                                       \
        return write_limits(txn, vm, &m);                             \
    }                                                                 \
    struct err *VM_set_memory##name_(                                 \
        struct call *c, const struct VM_set_memory##name_##_args *a)  \
    {                                                                 \
        (void)a;                                                      \
        return vm_change(c, VM_operations_##op, write_##name_);       \
    }
#define ARG(n) vm_arg(c, n).i

/* What a guest has while it runs is not changed yet. */
static struct err *check_halted(const struct call *c, const struct object *vm)
{
    return get_VM_power_state(vm) == VM_power_state_Halted
               ? NULL
               : err_NOT_IMPLEMENTED(c->row->name);
}

/* clang-format off */
SETS(_static_min, changing_static_range, m.static_min = ARG(1))
SETS(_static_max, changing_static_range, m.static_max = ARG(1))
SETS(_static_range, changing_static_range, (m.static_min = ARG(1), m.static_max = ARG(2)))
SETS(_limits, changing_memory_limits,
     (m = (struct limits_of){ARG(1), ARG(2), ARG(3), ARG(4)}))
SETS(_dynamic_min, changing_dynamic_range, m.dynamic_min = ARG(1))
SETS(_dynamic_max, changing_dynamic_range, m.dynamic_max = ARG(1))
SETS(_dynamic_range, changing_dynamic_range, (m.dynamic_min = ARG(1), m.dynamic_max = ARG(2)))
SETS(, changing_memory_limits, m.static_max = m.dynamic_min = m.dynamic_max = ARG(1))
/* clang-format on */

static struct err *set_multiplier(struct call *c, struct txn *txn,
                                  struct object *vm)
{
    char text[32];

    if (!(vm_arg(c, 1).d >= 1)) {
        snprintf(text, sizeof(text), "%g", vm_arg(c, 1).d);
        return err_INVALID_VALUE("HVM_shadow_multiplier", text);
    }
    TRY(set_VM_HVM_shadow_multiplier(txn, vm, vm_arg(c, 1).d));
    return set_VM_memory_overhead(txn, vm, vm_memory_overhead(vm));
}

struct err *VM_set_HVM_shadow_multiplier(
    struct call *c, const struct VM_set_HVM_shadow_multiplier_args *a)
{
    (void)a;
    return vm_change(c, VM_operations_changing_shadow_memory, set_multiplier);
}
