/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* keys: see keys.h. The rows, and what each of them does to the state. */
#include "xenstore/top/keys.h"

#include <ctype.h>
#include <string.h>

#include "xenstore/top/keys_prompt.h"

#define PRESS(name) \
    static void name(struct view *v, const struct view_data *data, int arg)
#define IS_ON(name, expr)                  \
    static bool name(const struct view *v) \
    {                                      \
        return expr;                       \
    }

/* ---- what stock has ------------------------------------------------------ */

PRESS(ask)
{
    (void)data;
    prompt_begin(v, arg);
}

PRESS(networks)
{
    (void)data;
    (void)arg;
    v->opts.networks = !v->opts.networks;
}

PRESS(vbds)
{
    (void)data;
    (void)arg;
    v->opts.vbds = !v->opts.vbds;
}

PRESS(vcpus)
{
    (void)data;
    (void)arg;
    v->opts.vcpus = !v->opts.vcpus;
}

PRESS(repeat_header)
{
    (void)data;
    (void)arg;
    v->opts.repeat_header = !v->opts.repeat_header;
}

PRESS(quit)
{
    (void)data;
    (void)arg;
    if (v->page == &view_page_help)
        v->page = v->page_before_help;
    else
        v->quit = true;
}

IS_ON(networks_on, v->opts.networks)
IS_ON(vbds_on, v->opts.vbds)
IS_ON(vcpus_on, v->opts.vcpus)
IS_ON(repeat_header_on, v->opts.repeat_header)

/* ---- order --------------------------------------------------------------- */

static void sort_by(struct view *v, const struct column *col)
{
    struct selection *sel = &v->opts.selection;

    sel->reverse = col == sel->sort && !sel->reverse;
    sel->sort = col;
}

PRESS(sort_step)
{
    int n = 0, at = (int)(v->opts.selection.sort - columns);

    (void)data;
    while (columns[n].name)
        n++;
    sort_by(v, &columns[(at + n + arg) % n]);
}

PRESS(sort_click)
{
    (void)data;
    sort_by(v, &columns[arg]);
}

PRESS(reverse)
{
    (void)data;
    (void)arg;
    v->opts.selection.reverse = !v->opts.selection.reverse;
}

IS_ON(filter_on, *v->filter)

/* ---- moving -------------------------------------------------------------- */

/* The mark is what stays; it is looked up when the page is drawn. */
static void select_line(struct view *v, int line, const struct view_mark *mark)
{
    v->cursor = line;
    if (mark)
        v->mark = *mark;
}

/* Over lines that cannot be selected, in the direction of STEP. */
static int selectable(const struct view *v, int line, int step)
{
    while (line >= 0 && line < v->n_lines && v->lines[line].head)
        line += step;
    return line;
}

static void move_to(struct view *v, int line, int step)
{
    int last = v->n_lines - 1;

    line = selectable(v, line < 0 ? 0 : line > last ? last : line, step);
    if (line < 0 || line > last)
        line = selectable(v, line < 0 ? 0 : last, -step);
    if (line >= 0 && line <= last)
        select_line(v, line, &v->lines[line].mark);
}

PRESS(move_lines)
{
    (void)data;
    if (v->cursor < 0)
        move_to(v, arg > 0 ? v->top : v->top + v->body - 1, arg);
    else
        move_to(v, v->cursor + arg, arg);
}

PRESS(move_pages)
{
    (void)data;
    v->top += arg * v->body;
    if (v->cursor >= 0)
        move_to(v, v->cursor + arg * v->body, arg);
}

PRESS(move_home)
{
    (void)data;
    (void)arg;
    v->top = 0;
    v->cursor = -1;
}

PRESS(move_end)
{
    (void)data;
    (void)arg;
    move_to(v, v->n_lines - 1, -1);
}

PRESS(move_columns)
{
    (void)data;
    if (v->skip + arg >= 0 && v->skip + arg <= v->n_skip)
        v->skip += arg;
}

/* ---- trees --------------------------------------------------------------- */

PRESS(open_line)
{
    (void)arg;
    if (!data->change || v->page != &view_page_domains)
        return;
    if (v->cursor < 0)
        move_lines(v, data, 1);
    if (v->cursor < 0)
        return;
    view_toggle_open(v, v->mark.id);
    v->mark.sub = 0;
}

