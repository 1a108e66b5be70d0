/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* net_bridge_address: addresses of this Linux's interfaces. DHCP is asked by
 * dhclient, which goes on by itself while the lease lasts. */
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <string.h>

#include "lib/file.h"
#include "lib/run.h"
#include "lib/str.h"
#include "xapi/net/net_rt.h"

#define DHCP_SECONDS 90

static int af(enum net_family family)
{
    return family == NET_IPV6 ? AF_INET6 : AF_INET;
}

/* ---- DHCP ---------------------------------------------------------------- */

static const char *dhcp_file(const struct net *net, struct pool *p,
                             const char *name, enum net_family family,
                             const char *what)
{
    return pool_printf(p, "%s/dhclient%s-%s.%s", net->dir,
                       family == NET_IPV6 ? "6" : "", name, what);
}

static struct err *run_dhcp(const struct net *net, const char *name,
                            enum net_family family, const char *how)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *argv[] = {"dhclient", family == NET_IPV6 ? "-6" : "-4",
                          "-q",       how,
                          "-pf",      dhcp_file(net, p, name, family, "pid"),
                          "-lf",      dhcp_file(net, p, name, family, "leases"),
                          name,       NULL};
    struct run r = {.argv = argv, .timeout = DHCP_SECONDS};

    return err_wrap(run_check(&r, p), "DHCP on \"%s\"", name);
}

static struct err *stop_dhcp(const struct net *net, const char *name,
                             enum net_family family)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *pid = dhcp_file(net, p, name, family, "pid");

    if (!file_exists(pid))
        return NULL;
    TRY(run_dhcp(net, name, family, "-x"));
    return file_remove(pid);
}

struct err *net_rt_stop_dhcp(const struct net *net, const char *name)
{
    TRY(stop_dhcp(net, name, NET_IPV4));
    return stop_dhcp(net, name, NET_IPV6);
}

/* ---- addresses ----------------------------------------------------------- */

static bool is_of(struct rtnl_addr *a, int index, int family)
{
    return rtnl_addr_get_ifindex(a) == index &&
           rtnl_addr_get_family(a) == family && rtnl_addr_get_local(a) &&
           !(family == AF_INET6 && rtnl_addr_get_scope(a) == RT_SCOPE_LINK);
}

/* What is of a family and not KEEP (or NULL) goes. */
static struct err *drop_addresses(const struct net_rt *rt, int index,
                                  int family, const struct nl_addr *keep)
{
    for (struct nl_object *o = nl_cache_get_first(rt->addresses); o;
         o = nl_cache_get_next(o)) {
        struct rtnl_addr *a = (struct rtnl_addr *)o;

        if (!is_of(a, index, family) ||
            (keep && !nl_addr_cmp(keep, rtnl_addr_get_local(a))))
            continue;
        TRY(rt_err(rtnl_addr_delete(rt->sock, a, 0), "an address"));
    }
    return NULL;
}

static struct err *add_address(const struct net_rt *rt, int index,
                               struct nl_addr *ip)
{
    struct rtnl_addr *a = rtnl_addr_alloc();
    int status;

    rtnl_addr_set_ifindex(a, index);
    rtnl_addr_set_local(a, ip);
    status = rtnl_addr_add(rt->sock, a, 0);
    rtnl_addr_put(a);
    return status == -NLE_EXIST ? NULL : rt_err(status, "a new address");
}

/* ---- routes -------------------------------------------------------------- */

static bool others_have_default(const struct net_rt *rt, int index, int family)
{
    for (struct nl_object *o = nl_cache_get_first(rt->routes); o;
         o = nl_cache_get_next(o)) {
        struct rtnl_route *r = (struct rtnl_route *)o;

        if (rt_is_default(r) && rtnl_route_get_family(r) == family &&
            rt_route_link(r) != index)
            return true;
    }
    return false;
}

static struct err *drop_defaults(const struct net_rt *rt, int index, int family)
{
    for (struct nl_object *o = nl_cache_get_first(rt->routes); o;
         o = nl_cache_get_next(o)) {
        struct rtnl_route *r = (struct rtnl_route *)o;
        int status;

        if (!rt_is_default(r) || rtnl_route_get_family(r) != family ||
            rt_route_link(r) != index)
            continue;
        status = rtnl_route_delete(rt->sock, r, 0);
        if (status != -NLE_OBJ_NOTFOUND) /* it went with its address */
            TRY(rt_err(status, "a default route"));
    }
    return NULL;
}

static struct err *add_default(const struct net_rt *rt, int index, int family,
                               const char *gateway)
{
    AUTO_RT_ADDR struct nl_addr *by = NULL, *to = NULL;
    struct rtnl_nexthop *hop;
    struct rtnl_route *r;
    int status;

    TRY(rt_parse(gateway, family, &by));
    TRY(rt_parse("default", family, &to));
    r = rtnl_route_alloc();
    hop = rtnl_route_nh_alloc();
    rtnl_route_nh_set_ifindex(hop, index);
    rtnl_route_nh_set_gateway(hop, by);
    rtnl_route_set_family(r, (uint8_t)family);
    rtnl_route_set_scope(r, RT_SCOPE_UNIVERSE);
    rtnl_route_set_table(r, RT_TABLE_MAIN);
    rtnl_route_set_protocol(r, RTPROT_STATIC);
    rtnl_route_set_dst(r, to);
    rtnl_route_add_nexthop(r, hop);
    status = rtnl_route_add(rt->sock, r, NLM_F_CREATE | NLM_F_REPLACE);
    rtnl_route_put(r);
    return rt_err(status, "the gateway \"%s\"", gateway);
}

