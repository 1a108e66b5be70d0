/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* net_bridge_list: the interfaces of this Linux, by netlink and sysfs. */
#include <fnmatch.h>
#include <libgen.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <netlink/route/link/vlan.h>
#include <string.h>

#include "lib/str.h"
#include "xapi/net/net_rt.h"

#define ADDRESS_BYTES 128

/* ---- hardware ------------------------------------------------------------ */

/* The last part of what a link of sysfs points at, or NULL. */
static const char *points_at(struct pool *p, const char *link, const char *name)
{
    AUTO_FREE char *path =
        realpath(pool_printf(p, NET_SYS "/%s/%s", link, name), NULL);

    return path ? pool_str(p, basename(path)) : NULL;
}

/* Of hardware, and not the other end of a guest's interface. */
static bool is_hardware(const char *name)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *bus = points_at(p, name, "device/subsystem");

    return bus && strcmp(bus, "xen-backend") != 0;
}

static bool matches(const char *patterns, const char *name)
{
    AUTO_POOL struct pool *p = pool_new();
    char **list = text_split(p, patterns, ',', NULL);

    for (; *list; list++)
        if (!fnmatch(text_trim(p, *list), name, 0))
            return true;
    return false;
}

static bool is_pci_address(const char *s)
{
    return !fnmatch("[0-9a-f]*:[0-9a-f][0-9a-f]:[0-9a-f][0-9a-f].[0-7]", s, 0);
}

/* A card's own place, or that of the device it is a part of (virtio). */
static const char *pci_of(struct pool *p, const char *name)
{
    static const char *const ways[] = {"device", "device/.."};

    for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
        const char *at = points_at(p, name, ways[i]);

        if (at && is_pci_address(at))
            return at;
    }
    return "";
}

/* "0x8086" as "8086" */
static const char *pci_number(struct pool *p, const char *pci, const char *name)
{
    const char *text =
        *pci ? net_file(p, "/sys/bus/pci/devices", pci, name) : NULL;

    return !text ? "" : text_has_prefix(text, "0x") ? text + 2 : text;
}

static void describe_card(struct pool *p, struct net_link *l)
{
    const char *speed = net_file(p, NET_SYS, l->name, "speed");
    const char *duplex = net_file(p, NET_SYS, l->name, "duplex");

    if (speed && text_to_int(speed, 10, 0, INT32_MAX, &l->speed))
        l->speed = 0;
    l->full_duplex = duplex && !strcmp(duplex, "full");
    l->pci = pci_of(p, l->name);
    l->vendor_id = pci_number(p, l->pci, "vendor");
    l->device_id = pci_number(p, l->pci, "device");
}

/* ---- addresses ----------------------------------------------------------- */

static const char *address_text(struct pool *p, const struct nl_addr *a)
{
    char text[ADDRESS_BYTES];

    nl_addr2str(a, text, sizeof(text));
    return pool_str(p, text);
}

/* libnl leaves out a prefix that is the whole address. */
static const char *with_prefix(struct pool *p, const struct nl_addr *a)
{
    const char *text = address_text(p, a);

    return strchr(text, '/')
               ? text
               : pool_printf(p, "%s/%u", text, nl_addr_get_prefixlen(a));
}

static void take_address(struct pool *p, struct rtnl_addr *a,
                         struct net_link *l)
{
    const struct nl_addr *local = rtnl_addr_get_local(a);
    const char **list = (const char **)(uintptr_t)l->ip6;

    if (!local || rtnl_addr_get_scope(a) == RT_SCOPE_LINK)
        return;
    if (rtnl_addr_get_family(a) == AF_INET6) {
        *pool_push(p, list, l->n_ip6) = with_prefix(p, local);
        l->ip6 = list;
    } else if (rtnl_addr_get_family(a) == AF_INET && !*l->ip) {
        l->ip = with_prefix(p, local);
        l->leased = !(rtnl_addr_get_flags(a) & IFA_F_PERMANENT);
    }
}

static void take_addresses(const struct net_rt *rt, struct pool *p, int index,
                           struct net_link *l)
{
    for (struct nl_object *o = nl_cache_get_first(rt->addresses); o;
         o = nl_cache_get_next(o))
        if (rtnl_addr_get_ifindex((struct rtnl_addr *)o) == index)
            take_address(p, (struct rtnl_addr *)o, l);
}

