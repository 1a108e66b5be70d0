/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ranges: sets as text. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/auto.h"
#include "xl/ranges.h"

static void want(uint8_t low, uint8_t high, int n, const char *text)
{
    AUTO_POOL struct pool *p = pool_new();
    uint8_t bytes[] = {low, high};
    libxl_bitmap map = {.size = sizeof(bytes), .map = bytes};

    assert_string_equal(ranges_text(p, &map, n), text);
}

static void texts(void **state)
{
    (void)state;
    want(0, 0, 16, "none");
    want(0x01, 0, 16, "0");
    want(0x0f, 0, 16, "0-3");
    want(0x0f, 0, 4, "all");
    want(0xff, 0xff, 16, "all");
    want(0xff, 0xff, 1, "all");
    want(0x81, 0x01, 16, "0,7-8");
    want(0x54, 0x80, 16, "2,4,6,15");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(texts)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
