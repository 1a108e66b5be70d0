/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kinds: values into libxl's types and back, and what is refused. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "lib/str.h"
#include "xl/domain/kinds.h"

struct thing {
    libxl_defbool flag;
    char *text;
    char **words, **args;
    char *one;
    char **many;
    libxl_timer_mode mode;
    libxl_passthrough pass;
    uint64_t kb;
    int n_items;
    int *items;
};

static void item_parse(const struct slot *slot, const struct value *value,
                       void *item, size_t index, struct fill *f)
{
    (void)slot;
    (void)f;
    *(int *)item = atoi(value->s.text) * 10 + (int)index;
}

static const struct kind_items items = {
    .array = offsetof(struct thing, items),
    .count = offsetof(struct thing, n_items),
    .item_size = sizeof(int),
    .parse = item_parse,
};

/* clang-format off */
static const struct slot rows[] = {
    {"flag",  DEFBOOL_OF(struct thing, flag)},
    {"text",  STRING_OF(struct thing, text)},
    {"words", STRINGS_OF(struct thing, words)},
    {"args",  ARGS_OF(struct thing, args)},
    {"one",   STRING_OR_LIST_OF(struct thing, one, many)},
    {"mode",  NUMBERED_ENUM_OF(struct thing, mode, libxl_timer_mode_string_table)},
    {"pass",  ENUM_OF(struct thing, pass, libxl_passthrough_string_table)},
    {"kb",    MB_OF(struct thing, kb), .max = 1 << 20},
    {"items", .kind = &kind_items, .more = &items},
    {NULL},
};
/* clang-format on */

struct test {
    struct pool *p;
    struct diags diags;
    struct thing thing;
    struct fill fill;
};

static int set_up(void **state)
{
    struct test *t = calloc(1, sizeof(*t));

    t->p = pool_new();
    t->diags.pool = t->p;
    t->fill = (struct fill){t->p, &t->diags, &t->thing, NULL};
    *state = t;
    return 0;
}

static int tear_down(void **state)
{
    struct test *t = *state;

    free(t->thing.text);
    free(t->thing.one);
    free(t->thing.items);
    libxl_string_list_dispose(&t->thing.words);
    libxl_string_list_dispose(&t->thing.args);
    libxl_string_list_dispose(&t->thing.many);
    pool_free(t->p);
    free(t);
    return 0;
}

static struct value *list_of(struct test *t, const char *a, const char *b)
{
    struct value *list = value_list(t->p);

    value_append(list, value_string(t->p, a));
    value_append(list, value_string(t->p, b));
    return list;
}

static void take(struct test *t, const char *name, struct value *v)
{
    struct err *e = slot_read(slot_find(rows, name), v, &t->fill);

    if (e)
        fail_msg("%s", err_text(e));
}

static void take_text(struct test *t, const char *name, const char *text)
{
    take(t, name, value_string(t->p, text));
}

/* Refused, and the complaint contains WHY. */
static void refuse(struct test *t, const char *name, struct value *v,
                   const char *why)
{
    struct err *e = slot_read(slot_find(rows, name), v, &t->fill);
    const char *said;

    if (!e)
        fail_msg("%s: taken", name);
    said = err_is(e, &err_kind_reported) ? t->diags.list[t->diags.n - 1].text
                                         : err_text(e);
    if (!strstr(said, why))
        fail_msg("%s: said '%s', not '%s'", name, said, why);
    err_free(e);
}

static void refuse_text(struct test *t, const char *name, const char *text,
                        const char *why)
{
    refuse(t, name, value_string(t->p, text), why);
}

static void truth(void **state)
{
    struct test *t = *state;

    struct value *sum = value_string(t->p, "1");

    sum->s.added = true;
    refuse(t, "flag", sum, "cannot be added to");
    refuse(t, "kb", sum, "cannot be added to");
    refuse(t, "mode", sum, "'1' is not one of");
    take_text(t, "flag", " 1");
    assert_true(libxl_defbool_val(t->thing.flag));
    take_text(t, "flag", "0x0");
    assert_false(libxl_defbool_val(t->thing.flag));
    take_text(t, "flag", "2");
    assert_true(libxl_defbool_val(t->thing.flag));
    take_text(t, "flag", "no");
    assert_false(libxl_defbool_val(t->thing.flag));
    take(t, "flag", value_bool(t->p, true));
    assert_true(libxl_defbool_val(t->thing.flag));
    refuse_text(t, "flag", "perhaps", "want 0 or 1");
    refuse_text(t, "flag", "", "want 0 or 1");
}

