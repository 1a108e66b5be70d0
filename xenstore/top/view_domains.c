/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view_domains: the page that is stock's screen: a table of domains, with the
 * columns that there is room for, a curve each, and below a domain what was
 * asked for: stock's lines, or all that belongs to it as a tree.
 */
#include <limits.h>
#include <math.h>
#include <string.h>

#include "xenstore/top/layout.h"
#include "xenstore/top/sparkline.h"
#include "xenstore/top/stock.h"
#include "xenstore/top/view_tree.h"

/* Name and curve have this part of a wide screen before less important columns
 * have any. */
#define SHARE 8
#define CURVE_MIN 10
#define CURVE_RANK 7
#define NAME_MAX_ROOM 40

/* Columns are those of columns.h, and at last the curve, which is none. */
struct table {
    const struct column **columns; /* NULL: the curve */
    struct layout_item *items;
    struct layout_place *places;
    size_t n, n_placed;
    const struct column **unknown; /* left out: nothing is known of them */
    size_t n_unknown;
    double curve_top;
};

/* ---- which columns ------------------------------------------------------- */

/* Stock's are always there; of others, something has to be known. */
static bool is_known(const struct view_lines *lines, const struct column *col)
{
    const struct change *c = lines->data->change;

    if (col->flags & COLUMN_STOCK || col->needs & ~(unsigned)c->now->parts)
        return true;
    for (size_t i = 0; i < c->n_domains; i++)
        if (column_is_known(col, c, &c->domains[i]))
            return true;
    return false;
}

static int name_room(const struct view_lines *lines)
{
    const struct change *c = lines->data->change;
    int room = 0;

    for (size_t i = 0; i < c->n_domains; i++) {
        int width = grid_width(lines->grid,
                               domain_label(c->domains[i].now, lines->pool));

        room = width > room ? width : room;
    }
    return lines->view->opts.full_names || room < NAME_MAX_ROOM ? room
                                                                : NAME_MAX_ROOM;
}

static struct layout_item name_item(const struct view_lines *lines)
{
    struct layout_item item = {columns[0].width, name_room(lines), 1};
    int room =
        lines->view->opts.full_names ? item.grow_to : lines->grid->cols / SHARE;

    room = room < item.grow_to ? room : item.grow_to;
    item.width = room > item.width ? room : item.width;
    return item;
}

static void add_column(struct table *t, struct view_lines *lines,
                       const struct column *col, int rank)
{
    t->columns[t->n] = col;
    t->items[t->n++] = col == columns
                           ? name_item(lines)
                           : (struct layout_item){col->width, 0, rank};
}

static void add_columns(struct table *t, struct view_lines *lines)
{
    const struct top_options *opts = &lines->view->opts;

    for (size_t i = 0; i < opts->n_columns; i++)
        add_column(t, lines, opts->columns[i], (int)i + 1);
    for (const struct column *col = columns; !opts->n_columns && col->name;
         col++) {
        if (col->rank && is_known(lines, col))
            add_column(t, lines, col, col->rank);
        else if (col->rank)
            t->unknown[t->n_unknown++] = col;
    }
}

static void add_curve(struct table *t, const struct view_lines *lines)
{
    const struct view *v = lines->view;
    int width = lines->grid->cols / SHARE;

    if (!v->curve || !lines->data->history)
        return;
    width = width > CURVE_MIN ? width : CURVE_MIN;
    t->items[t->n++] = (struct layout_item){
        width, HISTORY_LENGTH, v->opts.n_columns ? INT_MAX - 1 : CURVE_RANK};
    t->curve_top = history_top(lines->data->history);
}

/* The lowest rank that there was no room for. */
static int first_left_out(const struct table *t)
{
    int rank = INT_MAX;

    for (size_t i = 0, placed = 0; i < t->n; i++) {
        if (placed < t->n_placed && t->places[placed].item == i)
            placed++;
        else if (t->items[i].rank < rank)
            rank = t->items[i].rank;
    }
    return rank;
}

/* What is unknown and would have room is read as well: else it would seem to be
 * known as soon as it is not read any more, and come and go. */
static unsigned needs_of(const struct table *t)
{
    int left_out = first_left_out(t);
    unsigned needs = 0;

    for (size_t i = 0; i < t->n_placed; i++) {
        const struct column *col = t->columns[t->places[i].item];

        needs |= col ? col->needs : 0;
    }
    for (size_t i = 0; i < t->n_unknown; i++)
        needs |= t->unknown[i]->rank < left_out ? t->unknown[i]->needs : 0;
    return needs;
}

static struct table *make_table(struct view_lines *lines)
{
    struct table *t = pool_new_of(lines->pool, struct table);
    size_t max = lines->view->opts.n_columns + 2;

    for (const struct column *col = columns; col->name; col++)
        max++;
    t->columns = pool_alloc(lines->pool, max * sizeof(*t->columns));
    t->items = pool_alloc(lines->pool, max * sizeof(*t->items));
    t->places = pool_alloc(lines->pool, max * sizeof(*t->places));
    t->unknown = pool_alloc(lines->pool, max * sizeof(*t->unknown));
    add_columns(t, lines);
    add_curve(t, lines);
    t->n_placed = layout_place(t->items, t->n, lines->grid->cols,
                               (size_t)lines->view->skip, t->places);
    lines->n_skip = t->n > 2 ? (int)t->n - 2 : 0;
    lines->needs |= needs_of(t);
    return t;
}

