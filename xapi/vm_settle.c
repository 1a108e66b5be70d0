/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vm_settle: the database and the host are brought to agree; guests that have
 * ended by themselves get what their VM wants of that. See api_vm.h. */
#include <string.h>

#include "lib/log.h"
#include "xapi/hv.h"
#include "xapi/vm_adopt.h"
#include "xapi/vm_domain.h"
#include "xapi/vm_memory.h"

/* ---- what a VM wants when its guest ends --------------------------------- */

enum fate {
    FATE_GONE,    /* it is halted */
    FATE_RESTART, /* another domain in its place */
    FATE_STAY,    /* the dead domain is left as it is, for who looks into it */
};

static enum fate normal(enum VM_on_normal_exit action)
{
    return action == VM_on_normal_exit_restart ? FATE_RESTART : FATE_GONE;
}

/* Dumps are not made. Xen knows a VM's domain by its uuid, so that of two of
 * them the old one goes. */
static enum fate after_crash(enum VM_on_crash_behaviour action)
{
    switch (action) {
    case VM_on_crash_behaviour_restart:
    case VM_on_crash_behaviour_coredump_and_restart:
    case VM_on_crash_behaviour_rename_restart:
        return FATE_RESTART;
    case VM_on_crash_behaviour_preserve:
        return FATE_STAY;
    case VM_on_crash_behaviour_destroy:
    case VM_on_crash_behaviour_coredump_and_destroy:
        return FATE_GONE;
    }
    return FATE_GONE;
}

/* Another kernel starts in a new domain, as after a reboot. */
static enum fate after_soft_reset(enum VM_on_softreboot_behavior action)
{
    switch (action) {
    case VM_on_softreboot_behavior_soft_reboot:
    case VM_on_softreboot_behavior_restart:
        return FATE_RESTART;
    case VM_on_softreboot_behavior_preserve:
        return FATE_STAY;
    case VM_on_softreboot_behavior_destroy:
        return FATE_GONE;
    }
    return FATE_GONE;
}

static enum fate fate_of(const struct object *vm, enum hv_reason reason)
{
    switch (reason) {
    case HV_POWEROFF:
        return normal(get_VM_actions_after_shutdown(vm));
    case HV_REBOOT:
        return normal(get_VM_actions_after_reboot(vm));
    case HV_CRASH:
    case HV_WATCHDOG:
        return after_crash(get_VM_actions_after_crash(vm));
    case HV_SOFT_RESET:
        return after_soft_reset(get_VM_actions_after_softreboot(vm));
    case HV_SUSPEND: /* half of an operation */
        return FATE_GONE;
    }
    return FATE_GONE;
}

static bool is_crash(enum hv_reason reason)
{
    return reason == HV_CRASH || reason == HV_WATCHDOG;
}

/* ---- one VM -------------------------------------------------------------- */

struct settling {
    const struct ops_work *work; /* self is the VM */
    const struct hv_domain *domain;
    bool known; /* the record says so already */
};

static struct err *write_here(struct txn *txn, void *arg)
{
    const struct settling *s = arg;
    struct object *vm = s->work->self;
    bool paused = s->domain->state == HV_PAUSED;

    TRY(s->known ? vm_set_paused(txn, vm, paused)
                 : vm_set_up(txn, vm, s->work->host, s->domain->domid, paused));
    return ops_update(txn, vm);
}

static struct err *write_crash(struct txn *txn, void *arg)
{
    const struct settling *s = arg;
    struct object *vm = s->work->self;

    TRY(vm_set_paused(txn, vm, true));
    TRY(vm_tell(txn, vm, "VM_CRASHED"));
    return ops_update(txn, vm);
}

/* The guest has ended, and a dead domain is left. */
static struct err *bury(struct job *j, struct settling *s, bool restarts)
{
    const struct ops_work *w = s->work;
    bool crash = is_crash(s->domain->reason);
    bool paused = get_VM_power_state(w->self) == VM_power_state_Paused;

