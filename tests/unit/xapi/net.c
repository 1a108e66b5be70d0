/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* net: what is made of a body's verbs: bridges, VLANs, bonds; said again they
 * change nothing, somebody else's is never changed, and whatever verb fails, a
 * new bridge is not left behind and no address is lost. */
#include "tests/unit/xapi/db_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/file.h"
#include "lib/run.h"
#include "xapi/net/net.h"

/* ---- a body that counts changes and fails when it is told ---------------- */

struct rig {
    struct net net;
    struct net sim;
    struct pool *pool;
    char dir[64];
};

/* Of the rig that is in use: verbs are not told more than their net. */
static struct {
    const struct net *sim;
    int changes, fail_at;
} now;

static struct err *count(void)
{
    return ++now.changes == now.fail_at ? ERR("the %dth", now.fail_at) : NULL;
}

static struct err *list(const struct net *net, struct pool *p,
                        struct net_link **ret, size_t *ret_n)
{
    (void)net;
    return now.sim->list(now.sim, p, ret, ret_n);
}

static struct err *add(const struct net *net, const struct net_link *l)
{
    (void)net;
    TRY(count());
    return now.sim->add(now.sim, l);
}

static struct err *remove_(const struct net *net, const char *name)
{
    (void)net;
    return now.sim->remove(now.sim, name);
}

static struct err *set(const struct net *net, const struct net_link *l)
{
    (void)net;
    TRY(count());
    return now.sim->set(now.sim, l);
}

static struct err *set_bond(const struct net *net, const struct net_bond *b)
{
    (void)net;
    TRY(count());
    return now.sim->set_bond(now.sim, b);
}

static struct err *set_address(const struct net *net, const char *name,
                               const struct net_address *a)
{
    (void)net;
    TRY(count());
    return now.sim->set_address(now.sim, name, a);
}

static struct err *move_addresses(const struct net *net, const char *from,
                                  const char *to)
{
    (void)net;
    return now.sim->move_addresses(now.sim, from, to);
}

static struct rig *rig_new(void)
{
    struct pool *p = pool_new();
    struct rig *r = pool_new_of(p, struct rig);

    r->pool = p;
    snprintf(r->dir, sizeof(r->dir), "/tmp/dom0kit-net-XXXXXX");
    assert_non_null(mkdtemp(r->dir));
    ok(net_sim_open(r->dir, &r->sim));
    r->net = (struct net){.name = "test",
                          .dir = r->dir,
                          .list = list,
                          .add = add,
                          .remove = remove_,
                          .set = set,
                          .set_bond = set_bond,
                          .set_address = set_address,
                          .move_addresses = move_addresses};
    now.sim = &r->sim;
    now.changes = now.fail_at = 0;
    return r;
}

static void rig_done(struct rig *r)
{
    struct run rm = {.argv = (const char *const[]){"rm", "-rf", r->dir, NULL}};

    ok(run_check(&rm, r->pool));
    pool_free(r->pool);
}

static const struct net_link *look(struct rig *r, const char *name)
{
    struct net_link *links;
    size_t n;

    ok(r->sim.list(&r->sim, r->pool, &links, &n));
    return net_find(links, n, name);
}

static void give_address(struct rig *r, const char *name, const char *ip)
{
    ok(r->sim.set_address(
        &r->sim, name,
        &(const struct net_address){NET_IPV4, NET_STATIC, ip, ""}));
}

/* ---- tests --------------------------------------------------------------- */

static const struct net_bridge one = {"br1", 1400, "eth1"};

static void a_bridge(void **state)
{
    struct rig *r = rig_new();
    const struct net_bridge elsewhere = {"br2", 1500, "eth1"};
    const struct net_bridge no_port = {"br2", 1500, "eth9"};

    (void)state;
    give_address(r, "eth1", "192.0.2.1/24");
    ok(net_bridge_up(&r->net, &one));
    assert_string_equal(look(r, "eth1")->master, "br1");
    assert_string_equal(look(r, "br1")->ip, "192.0.2.1/24");
    assert_string_equal(look(r, "eth1")->ip, "");
    assert_true(look(r, "br1")->ours && look(r, "br1")->up);
    assert_int_equal(look(r, "br1")->mtu, 1400);
    ok(net_bridge_up(&r->net, &one));
    assert_fails(net_bridge_up(&r->net, &elsewhere),
                 "\"eth1\" is in \"br1\" already");
    assert_fails(net_bridge_up(&r->net, &no_port),
                 "there is no interface \"eth9\"");
    assert_null(look(r, "br2"));
    ok(net_down(&r->net, "br1"));
    ok(net_down(&r->net, "br1"));
    assert_null(look(r, "br1"));
    assert_string_equal(look(r, "eth1")->master, "");
    rig_done(r);
}

