/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * spec: what the readers of device strings (spec_*.c) share, beyond kinds.h.
 * Private to them.
 */
#ifndef XL_DOMAIN_SPEC_H
#define XL_DOMAIN_SPEC_H

#include "xl/domain/guest.h"
#include "xl/domain/kinds.h"

/* char *: an error when a text that is not empty was given already. */
extern const struct slot_kind spec_kind_text_once;
/* An int or enum by a word: SLOT_CHOICE that is an error when another word was
 * given already (the field's zero is "not given"). */
extern const struct slot_kind spec_kind_word_once;
/* An int that becomes `min` when the setting is there; takes no value. */
extern const struct slot_kind spec_kind_flag;
/* A libxl_defbool that becomes `min` when the setting is there. */
extern const struct slot_kind spec_kind_defbool_flag;

#define SPEC_AT(strct, member) \
    .offset = offsetof(strct, member), .size = SLOT_SIZE(strct, member)
#define SPEC_TEXT_ONCE(strct, member)                                       \
    .kind = &spec_kind_text_once, .offset = SLOT_AT(strct, member, char *), \
    .size = SLOT_SIZE(strct, member)
#define SPEC_WORD(strct, member, choices)                            \
    .kind = &slot_kind_choice, .offset = SLOT_AT_INT(strct, member), \
    .size = SLOT_SIZE(strct, member), .more = (choices)
#define SPEC_WORD_ONCE(strct, member, choices)                          \
    .kind = &spec_kind_word_once, .offset = SLOT_AT_INT(strct, member), \
    .size = SLOT_SIZE(strct, member), .more = (choices)
#define SPEC_FLAG(strct, member, value)                             \
    .kind = &spec_kind_flag, .offset = SLOT_AT(strct, member, int), \
    .size = SLOT_SIZE(strct, member), .min = (value)
#define SPEC_DEFBOOL_FLAG(strct, member, value)      \
    .kind = &spec_kind_defbool_flag,                 \
    .offset = SLOT_AT(strct, member, libxl_defbool), \
    .size = SLOT_SIZE(strct, member), .min = (value)

/* Splits VALUE and fills DEVICE by the rows of TABLE. */
void spec_fill(const struct slot_table *table, const struct value *value,
               void *device, struct pool *p, struct diags *diags);

/* "unknown <noun> 'x': did you mean 'y'?" at PLACE, an error. */
void spec_unknown(const struct slot_table *table, const char *name,
                  struct place place, struct diags *diags);

#endif
