/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* hash: thousands in and out, several with one hash. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/hash.h"
#include "lib/str.h"

struct item {
    int number;
    struct hash_node node;
};

static struct item *find(const struct hash *h, int number, uint32_t hash)
{
    struct hash_node *node = hash_first(h, hash);
    struct item *item;

    while ((item = hash_entry(node, struct item, node)) &&
           item->number != number)
        node = hash_next(node);
    return item;
}

static void in_and_out(void **state)
{
    enum { N = 5000 };
    struct item *items = xcalloc(N, sizeof(*items));
    struct hash h = {0};

    (void)state;
    assert_null(find(&h, 0, 0));
    for (int i = 0; i < N; i++) {
        items[i].number = i;
        hash_add(&h, &items[i].node, (uint32_t)i / 3); /* three alike */
    }
    assert_int_equal(h.n, N);
    for (int i = 0; i < N; i += 2)
        hash_remove(&h, &items[i].node);
    for (int i = 0; i < N; i++)
        assert_ptr_equal(find(&h, i, (uint32_t)i / 3),
                         i % 2 ? &items[i] : NULL);
    for (int i = 1; i < N; i += 2)
        hash_remove(&h, &items[i].node);
    assert_int_equal(h.n, 0);
    assert_null(find(&h, 1, 0));
    hash_done(&h);
    hash_add(&h, &items[0].node, 7);
    assert_ptr_equal(find(&h, 0, 7), &items[0]);
    hash_done(&h);
    free(items);
}

/* Few of many texts alike share a bucket, and the seed changes all. */
static void spread(void **state)
{
    enum { N = 4096 };
    unsigned counts[N] = {0}, most = 0, same = 0;
    char text[64];

    (void)state;
    for (int i = 0; i < N; i++) {
        int len = snprintf(text, sizeof(text), "OpaqueRef:%d", i);
        uint32_t hash = hash_bytes(1, text, (size_t)len);
        unsigned *count = &counts[hash % N];

        same += hash == hash_bytes(2, text, (size_t)len);
        if (++*count > most)
            most = *count;
    }
    assert_true(most < 12);
    assert_true(same < 3);
    assert_int_not_equal(hash_bytes(1, "a\0", 2), hash_bytes(1, "a", 1));
    assert_int_equal(hash_bytes(1, "abcdefghi", 9),
                     hash_bytes(1, "abcdefghi", 9));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_and_out),
        cmocka_unit_test(spread),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
