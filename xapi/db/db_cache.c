/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * db_cache: what codecs keep with an object until it changes, in the order of
 * use; over the limit the longest unused goes. What is lent out meanwhile, on
 * its way to a client, stays for its borrowers alone.
 */
#include "xapi/db/db_impl.h"

static void unlink_kept(struct db *db, struct kept *k)
{
    *(k->older ? &k->older->newer : &db->oldest_cached) = k->newer;
    *(k->newer ? &k->newer->older : &db->newest_cached) = k->older;
}

static void link_newest(struct db *db, struct kept *k)
{
    k->newer = NULL;
    k->older = db->newest_cached;
    *(k->older ? &k->older->newer : &db->oldest_cached) = k;
    db->newest_cached = k;
}

static void give_back(struct kept *k)
{
    if (--k->n_users)
        return;
    free((char *)(uintptr_t)k->pub.text);
    free(k);
}

static void drop(struct kept *k)
{
    struct db *db = k->object->db;

    unlink_kept(db, k);
    db->cache_bytes -= k->pub.len;
    k->object->cached[k->slot] = NULL;
    k->object = NULL;
    give_back(k);
}

void cache_drop(struct object *o)
{
    for (unsigned i = 0; i < OBJECT_SLOTS; i++)
        if (o->cached[i])
            drop(o->cached[i]);
}

void db_cache_limit(struct db *db, size_t bytes)
{
    db->cache_limit = bytes;
    while (db->oldest_cached && db->cache_bytes > bytes)
        drop(db->oldest_cached);
}

static const struct cached *lend(struct kept *k)
{
    k->n_users++;
    return &k->pub;
}

const struct cached *object_cached(struct object *o, enum object_slot slot)
{
    struct kept *k = o->cached[slot];

    if (!k)
        return NULL;
    if (k->newer) {
        unlink_kept(o->db, k);
        link_newest(o->db, k);
    }
    return lend(k);
}

bool object_is_cached(const struct object *o, enum object_slot slot)
{
    return o->cached[slot];
}

const struct cached *object_cache_put(struct object *o, enum object_slot slot,
                                      char *text, size_t len)
{
    struct kept *k = xcalloc(1, sizeof(*k));
    struct db *db = o->db;

    if (o->cached[slot])
        drop(o->cached[slot]);
    *k = (struct kept){
        .pub = {text, len}, .object = o, .slot = slot, .n_users = 1};
    o->cached[slot] = k;
    link_newest(db, k);
    db->cache_bytes += len;
    while (db->oldest_cached != k && db->cache_bytes > db->cache_limit)
        drop(db->oldest_cached);
    return lend(k);
}

/* PUB is the first of it. */
void cached_release(const struct cached *pub)
{
    give_back((struct kept *)(uintptr_t)pub);
}
