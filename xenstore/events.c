/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* events: see events.h. */
#include "xenstore/events.h"

#include <string.h>

#include "lib/str.h"
#include "xenstore/wire.h"

struct event {
    struct event *next;
    char *path, *watch;
};

void events_init(struct events *q)
{
    *q = (struct events){.last = &q->first};
}

/* Takes out the event that *AT points to. */
static void drop(struct events *q, struct event **at)
{
    struct event *e = *at;

    *at = e->next;
    if (!e->next)
        q->last = at;
    q->n--;
    free(e->path);
    free(e->watch);
    free(e);
}

void events_done(struct events *q)
{
    while (q->first)
        drop(q, &q->first);
}

/* The same event twice in the queue says no more than once. */
static bool is_known(const struct events *q, const char *path,
                     const char *watch)
{
    for (const struct event *e = q->first; e; e = e->next) {
        if (!strcmp(e->path, path) && !strcmp(e->watch, watch))
            return true;
    }
    return false;
}

struct err *events_add(struct events *q, const char *data, size_t len)
{
    const char *path = data, *watch;
    struct event *e;

    if (!len || data[len - 1] || strlen(path) + 1 >= len)
        return wire_nonsense("a watch event without path and token");
    watch = path + strlen(path) + 1;
    if (!q->keeps_all && is_known(q, path, watch))
        return NULL;
    if (q->n == EVENTS_MAX)
        return ERR("too many changes in XenStore to follow");
    e = xcalloc(1, sizeof(*e));
    e->path = xstrdup(path);
    e->watch = xstrdup(watch);
    *q->last = e;
    q->last = &e->next;
    q->n++;
    return NULL;
}

bool events_take(struct events *q, struct pool *p, struct store_event *ret)
{
    if (!q->first)
        return false;
    ret->path = pool_str(p, q->first->path);
    ret->watch = pool_str(p, q->first->watch);
    drop(q, &q->first);
    return true;
}

void events_forget(struct events *q, const char *watch)
{
    for (struct event **at = &q->first; *at;) {
        if (!strcmp((*at)->watch, watch))
            drop(q, at);
        else
            at = &(*at)->next;
    }
}
