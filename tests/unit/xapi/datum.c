/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* datum: from and to values and texts, sets and maps. */
#include "tests/unit/xapi/db_rig.h"

#include <math.h>

#include "lib/json.h"

static const struct model_type *type_of(unsigned field)
{
    return F(field)->type;
}

static struct model_value from_text(struct pool *p,
                                    const struct model_type *type,
                                    const char *text)
{
    struct model_value d;

    ok(err_wrap(datum_from_text(p, type, text, &d), "%s", text));
    return d;
}

static void assert_text(const struct model_type *type, struct model_value d,
                        const char *wanted)
{
    AUTO_STR struct str out = STR_INIT(STR_MAX);

    datum_to_text(type, d, &out);
    assert_string_equal(str_text(&out), wanted);
}

/* TEXT is the form of the datum it reads as. */
static void text_holds(unsigned field, const char *text)
{
    AUTO_POOL struct pool *p = pool_new();

    assert_text(type_of(field), from_text(p, type_of(field), text), text);
}

static void text_is_bad(unsigned field, const char *text, const char *part)
{
    AUTO_POOL struct pool *p = pool_new();
    struct model_value d;

    assert_fails(datum_from_text(p, type_of(field), text, &d), part);
}

static void texts(void **state)
{
    (void)state;
    text_holds(VM_name_label, "");
    text_holds(VM_name_label, " as 'it' (is)\\\n");
    text_holds(VM_memory_target, "-9223372036854775808");
    text_holds(VM_is_a_template, "true");
    text_holds(VM_power_state, "Paused");
    text_holds(VM_affinity, "OpaqueRef:NULL");
    text_holds(VM_affinity, "OpaqueRef:1");
    text_holds(VM_snapshot_time, "20240229T23:59:59Z");
    text_holds(VM_HVM_shadow_multiplier, "0.1");
    text_holds(VM_HVM_shadow_multiplier, "1e+300");
    text_holds(VM_HVM_shadow_multiplier, "0.30000000000000004");
    text_holds(VM_HVM_shadow_multiplier, "nan");
    text_holds(VM_HVM_shadow_multiplier, "-inf");
    text_holds(VM_tags, "()");
    text_holds(VM_tags, "('')");
    text_holds(VM_tags, "('a' 'it\\'s' '\\\\' ') (')");
    text_holds(VM_other_config, "()");
    text_holds(VM_other_config, "(('k' 'v') ('' ''))");
    text_holds(VM_allowed_operations, "('start' 'clone')");
    text_holds(VM_metrics_VCPUs_utilisation, "(('0' '0.5') ('1' '1'))");
    text_holds(VM_metrics_VCPUs_flags,
               "(('0' '(\\'online\\' \\'running\\')') ('1' '()'))");
}

static void bad_texts(void **state)
{
    (void)state;
    text_is_bad(VM_memory_target, "", "");
    text_is_bad(VM_memory_target, "0x10", "");
    text_is_bad(VM_memory_target, "9223372036854775808", "");
    text_is_bad(VM_is_a_template, "1", "neither true nor false");
    text_is_bad(VM_power_state, "On", "one of Halted, Paused");
    text_is_bad(VM_HVM_shadow_multiplier, "1.5x", "not a number");
    text_is_bad(VM_HVM_shadow_multiplier, " 1", "not a number");
    text_is_bad(VM_tags, "", "( is missing");
    text_is_bad(VM_tags, "(", ") is missing");
    text_is_bad(VM_tags, "('a", "' is missing");
    text_is_bad(VM_tags, "('a\\", "' is missing");
    text_is_bad(VM_tags, "('a'b)", "' is missing");
    text_is_bad(VM_tags, "() ()", "more than one");
    text_is_bad(VM_other_config, "('a' 'b')", "( is missing");
    text_is_bad(VM_other_config, "(('a'))", "' is missing");
    text_is_bad(VM_other_config, "(('a' 'b' 'c'))", ") is missing");
    text_is_bad(VM_metrics_VCPUs_flags, "(('0' 'x'))", "( is missing");
    text_is_bad(VM_metrics_VCPUs_flags, "(('x' '()'))", "");
}

