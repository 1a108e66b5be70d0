/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kinds: slot kinds that store libxl's types; see kinds.h. */
#include "xl/domain/kinds.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "lib/str.h"

/* ---- helpers ------------------------------------------------------------- */

void kind_replace(char **field, const char *text)
{
    free(*field);
    *field = xstrdup(text);
}

void kind_bitmap_alloc(libxl_bitmap *map, unsigned n_bits)
{
    libxl_bitmap_dispose(map);
    map->size = (n_bits + 7) / 8;
    map->map = xcalloc(map->size ? map->size : 1, 1);
}

struct err *kind_item_err(const struct slot *slot, const struct value *item,
                          struct err *e, struct fill *f)
{
    if (!e)
        return NULL;
    diag_err(f->diags, item->place, err_wrap(e, "%s", slot->name));
    return err_silent(1);
}

/* ---- truth values with a default ----------------------------------------- */

static struct err *defbool_read(const struct slot *slot,
                                const struct value *value, void *field,
                                struct fill *f)
{
    const struct slot bare = {.kind = &slot_kind_bool, .size = sizeof(bool)};
    int64_t n;
    bool b;

    (void)slot;
    if (value->kind == VALUE_STRING) {
        struct err *e = slot_number(value, INT32_MIN, INT32_MAX, &n);

        if (!e) {
            libxl_defbool_set(field, n != 0);
            return NULL;
        }
        err_drop(e, "perhaps one of the words");
    }
    TRY(slot_kind_bool.read(&bare, value, &b, f));
    libxl_defbool_set(field, b);
    return NULL;
}

static struct value *defbool_print(const struct slot *slot, const void *field,
                                   struct pool *p)
{
    libxl_defbool b = *(const libxl_defbool *)field;

    (void)slot;
    return libxl_defbool_is_default(b) ? NULL
                                       : value_bool(p, libxl_defbool_val(b));
}

static const char *const *defbool_words(const struct slot *slot, struct pool *p)
{
    return slot_kind_bool.words(slot, p);
}

const struct slot_kind kind_defbool = {.name = "truth value",
                                       .read = defbool_read,
                                       .print = defbool_print,
                                       .words = defbool_words,
                                       .takes_word = true};

/* ---- strings and lists of them ------------------------------------------- */

static struct err *string_read(const struct slot *slot,
                               const struct value *value, void *field,
                               struct fill *f)
{
    const char *text = NULL;

    (void)slot;
    TRY(slot_text(value, f->pool, &text));
    kind_replace(field, text);
    return NULL;
}

static struct value *string_print(const struct slot *slot, const void *field,
                                  struct pool *p)
{
    const char *text = *(char *const *)field;

    (void)slot;
    return text ? value_string(p, text) : NULL;
}

const struct slot_kind kind_string = {.name = "string",
                                      .read = string_read,
                                      .print = string_print,
                                      .takes_word = true};

static struct err *strings_read(const struct slot *slot,
                                const struct value *value, void *field,
                                struct fill *f)
{
    libxl_string_list *list = field;
    char **words;
    size_t n = 0;

    if (value->kind != VALUE_LIST)
        return ERR_AS(input, "want a list of strings, as [\"a\", \"b\"]");
    value_each(item, value)
    {
        const char *text;

        TRY(kind_item_err(slot, item, slot_text(item, f->pool, &text), f));
    }
    words = xcalloc(value->kids.n + 1, sizeof(*words));
    value_each(item, value)
    {
        const char *text = "";

        err_drop(slot_text(item, f->pool, &text), "it was fine just now");
        words[n++] = xstrdup(text);
    }
    libxl_string_list_dispose(list);
    *list = words;
    return NULL;
}

static struct value *strings_print(const struct slot *slot, const void *field,
                                   struct pool *p)
{
    char *const *words = *(char **const *)field;
    struct value *list;

    (void)slot;
    if (!words)
        return NULL;
    list = value_list(p);
    for (; *words; words++)
        value_append(list, value_string(p, *words));
    return list;
}

const struct slot_kind kind_strings = {.name = "list of strings",
                                       .read = strings_read,
                                       .print = strings_print,
                                       .takes_word = true};

