/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* console: where each kind of console tells its terminal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "xl/console.h"

static void expect(struct console c, const char *path)
{
    AUTO_POOL struct pool *p = pool_new();

    c.domid = 7;
    assert_string_equal(console_path(p, &c), path);
}

static void test_paths(void **state)
{
    (void)state;
    expect((struct console){.type = CONSOLE_PV}, "/local/domain/7/console/tty");
    expect((struct console){.type = CONSOLE_PV, .num = 2},
           "/local/domain/7/device/console/2/tty");
    expect((struct console){.type = CONSOLE_SERIAL, .num = 1},
           "/local/domain/7/serial/1/tty");
    expect((struct console){.type = CONSOLE_VUART},
           "/local/domain/7/vuart/0/tty");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_paths),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
