/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* link: the kernel's network interfaces, addresses and routes, by netlink. */
#ifndef XL_HOTPLUG_LINK_H
#define XL_HOTPLUG_LINK_H

#include "lib/pool.h"

struct links;

struct err *links_open(struct links **ret) MUST_USE;
void links_close(struct links *l); /* NULL is fine */

struct link {
    bool exists; /* else nothing of the rest is known */
    int index;
    unsigned mtu;
    bool up;
    bool is_bridge;
};
struct err *link_look(struct links *l, const char *name,
                      struct link *ret) MUST_USE;

/* The address of ports of a bridge: the largest that is nobody's, so that it is
 * never what the bridge takes as its own. */
#define LINK_PORT_MAC "fe:ff:ff:ff:ff:ff"

enum link_power { LINK_AS_IS, LINK_UP, LINK_DOWN };
struct link_change {
    const char *name; /* a new one, or NULL */
    const char *mac;  /* or NULL */
    unsigned mtu;     /* 0: as it is */
    int master;       /* index, 0: as it is, -1: none */
    enum link_power power;
};
/* All of it or, mostly, nothing; of an interface that has gone, an error of
 * kind not_found. */
struct err *link_change(struct links *l, const char *name,
                        const struct link_change *change) MUST_USE;

/* ADDRESS is "192.0.2.1" or "192.0.2.1/24", of IPv4 or IPv6. There already is
 * fine; so is not there for what is removed. */
struct err *link_add_address(struct links *l, const char *name,
                             const char *address) MUST_USE;
struct err *link_flush_addresses(struct links *l, const char *name) MUST_USE;
/* The interface's first IPv4 address, or NULL. */
struct err *link_address(struct links *l, struct pool *p, const char *name,
                         const char **ret) MUST_USE;
struct link_route {
    const char *to;     /* address or network */
    const char *name;   /* interface */
    const char *source; /* or NULL */
    unsigned metric;    /* 0: as the kernel likes */
};
struct err *link_add_route(struct links *l,
                           const struct link_route *r) MUST_USE;
struct err *link_remove_route(struct links *l,
                              const struct link_route *r) MUST_USE;
/* The interface of the default route, or NULL. */
struct err *link_of_default_route(struct links *l, struct pool *p,
                                  const char **ret) MUST_USE;

#endif
