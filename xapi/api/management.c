/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* api/management: which of the host's interfaces it is managed through. Where
 * the daemon listens is its settings' to say: this is the address that clients
 * are told (host.address), and an interface that stays up. */
#include <string.h>

#include "xapi/api/net.h"
#include "xapi/model/calls_gen.h"
#include "xapi/model/errors_gen.h"
#include "xapi/call/generic.h"

struct err *host_get_management_interface(
    struct call *c, const struct host_get_management_interface_args *a)
{
    const struct object *pif;
    struct object *host;

    (void)a;
    TRY(call_object(c, 0, &host));
    pif = pif_management(c->db, host);
    if (!pif)
        return err_HOST_HAS_NO_MANAGEMENT_IP();
    call_return_ref(c, object_ref(pif));
    return NULL;
}

static struct err *check(const struct object *pif)
{
    const char *ref = object_ref(pif);

    if (get_PIF_bond_slave_of(pif))
        return err_PIF_ALREADY_BONDED(ref);
    if (get_PIF_primary_address_type(pif) == PIF_primary_address_type_IPv6)
        return get_PIF_ipv6_configuration_mode(pif) ==
                       PIF_ipv6_configuration_mode_None
                   ? err_PIF_HAS_NO_V6_NETWORK_CONFIGURATION(ref)
                   : NULL;
    return get_PIF_ip_configuration_mode(pif) == PIF_ip_configuration_mode_None
               ? err_PIF_HAS_NO_NETWORK_CONFIGURATION(ref)
               : NULL;
}

/* One that nobody has plugged has its address without a bridge: as it is. */
static struct err *manage(struct txn *txn, const struct net_change *c,
                          struct object *pif)
{
    const char *dns = get_PIF_DNS(pif);

    TRY(check(pif));
    if (!get_PIF_currently_attached(pif) && get_PIF_managed(pif))
        TRY(pif_up(txn, c->net, pif));
    if (*dns)
        TRY(c->net->set_dns(c->net, dns));
    return pif_set_management(txn, c->host, pif);
}

static struct err *reconfigure(struct txn *txn, const struct net_change *c)
{
    return manage(txn, c, c->self);
}

NET_BODY(host, management_reconfigure, reconfigure)

static struct err *reconfigure_pool(struct txn *txn, const struct net_change *c)
{
    struct object *pif = pif_on(txn_db(txn), c->self, c->host);

    return pif ? manage(txn, c, pif)
               : err_PIF_NOT_PRESENT(object_ref(c->host), object_ref(c->self));
}

NET_BODY(pool, management_reconfigure, reconfigure_pool)

/* By the name of the interface, or of the bridge that it is in. */
static struct err *reconfigure_local(struct txn *txn,
                                     const struct net_change *c)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *name = vm_arg(c->call, 0).s;
    struct object *o = db_first(txn_db(txn), &model_classes[CLASS_PIF]);

    for (; o; o = object_next(o))
        if (get_PIF_host(o) == c->host &&
            (!strcmp(pif_device(p, o), name) ||
             !strcmp(get_network_bridge(get_PIF_network(o)), name)))
            return manage(txn, c, o);
    return err_INVALID_DEVICE(name);
}

NET_BODY(host, local_management_reconfigure, reconfigure_local)

static struct err *disable(struct txn *txn, const struct net_change *c)
{
    return pif_set_management(txn, c->host, NULL);
}

static struct err *disable_work(struct job *j, void *w)
{
    return net_work(j, w, disable);
}

struct err *host_management_disable(struct call *c)
{
    return net_run(c, disable_work, false);
}
