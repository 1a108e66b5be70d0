/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* spec_split: parts of a device string and where they stand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/domain/spec.h"

static struct value *split(struct spec *s, const char *text,
                           const char *const *positional)
{
    spec_start(s, text);
    return spec_split(s->value, positional, s->p, &s->diags);
}

static void parts(void **state)
{
    struct spec s;
    struct value *record = split(&s, " a = 1 ,,b=x=y, flag ,c=", NULL);

    (void)state;
    assert_int_equal(record->kids.n, 4);
    assert_string_equal(value_get(record, "a")->s.text, "1");
    assert_string_equal(value_get(record, "b")->s.text, "x=y");
    assert_int_equal(value_get(record, "flag")->kind, VALUE_NIL);
    assert_string_equal(value_get(record, "c")->s.text, "");
    assert_int_equal(s.diags.n, 0);
    spec_end(&s);
}

static void the_last_one_holds(void **state)
{
    struct spec s;
    struct value *record = split(&s, "a=1,a=2", NULL);

    (void)state;
    assert_int_equal(record->kids.n, 1);
    assert_string_equal(value_get(record, "a")->s.text, "2");
    spec_end(&s);
}

static void words_in_their_order(void **state)
{
    static const char *const names[] = {"first", "second", NULL};
    struct spec s;
    struct value *record = split(&s, "x,k=v,y,z", names);

    (void)state;
    assert_string_equal(value_get(record, "first")->s.text, "x");
    assert_string_equal(value_get(record, "second")->s.text, "y");
    assert_int_equal(value_get(record, "z")->kind, VALUE_NIL);
    spec_end(&s);
}

static void places(void **state)
{
    struct spec s;
    struct value *record = split(&s, "a=1, bb = 22 ", NULL);
    struct value *b = value_get(record, "bb");

    (void)state;
    assert_memory_equal(s.source.text + b->place.start, "22", 2);
    assert_int_equal(b->place.end - b->place.start, 2);
    assert_memory_equal(s.source.text + b->name_place.start, "bb", 2);
    assert_int_equal(b->name_place.end - b->name_place.start, 2);
    spec_end(&s);
}

static void nothing(void **state)
{
    static const char *const texts[] = {"", " ", ",", " , ,, "};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct spec s;

        assert_int_equal(split(&s, texts[i], NULL)->kids.n, 0);
        spec_end(&s);
    }
}

/* Settings past the most there may be are not even looked at: each would be
 * looked for among all before it. */
static void too_many(void **state)
{
    AUTO_STR struct str text = STR_INIT(STR_MAX);
    struct value *record;
    struct spec s;

    (void)state;
    for (int i = 0; i < 1000; i++)
        str_addf(&text, "k%d=%d,", i, i);
    record = split(&s, str_text(&text), NULL);
    assert_int_equal(record->kids.n, 100);
    assert_int_equal(s.diags.n, 1);
    assert_string_equal(spec_blamed(&s, DIAG_ERROR), "k100=100");
    spec_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts),
        cmocka_unit_test(the_last_one_holds),
        cmocka_unit_test(words_in_their_order),
        cmocka_unit_test(places),
        cmocka_unit_test(nothing),
        cmocka_unit_test(too_many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
