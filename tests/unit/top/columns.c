/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* columns: what cells show, order and filters; the history of a column. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/top/made.h"
#include "xenstore/top/columns.h"
#include "xenstore/top/history.h"

#define HOST "'cpus':2,'memory':1000000000"

static struct change *example(struct pool *p)
{
    return changed(
        p,
        "{'time':1," HOST ",'domains':[{'id':0,'cpu_ns':0},"
        "{'id':7,'cpu_ns':1000000000},{'id':9,'cpu_ns':0}]}",
        "{'time':3," HOST ",'domains':[{'id':0,'name':'Domain-0','cpu_ns':1,"
        "'states':32,'memory':2048,'max_memory':null},"
        "{'id':7,'name':'b\\u001b[2Jx','cpu_ns':4999999999,'states':5,"
        "'memory':104857600,'max_memory':500000000,'max_vcpus':4,"
        "'vbds':[{'id':1,'counted':1,'read_sectors':16}]},"
        "{'id':8,'cpu_ns':3,'guest_total':1000,'guest_free':250},"
        "{'id':9,'cpu_ns':3000000000,'max_vcpus':1}]}");
}

static void assert_text(const struct change *c, size_t i, const char *col,
                        const char *want)
{
    AUTO_STR struct str s = STR_INIT(1000);

    column_text(column_find(col), c, &c->domains[i], &s);
    assert_string_equal(str_text(&s), want);
}

static void texts(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    struct change *c = example(p);

    (void)state;
    assert_text(c, 0, "name", "Domain-0");
    assert_text(c, 1, "name", "b?[2Jx"); /* nothing drives the terminal */
    assert_text(c, 2, "name", "(8)");
    assert_text(c, 0, "state", "-----r");
    assert_text(c, 1, "state", "d-b---");
    assert_text(c, 1, "CPU(sec)", "4"); /* cut, not rounded */
    assert_text(c, 1, "cpu_percent", "200.0");
    assert_text(c, 2, "cpu_percent", "0.0");   /* new */
    assert_text(c, 3, "cpu_percent", "100.0"); /* it has one CPU */
    assert_text(c, 0, "memory", "2");
    assert_text(c, 1, "memory_percent", "10.5");
    assert_text(c, 0, "max_memory", "no limit");
    assert_text(c, 0, "max_memory_percent", "n/a");
    assert_text(c, 1, "max_memory_percent", "50.0");
    assert_text(c, 1, "vbd_read_sectors", "16");
    assert_text(c, 2, "guest_used_percent", "75.0");
    assert_text(c, 1, "guest_used_percent", "-");
    assert_text(c, 1, "uuid", "00000000-0000-0000-0000-000000000000");
}

static void values(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    struct change *c = example(p);
    const struct change_domain *d = &c->domains[1];

    (void)state;
    assert_true(column_value(column_find("cpu_seconds"), c, d, p)->d ==
                4.999999999);
    assert_int_equal(column_value(column_find("memory"), c, d, p)->i,
                     104857600);
    assert_int_equal(
        column_value(column_find("max_memory"), c, &c->domains[0], p)->kind,
        VALUE_NIL);
    assert_int_equal(
        column_value(column_find("cpu_percent"), c, &c->domains[2], p)->kind,
        VALUE_NIL);
    assert_true(column_number(column_find("name"), c, d) == 0);
    assert_true(column_number(column_find("vcpus"), c, d) == 4);
}

static void names(void **state)
{
    (void)state;
    assert_ptr_equal(column_find("CPU(%)"), column_find("cpu_percent"));
    assert_ptr_equal(column_find("cpu(%)"), column_find("CPU_PERCENT"));
    assert_null(column_find("cpu"));
    assert_string_equal(column_nearest("cpu_persent"), "cpu_percent");
}

/* Every row can be told apart, is documented and has a cell. */
static void rows(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    struct change *c = example(p);

    (void)state;
    for (const struct column *col = columns; col->name; col++) {
        AUTO_STR struct str s = STR_INIT(1000);
        size_t len = strlen(col->doc);

        assert_ptr_equal(column_find(col->name), col);
        assert_ptr_equal(column_find(col->head), col);
        assert_int_equal(col->doc[len - 1], '.');
        assert_true((int)strlen(col->head) <= col->width);
        column_text(col, c, &c->domains[1], &s);
        assert_true(s.len > 0);
    }
}

