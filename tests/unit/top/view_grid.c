/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* view_grid: cutting, padding, wide characters, what must not be shown. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <locale.h>

#include "xenstore/top/view_grid.h"

static void assert_text(const struct grid *g, const char *want)
{
    AUTO_STR struct str s = STR_INIT(STR_MAX);

    grid_text(g, &s);
    assert_string_equal(str_text(&s), want);
}

static void writing(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    AUTO_STR struct str styles = STR_INIT(STR_MAX);
    struct grid *g = grid_new(p, 3, 10, false);

    (void)state;
    assert_int_equal(grid_put(g, 0, 8, STYLE_BAD, "abc"), 10);
    assert_int_equal(grid_put(g, 1, -2, STYLE_KEY, "xyz"), 1);
    assert_int_equal(grid_putf(g, 2, 1, STYLE_PLAIN, "%d%%", 42), 4);
    grid_put(g, 3, 0, STYLE_PLAIN, "below");
    grid_put(g, -1, 0, STYLE_PLAIN, "above");
    grid_style(g, 2, -5, 2, STYLE_HEAD);
    grid_style(g, 2, 9, 99, STYLE_DIM);
    assert_text(g, "        ab\nz\n 42%\n");
    grid_styles(g, &styles);
    assert_string_equal(str_text(&styles),
                        "        bb\nk         \nhh       d\n");
}

static void in_a_width(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    struct grid *g = grid_new(p, 6, 8, true);

    (void)state;
    assert_int_equal(grid_put_in(g, 0, 1, 5, false, 0, "ab"), 6);
    grid_put(g, 0, 6, 0, "|");
    assert_int_equal(grid_put_in(g, 1, 1, 5, true, 0, "ab"), 6);
    grid_put_in(g, 2, 1, 5, true, 0, "abcdefg");
    grid_put_in(g, 3, 0, 1, true, 0, "xy");
    grid_put_in(g, 4, 6, 5, true, 0, "12345");
    grid_put_in(g, 5, 0, 4, false, 0, "世界世");
    assert_text(g, " ab   |\n    ab\n abcd~\nx\n      12\n世 ~\n");
}

static void odd_text(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    struct grid *wide = grid_new(p, 3, 12, true);
    struct grid *ascii = grid_new(p, 1, 12, false);

    (void)state;
    assert_int_equal(grid_width(wide, "Grüße 世"), 8);
    assert_int_equal(grid_put(wide, 0, 0, 0, "Grüße 世|"), 9);
    assert_int_equal(grid_put(wide, 1, 0, 0, "\033[2J\x7f\xff\xc3"), 7);
    assert_int_equal(grid_put(wide, 2, 11, 0, "世"), 11);
    grid_put(ascii, 0, 0, 0, "Grüße 世|");
    assert_text(wide, "Grüße 世|\n?[2J???\n\n");
    assert_text(ascii, "Gr??e ?|\n");
}

static void limits(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    struct grid *g = grid_new(p, 0, -7, false);

    (void)state;
    assert_int_equal(g->rows, 1);
    assert_int_equal(g->cols, 1);
    assert_int_equal(grid_new(p, 1, 100000, false)->cols, GRID_MAX);
}

static void clicks(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    struct grid *g = grid_new(p, 3, 12, true);

    (void)state;
    grid_hot(g, 1, 2, 10, 7, 1);
    grid_hot(g, 1, 4, 6, 8, 2);
    assert_null(grid_find_hot(g, 0, 3));
    assert_null(grid_find_hot(g, 1, 1));
    assert_null(grid_find_hot(g, 1, 10));
    assert_int_equal(grid_find_hot(g, 1, 2)->key, 7);
    assert_int_equal(grid_find_hot(g, 1, 5)->key, 8);
    assert_int_equal(grid_find_hot(g, 1, 6)->arg, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writing),  cmocka_unit_test(in_a_width),
        cmocka_unit_test(odd_text), cmocka_unit_test(limits),
        cmocka_unit_test(clicks),
    };

    if (!setlocale(LC_CTYPE, "C.UTF-8"))
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
