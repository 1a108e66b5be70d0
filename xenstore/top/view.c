/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* view: see view.h. Everything on a screen but the lines of its page. */
#include "xenstore/top/view.h"

#include <string.h>

#include "xenstore/top/keys.h"
#include "xenstore/top/layout.h"
#include "xenstore/top/sparkline.h"
#include "xenstore/top/stock.h"

const struct view_page *const view_pages[] = {
    &view_page_domains,
    &view_page_vcpus,
    &view_page_host,
    &view_page_help,
    NULL,
};

void view_init(struct view *v, const struct top_options *opts, bool utf8)
{
    *v = (struct view){
        .opts = *opts,
        .page = view_pages[0],
        .curve = column_find("cpu_percent"),
        .utf8 = utf8,
        .blocks = utf8,
        .cursor = -1,
        .mouse = true,
    };
    snprintf(v->filter, sizeof(v->filter), "%s",
             opts->selection.filter ? opts->selection.filter : "");
    v->opts.selection.filter = v->filter;
    if (!v->opts.selection.sort)
        v->opts.selection.sort = columns;
}

void view_done(struct view *v)
{
    free(v->open);
    v->open = NULL;
    v->n_open = 0;
}

bool view_is_open(const struct view *v, uint64_t id)
{
    bool listed = false;

    for (size_t i = 0; i < v->n_open && !listed; i++)
        listed = v->open[i] == id;
    return listed != v->all_open;
}

/* Under all_open the list is of those that are not. */
void view_toggle_open(struct view *v, uint64_t id)
{
    for (size_t i = 0; i < v->n_open; i++) {
        if (v->open[i] == id) {
            v->open[i] = v->open[--v->n_open];
            return;
        }
    }
    v->open = xrealloc(v->open, v->n_open + 1, sizeof(*v->open));
    v->open[v->n_open++] = id;
}

/* Domain ids come again: what is gone is closed. */
static void forget_gone(struct view *v, const struct sample *now)
{
    size_t n = 0;

    for (size_t i = 0; i < v->n_open; i++) {
        if (sample_domain(now, v->open[i]))
            v->open[n++] = v->open[i];
    }
    v->n_open = n;
}

/* ---- for pages ----------------------------------------------------------- */

struct view_line *view_add(struct view_lines *lines, uint64_t id, uint64_t sub)
{
    struct view_line *line;

    if (lines->n == lines->size) {
        lines->size = lines->size ? 2 * lines->size : 64;
        line = pool_alloc(lines->pool, lines->size * sizeof(*line));
        if (lines->n)
            memcpy(line, lines->list, lines->n * sizeof(*line));
        lines->list = line;
    }
    line = &lines->list[lines->n++];
    *line = (struct view_line){.mark = {id, sub}};
    return line;
}

struct view_line *view_add_text(struct view_lines *lines, uint64_t id,
                                uint64_t sub, int style, const char *fmt, ...)
{
    struct view_line *line = view_add(lines, id, sub);
    va_list ap;

    va_start(ap, fmt);
    line->text = pool_vprintf(lines->pool, fmt, ap);
    va_end(ap);
    line->style = (uint8_t)style;
    return line;
}

const char *view_amount(struct pool *p, double n)
{
    static const char units[] = " KMGTPE";
    unsigned unit = 0;

    for (; n >= 1000 && unit < sizeof(units) - 2; unit++)
        n /= 1024;
    if (!unit)
        return pool_printf(p, "%.0f", n);
    return pool_printf(p, "%.*f%c", n < 9.95 ? 1 : 0, n, units[unit]);
}

void view_heading(const struct view_lines *lines, int row, int col, int width,
                  bool right, const char *text, const struct column *sort)
{
    const struct selection *sel = &lines->view->opts.selection;
    int style = sort && sort == sel->sort ? STYLE_SORTED : STYLE_HEAD;

    grid_put_in(lines->grid, row, col, width, right, style, text);
    if (sort)
        grid_hot(lines->grid, row, col, col + width, key_for_heading(),
                 (int)(sort - columns));
}

/* ---- the lines above ----------------------------------------------------- */

#define HEAD_ROWS 3 /* above the heading */

/* At the right end, unless it would cover what stands there up to COL. */
static void put_right(struct grid *g, int row, int col, int style,
                      const char *text)
{
    int start = g->cols - grid_width(g, text);

    if (*text && start > col + 1)
        grid_put(g, row, start, style, text);
}

