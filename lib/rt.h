/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* rt: rtnetlink by libnl, as our programs use it: sockets, errors, addresses,
 * and what is let go at the end of a scope. */
#ifndef LIB_RT_H
#define LIB_RT_H

#include <netlink/errno.h>
#include <netlink/netlink.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <netlink/route/route.h>
#include <stdbool.h>

#include "lib/auto.h"
#include "lib/err.h"

/* NULL is fine for each. */
void rt_put_link(struct rtnl_link **link);
void rt_put_ip(struct rtnl_addr **ip);
void rt_put_route(struct rtnl_route **route);
void rt_put_addr(struct nl_addr **addr);
void rt_free_cache(struct nl_cache **cache);
#define AUTO_RT_LINK AUTO(rt_put_link)
#define AUTO_RT_IP AUTO(rt_put_ip)
#define AUTO_RT_ROUTE AUTO(rt_put_route)
#define AUTO_RT_ADDR AUTO(rt_put_addr)
#define AUTO_RT_CACHE AUTO(rt_free_cache)

/* For nl_socket_free. */
struct err *rt_open(struct nl_sock **ret) MUST_USE;
/* An error of libnl's; NULL when STATUS is none. */
struct err *rt_err(int status, const char *fmt, ...) PRINTF_LIKE(2, 3) MUST_USE;
/* FAMILY: AF_INET, AF_INET6, AF_LLC (a MAC), AF_UNSPEC. Kind input. */
struct err *rt_parse(const char *text, int family,
                     struct nl_addr **ret) MUST_USE;

/* Default routes, in the main table. */
bool rt_is_default(struct rtnl_route *route);
/* The interface a route goes by, 0: by several. */
int rt_route_link(struct rtnl_route *route);

#endif
