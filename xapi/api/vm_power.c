/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* api/vm_power: VMs start, pause and end. Each operation is a straight line in
 * a worker (job.h), on the hypervisor of hv.h; its steps are vm_domain.h's. */
#include <stdio.h>
#include <string.h>

#include "lib/clock.h"
#include "xapi/model/calls_gen.h"
#include "xapi/model/errors_gen.h"
#include "xapi/call/generic.h"
#include "xapi/hv/hv.h"
#include "xapi/ops/ops_queue.h"
#include "xapi/call/server.h"
#include "xapi/vm/vm_domain.h"

#define SHUTDOWN_SECONDS 1200
#define LOOK_SECONDS 0.1 /* between looks whether a guest has ended */

static uint32_t domid_of(const struct ops_work *w)
{
    return (uint32_t)get_VM_domid(w->self);
}

/* ---- up ------------------------------------------------------------------ */

static struct err *bring_up(struct job *j, const struct ops_work *w,
                            bool paused)
{
    TRY(vm_check_host(job_db(j), w->self, w->host));
    return vm_bring_up(j, w,
                       &(struct vm_up){.paused = paused, .news = "VM_STARTED"});
}

struct err *vm_do_start(struct job *j, void *arg)
{
    const struct ops_work *w = arg;

    return bring_up(j, w, vm_arg(w->call, 1).i);
}

/* There is one host to start on. */
static struct err *start_on(struct job *j, void *arg)
{
    const struct ops_work *w = arg;

    return bring_up(j, w, vm_arg(w->call, 2).i);
}

static struct err *write_paused(struct txn *txn, void *arg)
{
    const struct ops_work *w = arg;

    TRY(vm_set_paused(txn, w->self, true));
    return vm_tell(txn, w->self, "VM_PAUSED");
}

static struct err *pause_(struct job *j, void *arg)
{
    const struct ops_work *w = arg;

    TRY(w->hv->pause(w->hv, domid_of(w)));
    return job_commit(j, write_paused, arg);
}

static struct err *write_running(struct txn *txn, void *arg)
{
    const struct ops_work *w = arg;

    TRY(vm_set_paused(txn, w->self, false));
    return vm_tell(txn, w->self, "VM_UNPAUSED");
}

static struct err *unpause(struct job *j, void *arg)
{
    const struct ops_work *w = arg;

    TRY(w->hv->unpause(w->hv, domid_of(w)));
    return job_commit(j, write_running, arg);
}

/* ---- down ---------------------------------------------------------------- */

/* Asks the guest, and waits until it has ended. */
static struct err *ask_to_end(struct job *j, const struct ops_work *w,
                              enum hv_reason how)
{
    int64_t delay = get_VM_shutdown_delay(w->self);
    int64_t seconds = delay > 0 ? delay : SHUTDOWN_SECONDS;
    double begin = clock_now(), passed = 0;
    bool lives = true;
    char text[32];

    TRY(w->hv->shutdown(w->hv, domid_of(w), how));
    TRY(vm_lives(j, w->hv, domid_of(w), &lives));
    while (lives && passed < (double)seconds) {
        TRY(job_sleep(LOOK_SECONDS));
        TRY(vm_lives(j, w->hv, domid_of(w), &lives));
        passed = clock_now() - begin;
    }
    snprintf(text, sizeof(text), "%lld", (long long)seconds);
    return lives ? err_VM_SHUTDOWN_TIMEOUT(object_ref(w->self), text) : NULL;
}

static struct err *bring_down(struct job *j, const struct ops_work *w)
{
    return vm_bring_down(j, w, VM_power_state_Halted, "VM_SHUTDOWN");
}

struct err *vm_do_hard_shutdown(struct job *j, void *arg)
{
    return bring_down(j, arg);
}

struct err *vm_do_clean_shutdown(struct job *j, void *arg)
{
    TRY(ask_to_end(j, arg, HV_POWEROFF));
    return bring_down(j, arg);
}

/* What the guest does not do is done to it; only a cancel stops that. */
struct err *vm_do_shutdown(struct job *j, void *arg)
{
    const struct ops_work *w = arg;
    struct err *e = get_VM_power_state(w->self) == VM_power_state_Running
                        ? ask_to_end(j, w, HV_POWEROFF)
                        : NULL;

    if (e && err_is(e, &err_kind_interrupted))
        return e;
    if (e)
        err_drop(e, "it is shut down the hard way");
    return bring_down(j, w);
}

static struct err *hard_reboot(struct job *j, void *arg)
{
    return vm_renew(j, arg, "VM_REBOOTED");
}

static struct err *clean_reboot(struct job *j, void *arg)
{
    TRY(ask_to_end(j, arg, HV_REBOOT));
    return vm_renew(j, arg, "VM_REBOOTED");
}

/* ---- the calls ----------------------------------------------------------- */

/* clang-format off */
#define BODY(name_, work_, also_)                                          \
    CALL_BODY(VM, name_,                                                   \
              ops_run(c, VM_operations_##name_,                            \
                      &(const struct ops_body){.work = (work_),            \
                                               .also = (also_)}))

BODY(start, vm_do_start, vm_hold_devices)
BODY(pause, pause_, NULL)
BODY(unpause, unpause, NULL)
BODY(clean_shutdown, vm_do_clean_shutdown, NULL)
BODY(shutdown, vm_do_shutdown, NULL)
BODY(hard_shutdown, vm_do_hard_shutdown, NULL)
BODY(clean_reboot, clean_reboot, vm_hold_devices)
BODY(hard_reboot, hard_reboot, vm_hold_devices)
/* clang-format on */

struct err *VM_start_on(struct call *c, const struct VM_start_on_args *a)
{
    if (!db_find(c->db, &model_classes[CLASS_host], a->host))
        return db_no_object(&model_classes[CLASS_host], a->host);
    return ops_run(
        c, VM_operations_start_on,
        &(const struct ops_body){.work = start_on, .also = vm_hold_devices});
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
    return vm_bring_down(j, w, VM_power_state_Halted, NULL);
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
