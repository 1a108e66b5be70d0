/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * keys: the table of xl.cfg keys as a table, and each key with values of the
 * wrong kind: an error at the value's place, never a crash. What keys decide
 * together is in rules.c.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/domain/record.h"
#include "xl/domain/keys.h"

#define each_key(row) \
    for (const struct slot *row = guest_keys.rows; row->name; row++)

static void sorted_and_documented(void **state)
{
    const char *last = "";

    (void)state;
    each_key(row)
    {
        size_t len = row->doc ? strlen(row->doc) : 0;

        if (strcmp(last, row->name) >= 0)
            fail_msg("'%s' stands after '%s'", row->name, last);
        if (len < 10 || row->doc[len - 1] != '.')
            fail_msg("'%s' has no sentence", row->name);
        last = row->name;
    }
}

static void instead_is_a_key(void **state)
{
    (void)state;
    each_key(row)
    {
        if (row->instead && !strchr(row->instead, ' ') &&
            !slot_find(guest_keys.rows, row->instead))
            fail_msg("'%s' names '%s' instead", row->name, row->instead);
    }
}

/* Rows that are code in disguise make the table a chain of ifs. */
static void few_private_setters(void **state)
{
    size_t n = 0, n_set = 0;

    (void)state;
    each_key(row)
    {
        n++;
        n_set += row->kind == &kind_set;
    }
    assert_true(n > 150);
    assert_true(n_set * 4 <= n);
}

static unsigned where_to_type(unsigned where)
{
    if (where & FOR_HVM || !where)
        return LIBXL_DOMAIN_TYPE_HVM;
    return where & FOR_PVH ? LIBXL_DOMAIN_TYPE_PVH : LIBXL_DOMAIN_TYPE_PV;
}

/* Parses a record with KEY as VALUE on a guest that knows the key. */
static void parse_with(struct record *r, const struct slot *row,
                       struct value *(*make)(struct pool *))
{
    record_start(r);
    record_set(r, "name", "test");
    record_set(r, "memory", "64");
    record_set(r, "vcpus", "2");
    record_set(r, "kernel", "/boot/vmlinuz");
    record_set(r, "type",
               libxl_domain_type_to_string(where_to_type(row->where)));
    value_set(r->values, row->name, make(r->p));
    record_parse(r);
}

static struct value *make_list(struct pool *p)
{
    struct value *list = value_list(p);

    value_append(list, value_string(p, "1"));
    return list;
}

static struct value *make_nested(struct pool *p)
{
    struct value *list = value_list(p);

    value_append(list, make_list(p));
    return list;
}

static struct value *make_word(struct pool *p)
{
    return value_string(p, "no-such-word");
}

static struct value *make_huge(struct pool *p)
{
    return value_string(p, "99999999999999999999999");
}

static struct value *make_negative(struct pool *p)
{
    return value_string(p, "-999999999999");
}

static struct value *make_empty(struct pool *p)
{
    return value_string(p, "");
}

static struct value *make_nil(struct pool *p)
{
    return value_nil(p);
}

static bool is_number(const struct slot *row)
{
    return row->kind == &slot_kind_int || row->kind == &slot_kind_uint ||
           row->kind == &kind_mb;
}

static bool is_word(const struct slot *row)
{
    return row->kind == &kind_enum || row->kind == &kind_numbered_enum ||
           row->kind == &slot_kind_choice || row->kind == &kind_defbool ||
           row->kind == &slot_kind_bool;
}

static bool is_scalar(const struct slot *row)
{
    return is_number(row) || is_word(row) || row->kind == &kind_string ||
           row->kind == &slot_kind_word;
}

static bool is_list(const struct slot *row)
{
    return row->kind == &kind_strings || row->kind == &kind_items;
}

static bool takes_anything(const struct slot *row)
{
    return row->kind == &kind_newer ||
           (row->kind == &kind_set && row->more == &set_no_effect);
}

/* An error at the value's place that begins with the key's name. */
static void want_error(const struct slot *row,
                       struct value *(*make)(struct pool *), const char *what)
{
    struct record r;
    bool named = false;

    parse_with(&r, row, make);
    for (size_t i = 0; i < r.diags.n; i++)
        named |= r.diags.list[i].level == DIAG_ERROR &&
                 !strncmp(r.diags.list[i].text, row->name, strlen(row->name));
    if (!r.diags.n_errors || !named)
        fail_msg("%s = %s: no error that names it", row->name, what);
    record_end(&r);
}

static void lists_where_none_belong(void **state)
{
    (void)state;
    each_key(row)
    {
        if (is_scalar(row))
            want_error(row, make_list, "[\"1\"]");
        if (!takes_anything(row))
            want_error(row, make_nested, "[[\"1\"]]");
    }
}

static void scalars_where_lists_belong(void **state)
{
    (void)state;
    each_key(row)
    {
        if (is_list(row))
            want_error(row, make_word, "\"no-such-word\"");
    }
}

static void words_that_are_none(void **state)
{
    (void)state;
    each_key(row)
    {
        if (is_number(row) || is_word(row))
            want_error(row, make_word, "\"no-such-word\"");
        if (is_number(row) || is_word(row))
            want_error(row, make_empty, "\"\"");
    }
}

static void numbers_out_of_range(void **state)
{
    (void)state;
    each_key(row)
    {
        if (is_number(row)) {
            want_error(row, make_huge, "99999999999999999999999");
            want_error(row, make_negative, "-999999999999");
        }
    }
}

/* Whatever the value is, it is taken or refused: nothing breaks or leaks. */
static void any_value_is_survived(void **state)
{
    struct value *(*const makes[])(struct pool *) = {
        make_list, make_nested,   make_word,  make_huge,
        make_nil,  make_negative, make_empty,
    };
    struct record r;

    (void)state;
    each_key(row)
    {
        for (size_t i = 0; i < sizeof(makes) / sizeof(makes[0]); i++) {
            parse_with(&r, row, makes[i]);
            record_end(&r);
        }
    }
}

static void of_later_versions(void **state)
{
    struct record r;

    (void)state;
    record_start(&r);
    record_set(&r, "name", "x");
    record_set(&r, "kernel", "/k");
    record_set(&r, "sve", "128");
    record_parse(&r);
    assert_int_equal(r.diags.n_errors, 0);
    assert_true(record_says(&r, "'sve' needs Xen 4.18"));
    record_end(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sorted_and_documented),
        cmocka_unit_test(instead_is_a_key),
        cmocka_unit_test(few_private_setters),
        cmocka_unit_test(lists_where_none_belong),
        cmocka_unit_test(scalars_where_lists_belong),
        cmocka_unit_test(words_that_are_none),
        cmocka_unit_test(numbers_out_of_range),
        cmocka_unit_test(any_value_is_survived),
        cmocka_unit_test(of_later_versions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
