/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vm_settle: the database and the host are brought to agree; guests that have
 * ended by themselves get what their VM wants of that. See vm_settle.h. */
#include <string.h>
#include <time.h>

#include "lib/log.h"
#include "xapi/vm/device.h"
#include "xapi/vm/network.h"
#include "xapi/net/pif.h"
#include "xapi/vm/vm_adopt.h"
#include "xapi/vm/vm_domain.h"
#include "xapi/vm/vm_guest.h"
#include "xapi/vm/vm_memory.h"
#include "xapi/vm/vm_move.h"
#include "xapi/vm/vm_settle.h"

/* ---- what a VM wants when its guest ends --------------------------------- */

enum fate {
    FATE_GONE,    /* it is halted */
    FATE_RESTART, /* another domain in its place */
    FATE_GO_ON,   /* it was not to end */
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
    case HV_SUSPEND: /* half of an operation that there is no more */
        return FATE_GO_ON;
    }
    return FATE_GONE;
}

static bool is_crash(enum hv_reason reason)
{
    return reason == HV_CRASH || reason == HV_WATCHDOG;
}

#define RESTART_SECONDS 10 /* between two starts of a guest that ends */
#define BOOT_SECONDS 180   /* until a guest has said what it has to say */

/* ---- what is wrong with one VM ------------------------------------------- */

struct settling {
    const struct ops_work *work;    /* self is the VM */
    const struct hv_domain *domain; /* or NULL */
    const struct hv_domain *twin;   /* another of the same uuid, or NULL */
};

enum verdict {
    AGREES,
    DIFFERS, /* the domain is fine, the record is not */
    LOST,    /* there is no domain any more */
    ENDED,   /* there is a dead one */
    DEBRIS,  /* half made, or dead and nobody's */
    TWOFOLD, /* it was moving from one domain to another */
    LANDING, /* it has moved, and waits */
};

/* The record knows of the domain. */
static bool is_known(const struct settling *s)
{
    return vm_is_up(s->work->self) &&
           get_VM_domid(s->work->self) == s->domain->domid;
}

/* Other toolstacks' guests move as well, and are theirs to watch. */
static bool is_arriving(const struct hv_domain *d)
{
    return d && d->name && text_has_suffix(d->name, HV_ARRIVING);
}

static enum verdict verdict_on(const struct settling *s)
{
    const struct object *vm = s->work->self;
    bool paused = get_VM_power_state(vm) == VM_power_state_Paused;

    if (get_VM_is_control_domain(vm) || vm_is_adopted(vm))
        return AGREES; /* vm_adopt's */
    if (!s->domain)
        return vm_is_up(vm) ? LOST : AGREES;
    if (vm_is_landing(vm) && is_known(s))
        return LANDING;
    if (is_arriving(s->twin))
        return TWOFOLD;
    if (!vm_is_up(vm) && s->domain->state != HV_RUNNING)
        return DEBRIS;
    if (s->domain->state == HV_SHUT)
        return paused && fate_of(vm, s->domain->reason) == FATE_STAY ? AGREES
                                                                     : ENDED;
    if (get_VM_suspend_VDI(vm)) /* who suspended it has died */
        return DIFFERS;
    return is_known(s) && paused == (s->domain->state == HV_PAUSED) ? AGREES
                                                                    : DIFFERS;
}

/* ---- what is done about it ----------------------------------------------- */

static struct err *write_here(struct txn *txn, void *arg)
{
    const struct settling *s = arg;
    struct object *vm = s->work->self;
    bool paused = s->domain->state == HV_PAUSED;

    return is_known(s)
               ? vm_set_paused(txn, vm, paused)
               : vm_set_up(txn, vm, s->work->host, s->domain->domid, paused);
}

/* Nobody waits for it to be suspended any more. */
static struct err *go_on(struct job *j, struct settling *s)
{
    const struct ops_work *w = s->work;
    struct hv_domain runs = *s->domain;
    struct settling now = {.work = w, .domain = &runs};

    runs.state = HV_RUNNING;
    TRY(w->hv->go_on(w->hv, runs.domid));
    TRY(job_commit(j, write_here, &now));
    return vm_memory_drop(j, w);
}

static struct err *write_crash(struct txn *txn, void *arg)
{
    const struct settling *s = arg;
    struct object *vm = s->work->self;

    TRY(vm_set_paused(txn, vm, true));
    return vm_tell(txn, vm, "VM_CRASHED");
}

/* Restarts are for who has nothing else to do. */
static struct err *bury(struct job *j, struct settling *s, bool restarts)
{
    const struct ops_work *w = s->work;
    bool crash = is_crash(s->domain->reason);

