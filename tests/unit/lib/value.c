/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* value: lists, structs, copies, places of parts. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/value.h"

static void structs(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    struct value *s = value_struct(p);

    (void)state;
    value_set(s, "a", value_int(p, 1));
    value_set(s, "b", value_int(p, 2));
    value_set(s, "c", value_int(p, 3));
    assert_int_equal(s->kids.n, 3);
    /* In its place, also the last. */
    value_set(s, "a", value_string(p, "one"));
    value_set(s, "c", value_nil(p));
    assert_int_equal(s->kids.n, 3);
    assert_string_equal(s->kids.first->s.text, "one");
    assert_int_equal(s->kids.last->kind, VALUE_NIL);
    assert_string_equal(s->kids.last->name, "c");
    assert_null(value_get(s, "d"));
    /* Out of the end, the middle, the beginning. */
    assert_non_null(value_remove(s, "c"));
    assert_null(value_remove(s, "c"));
    value_set(s, "d", value_int(p, 4));
    assert_int_equal(value_remove(s, "b")->i, 2);
    assert_string_equal(value_remove(s, "a")->s.text, "one");
    assert_ptr_equal(s->kids.first, s->kids.last);
    assert_int_equal(value_remove(s, "d")->i, 4);
    assert_int_equal(s->kids.n, 0);
    assert_null(s->kids.first);
    value_set(s, "e", value_bool(p, true));
    assert_true(value_get(s, "e")->b);
}

static struct value *sample(struct pool *p)
{
    struct value *s = value_struct(p), *l = value_list(p);

    value_append(l, value_nil(p));
    value_append(l, value_double(p, 0.5));
    value_append(l, value_stringn(p, "a\0b", 3));
    value_set(s, "list", l);
    value_set(s, "yes", value_bool(p, true));
    value_set(s, "n", value_printf(p, "%d", 7));
    return s;
}

/* A copy has nothing of the pool it came from. */
static void twice(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    struct value *v = value_struct(p), *second;

    (void)state;
    assert_null(value_twice(v));
    value_add(v, "b", value_int(p, 1));
    value_add(v, "a", value_int(p, 2));
    value_add(v, "c", value_int(p, 3));
    assert_null(value_twice(v));
    second = value_int(p, 4);
    value_add(v, "a", second);
    assert_ptr_equal(value_twice(v), second);
    for (int i = 0; i < 20; i++) /* also when they are many */
        value_add(v, pool_printf(p, "%d", i), value_int(p, i));
    assert_ptr_equal(value_twice(v), second);
}

static void copies(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    struct pool *other = pool_new();
    struct value *copy = value_copy(p, sample(other));

    (void)state;
    pool_free(other);
    assert_true(value_equal(copy, sample(p)));
    value_append(value_get(copy, "list"), value_nil(p));
    assert_false(value_equal(copy, sample(p)));
    value_remove(copy, "list");
    assert_false(value_equal(copy, sample(p)));
}

static void equality(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    struct value *a = value_struct(p), *b = value_struct(p);

    (void)state;
    assert_false(value_equal(value_int(p, 1), value_double(p, 1)));
    assert_false(
        value_equal(value_stringn(p, "a\0b", 3), value_stringn(p, "a\0c", 3)));
    assert_true(value_equal(value_string(p, NULL), value_nil(p)));
    value_set(a, "x", value_int(p, 1));
    value_set(b, "y", value_int(p, 1));
    assert_false(value_equal(a, b));
    assert_string_equal(value_kind_name(VALUE_STRUCT), "struct");
}

/* A part points at itself where its text stands in the source as it is, and at
 * the whole string where it does not. */
static void parts(void **state)
{
    static const struct source source = {"f", "disk = 'a,bc'", 13};
    AUTO_POOL struct pool *p = pool_new();
    struct value *v = value_string(p, "a,bc"), *part;

    (void)state;
    v->place = (struct place){&source, 7, 13};
    part = value_substring(p, v, 2, 4);
    assert_string_equal(part->s.text, "bc");
    assert_int_equal(part->place.start, 7);
    v->s.verbatim = true;
    v->s.text_start = 8;
    part = value_substring(p, v, 2, 4);
    assert_int_equal(part->place.start, 10);
    assert_int_equal(part->place.end, 12);
    part = value_substring(p, part, 1, 2);
    assert_string_equal(part->s.text, "c");
    assert_int_equal(part->place.start, 11);
    assert_string_equal(value_substring(p, v, 4, 4)->s.text, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(structs), cmocka_unit_test(twice),
        cmocka_unit_test(copies),  cmocka_unit_test(equality),
        cmocka_unit_test(parts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
