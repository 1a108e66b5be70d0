/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* api/vm_migrate: guests that move while they run. There is one host, so where
 * they move to is where they are: into another domain of it. */
#include <stdio.h>

#include "xapi/model/calls_gen.h"
#include "xapi/model/errors_gen.h"
#include "xapi/call/generic.h"
#include "xapi/hv/hv.h"
#include "xapi/vm/vm_domain.h"
#include "xapi/vm/vm_move.h"

#define OPTIONS 2 /* argument of pool_migrate */

/* What is not said is false. */
static struct err *option(const struct call *c, const char *name, bool *ret)
{
    const char *said = datum_map_get(c->args[OPTIONS], name);

    *ret = text_eq(said, "true") || text_eq(said, "1");
    if (!said || *ret || text_eq(said, "false") || text_eq(said, "0"))
        return NULL;
    return err_INVALID_VALUE(name, said);
}

/* For a while the guest's memory is there twice; Dom0's may be freed for it.
 */
static struct err *check_room(const struct ops_work *w)
{
    int64_t needed =
        get_VM_memory_target(w->self) + vm_memory_overhead(w->self);
    struct hv_host host = {0};
    char texts[2][32];

    if (!w->hv->host)
        return NULL;
    TRY(w->hv->host(w->hv, &host));
    if (needed <= host.memory_free + host.control.memory)
        return NULL;
    snprintf(texts[0], sizeof(texts[0]), "%lld", (long long)needed);
    snprintf(texts[1], sizeof(texts[1]), "%lld", (long long)host.memory_free);
    return err_HOST_NOT_ENOUGH_FREE_MEMORY(texts[0], texts[1]);
}

static struct err *migrate(struct job *j, void *arg)
{
    const struct ops_work *w = arg;
    bool live = false;

    TRY(option(w->call, "live", &live));
    TRY(vm_check_host(job_db(j), w->self, w->host));
    TRY(check_room(w));
    return vm_move(j, w, live);
}

static void hold(const struct call *c, const struct object *vm,
                 struct ops_more *more)
{
    ops_hold(more, db_find(c->db, &model_classes[CLASS_host], vm_arg(c, 1).s),
             host_allowed_operations_vm_migrate);
    vm_hold_devices(c, vm, more);
}

/* The processors are the same ones, and memory goes by no network: of the
 * options only live means something, the others have to make sense. */
static struct err *check_options(const struct call *c, bool *ret_force)
{
    const struct model_class *class = &model_classes[CLASS_network];
    const char *network = datum_map_get(c->args[OPTIONS], "network");
    bool live = false, compress = false;

    TRY(option(c, "live", &live));
    TRY(option(c, "compress", &compress));
    TRY(option(c, "force", ret_force));
    return network && !db_find(c->db, class, network)
               ? db_no_object(class, network)
               : NULL;
}

struct err *VM_pool_migrate(struct call *c,
                            const struct VM_pool_migrate_args *a)
{
    struct object *vm = NULL, *host = NULL;
    bool force = false;

    (void)a;
    TRY(call_object(c, 0, &vm));
    TRY(call_object(c, 1, &host));
    TRY(check_options(c, &force));
    if (!force && !ops_current(vm).n)
        TRY(ops_check(c->db, vm, VM_operations_pool_migrate, true));
    return ops_run(c, VM_operations_pool_migrate,
                   &(const struct ops_body){.work = migrate, .also = hold});
}
