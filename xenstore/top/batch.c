/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* batch: see batch.h. Text is kept a piece a domain: of one that does nothing,
 * it is printed again as it is. */
#include "xenstore/top/batch.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "lib/clock.h"
#include "lib/json.h"
#include "lib/table.h"
#include "xenstore/top/sample_json.h"
#include "xenstore/top/stock.h"
#include "xenstore/top/wait.h"

/* A domain's lines, of the reading before until they are made. */
struct piece {
    uint64_t id;
    bool usable; /* made when nothing happened, and nothing has since */
    struct str text;
};

struct batch {
    const struct top_options *opts;
    int format;
    bool begun;           /* something was printed */
    struct piece *pieces; /* of the last reading's domains, in their order */
    size_t n;
    uint64_t memory; /* the host's, of which they show shares */
    int name;        /* their names' width */
};

/* A page of rows: what one reading shows. */
struct page {
    struct batch *batch;
    const struct top_options *opts;
    const struct change *c;
    const struct change_domain **rows;
    size_t n;
    struct pool *pool;
};

struct batch *batch_new(const struct top_options *opts, int format)
{
    struct batch *b = xcalloc(1, sizeof(*b));

    b->opts = opts;
    b->format = format;
    return b;
}

void batch_free(struct batch *b)
{
    if (!b)
        return;
    for (size_t i = 0; i < b->n; i++)
        str_done(&b->pieces[i].text);
    free(b->pieces);
    free(b);
}

/* ---- text ---------------------------------------------------------------- */

/* Full names make the column as wide as the longest. */
static int name_width(const struct page *page)
{
    size_t width = 0;

    for (size_t i = 0; page->opts->full_names && i < page->n; i++) {
        size_t len = text_width(domain_label(page->rows[i]->now, page->pool));

        width = len > width ? len : width;
    }
    return width > (size_t)columns->width ? (int)width : 0;
}

static int width_of(const struct column *col, int name)
{
    return col == columns ? name : 0;
}

static void add_head(const struct page *page, int name, struct str *out)
{
    for (size_t i = 0; i < page->opts->n_columns; i++) {
        const struct column *col = page->opts->columns[i];
        size_t from = out->len + !!i;

        str_add(out, i ? " " : "");
        str_add(out, col->head);
        column_pad(col, from, width_of(col, name), out);
    }
    str_addc(out, '\n');
}

static void add_row(const struct page *page, const struct change_domain *d,
                    int name, struct str *out)
{
    for (size_t i = 0; i < page->opts->n_columns; i++) {
        const struct column *col = page->opts->columns[i];
        size_t from = out->len + !!i;

        str_add(out, i ? " " : "");
        column_text(col, page->c, d, out);
        column_pad(col, from, width_of(col, name), out);
    }
    str_addc(out, '\n');
}

static void make_piece(const struct page *page, const struct change_domain *d,
                       int name, struct str *out)
{
    const struct top_options *opts = page->opts;

    str_clear(out);
    add_row(page, d, name, out);
    if (opts->vcpus)
        stock_vcpus(d->now, out);
    if (opts->networks)
        stock_vifs(d->now, out);
    if (opts->vbds)
        stock_vbds(d->now, out);
}

/* The pieces become those of the reading's domains, as far as they are kept. */
static void take_pieces(struct batch *b, const struct change *c, int name)
{
    struct piece *pieces = xcalloc(c->n_domains + 1, sizeof(*pieces));
    bool usable = b->memory == c->now->host.memory && b->name == name;
    size_t old = 0;

    for (size_t i = 0; i < c->n_domains; i++) {
        const struct change_domain *d = &c->domains[i];

        while (old < b->n && b->pieces[old].id < d->now->id)
            str_done(&b->pieces[old++].text);
        pieces[i].text.max = STR_MAX;
        if (old < b->n && b->pieces[old].id == d->now->id)
            pieces[i] = b->pieces[old++];
        pieces[i].id = d->now->id;
        pieces[i].usable &= usable && d->same;
    }
    while (old < b->n)
        str_done(&b->pieces[old++].text);
    free(b->pieces);
    b->pieces = pieces;
    b->n = c->n_domains;
    b->memory = c->now->host.memory;
    b->name = name;
}

static void print_text(const struct page *page, struct str *out)
{
    int name = name_width(page);

    take_pieces(page->batch, page->c, name);
    for (size_t i = 0; i < page->n; i++) {
        const struct change_domain *d = page->rows[i];
        struct piece *piece = &page->batch->pieces[d - page->c->domains];

        if (!i || page->opts->repeat_header)
            add_head(page, name, out);
        if (!piece->usable)
            make_piece(page, d, name, &piece->text);
        piece->usable = d->same;
        str_addn(out, str_text(&piece->text), piece->text.len);
    }
    if (!page->n)
        add_head(page, name, out);
}

