/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * kinds: slot kinds that store libxl's types, and the row macros of the tables
 * in xl/domain. What they store is malloc'd, as libxl frees it with free(3).
 */
#ifndef XL_DOMAIN_KINDS_H
#define XL_DOMAIN_KINDS_H

#include <libxl.h>
#include <libxl_utils.h>

#include "lib/slot.h"

extern const struct slot_kind kind_defbool, kind_string, kind_strings,
    kind_args, kind_string_or_list, kind_enum, kind_numbered_enum, kind_mb,
    kind_items, kind_keep, kind_set, kind_newer;

/* Generic over the struct: used as DEFBOOL_OF(libxl_device_vfb, vnc.enable). */
#define DEFBOOL_OF(strct, member)                                           \
    .kind = &kind_defbool, .offset = SLOT_AT(strct, member, libxl_defbool), \
    .size = SLOT_SIZE(strct, member)
#define STRING_OF(strct, member)                                    \
    .kind = &kind_string, .offset = SLOT_AT(strct, member, char *), \
    .size = SLOT_SIZE(strct, member)
/* A list of strings. */
#define STRINGS_OF(strct, member)                                     \
    .kind = &kind_strings, .offset = SLOT_AT(strct, member, char **), \
    .size = SLOT_SIZE(strct, member)
/* A list of strings, or (with a warning) one string of several words. */
#define ARGS_OF(strct, member)                                     \
    .kind = &kind_args, .offset = SLOT_AT(strct, member, char **), \
    .size = SLOT_SIZE(strct, member)
/* A string into MEMBER or a list into LIST_MEMBER. */
#define STRING_OR_LIST_OF(strct, member, list_member)                       \
    .kind = &kind_string_or_list, .offset = SLOT_AT(strct, member, char *), \
    .size = SLOT_SIZE(strct, member), .more = &(const size_t)               \
    {                                                                       \
        SLOT_AT(strct, list_member, char **)                                \
    }
/* A libxl enum by libxl's own table of its words; "unknown" and "invalid" are
 * not words. NUMBERED: the number is taken too, with a warning. */
#define ENUM_OF(strct, member, table)                         \
    .kind = &kind_enum, .offset = SLOT_AT_INT(strct, member), \
    .size = SLOT_SIZE(strct, member), .more = (table)
#define NUMBERED_ENUM_OF(strct, member, table)                         \
    .kind = &kind_numbered_enum, .offset = SLOT_AT_INT(strct, member), \
    .size = SLOT_SIZE(strct, member), .more = (table)
/* A libxl enum by words of our own. */
#define CHOICE_OF(strct, member, choices)                            \
    .kind = &slot_kind_choice, .offset = SLOT_AT_INT(strct, member), \
    .size = SLOT_SIZE(strct, member), .more = (choices)
/* Megabytes into a field of kilobytes. */
#define MB_OF(strct, member)                                      \
    .kind = &kind_mb, .offset = SLOT_AT(strct, member, uint64_t), \
    .size = SLOT_SIZE(strct, member), .unit = "MB"
/* The value as it is, for a rule. */
#define KEEP_OF(strct, member)                              \
    .kind = &kind_keep,                                     \
    .offset = SLOT_AT(strct, member, const struct value *), \
    .size = SLOT_SIZE(strct, member)

/* A list whose items become structs of an array in the filled struct. */
struct kind_items {
    size_t array, count; /* offsets of the pointer and of its int count */
    size_t item_size;
    /* Makes ITEM (zeroed) empty; may be NULL. */
    void (*init)(void *item);
    void (*done)(void *item); /* the opposite; may be NULL */
    /* Fills ITEM, the INDEX-th, from VALUE; complaints go to f->diags. */
    void (*parse)(const struct slot *slot, const struct value *value,
                  void *item, size_t index, struct fill *f);
    bool lists; /* items may be lists themselves */
};

/* A value that only this slot understands. */
struct kind_set {
    struct err *(*set)(const struct slot *slot, const struct value *value,
                       struct fill *f);
    const char *const *words; /* values it knows; may be NULL */
    const char *form;         /* "list of strings", for docs */
};

/* Replaces the malloc'd string in FIELD by a copy of TEXT. */
void kind_replace(char **field, const char *text);

/* Bitmaps of our own making: libxl's allocator wants a context. */
void kind_bitmap_alloc(libxl_bitmap *map, unsigned n_bits);

/* For an error in an ITEM of a list: complains at the item's own place, and
 * returns what read then returns (NULL for no error). Takes E. */
struct err *kind_item_err(const struct slot *slot, const struct value *item,
                          struct err *e, struct fill *f) MUST_USE;

#endif
