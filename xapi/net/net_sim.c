/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* net_sim: a network of files; see net.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/random.h>

#include "lib/clock.h"
#include "lib/file.h"
#include "lib/hash.h"
#include "lib/str.h"
#include "xapi/net/net.h"
#include "xapi/hv/sim.h"

/* ---- files --------------------------------------------------------------- */

enum word_kind { TEXT, NUMBER, FLAG, KIND };

static const char *const kinds[] = {
    [NET_OTHER] = "other", [NET_CARD] = "card", [NET_BRIDGE] = "bridge",
    [NET_BOND] = "bond",   [NET_VLAN] = "vlan",
};

#define WORD(word, kind, member)                      \
    {                                                 \
        word, kind, offsetof(struct net_link, member) \
    }
/* The words of a file; addresses of IPv6 are one, "ip6", with commas. */
static const struct word {
    const char *word;
    enum word_kind kind;
    size_t offset;
} words[] = {
    WORD("kind", KIND, kind),
    WORD("mac", TEXT, mac),
    WORD("ours", FLAG, ours),
    WORD("up", FLAG, up),
    WORD("carrier", FLAG, carrier),
    WORD("full_duplex", FLAG, full_duplex),
    WORD("mtu", NUMBER, mtu),
    WORD("speed", NUMBER, speed),
    WORD("master", TEXT, master),
    WORD("parent", TEXT, parent),
    WORD("tag", NUMBER, tag),
    WORD("setup", TEXT, setup),
    WORD("ip", TEXT, ip),
    WORD("leased", FLAG, leased),
    WORD("gateway", TEXT, gateway),
    WORD("gateway6", TEXT, gateway6),
    WORD("pci", TEXT, pci),
    WORD("vendor", TEXT, vendor_id),
    WORD("device", TEXT, device_id),
};

static const char *path_of(const struct net *net, struct pool *p,
                           const char *name)
{
    return pool_printf(p, "%s/links/%s", net->dir, name);
}

static struct err *take_word(const struct word *w, const char *text,
                             struct net_link *ret)
{
    char *at = (char *)ret + w->offset;
    int64_t number = 0;

    switch (w->kind) {
    case TEXT:
        *(const char **)at = text;
        return NULL;
    case KIND:
        for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
            if (!strcmp(kinds[i], text))
                *(enum net_kind *)at = (enum net_kind)i;
        return NULL;
    case FLAG:
        TRY(text_to_int(text, 10, 0, 1, &number));
        *(bool *)at = number;
        return NULL;
    case NUMBER:
        return text_to_int(text, 10, INT64_MIN, INT64_MAX, (int64_t *)at);
    }
    return NULL;
}

static void take_ip6(struct pool *p, const char *text, struct net_link *ret)
{
    if (text && *text)
        ret->ip6 = (const char *const *)text_split(p, text, ',', &ret->n_ip6);
}

static struct err *read_link(const struct net *net, struct pool *p,
                             const char *name, struct net_link *ret)
{
    char *text;
    size_t len;

    TRY(file_read(p, path_of(net, p, name), SIM_FILE_BYTES, &text, &len));
    *ret = (struct net_link){.name = name};
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        const char *is = sim_line(p, text, words[i].word);

        if (!is)
            is = words[i].kind == TEXT ? "" : "0";
        TRY(err_wrap(take_word(&words[i], is, ret), "interface \"%s\": %s",
                     name, words[i].word));
    }
    take_ip6(p, sim_line(p, text, "ip6"), ret);
    return NULL;
}

static void add_word(struct str *out, const struct word *w,
                     const struct net_link *l)
{
    const char *at = (const char *)l + w->offset;

    str_addf(out, "%s ", w->word);
    switch (w->kind) {
    case TEXT:
        str_addf(out, "%s\n", *(const char *const *)at);
        break;
    case KIND:
        str_addf(out, "%s\n", kinds[*(const enum net_kind *)at]);
        break;
    case FLAG:
        str_addf(out, "%d\n", *(const bool *)at);
        break;
    case NUMBER:
        str_addf(out, "%lld\n", (long long)*(const int64_t *)at);
        break;
    }
}

