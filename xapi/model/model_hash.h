/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * model_hash: where model_call_find looks for a name. modelc fills the slots
 * (index in model_calls + 1, 0 is empty; a taken one goes on to the next).
 * '.' and '_' are the same to it.
 */
#ifndef XAPI_MODEL_HASH_H
#define XAPI_MODEL_HASH_H

#include <stdint.h>

#define MODEL_HASH_SLOTS 8192u

extern const uint16_t model_hash_slots[MODEL_HASH_SLOTS];

static inline unsigned model_hash(const char *name)
{
    unsigned hash = 2166136261u; /* FNV-1a */

    for (; *name; name++)
        hash = (hash ^ (unsigned char)(*name == '.' ? '_' : *name)) * 16777619u;
    return hash ^ hash >> 15;
}

#endif
