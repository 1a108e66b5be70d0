/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* api_vm_power: VMs start, pause and end. Each operation is a straight line in
 * a worker (job.h), on the hypervisor of hv.h. */
#include <stdio.h>
#include <string.h>

#include "lib/clock.h"
#include "xapi/calls_gen.h"
#include "xapi/errors_gen.h"
#include "xapi/generic.h"
#include "xapi/hv.h"
#include "xapi/ops_queue.h"
#include "xapi/plan.h"
#include "xapi/server.h"

#define SHUTDOWN_SECONDS 1200
#define LOOK_SECONDS 0.1 /* between looks whether a guest has ended */

/* A domain, for undoing and writing. */
struct domain {
    struct job *job;
    const struct ops_work *work;
    uint32_t domid;
    enum VM_power_state state;
};

static struct domain *domain_of(struct job *j, const struct ops_work *w)
{
    struct domain *d = pool_new_of(job_pool(j), struct domain);

    *d = (struct domain){
        .job = j, .work = w, .domid = (uint32_t)get_VM_domid(w->self)};
    return d;
}

static struct err *undo_create(void *arg)
{
    const struct domain *d = arg;

    return d->work->hv->destroy(d->work->hv, d->domid);
}

/* ---- what is written ----------------------------------------------------- */

static struct err *write_up(struct txn *txn, void *arg)
{
    const struct domain *d = arg;
    struct object *vm = d->work->self;
    bool keep = !strcmp(get_VM_ha_restart_priority(vm), "restart");

    TRY(set_VM_ha_always_run(txn, vm, keep));
    return vm_set_up(txn, vm, d->work->host, d->domid,
                     d->state == VM_power_state_Paused);
}

static struct err *write_down(struct txn *txn, void *arg)
{
    const struct domain *d = arg;

    TRY(set_VM_ha_always_run(txn, d->work->self, false));
    return vm_set_down(txn, d->work->self, VM_power_state_Halted);
}

static struct err *write_state(struct txn *txn, void *arg)
{
    const struct domain *d = arg;

    return set_VM_power_state(txn, d->work->self, d->state);
}

static struct err *undo_up(void *arg)
{
    const struct domain *d = arg;

    return job_commit(d->job, write_down, arg);
}

/* ---- up ------------------------------------------------------------------ */

/* A new domain, running unless it is to be PAUSED. */
static struct err *bring_up(struct job *j, const struct ops_work *w,
                            bool paused)
{
    struct domain *d = domain_of(j, w);
    struct plan plan;

    plan_make(job_pool(j), w->self, &plan);
    TRY(w->hv->create(w->hv, &plan, &d->domid));
    job_undo(j, undo_create, d);
    job_progress(j, 0.5);
    if (!paused)
        TRY(w->hv->unpause(w->hv, d->domid));
    job_progress(j, 0.9);
    d->state = paused ? VM_power_state_Paused : VM_power_state_Running;
    return job_commit(j, write_up, d);
}

static struct err *start(struct job *j, void *arg)
{
    const struct ops_work *w = arg;

    TRY(vm_check_host(w->self, w->host));
    return bring_up(j, w, vm_arg(w->call, 1).i);
}

/* There is one host to start on. */
static struct err *start_on(struct job *j, void *arg)
{
    const struct ops_work *w = arg;

    TRY(vm_check_host(w->self, w->host));
    return bring_up(j, w, vm_arg(w->call, 2).i);
}

static struct err *pause_(struct job *j, void *arg)
{
    const struct ops_work *w = arg;
    struct domain *d = domain_of(j, w);

    TRY(w->hv->pause(w->hv, d->domid));
    d->state = VM_power_state_Paused;
    return job_commit(j, write_state, d);
}

static struct err *unpause(struct job *j, void *arg)
{
    const struct ops_work *w = arg;
    struct domain *d = domain_of(j, w);

    TRY(w->hv->unpause(w->hv, d->domid));
    d->state = VM_power_state_Running;
    return job_commit(j, write_state, d);
}

/* ---- down ---------------------------------------------------------------- */

static struct err *has_ended(struct job *j, const struct domain *d, bool *ret)
{
    struct hv_domain *domains;
    size_t n;

    TRY(d->work->hv->list(d->work->hv, job_pool(j), &domains, &n));
    *ret = true;
    for (size_t i = 0; i < n; i++)
        if (domains[i].domid == d->domid)
            *ret = domains[i].state == HV_SHUT;
    return NULL;
}

/* Asks the guest, and waits until it has ended. */
static struct err *ask_to_end(struct job *j, const struct domain *d)
{
    const struct ops_work *w = d->work;
    int64_t delay = get_VM_shutdown_delay(w->self);
    int64_t seconds = delay > 0 ? delay : SHUTDOWN_SECONDS;
    double begin = clock_now(), passed = 0;
    bool ended = false;
    char text[32];

