/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* layout: which columns stand where, and which line is the first. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/str.h"
#include "xenstore/top/layout.h"

static const struct layout_item items[] = {
    {10, 20, 1}, {6, 0, 2}, {8, 0, 5}, {4, 12, 3}, {5, 0, 0},
};

/* "item@col+width ..." */
static void assert_places(int width, size_t skip, const char *want)
{
    AUTO_STR struct str s = STR_INIT(1000);
    struct layout_place places[ARRAY_LEN(items)];
    size_t n = layout_place(items, ARRAY_LEN(items), width, skip, places);

    for (size_t i = 0; i < n; i++)
        str_addf(&s, "%s%zu@%d+%d", i ? " " : "", places[i].item, places[i].col,
                 places[i].width);
    assert_string_equal(str_text(&s), want);
}

static void widths(void **state)
{
    (void)state;
    assert_places(5, 0, "0@0+10");
    assert_places(16, 0, "0@0+16");
    assert_places(17, 0, "0@0+10 1@11+6");
    assert_places(22, 0, "0@0+10 1@11+6 3@18+4");
    /* 31 is where the next one fits; until then others grow. */
    assert_places(30, 0, "0@0+18 1@19+6 3@26+4");
    assert_places(31, 0, "0@0+10 1@11+6 2@18+8 3@27+4");
    assert_places(43, 0, "0@0+20 1@21+6 2@28+8 3@37+6");
    assert_places(100, 0, "0@0+20 1@21+6 2@28+8 3@37+12");
}

static void scrolled(void **state)
{
    (void)state;
    assert_places(26, 1, "0@0+12 2@13+8 3@22+4");
    assert_places(100, 3, "0@0+20 4@21+5");
    assert_places(100, 4, "0@0+20");
    assert_places(30, 1, "0@0+10 2@11+8 3@20+4 4@25+5");
}

static void first_line(void **state)
{
    (void)state;
    assert_int_equal(layout_top(0, 5, 10, -1), 0);
    assert_int_equal(layout_top(3, 5, 10, -1), 0);
    assert_int_equal(layout_top(7, 20, 10, -1), 7);
    assert_int_equal(layout_top(15, 20, 10, -1), 10);
    assert_int_equal(layout_top(7, 20, 10, 3), 3);
    assert_int_equal(layout_top(0, 20, 10, 10), 1);
    assert_int_equal(layout_top(0, 0, 10, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(widths),
        cmocka_unit_test(scrolled),
        cmocka_unit_test(first_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
