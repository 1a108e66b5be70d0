/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vt: see vt.h. */
#include "tests/screen/vt.h"

#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "lib/utf8.h"

static void blank(struct vt *vt, int row, int from, int to)
{
    for (int col = from; col < to; col++) {
        vt->cells[row][col] = vt->pen;
        vt->cells[row][col].ch = ' ';
    }
}

void vt_init(struct vt *vt, int rows, int cols)
{
    memset(vt, 0, sizeof(*vt));
    vt->rows = rows;
    vt->cols = cols;
    vt->bottom = rows - 1;
    for (int row = 0; row < VT_MAX; row++)
        blank(vt, row, 0, VT_MAX);
    memcpy(vt->main, vt->cells, sizeof(vt->main));
}

void vt_resize(struct vt *vt, int rows, int cols)
{
    vt->rows = rows;
    vt->cols = cols;
    vt->top = 0;
    vt->bottom = rows - 1;
    if (vt->row >= rows)
        vt->row = rows - 1;
    if (vt->col >= cols)
        vt->col = cols - 1;
    vt->wrap_next = false;
}

/* ---- movement ------------------------------------------------------------ */

static int within(int n, int min, int max)
{
    return n < min ? min : n > max ? max : n;
}

static void move(struct vt *vt, int row, int col)
{
    vt->row = within(row, 0, vt->rows - 1);
    vt->col = within(col, 0, vt->cols - 1);
    vt->wrap_next = false;
}

/* Moves the lines [top, bottom] N up (down when below 0). */
static void scroll(struct vt *vt, int top, int bottom, int n)
{
    int lines = bottom - top + 1, step = within(n, -lines, lines);
    int keep = lines - abs(step);

    if (step > 0)
        memmove(vt->cells[top], vt->cells[top + step],
                sizeof(vt->cells[0]) * (size_t)keep);
    else
        memmove(vt->cells[top - step], vt->cells[top],
                sizeof(vt->cells[0]) * (size_t)keep);
    for (int i = 0; i < abs(step); i++)
        blank(vt, step > 0 ? bottom - i : top + i, 0, vt->cols);
}

static void line_feed(struct vt *vt)
{
    if (vt->row == vt->bottom)
        scroll(vt, vt->top, vt->bottom, 1);
    else
        move(vt, vt->row + 1, vt->col);
    vt->wrap_next = false;
}

static void reverse_feed(struct vt *vt)
{
    if (vt->row == vt->top)
        scroll(vt, vt->top, vt->bottom, -1);
    else
        move(vt, vt->row - 1, vt->col);
}

static void print(struct vt *vt, uint32_t ch)
{
    int width = ch < 0x80 ? 1 : wcwidth((wchar_t)ch);

    if (width < 1)
        return;
    if (vt->wrap_next || vt->col + width > vt->cols) {
        vt->col = 0;
        line_feed(vt);
    }
    for (int i = 0; i < width; i++) {
        vt->cells[vt->row][vt->col + i] = vt->pen;
        vt->cells[vt->row][vt->col + i].ch = i ? 0 : ch;
    }
    vt->last = ch;
    vt->wrap_next = vt->col + width == vt->cols;
    vt->col = vt->wrap_next ? vt->cols - 1 : vt->col + width;
}

/* ---- sequences ----------------------------------------------------------- */

static void unknown(struct vt *vt)
{
    if (!*vt->unknown)
        snprintf(vt->unknown, sizeof(vt->unknown), "%.60s", vt->escape);
}

struct params {
    int n, value[32];
    char mark; /* '?', '>' or 0 */
    char final;
};

static int param(const struct params *p, int i, int otherwise)
{
    return i < p->n && p->value[i] ? p->value[i] : otherwise;
}

static void set_mode(struct vt *vt, int mode, bool on)
{
    switch (mode) {
    case 47:
    case 1049:
        if (on == vt->alternate)
            break;
        vt->alternate = on;
        if (on)
            memcpy(vt->main, vt->cells, sizeof(vt->main));
        else
            memcpy(vt->cells, vt->main, sizeof(vt->main));
        break;
    case 25:
        vt->cursor_hidden = !on;
        break;
    case 1000:
    case 1002:
    case 1003:
        vt->mouse = on;
        break;
    case 1:
        vt->keypad = on;
        break;
    case 3: /* 132 columns, in reset strings */
    case 4: /* smooth scrolling, insert mode */
    case 7: /* wrapping, as it is */
    case 12:
    case 34:
    case 1006:
    case 1034:
    case 2004:
        break;
    default:
        unknown(vt);
    }
}