/* What is not as usual: page, filter, order, frozen. */
static void draw_state(const struct view *v, struct grid *g, int col)
{
    const struct selection *sel = &v->opts.selection;
    AUTO_STR struct str s = STR_INIT(1000);

    if (v->page != view_pages[0])
        str_addf(&s, "  %s", v->page->name);
    if (*v->filter)
        str_addf(&s, "  filter: %s", v->filter);
    if (sel->sort != columns || sel->reverse)
        str_addf(&s, "  by %s%s", sel->sort->head,
                 sel->reverse ? " reversed" : "");
    put_right(g, 0, col, STYLE_ON, str_text(&s));
    if (v->frozen)
        grid_put(g, 0, col + 2, STYLE_WARN, "FROZEN");
}

static void draw_curve(const struct view *v, const struct view_data *data,
                       struct grid *g, int col)
{
    double figures[HISTORY_LENGTH];
    AUTO_STR struct str s = STR_INIT(1000);
    int room = g->cols - col - 16;
    size_t n;

    if (room < 8 || !data->history || !(data->change->seconds > 0))
        return;
    room = room < 60 ? room : 60;
    n = history_get_host(data->history, (size_t)room, figures);
    str_addf(&s, "CPUs %5.1f%% ", 100 * data->change->busy);
    sparkline(figures, n, room, 1, v->blocks, &s);
    put_right(g, 1, col, STYLE_GRAPH, str_text(&s));
}

static void draw_summary(const struct view *v, const struct view_data *data,
                         struct grid *g)
{
    const struct sample *now = data->change->now;
    int col;

    col = grid_put(g, 0, 0, STYLE_PLAIN, stock_title(now, g->pool));
    draw_state(v, g, col);
    col = grid_put(g, 1, 0, STYLE_PLAIN, stock_domains(now, g->pool));
    draw_curve(v, data, g, col);
    grid_put(g, 2, 0, STYLE_PLAIN, stock_memory(now, g->pool));
}

/* ---- the lines below ----------------------------------------------------- */

/* What does not answer, or NULL. */
static const char *trouble(const struct view *v, const struct view_data *data,
                           struct pool *p)
{
    const struct sample *now = data->change ? data->change->now : NULL;
    double age = data->age;

    if (data->problem && now)
        return pool_printf(p, "No reading for %.0f s: %s", age, data->problem);
    if (data->problem)
        return data->problem;
    if (now && age > 2 * v->opts.delay + 3 && !v->frozen)
        return pool_printf(p, "No reading for %.0f s: still waiting", age);
    if (now && now->store_age > 0)
        return pool_printf(p,
                           "XenStore has not answered for %.0f s: names and "
                           "devices are as they were then",
                           now->store_age);
    return NULL;
}

/* What the line above the keys says, NULL: there is none. */
static const char *message_of(struct view *v, const struct view_data *data,
                              int *style, struct pool *p)
{
    const char *text = trouble(v, data, p);

    *style = text ? STYLE_BAD : STYLE_WARN;
    if (!text && v->troubled)
        snprintf(v->message, sizeof(v->message),
                 "All that did not answer "
                 "answers again");
    v->troubled = text;
    if (*v->message) {
        *style = STYLE_WARN;
        return v->message;
    }
    return text;
}

static const char *const prompts[] = {
    [PROMPT_DELAY] = "Delay(sec): ",
    [PROMPT_FILTER] = "Filter (part of a name, pattern or id): ",
};

static void draw_prompt(const struct view *v, struct grid *g, int row)
{
    int col = grid_put(g, row, 0, STYLE_KEY, prompts[v->prompt]);

    col = grid_put(g, row, col, STYLE_PLAIN, v->text);
    grid_put(g, row, col, STYLE_SELECTED, " ");
}

static void draw_keys(const struct view *v, struct grid *g, int row)
{
    int col = 2;

    for (const struct key *k = keys; k->names; k++) {
        const char *mark = k->label ? key_mark(k) : NULL;
        int width, style = k->is_on && k->is_on(v) ? STYLE_ON : STYLE_PLAIN;

        if (!mark)
            continue;
        width = grid_width(g, k->label);
        if (col + width > g->cols)
            break;
        grid_put(g, row, col, style, k->label);
        grid_style(g, row, col + (int)(mark - k->label),
                   col + (int)(mark - k->label) + 1, STYLE_KEY);
        grid_hot(g, row, col, col + width, (int)(k - keys), k->arg);
        col += width + 2;
    }
}

/* ---- the page ------------------------------------------------------------ */

