/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* slot: the engine and the kinds over plain C types; see slot.h. */
#include "lib/slot.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "lib/near.h"

const struct slot *slot_find(const struct slot *rows, const char *name)
{
    for (; rows->name; rows++) {
        if (!strcmp(rows->name, name))
            return rows;
    }
    return NULL;
}

const char *slot_nearest(const struct slot *rows, const char *name)
{
    struct near near = {.word = name};

    for (; rows->name; rows++) {
        if (!rows->instead && !(rows->flags & SLOT_HIDDEN))
            near_try(&near, rows->name);
    }
    return near.best;
}

struct err *slot_bad_word(const char *word, const char *const *words,
                          struct pool *p)
{
    struct near near = {.word = word};
    const char *list;
    size_t n = 0;

    for (; words[n]; n++)
        near_try(&near, words[n]);
    list = text_join(p, words, n, ", ", " and ");
    if (near.best)
        return ERR_AS(input, "'%s' is not one of %s: did you mean '%s'?", word,
                      list, near.best);
    return ERR_AS(input, "'%s' is not one of %s", word, list);
}

struct err *slot_read(const struct slot *slot, const struct value *value,
                      struct fill *f)
{
    void *field = (char *)f->base + slot->offset;
    struct err *e = slot->kind->read(slot, value, field, f);

    return err_is(e, &err_kind_reported) ? e : err_wrap(e, "%s", slot->name);
}

static void complain_unknown(const struct slot_table *table,
                             const struct value *member, struct diags *diags)
{
    const char *nearest = diags->n < DIAGS_MAX /* else nobody will read it */
                              ? slot_nearest(table->rows, member->name)
                              : NULL;

    diag_add(diags, table->unknown_is_error ? DIAG_ERROR : DIAG_WARNING,
             member->name_place, "unknown %s '%s'%s%s%s", table->noun,
             member->name, nearest ? ": did you mean '" : "",
             nearest ? nearest : "", nearest ? "'?" : "");
}

static void fill_one(const struct slot_table *table, const struct value *member,
                     unsigned where, struct fill *f)
{
    const struct slot *slot = slot_find(table->rows, member->name);
    struct err *e;

    if (!slot) {
        complain_unknown(table, member, f->diags);
        return;
    }
    if (slot->instead)
        diag_warning(f->diags, member->name_place,
                     "%s '%s' is deprecated: use '%s'", table->noun, slot->name,
                     slot->instead);
    if (where && slot->where && !(slot->where & where)) {
        bool strict = slot->flags & SLOT_STRICT;

        diag_add(f->diags, strict ? DIAG_ERROR : DIAG_WARNING,
                 member->name_place, "%s '%s' is for %s only%s", table->noun,
                 slot->name, table->where_name(slot->where),
                 strict ? "" : " and has no effect here");
        return;
    }
    e = slot_read(slot, member, f);
    if (e)
        diag_err(f->diags, member->place, e);
}

void slot_fill(const struct slot_table *table, const struct value *record,
               unsigned where, struct fill *f)
{
    assert(record->kind == VALUE_STRUCT);
    value_each(member, record)
    {
        fill_one(table, member, where, f);
    }
}

/* ---- integers ---------------------------------------------------------- */

static void range_of(const struct slot *slot, bool is_signed, int64_t *min,
                     int64_t *max)
{
    unsigned bits = (unsigned)slot->size * 8 - (is_signed || slot->size == 8);

    *min = slot->min;
    *max = slot->max;
    if (*min || *max)
        return;
    *max = (int64_t)((UINT64_C(1) << bits) - 1);
    *min = is_signed ? -*max - 1 : 0;
}

static void store(void *field, size_t size, int64_t n)
{
    /* Little-endian (amd64, arm64): the low bytes are the number. */
    memcpy(field, &n, size);
}

static struct err *check_not_added(const struct value *value)
{
    return value->kind == VALUE_STRING && value->s.added
               ? ERR_AS(input, "numbers cannot be added to with +=")
               : NULL;
}

