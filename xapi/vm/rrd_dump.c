/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* rrd_dump: see rrd_dump.h. */
#include "xapi/vm/rrd_dump.h"

#include <math.h>
#include <string.h>

#include "lib/str.h"
#include "xapi/vm/rrd_form.h"
#include "xapi/vm/rrd_past.h"
#include "xapi/vm/rrd_send.h"

#define HEARTBEAT "300.0000"
#define XFF "0.5"
/* The rows of PAST_STEP, then each kind by each function. */
#define N_PARTS (1 + ARCHIVE_KINDS * ARCHIVE_FNS)

/* ---- XML and JSON -------------------------------------------------------- */

struct form {
    struct str *out;
    bool json;
    bool follows; /* something of the same level was before */
};

static void separate(struct form *f)
{
    if (f->json && f->follows)
        str_addc(f->out, ',');
    f->follows = true;
}

/* What has parts: TAG in XML; in JSON an object or list, a member KEY of what
 * it is in, or (NULL) an item. Either may be NULL: it is not there. */
static void begin(struct form *f, const char *tag, const char *key,
                  char bracket)
{
    if (!f->json && tag)
        str_addf(f->out, "<%s>", tag);
    if (!f->json)
        return;
    separate(f);
    if (key)
        str_addf(f->out, "\"%s\":", key);
    str_addc(f->out, bracket);
    f->follows = false;
}

static void end(struct form *f, const char *tag, char bracket)
{
    if (!f->json && tag)
        str_addf(f->out, "</%s>", tag);
    if (f->json)
        str_addc(f->out, bracket);
    f->follows = true;
}

static void leaf_begin(struct form *f, const char *name)
{
    separate(f);
    str_addf(f->out, f->json ? "\"%s\":\"" : "<%s>", name);
}

static void leaf_end(struct form *f, const char *name)
{
    if (f->json)
        str_addc(f->out, '"');
    else
        str_addf(f->out, "</%s>", name);
}

static void leaf(struct form *f, const char *name, const char *text)
{
    leaf_begin(f, name);
    str_add(f->out, text);
    leaf_end(f, name);
}

static void leaf_int(struct form *f, const char *name, int64_t n)
{
    leaf_begin(f, name);
    str_addf(f->out, "%lld", (long long)n);
    leaf_end(f, name);
}

static void leaf_number(struct form *f, const char *name, double value)
{
    leaf_begin(f, name);
    rrd_add_number(f->out, isfinite(value) ? value : NAN);
    leaf_end(f, name);
}

/* ---- what it is of ------------------------------------------------------- */

struct dump {
    struct past *past;
    struct form form;
    size_t *columns;
    size_t n;
    int64_t end;
    unsigned part;
    size_t row; /* of the part, 0: it has not begun */
};

static unsigned kind_of(unsigned part)
{
    return (part - 1) / ARCHIVE_FNS;
}

static unsigned fn_of(unsigned part)
{
    return part ? (part - 1) % ARCHIVE_FNS : ARCHIVE_AVERAGE;
}

static int64_t step_of(unsigned part)
{
    return part ? archive_kinds[kind_of(part)].step : PAST_STEP;
}

static size_t rows_of(unsigned part)
{
    return part ? archive_kinds[kind_of(part)].rows : PAST_ROWS;
}

static double value_of(const struct dump *d, size_t column, int64_t t)
{
    const struct archive *archive = past_archive(d->past, column);

    if (!d->part)
        return past_value(d->past, column, t - PAST_STEP, t);
    return archive ? archive_value(archive, kind_of(d->part), fn_of(d->part), t)
                   : NAN;
}

/* ---- the head ------------------------------------------------------------ */

static void add_source(struct dump *d, size_t column)
{
    const struct reading *last = past_last(d->past, column);
    const char *name = strrchr(past_name(d->past, column), ':') + 1;
    struct form *f = &d->form;

    begin(f, "ds", NULL, '{');
    leaf(f, "name", name);
    leaf(f, "type", last->counts ? "DERIVE" : "GAUGE");
    leaf(f, "minimal_heartbeat", HEARTBEAT);
    leaf(f, "min", "0.0");
    leaf_number(f, "max", last->max ? last->max : NAN);
    leaf_number(f, "last_ds", last->value);
    leaf(f, "value", "0.0");
    leaf(f, "unknown_sec", "0");
    end(f, "ds", '}');
}

