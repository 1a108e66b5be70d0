/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* json: text to value to text, and what is refused where. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "lib/diag.h"
#include "lib/json.h"

static struct value *parse(struct pool *p, const char *text)
{
    struct value *v = NULL;

    assert_null(json_parse(p, text, strlen(text), &v));
    assert_non_null(v);
    return v;
}

static void assert_prints(const struct value *v, bool pretty, const char *want)
{
    AUTO_STR struct str out = STR_INIT(STR_MAX);

    json_print(v, pretty, &out);
    assert_string_equal(str_text(&out), want);
}

static void assert_same(const char *text)
{
    AUTO_POOL struct pool *p = pool_new();

    assert_prints(parse(p, text), false, text);
}

static void assert_refused(const char *text, const char *part)
{
    AUTO_POOL struct pool *p = pool_new();
    struct value *v = NULL;
    AUTO_ERR struct err *e = json_parse(p, text, strlen(text), &v);

    assert_non_null(e);
    assert_null(v);
    if (!strstr(err_text(e), part))
        fail_msg("'%s' is not in '%s'", part, err_text(e));
}

static void round_trips(void **state)
{
    (void)state;
    assert_same("null");
    assert_same("[true,false,0,-1,9223372036854775807,1.5,0.1,1e+300]");
    assert_same("{\"b\":{},\"a\":[[],[1]],\"\":\"x\\\"\\\\\\n\\u0000y\"}");
    assert_same("\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\xbc/\"");
}

static void kinds(void **state)
{
    AUTO_POOL struct pool *p = pool_new();

    (void)state;
    assert_int_equal(parse(p, "12")->kind, VALUE_INT);
    assert_int_equal(parse(p, "9223372036854775808")->kind, VALUE_DOUBLE);
    assert_int_equal(parse(p, "2.0")->kind, VALUE_DOUBLE);
    assert_int_equal(parse(p, "\"a\\u0000b\"")->s.len, 3);
    assert_string_equal(parse(p, "\"\\u20ac\"")->s.text, "\xe2\x82\xac");
    assert_string_equal(parse(p, "\"\\udc00\"")->s.text,
                        "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
    assert_int_equal(value_get(parse(p, "{\"a\":1,\"b\":2}"), "b")->i, 2);
}

static void pretty(void **state)
{
    AUTO_POOL struct pool *p = pool_new();

    (void)state;
    assert_prints(parse(p, "{\"a\":[1,2],\"b\":{}}"), true,
                  "{\n    \"a\": [\n        1,\n        2\n    ],\n"
                  "    \"b\": {\n\n    }\n}\n");
}

static void odd_values(void **state)
{
    AUTO_POOL struct pool *p = pool_new();

    (void)state;
    assert_prints(value_double(p, 3), false, "3.0");
    assert_prints(value_double(p, 1.0 / 3), false, "0.3333333333333333");
    assert_prints(value_double(p, (double)INFINITY), false, "null");
    assert_prints(value_string(p, "a\xff\xc3(\xed\xa0\x80"), false,
                  "\"a\xef\xbf\xbd\xef\xbf\xbd(\xef\xbf\xbd\xef\xbf\xbd"
                  "\xef\xbf\xbd\"");
}

static void refusals(void **state)
{
    (void)state;
    assert_refused("", "1:1: premature EOF");
    assert_refused("{\"a\":1,\n \"b\":2, \"a\":3}", "2:9: the name 'a' comes "
                                                    "twice");
    assert_refused("[1,\n  x]", "2:");
    assert_refused("[1] 2", "1:");
    assert_refused("[1e999]", "1:2: the number 1e999 is too large");
    assert_refused("\"\xff\"", "UTF8");
    assert_refused("{\"a\\u0000\":1}", "NUL");
}

static void nesting(void **state)
{
    char text[2 * JSON_DEPTH_MAX + 3] = "";

    (void)state;
    memset(text, '[', JSON_DEPTH_MAX);
    memset(text + JSON_DEPTH_MAX, ']', JSON_DEPTH_MAX);
    assert_same(text);
    memset(text, '[', JSON_DEPTH_MAX + 1);
    assert_refused(text, "1:101: nested deeper than 100 levels");
}

/* The text that a place covers. */
static void assert_at(struct place place, const char *want)
{
    assert_non_null(place.source);
    assert_int_equal(place.end - place.start, strlen(want));
    assert_memory_equal(place.source->text + place.start, want, strlen(want));
}

static void places(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *text = "{\"one\": [12, true, null,\n -1.5], \"two\": \"x y\"}";
    struct source source = {.text = text, .len = strlen(text)};
    struct value *v, *item;
    size_t line, column;

    (void)state;
    assert_null(json_parse_source(p, &source, &v));
    assert_at(v->kids.first->name_place, "\"one\"");
    item = v->kids.first->kids.first;
    assert_at(item->place, "12");
    item = item->next;
    assert_at(item->place, "true");
    item = item->next;
    assert_at(item->place, "null");
    item = item->next;
    assert_at(item->place, "-1.5");
    place_line_column(item->place, &line, &column);
    assert_int_equal(line, 2);
    assert_int_equal(column, 2);
    assert_at(v->kids.last->place, "\"x y\"");
    v = parse(p, text);
    assert_null(v->kids.first->place.source);
    assert_null(v->kids.first->name_place.source);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trips), cmocka_unit_test(kinds),
        cmocka_unit_test(places),      cmocka_unit_test(pretty),
        cmocka_unit_test(odd_values),  cmocka_unit_test(refusals),
        cmocka_unit_test(nesting),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
