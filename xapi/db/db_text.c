/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* db_text: the strings of the database, each different one once. */
#include <string.h>

#include "xapi/db/db_impl.h"

struct text *text_of(const char *s)
{
    return (struct text *)((char *)(uintptr_t)s - offsetof(struct text, s));
}

static struct text *find(const struct db *db, const char *s, size_t len,
                         uint32_t hash)
{
    struct hash_node *node = hash_first(&db->texts, hash);
    struct text *t;

    for (; node; node = hash_next(node)) {
        t = hash_entry(node, struct text, node);
        if (!strncmp(t->s, s, len + 1))
            return t;
    }
    return NULL;
}

struct text *text_find(const struct db *db, const char *s)
{
    size_t len = strlen(s);

    return find(db, s, len, hash_bytes(db->seed, s, len));
}

static struct text *make(const char *s, size_t len)
{
    struct text *t = xcalloc(1, sizeof(*t) + len + 1);

    memcpy(t->s, s, len + 1);
    t->n_users = 1;
    return t;
}

const char *text_intern(struct db *db, const char *s)
{
    size_t len = strlen(s);
    uint32_t hash = hash_bytes(db->seed, s, len);
    struct text *t = find(db, s, len, hash);

    if (t) {
        t->n_users++;
        return t->s;
    }
    t = make(s, len);
    hash_add(&db->texts, &t->node, hash);
    return t->s;
}

const char *text_keep(struct db *db, const char *s)
{
    size_t len = strlen(s);

    return len && len < TEXT_SHARED ? make(s, len)->s : text_intern(db, s);
}

void text_drop(struct db *db, const char *s)
{
    struct text *t;

    if (!s)
        return;
    t = text_of(s);
    if (--t->n_users)
        return;
    if (t->node.link)
        hash_remove(&db->texts, &t->node);
    free(t);
}
