/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* api/net: what the calls about networks and interfaces (api_network, api_pif,
 * api_vlan, api_bond) share: how one changes the host's network. */
#ifndef XAPI_API_NET_H
#define XAPI_API_NET_H

#include "xapi/vm/vm.h"
#include "xapi/ops/ops_queue.h"
#include "xapi/net/pif.h"

/* A change, in a worker and inside a txn: what it writes is in the database
 * once what it does to the host is done. */
struct net_change {
    struct job *job;
    const struct call *call;
    const struct net *net;
    struct object *self; /* of the call's first argument, or NULL */
    struct object *host; /* that this is */
};
typedef struct err *net_change_fn(struct txn *txn, const struct net_change *c);
struct err *net_work(struct job *j, const struct ops_work *w,
                     net_change_fn *change) MUST_USE;

/* The body of a call that is WORK (which is net_work): one at a time on this
 * host. NEW: the result is the ref of an object that WORK makes: net_new. */
struct err *net_run(struct call *c, job_work_fn *work, bool new) MUST_USE;
const char *net_new(const struct call *c);

#define NET_BODY_(class_, name_, change_, new_)                           \
    static struct err *class_##_##name_##_work(struct job *j, void *w)    \
    {                                                                     \
        return net_work(j, w, (change_));                                 \
    }                                                                     \
    struct err *class_##_##name_(struct call *c,                          \
                                 const struct class_##_##name_##_args *a) \
    {                                                                     \
        (void)a;                                                          \
        return net_run(c, class_##_##name_##_work, (new_));               \
    }
#define NET_BODY(class_, name_, change_) \
    NET_BODY_(class_, name_, change_, false)
#define NET_BODY_NEW(class_, name_, change_) \
    NET_BODY_(class_, name_, change_, true)

/* The object of argument I. */
struct object *net_arg(const struct net_change *c, unsigned i);
/* Takes PIF down; it comes up again when the change fails. */
struct err *net_lower(struct txn *txn, const struct net_change *c,
                      struct object *pif) MUST_USE;

/* ---- rules --------------------------------------------------------------- */

struct err *net_check_managed(const struct object *pif) MUST_USE;
struct err *net_check_not_management(const struct object *pif) MUST_USE;
/* No VIF of a guest that lives is on PIF's network: VIF_IN_USE. */
struct err *net_check_unused(const struct db *db,
                             const struct object *pif) MUST_USE;
/* HOST has no other interface on NETWORK: NETWORK_ALREADY_CONNECTED. */
struct err *net_check_free(const struct db *db, const struct object *network,
                           const struct object *host) MUST_USE;

/* ---- VLANs --------------------------------------------------------------- */

struct net_new_vlan {
    struct object *tagged, *network;
    int64_t tag;
    const char *vlan_ref, *pif_ref; /* that they shall have, or NULL */
};
struct err *net_make_vlan(struct txn *txn, const struct net_change *c,
                          const struct net_new_vlan *v) MUST_USE;
struct err *net_drop_vlan(struct txn *txn, const struct net_change *c,
                          struct object *vlan) MUST_USE;

#endif
