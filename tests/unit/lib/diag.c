/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* diag: excerpts and carets, order, counts, limits. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "lib/diag.h"

static struct source source_of(const char *text)
{
    return (struct source){"guest.cfg", text, strlen(text)};
}

/* A warning "x" about [start, end) of TEXT, as it is shown. */
static void assert_shown(const char *text, size_t start, size_t end,
                         const char *want)
{
    AUTO_POOL struct pool *p = pool_new();
    AUTO_STR struct str out = STR_INIT(STR_MAX);
    struct source source = source_of(text);
    struct diags d = {.pool = p};

    diag_warning(&d, ((struct place){&source, start, end}), "%s", "x");
    diags_format(&d, &out);
    assert_string_equal(str_text(&out), want);
}

#define UE "\xc3\xbc"

static void excerpts(void **state)
{
    (void)state;
    assert_shown("a = 1\nb = lots\n", 10, 14,
                 "guest.cfg:2:5: warning: x\n"
                 "    b = lots\n"
                 "        ^~~~\n");
    /* A tab goes below a tab. */
    assert_shown("\ta =\tlots", 5, 9,
                 "guest.cfg:1:6: warning: x\n"
                 "    \ta =\tlots\n"
                 "    \t   \t^~~~\n");
    /* One caret a character. */
    assert_shown("n" UE " = '" UE UE "'", 6, 12,
                 "guest.cfg:1:6: warning: x\n"
                 "    n" UE " = '" UE UE "'\n"
                 "         ^~~~\n");
    /* A line end of DOS, a control character. */
    assert_shown("a = \033[2J\r\nb", 4, 5,
                 "guest.cfg:1:5: warning: x\n"
                 "    a = ?[2J\n"
                 "        ^\n");
    /* Nothing is longer than a line. */
    assert_shown("a = [\n1,\n", 4, 9,
                 "guest.cfg:1:5: warning: x\n"
                 "    a = [\n"
                 "        ^\n");
}

static void edges(void **state)
{
    (void)state;
    assert_shown("", 0, 0, "guest.cfg:1:1: warning: x\n    \n    ^\n");
    assert_shown("a\n", 2, 2, "guest.cfg:2:1: warning: x\n    \n    ^\n");
    assert_shown("ab", 2, 2, "guest.cfg:1:3: warning: x\n    ab\n      ^\n");
    /* Beyond the end, as long as nothing is read there. */
    assert_shown("ab", 9, 12, "guest.cfg:1:3: warning: x\n");
}

static void long_lines(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    AUTO_STR struct str text = STR_INIT(STR_MAX), out = STR_INIT(STR_MAX);
    struct source source;
    struct diags d = {.pool = p};

    (void)state;
    str_repeat(&text, 'x', 100000);
    source = (struct source){"f", str_text(&text), text.len};
    diag_warning(&d, ((struct place){&source, 10, 99999}), "near");
    diag_warning(&d, ((struct place){&source, 5000, 5001}), "far");
    diags_format(&d, &out);
    assert_true(out.len < 1000);
    assert_non_null(strstr(str_text(&out), "f:1:11: warning: near\n    xxx"));
    assert_non_null(strstr(str_text(&out), "f:1:5001: warning: far\n"));
}

static void order(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    AUTO_STR struct str out = STR_INIT(STR_MAX);
    struct source a = {"a", "123", 3}, b = {"b", "123", 3};
    struct diags d = {.pool = p};

    (void)state;
    diag_error(&d, ((struct place){&a, 2, 3}), "3");
    diag_error(&d, ((struct place){&b, 1, 2}), "5");
    diag_warning(&d, ((struct place){&a, 0, 1}), "1");
    diag_add(&d, DIAG_NOTE, (struct place){NULL, 0, 0}, "6");
    diag_error(&d, ((struct place){&b, 0, 1}), "4");
    diag_error(&d, ((struct place){&a, 0, 1}), "2");
    diags_format(&d, &out);
    assert_string_equal(str_text(&out), "a:1:1: warning: 1\n    123\n    ^\n"
                                        "a:1:1: error: 2\n    123\n    ^\n"
                                        "a:1:3: error: 3\n    123\n      ^\n"
                                        "b:1:1: error: 4\n    123\n    ^\n"
                                        "b:1:2: error: 5\n    123\n     ^\n"
                                        "note: 6\n");
    assert_int_equal(d.n_errors, 4);
    assert_int_equal(d.n_warnings, 1);
    str_clear(&out);
    d.list[0].place.start = PLACE_WHOLE;
    d.n = 1;
    diags_format(&d, &out);
    assert_string_equal(str_text(&out), "a: error: 3\n");
}

static void counts(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    AUTO_STR struct str out = STR_INIT(STR_MAX);
    struct source source = source_of("x");
    struct diags d = {.pool = p, .warnings_are_errors = true};
    struct place place = {&source, 0, 1};

    (void)state;
    for (int i = 0; i < DIAGS_MAX + 50; i++)
        diag_add(&d, i % 2 ? DIAG_NOTE : DIAG_WARNING, place, "x");
    assert_int_equal(d.n, DIAGS_MAX);
    assert_int_equal(d.n_warnings, 0);
    assert_int_equal(d.n_errors, DIAGS_MAX / 2 + 25);
    diags_format(&d, &out);
    assert_true(text_has_suffix(str_text(&out), "^\n... 50 more\n"));
    /* Errors took the places of notes. */
    for (size_t i = 0, n = 0; i < d.n; i++) {
        n += d.list[i].level == DIAG_ERROR;
        assert_true(i + 1 < d.n || n == d.n_errors);
    }
}

static void errors(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    struct diags d = {.pool = p};
    struct source source = source_of("x");
    struct place place = {&source, 0, 1};
    struct value *v;

    (void)state;
    diag_err(&d, place, ERR("bad"));
    diag_err(&d, place, err_silent(1)); /* has complained already */
    assert_int_equal(d.n, 1);
    place.start = PLACE_WHOLE;
    diag_warning(&d, place, "about all of it");
    v = diags_to_value(&d, p);
    assert_int_equal(v->kids.n, 2);
    assert_null(value_get(v->kids.last, "line"));
    assert_string_equal(value_get(v->kids.first, "file")->s.text, "guest.cfg");
    assert_int_equal(value_get(v->kids.first, "line")->i, 1);
    assert_int_equal(value_get(v->kids.first, "column")->i, 1);
    assert_string_equal(value_get(v->kids.first, "level")->s.text, "error");
    assert_string_equal(value_get(v->kids.first, "message")->s.text, "bad");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(excerpts),   cmocka_unit_test(edges),
        cmocka_unit_test(long_lines), cmocka_unit_test(order),
        cmocka_unit_test(counts),     cmocka_unit_test(errors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
