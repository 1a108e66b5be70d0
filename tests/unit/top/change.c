/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* change: differences, and what must not become one: wraps, restarts, domains
 * and devices that took another's place. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/top/made.h"

#define UUID_A "'uuid':'00000000-0000-0000-0000-00000000000a'"
#define UUID_B "'uuid':'00000000-0000-0000-0000-00000000000b'"

static void counters(void **state)
{
    uint64_t grown = 99;

    (void)state;
    assert_true(counter_grown(5, 12, 0, &grown));
    assert_int_equal(grown, 7);
    assert_false(counter_grown(12, 5, 0, &grown));
    assert_int_equal(grown, 0);
    assert_true(counter_grown(12, 5, 16, &grown));
    assert_int_equal(grown, 9);
    assert_false(counter_grown(20, 5, 16, &grown)); /* was beyond its end */
    assert_int_equal(grown, 0);
    assert_true(counter_grown(UINT64_MAX - 1, UINT64_MAX, 0, &grown));
    assert_int_equal(grown, 1);
}

static void first(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    struct change *c =
        changed(p, NULL, "{'time':5,'domains':[{'id':1,'cpu_ns':77}]}");

    (void)state;
    assert_true(c->seconds == 0);
    assert_int_equal(c->n_domains, 1);
    assert_int_equal(c->domains[0].known, 0);
    assert_int_equal(c->domains[0].cpu_ns, 0);
    assert_true(change_rate(c, 100) == 0);
}

static void domains(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    struct change *c = changed(
        p,
        "{'time':10,'cpus':2,'domains':["
        "{'id':1,'cpu_ns':1000," UUID_A "},{'id':2,'cpu_ns':50," UUID_A "},"
        "{'id':3,'cpu_ns':900," UUID_A "},{'id':9,'cpu_ns':1}]}",
        "{'time':12,'cpus':2,'domains':["
        "{'id':1,'cpu_ns':1000001000," UUID_A "},"
        "{'id':2,'cpu_ns':70," UUID_B "},{'id':3,'cpu_ns':200," UUID_A "},"
        "{'id':4,'cpu_ns':5," UUID_A "}]}");

    (void)state;
    assert_true(c->seconds == 2);
    assert_int_equal(c->domains[0].cpu_ns, 1000000000);
    assert_true(change_rate(c, c->domains[0].cpu_ns) == 5e8);
    /* another domain of the same id; counters that went back; a new one */
    for (unsigned i = 1; i < 4; i++) {
        assert_int_equal(c->domains[i].known, 0);
        assert_int_equal(c->domains[i].cpu_ns, 0);
    }
    assert_true(c->busy == 0.25);
}

#define SAME_A                                                              \
    "'id':1,'name':'a','cpu_ns':5,'memory':4096,"                           \
    "'vcpus':[{'id':0,'ns':5}],'vifs':[{'id':0,'dev':'vif1.0','counted':1," \
    "'in_bytes':7}],'vbds':[{'id':51712,'dev':'xvda','mode':'w'}]"

/* 1: as SAME_A, though SAME_A was changed in that way. */
static uint64_t same_with(const char *from, const char *to)
{
    AUTO_POOL struct pool *p = pool_new();
    AUTO_STR struct str now = STR_INIT(10000);
    const char *at = strstr(SAME_A, from);

    assert_non_null(at);
    str_add(&now, "{'time':2,'domains':[{");
    str_addn(&now, SAME_A, (size_t)(at - SAME_A));
    str_add(&now, to);
    str_add(&now, at + strlen(from));
    str_add(&now, "}]}");
    return changed(p, "{'time':1,'domains':[{" SAME_A "}]}", str_text(&now))
        ->domains[0]
        .same;
}

static void same(void **state)
{
    static const char *const other[][2] = {
        {"'name':'a'", "'name':'b'"},
        {"'cpu_ns':5", "'cpu_ns':6"},
        {"'memory':4096", "'memory':8192"},
        {"'ns':5", "'ns':6"},
        {"'ns':5}", "'ns':5},{'id':1}"},
        {"'in_bytes':7", "'in_bytes':8"},
        {"vif1.0", "vif1.1"},
        {",'vbds':[{'id':51712,'dev':'xvda','mode':'w'}]", ""},
        {"51712", "51728"},
        {"xvda", "xvdb"},
        {"'mode':'w'", "'mode':'r'"},
        {"'id':1", "'id':2"},
    };

    (void)state;
    assert_int_equal(same_with("'name'", "'name'"), 1);
    for (size_t i = 0; i < ARRAY_LEN(other); i++)
        assert_int_equal(same_with(other[i][0], other[i][1]), 0);
}