static void take_gateways(const struct net_rt *rt, struct pool *p, int index,
                          struct net_link *l)
{
    for (struct nl_object *o = nl_cache_get_first(rt->routes); o;
         o = nl_cache_get_next(o)) {
        struct rtnl_route *r = (struct rtnl_route *)o;
        const struct nl_addr *by;

        if (!rt_is_default(r) || rt_route_link(r) != index)
            continue;
        by = rtnl_route_nh_get_gateway(rtnl_route_nexthop_n(r, 0));
        if (by && rtnl_route_get_family(r) == AF_INET6)
            l->gateway6 = address_text(p, by);
        else if (by)
            l->gateway = address_text(p, by);
    }
}

/* ---- an interface -------------------------------------------------------- */

static enum net_kind kind_of(const struct net *net, struct rtnl_link *link)
{
    static const struct {
        const char *type;
        enum net_kind kind;
    } types[] = {
        {"bridge", NET_BRIDGE}, {"bond", NET_BOND}, {"vlan", NET_VLAN}};
    const char *name = rtnl_link_get_name(link);
    const char *type = rtnl_link_get_type(link);

    for (size_t i = 0; type && i < ARRAY_LEN(types); i++)
        if (!strcmp(types[i].type, type))
            return types[i].kind;
    if (net->nics ? matches(net->nics, name) : is_hardware(name))
        return NET_CARD;
    return NET_OTHER;
}

static const char *name_of(const struct net_rt *rt, struct pool *p, int index)
{
    struct rtnl_link *l = index ? rtnl_link_get(rt->links, index) : NULL;
    const char *name = l ? pool_str(p, rtnl_link_get_name(l)) : "";

    if (l)
        rtnl_link_put(l);
    return name;
}

static void take_alias(struct pool *p, struct rtnl_link *link,
                       struct net_link *l)
{
    const char *alias = rtnl_link_get_ifalias(link);
    size_t len = strlen(NET_ALIAS);

    l->ours = alias && text_has_prefix(alias, NET_ALIAS) &&
              (!alias[len] || alias[len] == ' ');
    if (l->ours && alias[len])
        l->setup = pool_str(p, alias + len + 1);
}

static void describe(const struct net *net, const struct net_rt *rt,
                     struct pool *p, struct rtnl_link *link, struct net_link *l)
{
    int index = rtnl_link_get_ifindex(link);
    const struct nl_addr *mac = rtnl_link_get_addr(link);

    *l = net_link_of(pool_str(p, rtnl_link_get_name(link)), kind_of(net, link));
    if (mac)
        l->mac = address_text(p, mac);
    l->up = rtnl_link_get_flags(link) & IFF_UP;
    l->carrier = rtnl_link_get_carrier(link);
    l->mtu = rtnl_link_get_mtu(link);
    l->master = name_of(rt, p, rtnl_link_get_master(link));
    take_alias(p, link, l);
    if (l->kind == NET_VLAN) {
        l->parent = name_of(rt, p, rtnl_link_get_link(link));
        l->tag = rtnl_link_vlan_get_id(link);
    }
    if (l->kind == NET_CARD || l->kind == NET_BOND)
        describe_card(p, l);
    take_addresses(rt, p, index, l);
    take_gateways(rt, p, index, l);
}

static int by_name(const void *a, const void *b)
{
    const struct net_link *x = a, *y = b;

    return strcmp(x->name, y->name);
}

struct err *net_rt_list(const struct net *net, struct pool *p,
                        struct net_link **ret, size_t *ret_n)
{
    NET_RT(rt);
    struct net_link *links = NULL;
    size_t n = 0;

    TRY(net_rt_open(&rt));
    for (struct nl_object *o = nl_cache_get_first(rt.links); o;
         o = nl_cache_get_next(o))
        describe(net, &rt, p, (struct rtnl_link *)o, pool_push(p, links, n));
    if (n)
        qsort(links, n, sizeof(*links), by_name);
    *ret = links;
    *ret_n = n;
    return NULL;
}
