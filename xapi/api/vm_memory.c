/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* api/vm_memory: how much memory a VM has, halted and while it runs. */
#include <stdio.h>
#include <string.h>

#include "lib/clock.h"
#include "xapi/model/calls_gen.h"
#include "xapi/model/errors_gen.h"
#include "xapi/call/generic.h"
#include "xapi/hv/hv.h"
#include "xapi/hv/plan.h"
#include "xapi/ops/ops_queue.h"
#include "xapi/call/server.h"

#define MIB (INT64_C(1) << 20)
#define OVERHEAD MIB        /* of Xen itself, a VM */
#define MULTIPLIER_MAX 1024 /* of shadow page tables */
#define AWAIT_SECONDS 256
#define AWAIT_SHARE 100 /* of the target: so near is there */
#define LOOK_SECONDS 0.2

/* ---- limits -------------------------------------------------------------- */

struct limits {
    int64_t static_min, static_max, dynamic_min, dynamic_max;
};

static struct limits limits_of(const struct object *vm)
{
    return (struct limits){
        get_VM_memory_static_min(vm), get_VM_memory_static_max(vm),
        get_VM_memory_dynamic_min(vm), get_VM_memory_dynamic_max(vm)};
}

static struct err *check_order(const struct limits *m)
{
    if (m->static_min < 0)
        return vm_bad_number("memory_static_min", m->static_min);
    if (m->static_max <= 0 || m->static_max > PLAN_MEMORY_MAX)
        return vm_bad_number("memory_static_max", m->static_max);
    if (m->static_min <= m->dynamic_min && m->dynamic_min <= m->dynamic_max &&
        m->dynamic_max <= m->static_max)
        return NULL;
    return err_MEMORY_CONSTRAINT_VIOLATION(
        "Memory limits must satisfy: static_min <= dynamic_min <= dynamic_max "
        "<= static_max");
}

struct err *vm_check_memory(const struct object *vm)
{
    struct limits m = limits_of(vm);

    return check_order(&m);
}

/* Rounded up to whole MiB. A guest with firmware, or in such a box, has page
 * tables that shadow its own. */
static int64_t overhead_of(const struct object *vm, int64_t static_max)
{
    int64_t bytes = OVERHEAD + plan_shadow(vm, get_VM_HVM_shadow_multiplier(vm),
                                           static_max);

    return (bytes + MIB - 1) / MIB * MIB;
}