    TRY(w->hv->shutdown(w->hv, d->domid, HV_POWEROFF));
    TRY(has_ended(j, d, &ended));
    while (!ended && passed < (double)seconds) {
        TRY(job_sleep(LOOK_SECONDS));
        TRY(has_ended(j, d, &ended));
        passed = clock_now() - begin;
    }
    snprintf(text, sizeof(text), "%lld", (long long)seconds);
    return ended ? NULL : err_VM_SHUTDOWN_TIMEOUT(object_ref(w->self), text);
}

static struct err *bring_down(struct job *j, struct domain *d)
{
    if (get_VM_power_state(d->work->self) != VM_power_state_Suspended)
        TRY(d->work->hv->destroy(d->work->hv, d->domid));
    return job_commit(j, write_down, d);
}

static struct err *hard_shutdown(struct job *j, void *arg)
{
    return bring_down(j, domain_of(j, arg));
}

static struct err *clean_shutdown(struct job *j, void *arg)
{
    struct domain *d = domain_of(j, arg);

    TRY(ask_to_end(j, d));
    return bring_down(j, d);
}

/* What the guest does not do is done to it; only a cancel stops that. */
static struct err *shutdown_(struct job *j, void *arg)
{
    const struct ops_work *w = arg;
    struct domain *d = domain_of(j, arg);
    struct err *e = get_VM_power_state(w->self) == VM_power_state_Running
                        ? ask_to_end(j, d)
                        : NULL;

    if (e && err_is(e, &err_kind_interrupted))
        return e;
    if (e)
        err_drop(e, "it is shut down the hard way");
    return bring_down(j, d);
}

/* Between the old domain and the new one it is halted, if that is the end. */
static struct err *renew(struct job *j, struct domain *d)
{
    TRY(d->work->hv->destroy(d->work->hv, d->domid));
    job_undo(j, undo_up, d);
    return bring_up(j, d->work, false);
}

static struct err *hard_reboot(struct job *j, void *arg)
{
    return renew(j, domain_of(j, arg));
}

static struct err *clean_reboot(struct job *j, void *arg)
{
    struct domain *d = domain_of(j, arg);

    TRY(ask_to_end(j, d));
    return renew(j, d);
}

/* ---- the calls ----------------------------------------------------------- */

/* clang-format off */
#define BODY(name_, work_)                                                 \
    struct err *VM_##name_(struct call *c,                                 \
                           const struct VM_##name_##_args *a)              \
    {                                                                      \
        (void)a;                                                           \
        return ops_run(c, VM_operations_##name_,                           \
                       &(const struct ops_body){.work = (work_)});         \
    }

BODY(start, start)
BODY(pause, pause_)
BODY(unpause, unpause)
BODY(clean_shutdown, clean_shutdown)
BODY(shutdown, shutdown_)
BODY(hard_shutdown, hard_shutdown)
BODY(clean_reboot, clean_reboot)
BODY(hard_reboot, hard_reboot)
/* clang-format on */

struct err *VM_start_on(struct call *c, const struct VM_start_on_args *a)
{
    if (!db_find(c->db, &model_classes[CLASS_host], a->host))
        return db_no_object(&model_classes[CLASS_host], a->host);
    return ops_run(c, VM_operations_start_on,
                   &(const struct ops_body){.work = start_on});
}

/* ---- a state that is not true -------------------------------------------- */

static struct err *write_reset(struct call *c, struct txn *txn,
                               struct object *vm)
{
    (void)c;
    return vm_set_down(txn, vm, VM_power_state_Halted);
}

static struct err *reset(struct job *j, void *arg)
{
    struct domain *d = domain_of(j, arg);
    const struct ops_work *w = arg;
    struct hv_domain *domains;
    char text[16];
    size_t n;

    TRY(w->hv->list(w->hv, job_pool(j), &domains, &n));
    for (size_t i = 0; i < n; i++) {
        if (strcmp(domains[i].uuid, get_VM_uuid(w->self)))
            continue;
        snprintf(text, sizeof(text), "%u", domains[i].domid);
        return err_DOMAIN_EXISTS(object_ref(w->self), text);
    }
    return job_commit(j, write_down, d);
}

/* Without a hypervisor there can be no domain. */
struct err *VM_power_state_reset(struct call *c,
                                 const struct VM_power_state_reset_args *a)
{
    struct object *vm = NULL;

    (void)a;
    TRY(call_object(c, 0, &vm));
    if (get_VM_is_control_domain(vm))
        return err_CANNOT_RESET_CONTROL_DOMAIN(object_ref(vm));
    if (!c->server->hv)
        return vm_change(c, VM_operations_power_state_reset, write_reset);
    return ops_run(c, VM_operations_power_state_reset,
                   &(const struct ops_body){.work = reset});
}