struct err *slot_number(const struct value *value, int64_t min, int64_t max,
                        int64_t *ret)
{
    char digits[24];

    TRY(check_not_added(value));
    if (value->kind == VALUE_STRING)
        return text_to_int(value->s.text + strspn(value->s.text, " \t\n\v\f\r"),
                           0, min, max, ret);
    if (value->kind != VALUE_INT)
        return ERR_AS(input, "want a number, not a %s",
                      value_kind_name(value->kind));
    snprintf(digits, sizeof(digits), "%" PRId64, value->i);
    return text_to_int(digits, 10, min, max, ret);
}

static struct err *read_number(const struct slot *slot,
                               const struct value *value, void *field,
                               bool is_signed)
{
    int64_t min, max, n;

    range_of(slot, is_signed, &min, &max);
    TRY(slot_number(value, min, max, &n));
    store(field, slot->size, n);
    return NULL;
}

static struct err *int_read(const struct slot *slot, const struct value *value,
                            void *field, struct fill *f)
{
    (void)f;
    return read_number(slot, value, field, true);
}

static struct err *uint_read(const struct slot *slot, const struct value *value,
                             void *field, struct fill *f)
{
    (void)f;
    return read_number(slot, value, field, false);
}

static struct value *int_print(const struct slot *slot, const void *field,
                               struct pool *p)
{
    int64_t n = 0;
    unsigned shift = 64 - (unsigned)slot->size * 8;

    memcpy(&n, field, slot->size);
    return value_int(p, (int64_t)((uint64_t)n << shift) >> shift);
}

static struct value *uint_print(const struct slot *slot, const void *field,
                                struct pool *p)
{
    int64_t n = 0;

    memcpy(&n, field, slot->size);
    return value_int(p, n);
}

const struct slot_kind slot_kind_int = {
    .name = "number", .read = int_read, .print = int_print, .takes_word = true};
const struct slot_kind slot_kind_uint = {.name = "number",
                                         .read = uint_read,
                                         .print = uint_print,
                                         .takes_word = true};

/* ---- truth values ------------------------------------------------------ */

static const char *const bool_words[] = {"0",   "1",   "false", "true", "no",
                                         "yes", "off", "on",    NULL};

/* A number is true when it is not 0, as xl.cfg(5) has it. */
static struct err *bool_read(const struct slot *slot, const struct value *value,
                             void *field, struct fill *f)
{
    int64_t n = value->i;

    (void)slot;
    (void)f;
    TRY(check_not_added(value));
    if (value->kind == VALUE_BOOL) {
        *(bool *)field = value->b;
        return NULL;
    }
    for (size_t i = 0; value->kind == VALUE_STRING && bool_words[i]; i++) {
        if (!strcmp(value->s.text, bool_words[i])) {
            *(bool *)field = i % 2;
            return NULL;
        }
    }
    if (value->kind == VALUE_STRING) {
        AUTO_ERR struct err *e = slot_number(value, INT64_MIN, INT64_MAX, &n);

        if (e)
            return ERR_AS(input, "want 0 or 1, not '%s'", value->s.text);
    } else if (value->kind != VALUE_INT) {
        return ERR_AS(input, "want 0 or 1, not a %s",
                      value_kind_name(value->kind));
    }
    *(bool *)field = n != 0;
    return NULL;
}

static struct value *bool_print(const struct slot *slot, const void *field,
                                struct pool *p)
{
    (void)slot;
    return value_bool(p, *(const bool *)field);
}

static const char *const *bool_all_words(const struct slot *slot,
                                         struct pool *p)
{
    (void)slot;
    (void)p;
    return bool_words;
}

static struct err *flag_read(const struct slot *slot, const struct value *value,
                             void *field, struct fill *f)
{
    (void)value;
    (void)f;
    if (slot->size == sizeof(bool))
        *(bool *)field = true;
    else
        (*(int *)field)++;
    return NULL;
}

static struct value *flag_print(const struct slot *slot, const void *field,
                                struct pool *p)
{
    return slot->size == sizeof(bool) ? bool_print(slot, field, p)
                                      : int_print(slot, field, p);
}

