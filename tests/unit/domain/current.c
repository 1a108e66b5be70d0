/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* current: the numbers of disks. (Whole configurations: the Dom0 tests.) */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "xl/domain/current.h"

static void disks(void **state)
{
    (void)state;
    assert_int_equal(disk_number("xvda"), 51712);
    assert_int_equal(disk_number("xvda1"), 51713);
    assert_int_equal(disk_number("xvdb"), 51728);
    assert_int_equal(disk_number("xvdp15"), 51967);
    assert_int_equal(disk_number("sda"), 2048);
    assert_int_equal(disk_number("sdb2"), 2066);
    assert_int_equal(disk_number("hda"), 768);
    assert_int_equal(disk_number("hdb"), 832);
    assert_int_equal(disk_number("hdc"), 5632);
    assert_int_equal(disk_number("hdd1"), 5697);
}

static void what_is_none(void **state)
{
    static const char *const names[] = {"",      "xvd",    "xvdq", "xvdaa",
                                        "xvda0", "xvda16", "hde",  "d0p0",
                                        "fd0",   "xvda1x", "xvdA"};

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        assert_int_equal(disk_number(names[i]), -1);
    assert_int_equal(disk_number(NULL), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(disks),
        cmocka_unit_test(what_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
