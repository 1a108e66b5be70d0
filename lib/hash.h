/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hash: an intrusive hash table. What is kept has a struct hash_node in it and
 * belongs to somebody else; the table owns its buckets only. Several nodes may
 * have the same hash: hash_first and hash_next give them all, the caller
 * compares.
 */
#ifndef LIB_HASH_H
#define LIB_HASH_H

#include <stddef.h>
#include <stdint.h>

struct hash_node {
    struct hash_node *next, **link; /* *link is this node */
    uint32_t hash;
};

struct hash {
    struct hash_node **buckets;
    uint32_t n_buckets, n; /* a power of two, or 0 */
};

void hash_add(struct hash *h, struct hash_node *node, uint32_t hash);
/* NODE is in H. */
void hash_remove(struct hash *h, struct hash_node *node);
struct hash_node *hash_first(const struct hash *h, uint32_t hash);
struct hash_node *hash_next(const struct hash_node *node);
void hash_done(struct hash *h); /* the table is empty and usable again */

/* Text that strangers choose wants a SEED they cannot know. */
uint32_t hash_bytes(uint64_t seed, const void *bytes, size_t len);
uint32_t hash_pointers(const void *a, const void *b);

/* The struct of TYPE whose MEMBER is *NODE; NULL for NULL. */
#define hash_entry(node, type, member)                                      \
    ({                                                                      \
        const struct hash_node *node_ = (node);                             \
        node_ ? (type *)((char *)(uintptr_t)node_ - offsetof(type, member)) \
              : NULL;                                                       \
    })

#endif
