/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* net_rt: what the files net_bridge*.c share: rtnetlink by libnl, and the
 * kernel's files about interfaces. */
#ifndef XAPI_NET_RT_H
#define XAPI_NET_RT_H

#include "lib/rt.h"
#include "xapi/net/net.h"

#define NET_ALIAS "dom0kit" /* of what is ours; a bond's setup behind it */

/* What is asked of the kernel at one time; freed by net_rt_done. */
struct net_rt {
    struct nl_sock *sock;
    struct nl_cache *links, *addresses, *routes;
};
#define NET_RT(name) \
    __attribute__((cleanup(net_rt_done))) struct net_rt name = {NULL}
struct err *net_rt_open(struct net_rt *rt) MUST_USE;
void net_rt_done(struct net_rt *rt);

/* The interface of that name; it is the cache's. */
struct err *net_rt_link(const struct net_rt *rt, const char *name,
                        struct rtnl_link **ret) MUST_USE;

/* A file of the kernel's about an interface: ROOT "/sys/class/net" and so on.
 * Trimmed; NULL when there is none. */
const char *net_file(struct pool *p, const char *root, const char *link,
                     const char *name);
struct err *net_file_write(const char *root, const char *link, const char *name,
                           const char *text) MUST_USE;
#define NET_SYS "/sys/class/net"
#define NET_IPV6_CONF "/proc/sys/net/ipv6/conf"

/* struct net's list. */
struct err *net_rt_list(const struct net *net, struct pool *p,
                        struct net_link **ret, size_t *ret_n) MUST_USE;
/* struct net's set_address and move_addresses. */
struct err *net_rt_set_address(const struct net *net, const char *name,
                               const struct net_address *a) MUST_USE;
struct err *net_rt_move_addresses(const struct net *net, const char *from,
                                  const char *to) MUST_USE;
/* A DHCP client of ours, if any, ends. */
struct err *net_rt_stop_dhcp(const struct net *net, const char *name) MUST_USE;

#endif
