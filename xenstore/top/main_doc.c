/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* main_doc: xentop's options, its manual and its completion. */
#include <stdio.h>

#include "lib/doc.h"
#include "lib/table.h"
#include "xenstore/top/columns.h"
#include "xenstore/top/fields.h"
#include "xenstore/top/keys.h"
#include "xenstore/top/main.h"

/* clang-format off */
const struct slot main_opts[] = {
    OPT('d', "delay", SLOT_WORD(struct main_args, delay), .unit = "SECONDS",
        .doc = "Time between two readings (3); fractions are allowed."),
    OPT('i', "iterations", SLOT_INT(struct main_args, iterations), .min = 0, .max = 1000000000, .unit = "N",
        .doc = "End after N readings; 0: do not end."),
    OPT('b', "batch", SLOT_FLAG(struct main_args, batch),
        .doc = "Print readings on standard output instead of drawing a screen."),
    OPT('n', "networks", SLOT_FLAG(struct main_args, networks),
        .doc = "Show each domain's network cards."),
    OPT('x', "vbds", SLOT_FLAG(struct main_args, vbds),
        .doc = "Show each domain's disks."),
    OPT('v', "vcpus", SLOT_FLAG(struct main_args, vcpus),
        .doc = "Show each domain's virtual CPUs."),
    OPT('r', "repeat-header", SLOT_FLAG(struct main_args, repeat_header),
        .doc = "Repeat the headings before each domain."),
    OPT('f', "full-name", SLOT_FLAG(struct main_args, full_names),
        .doc = "Do not cut names."),
    OPT('z', "dom0-first", SLOT_FLAG(struct main_args, dom0_first),
        .doc = "Show Dom0 first, whatever the order."),
    OPT('s', "sort", SLOT_WORD(struct main_args, sort), .unit = "COLUMN",
        .doc = "Order by that column (name)."),
    OPT(0, "reverse", SLOT_FLAG(struct main_args, reverse),
        .doc = "Turn the order round."),
    OPT(0, "filter", SLOT_WORD(struct main_args, filter), .unit = "NAME",
        .doc = "Show only domains whose name has NAME in it or, with `*`, `?` or `[`, is like it; a number is an id, too."),
    OPT(0, "columns", SLOT_WORD(struct main_args, columns), .unit = "COLUMN,...",
        .doc = "Show these columns; `help` lists them."),
    OPT(0, "format", SLOT_CHOICE(struct main_args, format, table_formats), .unit = "text|json|csv",
        .doc = "With or without -b, print as text, JSON (an object a reading) or CSV (a line a domain)."),
    OPT(0, "listen", SLOT_WORD(struct main_args, listen), .unit = "ADDRESS:PORT",
        .doc = "Serve metrics over HTTP in the OpenMetrics and Prometheus formats instead of showing anything."),
    OPT(0, "user", SLOT_WORD(struct main_args, user), .unit = "NAME",
        .doc = "With --listen, who the part that talks to the network is (nobody)."),
    OPT(0, "record", SLOT_WORD(struct main_args, record), .unit = "FILE",
        .doc = "Append each reading to FILE."),
    OPT(0, "replay", SLOT_WORD(struct main_args, replay), .unit = "FILE",
        .doc = "Show the readings of a recorded FILE instead of this host's; no Xen is needed."),
    OPT('V', "version", SLOT_FLAG(struct main_args, version),
        .doc = "Print the version."),
    OPT_END,
};
/* clang-format on */

static void write_columns(struct doc *d)
{
    AUTO_STR struct str term = STR_INIT(1000), text = STR_INIT(4000);

    for (const struct column *col = columns; col->name; col++) {
        str_clear(&term);
        str_clear(&text);
        str_addf(&term, "%s", col->name);
        str_addf(&text, "`%s` %s", col->head, col->doc);
        if (col->unit)
            str_addf(&text, " In %s%s.", col->unit,
                     col->scale > 0 ? " (on a screen in k)" : "");
        doc_term(d, str_text(&term), str_text(&text));
    }
}

