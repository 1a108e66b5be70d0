/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* link: see link.h. */
#include "xl/hotplug/link.h"

#include <net/if.h>
#include <string.h>

#include "lib/rt.h"
#include "lib/str.h"

struct links {
    struct nl_sock *sock;
};

struct err *links_open(struct links **ret)
{
    struct nl_sock *sock = NULL;

    TRY(rt_open(&sock));
    *ret = xcalloc(1, sizeof(**ret));
    (*ret)->sock = sock;
    return NULL;
}

void links_close(struct links *l)
{
    if (!l)
        return;
    nl_socket_free(l->sock);
    free(l);
}

/* ---- interfaces ---------------------------------------------------------- */

static bool is_absent(int r)
{
    return r == -NLE_OBJ_NOTFOUND || r == -NLE_NODEV;
}

/* NULL when there is none. */
static struct err *get_link(struct links *l, const char *name,
                            struct rtnl_link **ret)
{
    int r = rtnl_link_get_kernel(l->sock, 0, name, ret);

    if (r < 0)
        *ret = NULL;
    return r < 0 && !is_absent(r) ? rt_err(r, "cannot look at %s", name) : NULL;
}

struct err *link_look(struct links *l, const char *name, struct link *ret)
{
    AUTO_RT_LINK struct rtnl_link *link = NULL;

    TRY(get_link(l, name, &link));
    *ret = (struct link){.exists = link};
    if (!link)
        return NULL;
    ret->index = rtnl_link_get_ifindex(link);
    ret->mtu = rtnl_link_get_mtu(link);
    ret->up = rtnl_link_get_flags(link) & IFF_UP;
    ret->is_bridge = text_eq(rtnl_link_get_type(link), "bridge");
    return NULL;
}

static struct err *need_link(struct links *l, const char *name,
                             struct rtnl_link **ret)
{
    TRY(get_link(l, name, ret));
    return *ret ? NULL
                : ERR_AS(not_found, "there is no network interface %s", name);
}

struct err *link_change(struct links *l, const char *name,
                        const struct link_change *c)
{
    AUTO_RT_LINK struct rtnl_link *link = NULL, *change = rtnl_link_alloc();
    AUTO_RT_ADDR struct nl_addr *mac = NULL;
    int r;

    TRY(need_link(l, name, &link));
    if (c->name)
        rtnl_link_set_name(change, c->name);
    if (c->mac) {
        TRY(rt_parse(c->mac, AF_LLC, &mac));
        rtnl_link_set_addr(change, mac);
    }
    if (c->mtu)
        rtnl_link_set_mtu(change, c->mtu);
    if (c->master)
        rtnl_link_set_master(change, c->master > 0 ? c->master : 0);
    if (c->power == LINK_UP)
        rtnl_link_set_flags(change, IFF_UP);
    else if (c->power == LINK_DOWN)
        rtnl_link_unset_flags(change, IFF_UP);
    r = rtnl_link_change(l->sock, link, change, 0);
    if (is_absent(r))
        return ERR_AS(not_found, "the network interface %s has gone", name);
    return r < 0 ? rt_err(r, "cannot change %s", name) : NULL;
}

/* ---- addresses ----------------------------------------------------------- */

struct err *link_add_address(struct links *l, const char *name,
                             const char *address)
{
    AUTO_RT_IP struct rtnl_addr *add = rtnl_addr_alloc();
    AUTO_RT_ADDR struct nl_addr *local = NULL;
    AUTO_RT_LINK struct rtnl_link *link = NULL;
    int r;

    TRY(need_link(l, name, &link));
    TRY(rt_parse(address, AF_UNSPEC, &local));
    rtnl_addr_set_ifindex(add, rtnl_link_get_ifindex(link));
    rtnl_addr_set_local(add, local);
    r = rtnl_addr_add(l->sock, add, 0);
    return r < 0 && r != -NLE_EXIST
               ? rt_err(r, "cannot give an address to %s", name)
               : NULL;
}

static struct rtnl_addr *next_of(struct nl_object *at, int index)
{
    for (; at; at = nl_cache_get_next(at))
        if (rtnl_addr_get_ifindex((struct rtnl_addr *)at) == index)
            return (struct rtnl_addr *)at;
    return NULL;
}

struct err *link_flush_addresses(struct links *l, const char *name)
{
    AUTO_RT_CACHE struct nl_cache *cache = NULL;
    AUTO_RT_LINK struct rtnl_link *link = NULL;
    struct rtnl_addr *a;
    int r = rtnl_addr_alloc_cache(l->sock, &cache);

