/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * spec_split: the kinds that device strings are read with, and the splitting
 * of the plain ones ("a=b, c=d"). Disks have a grammar of their own.
 */
#include <inttypes.h>
#include <string.h>

#include "xl/domain/spec.h"

/* Far more than any device has; looking names up is linear. */
#define SETTINGS_MAX 100

/* ---- texts --------------------------------------------------------------- */

static struct err *text_once_read(const struct slot *slot,
                                  const struct value *value, void *field,
                                  struct fill *f)
{
    const char *old = *(char **)field;

    if (old && *old)
        return ERR_AS(input, "is given twice: '%s' and '%s'", old,
                      value->kind == VALUE_STRING ? value->s.text : "");
    return kind_string.read(slot, value, field, f);
}

static struct value *text_print(const struct slot *slot, const void *field,
                                struct pool *p)
{
    return kind_string.print(slot, field, p);
}

const struct slot_kind spec_kind_text_once = {.name = "string",
                                              .read = text_once_read,
                                              .print = text_print,
                                              .takes_word = true};

/* ---- words --------------------------------------------------------------- */

static const char *word_of(const struct slot *slot, int value, struct pool *p)
{
    struct value *word = slot_kind_choice.print(slot, &value, p);

    return word ? word->s.text : "";
}

/* Fields are ints and libxl's enums: the same size. */
static struct err *word_once_read(const struct slot *slot,
                                  const struct value *value, void *field,
                                  struct fill *f)
{
    int old = *(int *)field, now = old;

    TRY(slot_kind_choice.read(slot, value, &now, f));
    if (old && old != now)
        return ERR_AS(input, "is given twice: '%s' and '%s'",
                      word_of(slot, old, f->pool), value->s.text);
    *(int *)field = now;
    return NULL;
}

static struct value *word_print(const struct slot *slot, const void *field,
                                struct pool *p)
{
    return slot_kind_choice.print(slot, field, p);
}

static const char *const *word_words(const struct slot *slot, struct pool *p)
{
    return slot_kind_choice.words(slot, p);
}

const struct slot_kind spec_kind_word_once = {.name = "word",
                                              .read = word_once_read,
                                              .print = word_print,
                                              .words = word_words,
                                              .takes_word = true};

/* ---- truth values -------------------------------------------------------- */

static struct err *want_no_value(const struct value *value)
{
    return value->kind == VALUE_NIL ? NULL : ERR_AS(input, "takes no value");
}

static struct err *flag_read(const struct slot *slot, const struct value *value,
                             void *field, struct fill *f)
{
    (void)f;
    TRY(want_no_value(value));
    *(int *)field = (int)slot->min;
    return NULL;
}

static struct err *defbool_flag_read(const struct slot *slot,
                                     const struct value *value, void *field,
                                     struct fill *f)
{
    (void)f;
    TRY(want_no_value(value));
    libxl_defbool_set(field, slot->min);
    return NULL;
}

const struct slot_kind spec_kind_flag = {.name = "flag", .read = flag_read};
const struct slot_kind spec_kind_defbool_flag = {.name = "flag",
                                                 .read = defbool_flag_read};

/* ---- splitting ----------------------------------------------------------- */

void spec_unknown(const struct slot_table *table, const char *name,
                  struct place place, struct diags *diags)
{
    const char *nearest = slot_nearest(table->rows, name);

    diag_error(diags, place, "unknown %s '%s'%s%s%s", table->noun, name,
               nearest ? ": did you mean '" : "", nearest ? nearest : "",
               nearest ? "'?" : "");
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* [START, END) of VALUE without blanks at both ends. */
static struct value *trimmed(const struct value *value, size_t start,
                             size_t end, struct pool *p)
{
    while (start < end && is_blank(value->s.text[start]))
        start++;
    while (end > start && is_blank(value->s.text[end - 1]))
        end--;
    return value_substring(p, value, start, end);
}

/* One part, which is not empty. */
static void split_part(struct value *record, const struct value *part,
                       const char *const **positional, struct pool *p)
{
    const char *equals = strchr(part->s.text, '=');
    size_t name_len = equals ? (size_t)(equals - part->s.text) : part->s.len;
    struct value *name = trimmed(part, 0, name_len, p);
    struct value *value;

    if (equals) {
        value = trimmed(part, name_len + 1, part->s.len, p);
    } else if (*positional && **positional) {
        value = value_copy(p, part);
        name->s.text = *(*positional)++;
    } else {
        value = value_nil(p);
        value->place = part->place;
    }
    value->name_place = name->place;
    value_set(record, name->s.text, value);
}

static bool has_room(const struct value *record, const struct value *part,
                     struct diags *diags)
{
    if (record->kids.n < SETTINGS_MAX)
        return true;
    diag_error(diags, part->place, "more than %d settings of one device",
               SETTINGS_MAX);
    return false;
}

struct value *spec_split(const struct value *value,
                         const char *const *positional, struct pool *p,
                         struct diags *diags)
{
    struct value *record = value_struct(p), *part;
    size_t start = 0, end;

    record->place = value->place;
    if (value->kind != VALUE_STRING) {
        diag_error(diags, value->place,
                   "want a string like \"a=b,c=d\", not a %s",
                   value_kind_name(value->kind));
        return record;
    }
    for (; start <= value->s.len; start = end + 1) {
        end = start + strcspn(value->s.text + start, ",");
        part = trimmed(value, start, end, p);
        if (!part->s.len)
            continue;
        if (!has_room(record, part, diags))
            break;
        split_part(record, part, &positional, p);
    }
    return record;
}

void spec_fill(const struct slot_table *table, const struct value *value,
               void *device, struct pool *p, struct diags *diags)
{
    struct fill fill = {.pool = p, .diags = diags, .base = device};

    slot_fill(table, spec_split(value, NULL, p, diags), 0, &fill);
}