static void times(void **state)
{
    static const struct {
        const char *text;
        int64_t seconds;
    } good[] = {
        {"19700101T00:00:00Z", 0},
        {"20240131T07:05:09Z", 1706684709},
        {"2024-01-31T07:05:09Z", 1706684709},
        {"20240131T07:05:09", 1706684709},
        {"2024-01-31T07:05:09.123456Z", 1706684709},
        {"20240131T08:05:09+01:00", 1706684709},
        {"20240131T05:05:09-0200", 1706684709},
        {"99991231T23:59:59Z", 253402300799},
    };
    static const char *const bad[] = {
        "",
        "now",
        "20240131",
        "20240131T07:05",
        "20240132T07:05:09Z",
        "20230229T00:00:00Z",
        "20241301T00:00:00Z",
        "20240131T24:00:00Z",
        "20240131T07:60:09Z",
        "20240131T07:05:09z",
        "20240131T07:05:09ZZ",
        "20240131T07:05:09+1",
        "20240131T07:05:09+25:00",
        "19691231T23:59:59Z",
        "2024013107:05:09Z",
        " 20240131T07:05:09Z",
    };
    char text[DATETIME_SIZE];
    int64_t seconds;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        ok(datetime_from_text(good[i].text, &seconds));
        assert_int_equal(seconds, good[i].seconds);
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_fails(datetime_from_text(bad[i], &seconds), bad[i]);
    datetime_to_text(-5, text);
    assert_string_equal(text, "19700101T00:00:00Z");
    datetime_to_text(INT64_MAX, text);
    assert_string_equal(text, "99991231T23:59:59Z");
}

/* ---- values -------------------------------------------------------------- */

static struct err *from_json(struct pool *p, unsigned field, const char *json,
                             struct model_value *ret)
{
    struct value *v;

    ok(json_parse(p, json, strlen(json), &v));
    return datum_from_value(p, type_of(field), v, ret);
}

static void value_becomes(unsigned field, const char *json, const char *text,
                          const char *back)
{
    AUTO_POOL struct pool *p = pool_new();
    AUTO_STR struct str out = STR_INIT(STR_MAX);
    struct model_value d;

    ok(err_wrap(from_json(p, field, json, &d), "%s", json));
    assert_text(type_of(field), d, text);
    json_print(datum_to_value(p, type_of(field), d), false, &out);
    assert_string_equal(str_text(&out), back ? back : json);
}

static void value_is_bad(unsigned field, const char *json, const char *part)
{
    AUTO_POOL struct pool *p = pool_new();
    struct model_value d;

    assert_fails(from_json(p, field, json, &d), part);
}

static void values(void **state)
{
    (void)state;
    value_becomes(VM_name_label, "\"a\"", "a", NULL);
    value_becomes(VM_memory_target, "5", "5", NULL);
    value_becomes(VM_memory_target, "\"5\"", "5", "5");
    value_becomes(VM_HVM_shadow_multiplier, "2", "2", "2.0");
    value_becomes(VM_HVM_shadow_multiplier, "\"2.5\"", "2.5", "2.5");
    value_becomes(VM_is_a_template, "true", "true", NULL);
    value_becomes(VM_power_state, "\"running\"", "Running", "\"Running\"");
    value_becomes(VM_affinity, "\"OpaqueRef:NULL\"", "OpaqueRef:NULL", NULL);
    value_becomes(VM_affinity, "\"\"", "OpaqueRef:NULL", "\"OpaqueRef:NULL\"");
    value_becomes(VM_snapshot_time, "\"2024-01-31T07:05:09Z\"",
                  "20240131T07:05:09Z", "\"20240131T07:05:09Z\"");
    value_becomes(VM_tags, "[]", "()", NULL);
    value_becomes(VM_tags, "[\"b\",\"a\",\"b\"]", "('b' 'a' 'b')", NULL);
    value_becomes(VM_other_config, "{\"a\":\"1\",\"b\":\"\"}",
                  "(('a' '1') ('b' ''))", NULL);
    value_becomes(VM_current_operations, "{\"t\":\"start\"}", "(('t' 'start'))",
                  NULL);
    value_becomes(VM_metrics_VCPUs_flags, "{\"0\":[\"a\",\"'\"]}",
                  "(('0' '(\\'a\\' \\'\\\\\\'\\')'))", NULL);
    value_becomes(VM_metrics_VCPUs_number, "7", "7", NULL);
}

