/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pool: alignment, zeroes, growing arrays, what runs at the end. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdalign.h>
#include <string.h>

#include "lib/pool.h"

static void zeroed_and_aligned(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    char *last = NULL;

    (void)state;
    for (size_t size = 0; size < 3000; size++) {
        char *at = pool_alloc(p, size);

        assert_non_null(at);
        assert_int_equal((uintptr_t)at % alignof(max_align_t), 0);
        assert_true(at != last || size <= 1); /* none takes no room */
        for (size_t i = 0; i < size; i++)
            assert_int_equal(at[i], 0);
        memset(at, 0xff, size);
        last = at;
    }
}

/* Larger than any block, and room left in the block before it still counts. */
static void large(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    char *big = pool_alloc(p, 3 << 20), *small = pool_alloc(p, 8);

    (void)state;
    memset(big, 1, 3 << 20);
    assert_int_equal(small[0], 0);
    pool_free(NULL);
}

static void strings(void **state)
{
    AUTO_POOL struct pool *p = pool_new();

    (void)state;
    assert_string_equal(pool_str(p, "text"), "text");
    assert_null(pool_str(p, NULL));
    assert_string_equal(pool_strn(p, "text", 2), "te");
    assert_string_equal(pool_strn(p, NULL, 0), "");
    assert_string_equal(pool_printf(p, "%s-%d", "a", 1), "a-1");
    assert_string_equal(pool_printf(p, "%*d", 9000, 1) + 8999, "1");
    assert_memory_equal(pool_copy(p, "a\0b", 4), "a\0b", 4);
}

static void arrays(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    struct item {
        int n;
        char text[20];
    } *list = NULL;
    size_t n = 0;

    (void)state;
    for (int i = 0; i < 1000; i++) {
        struct item *item = pool_push(p, list, n);

        assert_int_equal(item->n, 0);
        assert_int_equal(item->text[0], 0);
        item->n = i + 1;
        item->text[0] = 'x';
    }
    assert_int_equal(n, 1000);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(list[i].n, i + 1);
}

static char order[8];

static void note(void *arg)
{
    order[strlen(order)] = *(const char *)arg;
}

static void at_free(void **state)
{
    struct pool *p = pool_new();

    (void)state;
    pool_at_free(p, note, pool_str(p, "a"));
    pool_at_free(p, note, pool_str(p, "b"));
    pool_alloc(p, 100000);
    pool_at_free(p, note, pool_str(p, "c"));
    pool_free(p);
    assert_string_equal(order, "cba");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zeroed_and_aligned),
        cmocka_unit_test(large),
        cmocka_unit_test(strings),
        cmocka_unit_test(arrays),
        cmocka_unit_test(at_free),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
