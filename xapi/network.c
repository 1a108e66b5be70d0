/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* network: see network.h. */
#include "xapi/network.h"

#include <string.h>

#include "xapi/errors_gen.h"
#include "xapi/pif.h"

static struct err *cannot_attach(const struct object *network,
                                 const struct object *host)
{
    return err_HOST_CANNOT_ATTACH_NETWORK(object_ref(host),
                                          object_ref(network));
}

/* Of guests alone, or somebody else's: that has to be there. */
static struct err *attach_bridge(const struct net *net,
                                 const struct object *network)
{
    const struct net_bridge b = {.name = get_network_bridge(network),
                                 .mtu = get_network_MTU(network)};

    return net_bridge_up(net, &b);
}

struct err *network_up(struct job *j, const struct net *net,
                       struct object *network, struct object *host)
{
    struct object *pif = pif_on(job_db(j), network, host);
    const char *name = get_network_bridge(network);
    const struct net_link *card, *bridge;
    struct net_link *links;
    size_t n;

    TRY(net->list(net, job_pool(j), &links, &n));
    bridge = net_find(links, n, name);
    if (!pif && get_network_managed(network))
        return attach_bridge(net, network);
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

struct err *network_down(struct job *j, const struct net *net,
                         const struct object *network, const struct object *vif)
{
    struct model_value vifs = get_network_VIFs(network);

    if (get_network_PIFs(network).n || !get_network_managed(network))
        return NULL;
    for (unsigned i = 0; i < vifs.n; i++) {
        const struct object *o =
            db_find(job_db(j), &model_classes[CLASS_VIF], vifs.keys[i].s);

        if (o != vif && get_VIF_currently_attached(o))
            return NULL;
    }
    return net_down(net, get_network_bridge(network));
}
