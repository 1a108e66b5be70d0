/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vif_route: Dom0 routes to the guest's addresses, and answers for them to its
 * neighbours. */
#include "lib/str.h"
#include "xl/hotplug/vif.h"

/* The tap, where there is one, goes before. */
#define METRIC_TAP 1
#define METRIC_VIF 2

/* Dom0's own address, which the guest sees. */
static struct err *find_own(const struct vif *v, const char **ret)
{
    const char *name = v->gateway;

    if (!name)
        TRY(link_of_default_route(v->links, v->h->pool, &name));
    if (!name)
        return ERR("Dom0 has no default route: name an interface with an "
                   "address (gatewaydev=NAME)");
    TRY(link_address(v->links, v->h->pool, name, ret));
    return *ret ? NULL
                : ERR("%s has no IPv4 address: name an interface that has one "
                      "(gatewaydev=NAME)",
                      name);
}

static struct err *each_route(const struct vif *v, const char *own,
                              struct err *(*what)(struct links *,
                                                  const struct link_route *))
{
    size_t n;
    char **list = text_split(v->h->pool, v->ip ? v->ip : "", ' ', &n);

    for (size_t i = 0; i < n; i++) {
        const struct link_route route = {list[i], v->dev, own,
                                         v->is_tap ? METRIC_TAP : METRIC_VIF};

        if (*list[i])
            TRY(what(v->links, &route));
    }
    return NULL;
}

static struct err *begin(const struct vif *v)
{
    const char *own = NULL;

    TRY(find_own(v, &own));
    TRY(link_change(v->links, v->dev,
                    &(const struct link_change){.power = LINK_UP}));
    TRY(link_add_address(v->links, v->dev,
                         pool_printf(v->h->pool, "%s/32", own)));
    TRY(vif_proxy_arp(v));
    return each_route(v, own, link_add_route);
}

/* Its routes go with it. */
static struct err *route(struct vif *v)
{
    return v->comes ? begin(v) : vif_down(v);
}

struct err *hotplug_vif_route(struct hotplug *h)
{
    return vif_run(h, route);
}
