/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* keeper: names of files that mark a domain as kept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "xl/domain/keeper.h"

#define UUID "b432e491-8a02-4f1a-9d65-89956b4f8621"

static void test_mark(void **state)
{
    uint32_t domid = 0;
    char uuid[37];

    (void)state;
    assert_true(
        keeper_mark_parse("userdata-d.10." UUID "." KEEPER_MARK, &domid, uuid));
    assert_int_equal(domid, 10);
    assert_string_equal(uuid, UUID);
}

static void test_no_mark(void **state)
{
    static const char *const names[] = {
        "userdata-d.10." UUID ".libxl-json",
        "userdata-n.10." UUID "." KEEPER_MARK,
        "userdata-d.10." UUID "." KEEPER_MARK "2",
        "userdata-d.10." UUID "." KEEPER_MARK ".tmp",
        "userdata-d.10.b432e491." KEEPER_MARK,
        "userdata-d..",
        "dump",
        "",
    };
    uint32_t domid;
    char uuid[37];

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        assert_false(keeper_mark_parse(names[i], &domid, uuid));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mark),
        cmocka_unit_test(test_no_mark),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