    if (r < 0)
        return rt_err(r, "cannot list addresses of %s", name);
    TRY(need_link(l, name, &link));
    a = next_of(nl_cache_get_first(cache), rtnl_link_get_ifindex(link));
    while (a) {
        r = rtnl_addr_delete(l->sock, a, 0);
        if (r < 0 && r != -NLE_NOADDR && !is_absent(r))
            return rt_err(r, "cannot take an address from %s", name);
        a = next_of(nl_cache_get_next((struct nl_object *)a),
                    rtnl_link_get_ifindex(link));
    }
    return NULL;
}

struct err *link_address(struct links *l, struct pool *p, const char *name,
                         const char **ret)
{
    AUTO_RT_CACHE struct nl_cache *cache = NULL;
    AUTO_RT_LINK struct rtnl_link *link = NULL;
    struct nl_object *o;
    char text[64];
    int r = rtnl_addr_alloc_cache(l->sock, &cache);

    if (r < 0)
        return rt_err(r, "cannot list addresses of %s", name);
    TRY(need_link(l, name, &link));
    *ret = NULL;
    for (o = nl_cache_get_first(cache); o && !*ret; o = nl_cache_get_next(o)) {
        struct rtnl_addr *a = (struct rtnl_addr *)o;
        struct nl_addr *local = rtnl_addr_get_local(a);

        if (rtnl_addr_get_ifindex(a) != rtnl_link_get_ifindex(link) || !local ||
            nl_addr_get_family(local) != AF_INET)
            continue;
        *ret = pool_str(p, nl_addr2str(local, text, sizeof(text)));
        *strchrnul((char *)*ret, '/') = '\0';
    }
    return NULL;
}

/* ---- routes -------------------------------------------------------------- */

static struct err *make_route(struct links *l, const struct link_route *r,
                              struct rtnl_route *route)
{
    AUTO_RT_ADDR struct nl_addr *to = NULL, *source = NULL;
    AUTO_RT_LINK struct rtnl_link *link = NULL;
    struct rtnl_nexthop *hop = rtnl_route_nh_alloc();

    rtnl_route_add_nexthop(route, hop); /* which owns it */
    TRY(need_link(l, r->name, &link));
    TRY(rt_parse(r->to, AF_UNSPEC, &to));
    rtnl_route_set_dst(route, to);
    rtnl_route_set_scope(route, RT_SCOPE_LINK);
    rtnl_route_set_protocol(route, RTPROT_BOOT);
    rtnl_route_nh_set_ifindex(hop, rtnl_link_get_ifindex(link));
    if (r->source) {
        TRY(rt_parse(r->source, AF_UNSPEC, &source));
        rtnl_route_set_pref_src(route, source);
    }
    if (r->metric)
        rtnl_route_set_priority(route, r->metric);
    return NULL;
}

struct err *link_add_route(struct links *l, const struct link_route *r)
{
    AUTO_RT_ROUTE struct rtnl_route *route = rtnl_route_alloc();
    int n;

    TRY(make_route(l, r, route));
    n = rtnl_route_add(l->sock, route, NLM_F_EXCL);
    return n < 0 && n != -NLE_EXIST ? rt_err(n, "cannot route to %s", r->to)
                                    : NULL;
}

struct err *link_remove_route(struct links *l, const struct link_route *r)
{
    AUTO_RT_ROUTE struct rtnl_route *route = rtnl_route_alloc();
    int n;

    TRY(make_route(l, r, route));
    n = rtnl_route_delete(l->sock, route, 0);
    return n < 0 && !is_absent(n)
               ? rt_err(n, "cannot remove the route to %s", r->to)
               : NULL;
}

struct err *link_of_default_route(struct links *l, struct pool *p,
                                  const char **ret)
{
    AUTO_RT_CACHE struct nl_cache *cache = NULL;
    char name[IFNAMSIZ];
    int r = rtnl_route_alloc_cache(l->sock, AF_INET, 0, &cache);
    struct nl_object *o;

    if (r < 0)
        return rt_err(r, "cannot list routes");
    *ret = NULL;
    for (o = nl_cache_get_first(cache); o && !*ret; o = nl_cache_get_next(o)) {
        struct rtnl_route *route = (struct rtnl_route *)o;

        if (rt_is_default(route) &&
            if_indextoname((unsigned)rt_route_link(route), name))
            *ret = pool_str(p, name);
    }
    return NULL;
}
