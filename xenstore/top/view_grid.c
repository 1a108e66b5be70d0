/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* view_grid: see view_grid.h. */
#include "xenstore/top/view_grid.h"

#include <string.h>
#include <wchar.h>

#include "lib/utf8.h"

static int at_most(int n, int max)
{
    return n < 1 ? 1 : n > max ? max : n;
}

struct grid *grid_new(struct pool *p, int rows, int cols, bool utf8)
{
    struct grid *g = pool_new_of(p, struct grid);

    g->pool = p;
    g->rows = at_most(rows, GRID_MAX);
    g->cols = at_most(cols, GRID_MAX);
    g->utf8 = utf8;
    g->cells =
        pool_alloc(p, (size_t)g->rows * (size_t)g->cols * sizeof(*g->cells));
    for (int row = 0; row < g->rows; row++)
        grid_clear(g, row, 0, g->cols, STYLE_PLAIN);
    return g;
}

/* ---- characters ---------------------------------------------------------- */

struct glyph {
    uint32_t ch;
    size_t bytes;
    int width;
};

/* The next character of S, which is not at its end. */
static struct glyph next_glyph(bool utf8, const char *s)
{
    size_t len = utf8_len(s, strnlen(s, 4));
    struct glyph glyph = {'?', len ? len : 1, 1};
    uint32_t ch = len ? utf8_char(s, len) : 0;
    int width = ch < 0x80 ? 1 : utf8 ? wcwidth((wchar_t)ch) : -1;

    if (ch < 0x20 || ch == 0x7f || width < 1)
        return glyph;
    glyph.ch = ch;
    glyph.width = width;
    return glyph;
}

int grid_width(const struct grid *g, const char *text)
{
    int width = 0;

    while (*text) {
        struct glyph glyph = next_glyph(g->utf8, text);

        width += glyph.width;
        text += glyph.bytes;
    }
    return width;
}

/* ---- writing ------------------------------------------------------------- */

static struct grid_cell *cell_at(struct grid *g, int row, int col)
{
    return &g->cells[(size_t)row * (size_t)g->cols + (size_t)col];
}

/* Writes as much of TEXT as ends before END. */
static int put_until(struct grid *g, int row, int col, int end, int style,
                     const char *text)
{
    if (end > g->cols)
        end = g->cols;
    while (*text && row >= 0 && row < g->rows) {
        struct glyph glyph = next_glyph(g->utf8, text);

        if (col + glyph.width > end)
            break;
        for (int i = 0; i < glyph.width && col >= 0; i++)
            *cell_at(g, row, col + i) =
                (struct grid_cell){i ? 0 : glyph.ch, (uint8_t)style};
        col += glyph.width;
        text += glyph.bytes;
    }
    return col;
}

int grid_put(struct grid *g, int row, int col, int style, const char *text)
{
    return put_until(g, row, col, g->cols, style, text);
}

int grid_putf(struct grid *g, int row, int col, int style, const char *fmt, ...)
{
    const char *text;
    va_list ap;

    va_start(ap, fmt);
    text = pool_vprintf(g->pool, fmt, ap);
    va_end(ap);
    return grid_put(g, row, col, style, text);
}

int grid_put_in(struct grid *g, int row, int col, int width, bool right,
                int style, const char *text)
{
    int end = col + width, used = grid_width(g, text);

    grid_clear(g, row, col, end, style);
    if (used > width && width > 1) {
        put_until(g, row, col, end - 1, style, text);
        grid_put(g, row, end - 1, style, "~");
    } else {
        put_until(g, row, right && used < width ? end - used : col, end, style,
                  text);
    }
    return end;
}

void grid_style(struct grid *g, int row, int col, int end, int style)
{
    for (; row >= 0 && row < g->rows && col < end && col < g->cols; col++) {
        if (col >= 0)
            cell_at(g, row, col)->style = (uint8_t)style;
    }
}

void grid_clear(struct grid *g, int row, int col, int end, int style)
{
    for (; row >= 0 && row < g->rows && col < end && col < g->cols; col++) {
        if (col >= 0)
            *cell_at(g, row, col) = (struct grid_cell){' ', (uint8_t)style};
    }
}

/* ---- clicks -------------------------------------------------------------- */

void grid_hot(struct grid *g, int row, int col, int end, int key, int arg)
{
    *pool_push(g->pool, g->hots, g->n_hots) =
        (struct hot){row, col, end, key, arg};
}

const struct hot *grid_find_hot(const struct grid *g, int row, int col)
{
    for (size_t i = g->n_hots; i-- > 0;) {
        const struct hot *hot = &g->hots[i];

        if (hot->row == row && col >= hot->col && col < hot->end)
            return hot;
    }
    return NULL;
}

/* ---- as text ------------------------------------------------------------- */

static int last_not_blank(const struct grid_cell *line, int cols)
{
    while (cols > 0 && line[cols - 1].ch == ' ')
        cols--;
    return cols;
}

void grid_text(const struct grid *g, struct str *out)
{
    for (int row = 0; row < g->rows; row++) {
        const struct grid_cell *line = &g->cells[(size_t)row * (size_t)g->cols];
        int end = last_not_blank(line, g->cols);

        for (int col = 0; col < end; col++) {
            if (line[col].ch)
                utf8_add_char(out, line[col].ch);
        }
        str_addc(out, '\n');
    }
}

void grid_styles(const struct grid *g, struct str *out)
{
    for (int row = 0; row < g->rows; row++) {
        const struct grid_cell *line = &g->cells[(size_t)row * (size_t)g->cols];

        for (int col = 0; col < g->cols; col++)
            str_addc(out, " hskoSdgwb"[line[col].style]);
        str_addc(out, '\n');
    }
}