static void padding(void **state)
{
    static const struct {
        const char *col, *text;
        int width;
        const char *want;
    } cases[] = {
        {"name", "a", 0, "         a"},
        {"name", "a-very-long-name", 0, "a-very-lon"},
        {"name", "a-very-long-name", 18, "  a-very-long-name"},
        {"name", "\xc3\xa4\xc3\xb6", 4, "  \xc3\xa4\xc3\xb6"},
        {"name", "\xc3\xa4\xc3\xb6\xc3\xbc", 2, "\xc3\xa4\xc3\xb6"},
        {"memory", "123456789012", 0, "123456789012"},
        {"type", "pv", 0, "pv  "},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO_STR struct str s = STR_INIT(1000);

        str_add(&s, "\xc3\xa4|");
        str_add(&s, cases[i].text);
        column_pad(column_find(cases[i].col), 3, cases[i].width, &s);
        assert_string_equal(str_text(&s) + 3, cases[i].want);
    }
}

/* "1 2 3": ids in order. */
static void assert_order(const struct change *c, struct selection sel,
                         const char *want)
{
    AUTO_POOL struct pool *p = pool_new();
    AUTO_STR struct str s = STR_INIT(1000);
    size_t n;
    const struct change_domain **rows_ = columns_select(&sel, c, p, &n);

    for (size_t i = 0; i < n; i++)
        str_addf(&s, "%s%d", i ? " " : "", (int)rows_[i]->now->id);
    assert_string_equal(str_text(&s), want);
}

static void order(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    struct change *c =
        changed(p, NULL,
                "{'time':1,'memory':100,'domains':["
                "{'id':0,'name':'Domain-0','cpu_ns':5,'max_memory':9},"
                "{'id':2,'name':'web-1','cpu_ns':9},"
                "{'id':3,'name':'alpha','cpu_ns':5,'max_memory':7},"
                "{'id':12,'name':'Web-2','cpu_ns':1,'max_memory':8}]}");
    const struct column *cpu = column_find("cpu_seconds");
    const struct column *max = column_find("max_memory");

    (void)state;
    assert_order(c, (struct selection){0}, "3 0 2 12");
    assert_order(c, (struct selection){.reverse = true}, "12 2 0 3");
    assert_order(c, (struct selection){.dom0_first = true}, "0 3 2 12");
    assert_order(c, (struct selection){.sort = cpu}, "2 0 3 12");
    assert_order(c, (struct selection){.sort = cpu, .reverse = true},
                 "12 0 3 2");
    /* what is not known is last in both directions */
    assert_order(c, (struct selection){.sort = max}, "0 12 3 2");
    assert_order(c, (struct selection){.sort = max, .reverse = true},
                 "3 12 0 2");
    assert_order(c, (struct selection){.filter = "web"}, "2 12");
    assert_order(c, (struct selection){.filter = "web-?"}, "2 12");
    assert_order(c, (struct selection){.filter = "*a"}, "3");
    assert_order(c, (struct selection){.filter = "3"}, "3");
    assert_order(c, (struct selection){.filter = "2"}, "2 12");
    assert_order(c, (struct selection){.filter = ""}, "3 0 2 12");
    assert_order(c, (struct selection){.filter = "nobody"}, "");
}

#define AT(time, id, ns) \
    "{'time':" #time ",'cpus':1,'domains':[{'id':" #id ",'cpu_ns':" #ns "}]}"

static void history(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    struct history *h = history_new(column_find("cpu_percent"));
    struct change *c = changed(p, NULL, AT(1, 5, 0));
    double got[4];

    (void)state;
    history_add(h, c);
    assert_int_equal(history_get(h, c->domains[0].now, 4, got), 0);
    c = changed(p, AT(1, 5, 0), AT(2, 5, 500000000));
    history_add(h, c);
    c = changed(p, AT(2, 5, 500000000), AT(3, 5, 600000000));
    history_add(h, c);
    assert_int_equal(history_get(h, c->domains[0].now, 4, got), 2);
    assert_true(got[0] == 50 && got[1] == 10);
    assert_int_equal(history_get(h, c->domains[0].now, 1, got), 1);
    assert_true(got[0] == 10);
    assert_int_equal(history_get_host(h, 4, got), 2);
    assert_true(got[0] == 0.5);
    assert_true(history_top(h) == 50);
    for (unsigned i = 0; i < 2 * HISTORY_LENGTH; i++)
        history_add(h, c);
    assert_int_equal(history_get(h, c->domains[0].now, 4, got), 4);
    assert_true(history_top(h) == 10); /* 50 is too long ago */
    /* gone is forgotten */
    history_add(h, changed(p, AT(3, 5, 0), AT(4, 6, 0)));
    assert_int_equal(history_get(h, c->domains[0].now, 4, got), 0);
    assert_true(history_top(h) == 0);
    history_free(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts),   cmocka_unit_test(values),
        cmocka_unit_test(names),   cmocka_unit_test(rows),
        cmocka_unit_test(padding), cmocka_unit_test(order),
        cmocka_unit_test(history),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