/* ---- set_address --------------------------------------------------------- */

/* The interface asks routers itself, or does not. */
static struct err *set_autoconf(const char *name, bool on)
{
    static const char *const files[] = {"autoconf", "accept_ra"};
    const char *text = on ? "1" : "0";

    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        AUTO_POOL struct pool *p = pool_new();

        if (net_file(p, NET_IPV6_CONF, name, files[i]))
            TRY(net_file_write(NET_IPV6_CONF, name, files[i], text));
        else if (on)
            return ERR("this kernel has no IPv6");
    }
    return NULL;
}

static struct err *set_static(const struct net_rt *rt, int index,
                              const struct net_address *a)
{
    AUTO_RT_ADDR struct nl_addr *ip = NULL;
    int family = af(a->family);

    TRY(rt_parse(a->ip, family, &ip));
    TRY(add_address(rt, index, ip));
    TRY(drop_addresses(rt, index, family, ip));
    if (!*a->gateway)
        return drop_defaults(rt, index, family);
    /* The host has its way out already: this one is for its own network. */
    if (others_have_default(rt, index, family))
        return NULL;
    return add_default(rt, index, family, a->gateway);
}

static struct err *set_none(const struct net_rt *rt, int index, int family)
{
    TRY(drop_defaults(rt, index, family));
    return drop_addresses(rt, index, family, NULL);
}

struct err *net_rt_set_address(const struct net *net, const char *name,
                               const struct net_address *a)
{
    NET_RT(rt);
    struct rtnl_link *link;
    int index;

    TRY(stop_dhcp(net, name, a->family));
    if (a->family == NET_IPV6)
        TRY(set_autoconf(name, a->source == NET_AUTOCONF));
    TRY(net_rt_open(&rt));
    TRY(net_rt_link(&rt, name, &link));
    index = rtnl_link_get_ifindex(link);
    switch (a->source) {
    case NET_STATIC:
        return set_static(&rt, index, a);
    case NET_DHCP:
        TRY(set_none(&rt, index, af(a->family)));
        return run_dhcp(net, name, a->family, "-1");
    case NET_NONE:
        return set_none(&rt, index, af(a->family));
    case NET_AUTOCONF:
        break;
    }
    return NULL;
}

/* ---- move_addresses ------------------------------------------------------ */

/* One of IPv6 would find itself on the other interface, and be refused. */
static struct err *move_address(const struct net_rt *rt, struct rtnl_addr *a,
                                int to)
{
    struct rtnl_addr *new = rtnl_addr_alloc();
    bool is_ip6 = rtnl_addr_get_family(a) == AF_INET6;
    int status = 0;

    rtnl_addr_set_ifindex(new, to);
    rtnl_addr_set_local(new, rtnl_addr_get_local(a));
    if (rtnl_addr_get_broadcast(a))
        rtnl_addr_set_broadcast(new, rtnl_addr_get_broadcast(a));
    if (is_ip6) {
        rtnl_addr_set_flags(new, IFA_F_NODAD);
        status = rtnl_addr_delete(rt->sock, a, 0);
    }
    if (status >= 0)
        status = rtnl_addr_add(rt->sock, new, 0);
    if (status == -NLE_EXIST)
        status = 0;
    if (status >= 0 && !is_ip6)
        status = rtnl_addr_delete(rt->sock, a, 0);
    rtnl_addr_put(new);
    return rt_err(status, "an address that moves");
}

/* Those that the kernel does not make itself. */
static bool is_set(struct rtnl_route *r, int index)
{
    return rtnl_route_get_table(r) == RT_TABLE_MAIN &&
           rtnl_route_get_type(r) == RTN_UNICAST &&
           rtnl_route_get_protocol(r) != RTPROT_KERNEL &&
           rt_route_link(r) == index;
}

/* Routes to networks before those that go by a gateway in one. */
static struct err *move_routes(const struct net_rt *rt, int from, int to,
                               bool with_gateway)
{
    for (struct nl_object *o = nl_cache_get_first(rt->routes); o;
         o = nl_cache_get_next(o)) {
        struct rtnl_route *r = (struct rtnl_route *)o;
        struct rtnl_nexthop *hop;

        if (!is_set(r, from))
            continue;
        hop = rtnl_route_nexthop_n(r, 0);
        if (!!rtnl_route_nh_get_gateway(hop) != with_gateway)
            continue;
        rtnl_route_nh_set_ifindex(hop, to);
        TRY(rt_err(rtnl_route_add(rt->sock, r, NLM_F_CREATE | NLM_F_REPLACE),
                   "a route that moves"));
    }
    return NULL;
}

struct err *net_rt_move_addresses(const struct net *net, const char *from,
                                  const char *to)
{
    NET_RT(rt);
    struct rtnl_link *f, *t;
    int index;

    (void)net;
    TRY(net_rt_open(&rt));
    TRY(net_rt_link(&rt, from, &f));
    TRY(net_rt_link(&rt, to, &t));
    index = rtnl_link_get_ifindex(f);
    for (struct nl_object *o = nl_cache_get_first(rt.addresses); o;
         o = nl_cache_get_next(o)) {
        struct rtnl_addr *a = (struct rtnl_addr *)o;

        if (is_of(a, index, AF_INET) || is_of(a, index, AF_INET6))
            TRY(move_address(&rt, a, rtnl_link_get_ifindex(t)));
    }
    TRY(move_routes(&rt, index, rtnl_link_get_ifindex(t), false));
    return move_routes(&rt, index, rtnl_link_get_ifindex(t), true);
}
