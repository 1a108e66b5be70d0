/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd_lint: `xl lint`, everything wrong with configs. Opens neither libxl nor
 * XenStore, so it works on any machine.
 */
#include <stdio.h>

#include "lib/table.h"
#include "xl/cmds.h"
#include "xl/domain/lint.h"
#include "xl/xl.h"

struct lint_args {
    bool strict, no_host;
    int format;
    const char *first;
    struct slot_words files;
};

/* clang-format off */
static const struct slot lint_opts[] = {
    OPT(0, "strict", SLOT_FLAG(struct lint_args, strict),
        .doc = "Take warnings (unknown keys, missing files) for errors."),
    OPT(0, "no-host", SLOT_FLAG(struct lint_args, no_host),
        .doc = "Look at the text alone, not for files and bridges of this host."),
    OPT_FORMAT(struct lint_args),
    ARG("file", SLOT_WORD(struct lint_args, first), .unit = "FILE",
        .doc = "Config of a guest; - is standard input."),
    ARGS("files", SLOT_WORDS(struct lint_args, files), .unit = "FILE",
         .doc = "Further ones."),
    OPT_END,
};

static const struct table_col cols[] = {
    {.name = "file",    .doc = "The config."},
    {.name = "line",    .right = true, .doc = "Line of the complaint, from 1."},
    {.name = "column",  .right = true, .doc = "Column of it, from 1."},
    {.name = "level",   .doc = "error, warning or note."},
    {.name = "message", .doc = "What is wrong."},
    {.name = NULL},
};
/* clang-format on */

struct lint_run {
    const struct lint_args *args;
    struct xl *xl;
    struct str text;
    struct table *table;
    size_t n_errors, n_warnings;
};

static void add_rows(struct table *t, const struct value *complaints,
                     const char *path, struct pool *p)
{
    value_each(v, complaints)
    {
        static const char *const names[] = {"line", "column", "level",
                                            "message"};
        struct value *file = value_get(v, "file");

        table_row(t);
        table_str(t, file ? file->s.text : path);
        for (size_t i = 0; i < ARRAY_LEN(names); i++) {
            struct value *cell = value_get(v, names[i]);

            table_cell(t, cell ? value_copy(p, cell) : value_nil(p), NULL);
        }
    }
}

static void lint_one(struct lint_run *run, const char *path)
{
    struct pool *p = run->xl->pool;
    const struct lint how = {
        .defaults = &run->xl->conf.guest,
        .strict = run->args->strict,
        .no_host = run->args->no_host,
    };
    struct diags diags = {.pool = p};
    struct err *e = lint_file(path, &how, &diags);

    if (e)
        diag_err(&diags, (struct place){0}, e);
    diags_format(&diags, &run->text);
    add_rows(run->table, diags_to_value(&diags, p), path, p);
    run->n_errors += diags.n_errors;
    run->n_warnings += diags.n_warnings;
}

static void add_count(struct str *out, size_t n, const char *what)
{
    str_addf(out, "%zu %s%s", n, what, n == 1 ? "" : "s");
}

static struct err *report(struct lint_run *run)
{
    if (run->args->format != TABLE_TEXT) {
        TRY(table_show(run->table, run->args->format));
        return run->n_errors ? err_silent(1) : NULL;
    }
    if (run->n_errors + run->n_warnings) {
        add_count(&run->text, run->n_errors, "error");
        str_add(&run->text, ", ");
        add_count(&run->text, run->n_warnings, "warning");
        str_add(&run->text, "\n");
    }
    TRY(xl_print(&run->text));
    return run->n_errors ? err_silent(1) : NULL;
}

static struct err *run_lint(void *app, const void *args, struct pool *p)
{
    const struct lint_args *a = args;
    struct lint_run run = {
        .args = a,
        .xl = app,
        .text = STR_INIT(STR_MAX),
        .table = table_new(p, cols),
    };
    struct err *e;

    lint_one(&run, a->first);
    for (size_t i = 0; i < a->files.n; i++)
        lint_one(&run, a->files.list[i]);
    e = report(&run);
    str_done(&run.text);
    return e;
}

/* clang-format off */
const struct cmd cmds_lint[] = {
    {"lint", .run = run_lint, .opts = lint_opts,
     .args_size = sizeof(struct lint_args),
     .doc = "Report everything that is wrong with configs of guests.",
     .more = "Exit status 0: nothing wrong, or warnings alone; 1: errors."},
    {NULL},
};
/* clang-format on */
