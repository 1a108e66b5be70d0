/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* rrd_archive: see rrd_archive.h. */
#include "xapi/vm/rrd_archive.h"

#include <math.h>

const struct archive_kind archive_kinds[ARCHIVE_KINDS] = {
    [ARCHIVE_HOURS] = {60, 120},
    [ARCHIVE_WEEK] = {3600, 168},
    [ARCHIVE_YEAR] = {86400, 366},
};

const char *const archive_fns[ARCHIVE_FNS] = {[ARCHIVE_AVERAGE] = "AVERAGE",
                                              [ARCHIVE_MIN] = "MIN",
                                              [ARCHIVE_MAX] = "MAX"};

void archive_init(struct archive *a)
{
    *a = (struct archive){.since = 0};
    for (size_t fn = 0; fn < ARCHIVE_FNS; fn++)
        for (size_t i = 0; i < ARCHIVE_ROWS; i++)
            a->rows[fn][i] = NAN;
}

/* The kinds' rows stand one behind the other. */
static size_t place_of(unsigned kind, int64_t t)
{
    const struct archive_kind *k = &archive_kinds[kind];
    size_t first = 0;

    for (unsigned i = 0; i < kind; i++)
        first += archive_kinds[i].rows;
    return first + (size_t)(t / k->step) % k->rows;
}

static double result(const struct archive_going *g, unsigned kind, unsigned fn)
{
    if (2 * g->n * ARCHIVE_SAMPLE < archive_kinds[kind].step)
        return NAN;
    return fn == ARCHIVE_MIN   ? g->min
           : fn == ARCHIVE_MAX ? g->max
                               : g->sum / (double)g->n;
}

/* What is going on ends; nothing is known of the rows between it and ROW. */
static void end_row(struct archive *a, unsigned kind, int64_t row)
{
    const struct archive_kind *k = &archive_kinds[kind];
    const struct archive_going *g = &a->going[kind];
    int64_t oldest = row - k->step * (int64_t)k->rows;
    int64_t t = g->row + k->step;

    for (unsigned fn = 0; fn < ARCHIVE_FNS; fn++)
        a->rows[fn][place_of(kind, g->row)] = (float)result(g, kind, fn);
    for (t = t > oldest ? t : oldest; t < row; t += k->step)
        for (unsigned fn = 0; fn < ARCHIVE_FNS; fn++)
            a->rows[fn][place_of(kind, t)] = NAN;
}

static void add(struct archive *a, unsigned kind, int64_t t, double value)
{
    int64_t step = archive_kinds[kind].step;
    int64_t row = (t + step - 1) / step * step;
    struct archive_going *g = &a->going[kind];

    if (g->row && row != g->row)
        end_row(a, kind, row);
    if (row != g->row)
        *g = (struct archive_going){
            .row = row, .min = INFINITY, .max = -INFINITY};
    g->sum += value;
    g->min = fmin(g->min, value);
    g->max = fmax(g->max, value);
    g->n++;
}

void archive_add(struct archive *a, int64_t t, double value)
{
    if (!a->since)
        a->since = t;
    for (unsigned kind = 0; kind < ARCHIVE_KINDS; kind++)
        add(a, kind, t, value);
}

double archive_value(const struct archive *a, unsigned kind, unsigned fn,
                     int64_t t)
{
    const struct archive_kind *k = &archive_kinds[kind];
    const struct archive_going *g = &a->going[kind];

    if (t > g->row || t <= g->row - k->step * (int64_t)k->rows)
        return NAN;
    return t == g->row ? result(g, kind, fn)
                       : (double)a->rows[fn][place_of(kind, t)];
}