/* ---- lines --------------------------------------------------------------- */

enum line_sub {
    SUB_DOMAIN = 0,
    SUB_STOCK = 1,
    SUB_TREE = 100000,
    SUB_HEAD = 1000000,
};

static void add_stock_lines(struct view_lines *lines,
                            const struct sample_domain *d)
{
    const struct top_options *opts = &lines->view->opts;
    AUTO_STR struct str s = STR_INIT(STR_MAX);
    char **parts;
    size_t n = 0;

    if (opts->vcpus && d->n_vcpus)
        stock_vcpus(d, &s);
    if (opts->networks)
        stock_vifs(d, &s);
    if (opts->vbds)
        stock_vbds(d, &s);
    if (!s.len)
        return;
    parts = text_split(lines->pool, str_text(&s), '\n', &n);
    for (size_t i = 0; i + 1 < n; i++)
        view_add_text(lines, d->id, SUB_STOCK + i, STYLE_DIM, "%s", parts[i]);
}

static void add_domain(struct view_lines *lines, const struct change_domain *d,
                       bool first)
{
    if (lines->view->opts.repeat_header && !first)
        view_add(lines, d->now->id, SUB_HEAD)->head = true;
    view_add(lines, d->now->id, SUB_DOMAIN)->about = d;
    add_stock_lines(lines, d->now);
    if (view_is_open(lines->view, d->now->id))
        view_tree(lines, d, SUB_TREE);
}

static void fill(struct view_lines *lines)
{
    const struct top_options *opts = &lines->view->opts;
    size_t n;
    const struct change_domain **rows =
        columns_select(&opts->selection, lines->data->change, lines->pool, &n);

    lines->own = make_table(lines);
    lines->needs |= opts->selection.sort->needs;
    lines->needs |= opts->vcpus ? SAMPLE_VCPUS : 0;
    lines->needs |= opts->networks ? SAMPLE_VIFS : 0;
    lines->needs |= opts->vbds ? SAMPLE_VBDS : 0;
    if (lines->view->n_open || lines->view->all_open)
        lines->needs |= view_tree_needs;
    for (size_t i = 0; i < n; i++)
        add_domain(lines, rows[i], !i);
    if (!n)
        view_add_text(lines, 0, SUB_HEAD, STYLE_DIM,
                      "No domain matches the filter '%s'.", lines->view->filter)
            ->head = true;
}

/* ---- drawing ------------------------------------------------------------- */

static void curve_head(const struct view_lines *lines, int row,
                       const struct layout_place *place)
{
    const struct column *col = lines->view->curve;
    const char *text = pool_printf(lines->pool, "~%s, %.0f s", col->head,
                                   place->width * lines->view->opts.delay);

    if (grid_width(lines->grid, text) > place->width)
        text = pool_printf(lines->pool, "~%s", col->head);
    view_heading(lines, row, place->col, place->width, false, text, NULL);
}

static void head(const struct view_lines *lines, int row)
{
    const struct table *t = lines->own;

    for (size_t i = 0; i < t->n_placed; i++) {
        const struct layout_place *place = &t->places[i];
        const struct column *col = t->columns[place->item];

        if (col)
            view_heading(lines, row, place->col, place->width,
                         !(col->flags & COLUMN_LEFT), col->head, col);
        else
            curve_head(lines, row, place);
    }
}

static void draw_curve(const struct view_lines *lines, int row,
                       const struct layout_place *place,
                       const struct change_domain *d)
{
    const struct table *t = lines->own;
    AUTO_STR struct str s = STR_INIT(10000);
    double figures[HISTORY_LENGTH];
    size_t n =
        history_get(lines->data->history, d->now, HISTORY_LENGTH, figures);

    sparkline(figures, n, place->width, t->curve_top, lines->view->blocks, &s);
    grid_put(lines->grid, row, place->col, STYLE_GRAPH, str_text(&s));
}

static int style_of(const struct sample_domain *d)
{
    if (d->states & STATE_CRASHED)
        return STYLE_BAD;
    return d->states & (STATE_DYING | STATE_PAUSED | STATE_SHUTDOWN)
               ? STYLE_WARN
               : STYLE_PLAIN;
}

static void draw(const struct view_lines *lines, int row,
                 const struct view_line *line)
{
    const struct change_domain *d = line->about;
    const struct table *t = lines->own;

    if (line->head) {
        grid_clear(lines->grid, row, 0, lines->grid->cols, STYLE_HEAD);
        head(lines, row);
        return;
    }
    for (size_t i = 0; i < t->n_placed; i++) {
        const struct layout_place *place = &t->places[i];
        const struct column *col = t->columns[place->item];
        AUTO_STR struct str s = STR_INIT(10000);

        if (!col) {
            draw_curve(lines, row, place, d);
            continue;
        }
        column_text(col, lines->data->change, d, &s);
        grid_put_in(lines->grid, row, place->col, place->width,
                    !(col->flags & COLUMN_LEFT), style_of(d->now),
                    str_text(&s));
    }
}

const struct view_page view_page_domains = {
    .name = "Domains",
    .doc = "A line a domain.",
    .fill = fill,
    .head = head,
    .draw = draw,
};
