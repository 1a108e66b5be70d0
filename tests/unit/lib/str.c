/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* str: the buffer and its maximum, helpers, numbers. */
#include <math.h>
#include <string.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/str.h"

static void growing(void **state)
{
    AUTO_STR struct str s = STR_INIT(STR_MAX);
    AUTO_FREE char *taken = NULL;

    (void)state;
    assert_string_equal(str_text(&s), "");
    str_add(&s, "ab");
    str_addc(&s, 'c');
    str_addn(&s, "defg", 2);
    str_repeat(&s, '-', 3);
    str_addf(&s, "%d", 42);
    assert_string_equal(str_text(&s), "abcde---42");
    assert_int_equal(s.len, 10);
    for (int i = 0; i < 10000; i++)
        str_addf(&s, "%d,", i);
    assert_false(str_full(&s));
    taken = str_take(&s);
    assert_int_equal(taken[0], 'a');
    assert_string_equal(str_text(&s), "");
    str_add(&s, "again");
    assert_string_equal(str_text(&s), "again");
    str_clear(&s);
    assert_string_equal(str_text(&s), "");
}

/* What does not fit changes nothing, and is not forgotten. */
static void maximum(void **state)
{
    AUTO_STR struct str s = STR_INIT(5);
    AUTO_FREE char *empty = NULL;

    (void)state;
    str_add(&s, "abcde");
    assert_false(str_full(&s));
    str_addc(&s, 'f');
    assert_true(str_full(&s));
    assert_string_equal(str_text(&s), "abcde");
    str_clear(&s);
    assert_false(str_full(&s));
    str_addf(&s, "%s", "123456");
    str_add(&s, "x"); /* would fit, but then there would be a gap */
    str_repeat(&s, 'x', SIZE_MAX - 2);
    assert_string_equal(str_text(&s), "");
    empty = str_take(&s);
    assert_string_equal(empty, "");
}

static void helpers(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *const words[] = {"a", "b", "c"};
    char **parts;
    size_t n;

    (void)state;
    assert_true(text_eq("a", "a") && text_eq(NULL, NULL));
    assert_false(text_eq("a", NULL) || text_eq(NULL, "a") || text_eq("a", "b"));
    assert_true(text_has_prefix("abc", "ab") && text_has_prefix("abc", ""));
    assert_false(text_has_prefix("a", "ab"));
    assert_true(text_has_suffix("abc", "bc") && text_has_suffix("abc", ""));
    assert_false(text_has_suffix("c", "bc"));
    assert_string_equal(text_trim(p, " \t a b\n"), "a b");
    assert_string_equal(text_trim(p, " \n"), "");
    parts = text_split(p, "a,,b,", ',', &n);
    assert_int_equal(n, 4);
    assert_string_equal(parts[0], "a");
    assert_string_equal(parts[1], "");
    assert_string_equal(parts[2], "b");
    assert_string_equal(parts[3], "");
    assert_null(parts[4]);
    assert_string_equal(text_split(p, "", ',', NULL)[0], "");
    assert_string_equal(text_join(p, words, 3, ", ", " or "), "a, b or c");
    assert_string_equal(text_join(p, words, 1, ", ", " or "), "a");
    assert_string_equal(text_join(p, words, 0, ", ", " or "), "");
    assert_null(xstrdup(NULL));
}

static void assert_err(struct err *e, const char *text)
{
    assert_non_null(e);
    assert_string_equal(err_text(e), text);
    assert_ptr_equal(err_kind(e), &err_kind_input);
    err_free(e);
}