const struct slot_kind slot_kind_bool = {.name = "truth value",
                                         .read = bool_read,
                                         .print = bool_print,
                                         .words = bool_all_words,
                                         .takes_word = true};
const struct slot_kind slot_kind_flag = {
    .name = "flag", .read = flag_read, .print = flag_print};

/* ---- words ------------------------------------------------------------- */

struct err *slot_text(const struct value *value, struct pool *p,
                      const char **ret)
{
    switch (value->kind) {
    case VALUE_STRING:
        *ret = pool_str(p, value->s.text);
        return NULL;
    case VALUE_INT:
        *ret = pool_printf(p, "%" PRId64, value->i);
        return NULL;
    case VALUE_BOOL:
        *ret = value->b ? "1" : "0";
        return NULL;
    case VALUE_NIL:
        return ERR_AS(input, "has no value");
    default:
        return ERR_AS(input, "want a string, not a %s",
                      value_kind_name(value->kind));
    }
}

static struct err *word_read(const struct slot *slot, const struct value *value,
                             void *field, struct fill *f)
{
    (void)slot;
    return slot_text(value, f->pool, field);
}

static struct value *word_print(const struct slot *slot, const void *field,
                                struct pool *p)
{
    const char *word = *(const char *const *)field;

    (void)slot;
    return word ? value_string(p, word) : NULL;
}

static struct err *words_read(const struct slot *slot,
                              const struct value *value, void *field,
                              struct fill *f)
{
    struct slot_words *words = field;
    const char *word;

    (void)slot;
    if (value->kind != VALUE_LIST) {
        TRY(slot_text(value, f->pool, &word));
        *pool_push(f->pool, words->list, words->n) = word;
        return NULL;
    }
    value_each(item, value)
    {
        TRY(slot_text(item, f->pool, &word));
        *pool_push(f->pool, words->list, words->n) = word;
    }
    return NULL;
}

static struct value *words_print(const struct slot *slot, const void *field,
                                 struct pool *p)
{
    const struct slot_words *words = field;
    struct value *list = value_list(p);

    (void)slot;
    for (size_t i = 0; i < words->n; i++)
        value_append(list, value_string(p, words->list[i]));
    return list;
}

const struct slot_kind slot_kind_word = {.name = "string",
                                         .read = word_read,
                                         .print = word_print,
                                         .takes_word = true};
const struct slot_kind slot_kind_words = {.name = "list of strings",
                                          .read = words_read,
                                          .print = words_print,
                                          .takes_word = true};

/* ---- choices ----------------------------------------------------------- */

const char *const *slot_choice_words(const struct slot_choice *choices,
                                     struct pool *p)
{
    const char **words = NULL;
    size_t n = 0;

    for (; choices->name; choices++) {
        if (*choices->name)
            *pool_push(p, words, n) = choices->name;
    }
    *pool_push(p, words, n) = NULL;
    return words;
}

static const char *const *choice_words(const struct slot *slot, struct pool *p)
{
    return slot_choice_words(slot->more, p);
}

static struct err *choice_read(const struct slot *slot,
                               const struct value *value, void *field,
                               struct fill *f)
{
    const char *word;

    TRY(slot_text(value, f->pool, &word));
    for (const struct slot_choice *c = slot->more; c->name; c++) {
        if (!strcmp(c->name, word)) {
            *(int *)field = c->value;
            return NULL;
        }
    }
    return slot_bad_word(word, choice_words(slot, f->pool), f->pool);
}

static struct value *choice_print(const struct slot *slot, const void *field,
                                  struct pool *p)
{
    for (const struct slot_choice *c = slot->more; c->name; c++) {
        if (c->value == *(const int *)field)
            return value_string(p, c->name);
    }
    return NULL;
}

const struct slot_kind slot_kind_choice = {.name = "word",
                                           .read = choice_read,
                                           .print = choice_print,
                                           .words = choice_words,
                                           .takes_word = true};