    if (!is_known(s))
        TRY(job_commit(j, write_here, s));
    switch (fate_of(w->self, s->domain->reason)) {
    case FATE_GONE:
        return vm_bring_down(j, w, VM_power_state_Halted,
                             crash ? "VM_CRASHED" : "VM_SHUTDOWN");
    case FATE_RESTART:
        return restarts ? vm_renew(j, w, crash ? "VM_CRASHED" : "VM_REBOOTED")
                        : NULL;
    case FATE_GO_ON:
        return go_on(j, s);
    case FATE_STAY:
        return job_commit(j, write_crash, s);
    }
    return NULL;
}

static struct err *clean(struct job *j, const struct settling *s)
{
    const struct hv *hv = s->work->hv;

    TRY(hv->destroy(hv, s->domain->domid));
    return vm_bring_down(j, s->work, get_VM_power_state(s->work->self), NULL);
}

/* One that was about to go on from its memory (it is paused until then) still
 * can. */
static struct err *lose(struct job *j, const struct ops_work *w)
{
    bool paused = get_VM_power_state(w->self) == VM_power_state_Paused;

    return paused && get_VM_suspend_VDI(w->self)
               ? vm_domain_gone(j, w, VM_power_state_Suspended, NULL)
               : vm_domain_gone(j, w, VM_power_state_Halted, "VM_SHUTDOWN");
}

static struct err *settle(struct job *j, struct settling *s, bool restarts);

/* The domain that the record does not know has not run. */
static struct err *drop_twin(struct job *j, const struct settling *s,
                             bool restarts)
{
    const struct hv *hv = s->work->hv;
    struct settling alone = {.work = s->work, .domain = s->domain};

    TRY(hv->destroy(hv, s->twin->domid));
    return settle(j, &alone, restarts);
}

static struct err *settle(struct job *j, struct settling *s, bool restarts)
{
    switch (verdict_on(s)) {
    case AGREES:
        return NULL;
    case DIFFERS:
        TRY(job_commit(j, write_here, s));
        return vm_memory_drop(j, s->work);
    case LOST:
        return lose(j, s->work);
    case ENDED:
        return bury(j, s, restarts);
    case DEBRIS:
        return clean(j, s);
    case TWOFOLD:
        return drop_twin(j, s, restarts);
    case LANDING:
        return vm_land(j, s->work, s->twin ? s->twin->domid : 0);
    }
    return NULL;
}

/* ---- all of them --------------------------------------------------------- */

struct domains {
    struct hv_domain *list;
    size_t n;
};

/* Of two domains the one its record knows is its own, or the first. */
static void find_domains(const struct domains *d, struct settling *s)
{
    const struct object *vm = s->work->self;

    s->domain = s->twin = NULL;
    for (size_t i = 0; i < d->n; i++) {
        const struct hv_domain *domain = &d->list[i];

        if (strcmp(domain->uuid, get_VM_uuid(vm)))
            continue;
        if (!s->domain || domain->domid == get_VM_domid(vm)) {
            s->twin = s->domain;
            s->domain = domain;
        } else {
            s->twin = domain;
        }
    }
}

/* FN for each VM that has a domain, or should have one. */
typedef void each_fn(struct job *j, struct settling *s, void *arg);
static void each_vm(struct job *j, const struct ops_work *all,
                    const struct domains *d, each_fn *fn, void *arg)
{
    const struct model_class *class = &model_classes[CLASS_VM];
    struct ops_work one = *all;
    struct settling s = {.work = &one};

    for (size_t i = 0; i < d->n; i++) {
        one.self = db_by_uuid(job_db(j), class, d->list[i].uuid);
        if (one.self)
            find_domains(d, &s);
        if (one.self && s.domain == &d->list[i])
            fn(j, &s, arg);
    }
    for (one.self = db_first(job_db(j), class); one.self;
         one.self = object_next(one.self)) {
        if (!vm_is_up(one.self))
            continue;
        find_domains(d, &s);
        if (!s.domain)
            fn(j, &s, arg);
    }
}

static struct err *settle_part(struct job *j, void *arg)
{
    return settle(j, arg, false);
}

/* One that cannot be settled does not keep the others from it. */
static void settle_next(struct job *j, struct settling *s, void *arg)
{
    AUTO_ERR struct err *e = job_part(j, settle_part, s);

    (void)arg;
    if (e)
        log_error("vm", "%s: %s", get_VM_uuid(s->work->self), err_text(e));
}

/* The bridges of VIFs that it was about to attach. */
static struct err *leave_networks(struct job *j, const struct ops_work *w)
{
    struct model_value vifs = get_VM_VIFs(w->self);

    for (unsigned i = 0; i < vifs.n; i++) {
        const struct object *vif =
            db_find(job_db(j), &model_classes[CLASS_VIF], vifs.keys[i].s);

        if (!get_VIF_currently_attached(vif))
            TRY(vif_release(j, w, vif));
    }
    return NULL;
}

