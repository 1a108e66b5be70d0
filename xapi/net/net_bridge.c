/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* net_bridge: this Linux's network, by netlink; see net.h. Its interfaces are
 * read in net_bridge_list.c, addresses are net_bridge_address.c's. */
#include <linux/if.h>
#include <netlink/route/link/bonding.h>
#include <netlink/route/link/bridge.h>
#include <netlink/route/link/vlan.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/file.h"
#include "lib/str.h"
#include "xapi/net/net_rt.h"

#define RESOLV_CONF "/etc/resolv.conf"

static struct err *change(const struct net_rt *rt, struct rtnl_link *link,
                          struct rtnl_link *wanted, const char *what)
{
    return rt_err(rtnl_link_change(rt->sock, link, wanted, 0), "\"%s\": %s",
                  rtnl_link_get_name(link), what);
}

/* ---- add, remove --------------------------------------------------------- */

static struct rtnl_link *new_link(enum net_kind kind)
{
    return kind == NET_BRIDGE ? rtnl_link_bridge_alloc()
           : kind == NET_BOND ? rtnl_link_bond_alloc()
                              : rtnl_link_vlan_alloc();
}

/* Bridges forward at once, and take no addresses from networks of guests. */
static struct err *tame_bridge(const struct net *net, const char *name)
{
    const struct net_address none = {.family = NET_IPV6};

    TRY(net_file_write(NET_SYS, name, "bridge/forward_delay", "0"));
    return net_rt_set_address(net, name, &none);
}

static struct err *mark(const char *name, const char *setup)
{
    NET_RT(rt);
    AUTO_POOL struct pool *p = pool_new();
    AUTO_RT_LINK struct rtnl_link *wanted = rtnl_link_alloc();
    struct rtnl_link *link;

    TRY(net_rt_open(&rt));
    TRY(net_rt_link(&rt, name, &link));
    rtnl_link_set_ifalias(
        wanted, *setup ? pool_printf(p, NET_ALIAS " %s", setup) : NET_ALIAS);
    return change(&rt, link, wanted, "alias");
}

static struct err *remove_(const struct net *net, const char *name)
{
    NET_RT(rt);
    struct rtnl_link *link;

    TRY(net_rt_stop_dhcp(net, name));
    TRY(net_rt_open(&rt));
    TRY(net_rt_link(&rt, name, &link));
    return rt_err(rtnl_link_delete(rt.sock, link), "\"%s\"", name);
}

static struct err *prepare(const struct net *net, const struct net_link *l)
{
    TRY(mark(l->name, ""));
    return l->kind == NET_BRIDGE ? tame_bridge(net, l->name) : NULL;
}

static struct err *add(const struct net *net, const struct net_link *l)
{
    NET_RT(rt);
    AUTO_RT_LINK struct rtnl_link *new = new_link(l->kind);
    struct rtnl_link *parent;
    struct err *e;

    TRY(net_rt_open(&rt));
    rtnl_link_set_name(new, l->name);
    if (l->kind == NET_VLAN) {
        TRY(net_rt_link(&rt, l->parent, &parent));
        rtnl_link_set_link(new, rtnl_link_get_ifindex(parent));
        rtnl_link_vlan_set_id(new, (uint16_t)l->tag);
    }
    TRY(rt_err(rtnl_link_add(rt.sock, new, NLM_F_CREATE | NLM_F_EXCL), "\"%s\"",
               l->name));
    e = prepare(net, l);
    return e ? err_join(e, remove_(net, l->name)) : NULL;
}

/* ---- set ----------------------------------------------------------------- */

static struct err *set_up(const struct net_rt *rt, struct rtnl_link *link,
                          bool up)
{
    AUTO_RT_LINK struct rtnl_link *wanted = rtnl_link_alloc();

    if (up)
        rtnl_link_set_flags(wanted, IFF_UP);
    else
        rtnl_link_unset_flags(wanted, IFF_UP);
    return change(rt, link, wanted, up ? "up" : "down");
}

/* A bond takes what is down. */
static struct err *set_master(const struct net_rt *rt, struct rtnl_link *link,
                              const char *name)
{
    struct rtnl_link *master = NULL;
    const char *type;
    int index = 0;

    if (*name) {
        TRY(net_rt_link(rt, name, &master));
        index = rtnl_link_get_ifindex(master);
    }
    if (rtnl_link_get_master(link) == index)
        return NULL;
    type = master ? rtnl_link_get_type(master) : NULL;
    if (type && !strcmp(type, "bond"))
        TRY(set_up(rt, link, false));
    return rt_err(
        rtnl_link_enslave_ifindex(rt->sock, index, rtnl_link_get_ifindex(link)),
        "\"%s\" into \"%s\"", rtnl_link_get_name(link), name);
}

static struct err *set_mac(const struct net_rt *rt, struct rtnl_link *link,
                           const char *mac)
{
    AUTO_RT_LINK struct rtnl_link *wanted = rtnl_link_alloc();
    struct nl_addr *address = NULL;
    bool same;

    TRY(rt_err(nl_addr_parse(mac, AF_LLC, &address), "\"%s\"", mac));
    same = !nl_addr_cmp(address, rtnl_link_get_addr(link));
    rtnl_link_set_addr(wanted, address);
    nl_addr_put(address);
    return same ? NULL : change(rt, link, wanted, "hardware address");
}

static struct err *set_mtu(const struct net_rt *rt, struct rtnl_link *link,
                           int64_t mtu)
{
    AUTO_RT_LINK struct rtnl_link *wanted = rtnl_link_alloc();

    if (rtnl_link_get_mtu(link) == mtu)
        return NULL;
    rtnl_link_set_mtu(wanted, (unsigned)mtu);
    return change(rt, link, wanted, "MTU");
}

