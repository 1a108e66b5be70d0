/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * datum: what a field holds. One shape, the model's struct model_value, is
 * scalar (one key), set (N keys) and map (N keys, N values); what the atoms are
 * says the field's struct model_type. Strings end with NUL and have none
 * inside. Sets keep their order and what comes twice (task.error_info is one).
 *
 * The text form is the one of the filter language, of the store and of rows
 * that workers send home:
 *
 *   name   42   0.5   true   Halted   20240131T07:05:09Z   OpaqueRef:6c1...
 *   ()   ('a' 'it\'s')   (('k' 'v') ('k2' 'v2'))
 *
 * The values of a map may be sets (VM_metrics.VCPUs_flags): such an atom is the
 * set's text form.
 */
#ifndef XAPI_DATUM_H
#define XAPI_DATUM_H

#include "lib/str.h"
#include "lib/value.h"
#include "xapi/model/model.h"

/* Longest text form of a datum; what may be longer is refused when written. */
#define DATUM_MAX (8u << 20)
#define DATUM_REF_PREFIX "OpaqueRef:"
#define DATUM_REF_NULL "OpaqueRef:NULL"

/* Scalars out of C values; they live as long as the block they stand in. */
#define DATUM_ATOM_(member, v) \
    ((struct model_value){1, &(const union model_atom){.member = (v)}, NULL})
#define DATUM_STRING(v) DATUM_ATOM_(s, v)
#define DATUM_INT(v) DATUM_ATOM_(i, v) /* datetimes too: seconds since 1970 */
#define DATUM_BOOL(v) DATUM_ATOM_(i, v)
#define DATUM_ENUM(v) DATUM_ATOM_(i, v) /* place among the values */
#define DATUM_FLOAT(v) DATUM_ATOM_(d, v)
#define DATUM_REF(v) DATUM_ATOM_(s, v) /* NULL: the null reference */
#define DATUM_EMPTY ((struct model_value){0, NULL, NULL})

bool datum_is_scalar(const struct model_type *type);
/* References, or sets or maps with some. */
bool datum_has_refs(const struct model_type *type);

/* Deep copy in P. */
struct model_value datum_copy(struct pool *p, const struct model_type *type,
                              struct model_value d);
bool datum_equal(const struct model_type *type, struct model_value a,
                 struct model_value b);

/* ---- sets and maps ------------------------------------------------------- */

bool datum_atom_equal(const struct model_type *type, union model_atom a,
                      union model_atom b);
/* The place of KEY (an item, of sets), or -1. */
int datum_find(const struct model_type *type, struct model_value d,
               union model_atom key);
/* The value of a string key in a map of strings, or NULL. */
const char *datum_map_get(struct model_value map, const char *key);
/* D with KEY in it, its value replaced if it was there. Atoms are shared with
 * D and the arguments, the arrays are in P. VALUE is for maps. */
struct model_value datum_with(struct pool *p, const struct model_type *type,
                              struct model_value d, union model_atom key,
                              union model_atom value);
struct model_value datum_without(struct pool *p, const struct model_type *type,
                                 struct model_value d, union model_atom key);

/* ---- conversions --------------------------------------------------------- */

/*
 * What clients send (wire.md 2.1): ints and floats also as text, letter case of
 * enums is free, datetimes in each of their forms. The error says what is wrong
 * and what would be right, without the field's name.
 */
struct err *datum_from_value(struct pool *p, const struct model_type *type,
                             const struct value *v,
                             struct model_value *ret) MUST_USE;
/* Datetimes and refs as strings; keys of maps as text. */
struct value *datum_to_value(struct pool *p, const struct model_type *type,
                             struct model_value d);

void datum_to_text(const struct model_type *type, struct model_value d,
                   struct str *out);
struct err *datum_from_text(struct pool *p, const struct model_type *type,
                            const char *text, struct model_value *ret) MUST_USE;

/* One atom: keys of maps on the wire and in xe are in this form. */
void datum_atom_to_text(const struct model_type *type, union model_atom atom,
                        struct str *out);
struct err *datum_atom_from_text(struct pool *p, const struct model_type *type,
                                 const char *text,
                                 union model_atom *ret) MUST_USE;

/* 20240131T07:05:09Z */
#define DATETIME_SIZE 24
void datetime_to_text(int64_t seconds, char text[DATETIME_SIZE]);
/* Hyphens between year, month and day, fractions of seconds (dropped), and Z,
 * +hh:mm or nothing (UTC) at the end are allowed. */
struct err *datetime_from_text(const char *text, int64_t *ret) MUST_USE;

#endif
