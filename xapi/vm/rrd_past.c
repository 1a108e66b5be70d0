/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* rrd_past: see rrd_past.h. */
#include "xapi/vm/rrd_past.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/hash.h"
#include "lib/pool.h"

struct column {
    struct hash_node node;
    char *name;
    struct reading last; /* its value and when it was */
    int64_t seen;        /* time of the newest row it is in; then it has none */
    double values[PAST_ROWS];
    bool chosen;
    struct archive *archive; /* or NULL */
};

struct past {
    unsigned held;
    int64_t first, end; /* rows there ever were */
    int64_t shown;      /* the newest that is whole */
    struct column **columns;
    size_t n, room, n_recorded, n_chosen;
    int64_t crowded; /* the newest row in which no standard one gave way */
    struct hash names;
};

static size_t slot(int64_t t)
{
    return (size_t)(t / PAST_STEP % PAST_ROWS);
}

/* ---- its life ------------------------------------------------------------ */

struct past *past_new(void)
{
    struct past *h = xcalloc(1, sizeof(*h));

    return past_hold(h);
}

struct past *past_hold(struct past *h)
{
    h->held++;
    return h;
}

static void free_column(struct past *h, struct column *c)
{
    hash_remove(&h->names, &c->node);
    free(c->name);
    free(c->archive);
    free(c);
}

void past_release(struct past *h)
{
    if (--h->held)
        return;
    for (size_t i = 0; i < h->n; i++)
        free_column(h, h->columns[i]);
    hash_done(&h->names);
    free(h->columns);
    free(h);
}

void past_free(struct past *h)
{
    if (h)
        past_release(h);
}

int64_t past_end(const struct past *h)
{
    return h->shown;
}

int64_t past_start(const struct past *h)
{
    int64_t oldest = h->end - (int64_t)PAST_STEP * (PAST_ROWS - 1);

    return oldest > h->first ? oldest : h->first;
}

/* ---- columns ------------------------------------------------------------- */

static uint32_t hash_of(const char *name)
{
    return hash_bytes(0, name, strlen(name));
}

static struct column *find(const struct past *h, const char *name)
{
    struct hash_node *node = hash_first(&h->names, hash_of(name));

    for (; node; node = hash_next(node)) {
        struct column *c = hash_entry(node, struct column, node);

        if (!strcmp(c->name, name))
            return c;
    }
    return NULL;
}

static struct column *new_column(struct past *h, const char *name)
{
    struct column *c = xcalloc(1, sizeof(*c));

    c->name = xstrdup(name);
    hash_add(&h->names, &c->node, hash_of(name));
    c->last.value = NAN;
    if (h->n == h->room) {
        h->room = h->room ? 2 * h->room : 64;
        h->columns = xrealloc(h->columns, h->room, sizeof(*h->columns));
    }
    h->columns[h->n++] = c;
    return c;
}

static struct column *find_or_new(struct past *h, const char *name)
{
    struct column *c = find(h, name);

    return c ? c : new_column(h, name);
}

size_t past_width(const struct past *h)
{
    return h->n;
}

const char *past_name(const struct past *h, size_t column)
{
    return h->columns[column]->name;
}

const struct reading *past_last(const struct past *h, size_t column)
{
    return &h->columns[column]->last;
}

/* ---- rows ---------------------------------------------------------------- */

static bool is_old(const struct column *c, int64_t t)
{
    return t - c->seen >= (int64_t)PAST_STEP * PAST_ROWS;
}

bool past_is_seen(const struct past *h, size_t column)
{
    return !is_old(h->columns[column], h->end);
}

/* Unless somebody knows columns by their numbers. */
static void forget_old(struct past *h, int64_t t)
{
    size_t n = 0;

    if (h->held > 1)
        return;
    for (size_t i = 0; i < h->n; i++)
        if (!h->columns[i]->archive && is_old(h->columns[i], t))
            free_column(h, h->columns[i]);
        else
            h->columns[n++] = h->columns[i];
    h->n = n;
}

/* T is the newest row from now on. */
static void advance(struct past *h, int64_t t)
{
    if (!h->end)
        h->first = t;
    h->end = t;
}

/* Rows are emptied when the column comes back. */
static void fill(struct column *c, int64_t t, double value)
{
    int64_t oldest = t - (int64_t)PAST_STEP * (PAST_ROWS - 1);
    int64_t next = c->seen + PAST_STEP;

    for (next = next > oldest ? next : oldest; next < t; next += PAST_STEP)
        c->values[slot(next)] = NAN;
    c->values[slot(t)] = value;
    c->seen = t;
}