static struct err *set(const struct net *net, const struct net_link *l)
{
    NET_RT(rt);
    struct rtnl_link *link;

    (void)net;
    TRY(net_rt_open(&rt));
    TRY(net_rt_link(&rt, l->name, &link));
    if (*l->mac)
        TRY(set_mac(&rt, link, l->mac));
    if (l->mtu)
        TRY(set_mtu(&rt, link, l->mtu));
    TRY(set_master(&rt, link, l->master));
    return set_up(&rt, link, l->up);
}

/* ---- bonds --------------------------------------------------------------- */

/* How Linux calls what the API does. balance-slb is a balance by the sender's
 * address that no switch has to know of. */
static const struct {
    const char *mode, *linux_mode, *hash;
} modes[] = {
    {"balance-slb", "balance-xor", "vlan+srcmac"},
    {"active-backup", "active-backup", NULL},
    {"lacp", "802.3ad", "layer3+4"},
};

static const struct {
    const char *name, *value; /* of the API; no value: as it is */
    const char *file, *text;
} options[] = {
    {"hashing_algorithm", "src_mac", "xmit_hash_policy", "vlan+srcmac"},
    {"hashing_algorithm", "tcpudp_ports", "xmit_hash_policy", "layer3+4"},
    {"lacp-time", "slow", "lacp_rate", "slow"},
    {"lacp-time", "fast", "lacp_rate", "fast"},
    {"lacp-aggregation-key", NULL, "ad_user_port_key", NULL},
    {"miimon", NULL, "miimon", NULL},
    {"updelay", NULL, "updelay", NULL},
    {"downdelay", NULL, "downdelay", NULL},
};

#define MIIMON "100"

static struct err *set_option(const char *bond, const char *file,
                              const char *text)
{
    AUTO_POOL struct pool *p = pool_new();

    return net_file_write(NET_SYS, bond, pool_printf(p, "bonding/%s", file),
                          text);
}

static struct err *set_options(const struct net_bond *b,
                               const struct net_setting *s)
{
    for (size_t i = 0; i < ARRAY_LEN(options); i++) {
        if (strcmp(options[i].name, s->name) ||
            (options[i].value && strcmp(options[i].value, s->value)))
            continue;
        return set_option(b->name, options[i].file,
                          options[i].text ? options[i].text : s->value);
    }
    return NULL; /* of Open vSwitch's bonds, say */
}

static struct err *set_mode(const struct net_bond *b)
{
    for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
        if (strcmp(modes[i].mode, b->mode))
            continue;
        TRY(set_option(b->name, "mode", modes[i].linux_mode));
        TRY(set_option(b->name, "miimon", MIIMON));
        return modes[i].hash
                   ? set_option(b->name, "xmit_hash_policy", modes[i].hash)
                   : NULL;
    }
    return ERR("a bond has no mode \"%s\"", b->mode);
}

static struct err *take_down(const char *name)
{
    NET_RT(rt);
    struct rtnl_link *link;

    TRY(net_rt_open(&rt));
    TRY(net_rt_link(&rt, name, &link));
    return set_up(&rt, link, false);
}

static struct err *set_bond(const struct net *net, const struct net_bond *b)
{
    AUTO_POOL struct pool *p = pool_new();

    (void)net;
    TRY(take_down(b->name));
    TRY(set_mode(b));
    for (size_t i = 0; i < b->n_settings; i++)
        TRY(set_options(b, &b->settings[i]));
    return mark(b->name, net_bond_setup(p, b));
}

/* ---- names --------------------------------------------------------------- */

static struct err *set_dns(const struct net *net, const char *servers)
{
    AUTO_POOL struct pool *p = pool_new();
    AUTO_STR struct str text = STR_INIT(STR_MAX);
    char **list = text_split(p, servers, ',', NULL);
    struct stat st;

    (void)net;
    if (!lstat(RESOLV_CONF, &st) && S_ISLNK(st.st_mode))
        return ERR(RESOLV_CONF " is a link: name servers are somebody else's "
                               "to set on this host");
    for (; *list; list++)
        str_addf(&text, "nameserver %s\n", text_trim(p, *list));
    return file_write(RESOLV_CONF, str_text(&text), text.len, 0644);
}

/* ---- what it did --------------------------------------------------------- */

static struct err *count(const struct net *net, const char *name,
                         struct net_count *ret)
{
    static const struct {
        const char *file;
        size_t offset;
    } files[] = {
        {"ifindex", offsetof(struct net_count, incarnation)},
        {"statistics/rx_bytes", offsetof(struct net_count, rx_bytes)},
        {"statistics/tx_bytes", offsetof(struct net_count, tx_bytes)},
        {"statistics/rx_errors", offsetof(struct net_count, rx_errors)},
        {"statistics/tx_errors", offsetof(struct net_count, tx_errors)},
    };
    AUTO_POOL struct pool *p = pool_new();

    (void)net;
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        const char *text = net_file(p, NET_SYS, name, files[i].file);

        if (!text)
            return ERR_AS(not_found, "there is no interface \"%s\"", name);
        *(uint64_t *)((char *)ret + files[i].offset) = strtoull(text, NULL, 10);
    }
    return NULL;
}

/* ---- all of it ----------------------------------------------------------- */

struct err *net_bridge_open(const char *dir, struct net *ret)
{
    static const struct net bridge = {.list = net_rt_list,
                                      .count = count,
                                      .add = add,
                                      .remove = remove_,
                                      .set = set,
                                      .set_bond = set_bond,
                                      .set_address = net_rt_set_address,
                                      .move_addresses = net_rt_move_addresses,
                                      .set_dns = set_dns};

    *ret = bridge;
    ret->dir = dir;
    return NULL;
}
