/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* api/vif_lock: what a guest may send: kept, and enforced while it runs. */
#include <arpa/inet.h>
#include <string.h>

#include "xapi/model/calls_gen.h"
#include "xapi/vm/device.h"
#include "xapi/model/errors_gen.h"
#include "xapi/call/generic.h"
#include "xapi/hv/hv.h"
#include "xapi/ops/ops_queue.h"
#include "xapi/vm/vm_domain.h"

static struct err *check_list(const char *field, struct model_value list,
                              int family)
{
    unsigned char bytes[sizeof(struct in6_addr)];

    for (unsigned i = 0; i < list.n; i++)
        if (inet_pton(family, list.keys[i].s, bytes) != 1)
            return err_INVALID_IP_ADDRESS_SPECIFIED(field);
    return NULL;
}

struct err *vif_check_allowed(const struct object *vif)
{
    TRY(check_list("ipv4_allowed", get_VIF_ipv4_allowed(vif), AF_INET));
    return check_list("ipv6_allowed", get_VIF_ipv6_allowed(vif), AF_INET6);
}

/* The field that a call is about is in its name, and what becomes of it: set_F,
 * add_F, remove_F. */
static struct err *change(const struct call *c, struct txn *txn,
                          struct object *vif)
{
    const char *verb = c->row->message, *name = strchr(verb, '_') + 1;
    const struct model_field *field = model_field_find(c->row->class, name);

    if (*verb == 's')
        TRY(txn_set(txn, vif, field, c->args[1]));
    else if (*verb == 'a')
        TRY(txn_add(txn, vif, field, vm_arg(c, 1), (union model_atom){0}));
    else
        TRY(txn_remove(txn, vif, field, vm_arg(c, 1)));
    return vif_check_allowed(vif);
}

static struct err *note(struct call *c, struct txn *txn, struct object *vif)
{
    return change(c, txn, vif);
}

/* What cannot be enforced is not written. */
static struct err *write_enforced(struct txn *txn, void *arg)
{
    AUTO_POOL struct pool *p = pool_new();
    const struct ops_work *w = arg;
    struct object *vif =
        db_find(txn_db(txn), &model_classes[CLASS_VIF], vm_arg(w->call, 0).s);
    struct plan_nic nic;

    if (!vif)
        return db_no_object(&model_classes[CLASS_VIF], vm_arg(w->call, 0).s);
    TRY(change(w->call, txn, vif));
    plan_nic(p, vif, &nic);
    return w->hv->lock_nic(w->hv, (uint32_t)get_VM_domid(get_VIF_VM(vif)),
                           &nic);
}

static struct err *enforce(struct job *j, void *arg)
{
    return job_commit(j, write_enforced, arg);
}

static struct err *limit(struct call *c)
{
    struct object *vif = NULL;

    TRY(call_object(c, 0, &vif));
    return get_VIF_currently_attached(vif) && vm_is_up(get_VIF_VM(vif))
               ? ops_run_on(c, NULL, 0,
                            &(const struct ops_body){.work = enforce})
               : vm_write(c, note);
}

/* clang-format off */
#define LIMITS(name_) CALL_BODY(VIF, name_, limit(c))

LIMITS(set_locking_mode)
LIMITS(set_ipv4_allowed)
LIMITS(add_ipv4_allowed)
LIMITS(remove_ipv4_allowed)
LIMITS(set_ipv6_allowed)
LIMITS(add_ipv6_allowed)
LIMITS(remove_ipv6_allowed)
/* clang-format on */
