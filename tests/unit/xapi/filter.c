/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* filter: the grammar with its precedences, comparisons, errors, limits. */
#include "tests/unit/xapi/db_rig.h"

#include "xapi/db/filter.h"

static bool matches(const struct object *o, const char *text)
{
    AUTO_POOL struct pool *p = pool_new();
    struct filter *f;

    ok(err_wrap(filter_parse(p, object_class(o), text, &f), "%s", text));
    return filter_match(f, o);
}

static void assert_bad(const char *text, const char *part)
{
    AUTO_POOL struct pool *p = pool_new();
    struct filter *f;

    assert_fails(filter_parse(p, C(VM), text, &f), part);
}

/* T and F stand for what is true and false here. */
static void precedences(void **state)
{
    static const struct {
        const char *text;
        bool value;
    } cases[] = {
        {"true", true},
        {"false", false},
        {" ( true ) ", true},
        {"(((false)))", false},
        {"not true", false},
        {"not not true", true},
        {"true and false", false},
        {"true or false", true},
        {"true or true and false", false}, /* from the left */
        {"true or (true and false)", true},
        {"false and true or true", true},
        {"not false and false", true}, /* not (false and false) */
        {"(not false) and false", false},
        {"not true or true", false}, /* not (true or true) */
        {"true and not false or true", false},
        {"true and not false and false", true},
        {"false or not true", false},
        {"\"a\"=\"a\"", true},
        {"\"a\" = \"b\"", false},
        {"\"\"=\"\"", true},
        {"not\"a\"=\"b\"", true},
        {"true\tand\ntrue", true},
        {"not(true)", false},
        {"\"and\"=\"and\"and\"or\"=\"or\"", true},
    };
    AUTO_DB struct db *db = db_new();
    struct object *vm = add_vm(db, "a");

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        if (matches(vm, cases[i].text) != cases[i].value)
            fail_msg("%s", cases[i].text);
}

static void texts_of_all_kinds(void **state)
{
    static const char *const true_of_it[] = {
        "field \"name__label\" = \"a name\"",
        "field \"name_label\" = \"a name\"",
        "\"a name\" = field \"name__label\"",
        "field \"power_state\" = \"Running\"",
        "field \"is_control_domain\" = \"false\"",
        "field \"has_vendor_device\" = \"true\"",
        "field \"memory__static_max\" = \"4294967296\"",
        "field \"HVM__shadow_multiplier\" = \"1.5\"",
        "field \"snapshot_time\" = \"19700101T00:00:00Z\"",
        "field \"affinity\" = \"OpaqueRef:NULL\"",
        "field \"tags\" = \"()\"",
        "field \"VBDs\" = \"()\"",
        "field \"xenstore_data\" = \"()\"",
        "field \"other_config\" = \"(('k' 'v'))\"",
        "field \"name_label\" = field \"name_description\"",
        "not field \"power_state\" = \"running\"",
    };
    AUTO_DB struct db *db = db_new();
    struct object *vm = add_vm(db, "a name");
    struct txn *txn = txn_begin(db);

    (void)state;
    set_text(txn, vm, VM_name_description, "a name");
    ok(txn_set(txn, vm, F(VM_power_state), DATUM_ENUM(VM_power_state_Running)));
    ok(txn_set(txn, vm, F(VM_memory_static_max), DATUM_INT(1LL << 32)));
    ok(txn_set(txn, vm, F(VM_HVM_shadow_multiplier), DATUM_FLOAT(1.5)));
    ok(txn_add(txn, vm, F(VM_other_config), S("k"), S("v")));
    txn_commit(txn);
    for (size_t i = 0; i < ARRAY_LEN(true_of_it); i++)
        if (!matches(vm, true_of_it[i]))
            fail_msg("%s", true_of_it[i]);
}

static void an_index_answers_for_uuids(void **state)
{
    AUTO_DB struct db *db = db_new();
    AUTO_POOL struct pool *p = pool_new();
    struct object *vm = add_vm(db, "a"), *found;
    struct filter *f;

    (void)state;
    ok(filter_parse(
        p, C(VM),
        pool_printf(p, "field \"uuid\" = \"%s\"", text_at(vm, VM_uuid)), &f));
    assert_true(filter_one(f, db, &found));
    assert_ptr_equal(found, vm);
    ok(filter_parse(p, C(VM), "\"none\" = field \"uuid\"", &f));
    assert_true(filter_one(f, db, &found));
    assert_null(found);
    ok(filter_parse(p, C(VM), "field \"name__label\" = \"a\"", &f));
    assert_false(filter_one(f, db, &found));
    ok(filter_parse(p, C(VM), "not field \"uuid\" = \"a\"", &f));
    assert_false(filter_one(f, db, &found));
    ok(filter_parse(p, C(VM), "field \"uuid\" = field \"uuid\"", &f));
    assert_false(filter_one(f, db, &found));
}

static void errors_say_what_and_where(void **state)
{
    (void)state;
    assert_bad("", "a comparison is missing at the end");
    assert_bad("   ", "a comparison is missing at the end");
    assert_bad("maybe", "at character 1: a comparison is missing");
    assert_bad("TRUE", "at character 1");
    assert_bad("truefalse", "at character 1");
    assert_bad("true false", "and or or is missing before 'false'");
    assert_bad("true and", "is missing at the end");
    assert_bad("and true", "at character 1");
    assert_bad("(true", ") is missing at the end");
    assert_bad("true)", "before ')'");
    assert_bad("not", "is missing at the end");
    assert_bad("\"a\"", "= is missing at the end");
    assert_bad("\"a\" == \"b\"", "before '= \"b\"'");
    assert_bad("\"a\"=b", "a text in \"\" is missing before 'b'");
    assert_bad("\"a=b", "the closing \" is missing");
    assert_bad("field name_label=\"a\"", "a text in \"\"");
    assert_bad("field \"nosuch\"=\"a\"", "class VM has no field 'nosuch'");
    assert_bad("'a'='a'", "at character 1");
}

static void limits(void **state)
{
    AUTO_STR struct str text = STR_INIT(STR_MAX);
    AUTO_DB struct db *db = db_new();
    struct object *vm = add_vm(db, "a");

    (void)state;
    str_repeat(&text, '(', 200);
    str_add(&text, "true");
    str_repeat(&text, ')', 200);
    assert_bad(str_text(&text), "nested more than");
    str_clear(&text);
    for (int i = 0; i < 200; i++)
        str_add(&text, "not ");
    str_add(&text, "true");
    assert_bad(str_text(&text), "nested more than");
    str_clear(&text);
    str_add(&text, "true");
    while (text.len + 9 < FILTER_MAX)
        str_add(&text, " and true");
    assert_true(matches(vm, str_text(&text)));
    str_repeat(&text, ' ', FILTER_MAX);
    assert_bad(str_text(&text), "longer than");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(precedences),
        cmocka_unit_test(texts_of_all_kinds),
        cmocka_unit_test(an_index_answers_for_uuids),
        cmocka_unit_test(errors_say_what_and_where),
        cmocka_unit_test(limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