/* Who lists the links sees none that is half written. */
static struct err *write_link(const struct net *net, const struct net_link *l)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *new = pool_printf(p, "%s/new.%d", net->dir, (int)getpid());
    AUTO_STR struct str out = STR_INIT(SIM_FILE_BYTES);

    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        add_word(&out, &words[i], l);
    str_add(&out, "ip6 ");
    for (size_t i = 0; i < l->n_ip6; i++)
        str_addf(&out, "%s%s", i ? "," : "", l->ip6[i]);
    str_addc(&out, '\n');
    TRY(file_write(new, str_text(&out), out.len, 0600));
    return rename(new, path_of(net, p, l->name))
               ? err_errno(errno, "%s", path_of(net, p, l->name))
               : NULL;
}

/* ---- verbs --------------------------------------------------------------- */

static struct err *list(const struct net *net, struct pool *p,
                        struct net_link **ret, size_t *ret_n)
{
    struct net_link *links = NULL;
    size_t n_names, n = 0;
    char **names;

    TRY(sim_fault(net->dir, "list", NULL));
    TRY(file_list(p, pool_printf(p, "%s/links", net->dir), &names, &n_names));
    for (size_t i = 0; i < n_names; i++) {
        struct net_link l;
        struct err *e = read_link(net, p, names[i], &l);

        if (e && file_exists(path_of(net, p, names[i])))
            return e;
        if (e)
            err_drop(e, "it has gone meanwhile");
        else
            *pool_push(p, links, n) = l;
    }
    *ret = links;
    *ret_n = n;
    return NULL;
}

/* An address of the locally administered ones. */
static const char *make_mac(struct pool *p)
{
    unsigned char b[5] = {0};

    if (getrandom(b, sizeof(b), 0) < 0)
        abort();
    return pool_printf(p, "02:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3],
                       b[4]);
}

static struct err *add(const struct net *net, const struct net_link *link)
{
    AUTO_POOL struct pool *p = pool_new();
    struct net_link parent;
    struct net_link l = net_link_of(link->name, link->kind);

    l.mac = *link->mac ? link->mac : make_mac(p);
    l.ours = l.carrier = true;
    l.mtu = link->mtu;
    l.parent = link->parent;
    l.tag = link->tag;
    TRY(sim_fault(net->dir, "add", NULL));
    if (link->kind == NET_VLAN) {
        TRY(read_link(net, p, link->parent, &parent));
        l.mac = parent.mac;
    }
    if (file_exists(path_of(net, p, link->name)))
        return ERR("\"%s\" is there", link->name);
    return write_link(net, &l);
}

static struct err *remove_(const struct net *net, const char *name)
{
    AUTO_POOL struct pool *p = pool_new();

    TRY(sim_fault(net->dir, "remove", NULL));
    return file_remove(path_of(net, p, name));
}

static struct err *set(const struct net *net, const struct net_link *link)
{
    AUTO_POOL struct pool *p = pool_new();
    struct net_link l;

    TRY(sim_fault(net->dir, "set", NULL));
    TRY(read_link(net, p, link->name, &l));
    l.up = link->up;
    l.mtu = link->mtu;
    l.master = link->master;
    if (*link->mac)
        l.mac = link->mac;
    return write_link(net, &l);
}

static struct err *set_bond(const struct net *net, const struct net_bond *b)
{
    AUTO_POOL struct pool *p = pool_new();
    struct net_link l;

    TRY(sim_fault(net->dir, "set_bond", NULL));
    TRY(read_link(net, p, b->name, &l));
    l.setup = net_bond_setup(p, b);
    return write_link(net, &l);
}

/* What DHCP gives here. */
#define LEASE "198.51.100.7/24"
#define LEASE_GATEWAY "198.51.100.1"
#define LEASE6 "2001:db8::7/64"
#define LEASE6_GATEWAY "fe80::1"

