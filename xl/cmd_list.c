/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd_list: `xl list`, the domains of this host. The plain list does without
 * libxl, which is most of why it is quick.
 */
#include "lib/table.h"
#include "xenstore/store.h"
#include "xl/cmds.h"
#include "xl/config.h"
#include "xl/domain/current.h"
#include "xl/domain/domains.h"
#include "xl/ranges.h"
#include "xl/xl.h"

struct list_args {
    bool whole, verbose, context, cpupool, numa;
    int format;
    struct slot_words domains;
};

/* clang-format off */
static const struct slot list_opts[] = {
    OPT('l', "long", SLOT_FLAG(struct list_args, whole),
        .doc = "All details, as JSON."),
    OPT('v', "verbose", SLOT_FLAG(struct list_args, verbose),
        .doc = "Also uuids, shutdown reasons and security labels."),
    OPT('Z', "context", SLOT_FLAG(struct list_args, context),
        .doc = "Also security labels."),
    OPT('c', "cpupool", SLOT_FLAG(struct list_args, cpupool),
        .doc = "Also the CPU pool each is in."),
    OPT('n', "numa", SLOT_FLAG(struct list_args, numa),
        .doc = "Also the NUMA nodes each has affinity with."),
    OPT_FORMAT(struct list_args),
    ARGS("domain", SLOT_WORDS(struct list_args, domains),
         .doc = "Only these: names, ids or uuids."),
    OPT_END,
};

/* Which columns there are depends on the options: WHEN one is NULL, always. */
static const struct table_col
    col_name    = {"name", "Name                                    ", "%-40s",
                   .doc = "Name of the domain."},
    col_id      = {"id", "    ID", " %5d", .doc = "Its id."},
    col_memory  = {"memory_mb", "   Mem", " %5d", .doc = "Memory it has, in MB."},
    col_vcpus   = {"vcpus", " VCPUs", " %5d", .doc = "Virtual CPUs online."},
    col_state   = {"state", "\tState", "     %s",
                   .doc = "r running, b blocked, p paused, s shut down, c crashed, d dying."},
    col_time    = {"time_s", "\tTime(s)", "  %8.1f", .doc = "CPU time used, in seconds."},
    col_uuid    = {"uuid", "   UUID                            Reason-Code\tSecurity Label", " %s",
                   .doc = "Its uuid."},
    col_reason  = {"shutdown_reason", "", " %8s", .doc = "Why it shut down; none while it runs."},
    col_label   = {"security_label", "", " %16s", .doc = "Label of Xen's security module."},
    col_label_1 = {"security_label", "   Security Label", " %16s",
                   .doc = "Label of Xen's security module."},
    col_pool    = {"cpupool", "         Cpupool", " %15s", .doc = "CPU pool it is in."},
    col_nodes   = {"node_affinity", " NODE Affinity", " %s", .doc = "NUMA nodes it has affinity with."};
/* clang-format on */

struct listing {
    struct xl *xl;
    struct host *host;
    const struct list_args *args;
    struct pool *pool;
    struct domains all;
    struct domain *shown; /* what the arguments chose, in their order */
    size_t n_shown;
    struct table *table;
};

static bool wants_labels(const struct list_args *a)
{
    return a->verbose || a->context;
}

static void make_table(struct listing *l)
{
    const struct list_args *a = l->args;
    struct table_col *cols = pool_alloc(l->pool, 12 * sizeof(*cols));
    size_t n = 0;

    cols[n++] = col_name;
    cols[n++] = col_id;
    cols[n++] = col_memory;
    cols[n++] = col_vcpus;
    cols[n++] = col_state;
    cols[n++] = col_time;
    cols[n++] = col_uuid;
    cols[n++] = col_reason;
    if (wants_labels(a))
        cols[n++] = a->verbose ? col_label : col_label_1;
    if (a->cpupool)
        cols[n++] = col_pool;
    if (a->numa)
        cols[n++] = col_nodes;
    l->table = table_new(l->pool, cols);
    if (!a->verbose) {
        table_hide(l->table, "uuid");
        table_hide(l->table, "shutdown_reason");
    }
}

