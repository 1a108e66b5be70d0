/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vm_adopt: see vm_adopt.h. */
#include "xapi/vm/vm_adopt.h"

#include <string.h>
#include <time.h>

#include "xapi/vm/vm.h"
#include "xapi/vm/console.h"
#include "xapi/vm/vm_settle.h"
#include "xapi/host_about.h"

struct adopting {
    struct job *job;
    const struct ops_work *work;
    const struct hv_domain *domains;
    size_t n;
    bool has_host;
    struct hv_host host;
};

bool vm_is_adopted(const struct object *vm)
{
    return datum_map_get(get_VM_other_config(vm), VM_ADOPTED);
}

/* ---- sizes --------------------------------------------------------------- */

static struct err *set_sizes(struct txn *txn, struct object *vm,
                             const struct hv_domain *d)
{
    struct object *metrics = get_VM_metrics(vm);

    TRY(set_VM_memory_static_max(txn, vm, d->memory));
    TRY(set_VM_memory_dynamic_max(txn, vm, d->memory));
    TRY(set_VM_memory_dynamic_min(txn, vm, d->memory));
    TRY(set_VM_memory_target(txn, vm, d->memory));
    TRY(set_VM_VCPUs_max(txn, vm, d->vcpus));
    TRY(set_VM_VCPUs_at_startup(txn, vm, d->vcpus));
    TRY(set_VM_metrics_memory_actual(txn, metrics, d->memory));
    return set_VM_metrics_VCPUs_number(txn, metrics, d->vcpus);
}

static struct err *set_place(struct txn *txn, struct object *vm,
                             const struct adopting *a,
                             const struct hv_domain *d)
{
    static const enum VM_power_state states[] = {
        [HV_PAUSED] = VM_power_state_Paused,
        [HV_RUNNING] = VM_power_state_Running,
        [HV_SHUT] = VM_power_state_Halted,
    };

    TRY(set_VM_domid(txn, vm, d->domid));
    TRY(set_VM_resident_on(txn, vm, a->work->host));
    TRY(set_VM_power_state(txn, vm, states[d->state]));
    return ops_update(txn, vm);
}

/* ---- domains of others --------------------------------------------------- */

/* All that would have to know how the domain was made. */
static struct err *block_operations(struct txn *txn, struct object *vm)
{
    static const enum VM_operations free_ones[] = {
        VM_operations_pause,
        VM_operations_unpause,
        VM_operations_clean_shutdown,
        VM_operations_hard_shutdown,
        VM_operations_shutdown,
        VM_operations_power_state_reset,
        VM_operations_destroy,
        VM_operations_assert_operation_valid,
        VM_operations_update_allowed_operations,
    };
    const struct model_enum *all =
        model_fields[VM_allowed_operations].type->item->enum_;

    for (unsigned op = 0; op < all->n_values; op++) {
        bool is_free = false;

        for (size_t i = 0; i < ARRAY_LEN(free_ones) && !is_free; i++)
            is_free = free_ones[i] == op;
        if (!is_free)
            TRY(add_to_VM_blocked_operations(txn, vm, (enum VM_operations)op,
                                             "FOREIGN_DOMAIN"));
    }
    return NULL;
}

static enum VM_domain_type type_of(const struct hv_domain *d)
{
    const struct model_enum *types = model_fields[VM_domain_type].type->enum_;

    for (unsigned i = 0; d->type && i < types->n_values; i++)
        if (!strcmp(types->values[i], d->type))
            return (enum VM_domain_type)i;
    return VM_domain_type_unspecified;
}

static struct err *adopt_one(struct txn *txn, const struct adopting *a,
                             const struct hv_domain *d)
{
    struct object *vm;

    TRY(txn_create(txn, &model_classes[CLASS_VM], NULL, d->uuid, &vm));
    TRY(set_VM_name_label(txn, vm, d->name));
    TRY(set_VM_name_description(
        txn, vm, "Not made here: a domain of another toolstack (xl)."));
    TRY(add_to_VM_other_config(txn, vm, VM_ADOPTED, "true"));
    TRY(set_VM_domain_type(txn, vm, type_of(d)));
    TRY(vm_complete(txn, vm));
    TRY(block_operations(txn, vm));
    TRY(set_VM_metrics_current_domain_type(txn, get_VM_metrics(vm),
                                           get_VM_domain_type(vm)));
    TRY(set_VM_metrics_hvm(txn, get_VM_metrics(vm),
                           get_VM_domain_type(vm) == VM_domain_type_hvm));
    TRY(set_sizes(txn, vm, d));
    TRY(console_make(txn, vm, a->work->host));
    return set_place(txn, vm, a, d);
}

