/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* net: see net.h. What each kind of interface needs, out of a body's verbs. */
#include "xapi/net/net.h"

#include <net/if.h>
#include <string.h>

#include "lib/file.h"
#include "lib/str.h"

#define LOCK_SECONDS 60

struct err *net_open(const char *name, const char *dir, const char *nics,
                     struct net *ret)
{
    static const struct {
        const char *name;
        struct err *(*open)(const char *dir, struct net *ret);
    } bodies[] = {
        {"sim", net_sim_open},
        {"bridge", net_bridge_open},
    };

    for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
        if (strcmp(bodies[i].name, name))
            continue;
        TRY(err_wrap(file_make_dirs(dir, 0700), "--net"));
        TRY(bodies[i].open(dir, ret));
        ret->name = bodies[i].name;
        ret->dir = dir;
        ret->nics = nics;
        return NULL;
    }
    return ERR_AS(usage, "--net: \"%s\" is neither sim nor bridge", name);
}

bool net_is_name(const char *name)
{
    size_t len = strlen(name);

    return len > 0 && len < IFNAMSIZ && strcmp(name, ".") &&
           strcmp(name, "..") && strcspn(name, "/: \t\n\v\f\r") == len;
}

struct net_link net_link_of(const char *name, enum net_kind kind)
{
    return (struct net_link){.name = name,
                             .kind = kind,
                             .mac = "",
                             .master = "",
                             .parent = "",
                             .tag = -1,
                             .setup = "",
                             .ip = "",
                             .gateway = "",
                             .gateway6 = "",
                             .pci = "",
                             .vendor_id = "",
                             .device_id = ""};
}

const struct net_link *net_find(const struct net_link *links, size_t n,
                                const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp(links[i].name, name))
            return &links[i];
    return NULL;
}

/* ---- the host as it is --------------------------------------------------- */

/* One change of the host's network. */
struct change {
    const struct net *net;
    struct pool *pool;
    int lock;
    struct net_link *links;
    size_t n;
};

static void end_change(struct change *c)
{
    if (c->lock >= 0)
        close(c->lock);
    pool_free(c->pool);
}

static struct err *begin_change(struct change *c, const struct net *net)
{
    c->net = net;
    c->pool = pool_new();
    TRY(file_lock(pool_printf(c->pool, "%s/lock", net->dir), LOCK_SECONDS,
                  &c->lock));
    return net->list(net, c->pool, &c->links, &c->n);
}

#define CHANGE(name) \
    __attribute__((cleanup(end_change))) struct change name = {.lock = -1}

static const struct net_link *find(const struct change *c, const char *name)
{
    return net_find(c->links, c->n, name);
}

static bool has_addresses(const struct net_link *l)
{
    return *l->ip || l->n_ip6;
}

/* NAME, as something of KIND that is ours, or NULL when it is not there. */
static struct err *find_ours(const struct change *c, const char *name,
                             enum net_kind kind, const struct net_link **ret)
{
    const struct net_link *l = find(c, name);

    if (l && !l->ours)
        return ERR_AS(input, "\"%s\" was made by somebody else", name);
    if (l && l->kind != kind)
        return ERR_AS(input, "\"%s\" is there, and is something else", name);
    *ret = l;
    return NULL;
}

static struct err *need(const struct change *c, const char *name,
                        const struct net_link **ret)
{
    *ret = find(c, name);
    return *ret ? NULL
                : ERR_AS(not_found, "there is no interface \"%s\"", name);
}

/* Up, as a port of MASTER ("": of none); MTU 0: as it is. */
static struct err *set_port(const struct change *c, const struct net_link *port,
                            const char *master, int64_t mtu)
{
    struct net_link l = *port;

    l.master = master;
    l.up = true;
    l.mtu = mtu ? mtu : l.mtu;
    l.mac = "";
    return c->net->set(c->net, &l);
}

/* Its ports leave it. */
static struct err *empty(const struct change *c, const char *name)
{
    for (size_t i = 0; i < c->n; i++)
        if (!strcmp(c->links[i].master, name))
            TRY(set_port(c, &c->links[i], "", 0));
    return NULL;
}

