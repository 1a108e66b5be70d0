/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * db_cache: what codecs keep with an object until it changes, in the order of
 * use; over the limit the longest unused goes.
 */
#include "xapi/db_impl.h"

static void unlink_cached(struct db *db, struct cached *c)
{
    *(c->older ? &c->older->newer : &db->oldest_cached) = c->newer;
    *(c->newer ? &c->newer->older : &db->newest_cached) = c->older;
}

static void link_newest(struct db *db, struct cached *c)
{
    c->newer = NULL;
    c->older = db->newest_cached;
    *(c->older ? &c->older->newer : &db->oldest_cached) = c;
    db->newest_cached = c;
}

static void drop(struct cached *c)
{
    struct db *db = c->object->db;

    unlink_cached(db, c);
    db->cache_bytes -= c->len;
    c->object->cached[c->slot] = NULL;
    free(c->text);
    free(c);
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

const char *object_cached(struct object *o, enum object_slot slot,
                          size_t *ret_len)
{
    struct cached *c = o->cached[slot];

    if (!c)
        return NULL;
    if (c->newer) {
        unlink_cached(o->db, c);
        link_newest(o->db, c);
    }
    *ret_len = c->len;
    return c->text;
}

void object_cache_put(struct object *o, enum object_slot slot, char *text,
                      size_t len)
{
    struct cached *c = xcalloc(1, sizeof(*c));

    if (o->cached[slot])
        drop(o->cached[slot]);
    *c = (struct cached){.object = o, .slot = slot, .text = text, .len = len};
    o->cached[slot] = c;
    link_newest(o->db, c);
    o->db->cache_bytes += len;
    while (o->db->oldest_cached != c && o->db->cache_bytes > o->db->cache_limit)
        drop(o->db->oldest_cached);
}
