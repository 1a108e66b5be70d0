/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* utf8: what is a character and what is not, at every place in a text. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "lib/utf8.h"

static const char *const good[] = {
    "\x7f",         "\xc2\x80",     "\xdf\xbf",         "\xe0\xa0\x80",
    "\xed\x9f\xbf", "\xee\x80\x80", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf",
};
static const char *const bad[] = {
    "\x80",
    "\xc0\x80",
    "\xc1\xbf",
    "\xe0\x9f\xbf",
    "\xed\xa0\x80",
    "\xf0\x8f\xbf\xbf",
    "\xf4\x90\x80\x80",
    "\xf5\x80\x80\x80",
    "\xff",
    "\xc3",
    "\xe2\x82",
    "\xf0\x9f\x90",
};

static void characters(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(good); i++)
        assert_int_equal(utf8_len(good[i], strlen(good[i])), strlen(good[i]));
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_int_equal(utf8_len(bad[i], strlen(bad[i])), 0);
}

static void texts(void **state)
{
    char text[40];

    (void)state;
    assert_true(utf8_valid("", 0));
    assert_true(utf8_valid("a\0b", 3));
    for (size_t at = 0; at < 20; at++) {
        for (size_t i = 0; i < ARRAY_LEN(good); i++) {
            size_t len = strlen(good[i]);

            memset(text, 'a', sizeof(text));
            memcpy(text + at, good[i], len);
            assert_true(utf8_valid(text, at + len));
            assert_true(utf8_valid(text, sizeof(text)));
        }
        for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
            size_t len = strlen(bad[i]);

            memset(text, 'a', sizeof(text));
            memcpy(text + at, bad[i], len);
            assert_false(utf8_valid(text, at + len));
            assert_false(utf8_valid(text, sizeof(text)));
        }
    }
}

static void to_numbers_and_back(void **state)
{
    static const uint32_t numbers[] = {0x7f,   0x80,   0x7ff,   0x800,
                                       0xd7ff, 0xe000, 0x10000, 0x10ffff};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        AUTO_STR struct str out = STR_INIT(STR_MAX);

        assert_int_equal(utf8_char(good[i], strlen(good[i])), numbers[i]);
        utf8_add_char(&out, numbers[i]);
        assert_string_equal(str_text(&out), good[i]);
    }
}

static void replaces(void **state)
{
    AUTO_STR struct str out = STR_INIT(STR_MAX);

    (void)state;
    utf8_add(&out, "", 0);
    assert_int_equal(out.len, 0);
    utf8_add(&out, "ab\xff\xc3\xa9\xe2\x82z\xc3", 9);
    assert_string_equal(str_text(&out),
                        "ab" UTF8_BAD "\xc3\xa9" UTF8_BAD UTF8_BAD
                        "z" UTF8_BAD);
}

static void plain(void **state)
{
    char text[40];

    (void)state;
    memset(text, ' ', sizeof(text));
    assert_int_equal(utf8_plain(text, 0), 0);
    assert_int_equal(utf8_plain(text, 7), 0);
    assert_int_equal(utf8_plain(text, sizeof(text)), sizeof(text));
    for (size_t at = 0; at < sizeof(text); at++) {
        for (int c = 0; c < 256; c++) {
            bool is_plain = c >= ' ' && c < 0x80;

            text[at] = (char)c;
            assert_int_equal(utf8_plain(text, sizeof(text)),
                             is_plain ? sizeof(text) : at / 8 * 8);
        }
        text[at] = '~';
    }
}

static void copies(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *fine = "\xc3\xa9", *wrong = "a\xff"
                                            "b";
    size_t n = 2;

    (void)state;
    assert_ptr_equal(utf8_text(p, fine, &n), fine);
    assert_int_equal(n, 2);
    n = 3;
    assert_string_equal(utf8_text(p, wrong, &n), "a" UTF8_BAD "b");
    assert_int_equal(n, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(characters),
        cmocka_unit_test(texts),
        cmocka_unit_test(to_numbers_and_back),
        cmocka_unit_test(replaces),
        cmocka_unit_test(plain),
        cmocka_unit_test(copies),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
