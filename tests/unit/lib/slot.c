/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* slot: every kind, ranges, unknown and misplaced names, printing. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "lib/slot.h"

struct thing {
    bool on, given;
    int count, shape;
    int8_t tiny;
    uint8_t byte;
    uint16_t half;
    int32_t word;
    uint32_t natural;
    int64_t wide;
    uint64_t huge;
    const char *name;
    struct slot_words words;
};

enum { RED = 1, BLUE = 2 };

/* clang-format off */
static const struct slot_choice shapes[] = {{"round", 1}, {"square", 2}, {NULL}};

static const struct slot rows[] = {
    {"on",      SLOT_BOOL(struct thing, on)},
    {"given",   SLOT_FLAG(struct thing, given)},
    {"count",   SLOT_COUNT(struct thing, count)},
    {"shape",   SLOT_CHOICE(struct thing, shape, shapes)},
    {"byte",    SLOT_INT(struct thing, byte), .where = RED},
    {"half",    SLOT_INT(struct thing, half)},
    {"word",    SLOT_INT(struct thing, word), .where = RED | BLUE},
    {"natural", SLOT_INT(struct thing, natural), .min = 5, .max = 10},
    {"wide",    SLOT_INT(struct thing, wide)},
    {"huge",    SLOT_INT(struct thing, huge)},
    {"name",    SLOT_WORD(struct thing, name)},
    {"title",   SLOT_WORD(struct thing, name), .instead = "name"},
    {"words",   SLOT_WORDS(struct thing, words)},
    {"secret",  SLOT_WORD(struct thing, name), .flags = SLOT_HIDDEN},
    {NULL},
};
/* clang-format on */

static const char *where_name(unsigned where)
{
    return where == RED ? "red things" : "any";
}

static struct slot_table table = {
    .rows = rows, .noun = "key", .where_name = where_name};

/* NAME's slot filled from V; "" or the complaint. */
static const char *read_one(struct pool *p, struct thing *t, const char *name,
                            struct value *v)
{
    struct fill f = {.pool = p, .base = t};
    struct err *e = slot_read(slot_find(rows, name), v, &f);
    const char *text = e ? pool_str(p, err_text(e)) : "";

    err_free(e);
    return text;
}

static void numbers(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    struct thing t = {.natural = 7};

    (void)state;
    assert_string_equal(read_one(p, &t, "byte", value_int(p, 255)), "");
    assert_string_equal(read_one(p, &t, "half", value_string(p, "0xffff")), "");
    assert_string_equal(read_one(p, &t, "word", value_int(p, INT32_MIN)), "");
    assert_string_equal(read_one(p, &t, "wide", value_int(p, INT64_MIN)), "");
    assert_string_equal(read_one(p, &t, "huge", value_int(p, INT64_MAX)), "");
    assert_int_equal(t.byte, 255);
    assert_int_equal(t.tiny, 0); /* the neighbour */
    assert_int_equal(t.half, 0xffff);
    assert_int_equal(t.word, INT32_MIN);
    assert_true(t.wide == INT64_MIN);
    assert_true(t.huge == INT64_MAX);
    assert_string_equal(read_one(p, &t, "byte", value_int(p, 256)),
                        "byte: 256 is out of range: 0 to 255");
    assert_string_equal(read_one(p, &t, "byte", value_int(p, -1)),
                        "byte: -1 is out of range: 0 to 255");
    assert_string_equal(read_one(p, &t, "huge", value_int(p, -1)),
                        "huge: -1 is too small: 0 is the least");
    assert_string_equal(read_one(p, &t, "word", value_string(p, "2147483648")),
                        "word: 2147483648 is out of range: -2147483648 to "
                        "2147483647");
    assert_string_equal(read_one(p, &t, "natural", value_string(p, "4")),
                        "natural: 4 is out of range: 5 to 10");
    assert_string_equal(read_one(p, &t, "natural", value_list(p)),
                        "natural: want a number, not a list");
    assert_int_equal(t.natural, 7);
    assert_int_equal(t.byte, 255);
}

static void numbers_as_files_have_them(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    struct value *sum = value_string(p, "11");
    struct thing t = {0};

    (void)state;
    assert_string_equal(read_one(p, &t, "byte", value_string(p, " \t9")), "");
    assert_int_equal(t.byte, 9);
    assert_string_equal(read_one(p, &t, "on", value_string(p, " 1")), "");
    assert_true(t.on);
    assert_string_equal(read_one(p, &t, "byte", value_string(p, "9 ")),
                        "byte: '9 ' is not a number");
    assert_string_equal(read_one(p, &t, "byte", value_string(p, "  ")),
                        "byte: '' is not a number");
    sum->s.added = true;
    assert_string_equal(read_one(p, &t, "byte", sum),
                        "byte: numbers cannot be added to with +=");
    assert_string_equal(read_one(p, &t, "on", sum),
                        "on: numbers cannot be added to with +=");
    assert_string_equal(read_one(p, &t, "name", sum), "");
    assert_string_equal(t.name, "11");
}

