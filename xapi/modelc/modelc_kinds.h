/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* modelc_kinds: what stands in the model's files, as slot kinds. */
#ifndef XAPI_MODELC_KINDS_H
#define XAPI_MODELC_KINDS_H

#include "xapi/modelc/modelc.h"

extern const struct slot_kind modelc_kind_value, modelc_kind_marks,
    modelc_kind_roles;

/* Rows: a word; a value kept as it is, of one kind (0: any); the words of "is"
 * as bits, WORDS_ being slot_choice rows; roles by their names. */
#define WORD(strct, member_) SLOT_WORD(struct strct, member_)
#define VALUE(strct, member_, kind_)                                \
    .kind = &modelc_kind_value,                                     \
    .offset = SLOT_AT(struct strct, member_, const struct value *), \
    .size = sizeof(void *), .min = (kind_)
#define MARKS(strct, member_, words_)                   \
    .kind = &modelc_kind_marks,                         \
    .offset = SLOT_AT(struct strct, member_, unsigned), \
    .size = sizeof(unsigned), .more = (words_)
#define ROLES(strct, member_)                                  \
    .kind = &modelc_kind_roles,                                \
    .offset = SLOT_AT(struct strct, member_, model_role_bits), \
    .size = sizeof(model_role_bits)

#define TABLE(rows_, noun_)                                        \
    &(const struct slot_table)                                     \
    {                                                              \
        .rows = (rows_), .noun = (noun_), .unknown_is_error = true \
    }

/* Fills BASE from RECORD; false after a complaint that it is no struct. */
bool modelc_fill(struct modelc *m, const struct slot_table *table, void *base,
                 const struct value *record);

#endif