static void text(void **state)
{
    struct test *t = *state;

    take_text(t, "text", "first");
    take_text(t, "text", "second"); /* and the first one is freed */
    assert_string_equal(t->thing.text, "second");
    take(t, "text", value_int(t->p, -5));
    assert_string_equal(t->thing.text, "-5");
    refuse(t, "text", list_of(t, "a", "b"), "want a string, not a list");
    assert_string_equal(t->thing.text, "-5");
}

static void lists(void **state)
{
    struct test *t = *state;
    struct value *nested = list_of(t, "a", "b");

    take(t, "words", list_of(t, "x", "y"));
    take(t, "words", list_of(t, "a", "b c"));
    assert_string_equal(t->thing.words[0], "a");
    assert_string_equal(t->thing.words[1], "b c");
    assert_null(t->thing.words[2]);
    refuse_text(t, "words", "a", "want a list of strings");
    value_append(nested, value_list(t->p));
    refuse(t, "words", nested, "words: want a string, not a list");
    assert_string_equal(t->thing.words[0], "a");
}

static void args(void **state)
{
    struct test *t = *state;

    take_text(t, "args", "  --one\ttwo  three ");
    assert_int_equal(t->diags.n_warnings, 1);
    assert_string_equal(t->thing.args[0], "--one");
    assert_string_equal(t->thing.args[2], "three");
    assert_null(t->thing.args[3]);
    take_text(t, "args", "");
    assert_null(t->thing.args[0]);
}

static void string_or_list(void **state)
{
    struct test *t = *state;

    take_text(t, "one", "pty");
    assert_string_equal(t->thing.one, "pty");
    assert_null(t->thing.many);
    take(t, "one", list_of(t, "pty", "null"));
    assert_string_equal(t->thing.many[1], "null");
}

static void words(void **state)
{
    struct test *t = *state;

    take_text(t, "pass", "SYNC_PT");
    assert_int_equal(t->thing.pass, LIBXL_PASSTHROUGH_SYNC_PT);
    refuse_text(t, "pass", "sync_tp", "did you mean 'sync_pt'?");
    refuse_text(t, "pass", "unknown", "is not one of");
    refuse_text(t, "pass", "1", "is not one of");
    assert_int_equal(t->thing.pass, LIBXL_PASSTHROUGH_SYNC_PT);
}

static void numbered_words(void **state)
{
    struct test *t = *state;

    take_text(t, "mode", "2");
    assert_int_equal(t->thing.mode, LIBXL_TIMER_MODE_NO_MISSED_TICKS_PENDING);
    assert_non_null(strstr(t->diags.list[0].text, "no_missed_ticks_pending"));
    take_text(t, "mode", "delay_for_missed_ticks");
    assert_int_equal(t->thing.mode, 0);
    assert_int_equal(t->diags.n, 1);
    refuse_text(t, "mode", "4", "is not one of");
    refuse_text(t, "mode", "-1", "is not one of");
}

static void sizes(void **state)
{
    struct test *t = *state;

    take_text(t, "kb", "64");
    assert_int_equal(t->thing.kb, 65536);
    take_text(t, "kb", "0x10");
    assert_int_equal(t->thing.kb, 16384);
    refuse_text(t, "kb", "-1", "0 to 1048576");
    refuse_text(t, "kb", "1048577", "0 to 1048576");
    refuse_text(t, "kb", "1.5", "not a number");
}

static void arrays(void **state)
{
    struct test *t = *state;
    struct value *many = value_list(t->p);

    take(t, "items", list_of(t, "7", "8"));
    take(t, "items", list_of(t, "1", "2"));
    assert_int_equal(t->thing.n_items, 2);
    assert_int_equal(t->thing.items[1], 21);
    refuse_text(t, "items", "1", "want a list");
    for (int i = 0; i < 1025; i++)
        value_append(many, value_string(t->p, "1"));
    refuse(t, "items", many, "1025 are too many");
    assert_int_equal(t->thing.n_items, 2);
    take(t, "items", value_list(t->p));
    assert_int_equal(t->thing.n_items, 0);
}

/* What was read is printed as it was written, by the same row. */
static void printing(void **state)
{
    static const struct {
        const char *name, *text;
    } cases[] = {
        {"text", "some text"},
        {"one", "pty"},
        {"mode", "one_missed_tick_pending"},
        {"pass", "share_pt"},
    };
    struct test *t = *state;

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct slot *slot = slot_find(rows, cases[i].name);
        struct value *v;

        take_text(t, cases[i].name, cases[i].text);
        v = slot->kind->print(slot, (char *)&t->thing + slot->offset, t->p);
        assert_string_equal(v->s.text, cases[i].text);
    }
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(truth),    TEST(text),           TEST(lists), TEST(args),
        TEST(words),    TEST(string_or_list), TEST(sizes), TEST(arrays),
        TEST(printing), TEST(numbered_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
