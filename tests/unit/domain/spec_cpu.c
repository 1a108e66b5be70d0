/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* spec_cpu: lists of physical CPUs, on a host of 8 CPUs and 2 nodes. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/domain/record.h"
#include "xl/domain/keys.h"

static const unsigned nodes[] = {0, 0, 0, 0, 1, 1, 1, 1};
static const struct host_cpus host = {.n = 8, .n_nodes = 2, .node_of = nodes};

static void want(const char *text, unsigned bits)
{
    libxl_bitmap map;
    struct err *e;

    libxl_bitmap_init(&map);
    e = spec_cpu_parse(text, &host, &map);
    if (e)
        fail_msg("'%s': %s", text, err_text(e));
    if (map.map[0] != bits)
        fail_msg("'%s': 0x%x, not 0x%x", text, map.map[0], bits);
    libxl_bitmap_dispose(&map);
}

static void sets(void **state)
{
    (void)state;
    want("0", 0x01);
    want("0-3", 0x0f);
    want("0-3,5,^1", 0x2d);
    want("all", 0xff);
    want("all,^7", 0x7f);
    want("^7,all", 0xff);
    want("^1,0-3", 0x0f);
    want("6-20", 0xc0);
    want("1,", 0x02);
    want(",1", 0x02);
    want("1,,2", 0x06);
    want(" 1 , 2 ", 0x06);
    want("^7", 0);
    want("20", 0);
    want("", 0);
}

static void nodes_of_cpus(void **state)
{
    (void)state;
    want("node:1", 0xf0);
    want("nodes:0-1,^3", 0xf7);
    want("all,^node:1", 0x0f);
    want("all,^nodes:1", 0x0f);
    want("1,node:1,^6", 0xb2);
    want("node:all", 0xff);
    want("node:5", 0);
}

static void refuse(const char *text, const char *why)
{
    libxl_bitmap map;
    struct err *e;

    libxl_bitmap_init(&map);
    e = spec_cpu_parse(text, &host, &map);
    if (!e)
        fail_msg("'%s' was taken", text);
    if (!strstr(err_text(e), why))
        fail_msg("'%s': %s", text, err_text(e));
    err_free(e);
    libxl_bitmap_dispose(&map);
}

static void bad_forms(void **state)
{
    (void)state;
    refuse("3-1", "ends before");
    refuse("abc", "not a number");
    refuse("1x", "not a number");
    refuse("0x2", "not a number");
    refuse("ALL", "not a number");
    refuse("none", "not a number");
    refuse("1-", "number");
    refuse("-1", "number");
    refuse("^", "number");
    refuse("nodes:", "number");
    refuse("^all", "leave nothing");
    refuse("99999", "range");
    refuse("11111111111111111111111111111111111111", "number");
    refuse("1-11111111111111111111111111111111111111", "number");
}

static void host_not_known(void **state)
{
    const struct host_cpus none = {0};
    libxl_bitmap map;

    (void)state;
    libxl_bitmap_init(&map);
    assert_null(spec_cpu_parse("all,^node:3,700", &none, &map));
    assert_true(libxl_bitmap_test(&map, 700));
    libxl_bitmap_dispose(&map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sets),
        cmocka_unit_test(nodes_of_cpus),
        cmocka_unit_test(bad_forms),
        cmocka_unit_test(host_not_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
