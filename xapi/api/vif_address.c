/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* api/vif_address: which addresses a guest's agent is told to use. */
#include <arpa/inet.h>
#include <string.h>

#include "lib/str.h"
#include "xapi/model/calls_gen.h"
#include "xapi/vm/device.h"
#include "xapi/model/errors_gen.h"
#include "xapi/call/generic.h"
#include "xapi/hv/hv.h"
#include "xapi/ops/ops_queue.h"
#include "xapi/vm/vm_domain.h"

/* ---- what is said -------------------------------------------------------- */

/* Of a call, checked. */
struct wish {
    int family; /* PLAN_IPV4 or PLAN_IPV6 */
    bool is_static;
    const char *address, *gateway;
};

static bool is_ip(int family, const char *text)
{
    unsigned char bytes[sizeof(struct in6_addr)];

    return inet_pton(family == PLAN_IPV4 ? AF_INET : AF_INET6, text, bytes) ==
           1;
}

/* "192.0.2.1/24" */
static bool is_cidr(struct pool *p, int family, const char *text)
{
    const char *slash = strchr(text, '/');
    int64_t bits;
    struct err *e;

    if (!slash || !is_ip(family, pool_strn(p, text, (size_t)(slash - text))))
        return false;
    e = text_to_int(slash + 1, 10, 0, family == PLAN_IPV4 ? 32 : 128, &bits);
    if (e)
        err_drop(e, "it is no address then");
    return !e;
}

/* Modes are None, Static, and one that agents have no word for. */
static struct err *check(struct pool *p, const struct call *c, int family,
                         struct wish *ret)
{
    struct wish wish = {.family = family,
                        .is_static = vm_arg(c, 1).i ==
                                     VIF_ipv4_configuration_mode_Static,
                        .address = vm_arg(c, 2).s,
                        .gateway = vm_arg(c, 3).s};

    if (vm_arg(c, 1).i > VIF_ipv4_configuration_mode_Static)
        return err_VALUE_NOT_SUPPORTED(
            "mode", family == PLAN_IPV4 ? "DHCP" : "Autoconf",
            "guests' agents know None and Static");
    if (wish.is_static && !is_cidr(p, family, wish.address))
        return err_INVALID_CIDR_ADDRESS_SPECIFIED("address");
    if (wish.is_static && *wish.gateway && !is_ip(family, wish.gateway))
        return err_INVALID_IP_ADDRESS_SPECIFIED("gateway");
    if (!wish.is_static)
        wish.address = wish.gateway = "";
    *ret = wish;
    return NULL;
}

/* ---- and done ------------------------------------------------------------ */

static struct err *write_wish(struct txn *txn, struct object *vif,
                              const struct wish *w)
{
    union model_atom address = {.s = w->address};
    struct model_value addresses = {.n = w->is_static, .keys = &address};

    if (w->family == PLAN_IPV4) {
        TRY(set_VIF_ipv4_configuration_mode(
            txn, vif,
            w->is_static ? VIF_ipv4_configuration_mode_Static
                         : VIF_ipv4_configuration_mode_None));
        TRY(set_VIF_ipv4_addresses(txn, vif, addresses));
        return set_VIF_ipv4_gateway(txn, vif, w->gateway);
    }
    TRY(set_VIF_ipv6_configuration_mode(
        txn, vif,
        w->is_static ? VIF_ipv6_configuration_mode_Static
                     : VIF_ipv6_configuration_mode_None));
    TRY(set_VIF_ipv6_addresses(txn, vif, addresses));
    return set_VIF_ipv6_gateway(txn, vif, w->gateway);
}

struct telling {
    struct object *vif;
    struct wish wish;
};

static struct err *write_told(struct txn *txn, void *arg)
{
    const struct telling *t = arg;

    return write_wish(txn, t->vif, &t->wish);
}

static int family_of(const struct call *c)
{
    return strstr(c->row->message, "ipv4") ? PLAN_IPV4 : PLAN_IPV6;
}

/* The guest runs, and has it. */
static struct err *tell(struct job *j, void *arg)
{
    const struct ops_work *w = arg;
    struct telling t = {.vif = db_find(job_db(j), &model_classes[CLASS_VIF],
                                       vm_arg(w->call, 0).s)};
    struct plan_pair pairs[PLAN_TOLD];
    struct plan_ip ips[PLAN_IPS];

    if (!t.vif)
        return db_no_object(&model_classes[CLASS_VIF], vm_arg(w->call, 0).s);
    TRY(check(job_pool(j), w->call, family_of(w->call), &t.wish));
    plan_ips(job_pool(j), t.vif, ips);
    ips[t.wish.family] =
        (struct plan_ip){t.wish.is_static ? t.wish.address : NULL,
                         *t.wish.gateway ? t.wish.gateway : NULL};
    plan_told(job_pool(j), t.vif, ips, pairs);
    TRY(w->hv->set_data(w->hv, (uint32_t)get_VM_domid(get_VIF_VM(t.vif)), pairs,
                        PLAN_TOLD));
    return job_commit(j, write_told, &t);
}

static struct err *note(struct call *c, struct txn *txn, struct object *vif)
{
    struct wish wish;

    TRY(check(c->pool, c, family_of(c), &wish));
    return write_wish(txn, vif, &wish);
}

static struct err *configure(struct call *c)
{
    struct object *vif = NULL;
    struct wish wish;

    TRY(call_object(c, 0, &vif));
    TRY(check(c->pool, c, family_of(c), &wish));
    return get_VIF_currently_attached(vif) && vm_is_up(get_VIF_VM(vif))
               ? ops_run_on(c, NULL, 0, &(const struct ops_body){.work = tell})
               : vm_write(c, note);
}

struct err *VIF_configure_ipv4(struct call *c,
                               const struct VIF_configure_ipv4_args *a)
{
    (void)a;
    return configure(c);
}

struct err *VIF_configure_ipv6(struct call *c,
                               const struct VIF_configure_ipv6_args *a)
{
    (void)a;
    return configure(c);
}