static struct err *set_address(const struct net *net, const char *name,
                               const struct net_address *a)
{
    AUTO_POOL struct pool *p = pool_new();
    bool given = a->source != NET_NONE && a->source != NET_STATIC;
    struct net_link l;

    TRY(sim_fault(net->dir, "set_address", NULL));
    TRY(read_link(net, p, name, &l));
    if (a->family == NET_IPV4) {
        l.ip = given ? LEASE : a->source == NET_STATIC ? a->ip : "";
        l.gateway = given ? LEASE_GATEWAY : a->source ? a->gateway : "";
        l.leased = given;
    } else {
        take_ip6(p, given ? LEASE6 : a->source ? a->ip : "", &l);
        l.n_ip6 = a->source != NET_NONE;
        l.gateway6 = given ? LEASE6_GATEWAY : a->source ? a->gateway : "";
    }
    return write_link(net, &l);
}

static struct err *move_addresses(const struct net *net, const char *from,
                                  const char *to)
{
    AUTO_POOL struct pool *p = pool_new();
    struct net_link f, t;

    TRY(sim_fault(net->dir, "move_addresses", NULL));
    TRY(read_link(net, p, from, &f));
    TRY(read_link(net, p, to, &t));
    if (*f.ip) {
        t.ip = f.ip;
        t.gateway = f.gateway;
        t.leased = f.leased;
    }
    if (f.n_ip6) {
        t.ip6 = f.ip6;
        t.n_ip6 = f.n_ip6;
        t.gateway6 = f.gateway6;
    }
    TRY(write_link(net, &t));
    f.ip = f.gateway = f.gateway6 = "";
    f.leased = false;
    f.n_ip6 = 0;
    return write_link(net, &f);
}

static struct err *set_dns(const struct net *net, const char *servers)
{
    AUTO_POOL struct pool *p = pool_new();

    TRY(sim_fault(net->dir, "set_dns", NULL));
    return file_write(pool_printf(p, "%s/dns", net->dir), servers,
                      strlen(servers), 0600);
}

/* ---- a new host ---------------------------------------------------------- */

static struct err *make_host(const struct net *net, struct pool *p)
{
    struct net_link card = net_link_of("eth0", NET_CARD);
    struct net_link bridge = net_link_of("xenbr0", NET_BRIDGE);

    card.mac = bridge.mac = make_mac(p);
    card.up = card.carrier = card.full_duplex = true;
    card.mtu = bridge.mtu = 1500;
    card.speed = 1000;
    card.master = bridge.name;
    card.pci = "0000:00:03.0";
    card.vendor_id = "1af4";
    card.device_id = "1000";
    TRY(write_link(net, &card));
    bridge.up = bridge.carrier = bridge.ours = true;
    bridge.ip = "127.0.0.1/8"; /* where the daemon is */
    TRY(write_link(net, &bridge));
    card.name = "eth1";
    card.mac = make_mac(p);
    card.master = "";
    card.pci = "0000:00:04.0";
    card.up = false;
    return write_link(net, &card);
}

/* As hv_sim_measure.c does it. */
static struct err *count(const struct net *net, const char *name,
                         struct net_count *ret)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *path = pool_printf(p, "%s/flow/%s", net->dir, name);
    double now = clock_now();
    char *text, *rest;
    size_t len;

    *ret = (struct net_count){.incarnation = 0};
    TRY(sim_fault(net->dir, "count", NULL));
    if (!file_exists(path))
        return NULL;
    TRY(file_read(p, path, SIM_FILE_BYTES, &text, &len));
    ret->incarnation = hash_bytes(0, text, len);
    ret->rx_bytes = (uint64_t)(strtod(text, &rest) * now);
    ret->tx_bytes = (uint64_t)(strtod(rest, NULL) * now);
    return NULL;
}

struct err *net_sim_open(const char *dir, struct net *ret)
{
    static const struct net sim = {.list = list,
                                   .count = count,
                                   .add = add,
                                   .remove = remove_,
                                   .set = set,
                                   .set_bond = set_bond,
                                   .set_address = set_address,
                                   .move_addresses = move_addresses,
                                   .set_dns = set_dns};
    AUTO_POOL struct pool *p = pool_new();
    const char *links = pool_printf(p, "%s/links", dir);
    bool is_new = !file_exists(links);

    TRY(file_make_dirs(links, 0700));
    TRY(file_make_dirs(pool_printf(p, "%s/fault", dir), 0700));
    *ret = sim;
    ret->dir = dir;
    return is_new ? make_host(ret, p) : NULL;
}
