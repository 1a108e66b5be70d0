/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * net: the host's network, as the daemon needs it: the interfaces there are,
 * and few verbs that change them, with a body for each kind of host; and what
 * is made of them: bridges, VLANs and bonds. All of it blocks, and is called in
 * workers (job.h). Interfaces are known by their names. Knows no database:
 * which bridge a network is, and what has to be there for it, is network.h's.
 */
#ifndef XAPI_NET_H
#define XAPI_NET_H

#include <stdint.h>

#include "lib/pool.h"

enum net_kind {
    NET_OTHER, /* guests' interfaces, tunnels, loopback, ... */
    NET_CARD,  /* that the API calls physical */
    NET_BRIDGE,
    NET_BOND,
    NET_VLAN,
};

/* An interface as it is now. Texts are never NULL unless that is said. */
struct net_link {
    const char *name, *mac;
    enum net_kind kind;
    bool ours; /* made by these verbs */
    bool up, carrier, full_duplex;
    int64_t mtu;
    int64_t speed;      /* Mbit/s, 0: not known */
    const char *master; /* the bridge or bond it is a port of, "": none */
    const char *parent; /* of a VLAN: what it is on, else "" */
    int64_t tag;        /* of a VLAN, else -1 */
    const char *setup;  /* of a bond of ours: net_bond_setup, else "" */
    /* The first IPv4 address "192.0.2.1/24", the default gateway by it; "". */
    const char *ip, *gateway;
    bool leased;            /* that address is one for a time, as DHCP gives */
    const char *const *ip6; /* all that are no link's own, "2001:db8::1/64" */
    size_t n_ip6;
    const char *gateway6;
    /* Of a card, "": not known. */
    const char *pci; /* "0000:00:03.0" */
    const char *vendor_id, *device_id;
};

/* What an interface has done since it came; another incarnation is another
 * interface of the same name. */
struct net_count {
    uint64_t incarnation;
    uint64_t rx_bytes, tx_bytes, rx_errors, tx_errors;
};

struct net_bridge {
    const char *name;
    int64_t mtu;
    const char *port; /* a card, bond or VLAN in it, or NULL: guests alone */
};

struct net_vlan {
    const char *name, *parent;
    int64_t tag, mtu;
};

struct net_setting {
    const char *name, *value;
};

struct net_bond {
    const char *name;
    const char *mac;  /* "": its first port's */
    const char *mode; /* as Bond.mode: "balance-slb", "active-backup", "lacp" */
    int64_t mtu;
    const char *const *ports; /* cards; the first is the one preferred */
    size_t n_ports;
    const struct net_setting *settings; /* as in Bond.properties */
    size_t n_settings;
};

enum net_family {
    NET_IPV4,
    NET_IPV6,
};

enum net_source { /* of an address */
                  NET_NONE,
                  NET_STATIC,
                  NET_DHCP,
                  NET_AUTOCONF, /* IPv6, by the router */
};

struct net_address {
    enum net_family family;
    enum net_source source;
    const char *ip;      /* of NET_STATIC: "192.0.2.1/24" */
    const char *gateway; /* and its gateway, "": none */
};

/* A body. Its verbs do as they are told; who is whose is looked after below. */
struct net {
    const char *name; /* of --net */
    const char *dir;  /* where the body may keep files */
    const char *nics; /* of --nics, or NULL: as the body sees it */
    /* All interfaces, by name; the list and its texts are in P. */
    struct err *(*list)(const struct net *net, struct pool *p,
                        struct net_link **ret, size_t *ret_n);
    struct err *(*count)(const struct net *net, const char *name,
                         struct net_count *ret);
    /* A new bridge, bond or VLAN: of LINK name, kind, mac, mtu, parent, tag. */
    struct err *(*add)(const struct net *net, const struct net_link *link);
    struct err *(*remove)(const struct net *net, const char *name);
    /* LINK's name as the rest says: up, mtu, mac (unless ""), master. */
    struct err *(*set)(const struct net *net, const struct net_link *link);
    /* Mode and settings of a bond that has no ports. */
    struct err *(*set_bond)(const struct net *net, const struct net_bond *b);
    /* All addresses of that family, and the default route by it. */
    struct err *(*set_address)(const struct net *net, const char *name,
                               const struct net_address *address);
    /* All addresses and routes of one interface to another, beside its own. */
    struct err *(*move_addresses)(const struct net *net, const char *from,
                                  const char *to);
    /* What the host asks for names: addresses with commas between. */
    struct err *(*set_dns)(const struct net *net, const char *servers);
};

