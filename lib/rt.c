/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* rt: see rt.h. */
#include "lib/rt.h"

#include <linux/rtnetlink.h>
#include <stdlib.h>

#include "lib/str.h"

#define WORDS_MAX 4096

void rt_put_link(struct rtnl_link **link)
{
    if (*link)
        rtnl_link_put(*link);
}

void rt_put_ip(struct rtnl_addr **ip)
{
    if (*ip)
        rtnl_addr_put(*ip);
}

void rt_put_route(struct rtnl_route **route)
{
    if (*route)
        rtnl_route_put(*route);
}

void rt_put_addr(struct nl_addr **addr)
{
    if (*addr)
        nl_addr_put(*addr);
}

void rt_free_cache(struct nl_cache **cache)
{
    if (*cache)
        nl_cache_free(*cache);
}

struct err *rt_open(struct nl_sock **ret)
{
    struct nl_sock *sock = nl_socket_alloc();
    struct err *e;

    if (!sock)
        abort();
    e = rt_err(nl_connect(sock, NETLINK_ROUTE), "netlink");
    if (e)
        nl_socket_free(sock);
    else
        *ret = sock;
    return e;
}

struct err *rt_err(int status, const char *fmt, ...)
{
    AUTO_STR struct str text = STR_INIT(WORDS_MAX);
    va_list ap;

    if (status >= 0)
        return NULL;
    va_start(ap, fmt);
    str_vaddf(&text, fmt, ap);
    va_end(ap);
    return ERR("%s: %s", str_text(&text), nl_geterror(status));
}

struct err *rt_parse(const char *text, int family, struct nl_addr **ret)
{
    int status = nl_addr_parse(text, family, ret);

    return status < 0 ? ERR_AS(input, "'%s' is no address: %s", text,
                               nl_geterror(status))
                      : NULL;
}

bool rt_is_default(struct rtnl_route *route)
{
    const struct nl_addr *to = rtnl_route_get_dst(route);

    return rtnl_route_get_table(route) == RT_TABLE_MAIN &&
           rtnl_route_get_type(route) == RTN_UNICAST &&
           (!to || !nl_addr_get_prefixlen(to));
}

int rt_route_link(struct rtnl_route *route)
{
    return rtnl_route_get_nnexthops(route) == 1
               ? rtnl_route_nh_get_ifindex(rtnl_route_nexthop_n(route, 0))
               : 0;
}