PRESS(open_all)
{
    (void)data;
    (void)arg;
    v->all_open = !v->all_open;
    v->n_open = 0;
}

PRESS(click_line)
{
    if (arg == v->cursor)
        open_line(v, data, 0);
    else if (arg < v->n_lines)
        select_line(v, arg, &v->lines[arg].mark);
}

IS_ON(open_on, v->all_open)

/* ---- what is shown ------------------------------------------------------- */

static void go_to(struct view *v, const struct view_page *page)
{
    if (page == v->page)
        return;
    if (page == &view_page_help)
        v->page_before_help = v->page;
    v->page = page;
    v->top = v->skip = 0;
    v->cursor = -1;
}

PRESS(show_page)
{
    (void)data;
    go_to(v, view_pages[arg]);
}

PRESS(next_page)
{
    size_t i = 0;

    (void)data;
    (void)arg;
    while (view_pages[i] != v->page)
        i++;
    if (!view_pages[++i] || view_pages[i] == &view_page_help)
        i = 0;
    go_to(v, view_pages[i]);
}

PRESS(help)
{
    (void)data;
    (void)arg;
    go_to(v,
          v->page == &view_page_help ? v->page_before_help : &view_page_help);
}

PRESS(next_curve)
{
    const struct column *col = v->curve ? v->curve + 1 : columns;

    (void)data;
    (void)arg;
    while (col->name && !(col->flags & COLUMN_CURVE))
        col++;
    v->curve = col->name ? col : NULL;
}

PRESS(full_names)
{
    (void)data;
    (void)arg;
    v->opts.full_names = !v->opts.full_names;
}

PRESS(freeze)
{
    (void)data;
    (void)arg;
    v->frozen = !v->frozen;
}

PRESS(colours)
{
    (void)data;
    (void)arg;
    v->colours = !v->colours;
}

PRESS(mouse)
{
    (void)data;
    (void)arg;
    v->mouse = !v->mouse;
    snprintf(v->message, sizeof(v->message), "%s",
             v->mouse ? "Clicks are for xentop" : "Clicks are the terminal's");
}

PRESS(redraw)
{
    (void)data;
    (void)arg;
    v->redraw = true;
}

IS_ON(frozen_on, v->frozen)
IS_ON(help_on, v->page == &view_page_help)

/* ---- the rows ------------------------------------------------------------ */

#define CTRL(letter) ((letter)-0x40)
#define ESCAPE 27