static struct err *settle_one(struct job *j, const struct ops_work *w,
                              const struct domains *d)
{
    struct settling s = {.work = w};

    find_domains(d, &s);
    TRY(settle(j, &s, true));
    return leave_networks(j, w);
}

struct err *vm_settle(struct job *j, void *arg)
{
    const struct ops_work *w = arg;
    struct domains d;

    TRY(w->hv->list(w->hv, job_pool(j), &d.list, &d.n));
    if (w->self)
        return settle_one(j, w, &d);
    if (w->net)
        TRY(network_settle(j, w->net));
    each_vm(j, w, &d, settle_next, NULL);
    return vm_adopt(j, w, d.list, d.n);
}

/* ---- a look -------------------------------------------------------------- */

/* Seconds until a guest that ends again and again may be restarted, or 0. */
static double too_early(const struct settling *s)
{
    const struct object *metrics = get_VM_metrics(s->work->self);
    double lived;

    if (!metrics || fate_of(s->work->self, s->domain->reason) != FATE_RESTART)
        return 0;
    lived = difftime(time(NULL), get_VM_metrics_start_time(metrics));
    return lived >= 0 && lived < RESTART_SECONDS ? RESTART_SECONDS - lived : 0;
}

/* Seconds until it is worth a look again, or 0: what is done to a guest that
 * has ended by itself may end without having ended it. */
static double too_soon(const struct settling *s, enum verdict verdict)
{
    if (ops_current(s->work->self).n)
        return verdict == LOST ||
               (verdict == ENDED && s->domain->reason != HV_SUSPEND);
    return verdict == ENDED ? too_early(s) : 0;
}

static void look_at(struct job *j, struct settling *s, void *arg)
{
    enum verdict verdict = verdict_on(s);
    double wait = too_soon(s, verdict);

    (void)arg;
    if (verdict == AGREES || (!wait && ops_current(s->work->self).n))
        return;
    if (wait > 0)
        job_say(j, pool_printf(job_pool(j), VM_LOOK_AGAIN "%g", wait));
    else
        job_say(j, object_ref(s->work->self));
}

static struct err *write_sizes(struct txn *txn, const struct object *vm,
                               const struct hv_domain *domain)
{
    struct object *metrics = get_VM_metrics(vm);

    if (!metrics)
        return NULL;
    TRY(set_VM_metrics_memory_actual(txn, metrics, domain->memory));
    return set_VM_metrics_VCPUs_number(txn, metrics, domain->vcpus);
}

/* Of a guest that runs undisturbed. */
struct heard {
    struct object *vm;
    const struct hv_domain *domain;
    struct plan_pair *said;
    size_t n;
};

struct hearing {
    struct heard *list;
    size_t n;
    bool all;
};

static bool has_just_started(const struct object *vm)
{
    const struct object *metrics = get_VM_metrics(vm);

    return metrics && difftime(time(NULL), get_VM_metrics_start_time(metrics)) <
                          BOOT_SECONDS;
}

static void listen_to(struct job *j, struct settling *s, void *arg)
{
    struct hearing *h = arg;
    struct heard heard = {.vm = s->work->self, .domain = s->domain};
    const struct hv *hv = s->work->hv;
    struct err *e;

    if (verdict_on(s) != AGREES || !s->domain || s->domain->state == HV_SHUT ||
        vm_is_adopted(heard.vm) || !(h->all || has_just_started(heard.vm)))
        return;
    if (ops_current(heard.vm).n) {
        if (has_just_started(heard.vm))
            job_say(j, VM_LOOK_AGAIN "1");
        return;
    }
    e = hv->said(hv, s->domain->domid, job_pool(j), &heard.said, &heard.n);
    if (e)
        err_drop(e, "it has gone meanwhile");
    else
        *pool_push(job_pool(j), h->list, h->n) = heard;
}

static struct err *write_heard(struct txn *txn, void *arg)
{
    const struct hearing *h = arg;

    for (size_t i = 0; i < h->n; i++) {
        TRY(write_sizes(txn, h->list[i].vm, h->list[i].domain));
        TRY(vm_guest_write(txn, h->list[i].vm, h->list[i].said, h->list[i].n));
    }
    return NULL;
}

struct err *vm_look(struct job *j, void *arg)
{
    const struct vm_look *look = arg;
    const struct ops_work *w = &look->work;
    struct hearing h = {.all = look->all};
    struct pif_start pifs = {w->net, w->host};
    struct domains d;

    TRY(w->hv->list(w->hv, job_pool(j), &d.list, &d.n));
    each_vm(j, w, &d, look_at, NULL);
    each_vm(j, w, &d, listen_to, &h);
    TRY(job_commit(j, write_heard, &h));
    if (w->net)
        TRY(job_commit(j, pif_measure, &pifs));
    return vm_adopt(j, w, d.list, d.n);
}