static struct value *split_words(const char *text, struct pool *p)
{
    struct value *list = value_list(p);

    while (*(text += strspn(text, " \t\n"))) {
        size_t len = strcspn(text, " \t\n");

        value_append(list, value_stringn(p, text, len));
        text += len;
    }
    return list;
}

static struct err *args_read(const struct slot *slot, const struct value *value,
                             void *field, struct fill *f)
{
    const char *text;

    if (value->kind == VALUE_LIST)
        return strings_read(slot, value, field, f);
    TRY(slot_text(value, f->pool, &text));
    diag_warning(f->diags, value->place,
                 "%s: one string of several words is deprecated: use a list",
                 slot->name);
    return strings_read(slot, split_words(text, f->pool), field, f);
}

const struct slot_kind kind_args = {.name = "list of strings",
                                    .read = args_read,
                                    .print = strings_print,
                                    .takes_word = true};

static struct err *string_or_list_read(const struct slot *slot,
                                       const struct value *value, void *field,
                                       struct fill *f)
{
    const size_t *list_offset = slot->more;

    if (value->kind == VALUE_LIST)
        return strings_read(slot, value, (char *)f->base + *list_offset, f);
    return string_read(slot, value, field, f);
}

const struct slot_kind kind_string_or_list = {.name =
                                                  "string or list of strings",
                                              .read = string_or_list_read,
                                              .print = string_print,
                                              .takes_word = true};

/* ---- libxl's enums ------------------------------------------------------- */

static bool is_word(const libxl_enum_string_table *row)
{
    return strcasecmp(row->s, "unknown") && strcasecmp(row->s, "invalid");
}

/* The same rows as choices, so that their words are listed and printed alike.
 */
static struct slot as_choice(const struct slot *slot, struct pool *p)
{
    struct slot_choice *choices = NULL;
    struct slot choice = *slot;
    size_t n = 0;

    for (const libxl_enum_string_table *row = slot->more; row->s; row++) {
        if (is_word(row))
            *pool_push(p, choices, n) =
                (struct slot_choice){row->s, row->v, NULL};
    }
    *pool_push(p, choices, n) = (struct slot_choice){NULL, 0, NULL};
    choice.more = choices;
    return choice;
}

static const char *const *enum_words(const struct slot *slot, struct pool *p)
{
    struct slot choice = as_choice(slot, p);

    return slot_kind_choice.words(&choice, p);
}

static struct err *enum_read(const struct slot *slot, const struct value *value,
                             void *field, struct fill *f)
{
    const char *word;

    TRY(slot_text(value, f->pool, &word));
    for (const libxl_enum_string_table *row = slot->more; row->s; row++) {
        if (is_word(row) && !strcasecmp(row->s, word)) {
            *(int *)field = row->v;
            return NULL;
        }
    }
    return slot_bad_word(word, enum_words(slot, f->pool), f->pool);
}

static struct value *enum_print(const struct slot *slot, const void *field,
                                struct pool *p)
{
    struct slot choice = as_choice(slot, p);

    return slot_kind_choice.print(&choice, field, p);
}

const struct slot_kind kind_enum = {.name = "word",
                                    .read = enum_read,
                                    .print = enum_print,
                                    .words = enum_words,
                                    .takes_word = true};

static struct err *numbered_enum_read(const struct slot *slot,
                                      const struct value *value, void *field,
                                      struct fill *f)
{
    const char *word;
    struct err *e;
    int64_t n;

    TRY(slot_text(value, f->pool, &word));
    e = slot_number(value, INT32_MIN, INT32_MAX, &n);
    if (e) {
        err_drop(e, "not a number, so a word");
        return enum_read(slot, value, field, f);
    }
    for (const libxl_enum_string_table *row = slot->more; row->s; row++) {
        if (is_word(row) && row->v == n) {
            diag_warning(f->diags, value->place,
                         "%s: a number is deprecated: use '%s'", slot->name,
                         row->s);
            *(int *)field = row->v;
            return NULL;
        }
    }
    return slot_bad_word(word, enum_words(slot, f->pool), f->pool);
}

const struct slot_kind kind_numbered_enum = {.name = "word",
                                             .read = numbered_enum_read,
                                             .print = enum_print,
                                             .words = enum_words,
                                             .takes_word = true};

