/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* crowd: see crowd.h. */
#include "xapi/call/crowd.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "lib/hash.h"
#include "lib/str.h"

struct client {
    struct hash_node node;
    char *user, *address;
    unsigned n[CROWD_KINDS];
};

struct crowd {
    struct hash clients;
};

static uint32_t hash_client(const char *user, const char *address)
{
    return hash_bytes(1, user, strlen(user)) ^
           hash_bytes(2, address, strlen(address));
}

static struct client *find(const struct crowd *c, const char *user,
                           const char *address)
{
    struct hash_node *node =
        hash_first(&c->clients, hash_client(user, address));
    struct client *k;

    for (; (k = hash_entry(node, struct client, node)); node = hash_next(node))
        if (!strcmp(k->user, user) && !strcmp(k->address, address))
            return k;
    return NULL;
}

unsigned crowd_count(const struct crowd *c, const char *user,
                     const char *address, enum crowd_kind kind)
{
    const struct client *k = find(c, user, address);

    return k ? k->n[kind] : 0;
}

void crowd_enter(struct crowd *c, const char *user, const char *address,
                 enum crowd_kind kind)
{
    struct client *k = find(c, user, address);

    if (!k) {
        k = xcalloc(1, sizeof(*k));
        k->user = xstrdup(user);
        k->address = xstrdup(address);
        hash_add(&c->clients, &k->node, hash_client(user, address));
    }
    k->n[kind]++;
}

static bool is_idle(const struct client *k)
{
    for (unsigned i = 0; i < CROWD_KINDS; i++)
        if (k->n[i])
            return false;
    return true;
}

void crowd_leave(struct crowd *c, const char *user, const char *address,
                 enum crowd_kind kind)
{
    struct client *k = find(c, user, address);

    assert(k && k->n[kind]);
    k->n[kind]--;
    if (!is_idle(k))
        return;
    hash_remove(&c->clients, &k->node);
    free(k->user);
    free(k->address);
    free(k);
}

struct crowd *crowd_new(void)
{
    return xcalloc(1, sizeof(struct crowd));
}

void crowd_free(struct crowd *c)
{
    if (!c)
        return;
    assert(!c->clients.n);
    hash_done(&c->clients);
    free(c);
}
