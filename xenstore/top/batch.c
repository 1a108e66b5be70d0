/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* batch: see batch.h. */
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

/* A page of rows: what one reading shows. */
struct page {
    const struct top_options *opts;
    const struct change *c;
    const struct change_domain **rows;
    size_t n;
    struct pool *pool;
};

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

        if (i)
            str_addc(out, ' ');
        column_pad(col, col->head, width_of(col, name), out);
    }
    str_addc(out, '\n');
}

static void add_row(const struct page *page, const struct change_domain *d,
                    int name, struct str *out)
{
    AUTO_STR struct str text = STR_INIT(STR_MAX);

    for (size_t i = 0; i < page->opts->n_columns; i++) {
        const struct column *col = page->opts->columns[i];

        str_clear(&text);
        column_text(col, page->c, d, &text);
        if (i)
            str_addc(out, ' ');
        column_pad(col, str_text(&text), width_of(col, name), out);
    }
    str_addc(out, '\n');
}

static void print_text(const struct page *page, struct str *out)
{
    const struct top_options *opts = page->opts;
    int name = name_width(page);

    for (size_t i = 0; i < page->n; i++) {
        const struct change_domain *d = page->rows[i];

        if (!i || opts->repeat_header)
            add_head(page, name, out);
        add_row(page, d, name, out);
        if (opts->vcpus)
            stock_vcpus(d->now, out);
        if (opts->networks)
            stock_vifs(d->now, out);
        if (opts->vbds)
            stock_vbds(d->now, out);
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

void batch_print(const struct top_options *opts, int format, bool first,
                 const struct change *c, struct str *out)
{
    AUTO_POOL struct pool *p = pool_new();
    struct page page = {.opts = opts, .c = c, .pool = p};

    page.rows = columns_select(&opts->selection, c, p, &page.n);
    if (format == TABLE_JSON)
        print_json(&page, out);
    else if (format == TABLE_CSV)
        print_csv(&page, first, out);
    else
        print_text(&page, out);
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

static struct err *show(const struct top_options *opts, int format, bool first,
                        const struct sample *was, const struct sample *now)
{
    AUTO_POOL struct pool *p = pool_new();
    AUTO_STR struct str out = STR_INIT(STR_MAX);

    batch_print(opts, format, first, change_between(was, now, p), &out);
    return write_out(&out);
}

struct err *top_batch_run(struct sampler *s, const struct top_options *opts,
                          int format)
{
    struct pool *before = NULL, *current = NULL;
    const struct sample *was = NULL, *taken = NULL;
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
        pool_free(before);
        before = current;
        was = taken;
        current = pool_new();
        e = sampler_take(s, current, &taken);
        if (!e)
            e = show(opts, format, !i, was, taken);
    }
    pool_free(before);
    pool_free(current);
    return e;
}
