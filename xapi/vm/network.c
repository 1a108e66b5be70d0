/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* network: see network.h. */
#include "xapi/vm/network.h"

#include <string.h>

#include "xapi/model/errors_gen.h"
#include "xapi/net/pif.h"
#include "xapi/vm/vm.h"

static struct err *cannot_attach(const struct object *network,
                                 const struct object *host)
{
    return err_HOST_CANNOT_ATTACH_NETWORK(object_ref(host),
                                          object_ref(network));
}

/* Of guests alone, or somebody else's: that has to be there. */
static struct err *attach_bridge(const struct net *net,
                                 const struct object *network,
                                 const struct object *vif)
{
    const struct net_bridge b = {.name = get_network_bridge(network),
                                 .mtu = get_network_MTU(network)};

    return vif ? net_bridge_join(net, &b, get_VIF_uuid(vif))
               : net_bridge_up(net, &b);
}

struct err *network_up(struct job *j, const struct net *net,
                       struct object *network, struct object *host,
                       const struct object *vif)
{
    struct object *pif = pif_on(job_db(j), network, host);
    const char *name = get_network_bridge(network);
    const struct net_link *card, *bridge;
    struct net_link *links;
    size_t n;

    TRY(net->list(net, job_pool(j), &links, &n));
    bridge = net_find(links, n, name);
    if (!pif && get_network_managed(network))
        return attach_bridge(net, network, vif);
    if (!pif || !get_PIF_managed(pif))
        return bridge ? NULL
                      : err_wrap(cannot_attach(network, host),
                                 "there is no bridge \"%s\"", name);
    card = net_find(links, n, pif_device(job_pool(j), pif));
    if (card && bridge && bridge->up && !strcmp(card->master, name))
        return NULL;
    if (card && (*card->ip || card->n_ip6))
        return err_wrap(cannot_attach(network, host),
                        "\"%s\" has an address of the host's, which only "
                        "PIF.plug moves to a bridge",
                        card->name);
    return job_commit(j, pif_raise, &(struct pif_raising){net, pif});
}

static bool is_of_guests(const struct object *network)
{
    return get_network_managed(network) && !get_network_PIFs(network).n;
}

struct err *network_down(struct job *j, const struct net *net,
                         const struct object *network, const struct object *vif)
{
    (void)j;
    return get_network_managed(network)
               ? net_bridge_leave(net, get_network_bridge(network),
                                  get_VIF_uuid(vif), !is_of_guests(network))
               : NULL;
}

static bool is_in_use(const struct object *vif)
{
    const struct object *vm = get_VIF_VM(vif);

    return get_VIF_currently_attached(vif) && vm && vm_is_up(vm);
}

static struct err *settle(struct job *j, const struct net *net,
                          const struct object *network)
{
    struct model_value vifs = get_network_VIFs(network);
    const char **users = pool_alloc(job_pool(j), (vifs.n + 1) * sizeof(*users));
    size_t n = 0;

    for (unsigned i = 0; i < vifs.n; i++) {
        const struct object *vif =
            db_find(job_db(j), &model_classes[CLASS_VIF], vifs.keys[i].s);

        if (is_in_use(vif))
            users[n++] = get_VIF_uuid(vif);
    }
    return net_bridge_settle(net, get_network_bridge(network), users, n);
}

struct err *network_settle(struct job *j, const struct net *net)
{
    const struct object *o = db_first(job_db(j), &model_classes[CLASS_network]);

    for (; o; o = object_next(o))
        if (is_of_guests(o))
            TRY(settle(j, net, o));
    return NULL;
}