static void somebody_elses(void **state)
{
    struct rig *r = rig_new();
    const char *path = pool_printf(r->pool, "%s/links/br1", r->dir);
    const char *text = "kind bridge\nup 1\nmtu 9000\ntag -1\n";
    const struct net_bridge bare = {"br1", 1400, NULL};
    const struct net_bond bond = {.name = "br1", .mac = "", .mode = "lacp"};

    (void)state;
    ok(file_write(path, text, strlen(text), 0600));
    ok(net_bridge_up(&r->net, &bare));
    assert_fails(net_bridge_up(&r->net, &one),
                 "the bridge \"br1\" was made by somebody else, and \"eth1\" "
                 "is not in it");
    assert_fails(net_bond_up(&r->net, &bond),
                 "\"br1\" was made by somebody else");
    ok(net_down(&r->net, "br1"));
    assert_int_equal(look(r, "br1")->mtu, 9000);
    assert_int_equal(now.changes, 0);
    rig_done(r);
}

static void a_leased_address(void **state)
{
    struct rig *r = rig_new();

    (void)state;
    ok(r->sim.set_address(
        &r->sim, "eth1",
        &(const struct net_address){NET_IPV4, NET_DHCP, "", ""}));
    assert_fails(net_bridge_up(&r->net, &one),
                 "the address of \"eth1\" is leased, by a DHCP client of the "
                 "host's: it is for the host's own settings to make a bridge "
                 "of it");
    assert_int_equal(now.changes, 0);
    rig_done(r);
}

/* Whatever fails on its way, all is as it was. */
static void a_bridge_that_fails(void **state)
{
    (void)state;
    for (int at = 1;; at++) {
        struct rig *r = rig_new();
        struct err *e;

        give_address(r, "eth1", "192.0.2.1/24");
        now.fail_at = at;
        e = net_bridge_up(&r->net, &one);
        if (!e) {
            assert_true(at > 3);
            rig_done(r);
            return;
        }
        err_free(e);
        assert_null(look(r, "br1"));
        assert_string_equal(look(r, "eth1")->ip, "192.0.2.1/24");
        rig_done(r);
    }
}

static void a_vlan(void **state)
{
    struct rig *r = rig_new();
    const struct net_vlan five = {"eth1.5", "eth1", 5, 1500};
    const struct net_vlan six = {"eth1.5", "eth1", 6, 1500};

    (void)state;
    ok(net_vlan_up(&r->net, &five));
    assert_int_equal(look(r, "eth1.5")->tag, 5);
    assert_true(look(r, "eth1")->up);
    ok(net_vlan_up(&r->net, &five));
    assert_fails(net_vlan_up(&r->net, &six),
                 "\"eth1.5\" is there, and is something else");
    ok(net_down(&r->net, "eth1.5"));
    rig_done(r);
}

static void a_bond(void **state)
{
    struct rig *r = rig_new();
    const char *ports[] = {"eth1", "eth0"};
    struct net_setting fast = {"lacp-time", "fast"};
    struct net_bond b = {.name = "bond0",
                         .mac = "02:00:00:00:00:01",
                         .mode = "lacp",
                         .mtu = 1500,
                         .ports = ports,
                         .n_ports = 2};
    int changes;

    (void)state;
    ok(net_bond_up(&r->net, &b));
    assert_string_equal(look(r, "eth0")->master, "bond0");
    assert_string_equal(look(r, "bond0")->setup, "lacp");
    assert_string_equal(look(r, "bond0")->mac, "02:00:00:00:00:01");
    changes = now.changes;
    ok(net_bond_up(&r->net, &b));
    assert_int_equal(now.changes, changes);
    ok(net_bridge_up(&r->net,
                     &(const struct net_bridge){"br1", 1500, "bond0"}));
    b.settings = &fast;
    b.n_settings = 1;
    ok(net_bond_up(&r->net, &b));
    assert_string_equal(look(r, "bond0")->setup, "lacp lacp-time=fast");
    assert_string_equal(look(r, "bond0")->master, "br1");
    ok(net_down(&r->net, "bond0"));
    assert_string_equal(look(r, "eth1")->master, "");
    rig_done(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bridge),
        cmocka_unit_test(somebody_elses),
        cmocka_unit_test(a_leased_address),
        cmocka_unit_test(a_bridge_that_fails),
        cmocka_unit_test(a_vlan),
        cmocka_unit_test(a_bond),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