/* ---- bridges ------------------------------------------------------------- */

/* Of somebody else's. */
static struct err *use_bridge(const struct net_link *bridge,
                              const struct net_link *port)
{
    if (bridge->kind != NET_BRIDGE)
        return ERR_AS(input, "\"%s\" is there, and is no bridge", bridge->name);
    if (port && strcmp(port->master, bridge->name))
        return ERR_AS(input,
                      "the bridge \"%s\" was made by somebody else, and \"%s\" "
                      "is not in it",
                      bridge->name, port->name);
    return NULL;
}

static struct err *fill_bridge(const struct change *c,
                               const struct net_link *bridge,
                               const struct net_link *port)
{
    if (port)
        TRY(set_port(c, port, bridge->name, bridge->mtu));
    TRY(c->net->set(c->net, bridge));
    if (port && has_addresses(port))
        return c->net->move_addresses(c->net, port->name, bridge->name);
    return NULL;
}

static struct err *undo_bridge(const struct change *c, const char *name,
                               const struct net_link *port)
{
    struct err *e = NULL;

    if (port)
        e = c->net->move_addresses(c->net, name, port->name);
    return err_join(e, c->net->remove(c->net, name));
}

static struct err *make_bridge(const struct change *c,
                               const struct net_link *bridge,
                               const struct net_link *port)
{
    struct err *e;

    TRY(c->net->add(c->net, bridge));
    e = fill_bridge(c, bridge, port);
    if (!e)
        return NULL;
    if (port)
        e = err_join(e,
                     c->net->move_addresses(c->net, bridge->name, port->name));
    return err_join(e, c->net->remove(c->net, bridge->name));
}

struct err *net_bridge_up(const struct net *net, const struct net_bridge *b)
{
    CHANGE(c);
    const struct net_link *have, *port = NULL;
    struct net_link bridge = net_link_of(b->name, NET_BRIDGE);

    bridge.mtu = b->mtu;
    bridge.up = true;
    TRY(begin_change(&c, net));
    if (b->port)
        TRY(need(&c, b->port, &port));
    have = find(&c, b->name);
    if (have && (!have->ours || have->kind != NET_BRIDGE))
        return use_bridge(have, port);
    if (port && port->leased)
        return ERR_AS(
            input,
            "the address of \"%s\" is leased, by a DHCP client of the "
            "host's: it is for the host's own settings to make "
            "a bridge of it",
            port->name);
    if (port && *port->master && strcmp(port->master, b->name))
        return ERR_AS(input, "\"%s\" is in \"%s\" already", port->name,
                      port->master);
    if (port)
        bridge.mac = port->mac;
    return have ? fill_bridge(&c, &bridge, port)
                : make_bridge(&c, &bridge, port);
}

struct err *net_bridge_undo(const struct net *net, const char *name,
                            const char *port)
{
    CHANGE(c);
    const struct net_link *l;

    TRY(begin_change(&c, net));
    l = find(&c, name);
    return l && l->ours ? undo_bridge(&c, name, find(&c, port)) : NULL;
}

/* ---- VLANs --------------------------------------------------------------- */

struct err *net_vlan_up(const struct net *net, const struct net_vlan *v)
{
    CHANGE(c);
    const struct net_link *have, *parent;
    struct net_link vlan = net_link_of(v->name, NET_VLAN);

    vlan.mtu = v->mtu;
    vlan.up = true;
    vlan.parent = v->parent;
    vlan.tag = v->tag;
    TRY(begin_change(&c, net));
    TRY(need(&c, v->parent, &parent));
    have = find(&c, v->name);
    if (have && (have->kind != NET_VLAN || have->tag != v->tag ||
                 strcmp(have->parent, v->parent)))
        return ERR_AS(input, "\"%s\" is there, and is something else", v->name);
    if (have && !have->ours)
        return NULL;
    if (!parent->up || parent->mtu < v->mtu)
        TRY(set_port(&c, parent, parent->master,
                     parent->mtu < v->mtu ? v->mtu : 0));
    if (have)
        vlan.master = have->master;
    else
        TRY(net->add(net, &vlan));
    return net->set(net, &vlan);
}

