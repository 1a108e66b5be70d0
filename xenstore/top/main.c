/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * xentop: the command line. Puts together what is read (Xen, or a file) and
 * what is done with it (screen, batch, exporter). Every failure is exit status
 * 1, as with stock xentop.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "lib/table.h"
#include "xenstore/top/batch.h"
#include "xenstore/top/export.h"
#include "xenstore/top/main.h"

#define DELAY 3.0
#define DELAY_MAX 86400.0

/* ---- options ------------------------------------------------------------- */

static struct err *find_column(const char *name, const struct column **ret)
{
    const struct column *col = column_find(name);
    const char *nearest = column_nearest(name);

    if (!col && nearest)
        return ERR_AS(usage, "there is no column '%s': did you mean '%s'?",
                      name, nearest);
    if (!col)
        return ERR_AS(usage,
                      "there is no column '%s': see 'xentop --columns help'",
                      name);
    *ret = col;
    return NULL;
}

static void add_column(struct top_options *opts, const struct column *col,
                       struct pool *p)
{
    *pool_push(p, opts->columns, opts->n_columns) = col;
}

/* Instead of drawing a screen, which chooses columns by its width. */
static bool prints(const struct main_args *args)
{
    return args->batch || args->format != TABLE_TEXT;
}

/* Stock's; in data, what tells domains apart before them. */
static void default_columns(struct top_options *opts, int format,
                            struct pool *p)
{
    if (format != TABLE_TEXT) {
        add_column(opts, column_find("id"), p);
        add_column(opts, column_find("uuid"), p);
    }
    for (const struct column *col = columns; col->name; col++)
        if (col->flags & COLUMN_STOCK)
            add_column(opts, col, p);
}

static struct err *read_columns(const struct main_args *args,
                                struct top_options *opts, struct pool *p)
{
    const struct column *col;
    char **names;
    size_t n;

    if (!args->columns) {
        if (prints(args))
            default_columns(opts, args->format, p);
        return NULL;
    }
    names = text_split(p, args->columns, ',', &n);
    for (size_t i = 0; i < n; i++) {
        TRY(find_column(names[i], &col));
        add_column(opts, col, p);
    }
    return NULL;
}

static struct err *read_options(const struct main_args *args,
                                struct top_options *opts, struct pool *p)
{
    opts->delay = DELAY;
    if (args->delay)
        TRY(err_wrap(text_to_double(args->delay, 0, DELAY_MAX, &opts->delay),
                     "--delay"));
    opts->iterations = args->iterations;
    opts->networks = args->networks;
    opts->vbds = args->vbds;
    opts->vcpus = args->vcpus;
    opts->repeat_header = args->repeat_header;
    opts->full_names = args->full_names;
    opts->selection.reverse = args->reverse;
    opts->selection.filter = args->filter;
    opts->selection.dom0_first = args->dom0_first;
    if (args->sort)
        TRY(find_column(args->sort, &opts->selection.sort));
    if (args->format == TABLE_CSV &&
        (args->networks || args->vbds || args->vcpus))
        return ERR_AS(usage, "CSV has a line a domain: -n, -v and -x are for "
                             "text and JSON");
    return read_columns(args, opts, p);
}

/* What has to be read for what is shown. */
static unsigned parts_of(const struct top_options *opts)
{
    unsigned parts = (opts->networks ? SAMPLE_VIFS : 0) |
                     (opts->vbds ? SAMPLE_VBDS : 0) |
                     (opts->vcpus ? SAMPLE_VCPUS : 0);

    for (size_t i = 0; i < opts->n_columns; i++)
        parts |= opts->columns[i]->needs;
    if (opts->selection.sort)
        parts |= opts->selection.sort->needs;
    return parts;
}

/* ---- what it does -------------------------------------------------------- */

static struct err *list_columns(int format, struct pool *p)
{
    static const struct table_col cols[] = {
        {.name = "column"},  {.name = "heading"}, {.name = "unit"},
        {.name = "meaning"}, {.name = NULL},
    };
    struct table *t = table_new(p, cols);

    for (const struct column *col = columns; col->name; col++) {
        table_row(t);
        table_str(t, col->name);
        table_str(t, col->head);
        table_str(t, col->unit);
        table_str(t, col->doc);
    }
    return table_show(t, format);
}

static struct err *open_sampler(const struct main_args *args, unsigned parts,
                                struct sampler **ret)
{
    if (args->replay)
        TRY(sampler_replay(args->replay, ret));
    else
        TRY(sampler_open(parts, args->iterations == 1, ret));
    return args->record ? sampler_record(ret, args->record) : NULL;
}

static struct err *show(const struct main_args *args, struct pool *p)
{
    AUTO_SAMPLER struct sampler *sampler = NULL;
    struct top_options opts = {0};

    TRY(read_options(args, &opts, p));
    TRY(open_sampler(args, prints(args) ? parts_of(&opts) : SAMPLE_ALL,
                     &sampler));
    if (prints(args))
        return top_batch_run(sampler, &opts, args->format);
    return top_screen_run(sampler, &opts);
}

static struct err *serve(const struct main_args *args)
{
    AUTO_SAMPLER struct sampler *sampler = NULL;

    TRY(open_sampler(args, SAMPLE_ALL, &sampler));
    return top_export_run(sampler, args->listen,
                          args->user ? args->user : "nobody");
}

static struct err *show_help(void)
{
    AUTO_STR struct str text = STR_INIT(STR_MAX);

    str_add(&text, "Usage: xentop [OPTIONS]\n\n"
                   "Shows what the host and its domains do.\n\nOptions:\n");
    opt_help(main_opts, &text);
    fputs(str_text(&text), stdout);
    return NULL;
}

static struct err *run(int argc, char *argv[], struct pool *p)
{
    struct main_args args = {0};
    struct opt_parse parse = {0};

    if (argc > 1 && !strcmp(argv[1], "__doc"))
        return main_doc(argc - 1, argv + 1, p);
    TRY(opt_parse(main_opts, argc, argv, &args, p, &parse));
    if (parse.help)
        return show_help();
    if (args.version) {
        puts("xentop of dom0kit, for Xen 4.17");
        return NULL;
    }
    if (args.columns && !strcmp(args.columns, "help"))
        return list_columns(args.format, p);
    return args.listen ? serve(&args) : show(&args, p);
}

int main(int argc, char *argv[])
{
    struct pool *p = pool_new();
    struct err *e;

    signal(SIGPIPE, SIG_IGN);
    e = run(argc, argv, p);
    if (!e && fflush(stdout))
        e = ERR("cannot write to standard output");
    if (e && !err_is(e, &err_kind_reported) && *err_text(e))
        fprintf(stderr, "xentop: %s\n", err_text(e));
    pool_free(p);
    if (!e)
        return 0;
    err_free(e);
    return 1;
}
