/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vif_bridge: a NIC becomes a port of a bridge. */
#include <net/if.h>
#include <string.h>

#include "lib/file.h"
#include "lib/str.h"
#include "xl/hotplug/vif.h"

#define NET "/sys/class/net"

/* Where none is named, the only one there is. */
static struct err *find_only_bridge(struct vif *v)
{
    struct pool *p = v->h->pool;
    const char **bridges = NULL;
    size_t n_names, n = 0;
    char **names;

    TRY(file_list(p, NET, &names, &n_names));
    for (size_t i = 0; i < n_names; i++)
        if (file_exists(pool_printf(p, NET "/%s/bridge", names[i])))
            *pool_push(p, bridges, n) = names[i];
    if (!n)
        return ERR("there is no bridge, and none is named (bridge=NAME)");
    if (n > 1)
        return ERR("name the bridge (bridge=NAME): %s",
                   text_join(p, bridges, n, ", ", " or "));
    v->bridge = bridges[0];
    return NULL;
}

static struct err *find_bridge(struct vif *v, struct link *ret)
{
    const char *other;

    if (!v->bridge)
        TRY(find_only_bridge(v));
    TRY(link_look(v->links, v->bridge, ret));
    if (ret->exists && !ret->is_bridge)
        return ERR("%s is no bridge (for one of Open vSwitch: "
                   "script=vif-openvswitch)",
                   v->bridge);
    if (ret->exists || !text_has_prefix(v->bridge, "xenbr"))
        return ret->exists ? NULL : ERR("there is no bridge %s", v->bridge);
    /* Old configurations say xenbr0, when the bridge is called eth0. */
    other = pool_printf(v->h->pool, "eth%s", v->bridge + strlen("xenbr"));
    TRY(link_look(v->links, other, ret));
    if (!ret->exists || !ret->is_bridge)
        return ERR("there is no bridge %s", v->bridge);
    v->bridge = other;
    return NULL;
}

static struct err *find_mtu(const struct vif *v, const struct link *bridge,
                            unsigned *ret)
{
    int64_t mtu = bridge->mtu;

    if (v->mtu)
        TRY(err_wrap(text_to_int(v->mtu, 10, 68, 65535, &mtu), "mtu"));
    *ret = (unsigned)mtu;
    return NULL;
}

static struct err *tell_frontend(const struct vif *v, unsigned mtu)
{
    const struct hotplug_node node = {
        pool_printf(v->h->pool, "/local/domain/%lld/device/vif/%lld/mtu",
                    (long long)v->domid, (long long)v->devid),
        pool_printf(v->h->pool, "%u", mtu)};

    return hotplug_write(v->h, &node, 1);
}

static struct err *join(struct vif *v)
{
    struct link_change change = {.mac = LINK_PORT_MAC, .power = LINK_UP};
    struct link bridge, port;

    TRY(find_bridge(v, &bridge));
    TRY(find_mtu(v, &bridge, &change.mtu));
    TRY(link_look(v->links, v->dev, &port));
    if (port.up) { /* else it has no address yet, nor a use */
        TRY(link_change(v->links, v->dev,
                        &(const struct link_change){.power = LINK_DOWN}));
        TRY(link_flush_addresses(v->links, v->dev));
    }
    change.master = bridge.index;
    TRY(link_change(v->links, v->dev, &change));
    return v->is_tap ? NULL : tell_frontend(v, change.mtu);
}

static struct err *bridge_port(struct vif *v)
{
    return v->comes ? join(v) : vif_down(v);
}

struct err *hotplug_vif_bridge(struct hotplug *h)
{
    return vif_run(h, bridge_port);
}