static void truth(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    static const char *const words[] = {"0",  "1",   "false", "true",
                                        "no", "yes", "off",   "on"};
    struct thing t = {0};

    (void)state;
    for (size_t i = 0; i < 8; i++) {
        assert_string_equal(read_one(p, &t, "on", value_string(p, words[i])),
                            "");
        assert_int_equal(t.on, i % 2);
    }
    assert_string_equal(read_one(p, &t, "on", value_bool(p, false)), "");
    assert_false(t.on);
    assert_string_equal(read_one(p, &t, "on", value_int(p, 1)), "");
    assert_true(t.on);
    /* Any other number is a yes, as ever. */
    assert_string_equal(read_one(p, &t, "on", value_string(p, "0x0")), "");
    assert_false(t.on);
    assert_string_equal(read_one(p, &t, "on", value_int(p, 2)), "");
    assert_true(t.on);
    assert_string_equal(read_one(p, &t, "on", value_string(p, "maybe")),
                        "on: want 0 or 1, not 'maybe'");
    assert_string_equal(read_one(p, &t, "on", value_list(p)),
                        "on: want 0 or 1, not a list");
    assert_true(t.on);
    read_one(p, &t, "given", value_nil(p));
    read_one(p, &t, "count", value_nil(p));
    read_one(p, &t, "count", value_nil(p));
    assert_true(t.given);
    assert_int_equal(t.count, 2);
}

static void words_and_choices(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    struct value *list = value_list(p), *bad = value_list(p);
    struct thing t = {0};

    (void)state;
    read_one(p, &t, "name", value_string(p, "x"));
    assert_string_equal(t.name, "x");
    read_one(p, &t, "name", value_int(p, 12));
    assert_string_equal(t.name, "12");
    assert_string_equal(read_one(p, &t, "name", list),
                        "name: want a string, not a list");
    value_append(list, value_string(p, "b"));
    value_append(list, value_int(p, 3));
    read_one(p, &t, "words", value_string(p, "a"));
    read_one(p, &t, "words", list);
    assert_int_equal(t.words.n, 3);
    assert_string_equal(t.words.list[0], "a");
    assert_string_equal(t.words.list[2], "3");
    value_append(bad, value_nil(p));
    assert_string_equal(read_one(p, &t, "words", bad), "words: has no value");
    read_one(p, &t, "shape", value_string(p, "square"));
    assert_int_equal(t.shape, 2);
    assert_string_equal(read_one(p, &t, "shape", value_string(p, "oval")),
                        "shape: 'oval' is not one of round and square");
    assert_int_equal(t.shape, 2);
}

/* What was read prints as it was. */
static void printing(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    static const struct {
        const char *name, *text;
    } cases[] = {
        {"byte", "200"},    {"half", "65535"}, {"word", "-7"},
        {"natural", "10"},  {"wide", "-1"},    {"name", "x y"},
        {"shape", "round"},
    };
    struct thing t = {0};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct slot *slot = slot_find(rows, cases[i].name);
        const void *field = (const char *)&t + slot->offset;
        struct value *v = value_string(p, cases[i].text), *printed;

        assert_string_equal(read_one(p, &t, slot->name, v), "");
        printed = slot->kind->print(slot, field, p);
        if (printed->kind == VALUE_INT)
            assert_int_equal(printed->i, strtol(cases[i].text, NULL, 10));
        else
            assert_true(value_equal(printed, v));
    }
}

static void finding(void **state)
{
    (void)state;
    assert_non_null(slot_find(rows, "secret"));
    assert_null(slot_find(rows, "Name"));
    assert_string_equal(slot_nearest(rows, "nmae"), "name");
    assert_string_equal(slot_nearest(rows, "hal"), "half");
    assert_null(slot_nearest(rows, "secrt")); /* hidden */
    assert_null(slot_nearest(rows, "titel")); /* deprecated */
    assert_null(slot_nearest(rows, "whatever"));
}

static struct value *member(struct pool *p, struct value *record,
                            const char *name, const char *text)
{
    struct value *v = value_string(p, text);

    value_set(record, name, v);
    return v;
}

static const char *fill(struct pool *p, struct value *record, unsigned where,
                        struct thing *t)
{
    AUTO_STR struct str out = STR_INIT(STR_MAX);
    struct diags diags = {.pool = p};
    struct fill f = {.pool = p, .diags = &diags, .base = t};

    slot_fill(&table, record, where, &f);
    diags_format(&diags, &out);
    return pool_str(p, str_text(&out));
}

static void filling(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    struct value *record = value_struct(p);
    struct thing t = {0};

    (void)state;
    member(p, record, "nmae", "x");
    member(p, record, "byte", "300");
    member(p, record, "half", "9");
    member(p, record, "title", "T");
    member(p, record, "zzzzzz", "x");
    assert_string_equal(fill(p, record, 0, &t),
                        "warning: unknown key 'nmae': did you mean 'name'?\n"
                        "error: byte: 300 is out of range: 0 to 255\n"
                        "warning: key 'title' is deprecated: use 'name'\n"
                        "warning: unknown key 'zzzzzz'\n");
    assert_int_equal(t.half, 9);
    assert_string_equal(t.name, "T");
    /* Not for this kind of thing: not even read. */
    record = value_struct(p);
    member(p, record, "byte", "300");
    member(p, record, "word", "3");
    assert_string_equal(fill(p, record, BLUE, &t),
                        "warning: key 'byte' is for red things only and has "
                        "no effect here\n");
    assert_int_equal(t.word, 3);
    table.unknown_is_error = true;
    record = value_struct(p);
    member(p, record, "zzzzzz", "x");
    assert_string_equal(fill(p, record, 0, &t),
                        "error: unknown key 'zzzzzz'\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers),
        cmocka_unit_test(numbers_as_files_have_them),
        cmocka_unit_test(truth),
        cmocka_unit_test(words_and_choices),
        cmocka_unit_test(printing),
        cmocka_unit_test(finding),
        cmocka_unit_test(filling),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