int64_t vm_memory_overhead(const struct object *vm)
{
    return overhead_of(vm, get_VM_memory_static_max(vm));
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

/* The largest that fits into the total, in whole MiB; 0 when none does. */
struct err *VM_maximise_memory(struct call *c,
                               const struct VM_maximise_memory_args *a)
{
    int64_t total = a->total < PLAN_MEMORY_MAX ? a->total : PLAN_MEMORY_MAX;
    int64_t least = 0, most = total > 0 ? total / MIB : 0, middle;
    struct object *vm = NULL;

    TRY(call_object(c, 0, &vm));
    while (least < most) {
        middle = (least + most + 1) / 2;
        if (middle * MIB + overhead_of(vm, middle * MIB) <= total)
            least = middle;
        else
            most = middle - 1;
    }
    call_return_int(c, least * MIB);
    return NULL;
}

/* ---- what calls say ------------------------------------------------------ */

/* The number of the argument that a limit becomes; 0: it stays. */
static const struct setter {
    const char *message;
    unsigned char static_min, static_max, dynamic_min, dynamic_max;
} setters[] = {
    /* clang-format off */
    {"set_memory_static_min",    1, 0, 0, 0},
    {"set_memory_static_max",    0, 1, 0, 0},
    {"set_memory_static_range",  1, 2, 0, 0},
    {"set_memory_dynamic_min",   0, 0, 1, 0},
    {"set_memory_dynamic_max",   0, 0, 0, 1},
    {"set_memory_dynamic_range", 0, 0, 1, 2},
    {"set_memory_limits",        1, 2, 3, 4},
    {"set_memory",               0, 1, 1, 1},
    /* clang-format on */
};

static void take(const struct call *c, unsigned char argument, int64_t *limit)
{
    if (argument)
        *limit = vm_arg(c, argument).i;
}

/* VM's limits as C wants them. */
static struct limits wanted_by(const struct call *c, const struct object *vm)
{
    struct limits m = limits_of(vm);
    const struct setter *s = setters;

    while (strcmp(s->message, c->row->message))
        s++;
    take(c, s->static_min, &m.static_min);
    take(c, s->static_max, &m.static_max);
    take(c, s->dynamic_min, &m.dynamic_min);
    take(c, s->dynamic_max, &m.dynamic_max);
    return m;
}

static struct err *write_limits(struct txn *txn, struct object *vm,
                                const struct limits *m, int64_t target)
{
    TRY(check_order(m));
    TRY(set_VM_memory_static_min(txn, vm, m->static_min));
    TRY(set_VM_memory_static_max(txn, vm, m->static_max));
    TRY(set_VM_memory_dynamic_min(txn, vm, m->dynamic_min));
    TRY(set_VM_memory_dynamic_max(txn, vm, m->dynamic_max));
    TRY(set_VM_memory_target(txn, vm, target));
    return set_VM_memory_overhead(txn, vm, vm_memory_overhead(vm));
}

static struct err *set_limits(struct call *c, struct txn *txn,
                              struct object *vm)
{
    struct limits m = wanted_by(c, vm);

    return write_limits(txn, vm, &m, m.dynamic_max);
}

/* ---- while it runs ------------------------------------------------------- */

struct live {
    const struct ops_work *work;
    struct limits limits;
    int64_t target;
};

static struct err *write_live(struct txn *txn, void *arg)
{
    const struct live *l = arg;

    return write_limits(txn, l->work->self, &l->limits, l->target);
}

static struct err *not_enough(int64_t needed, int64_t available)
{
    char texts[2][32];

    snprintf(texts[0], sizeof(texts[0]), "%lld", (long long)needed);
    snprintf(texts[1], sizeof(texts[1]), "%lld", (long long)available);
    return err_HOST_NOT_ENOUGH_FREE_MEMORY(texts[0], texts[1]);
}

/* As much as it may have, if there is so much. */
static struct err *choose_target(struct live *l)
{
    const struct hv *hv = l->work->hv;
    const struct object *metrics = get_VM_metrics(l->work->self);
    int64_t has = metrics ? get_VM_metrics_memory_actual(metrics) : 0;
    struct hv_host host = {0};

    l->target = l->limits.dynamic_max;
    if (l->target <= has)
        return NULL;
    TRY(hv->host(hv, &host));
    if (host.memory_free < l->target - has)
        l->target = has + host.memory_free;
    return l->target < l->limits.dynamic_min
               ? not_enough(l->limits.dynamic_min - has, host.memory_free)
               : NULL;
}

static struct err *set_dynamic(struct job *j, void *arg)
{
    const struct ops_work *w = arg;
    struct live l = {.work = w, .limits = wanted_by(w->call, w->self)};

    TRY(check_order(&l.limits));
    l.target = l.limits.dynamic_max;
    if (vm_is_up(w->self)) {
        TRY(choose_target(&l));
        TRY(w->hv->set_memory(w->hv, (uint32_t)get_VM_domid(w->self),
                              l.target));
    }
    return job_commit(j, write_live, &l);
}

/* Without a hypervisor nothing runs. */
static struct err *change_dynamic(struct call *c)
{
    return c->server->hv
               ? ops_run(c, VM_operations_changing_dynamic_range,
                         &(const struct ops_body){.work = set_dynamic})
               : vm_change(c, VM_operations_changing_dynamic_range, set_limits);
}

static struct err *find_memory(struct job *j, const struct ops_work *w,
                               int64_t *ret)
{
    struct hv_domain *domains;
    size_t n;

    TRY(w->hv->list(w->hv, job_pool(j), &domains, &n));
    for (size_t i = 0; i < n; i++) {
        if (domains[i].domid != get_VM_domid(w->self))
            continue;
        *ret = domains[i].memory;
        return NULL;
    }
    return err_VM_BAD_POWER_STATE(object_ref(w->self), "running", "halted");
}

static struct err *await(struct job *j, void *arg)
{
    const struct ops_work *w = arg;
    int64_t target = get_VM_memory_target(w->self), memory = 0;
    double until = clock_now() + AWAIT_SECONDS;

    TRY(find_memory(j, w, &memory));
    while (llabs(memory - target) > target / AWAIT_SHARE) {
        if (clock_now() > until)
            return err_VM_MEMORY_TARGET_WAIT_TIMEOUT(NULL, 0);
        TRY(job_sleep(LOOK_SECONDS));
        TRY(find_memory(j, w, &memory));
    }
    return NULL;
}

/* ---- the calls ----------------------------------------------------------- */

/* clang-format off */
#define BODY(name_, run) CALL_BODY(VM, name_, run)
#define HALTED(name_, op) BODY(name_, vm_change(c, VM_operations_##op, set_limits))
#define LIVE(name_) BODY(name_, change_dynamic(c))

HALTED(set_memory_static_min, changing_static_range)
HALTED(set_memory_static_max, changing_static_range)
HALTED(set_memory_static_range, changing_static_range)
HALTED(set_memory_limits, changing_memory_limits)
HALTED(set_memory, changing_memory_limits)
LIVE(set_memory_dynamic_min)
LIVE(set_memory_dynamic_max)
LIVE(set_memory_dynamic_range)
BODY(wait_memory_target_live, ops_run(c, VM_operations_awaiting_memory_live,
                                      &(const struct ops_body){.work = await}))
/* clang-format on */

/* As the original: what was asked for is said by the dynamic range. */
struct err *VM_set_memory_target_live(
    struct call *c, const struct VM_set_memory_target_live_args *a)
{
    struct object *vm = NULL;

    (void)a;
    return call_object(c, 0, &vm);
}

/* ---- shadow page tables -------------------------------------------------- */

static struct err *check_multiplier(double multiplier)
{
    char text[32];

    if (multiplier >= 1 && multiplier <= MULTIPLIER_MAX)
        return NULL;
    snprintf(text, sizeof(text), "%g", multiplier);
    return err_INVALID_VALUE("HVM_shadow_multiplier", text);
}

static struct err *write_multiplier(struct txn *txn, struct object *vm,
                                    double multiplier)
{
    TRY(set_VM_HVM_shadow_multiplier(txn, vm, multiplier));
    return set_VM_memory_overhead(txn, vm, vm_memory_overhead(vm));
}

static struct err *set_multiplier(struct call *c, struct txn *txn,
                                  struct object *vm)
{
    TRY(check_multiplier(vm_arg(c, 1).d));
    return write_multiplier(txn, vm, vm_arg(c, 1).d);
}

static struct err *write_live_multiplier(struct txn *txn, void *arg)
{
    const struct ops_work *w = arg;

    return write_multiplier(txn, w->self, vm_arg(w->call, 1).d);
}

static struct err *set_live_multiplier(struct job *j, void *arg)
{
    struct ops_work *w = arg;
    int64_t max = get_VM_memory_static_max(w->self);
    int64_t wanted = plan_shadow(w->self, vm_arg(w->call, 1).d, max);
    int64_t more =
        wanted -
        plan_shadow(w->self, get_VM_HVM_shadow_multiplier(w->self), max);
    struct hv_host host = {0};

    TRY(w->hv->host(w->hv, &host));
    if (more > host.memory_free)
        return not_enough(more, host.memory_free);
    TRY(w->hv->set_shadow(w->hv, (uint32_t)get_VM_domid(w->self), wanted));
    return job_commit(j, write_live_multiplier, w);
}

struct err *VM_set_shadow_multiplier_live(
    struct call *c, const struct VM_set_shadow_multiplier_live_args *a)
{
    struct object *vm = NULL;

    TRY(check_multiplier(a->multiplier));
    TRY(call_object(c, 0, &vm));
    if (get_VM_domain_type(vm) == VM_domain_type_pv)
        return err_OPERATION_NOT_ALLOWED(
            "A PV guest has no shadow page tables.");
    return ops_run(c, VM_operations_changing_shadow_memory_live,
                   &(const struct ops_body){.work = set_live_multiplier});
}

struct err *VM_set_HVM_shadow_multiplier(
    struct call *c, const struct VM_set_HVM_shadow_multiplier_args *a)
{
    (void)a;
    return vm_change(c, VM_operations_changing_shadow_memory, set_multiplier);
}
