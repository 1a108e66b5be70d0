/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fields: typed functions over the fields of the model, for code that knows
 * which field it means: a wrong field, class or type does not compile.
 *
 *     get_VM_power_state(vm)                     enum VM_power_state
 *     set_VM_power_state(txn, vm, VM_power_state_Running)
 *     get_VBD_VDI(vbd)                           struct object *, NULL: none
 *     get_VM_tags(vm)                            struct model_value: a set
 *     add_VM_tags(txn, vm, "web")                an item; remove_VM_tags
 *     get_VM_other_config(vm)                    a map: see datum_map_get
 *     add_to_VM_other_config(txn, vm, "k", "v")  a key; remove_from_...
 *
 * What set, add and remove refuse: see txn.h. Fields at the computed end of a
 * relation have no setters. xapi/model/fields_gen.h, made by modelc, has a line
 * for each field; it is what to include.
 */
#ifndef XAPI_FIELDS_H
#define XAPI_FIELDS_H

#include "xapi/model/model_gen.h"
#include "xapi/db/txn.h"

/* FIELD is one of the N that IDS names. */
static inline bool field_is_among(const struct model_field *field,
                                  const unsigned *ids, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (field == &model_fields[ids[i]])
            return true;
    return false;
}

/* An atom out of a C value, and back. */
#define FIELD_S_(v) ((union model_atom){.s = (v)})
#define FIELD_I_(v) ((union model_atom){.i = (v)})
#define FIELD_D_(v) ((union model_atom){.d = (v)})
#define FIELD_O_(v) FIELD_S_((v) ? object_ref(v) : NULL)

#define FIELD_GET(class_, name_, ctype_, member_)                       \
    static inline ctype_ get_##class_##_##name_(const struct object *o) \
    {                                                                   \
        return (ctype_)object_atom(o, &model_fields[class_##_##name_])  \
            .member_;                                                   \
    }
#define FIELD_GET_O(class_, name_)                                \
    static inline struct object *get_##class_##_##name_(          \
        const struct object *o)                                   \
    {                                                             \
        return object_follow(o, &model_fields[class_##_##name_]); \
    }
/* Sets and maps. */
#define FIELD_GET_MANY(class_, name_)                          \
    static inline struct model_value get_##class_##_##name_(   \
        const struct object *o)                                \
    {                                                          \
        return object_get(o, &model_fields[class_##_##name_]); \
    }

#define FIELD_SET(class_, name_, ctype_, atom_)                      \
    static inline MUST_USE struct err *set_##class_##_##name_(       \
        struct txn *txn, struct object *o, ctype_ v)                 \
    {                                                                \
        union model_atom atom = atom_(v);                            \
                                                                     \
        return txn_set(txn, o, &model_fields[class_##_##name_],      \
                       (struct model_value){.n = 1, .keys = &atom}); \
    }
#define FIELD_SET_MANY(class_, name_)                               \
    static inline MUST_USE struct err *set_##class_##_##name_(      \
        struct txn *txn, struct object *o, struct model_value v)    \
    {                                                               \
        return txn_set(txn, o, &model_fields[class_##_##name_], v); \
    }

/* Items of sets. */
#define FIELD_ITEMS(class_, name_, ctype_, atom_)                            \
    static inline MUST_USE struct err *add_##class_##_##name_(               \
        struct txn *txn, struct object *o, ctype_ item)                      \
    {                                                                        \
        return txn_add(txn, o, &model_fields[class_##_##name_], atom_(item), \
                       FIELD_I_(0));                                         \
    }                                                                        \
    static inline MUST_USE struct err *remove_##class_##_##name_(            \
        struct txn *txn, struct object *o, ctype_ item)                      \
    {                                                                        \
        return txn_remove(txn, o, &model_fields[class_##_##name_],           \
                          atom_(item));                                      \
    }

/* Keys of maps. */
#define FIELD_KEYS(class_, name_, key_, key_atom_, value_, value_atom_) \
    static inline MUST_USE struct err *add_to_##class_##_##name_(       \
        struct txn *txn, struct object *o, key_ key, value_ v)          \
    {                                                                   \
        return txn_add(txn, o, &model_fields[class_##_##name_],         \
                       key_atom_(key), value_atom_(v));                 \
    }                                                                   \
    static inline MUST_USE struct err *remove_from_##class_##_##name_(  \
        struct txn *txn, struct object *o, key_ key)                    \
    {                                                                   \
        return txn_remove(txn, o, &model_fields[class_##_##name_],      \
                          key_atom_(key));                              \
    }

#endif