static void write_labels(const struct level *level, struct str *out)
{
    const char *between = "Labels: ";

    for (const struct field *f = level->fields; f->name; f++)
        if (f->metric == METRIC_LABEL) {
            str_addf(out, "%s`%s`", between, f->family);
            between = ", ";
        }
}

/* The families of a level and of those below it. */
static void write_families(struct doc *d, const struct level *level)
{
    for (const struct field *f = level->fields; f->name; f++) {
        AUTO_POOL struct pool *p = pool_new();
        bool counter = f->metric == METRIC_COUNTER;

        if (counter || f->metric == METRIC_GAUGE || f->metric == METRIC_STATES)
            doc_term(d,
                     pool_printf(p, "%s%s", f->family, counter ? "_total" : ""),
                     pool_printf(p, "%s (%s)", f->doc,
                                 counter ? "counter" : "gauge"));
    }
    for (const struct level *const *child = level->children; child && *child;
         child++) {
        AUTO_STR struct str labels = STR_INIT(1000);

        doc_subheading(d, (*child)->name);
        write_labels(*child, &labels);
        doc_para(d, str_text(&labels));
        write_families(d, *child);
    }
}

static void write_metrics(struct doc *d)
{
    doc_para(d, "`--listen ADDRESS:PORT` answers `GET /metrics`. One process "
                "keeps asking Xen and has nothing to do with the network; "
                "another, which is `nobody`, answers and has no access to "
                "anything. However many ask, and however slowly they read, Xen "
                "is asked once a second at most.\n\n"
                "Metrics of a domain and its devices have the domain's labels "
                "`id`, `name` and `uuid`. Directions are the guest's. What "
                "does not change is in the labels of the gauges "
                "`xen_host_info`, `xen_domain_info`, `xen_vif_info`, "
                "`xen_vbd_info` and `xen_cpupool_info`, which are 1.");
    write_families(d, &level_sample);
}

static void write_xentop(struct doc *d)
{
    doc_heading(d, "SYNOPSIS");
    doc_code(d, "xentop [OPTIONS]");
    doc_heading(d, "DESCRIPTION");
    doc_para(d,
             "Shows what the host and its domains do, again and again: on a "
             "terminal as a screen that obeys keys (`h` lists them), with "
             "-b as text, with --format as data, with --listen as metrics.\n\n"
             "Options, output of -b and keys are those of stock xentop, and "
             "more. XenStore is asked when something has changed there, not "
             "with each reading.");
    doc_heading(d, "OPTIONS");
    doc_opts(d, main_opts);
    doc_heading(d, "COLUMNS");
    doc_para(d, "Of --columns and --sort, by name or heading. Stock's come "
                "first; JSON and CSV have them under their names, with `id` "
                "and `uuid`, in the unit given.");
    write_columns(d);
    doc_heading(d, "KEYS");
    keys_write(d);
    doc_heading(d, "METRICS");
    write_metrics(d);
    doc_heading(d, "EXIT STATUS");
    doc_para(d, "0 for success, also after a signal that ends it; 1 for a "
                "failure and for a bad command line.");
    doc_heading(d, "SEE ALSO");
    doc_para(d, "xl(1), xenstore(1)");
}

static const struct doc_page pages[] = {
    {"xentop", 1, "show what the host and its domains do", write_xentop},
    {NULL},
};

static const struct doc_source sources[] = {
    {"column", "xentop --columns help 2>/dev/null | sed -n '2,$s/ .*//p'"},
    {"file", NULL},
    {NULL},
};

static const struct cmd *const families[] = {NULL};

static const struct doc_program program = {
    .name = "xentop",
    .global_opts = main_opts,
    .families = families,
    .sources = sources,
    .pages = pages,
};

struct err *main_doc(int argc, char *argv[], struct pool *p)
{
    AUTO_STR struct str out = STR_INIT(STR_MAX);
    struct doc_args args = {0};
    struct opt_parse parse = {0};

    TRY(opt_parse(doc_args_rows, argc, argv, &args, p, &parse));
    TRY(doc_print(&program, &args, &out));
    fputs(str_text(&out), stdout);
    return NULL;
}