    switch (fate_of(w->self, s->domain->reason)) {
    case FATE_GONE:
        return vm_bring_down(j, w, VM_power_state_Halted,
                             crash ? "VM_CRASHED" : "VM_SHUTDOWN");
    case FATE_RESTART:
        return restarts ? vm_renew(j, w, crash ? "VM_CRASHED" : "VM_REBOOTED")
                        : NULL;
    case FATE_STAY:
        return paused ? NULL : job_commit(j, write_crash, s);
    }
    return NULL;
}

/* What has not run and is nobody's, or is dead and nobody's, was half made. */
static bool is_debris(const struct object *vm, const struct hv_domain *domain)
{
    return !vm_is_up(vm) && domain->state != HV_RUNNING;
}

static struct err *clean(struct job *j, const struct settling *s)
{
    const struct hv *hv = s->work->hv;

    TRY(hv->destroy(hv, s->domain->domid));
    return vm_bring_down(j, s->work, get_VM_power_state(s->work->self), NULL);
}

static bool says_so(const struct settling *s)
{
    const struct object *vm = s->work->self;
    bool paused = get_VM_power_state(vm) == VM_power_state_Paused;

    return s->known && (s->domain->state == HV_SHUT ||
                        paused == (s->domain->state == HV_PAUSED));
}

static struct err *settle(struct job *j, struct settling *s, bool restarts)
{
    const struct object *vm = s->work->self;

    if (get_VM_is_control_domain(vm) || vm_is_adopted(vm))
        return NULL; /* vm_adopt's */
    if (!s->domain)
        return vm_is_up(vm) ? vm_domain_gone(j, s->work, VM_power_state_Halted,
                                             "VM_SHUTDOWN")
                            : NULL;
    if (is_debris(vm, s->domain))
        return clean(j, s);
    s->known = vm_is_up(vm) && get_VM_domid(vm) == s->domain->domid;
    if (!says_so(s))
        TRY(job_commit(j, write_here, s));
    if (s->domain->state == HV_SHUT)
        return bury(j, s, restarts);
    return vm_memory_drop(j, s->work); /* who suspended it has died */
}

/* ---- all of them --------------------------------------------------------- */

static const struct hv_domain *domain_of(const struct hv_domain *domains,
                                         size_t n, const struct object *vm)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp(domains[i].uuid, get_VM_uuid(vm)))
            return &domains[i];
    return NULL;
}

static struct err *settle_one(struct job *j, const struct ops_work *all,
                              struct object *vm, const struct hv_domain *domain)
{
    struct ops_work one = *all;

    one.self = vm;
    return settle(j, &(struct settling){.work = &one, .domain = domain},
                  all->self);
}

/* One that cannot be settled does not keep the others from it. */
static void settle_next(struct job *j, const struct ops_work *all,
                        struct object *vm, const struct hv_domain *domain)
{
    AUTO_ERR struct err *e = settle_one(j, all, vm, domain);

    if (e)
        log_error("vm", "%s: %s", get_VM_uuid(vm), err_text(e));
}

static void settle_all(struct job *j, const struct ops_work *w,
                       const struct hv_domain *domains, size_t n)
{
    const struct model_class *class = &model_classes[CLASS_VM];

    for (size_t i = 0; i < n; i++) {
        struct object *vm = db_by_uuid(job_db(j), class, domains[i].uuid);

        if (vm)
            settle_next(j, w, vm, &domains[i]);
    }
    for (struct object *vm = db_first(job_db(j), class); vm;
         vm = object_next(vm))
        if (vm_is_up(vm) && !domain_of(domains, n, vm))
            settle_next(j, w, vm, NULL);
}

struct err *vm_settle(struct job *j, void *arg)
{
    const struct ops_work *w = arg;
    struct hv_domain *domains;
    size_t n;

    TRY(w->hv->list(w->hv, job_pool(j), &domains, &n));
    if (w->self)
        return settle_one(j, w, w->self, domain_of(domains, n, w->self));
    settle_all(j, w, domains, n);
    return vm_adopt(j, w, domains, n);
}