static void set_pen(struct vt *vt, const struct params *p)
{
    for (int i = 0; i < p->n || i == 0; i++) {
        int n = i < p->n ? p->value[i] : 0;

        if (n == 0)
            memset(&vt->pen, 0, sizeof(vt->pen));
        else if (n == 1 || n == 22)
            vt->pen.bold = n == 1;
        else if (n == 7 || n == 27)
            vt->pen.reverse = n == 7;
        else if ((n >= 30 && n < 38) || (n >= 40 && n < 48) || n == 38 ||
                 n == 48 || (n >= 90 && n < 108))
            vt->pen.colour = true;
        else if (n == 39 || n == 49)
            vt->pen.colour = false;
        if (n == 38 || n == 48)
            break;
    }
}

static void erase_screen(struct vt *vt, int how)
{
    for (int row = 0; row < vt->rows; row++) {
        if (how == 2 || (how == 0 && row > vt->row) ||
            (how == 1 && row < vt->row))
            blank(vt, row, 0, vt->cols);
    }
    if (how == 0)
        blank(vt, vt->row, vt->col, vt->cols);
    if (how == 1)
        blank(vt, vt->row, 0, vt->col + 1);
}

static void shift_cells(struct vt *vt, int n)
{
    struct vt_cell *line = vt->cells[vt->row];
    int rest = vt->cols - vt->col, step = within(n, -rest, rest);

    if (step < 0) {
        memmove(line + vt->col, line + vt->col - step,
                sizeof(*line) * (size_t)(rest + step));
        blank(vt, vt->row, vt->cols + step, vt->cols);
    } else {
        memmove(line + vt->col + step, line + vt->col,
                sizeof(*line) * (size_t)(rest - step));
        blank(vt, vt->row, vt->col, vt->col + step);
    }
}

static void erase_line(struct vt *vt, int how)
{
    blank(vt, vt->row, how ? 0 : vt->col, how == 1 ? vt->col + 1 : vt->cols);
}

static void set_region(struct vt *vt, const struct params *p)
{
    vt->top = within(param(p, 0, 1) - 1, 0, vt->rows - 1);
    vt->bottom = within(param(p, 1, vt->rows) - 1, vt->top, vt->rows - 1);
    move(vt, 0, 0);
}

/* clang-format off */
static bool move_by(struct vt *vt, const struct params *p)
{
    int n = param(p, 0, 1);

    switch (p->final) {
    case 'A': move(vt, vt->row - n, vt->col); return true;
    case 'B': move(vt, vt->row + n, vt->col); return true;
    case 'C': move(vt, vt->row, vt->col + n); return true;
    case 'D': move(vt, vt->row, vt->col - n); return true;
    case 'G': move(vt, vt->row, n - 1); return true;
    case 'd': move(vt, n - 1, vt->col); return true;
    case 'H':
    case 'f': move(vt, n - 1, param(p, 1, 1) - 1); return true;
    case 'Z': move(vt, vt->row, (vt->col - 1) / 8 * 8); return true;
    default: return false;
    }
}

static void do_csi(struct vt *vt, const struct params *p)
{
    int n = param(p, 0, 1);

    if (move_by(vt, p))
        return;
    switch (p->final) {
    case 'J': erase_screen(vt, param(p, 0, 0)); break;
    case 'K': erase_line(vt, param(p, 0, 0)); break;
    case 'L': scroll(vt, vt->row, vt->bottom, -n); break;
    case 'M': scroll(vt, vt->row, vt->bottom, n); break;
    case 'S': scroll(vt, vt->top, vt->bottom, n); break;
    case 'T': scroll(vt, vt->top, vt->bottom, -n); break;
    case 'P': shift_cells(vt, -n); break;
    case '@': shift_cells(vt, n); break;
    case 'X': blank(vt, vt->row, vt->col, within(vt->col + n, 0, vt->cols)); break;
    case 'b': while (n--) print(vt, vt->last); break;
    case 'm': if (!p->mark) set_pen(vt, p); break;
    case 'r': if (!p->mark) set_region(vt, p); break;
    case 'h':
    case 'l':
        for (int i = 0; i < p->n; i++)
            set_mode(vt, p->value[i], p->final == 'h');
        break;
    case 'c': case 'g': case 'n': case 't': case 'p': case 'q': break;
    default: unknown(vt);
    }
}

/* clang-format on */

