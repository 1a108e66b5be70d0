/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <unistd.h>

#include "lib/clock.h"

static void forward(void **state)
{
    double before = clock_now();

    (void)state;
    usleep(20000);
    assert_true(clock_now() - before >= 0.02);
    assert_true(clock_now() - before < 10);
}

static void waits(void **state)
{
    (void)state;
    assert_int_equal(clock_poll_ms(1.5), 1500);
    assert_int_equal(clock_poll_ms(0.0001), 1);
    assert_int_equal(clock_poll_ms(0), 0);
    assert_int_equal(clock_poll_ms(-3), 0);
    assert_int_equal(clock_poll_ms(1e12), 86400000);
    assert_int_equal(clock_poll_ms(INFINITY), -1);
    assert_int_equal(clock_poll_ms(-INFINITY), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forward),
        cmocka_unit_test(waits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
