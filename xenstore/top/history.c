/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* history: see history.h. A ring a domain, ordered by id. */
#include "xenstore/top/history.h"

#include <string.h>

struct ring {
    double figures[HISTORY_LENGTH];
    size_t n, next;
    double top; /* the greatest of them */
};

struct entry {
    uint64_t id;
    unsigned char uuid[16];
    struct ring ring;
};

struct history {
    const struct column *col;
    struct ring host;
    struct entry **entries;
    size_t n;
};

struct history *history_new(const struct column *col)
{
    struct history *h = xcalloc(1, sizeof(*h));

    h->col = col;
    return h;
}

void history_free(struct history *h)
{
    if (!h)
        return;
    for (size_t i = 0; i < h->n; i++)
        free(h->entries[i]);
    free(h->entries);
    free(h);
}

static void ring_add(struct ring *r, double figure)
{
    bool was_top = r->figures[r->next] >= r->top;

    r->figures[r->next] = figure;
    r->next = (r->next + 1) % HISTORY_LENGTH;
    if (r->n < HISTORY_LENGTH)
        r->n++;
    if (figure >= r->top)
        r->top = figure;
    else if (was_top) {
        r->top = 0;
        for (size_t i = 0; i < r->n; i++)
            r->top = r->figures[i] > r->top ? r->figures[i] : r->top;
    }
}

static size_t ring_get(const struct ring *r, size_t n, double *ret)
{
    if (n > r->n)
        n = r->n;
    for (size_t i = 0; i < n; i++)
        ret[i] =
            r->figures[(r->next + HISTORY_LENGTH - n + i) % HISTORY_LENGTH];
    return n;
}

static bool is_of(const struct entry *e, const struct sample_domain *d)
{
    return e->id == d->id && !memcmp(e->uuid, d->uuid, sizeof(d->uuid));
}

static struct entry *new_entry(const struct sample_domain *d)
{
    struct entry *e = xcalloc(1, sizeof(*e));

    e->id = d->id;
    memcpy(e->uuid, d->uuid, sizeof(e->uuid));
    return e;
}

void history_add(struct history *h, const struct change *c)
{
    size_t n =
        c->n_domains < HISTORY_DOMAINS_MAX ? c->n_domains : HISTORY_DOMAINS_MAX;
    struct entry **kept = xcalloc(n + 1, sizeof(*kept));
    size_t old = 0;

    for (size_t i = 0; i < n; i++) {
        const struct change_domain *d = &c->domains[i];

        while (old < h->n && h->entries[old]->id < d->now->id)
            free(h->entries[old++]);
        kept[i] = old < h->n && is_of(h->entries[old], d->now)
                      ? h->entries[old++]
                      : new_entry(d->now);
        if (c->seconds > 0)
            ring_add(&kept[i]->ring, column_number(h->col, c, d));
    }
    while (old < h->n)
        free(h->entries[old++]);
    free(h->entries);
    h->entries = kept;
    h->n = n;
    if (c->seconds > 0)
        ring_add(&h->host, c->busy);
}

size_t history_get(const struct history *h, const struct sample_domain *d,
                   size_t n, double *ret)
{
    size_t low = 0, high = h->n;

    while (low < high) {
        size_t mid = (low + high) / 2;

        if (h->entries[mid]->id < d->id)
            low = mid + 1;
        else
            high = mid;
    }
    if (low == h->n || !is_of(h->entries[low], d))
        return 0;
    return ring_get(&h->entries[low]->ring, n, ret);
}

size_t history_get_host(const struct history *h, size_t n, double *ret)
{
    return ring_get(&h->host, n, ret);
}

double history_top(const struct history *h)
{
    double top = 0;

    for (size_t i = 0; i < h->n; i++)
        top = h->entries[i]->ring.top > top ? h->entries[i]->ring.top : top;
    return top;
}