/* ---- data ---------------------------------------------------------------- */

static struct value *time_value(const struct change *c, struct pool *p)
{
    time_t seconds = (time_t)c->now->wall;
    struct tm tm;
    char text[40];

    gmtime_r(&seconds, &tm);
    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
    return value_string(p, pool_str(p, text));
}

static struct value *domain_value(const struct page *page,
                                  const struct change_domain *d)
{
    const struct top_options *opts = page->opts;
    struct pool *p = page->pool;
    struct value *v = value_struct(p);

    for (size_t i = 0; i < opts->n_columns; i++)
        value_set(v, opts->columns[i]->name,
                  column_value(opts->columns[i], page->c, d, p));
    if (opts->vcpus)
        value_add(v, "vcpu", sample_list_value("vcpus", d->now, p));
    if (opts->networks)
        value_add(v, "vif", sample_list_value("vifs", d->now, p));
    if (opts->vbds)
        value_add(v, "vbd", sample_list_value("vbds", d->now, p));
    return v;
}

static void print_json(const struct page *page, struct str *out)
{
    const struct change *c = page->c;
    struct pool *p = page->pool;
    struct value *v = value_struct(p), *host, *list = value_list(p);

    host = sample_host_value(c->now, p);
    value_add(host, "busy_percent",
              c->seconds > 0 ? value_double(p, 100 * c->busy) : value_nil(p));
    for (size_t i = 0; i < page->n; i++)
        value_append(list, domain_value(page, page->rows[i]));
    value_add(v, "time", time_value(c, p));
    value_add(v, "seconds",
              c->seconds > 0 ? value_double(p, c->seconds) : value_nil(p));
    value_add(v, "host", host);
    value_add(v, "domains", list);
    json_print(v, false, out);
    str_addc(out, '\n');
}

static void print_csv(const struct page *page, bool first, struct str *out)
{
    const struct top_options *opts = page->opts;
    struct pool *p = page->pool;
    struct table_col *cols =
        pool_alloc(p, (opts->n_columns + 2) * sizeof(*cols));
    struct table *t;

    cols[0].name = "time";
    for (size_t i = 0; i < opts->n_columns; i++)
        cols[i + 1].name = opts->columns[i]->name;
    t = table_new(p, cols);
    if (!first)
        table_no_head(t);
    for (size_t i = 0; i < page->n; i++) {
        table_row(t);
        table_cell(t, time_value(page->c, p), NULL);
        for (size_t j = 0; j < opts->n_columns; j++)
            table_cell(
                t, column_value(opts->columns[j], page->c, page->rows[i], p),
                NULL);
    }
    table_print(t, TABLE_CSV, out);
}

/* ---- running ------------------------------------------------------------- */

void batch_print(struct batch *b, const struct change *c, struct str *out)
{
    AUTO_POOL struct pool *p = pool_new();
    struct page page = {.batch = b, .opts = b->opts, .c = c, .pool = p};

    page.rows = columns_select(&b->opts->selection, c, p, &page.n);
    if (b->format == TABLE_JSON)
        print_json(&page, out);
    else if (b->format == TABLE_CSV)
        print_csv(&page, !b->begun, out);
    else
        print_text(&page, out);
    b->begun = true;
}

static struct err *write_out(struct str *text)
{
    errno = 0;
    if (fwrite(str_text(text), 1, text->len, stdout) != text->len ||
        fflush(stdout))
        return err_errno(errno ? errno : EIO,
                         "cannot write to standard output");
    return NULL;
}

/* Readings, each with the one before it. */
struct readings {
    struct pool *before, *current;
    const struct sample *was, *now;
};

static struct err *take(struct readings *r, struct sampler *s)
{
    pool_free(r->before);
    r->before = r->current;
    r->was = r->now;
    r->current = pool_new();
    return sampler_take(s, r->current, &r->now);
}

static struct err *show(struct batch *b, const struct readings *r)
{
    AUTO_STR struct str out = STR_INIT(STR_MAX);

    batch_print(b, change_between(r->was, r->now, r->current), &out);
    return write_out(&out);
}

struct err *top_batch_run(struct sampler *s, const struct top_options *opts,
                          int format)
{
    struct batch *b = batch_new(opts, format);
    struct readings r = {0};
    struct err *e = NULL;
    double next = clock_now();
    sigset_t mask;

    wait_catch_signals(&mask);
    for (long i = 0;
         !e && !wait_ended() && (!opts->iterations || i < opts->iterations);
         i++) {
        if (i && sampler_waits(s))
            wait_until(next, &mask);
        if (wait_ended() || (i && sampler_over(s)))
            break;
        next = clock_now() + opts->delay;
        e = take(&r, s);
        if (!e)
            e = show(b, &r);
    }
    pool_free(r.before);
    pool_free(r.current);
    batch_free(b);
    return e;
}