/* The body of that NAME ("sim", "bridge"). DIR and NICS have to stay. */
struct err *net_open(const char *name, const char *dir, const char *nics,
                     struct net *ret) MUST_USE;

/* Mode and settings of a bond in one text. */
const char *net_bond_setup(struct pool *p, const struct net_bond *b);

/* Linux takes it as the name of an interface. */
bool net_is_name(const char *name);
/* One of that name, without anything: no text is NULL. */
struct net_link net_link_of(const char *name, enum net_kind kind);
/* Of N links the one of that name, or NULL. */
const struct net_link *net_find(const struct net_link *links, size_t n,
                                const char *name);

/*
 * How things shall be: what is so already is left alone, so each can be said
 * again. What was made by somebody else (ifupdown's bridges) is used as it is;
 * it is never changed nor taken away. One at a time, whoever calls.
 */
/* The bridge is there and up, with that MTU and the port; what addresses and
 * routes the port has go over to the bridge. Somebody else's bridge is fine
 * when the port, if any, is in it. An error leaves no new bridge behind. */
struct err *net_bridge_up(const struct net *net,
                          const struct net_bridge *b) MUST_USE;
/* Takes back net_bridge_up: what was PORT's goes to it again, and the bridge,
 * if it is there and ours, away. */
struct err *net_bridge_undo(const struct net *net, const char *name,
                            const char *port) MUST_USE;
struct err *net_vlan_up(const struct net *net,
                        const struct net_vlan *v) MUST_USE;
/* Cards that are ports of a bridge of ours leave it. */
struct err *net_bond_up(const struct net *net,
                        const struct net_bond *b) MUST_USE;
/* Takes away a bridge, a VLAN or a bond of ours, with the addresses it has. Not
 * there, or not ours, is fine. */
struct err *net_down(const struct net *net, const char *name) MUST_USE;

/*
 * A bridge of guests alone (net_user.c): who uses it is a file of
 * DIR/users/BRIDGE, so that it goes with its last user, whoever comes and goes
 * beside that. USER has no "/".
 */
/* net_bridge_up, for USER from now on. */
struct err *net_bridge_join(const struct net *net, const struct net_bridge *b,
                            const char *user) MUST_USE;
/* USER (who need not have joined) is through with it; when nobody else is
 * there, and it does not have to STAY, it goes. */
struct err *net_bridge_leave(const struct net *net, const char *name,
                             const char *user, bool stay) MUST_USE;
/* Exactly these N are the users of that bridge, which is there or not; it goes
 * when that takes away the last one. */
struct err *net_bridge_settle(const struct net *net, const char *name,
                              const char *const *users, size_t n) MUST_USE;

/* Of what is ours, or a card. */
struct err *net_configure(const struct net *net, const char *name,
                          const struct net_address *address) MUST_USE;

/*
 * --net=sim: a host of files. DIR/links has a file an interface, with lines
 * "WORD TEXT" (net_sim.c has the words); a new one has two cards, eth0 in the
 * bridge xenbr0, which has the host's address, and eth1. Tests change files
 * there, and write DIR/fault/VERB as hv.h says, VERB being one of struct net;
 * DIR/flow/NAME has the bytes a second that interface receives and sends.
 */
struct err *net_sim_open(const char *dir, struct net *ret) MUST_USE;

/*
 * --net=bridge: this Linux, by netlink. What is made gets the alias "dom0kit",
 * by which it is known later. Cards are interfaces of hardware, or those whose
 * names match NICS: patterns with commas between, "eth*,ens3".
 */
struct err *net_bridge_open(const char *dir, struct net *ret) MUST_USE;

#endif