static void integers(void **state)
{
    /* clang-format off */
    static const struct {
        const char *text;
        int base;
        int64_t min, max, n;
        const char *complaint;
    } cases[] = {
        {"0",     0, 0, 9, 0, NULL},
        {"-5",    0, -9, 9, -5, NULL},
        {"0x1F",  0, 0, 99, 31, NULL},
        {"010",   0, 0, 99, 8, NULL},
        {"010",  10, 0, 99, 10, NULL},
        {"ff",   16, 0, 999, 255, NULL},
        {"9223372036854775807",  0, INT64_MIN, INT64_MAX, INT64_MAX, NULL},
        {"-9223372036854775808", 0, INT64_MIN, INT64_MAX, INT64_MIN, NULL},
        {"",      0, 0, 9, 0, "'' is not a number"},
        {" 1",    0, 0, 9, 0, "' 1' is not a number"},
        {"1 ",    0, 0, 9, 0, "'1 ' is not a number"},
        {"1k",    0, 0, 9, 0, "'1k' is not a number"},
        {"08",    0, 0, 9, 0, "'08' is not a number"},
        {"10",    0, 0, 9, 0, "10 is out of range: 0 to 9"},
        {"-1",    0, 0, 9, 0, "-1 is out of range: 0 to 9"},
        {"-1",    0, 0, INT64_MAX, 0, "-1 is too small: 0 is the least"},
        {"9223372036854775808", 0, 0, INT64_MAX, 0,
         "9223372036854775808 is too large: 9223372036854775807 is the most"},
        {"9223372036854775808", 0, INT64_MIN, INT64_MAX, 0,
         "9223372036854775808 is out of range: -9223372036854775808 to 9223372036854775807"},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        int64_t n = 77;
        struct err *e = text_to_int(cases[i].text, cases[i].base, cases[i].min,
                                    cases[i].max, &n);

        if (cases[i].complaint) {
            assert_err(e, cases[i].complaint);
            assert_int_equal(n, 77);
            continue;
        }
        assert_null(e);
        assert_true(n == cases[i].n);
    }
}

static void doubles(void **state)
{
    double d = 7;

    (void)state;
    assert_null(text_to_double("-1.5e1", -20, 20, &d));
    assert_true(d == -15);
    assert_err(text_to_double("nan", 0, 1, &d), "'nan' is not a number");
    assert_err(text_to_double("1e999", 0, 1, &d), "'1e999' is not a number");
    assert_err(text_to_double("1s", 0, 1, &d), "'1s' is not a number");
    assert_err(text_to_double("", 0, 1, &d), "'' is not a number");
    assert_err(text_to_double("2", 0, 1, &d), "2 is out of range: 0 to 1");
    assert_true(d == -15);
}

/* As printf has them. */
static void assert_number(double d)
{
    for (int decimals = 0; decimals <= 3; decimals++) {
        AUTO_STR struct str s = STR_INIT(1000);
        char want[400];

        snprintf(want, sizeof(want), "%.*f", decimals, d);
        str_addd(&s, d, (unsigned)decimals);
        assert_string_equal(str_text(&s), want);
    }
}

static void numbers(void **state)
{
    static const double some[] = {
        0,       -0.0,  0.05,   0.15,     0.25,      0.35,
        0.5,     1.5,   2.5,    99.95,    99.949999, 999.95,
        1e9,     1e15,  1e300,  -0.04,    -1.25,     0.0005,
        0.00049, 0.001, 1e-300, INFINITY, NAN,       4294967295.9999};
    uint64_t seed = 1;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(some); i++)
        assert_number(some[i]);
    for (unsigned i = 0; i < 20000; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        assert_number((double)(seed >> 40) / (double)(1 << seed % 20));
        assert_number((double)(seed >> 40) / 2000);
    }
}

static void digits(void **state)
{
    AUTO_STR struct str s = STR_INIT(60);

    (void)state;
    str_addu(&s, 0, 1);
    str_addu(&s, 42, 1);
    str_addu(&s, 42, 4);
    str_addu(&s, 0, 0);
    str_addu(&s, UINT64_MAX, 1);
    assert_string_equal(str_text(&s), "042004218446744073709551615");
    str_cut(&s, 3);
    str_insert(&s, 1, '.', 2);
    str_insert(&s, 5, '!', 1);
    assert_string_equal(str_text(&s), "0..42!");
    str_insert(&s, 0, ' ', 100); /* more than its maximum */
    assert_true(str_full(&s));
    assert_string_equal(str_text(&s), "0..42!");
    str_done(&s);
    str_insert(&s, 0, 'x', 2);
    assert_string_equal(str_text(&s), "xx");
}

/* What is too long for the room that is left, and for the maximum. */
static void formatted(void **state)
{
    AUTO_STR struct str s = STR_INIT(200);

    (void)state;
    for (size_t i = 0; i < 19; i++)
        str_addf(&s, "%s", "0123456789");
    assert_int_equal(s.len, 190);
    assert_int_equal(strlen(str_text(&s)), 190);
    str_addf(&s, "%20d", 1);
    assert_true(str_full(&s));
    assert_int_equal(strlen(str_text(&s)), 190);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers),   cmocka_unit_test(digits),
        cmocka_unit_test(formatted), cmocka_unit_test(growing),
        cmocka_unit_test(maximum),   cmocka_unit_test(helpers),
        cmocka_unit_test(integers),  cmocka_unit_test(doubles),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
