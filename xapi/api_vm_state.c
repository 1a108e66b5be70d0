/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* api_vm_state: what a VM's record says of the domain it is, or is not any
 * more; and how the two are brought to agree. */
#include <string.h>
#include <time.h>

#include "xapi/console.h"
#include "xapi/hv.h"
#include "xapi/ops_queue.h"

/* ---- down ---------------------------------------------------------------- */

/* FLAG of every device in the set FIELD is false. */
static struct err *detach(struct txn *txn, const struct object *vm,
                          unsigned field, unsigned flag)
{
    struct model_value refs = object_get(vm, &model_fields[field]);

    for (unsigned i = 0; i < refs.n; i++)
        TRY(txn_set(
            txn, db_find(txn_db(txn), model_fields[flag].class, refs.keys[i].s),
            &model_fields[flag], DATUM_BOOL(false)));
    return NULL;
}

struct err *vm_set_down(struct txn *txn, struct object *vm,
                        enum VM_power_state state)
{
    console_drop(txn, vm);
    TRY(detach(txn, vm, VM_VBDs, VBD_currently_attached));
    TRY(detach(txn, vm, VM_VIFs, VIF_currently_attached));
    TRY(detach(txn, vm, VM_VUSBs, VUSB_currently_attached));
    TRY(detach(txn, vm, VM_VGPUs, VGPU_currently_attached));
    TRY(set_VM_resident_on(txn, vm, NULL));
    TRY(set_VM_scheduled_to_be_resident_on(txn, vm, NULL));
    TRY(set_VM_domid(txn, vm, -1));
    TRY(set_VM_requires_reboot(txn, vm, false));
    return set_VM_power_state(txn, vm, state);
}

/* ---- up ------------------------------------------------------------------ */

static struct err *measure(struct txn *txn, const struct object *vm)
{
    struct object *metrics = get_VM_metrics(vm);

    if (!metrics)
        return NULL;
    TRY(set_VM_metrics_start_time(txn, metrics, time(NULL)));
    TRY(set_VM_metrics_VCPUs_number(txn, metrics, get_VM_VCPUs_at_startup(vm)));
    TRY(set_VM_metrics_memory_actual(txn, metrics,
                                     get_VM_memory_dynamic_max(vm)));
    TRY(set_VM_metrics_hvm(txn, metrics,
                           get_VM_domain_type(vm) == VM_domain_type_hvm));
    return set_VM_metrics_current_domain_type(txn, metrics,
                                              get_VM_domain_type(vm));
}

struct err *vm_set_up(struct txn *txn, struct object *vm, struct object *host,
                      uint32_t domid, bool paused)
{
    if (domid != (uint32_t)get_VM_domid(vm))
        TRY(measure(txn, vm));
    TRY(console_make(txn, vm, host));
    TRY(set_VM_domid(txn, vm, domid));
    TRY(set_VM_resident_on(txn, vm, host));
    TRY(set_VM_scheduled_to_be_resident_on(txn, vm, NULL));
    return set_VM_power_state(
        txn, vm, paused ? VM_power_state_Paused : VM_power_state_Running);
}

/* ---- to agree ------------------------------------------------------------ */

struct settling {
    const struct ops_work *work;
    struct hv_domain *domains;
    size_t n;
};

static const struct hv_domain *domain_of(const struct settling *s,
                                         const struct object *vm)
{
    for (size_t i = 0; i < s->n; i++)
        if (!strcmp(s->domains[i].uuid, get_VM_uuid(vm)))
            return &s->domains[i];
    return NULL;
}

static bool is_up(const struct object *vm)
{
    return get_VM_power_state(vm) == VM_power_state_Running ||
           get_VM_power_state(vm) == VM_power_state_Paused;
}

/* Half-made, or ended with nobody there to see it. */
static bool is_left(const struct object *vm, const struct hv_domain *domain)
{
    return domain->state == HV_SHUT ||
           (domain->state == HV_PAUSED && !is_up(vm));
}

static struct err *settle_one(struct txn *txn, struct object *vm,
                              const struct settling *s)
{
    const struct hv_domain *domain = domain_of(s, vm);

    if (get_VM_is_control_domain(vm))
        return NULL;
    if (domain && !is_left(vm, domain))
        TRY(vm_set_up(txn, vm, s->work->host, domain->domid,
                      domain->state == HV_PAUSED));
    else if (is_up(vm))
        TRY(vm_set_down(txn, vm, VM_power_state_Halted));
    return ops_update(txn, vm);
}

static struct err *write_settled(struct txn *txn, void *arg)
{
    const struct settling *s = arg;
    struct object *vm = db_first(txn_db(txn), &model_classes[CLASS_VM]);

    if (s->work->self)
        return settle_one(txn, s->work->self, s);
    for (; vm; vm = object_next(vm))
        TRY(settle_one(txn, vm, s));
    return NULL;
}

static struct err *destroy_left(struct job *j, const struct settling *s)
{
    const struct hv *hv = s->work->hv;

    for (size_t i = 0; i < s->n; i++) {
        const struct object *vm =
            db_by_uuid(job_db(j), &model_classes[CLASS_VM], s->domains[i].uuid);

        if (vm && (!s->work->self || vm == s->work->self) &&
            is_left(vm, &s->domains[i]))
            TRY(hv->destroy(hv, s->domains[i].domid));
    }
    return NULL;
}

struct err *vm_settle(struct job *j, void *arg)
{
    struct settling s = {.work = arg};

    TRY(s.work->hv->list(s.work->hv, job_pool(j), &s.domains, &s.n));
    TRY(destroy_left(j, &s));
    return job_commit(j, write_settled, &s);
}
