/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * slot: fills structs from rows. A row names a place in a struct, the kind of
 * value that goes there and a sentence of documentation; everything a user can
 * name (options, xl.cfg keys, sub-keys of a disk, settings of xl.conf) is one.
 * Parsing, range checks, messages, suggestions, help, manuals and completion
 * come from the same rows.
 *
 * A kind is a small struct of functions. The kinds here store plain C types;
 * others (libxl's) live with those who need them.
 */
#ifndef LIB_SLOT_H
#define LIB_SLOT_H

#include <stddef.h>
#include <stdint.h>

#include "lib/diag.h"
#include "lib/err.h"
#include "lib/pool.h"
#include "lib/value.h"

struct slot;

/* What a fill works with; kinds get it whole. */
struct fill {
    struct pool *pool;   /* for what the filled struct points at */
    struct diags *diags; /* complaints beyond one sentence, and warnings */
    void *base;          /* the struct being filled */
    void *app;           /* the caller's own, for its private kinds */
};

struct slot_kind {
    const char *name; /* "number", "list of strings": for docs and messages */
    /* Stores VALUE in FIELD, or says why not (one sentence without the
     * slot's name); several complaints go to f->diags with err_silent(1). */
    struct err *(*read)(const struct slot *slot, const struct value *value,
                        void *field, struct fill *f);
    /* The field as a value, for printing; NULL when unset or not printable. */
    struct value *(*print)(const struct slot *slot, const void *field,
                           struct pool *p);
    /* The words that are values of this slot (enums), NULL when there are no
     * such: for completion, docs and suggestions. Ends with NULL. */
    const char *const *(*words)(const struct slot *slot, struct pool *p);
    bool takes_word; /* on a command line: wants an argument */
    /* The name, for kinds where it differs by slot; may be NULL. */
    const char *(*form)(const struct slot *slot);
};

struct slot {
    const char *name;
    const struct slot_kind *kind;
    size_t offset, size; /* of the field */
    const void *more;    /* the kind's own: enum rows, sub-table, setter */
    int64_t min, max;    /* for numbers; both 0: what the field can hold */
    unsigned where;      /* caller's bits (guest types ...); 0: everywhere */
    const char *instead; /* deprecated: the name to use now */
    const char *unit;    /* placeholder in usage: "MB", "FILE" */
    const char *doc;     /* one sentence */
    char letter;         /* as an option; 0: none */
    unsigned char flags; /* enum slot_flag */
};

enum slot_flag {
    SLOT_ARG = 1,      /* positional argument, in order of the rows */
    SLOT_OPTIONAL = 2, /* a positional that may be missing */
    SLOT_REST = 4,     /* takes all remaining words (kind: list of words) */
    SLOT_HIDDEN = 8,   /* not in usage; kept for compatibility */
    SLOT_IGNORED = 16, /* accepted, without effect in this version */
    SLOT_STRICT = 32,  /* where it is not for is an error, not a warning */
};

/* offsetof that refuses a member of another type than the kind stores. */
#define SLOT_AT(strct, member, ctype)                                     \
    (offsetof(strct, member) +                                            \
     0 * sizeof(char[_Generic(&((strct *)0)->member, ctype * : 1, default \
                              : -1)]))
#define SLOT_AT_INT(strct, member)                                         \
    (offsetof(strct, member) +                                             \
     0 * sizeof(char[_Generic(((strct *)0)->member, int : 1, unsigned : 1, \
                              long : 1, unsigned long : 1, long long : 1,  \
                              unsigned long long : 1, short : 1,           \
                              unsigned short : 1, unsigned char : 1,       \
                              signed char : 1, default                     \
                              : -1)]))
#define SLOT_SIZE(strct, member) sizeof(((strct *)0)->member)
#define SLOT_IS_SIGNED(strct, member)                                \
    _Generic(((strct *)0)->member, int : 1, long : 1, long long : 1, \
             short : 1, signed char : 1, default : 0)

/* Kinds over plain C types. Each macro gives kind, offset and size. */
#define SLOT_BOOL(strct, member)                                     \
    .kind = &slot_kind_bool, .offset = SLOT_AT(strct, member, bool), \
    .size = SLOT_SIZE(strct, member)
/* Only given or not given; counts when the field is an int (-vvv). */
#define SLOT_FLAG(strct, member)                                     \
    .kind = &slot_kind_flag, .offset = SLOT_AT(strct, member, bool), \
    .size = SLOT_SIZE(strct, member)
#define SLOT_COUNT(strct, member)                                   \
    .kind = &slot_kind_flag, .offset = SLOT_AT(strct, member, int), \
    .size = SLOT_SIZE(strct, member)
/* Any C integer; the range is what it can hold unless min and max say less. */
#define SLOT_INT(strct, member)                                               \
    .kind = SLOT_IS_SIGNED(strct, member) ? &slot_kind_int : &slot_kind_uint, \
    .offset = SLOT_AT_INT(strct, member), .size = SLOT_SIZE(strct, member)
/* const char *, in the fill's pool. */
#define SLOT_WORD(strct, member)                                             \
    .kind = &slot_kind_word, .offset = SLOT_AT(strct, member, const char *), \
    .size = SLOT_SIZE(strct, member)
/* struct slot_words: every mention appends. */
#define SLOT_WORDS(strct, member)                        \
    .kind = &slot_kind_words,                            \
    .offset = SLOT_AT(strct, member, struct slot_words), \
    .size = SLOT_SIZE(strct, member)
/* int; MORE is a struct slot_choice array that ends with a NULL name. Letter
 * case counts; a choice named "" is accepted, but not offered. */
#define SLOT_CHOICE(strct, member, choices)                           \
    .kind = &slot_kind_choice, .offset = SLOT_AT(strct, member, int), \
    .size = SLOT_SIZE(strct, member), .more = (choices)

struct slot_words {
    const char **list;
    size_t n;
};

struct slot_choice {
    const char *name;
    int value;
    const char *doc;
};

extern const struct slot_kind slot_kind_bool, slot_kind_flag, slot_kind_int,
    slot_kind_uint, slot_kind_word, slot_kind_words, slot_kind_choice;

/* A table: its rows end with a row without a name. */
struct slot_table {
    const struct slot *rows;
    const char *noun;                      /* "key", "disk setting" */
    const char *(*where_name)(unsigned w); /* "HVM guests"; may be NULL */
    bool unknown_is_error;                 /* else a warning */
};

const struct slot *slot_find(const struct slot *rows, const char *name);
/* The nearest known name, or NULL. */
const char *slot_nearest(const struct slot *rows, const char *name);

/* The names of CHOICES, ended by NULL. */
const char *const *slot_choice_words(const struct slot_choice *choices,
                                     struct pool *p);
/* "'x' is not one of a, b and c", with the nearest of WORDS (NULL-ended). */
struct err *slot_bad_word(const char *word, const char *const *words,
                          struct pool *p) MUST_USE;

/* VALUE as text (numbers are printed); a list is an error. */
struct err *slot_text(const struct value *value, struct pool *p,
                      const char **ret) MUST_USE;
/* VALUE, a string or a whole number, as a number. Blanks before it do not
 * count; digits that += put together are an error. */
struct err *slot_number(const struct value *value, int64_t min, int64_t max,
                        int64_t *ret) MUST_USE;

/* Stores one value; the error starts with the slot's name. */
struct err *slot_read(const struct slot *slot, const struct value *value,
                      struct fill *f) MUST_USE;

/*
 * Fills f->base from the members of RECORD (a struct value). Complaints, each
 * at its place, go to f->diags: unknown names with the nearest known one,
 * names that are not for WHERE (0: everything is), deprecated names, bad
 * values. Goes on after a complaint.
 */
void slot_fill(const struct slot_table *table, const struct value *record,
               unsigned where, struct fill *f);

#endif
