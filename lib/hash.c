/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* hash: chains of nodes, as many buckets as nodes at most. */
#include "lib/hash.h"

#include <string.h>

#include "lib/str.h"

#define FIRST_BUCKETS 64

static void push(struct hash_node **bucket, struct hash_node *node)
{
    node->next = *bucket;
    node->link = bucket;
    if (node->next)
        node->next->link = &node->next;
    *bucket = node;
}

static struct hash_node **bucket_of(const struct hash *h, uint32_t hash)
{
    return &h->buckets[hash & (h->n_buckets - 1)];
}

static void grow(struct hash *h)
{
    struct hash bigger = {.n = h->n};
    struct hash_node *node, *next;

    bigger.n_buckets = h->n_buckets ? 2 * h->n_buckets : FIRST_BUCKETS;
    bigger.buckets = xcalloc(bigger.n_buckets, sizeof(*bigger.buckets));
    for (uint32_t i = 0; i < h->n_buckets; i++)
        for (node = h->buckets[i]; node; node = next) {
            next = node->next;
            push(bucket_of(&bigger, node->hash), node);
        }
    free(h->buckets);
    *h = bigger;
}

void hash_add(struct hash *h, struct hash_node *node, uint32_t hash)
{
    if (h->n >= h->n_buckets)
        grow(h);
    node->hash = hash;
    push(bucket_of(h, hash), node);
    h->n++;
}

void hash_remove(struct hash *h, struct hash_node *node)
{
    *node->link = node->next;
    if (node->next)
        node->next->link = node->link;
    node->next = NULL;
    node->link = NULL;
    h->n--;
}

static struct hash_node *with_hash(struct hash_node *node, uint32_t hash)
{
    while (node && node->hash != hash)
        node = node->next;
    return node;
}

struct hash_node *hash_first(const struct hash *h, uint32_t hash)
{
    return h->n ? with_hash(*bucket_of(h, hash), hash) : NULL;
}

struct hash_node *hash_next(const struct hash_node *node)
{
    return with_hash(node->next, node->hash);
}

void hash_done(struct hash *h)
{
    free(h->buckets);
    *h = (struct hash){0};
}

static uint64_t mix(uint64_t a, uint64_t b)
{
    __uint128_t product =
        (__uint128_t)(a ^ 0x9e3779b97f4a7c15) * (b ^ 0xe7037ed1a0b428db);

    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

uint32_t hash_bytes(uint64_t seed, const void *bytes, size_t len)
{
    uint64_t state = mix(seed, len + 0xd6e8feb86659fd93), word;
    const char *at = bytes;

    for (; len >= sizeof(word); at += sizeof(word), len -= sizeof(word)) {
        memcpy(&word, at, sizeof(word));
        state = mix(state ^ word, seed ^ 0xa0761d6478bd642f);
    }
    word = 0;
    if (len)
        memcpy(&word, at, len);
    state = mix(state ^ word, seed ^ 0xc2b2ae3d27d4eb4f);
    return (uint32_t)(state ^ (state >> 32));
}

uint32_t hash_pointers(const void *a, const void *b)
{
    uint64_t state = mix((uintptr_t)a, (uintptr_t)b ^ 0x8ebc6af09c88c6e3);

    return (uint32_t)(state ^ (state >> 32));
}