static const struct hv_domain *domain_of(const struct adopting *a,
                                         const struct object *vm)
{
    for (size_t i = 0; i < a->n; i++)
        if (!strcmp(a->domains[i].uuid, get_VM_uuid(vm)))
            return &a->domains[i];
    return NULL;
}

static struct err *follow_one(struct txn *txn, const struct adopting *a,
                              struct object *vm)
{
    const struct hv_domain *d = domain_of(a, vm);

    if (ops_current(vm).n) {
        if (!d)
            job_say(a->job, VM_LOOK_AGAIN "1");
        return NULL;
    }
    if (!d)
        return vm_remove(txn, vm);
    if (d->name)
        TRY(set_VM_name_label(txn, vm, d->name));
    TRY(set_sizes(txn, vm, d));
    return set_place(txn, vm, a, d);
}

/* One without a name is only just being made; one that has ended is not
 * interesting any more. */
static struct err *adopt_all(struct txn *txn, const struct adopting *a)
{
    const struct model_class *class = &model_classes[CLASS_VM];
    struct object *vm = db_first(txn_db(txn), class), *next;

    for (; vm; vm = next) {
        next = object_next(vm);
        if (vm_is_adopted(vm))
            TRY(follow_one(txn, a, vm));
    }
    for (size_t i = 0; i < a->n; i++)
        if (a->domains[i].name && a->domains[i].state != HV_SHUT &&
            !db_by_uuid(txn_db(txn), class, a->domains[i].uuid))
            TRY(adopt_one(txn, a, &a->domains[i]));
    return NULL;
}

/* ---- Dom0 and the machine ------------------------------------------------ */

static struct err *make_control(struct txn *txn, struct object *host,
                                struct object **ret)
{
    AUTO_POOL struct pool *p = pool_new();

    TRY(txn_create(txn, &model_classes[CLASS_VM], NULL, NULL, ret));
    TRY(set_VM_is_control_domain(txn, *ret, true));
    TRY(set_VM_name_label(txn, *ret,
                          pool_printf(p, "Control domain on host: %s",
                                      get_host_name_label(host))));
    TRY(set_VM_name_description(txn, *ret,
                                "The domain which manages the others."));
    TRY(set_VM_domain_type(txn, *ret, VM_domain_type_pv));
    TRY(vm_complete(txn, *ret));
    return set_host_control_domain(txn, host, *ret);
}

static struct err *set_host(struct txn *txn, const struct adopting *a)
{
    struct object *host = a->work->host;
    struct object *control = get_host_control_domain(host);
    struct object *metrics = get_host_metrics(host);

    if (a->host.has_control && !control)
        TRY(make_control(txn, host, &control));
    if (a->host.has_control) {
        TRY(set_sizes(txn, control, &a->host.control));
        TRY(set_place(txn, control, a, &a->host.control));
    }
    TRY(host_describe_machine(txn, host, a->host.cpus, a->host.sockets,
                              a->host.cpu_mhz));
    if (get_host_metrics_memory_total(metrics) != a->host.memory_total ||
        get_host_metrics_memory_free(metrics) != a->host.memory_free)
        TRY(set_host_metrics_last_updated(txn, metrics, time(NULL)));
    TRY(set_host_metrics_memory_total(txn, metrics, a->host.memory_total));
    return set_host_metrics_memory_free(txn, metrics, a->host.memory_free);
}

/* ---- all of it ----------------------------------------------------------- */

static struct err *write_adopted(struct txn *txn, void *arg)
{
    const struct adopting *a = arg;

    TRY(adopt_all(txn, a));
    return a->has_host ? set_host(txn, a) : NULL;
}

struct err *vm_adopt(struct job *j, const struct ops_work *work,
                     const struct hv_domain *domains, size_t n)
{
    struct adopting a = {.job = j,
                         .work = work,
                         .domains = domains,
                         .n = n,
                         .has_host = work->hv->host};

    if (a.has_host)
        TRY(work->hv->host(work->hv, &a.host));
    return job_commit(j, write_adopted, &a);
}
