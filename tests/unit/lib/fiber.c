/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* lib/fiber: straight lines that wait, many at once, deep on their stacks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/fiber.h"
#include "lib/pool.h"
#include "lib/str.h"

struct line {
    struct str said;
    const char *word;
    int steps;
};

static void say(struct fiber *f, void *arg)
{
    struct line *l = arg;
    AUTO_STR struct str mine = STR_INIT(1000);

    for (int i = 0; i < l->steps; i++) {
        str_addf(&mine, "%s%d", l->word, i);
        fiber_wait(f);
    }
    str_add(&l->said, str_text(&mine));
}

static void test_turns(void **state)
{
    struct line a = {STR_INIT(1000), "a", 3}, b = {STR_INIT(1000), "b", 1};
    struct fiber *fa = fiber_new(say, &a), *fb = fiber_new(say, &b);

    (void)state;
    assert_true(fiber_resume(fa));
    assert_true(fiber_resume(fb));
    assert_true(fiber_resume(fa));
    assert_false(fiber_resume(fb));
    assert_true(fiber_resume(fa));
    assert_string_equal(str_text(&a.said), "");
    assert_false(fiber_resume(fa));
    assert_string_equal(str_text(&a.said), "a0a1a2");
    assert_string_equal(str_text(&b.said), "b0");
    str_done(&a.said);
    str_done(&b.said);
}

/* One that waits at the bottom of many calls, and one that resumes another. */
static int deep(struct fiber *f, int left)
{
    volatile char frame[256] = {(char)left};

    if (!left) {
        fiber_wait(f);
        return 0;
    }
    return deep(f, left - 1) + 1 + (frame[0] != (char)left);
}

static void run_deep(struct fiber *f, void *arg)
{
    *(int *)arg = deep(f, 500);
}

static void run_inner(struct fiber *f, void *arg)
{
    struct fiber *inner = fiber_new(run_deep, arg);

    assert_true(fiber_resume(inner));
    fiber_wait(f);
    assert_false(fiber_resume(inner));
}

static void test_nested(void **state)
{
    int depth = 0;
    struct fiber *f = fiber_new(run_inner, &depth);

    (void)state;
    assert_true(fiber_resume(f));
    assert_int_equal(depth, 0);
    assert_false(fiber_resume(f));
    assert_int_equal(depth, 500);
}

static void test_many(void **state)
{
    enum { N = 300 };
    struct line lines[N];
    struct fiber *fibers[N];

    (void)state;
    for (int i = 0; i < N; i++) {
        lines[i] = (struct line){STR_INIT(1000), "x", i % 7};
        fibers[i] = fiber_new(say, &lines[i]);
    }
    for (int i = 0; i < N; i++) {
        for (int j = 0; j < i % 7; j++)
            assert_true(fiber_resume(fibers[i]));
        assert_false(fiber_resume(fibers[i]));
        assert_int_equal(lines[i].said.len, 2 * (i % 7));
        str_done(&lines[i].said);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_turns),
        cmocka_unit_test(test_nested),
        cmocka_unit_test(test_many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