static void add_label(struct listing *l, const struct domain *d)
{
    char label[256] = "";

    if (xc_flask_sid_to_context(l->host->xc, (int)d->info.ssidref, label,
                                sizeof(label) - 1))
        table_str(l->table, NULL);
    else
        table_str(l->table, label);
}

static struct err *add_cpupool(struct listing *l, const struct domain *d)
{
    const char *path =
        pool_printf(l->pool, "/local/pool/%u/name", d->info.cpupool);
    char *name;

    TRY(store_read(l->host->store, l->pool, path, &name));
    table_str(l->table, name ? name : "");
    return NULL;
}

static struct err *add_nodes(struct listing *l, const struct domain *d)
{
    xc_physinfo_t info = {0};
    AUTO_FREE xc_nodemap_t nodes = xc_nodemap_alloc(l->host->xc);
    int size = xc_get_nodemap_size(l->host->xc);
    const libxl_bitmap map = {.size = (uint32_t)size, .map = nodes};

    if (!nodes || xc_physinfo(l->host->xc, &info) ||
        xc_domain_node_getaffinity(l->host->xc, d->id, nodes))
        return ERR("cannot ask Xen for the node affinity of domain %u", d->id);
    table_str(l->table, ranges_text(l->pool, &map, (int)info.nr_nodes));
    return NULL;
}

static struct err *add_row(struct listing *l, const struct domain *d)
{
    int reason = domain_shutdown_reason(d);
    struct table *t = l->table;
    struct pool *p = l->pool;

    table_row(t);
    if (d->name)
        table_str(t, d->name);
    else
        table_cell(t, value_nil(p), "(null)");
    table_int(t, d->id);
    table_int(t, (int64_t)(domain_memory_kb(d) / 1024));
    table_int(t, d->info.nr_online_vcpus);
    table_str(t, domain_state(p, d));
    table_double(t, (double)d->info.cpu_time / 1e9);
    table_str(t, uuid_text(p, &d->uuid));
    if (reason < 0)
        table_cell(t, value_nil(p), "-");
    else
        table_cell(t, value_int(p, reason), pool_printf(p, "%x", reason));
    if (wants_labels(l->args))
        add_label(l, d);
    if (l->args->cpupool)
        TRY(add_cpupool(l, d));
    if (l->args->numa)
        TRY(add_nodes(l, d));
    return NULL;
}

/* Names are read when all is shown; a choice by id needs its own alone. */
static struct err *choose(struct listing *l)
{
    const struct slot_words *words = &l->args->domains;

    TRY(domains_read(l->host, l->pool, &l->all));
    if (!words->n) {
        l->shown = l->all.list;
        l->n_shown = l->all.n;
    }
    for (size_t i = 0; i < words->n; i++) {
        struct domain *d = NULL;

        TRY(find_in(l->xl, &l->all, words->list[i], &d));
        *pool_push(l->pool, l->shown, l->n_shown) = *d;
    }
    return NULL;
}

static struct err *run_list(void *app, const void *args, struct pool *p)
{
    struct listing l = {.xl = app, .args = args, .pool = p};

    if (l.args->whole && l.args->format == TABLE_CSV)
        return ERR_AS(usage, "-l is JSON: it cannot be CSV");
    TRY(xl_host_quick(app, &l.host));
    TRY(choose(&l));
    if (l.args->whole) {
        AUTO_STR struct str out = STR_INIT(STR_MAX);
        struct host *h;

        TRY(config_check_format(app));
        TRY(xl_host(app, &h));
        TRY(current_configs(h, l.shown, l.n_shown, p, &out));
        str_addc(&out, '\n');
        return xl_print(&out);
    }
    make_table(&l);
    TRY(domains_name(l.host, p, l.shown, l.n_shown));
    for (size_t i = 0; i < l.n_shown; i++)
        TRY(add_row(&l, &l.shown[i]));
    return table_show(l.table, l.args->format);
}

/* clang-format off */
const struct cmd cmds_list[] = {
    {"list", NULL, run_list, list_opts, sizeof(struct list_args), 0,
     "List information about all or some domains."},
    {.name = NULL},
};
/* clang-format on */