static double value_at(const struct column *c, int64_t t)
{
    return t > c->seen ? NAN : c->values[slot(t)];
}

void past_begin(struct past *h, int64_t t)
{
    forget_old(h, t);
    advance(h, t);
}

static void keep_standard(struct past *h, struct column *c);

void past_put(struct past *h, const char *name, const struct reading *r)
{
    struct column *c = find_or_new(h, name);
    double value = reading_value(c->last.at > 0 ? &c->last : NULL, r);

    fill(c, h->end, value);
    if (r->standard)
        keep_standard(h, c);
    if (c->archive && !isnan(value))
        archive_add(c->archive, h->end, value);
    c->last = (struct reading){.value = r->value,
                               .at = r->at,
                               .whose = r->whose,
                               .counts = r->counts,
                               .max = r->max};
}

void past_close(struct past *h)
{
    h->shown = h->end;
}

double past_value(const struct past *h, size_t column, int64_t from, int64_t to)
{
    int64_t oldest = past_start(h);
    double sum = 0;
    size_t n = 0;

    for (int64_t t = to < h->end ? to : h->end; t > from && t >= oldest;
         t -= PAST_STEP) {
        double value = value_at(h->columns[column], t);

        if (isnan(value))
            continue;
        sum += value;
        n++;
    }
    return n ? sum / (double)n : NAN;
}

/* ---- recorded ------------------------------------------------------------ */

static void keep(struct past *h, struct column *c)
{
    if (c->archive)
        return;
    h->n_recorded++;
    c->archive = xcalloc(1, sizeof(*c->archive));
    archive_init(c->archive);
}

static void forget(struct past *h, struct column *c)
{
    h->n_recorded--;
    h->n_chosen -= c->chosen;
    c->chosen = false;
    free(take_ptr(c->archive));
}

/* A standard column that is in no row, and was in one longest ago; or NULL. */
static struct column *find_oldest(const struct past *h)
{
    struct column *oldest = NULL;

    for (size_t i = 0; i < h->n; i++) {
        struct column *c = h->columns[i];

        if (c->archive && !c->chosen && is_old(c, h->end) &&
            (!oldest || c->seen < oldest->seen))
            oldest = c;
    }
    return oldest;
}

static void keep_standard(struct past *h, struct column *c)
{
    struct column *oldest;

    if (c->archive)
        return;
    if (h->n_recorded - h->n_chosen >= PAST_STANDARD_MAX) {
        oldest = h->crowded == h->end ? NULL : find_oldest(h);
        if (!oldest) {
            h->crowded = h->end;
            return;
        }
        forget(h, oldest);
    }
    keep(h, c);
}

bool past_record(struct past *h, const char *name)
{
    struct column *c = find_or_new(h, name);

    if (c->chosen)
        return true;
    if (h->n_chosen == PAST_CHOSEN_MAX)
        return false;
    h->n_chosen++;
    c->chosen = true;
    keep(h, c);
    return true;
}

bool past_forget(struct past *h, const char *name)
{
    struct column *c = find(h, name);

    if (!c || !c->archive)
        return false;
    forget(h, c);
    return true;
}

bool past_is_chosen(const struct past *h, size_t column)
{
    return h->columns[column]->chosen;
}

size_t past_n_chosen(const struct past *h)
{
    return h->n_chosen;
}

bool past_is_recorded(const struct past *h, const char *name)
{
    const struct column *c = find(h, name);

    return c && c->archive;
}

size_t past_n_recorded(const struct past *h)
{
    return h->n_recorded;
}

const struct archive *past_archive(const struct past *h, size_t column)
{
    return h->columns[column]->archive;
}

void past_save(const struct past *h, size_t column, struct past_saved *ret)
{
    const struct column *c = h->columns[column];

    ret->end = h->end;
    ret->seen = c->seen;
    ret->chosen = c->chosen;
    memcpy(ret->values, c->values, sizeof(ret->values));
    ret->archive = *c->archive;
}

void past_restore(struct past *h, const char *name,
                  const struct past_saved *saved)
{
    int64_t oldest = saved->end - (int64_t)PAST_STEP * (PAST_ROWS - 1);
    struct column *c = find_or_new(h, name);

    if (saved->chosen)
        past_record(h, name);
    else
        keep_standard(h, c);
    if (!c->archive)
        return;
    if (saved->end > h->end)
        advance(h, saved->end);
    h->shown = h->end;
    if (oldest < h->first)
        h->first = oldest;
    *c->archive = saved->archive;
    c->seen = saved->seen;
    memcpy(c->values, saved->values, sizeof(c->values));
}