static void bad_values(void **state)
{
    (void)state;
    value_is_bad(VM_name_label, "5", "a number where the type is string");
    value_is_bad(VM_name_label, "\"a\\u0000b\"", "NUL");
    value_is_bad(VM_memory_target, "1.5", "where the type is int");
    value_is_bad(VM_memory_target, "\"x\"", "'x'");
    value_is_bad(VM_is_a_template, "\"true\"", "where the type is bool");
    value_is_bad(VM_is_a_template, "1", "where the type is bool");
    value_is_bad(VM_tags, "\"a\"", "string set");
    value_is_bad(VM_tags, "[1]", "item 1: ");
    value_is_bad(VM_other_config, "[]", "map");
    value_is_bad(VM_other_config, "{\"k\":1}", "key 'k': ");
    value_is_bad(VM_metrics_VCPUs_flags, "{\"x\":[]}", "key 'x': ");
    value_is_bad(VM_metrics_VCPUs_flags, "{\"0\":\"a\"}", "key '0': ");
    value_is_bad(VM_power_state, "null", "where the type is VM.power_state");
}

/* ---- sets and maps ------------------------------------------------------- */

static void with_and_without(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    const struct model_type *set = type_of(VM_tags),
                            *map = type_of(VM_other_config);
    struct model_value d = DATUM_EMPTY;

    (void)state;
    d = datum_with(p, set, d, S("a"), S(NULL));
    d = datum_with(p, set, d, S("b"), S(NULL));
    d = datum_with(p, set, d, S("a"), S(NULL));
    assert_text(set, d, "('a' 'b')");
    assert_int_equal(datum_find(set, d, S("b")), 1);
    assert_int_equal(datum_find(set, d, S("c")), -1);
    assert_text(set, datum_without(p, set, d, S("a")), "('b')");
    assert_text(set, d, "('a' 'b')");
    d = from_text(p, set, "('x' 'y' 'x')");
    assert_text(set, datum_without(p, set, d, S("x")), "('y')");

    d = datum_with(p, map, DATUM_EMPTY, S("k"), S("1"));
    d = datum_with(p, map, d, S("l"), S("2"));
    d = datum_with(p, map, d, S("k"), S("3"));
    assert_text(map, d, "(('k' '3') ('l' '2'))");
    assert_string_equal(datum_map_get(d, "l"), "2");
    assert_null(datum_map_get(d, "m"));
    assert_text(map, datum_without(p, map, d, S("k")), "(('l' '2'))");
    assert_text(map, datum_without(p, map, d, S("m")), "(('k' '3') ('l' '2'))");
}

static void equal_and_copied(void **state)
{
    static const char *const maps[] = {"()", "(('a' '1'))", "(('a' '2'))",
                                       "(('b' '1'))", "(('a' '1') ('b' '2'))"};
    const struct model_type *map = type_of(VM_other_config);
    AUTO_POOL struct pool *p = pool_new();

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(maps); i++)
        for (size_t j = 0; j < ARRAY_LEN(maps); j++) {
            AUTO_POOL struct pool *short_lived = pool_new();
            struct model_value a =
                datum_copy(p, map, from_text(short_lived, map, maps[i]));

            assert_int_equal(datum_equal(map, a, from_text(p, map, maps[j])),
                             i == j);
        }
    assert_true(datum_equal(type_of(VM_affinity), DATUM_REF(NULL),
                            DATUM_REF(DATUM_REF_NULL)));
    assert_true(datum_equal(type_of(VM_HVM_shadow_multiplier), DATUM_FLOAT(NAN),
                            DATUM_FLOAT(NAN)));
}

/* Each field of each class: what it begins as has a text that reads back. */
static void every_field_of_the_model(void **state)
{
    AUTO_POOL struct pool *p = pool_new();

    (void)state;
    for (const struct model_field *f = model_fields; f->name; f++) {
        AUTO_STR struct str out = STR_INIT(STR_MAX);

        if (!f->class->in_database || f->computed)
            continue;
        datum_to_text(f->type, f->initial, &out);
        assert_true(datum_equal(f->type, f->initial,
                                from_text(p, f->type, str_text(&out))));
        assert_non_null(datum_to_value(p, f->type, f->initial));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts),
        cmocka_unit_test(bad_texts),
        cmocka_unit_test(times),
        cmocka_unit_test(values),
        cmocka_unit_test(bad_values),
        cmocka_unit_test(with_and_without),
        cmocka_unit_test(equal_and_copied),
        cmocka_unit_test(every_field_of_the_model),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