static void no_time(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    struct change *c = changed(p, "{'time':10,'domains':[{'id':1,'cpu_ns':1}]}",
                               "{'time':10,'domains':[{'id':1,'cpu_ns':5}]}");

    (void)state;
    assert_true(c->seconds == 0);
    assert_int_equal(c->domains[0].cpu_ns, 0);
}

#define VIFS(list) "'domains':[{'id':1,'vifs':[" list "]}]"

static void vifs(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    struct change *c = changed(
        p,
        "{'time':1," VIFS(
            "{'id':0,'counted':1,'incarnation':7,'in_bytes':100,'out_bytes':5},"
            "{'id':1,'counted':1,'incarnation':8,'in_bytes':100},"
            "{'id':2,'counted':1,'incarnation':9,'in_bytes':100},"
            "{'id':3,'counted':0,'in_bytes':0}") "}",
        "{'time':2," VIFS(
            "{'id':0,'counted':1,'incarnation':7,'in_bytes':150,'out_bytes':6},"
            "{'id':1,'counted':1,'incarnation':11,'in_bytes':900},"
            "{'id':2,'counted':1,'incarnation':9,'in_bytes':10,'out_bytes':9},"
            "{'id':3,'counted':1,'in_bytes':1000},"
            "{'id':4,'counted':1,'in_bytes':10000}") "}");
    const struct change_domain *d = &c->domains[0];

    (void)state;
    assert_int_equal(d->vif[0].in_bytes, 50);
    assert_int_equal(d->vif[0].out_bytes, 1);
    assert_int_equal(d->vif[1].in_bytes, 0); /* plugged anew */
    assert_int_equal(d->vif[2].in_bytes, 0); /* began anew: all of it did */
    assert_int_equal(d->vif[2].out_bytes, 0);
    assert_int_equal(d->vif[3].in_bytes, 0); /* not known before */
    assert_int_equal(d->vif[4].in_bytes, 0); /* new */
    assert_int_equal(d->net.in_bytes, 50);
    assert_int_equal(d->net_total.in_bytes, 150 + 900 + 10 + 1000 + 10000);
}

static void vbds(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    struct change *c =
        changed(p,
                "{'time':1,'domains':[{'id':1,'vbds':["
                "{'id':51712,'counted':1,'reads':1,'write_sectors':8},"
                "{'id':51728,'counted':1,'reads':3}]}]}",
                "{'time':3,'domains':[{'id':1,'vbds':["
                "{'id':51712,'counted':1,'reads':2,'write_sectors':131080},"
                "{'id':51728,'counted':1,'reads':3}]}]}");

    (void)state;
    assert_int_equal(c->domains[0].blk.reads, 1);
    assert_int_equal(c->domains[0].blk.write_sectors, 131072);
    assert_int_equal(c->domains[0].blk_total.reads, 5);
}

static void vcpus_and_cpus(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    struct change *c = changed(
        p,
        "{'time':1,'cpu':[{'id':0,'idle_ns':0},{'id':2,'idle_ns':500}],"
        "'domains':[{'id':0,'vcpus':[{'id':0,'ns':5},{'id':1,'ns':9}]}]}",
        "{'time':2,'cpu':[{'id':0,'idle_ns':250000000},{'id':1,'idle_ns':1},"
        "{'id':2,'idle_ns':3000000000}],"
        "'domains':[{'id':0,'vcpus':[{'id':0,'ns':7},{'id':1,'ns':2},"
        "{'id':3,'ns':4}]}]}");

    (void)state;
    assert_int_equal(c->domains[0].vcpu_ns[0], 2);
    assert_int_equal(c->domains[0].vcpu_ns[1], 0);
    assert_int_equal(c->domains[0].vcpu_ns[2], 0);
    assert_int_equal(c->busy_ns[0], 750000000);
    assert_int_equal(c->busy_ns[1], 0);
    assert_int_equal(c->busy_ns[2], 0); /* idle for more than there was time */
}

static void bandwidth(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    struct change *c = changed(
        p,
        "{'time':1,'domains':["
        "{'id':1,'bandwidth':1000,'local_bandwidth':3,'bandwidth_wraps':1024},"
        "{'id':2}]}",
        "{'time':2,'domains':["
        "{'id':1,'bandwidth':8,'local_bandwidth':5,'bandwidth_wraps':1024},"
        "{'id':2,'bandwidth':99,'local_bandwidth':1}]}");

    (void)state;
    assert_int_equal(c->domains[0].bandwidth, 32);
    assert_int_equal(c->domains[0].local_bandwidth, 2);
    assert_int_equal(c->domains[1].bandwidth, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counters),  cmocka_unit_test(first),
        cmocka_unit_test(domains),   cmocka_unit_test(same),
        cmocka_unit_test(no_time),   cmocka_unit_test(vifs),
        cmocka_unit_test(vbds),      cmocka_unit_test(vcpus_and_cpus),
        cmocka_unit_test(bandwidth),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
