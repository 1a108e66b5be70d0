/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ops_host: which operation a host may begin. What takes guests in and what
 * takes it out of service exclude each other. */
#include "xapi/model/errors_gen.h"
#include "xapi/ops/ops.h"

enum {
    TAKES = 1 << 0,    /* guests in */
    LEAVES = 1 << 1,   /* service, or guests do */
    DISABLED = 1 << 2, /* it takes no more guests by then */
    DEAD = 1 << 3,     /* it does not run */
};

#define OP(name) [host_allowed_operations_##name]
static const unsigned ops[] = {
    OP(provision) = TAKES,
    OP(evacuate) = LEAVES,
    OP(shutdown) = LEAVES | DISABLED,
    OP(reboot) = LEAVES | DISABLED,
    OP(power_on) = DEAD,
    OP(vm_start) = TAKES,
    OP(vm_resume) = TAKES,
    OP(vm_migrate) = TAKES,
    OP(apply_updates) = LEAVES | DISABLED,
    OP(enable) = TAKES,
};

static bool exclude(unsigned a, unsigned b)
{
    return ((a & TAKES) && (b & LEAVES)) || ((a & LEAVES) && (b & TAKES)) ||
           (a & b & LEAVES);
}

static struct err *check_others(const struct object *host, unsigned op)
{
    struct model_value running = ops_current(host);

    for (unsigned i = 0; i < running.n; i++)
        if (exclude(ops[op], ops[running.values[i].i]))
            return ops_in_progress(host);
    return NULL;
}

static struct err *check_dead(const struct object *host)
{
    const struct object *metrics = get_host_metrics(host);

    if (metrics && get_host_metrics_live(metrics))
        return err_HOST_IS_LIVE(object_ref(host));
    return *get_host_power_on_mode(host) ? NULL
                                         : err_HOST_POWER_ON_MODE_DISABLED();
}

static struct err *check(const struct db *db, const struct object *host,
                         unsigned op, bool strict)
{
    (void)db, (void)strict;
    TRY(check_others(host, op));
    if ((ops[op] & DISABLED) && get_host_enabled(host))
        return err_HOST_NOT_DISABLED();
    return ops[op] & DEAD ? check_dead(host) : NULL;
}

/* What nobody can call here. */
static bool hidden(unsigned op)
{
    return op == host_allowed_operations_apply_updates ||
           op == host_allowed_operations_power_on;
}

const struct ops_class ops_host = {
    .class = CLASS_host,
    .allowed = host_allowed_operations,
    .current = host_current_operations,
    .check = check,
    .hidden = hidden,
};