static void csi(struct vt *vt)
{
    struct params p = {.final = vt->escape[vt->n_escape - 1]};
    const char *s = vt->escape + 2;

    if (strchr("?>=!", *s))
        p.mark = *s++;
    for (; (*s >= '0' && *s <= '9') || *s == ';' || *s == ':'; s++) {
        if (!p.n)
            p.n = 1;
        if (*s == ';' || *s == ':')
            p.n += p.n < 32;
        else
            p.value[p.n - 1] = p.value[p.n - 1] * 10 + *s - '0';
    }
    do_csi(vt, &p);
}

/* clang-format off */
static void short_escape(struct vt *vt)
{
    char last = vt->escape[vt->n_escape - 1];

    switch (vt->escape[1]) {
    case '(': vt->acs = last == '0'; break;
    case ')': vt->g1_acs = last == '0'; break;
    case '*': case '+': case '#': case '%': break;
    case '7': vt->saved_row = vt->row; vt->saved_col = vt->col; break;
    case '8': move(vt, vt->saved_row, vt->saved_col); break;
    case 'M': reverse_feed(vt); break;
    case 'D': line_feed(vt); break;
    case 'E': line_feed(vt); vt->col = 0; break;
    case 'H': case '=': case '>': case '\\': case 'g': break;
    case 'c': erase_screen(vt, 2); break;
    default: unknown(vt);
    }
}

/* clang-format on */

/* Whether the sequence in vt->escape is whole. */
static bool is_whole(const struct vt *vt)
{
    char kind = vt->escape[1], last = vt->escape[vt->n_escape - 1];

    if (vt->n_escape < 2)
        return false;
    if (kind == '[')
        return vt->n_escape > 2 && last >= '@' && last <= '~';
    if (kind == ']' || kind == 'k')
        return last == '\a' || last == '\\';
    if (strchr("()*+#%", kind))
        return vt->n_escape == 3;
    return true;
}

/* clang-format off */
static void control(struct vt *vt, char c)
{
    switch (c) {
    case '\r': move(vt, vt->row, 0); break;
    case '\n': line_feed(vt); break;
    case '\b': move(vt, vt->row, vt->col - 1); break;
    case '\t': move(vt, vt->row, (vt->col / 8 + 1) * 8); break;
    case 14: vt->so = true; break;
    case 15: vt->so = false; break;
    default: break;
    }
}

/* clang-format on */

static void character(struct vt *vt)
{
    size_t len = utf8_len(vt->escape, vt->n_escape);

    if (!len && vt->n_escape < 4)
        return; /* more is to come */
    vt->n_escape = 0;
    print(vt, len ? utf8_char(vt->escape, len) : 0xfffd);
}

static void feed(struct vt *vt, char c)
{
    if (!vt->n_escape && (unsigned char)c < 0x20 && c != 27) {
        control(vt, c);
        return;
    }
    if (vt->n_escape == sizeof(vt->escape) - 1) {
        unknown(vt);
        vt->n_escape = 0;
    }
    vt->escape[vt->n_escape++] = c;
    vt->escape[vt->n_escape] = 0;
    if (vt->escape[0] != 27) {
        character(vt);
        return;
    }
    if (!is_whole(vt))
        return;
    if (vt->escape[1] == '[')
        csi(vt);
    else if (vt->escape[1] != ']' && vt->escape[1] != 'k')
        short_escape(vt);
    vt->n_escape = 0;
}

void vt_feed(struct vt *vt, const char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        feed(vt, bytes[i]);
}

/* ---- reading it ---------------------------------------------------------- */

void vt_row(const struct vt *vt, int row, struct str *out)
{
    int end = vt->cols;

    while (end > 0 && vt->cells[row][end - 1].ch == ' ')
        end--;
    for (int col = 0; col < end; col++) {
        if (vt->cells[row][col].ch)
            utf8_add_char(out, vt->cells[row][col].ch);
    }
}

bool vt_shows(const struct vt *vt, const char *text)
{
    AUTO_STR struct str screen = STR_INIT(STR_MAX);

    vt_print(vt, &screen, false);
    return strstr(str_text(&screen), text);
}

static char mark_of(const struct vt_cell *c)
{
    if (c->reverse)
        return c->bold ? 'R' : 'r';
    if (c->colour)
        return c->bold ? 'C' : 'c';
    return c->bold ? 'b' : '.';
}

void vt_print(const struct vt *vt, struct str *out, bool marks)
{
    for (int row = 0; row < vt->rows; row++) {
        if (!marks)
            vt_row(vt, row, out);
        for (int col = 0; marks && col < vt->cols; col++)
            str_addc(out, mark_of(&vt->cells[row][col]));
        str_addc(out, '\n');
    }
}
