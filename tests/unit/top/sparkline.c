/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sparkline: curves and bars, in blocks and in ASCII. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "xenstore/top/sparkline.h"

static void assert_line(const double *figures, size_t n, int width, double top,
                        bool blocks, const char *want)
{
    AUTO_STR struct str s = STR_INIT(1000);

    sparkline(figures, n, width, top, blocks, &s);
    assert_string_equal(str_text(&s), want);
}

static void curves(void **state)
{
    static const double eights[] = {0, 1, 2, 3, 4, 5, 6, 7, 8};
    static const double odd[] = {-1, NAN, 0.001, 99};

    (void)state;
    assert_line(eights, 9, 9, 0, true, "·▁▂▃▄▅▆▇█");
    assert_line(eights, 9, 9, 0, false, "_.:-=+*%#");
    assert_line(eights, 9, 12, 0, false, "   _.:-=+*%#");
    assert_line(eights, 9, 3, 0, false, "*%#");
    assert_line(eights, 9, 3, 16, false, "-==");
    assert_line(odd, 4, 4, 8, false, "__.#");
    assert_line(odd, 4, 0, 8, false, "");
    assert_line(odd, 4, -1, 8, false, "");
    assert_line(odd, 0, 2, 0, true, "  ");
    assert_line(eights, 1, 1, 0, true, "·");
}

static void assert_bar(double share, int width, bool blocks, const char *want)
{
    AUTO_STR struct str s = STR_INIT(1000);

    sparkline_bar(share, width, blocks, &s);
    assert_string_equal(str_text(&s), want);
}

static void bars(void **state)
{
    (void)state;
    assert_bar(0, 4, true, "    ");
    assert_bar(0.5, 4, true, "██  ");
    assert_bar(0.53125, 4, true, "██▏ ");
    assert_bar(1, 4, true, "████");
    assert_bar(7, 4, false, "####");
    assert_bar(-1, 4, false, "....");
    assert_bar(NAN, 4, false, "....");
    assert_bar(0.5, 4, false, "##..");
    assert_bar(0.5, 0, false, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(curves),
        cmocka_unit_test(bars),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