/* clang-format off */
const struct key keys[] = {
    {{'D'}, "D", "Delay", "Set the seconds between two readings.", ask, PROMPT_DELAY},
    {{'N'}, "N", "Networks", "Show the network cards of all domains, or not.", networks, 0, networks_on},
    {{'B'}, "B", "vBds", "Show the disks of all domains, or not.", vbds, 0, vbds_on},
    {{'V'}, "V", "VCPUs", "Show the VCPUs of all domains, or not.", vcpus, 0, vcpus_on},
    {{'R'}, "R", "Repeat header", "Repeat the headings above each domain, or not.", repeat_header, 0, repeat_header_on},
    {{'S', '>', '.'}, "S, >", "Sort order", "Sort by the next column.", sort_step, 1},
    {{'Q', ESCAPE}, "Q, Esc", "Quit", "Quit; leave this help.", quit},
    {{'H', '?', KEY_CODE_F1}, "H, ?, F1", "Help", "Show what keys and columns there are.", help, 0, help_on},
    {{'/'}, "/", "/Filter", "Show only domains with some text in their name, matching a pattern (`web*`), or of an id; shown as you type. An empty one shows all.", ask, PROMPT_FILTER, filter_on},
    {{'E', '\r', '\n', '+'}, "E, Enter, +", "Expand", "Show all that belongs to the selected domain, or no longer.", open_line},
    {{'A', '*'}, "A, *", "All", "The same for all domains.", open_all, 0, open_on},
    {{'\t'}, "Tab", NULL, "Show the next page: domains, VCPUs, host.", next_page},
    {{'1'}, "1", "1 Domains", "Show the domains.", show_page, 0},
    {{'2'}, "2", "2 VCPUs", "Show each VCPU on a line of its own.", show_page, 1},
    {{'3'}, "3", "3 Host", "Show the host: CPUs, NUMA nodes, CPU pools, memory, cache monitoring.", show_page, 2},
    {{'Z', ' '}, "Z, Space", "Z Freeze", "Hold the figures as they are; readings and curves go on unseen.", freeze, 0, frozen_on},
    {{'G'}, "G", "Graph", "Draw curves of the next figure: CPU time, network, disks, none.", next_curve},
    {{'<', ','}, "<", NULL, "Sort by the column before.", sort_step, -1},
    {{'I'}, "I", "Invert", "Invert the order.", reverse},
    {{'F'}, "F", "Full names", "Show names whole, however long, or not.", full_names},
    {{'C'}, "C", NULL, "Use colours, or not.", colours},
    {{'M'}, "M", NULL, "Leave clicks to the terminal (to copy text), or take them again.", mouse},
    {{KEY_CODE_UP, 'K'}, "Up, K", NULL, "Select the line above.", move_lines, -1},
    {{KEY_CODE_DOWN, 'J'}, "Down, J", NULL, "Select the line below.", move_lines, 1},
    {{KEY_CODE_PAGE_UP, CTRL('B')}, "Page Up", NULL, "Scroll up by a screen.", move_pages, -1},
    {{KEY_CODE_PAGE_DOWN, CTRL('F')}, "Page Down", NULL, "Scroll down by a screen.", move_pages, 1},
    {{KEY_CODE_HOME}, "Home", NULL, "Go to the top, and select nothing.", move_home},
    {{KEY_CODE_END}, "End", NULL, "Go to the last line.", move_end},
    {{KEY_CODE_RIGHT}, "Right", NULL, "Scroll to columns that there is no room for; the name stays.", move_columns, 1},
    {{KEY_CODE_LEFT}, "Left", NULL, "Scroll back; at the left end the columns are again those that matter most.", move_columns, -1},
    {{CTRL('L')}, "Ctrl-L", NULL, "Draw the screen anew.", redraw},
    {{0}, "click on a heading", NULL, "Sort by that column; again: invert the order.", sort_click},
    {{0}, "click on a line", NULL, "Select it; again: expand it.", click_line},
    {{0}, "click below", NULL, "What the key of that name does.", NULL},
    {{0}, "wheel", NULL, "Select lines above and below.", move_lines},
    {.names = NULL},
};
/* clang-format on */

static int key_of(void (*press)(struct view *, const struct view_data *, int))
{
    int i = 0;

    while (keys[i].press != press)
        i++;
    return i;
}

int key_for_heading(void)
{
    return key_of(sort_click);
}

int key_for_line(void)
{
    return key_of(click_line);
}

const char *key_mark(const struct key *k)
{
    return strchr(k->label, k->codes[0]);
}

/* ---- input --------------------------------------------------------------- */

static const struct key *find_key(int code)
{
    int upper = code < 0x80 ? toupper(code) : code;

    for (const struct key *k = keys; k->names; k++) {
        for (size_t i = 0; i < ARRAY_LEN(k->codes) && k->codes[i]; i++) {
            if (k->codes[i] == upper)
                return k;
        }
    }
    return NULL;
}

void keys_press(struct view *v, const struct view_data *data, int code)
{
    const struct key *k = find_key(code);

    if (v->prompt) {
        prompt_press(v, code);
        return;
    }
    *v->message = '\0';
    if (k)
        k->press(v, data, k->arg);
    else if (code > 0x20 && code < 0x7f)
        snprintf(v->message, sizeof(v->message),
                 "'%c' does nothing: H shows what there is", code);
}

void keys_click(struct view *v, const struct view_data *data,
                const struct grid *g, int row, int col)
{
    const struct hot *hot = grid_find_hot(g, row, col);

    if (!hot || v->prompt)
        return;
    *v->message = '\0';
    keys[hot->key].press(v, data, hot->arg);
}

void keys_wheel(struct view *v, const struct view_data *data, bool down)
{
    if (!v->prompt)
        move_lines(v, data, down ? 3 : -3);
}

void keys_write(struct doc *d)
{
    doc_para(d, "Letters may be typed in either case.");
    for (const struct key *k = keys; k->names; k++)
        doc_term(d, k->names, k->doc);
}
