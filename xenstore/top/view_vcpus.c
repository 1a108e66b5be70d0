/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view_vcpus: the page with a line a VCPU. Their order is that of the domains,
 * unless that is by CPU time, which VCPUs have themselves.
 */
#include <inttypes.h>
#include <string.h>

#include "xenstore/top/sparkline.h"
#include "xenstore/top/view.h"

struct vcpu {
    const char *name; /* of the domain */
    const struct sample_vcpu *now;
    double share; /* of a CPU; below 0: not known */
};

/* clang-format off */
static const struct {
    const char *head, *sort; /* the domains' column that orders by it */
    int col, width;
    bool right;
} heads[] = {
    {"DOMAIN", "name",        0,  20, false},
    {"VCPU",   NULL,          21, 4,  true},
    {"STATE",  NULL,          26, 7,  false},
    {"CPU",    NULL,          34, 4,  true},
    {"CPU(sec)", "cpu_seconds", 39, 10, true},
    {"CPU(%)", "cpu_percent", 50, 6,  true},
};
#define BAR_COL 58
/* clang-format on */

static int compare(const void *a_, const void *b_, void *by_time)
{
    const struct vcpu *a = ((const struct view_line *)a_)->about;
    const struct vcpu *b = ((const struct view_line *)b_)->about;

    if (*(bool *)by_time)
        return (a->now->ns < b->now->ns) - (a->now->ns > b->now->ns);
    return (a->share < b->share) - (a->share > b->share);
}

static void reverse_lines(struct view_lines *lines)
{
    for (size_t i = 0; i < lines->n / 2; i++) {
        struct view_line line = lines->list[i];

        lines->list[i] = lines->list[lines->n - 1 - i];
        lines->list[lines->n - 1 - i] = line;
    }
}

static void sort_lines(struct view_lines *lines)
{
    const struct selection *sel = &lines->view->opts.selection;
    bool by_time = sel->sort == column_find("cpu_seconds");

    if (!by_time && sel->sort != column_find("cpu_percent"))
        return;
    qsort_r(lines->list, lines->n, sizeof(*lines->list), compare, &by_time);
    if (sel->reverse)
        reverse_lines(lines);
}

static void add_domain(struct view_lines *lines, const struct change_domain *d)
{
    const struct change *c = lines->data->change;
    const char *name = domain_label(d->now, lines->pool);

    for (size_t i = 0; i < d->now->n_vcpus; i++) {
        struct vcpu *v = pool_new_of(lines->pool, struct vcpu);

        v->name = name;
        v->now = &d->now->vcpus[i];
        v->share = d->known && c->seconds > 0
                       ? change_rate(c, d->vcpu_ns[i]) / 1e9
                       : -1;
        view_add(lines, d->now->id, v->now->id)->about = v;
    }
}

static void fill(struct view_lines *lines)
{
    size_t n;
    const struct change_domain **rows = columns_select(
        &lines->view->opts.selection, lines->data->change, lines->pool, &n);

    lines->needs |= lines->view->opts.selection.sort->needs;
    for (size_t i = 0; i < n; i++)
        add_domain(lines, rows[i]);
    sort_lines(lines);
}

static void head(const struct view_lines *lines, int row)
{
    for (size_t i = 0; i < ARRAY_LEN(heads); i++)
        view_heading(lines, row, heads[i].col, heads[i].width, heads[i].right,
                     heads[i].head,
                     heads[i].sort ? column_find(heads[i].sort) : NULL);
}

static const char *state_of(const struct sample_vcpu *v)
{
    return !v->online   ? "offline"
           : v->running ? "running"
           : v->blocked ? "blocked"
                        : "waiting";
}

static void draw(const struct view_lines *lines, int row,
                 const struct view_line *line)
{
    const struct vcpu *v = line->about;
    struct pool *p = lines->pool;
    int room = lines->grid->cols - BAR_COL;
    const char *const texts[] = {
        v->name,
        pool_printf(p, "%" PRIu64, v->now->id),
        state_of(v->now),
        v->now->online ? pool_printf(p, "%" PRIu64, v->now->cpu) : "-",
        pool_printf(p, "%" PRIu64, v->now->ns / 1000000000),
        v->share < 0 ? "-" : pool_printf(p, "%.1f", 100 * v->share),
    };
    AUTO_STR struct str bar = STR_INIT(10000);

    for (size_t i = 0; i < ARRAY_LEN(heads); i++)
        grid_put_in(lines->grid, row, heads[i].col, heads[i].width,
                    heads[i].right, STYLE_PLAIN, texts[i]);
    sparkline_bar(v->share, room < 100 ? room : 100, lines->view->blocks, &bar);
    grid_put(lines->grid, row, BAR_COL, STYLE_GRAPH, str_text(&bar));
}

const struct view_page view_page_vcpus = {
    .name = "VCPUs",
    .doc = "A line a VCPU: where it runs, and how much of a CPU it has.",
    .needs = SAMPLE_VCPUS,
    .fill = fill,
    .head = head,
    .draw = draw,
};
