/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* rrd_past: see rrd_past.h. */
#include "xapi/vm/rrd_past.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/pool.h"

struct column {
    char *name;
    struct reading last; /* its value and when it was */
    int64_t seen;        /* time of the newest row it is in */
    double values[PAST_ROWS];
};

struct past {
    int64_t first, end; /* rows there ever were */
    struct column **columns;
    size_t n, room;
    size_t hint; /* sources come in the same order each time */
};

static size_t slot(int64_t t)
{
    return (size_t)(t / PAST_STEP % PAST_ROWS);
}

struct past *past_new(void)
{
    return xcalloc(1, sizeof(struct past));
}

static void free_column(struct column *c)
{
    free(c->name);
    free(c);
}

void past_free(struct past *h)
{
    if (!h)
        return;
    for (size_t i = 0; i < h->n; i++)
        free_column(h->columns[i]);
    free(h->columns);
    free(h);
}

int64_t past_end(const struct past *h)
{
    return h->end;
}

int64_t past_start(const struct past *h)
{
    int64_t oldest = h->end - (int64_t)PAST_STEP * (PAST_ROWS - 1);

    return oldest > h->first ? oldest : h->first;
}

/* ---- writing ------------------------------------------------------------- */

static void forget_old(struct past *h, int64_t t)
{
    size_t n = 0;

    for (size_t i = 0; i < h->n; i++)
        if (t - h->columns[i]->seen < (int64_t)PAST_STEP * PAST_ROWS)
            h->columns[n++] = h->columns[i];
        else
            free_column(h->columns[i]);
    h->n = n;
    h->hint = 0;
}

static void clear(const struct past *h, int64_t t)
{
    for (size_t i = 0; i < h->n; i++)
        h->columns[i]->values[slot(t)] = NAN;
}

void past_begin(struct past *h, int64_t t)
{
    if (!h->end)
        h->end = (h->first = t) - PAST_STEP;
    forget_old(h, t);
    if (t - h->end > (int64_t)PAST_STEP * PAST_ROWS)
        h->end = t - (int64_t)PAST_STEP * PAST_ROWS;
    while (h->end < t) {
        h->end += PAST_STEP;
        clear(h, h->end);
    }
}

static struct column *new_column(struct past *h, const char *name)
{
    struct column *c = xcalloc(1, sizeof(*c));

    c->name = xstrdup(name);
    for (size_t i = 0; i < PAST_ROWS; i++)
        c->values[i] = NAN;
    if (h->n == h->room) {
        h->room = h->room ? 2 * h->room : 64;
        h->columns = xrealloc(h->columns, h->room, sizeof(*h->columns));
    }
    h->columns[h->n] = c;
    h->hint = ++h->n;
    return c;
}

static struct column *find(struct past *h, const char *name)
{
    for (size_t k = 0; k < h->n; k++) {
        size_t i = (h->hint + k) % h->n;

        if (strcmp(h->columns[i]->name, name) != 0)
            continue;
        h->hint = i + 1;
        return h->columns[i];
    }
    return NULL;
}

void past_put(struct past *h, const char *name, const struct reading *r)
{
    struct column *c = find(h, name);
    bool is_new = !c;

    if (is_new)
        c = new_column(h, name);
    c->values[slot(h->end)] = reading_value(is_new ? NULL : &c->last, r);
    c->last =
        (struct reading){.value = r->value, .at = r->at, .whose = r->whose};
    c->seen = h->end;
}

/* ---- reading ------------------------------------------------------------- */

size_t past_width(const struct past *h)
{
    return h->n;
}

const char *past_name(const struct past *h, size_t column)
{
    return h->columns[column]->name;
}

double past_value(const struct past *h, size_t column, int64_t from, int64_t to)
{
    int64_t oldest = past_start(h);
    double sum = 0;
    size_t n = 0;

    for (int64_t t = to < h->end ? to : h->end; t > from && t >= oldest;
         t -= PAST_STEP) {
        double value = h->columns[column]->values[slot(t)];

        if (isnan(value))
            continue;
        sum += value;
        n++;
    }
    return n ? sum / (double)n : NAN;
}
