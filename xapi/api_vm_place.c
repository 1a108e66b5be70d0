/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* api_vm_place: where a VM may run. */
#include <stdio.h>

#include "xapi/api_vm.h"
#include "xapi/calls_gen.h"
#include "xapi/errors_gen.h"
#include "xapi/generic.h"

static struct err *check_memory(const struct object *vm,
                                const struct object *host)
{
    const struct object *metrics = get_host_metrics(host);
    int64_t needed = get_VM_memory_dynamic_max(vm) + vm_memory_overhead(vm);
    int64_t total = metrics ? get_host_metrics_memory_total(metrics) : needed;
    char texts[2][32];

    if (needed <= total)
        return NULL;
    snprintf(texts[0], sizeof(texts[0]), "%lld", (long long)needed);
    snprintf(texts[1], sizeof(texts[1]), "%lld", (long long)total);
    return err_HOST_NOT_ENOUGH_FREE_MEMORY(texts[0], texts[1]);
}

struct err *vm_check_host(const struct object *vm, const struct object *host)
{
    const struct object *metrics = get_host_metrics(host);

    TRY(vm_check_vcpus(vm));
    TRY(vm_check_memory(vm));
    if (metrics && !get_host_metrics_live(metrics))
        return err_HOST_NOT_LIVE();
    if (!get_host_enabled(host) && !get_VM_is_control_domain(vm))
        return err_HOST_DISABLED(object_ref(host));
    return check_memory(vm, host);
}

struct err *VM_assert_can_boot_here(
    struct call *c, const struct VM_assert_can_boot_here_args *a)
{
    struct object *vm = NULL, *host = NULL;

    (void)a;
    TRY(call_object(c, 0, &vm));
    TRY(call_object(c, 1, &host));
    return vm_check_host(vm, host);
}

struct err *VM_get_possible_hosts(struct call *c,
                                  const struct VM_get_possible_hosts_args *a)
{
    const struct model_class *class = &model_classes[CLASS_host];
    union model_atom *refs =
        pool_alloc(c->pool, (db_count(c->db, class) + 1) * sizeof(*refs));
    struct object *vm = NULL;
    unsigned n = 0;

    (void)a;
    TRY(call_object(c, 0, &vm));
    for (const struct object *host = db_first(c->db, class); host;
         host = object_next(host)) {
        AUTO_ERR struct err *e = vm_check_host(vm, host);

        if (!e)
            refs[n++].s = pool_str(c->pool, object_ref(host));
    }
    call_return(c, (struct model_value){n, refs, NULL});
    return NULL;
}
