/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "xenstore/quote.h"

static void shows(void **state)
{
    AUTO_POOL struct pool *p = pool_new();

    (void)state;
    assert_string_equal(quote(p, "", 0), "");
    assert_string_equal(quote(p, "plain \"text\"", 12), "plain \"text\"");
    assert_string_equal(quote(p, "\t\n\r\\", 4), "\\t\\n\\r\\\\");
    assert_string_equal(quote(p, "a\0b\7\10\x1f\x7f\xff", 8),
                        "a\\000b\\007\\x08\\x1f\\x7f\\xff");
}

/* Ends with NULL. */
static const struct {
    const char *text, *value;
    size_t len;
} takes_cases[] = {
    {"", "", 0},
    {"a\\nb", "a\nb", 3},
    {"\\101\\1018\\8", "AA88", 4},
    {"\\x41\\x4g\\xg\\x", "A\x04gxgx", 6},
    {"\\0001",
     "\0"
     "1",
     2},
    {"\\777", "\xff", 1},
    {"\\q\\\\", "q\\", 2},
    {"end\\", "end\\", 4},
    {NULL},
};

static void takes(void **state)
{
    AUTO_POOL struct pool *p = pool_new();

    (void)state;
    for (size_t i = 0; takes_cases[i].text; i++) {
        const char *text = takes_cases[i].text;
        size_t len;
        char *value = quote_undo(p, text, strlen(text), &len);

        assert_int_equal(len, takes_cases[i].len);
        assert_memory_equal(value, takes_cases[i].value, len);
        assert_int_equal(value[len], 0);
    }
}

static void round_trip(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    char all[256 * 3], *text, *value;
    size_t len;

    (void)state;
    for (size_t i = 0; i < 256; i++) {
        all[3 * i] = (char)i;
        all[3 * i + 1] = '7'; /* a digit behind an escape is no part of it */
        all[3 * i + 2] = (char)(255 - i);
    }
    text = quote(p, all, sizeof(all));
    for (const char *c = text; *c; c++)
        assert_true(*c >= ' ' && *c <= '~');
    value = quote_undo(p, text, strlen(text), &len);
    assert_int_equal(len, sizeof(all));
    assert_memory_equal(value, all, len);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shows),
        cmocka_unit_test(takes),
        cmocka_unit_test(round_trip),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