static int find_mark(const struct view_lines *lines, struct view_mark mark)
{
    int best = -1;

    for (size_t i = 0; i < lines->n; i++) {
        const struct view_line *line = &lines->list[i];

        if (line->head || line->mark.id != mark.id)
            continue;
        if (line->mark.sub == mark.sub)
            return (int)i;
        if (best < 0)
            best = (int)i;
    }
    return best;
}

/* The cursor stays with its line; when that is gone, in its place. */
static void settle_cursor(struct view *v, const struct view_lines *lines)
{
    int n = (int)lines->n, at;

    if (v->cursor < 0)
        return;
    at = find_mark(lines, v->mark);
    v->cursor = at >= 0 ? at : v->cursor < n ? v->cursor : n - 1;
    while (v->cursor >= 0 && lines->list[v->cursor].head)
        v->cursor += v->cursor + 1 < n ? 1 : -1 - v->cursor;
    if (v->cursor >= 0)
        v->mark = lines->list[v->cursor].mark;
}

/* Columns by which a line of text is scrolled as one column of a table is. */
#define TEXT_STEP 8

/* How often the lines in sight can be scrolled until all of them was seen. */
static int text_skip(const struct view_lines *lines, int first, int n)
{
    int widest = 0;

    for (int i = first; i < first + n && i < (int)lines->n; i++) {
        const char *text = lines->list[i].text;
        int width = text ? grid_width(lines->grid, text) : 0;

        widest = width > widest ? width : widest;
    }
    return (widest - lines->grid->cols + TEXT_STEP - 1) / TEXT_STEP;
}

static void draw_line(const struct view_lines *lines, int row, int i)
{
    const struct view_line *line = &lines->list[i];
    struct grid *g = lines->grid;

    if (line->text)
        grid_put(g, row, -TEXT_STEP * lines->view->skip, line->style,
                 line->text);
    else
        lines->view->page->draw(lines, row, line);
    if (line->head)
        return;
    if (i == lines->view->cursor)
        grid_style(g, row, 0, g->cols, STYLE_SELECTED);
    grid_hot(g, row, 0, g->cols, key_for_line(), i);
}

static void fill_page(struct view *v, struct view_lines *lines)
{
    int skip;

    v->page->fill(lines);
    v->needs |= lines->needs;
    v->lines = lines->list;
    v->n_lines = (int)lines->n;
    settle_cursor(v, lines);
    v->top = layout_top(v->top, v->n_lines, v->body, v->cursor);
    skip = text_skip(lines, v->top, v->body);
    v->n_skip = lines->n_skip > skip ? lines->n_skip : skip;
    if (v->skip > v->n_skip)
        v->skip = v->n_skip;
}

static void draw_page(struct view *v, struct view_lines *lines)
{
    fill_page(v, lines);
    grid_clear(lines->grid, HEAD_ROWS, 0, lines->grid->cols, STYLE_HEAD);
    v->page->head(lines, HEAD_ROWS);
    for (int i = 0; i < v->body && v->top + i < v->n_lines; i++)
        draw_line(lines, HEAD_ROWS + 1 + i, v->top + i);
}

struct grid *view_draw(struct view *v, const struct view_data *data, int rows,
                       int cols, struct pool *p)
{
    struct grid *g = grid_new(p, rows, cols, v->utf8);
    struct view_lines lines = {.view = v, .data = data, .pool = p, .grid = g};
    int style;
    const char *message = message_of(v, data, &style, p);
    int body = g->rows - HEAD_ROWS - 2 - !!message;

    v->rows = g->rows;
    v->cols = g->cols;
    v->body = body > 1 ? body : 1;
    v->n_lines = 0;
    v->needs = v->page->needs | (v->curve ? v->curve->needs : 0);
    if (data->change) {
        forget_gone(v, data->change->now);
        draw_summary(v, data, g);
    }
    if (data->change || v->page->no_change)
        draw_page(v, &lines);
    else if (!message)
        grid_put(g, 0, 0, STYLE_PLAIN,
                 "xentop - waiting for the first reading");
    if (message) {
        grid_clear(g, g->rows - 2, 0, g->cols, style);
        grid_put(g, g->rows - 2, 0, style, message);
    }
    grid_clear(g, g->rows - 1, 0, g->cols, STYLE_PLAIN);
    if (v->prompt)
        draw_prompt(v, g, g->rows - 1);
    else
        draw_keys(v, g, g->rows - 1);
    return g;
}