/* ---- bonds --------------------------------------------------------------- */

const char *net_bond_setup(struct pool *p, const struct net_bond *b)
{
    AUTO_STR struct str text = STR_INIT(STR_MAX);

    str_add(&text, b->mode);
    for (size_t i = 0; i < b->n_settings; i++)
        str_addf(&text, " %s=%s", b->settings[i].name, b->settings[i].value);
    return pool_str(p, str_text(&text));
}

static bool is_port_of(const struct net_bond *b, const char *name)
{
    for (size_t i = 0; i < b->n_ports; i++)
        if (!strcmp(b->ports[i], name))
            return true;
    return false;
}

static struct err *check_ports(const struct change *c, const struct net_bond *b)
{
    for (size_t i = 0; i < b->n_ports; i++) {
        const struct net_link *port, *master;

        TRY(need(c, b->ports[i], &port));
        master = find(c, port->master);
        if (master && !master->ours)
            return ERR_AS(
                input, "\"%s\" is in \"%s\", which was made by somebody else",
                port->name, master->name);
    }
    return NULL;
}

static struct err *fill_bond(const struct change *c, const struct net_bond *b,
                             const char *master)
{
    struct net_link bond = net_link_of(b->name, NET_BOND);
    const struct net_link *port;

    bond.mac = b->mac;
    bond.mtu = b->mtu;
    bond.up = true;
    bond.master = master;
    TRY(c->net->set_bond(c->net, b));
    for (size_t i = 0; i < b->n_ports; i++) {
        TRY(need(c, b->ports[i], &port));
        TRY(set_port(c, port, b->name, 0));
    }
    return c->net->set(c->net, &bond);
}

static struct err *make_bond(const struct change *c, const struct net_bond *b)
{
    struct net_link bond = net_link_of(b->name, NET_BOND);
    struct err *e;

    bond.mtu = b->mtu;
    TRY(c->net->add(c->net, &bond));
    e = fill_bond(c, b, "");
    return e ? err_join(e, c->net->remove(c->net, b->name)) : NULL;
}

static bool has_all_ports(const struct change *c, const struct net_bond *b)
{
    size_t n = 0;

    for (size_t i = 0; i < c->n; i++) {
        if (strcmp(c->links[i].master, b->name))
            continue;
        if (!is_port_of(b, c->links[i].name))
            return false;
        n++;
    }
    return n == b->n_ports;
}

struct err *net_bond_up(const struct net *net, const struct net_bond *b)
{
    CHANGE(c);
    const struct net_link *have = NULL;

    TRY(begin_change(&c, net));
    TRY(find_ours(&c, b->name, NET_BOND, &have));
    TRY(check_ports(&c, b));
    if (!have)
        return make_bond(&c, b);
    if (have->up && has_all_ports(&c, b) &&
        !strcmp(have->setup, net_bond_setup(c.pool, b)))
        return NULL;
    TRY(empty(&c, b->name)); /* mode and settings want that */
    return fill_bond(&c, b, have->master);
}

/* ---- the end of one ------------------------------------------------------ */

struct err *net_down(const struct net *net, const char *name)
{
    CHANGE(c);
    const struct net_link *l;

    TRY(begin_change(&c, net));
    l = find(&c, name);
    if (!l || !l->ours)
        return NULL;
    TRY(empty(&c, name));
    return net->remove(net, name);
}

struct err *net_configure(const struct net *net, const char *name,
                          const struct net_address *address)
{
    CHANGE(c);
    const struct net_link *l;

    TRY(begin_change(&c, net));
    TRY(need(&c, name, &l));
    if (!l->ours && l->kind != NET_CARD)
        return ERR_AS(input, "\"%s\" was made by somebody else", name);
    return net->set_address(net, name, address);
}