/* ---- sizes --------------------------------------------------------------- */

static struct err *mb_read(const struct slot *slot, const struct value *value,
                           void *field, struct fill *f)
{
    struct slot bare = {.kind = &slot_kind_int,
                        .size = sizeof(int64_t),
                        .min = slot->min,
                        .max = slot->max ? slot->max : INT64_MAX >> 20};
    int64_t mb;

    TRY(slot_kind_int.read(&bare, value, &mb, f));
    *(uint64_t *)field = (uint64_t)mb << 10;
    return NULL;
}

static struct value *mb_print(const struct slot *slot, const void *field,
                              struct pool *p)
{
    uint64_t kb = *(const uint64_t *)field;

    (void)slot;
    return kb == LIBXL_MEMKB_DEFAULT ? NULL : value_int(p, (int64_t)(kb >> 10));
}

const struct slot_kind kind_mb = {
    .name = "number", .read = mb_read, .print = mb_print, .takes_word = true};

/* ---- lists of structs ---------------------------------------------------- */

#define ITEMS_MAX 1024 /* more than any domain can have of anything */

static void items_clear(const struct kind_items *kind, char **array, int *n)
{
    for (int i = 0; i < *n && kind->done; i++)
        kind->done(*array + (size_t)i * kind->item_size);
    free(*array);
    *array = NULL;
    *n = 0;
}

static struct err *items_read(const struct slot *slot,
                              const struct value *value, void *field,
                              struct fill *f)
{
    const struct kind_items *kind = slot->more;
    char **array = (char **)((char *)f->base + kind->array);
    int *n = (int *)((char *)f->base + kind->count);

    (void)field;
    if (value->kind != VALUE_LIST)
        return ERR_AS(input, "want a list, as [\"...\", \"...\"]");
    if (value->kids.n > ITEMS_MAX)
        return ERR_AS(input, "%zu are too many: %d are the most", value->kids.n,
                      ITEMS_MAX);
    items_clear(kind, array, n);
    if (value->kids.n)
        *array = xcalloc(value->kids.n, kind->item_size);
    value_each(item, value)
    {
        void *place = *array + (size_t)*n * kind->item_size;

        if (item->kind == VALUE_LIST && !kind->lists) {
            diag_error(f->diags, item->place,
                       "%s: want a string, not a list in the list", slot->name);
            continue;
        }
        if (kind->init)
            kind->init(place);
        kind->parse(slot, item, place, (size_t)(*n)++, f);
    }
    return NULL;
}

const struct slot_kind kind_items = {
    .name = "list of strings", .read = items_read, .takes_word = true};

/* ---- left to others ------------------------------------------------------ */

static struct err *keep_read(const struct slot *slot, const struct value *value,
                             void *field, struct fill *f)
{
    (void)slot;
    (void)f;
    *(const struct value **)field = value;
    return NULL;
}

const struct slot_kind kind_keep = {
    .name = "string", .read = keep_read, .takes_word = true};

static struct err *set_read(const struct slot *slot, const struct value *value,
                            void *field, struct fill *f)
{
    const struct kind_set *kind = slot->more;

    (void)field;
    return kind->set(slot, value, f);
}

static const char *const *set_words(const struct slot *slot, struct pool *p)
{
    const struct kind_set *kind = slot->more;

    (void)p;
    return kind->words;
}

static const char *set_form(const struct slot *slot)
{
    const struct kind_set *kind = slot->more;

    return kind->form ? kind->form : "string";
}

const struct slot_kind kind_set = {.name = "string",
                                   .read = set_read,
                                   .words = set_words,
                                   .takes_word = true,
                                   .form = set_form};

static struct err *newer_read(const struct slot *slot,
                              const struct value *value, void *field,
                              struct fill *f)
{
    (void)field;
    diag_warning(f->diags, value->name_place,
                 "key '%s' needs Xen %s and has no effect with this one",
                 slot->name, (const char *)slot->more);
    return NULL;
}

const struct slot_kind kind_newer = {.name = "for later versions of Xen",
                                     .read = newer_read,
                                     .takes_word = true};