static void add_head(struct dump *d)
{
    struct form *f = &d->form;

    if (!f->json)
        str_add(f->out, "<?xml version=\"1.0\"?>");
    begin(f, "rrd", NULL, '{');
    leaf(f, "version", "0003");
    leaf_int(f, "step", PAST_STEP);
    leaf_int(f, "lastupdate", d->end);
    begin(f, NULL, "ds", '[');
    for (size_t i = 0; i < d->n; i++)
        add_source(d, d->columns[i]);
    end(f, NULL, ']');
    begin(f, NULL, "rra", '[');
}

/* ---- archives ------------------------------------------------------------ */

/* What is known of the row that is not whole yet. */
static double going_value(const struct archive_going *g, unsigned fn)
{
    return !g->n               ? NAN
           : fn == ARCHIVE_MIN ? g->min
           : fn == ARCHIVE_MAX ? g->max
                               : g->sum;
}

static void add_going(struct dump *d, size_t column)
{
    static const struct archive_going none = {.n = 0};
    const struct archive *archive = past_archive(d->past, column);
    const struct archive_going *g =
        archive && d->part ? &archive->going[kind_of(d->part)] : &none;
    int64_t passed = d->end % step_of(d->part) / PAST_STEP;
    struct form *f = &d->form;

    if (g->row <= d->end)
        g = &none;
    begin(f, "ds", NULL, '{');
    leaf(f, "primary_value", "NaN");
    leaf(f, "secondary_value", "NaN");
    leaf_number(f, "value", going_value(g, fn_of(d->part)));
    leaf_int(f, "unknown_datapoints", passed > g->n ? passed - g->n : 0);
    end(f, "ds", '}');
}

static void begin_part(struct dump *d)
{
    struct form *f = &d->form;

    begin(f, "rra", NULL, '{');
    leaf(f, "cf", archive_fns[fn_of(d->part)]);
    leaf_int(f, "pdp_per_row", step_of(d->part) / PAST_STEP);
    begin(f, "params", "params", '{');
    leaf(f, "xff", XFF);
    end(f, "params", '}');
    begin(f, "cdp_prep", "cdp_prep", '{');
    begin(f, NULL, "ds", '[');
    for (size_t i = 0; i < d->n; i++)
        add_going(d, d->columns[i]);
    end(f, NULL, ']');
    end(f, "cdp_prep", '}');
    begin(f, "database", "database", '[');
}

static void add_row(struct dump *d, int64_t t)
{
    struct form *f = &d->form;

    begin(f, "row", NULL, '[');
    for (size_t i = 0; i < d->n; i++) {
        separate(f);
        str_add(f->out, f->json ? "\"" : "<v>");
        rrd_add_number(f->out, value_of(d, d->columns[i], t));
        str_add(f->out, f->json ? "\"" : "</v>");
    }
    end(f, "row", ']');
}

static void end_part(struct dump *d)
{
    end(&d->form, "database", ']');
    end(&d->form, "rra", '}');
    d->part++;
    d->row = 0;
}

/* A row; the oldest is the first. */
static bool next(void *arg, struct str *out)
{
    struct dump *d = arg;
    int64_t step = step_of(d->part);
    size_t rows = rows_of(d->part);

    d->form.out = out;
    if (!d->part && !d->row)
        add_head(d);
    if (!d->row)
        begin_part(d);
    d->row++;
    add_row(d, d->end / step * step - step * (int64_t)(rows - d->row));
    if (d->row < rows)
        return true;
    end_part(d);
    if (d->part < N_PARTS)
        return true;
    end(&d->form, NULL, ']');
    end(&d->form, "rrd", '}');
    return false;
}

/* ---- the answer ---------------------------------------------------------- */

static void done(void *arg)
{
    past_release(((struct dump *)arg)->past);
}

static bool is_of(const char *column, const char *owner)
{
    return text_has_prefix(column, owner) && column[strlen(owner)] == ':';
}

void rrd_dump(struct http_request *r, struct event_base *base, struct past *h,
              const char *owner)
{
    struct dump *d = pool_new_of(r->pool, struct dump);

    *d = (struct dump){.past = h, .end = past_end(h)};
    d->form.json = rrd_wants_json(r);
    for (size_t i = 0; i < past_width(h); i++)
        if (past_archive(h, i) && is_of(past_name(h, i), owner))
            *pool_push(r->pool, d->columns, d->n) = i;
    if (!d->n) {
        http_page(r, 404, "Nothing is recorded of it.");
        return;
    }
    past_hold(h);
    rrd_send(r, base,
             &(const struct rrd_text){.type = d->form.json ? "application/json"
                                                           : "text/xml",
                                      .next = next,
                                      .done = done,
                                      .arg = d});
}
