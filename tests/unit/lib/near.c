/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* near: distances and which words count as near. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/near.h"

static void distances(void **state)
{
    (void)state;
    assert_int_equal(near_distance("memory", "memory"), 0);
    assert_int_equal(near_distance("memroy", "memory"), 1);
    assert_int_equal(near_distance("vcups", "vcpus"), 1);
    assert_int_equal(near_distance("", "abc"), 3);
    assert_int_equal(near_distance("kitten", "sitting"), 3);
}

static const char *nearest(const char *word)
{
    static const char *const words[] = {"memory", "maxmem", "vcpus", "name"};
    struct near n = {.word = word};

    for (size_t i = 0; i < 4; i++)
        near_try(&n, words[i]);
    return n.best;
}

static void suggestions(void **state)
{
    (void)state;
    assert_string_equal(nearest("memroy"), "memory");
    assert_string_equal(nearest("vcups"), "vcpus");
    assert_string_equal(nearest("mem"), "memory");
    assert_null(nearest("bootloader"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distances),
        cmocka_unit_test(suggestions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
