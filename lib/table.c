/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * table: see table.h. A row is a struct value (what JSON prints) and, beside
 * it, the words that text output shows instead of some of its members.
 */
#include "lib/table.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "lib/json.h"
#include "lib/opt.h"

#define BETWEEN 2 /* spaces between content-aligned columns */

const struct slot_choice table_formats[] = {
    {"text", TABLE_TEXT, "Columns for reading."},
    {"json", TABLE_JSON, "A list of objects with typed members."},
    {"csv", TABLE_CSV, "RFC 4180, with a heading line."},
    {NULL},
};

struct table {
    struct pool *pool;
    const struct table_col *cols;
    size_t n_cols;
    bool *hidden; /* a column */
    bool no_head;
    struct value *rows;
    const char **texts; /* n_cols a row; NULL: the value itself */
    size_t n_texts;
};

struct table *table_new(struct pool *p, const struct table_col *cols)
{
    struct table *t = pool_new_of(p, struct table);

    t->pool = p;
    t->cols = cols;
    while (cols[t->n_cols].name)
        t->n_cols++;
    t->hidden = pool_alloc(p, t->n_cols * sizeof(*t->hidden));
    for (size_t i = 0; i < t->n_cols; i++)
        t->hidden[i] = cols[i].only_data;
    t->rows = value_list(p);
    return t;
}

void table_hide(struct table *t, const char *col)
{
    for (size_t i = 0; i < t->n_cols; i++) {
        if (!strcmp(t->cols[i].name, col)) {
            t->hidden[i] = true;
            return;
        }
    }
    assert(!"a column of this table");
}

void table_no_head(struct table *t)
{
    t->no_head = true;
}

void table_row(struct table *t)
{
    assert(t->n_texts == t->rows->kids.n * t->n_cols);
    value_append(t->rows, value_struct(t->pool));
}

void table_cell(struct table *t, struct value *v, const char *text)
{
    struct value *row = t->rows->kids.last;

    assert(row && row->kids.n < t->n_cols);
    value_set(row, t->cols[row->kids.n].name, v);
    *pool_push(t->pool, t->texts, t->n_texts) = pool_str(t->pool, text);
}

void table_str(struct table *t, const char *s)
{
    table_cell(t, value_string(t->pool, s), NULL);
}

void table_int(struct table *t, int64_t n)
{
    table_cell(t, value_int(t->pool, n), NULL);
}

void table_double(struct table *t, double d)
{
    table_cell(t, value_double(t->pool, d), NULL);
}

void table_bool(struct table *t, bool b)
{
    table_cell(t, value_bool(t->pool, b), NULL);
}

/* ---- text ---------------------------------------------------------------- */

/* What a guest wrote must not drive the terminal. */
static void add_printable(struct str *out, const char *s, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)s[i];

        str_addc(out, c < ' ' || c == 0x7f ? '?' : (char)c);
    }
}

static void add_value(struct str *out, const struct value *v)
{
    switch (v->kind) {
    case VALUE_NIL:
        str_add(out, "-");
        break;
    case VALUE_BOOL:
        str_add(out, v->b ? "yes" : "no");
        break;
    case VALUE_INT:
        str_addf(out, "%" PRId64, v->i);
        break;
    case VALUE_DOUBLE:
        str_addf(out, "%.15g", v->d);
        break;
    case VALUE_STRING:
        add_printable(out, v->s.text, v->s.len);
        break;
    case VALUE_LIST:
    case VALUE_STRUCT:
        json_print(v, false, out);
        break;
    }
}

static void add_text(struct str *out, const struct value *v, const char *text)
{
    if (text)
        add_printable(out, text, strlen(text));
    else
        add_value(out, v);
}

/* The one conversion in a column's CELL: "%-40s", " %5d", "%8.1f". */
struct conversion {
    const char *start, *end; /* in the cell; literal text is around it */
    bool left, zero;
    int width, precision; /* precision <0: none */
    char letter;
};

static const char *scan_number(const char *s, int *ret)
{
    for (*ret = 0; isdigit((unsigned char)*s); s++)
        *ret = *ret * 10 + (*s - '0');
    return s;
}

static struct conversion scan_cell(const char *cell)
{
    struct conversion c = {.start = strchr(cell, '%'), .precision = -1};
    const char *s = c.start;

    assert(s);
    for (s++; *s == '-' || *s == '0'; s++) {
        c.left |= *s == '-';
        c.zero |= *s == '0';
    }
    s = scan_number(s, &c.width);
    if (*s == '.')
        s = scan_number(s + 1, &c.precision);
    s += strspn(s, "lhjz");
    c.letter = *s;
    assert(c.letter && strchr("sdiuxfeg", c.letter));
    c.end = s + 1;
    return c;
}

static void add_whole(struct str *out, const struct conversion *c, int64_t n)
{
    if (c->letter == 'x')
        str_addf(out, c->zero ? "%0*" PRIx64 : "%*" PRIx64,
                 c->left ? -c->width : c->width, (uint64_t)n);
    else
        str_addf(out, c->zero ? "%0*" PRId64 : "%*" PRId64,
                 c->left ? -c->width : c->width, n);
}

static void add_real(struct str *out, const struct conversion *c, double d)
{
    int width = c->left ? -c->width : c->width;

    if (c->letter == 'f')
        str_addf(out, "%*.*f", width, c->precision, d);
    else
        str_addf(out, "%*.*g", width, c->precision, d);
}

static void add_fixed(struct str *out, const char *cell, const struct value *v,
                      const char *text)
{
    struct conversion c = scan_cell(cell);
    AUTO_STR struct str word = STR_INIT(STR_MAX);

    str_addn(out, cell, (size_t)(c.start - cell));
    if (!text && v->kind == VALUE_INT && strchr("diux", c.letter)) {
        add_whole(out, &c, v->i);
    } else if (!text && v->kind == VALUE_DOUBLE && strchr("feg", c.letter)) {
        add_real(out, &c, v->d);
    } else {
        add_text(&word, v, text);
        str_addf(out, "%*.*s", c.left ? -c.width : c.width,
                 c.letter == 's' ? c.precision : -1, str_text(&word));
    }
    str_add(out, c.end);
}

static size_t characters(const char *s, size_t len)
{
    size_t n = 0;

    for (size_t i = 0; i < len; i++)
        n += ((unsigned char)s[i] & 0xc0) != 0x80;
    return n;
}

static const char *heading(const struct table_col *col)
{
    return col->head ? col->head : col->name;
}

/* Widths of the columns that are aligned by content, in characters. */
static size_t *measure(const struct table *t)
{
    size_t *widths = xcalloc(t->n_cols, sizeof(*widths));
    const char **text = t->texts;

    for (size_t i = 0; i < t->n_cols && !t->no_head; i++)
        widths[i] =
            characters(heading(&t->cols[i]), strlen(heading(&t->cols[i])));
    value_each(row, t->rows)
    {
        size_t i = 0;

        value_each(cell, row)
        {
            AUTO_STR struct str word = STR_INIT(STR_MAX);
            size_t width;

            if (!t->cols[i].cell && !t->hidden[i]) {
                add_text(&word, cell, *text);
                width = characters(str_text(&word), word.len);
                widths[i] = width > widths[i] ? width : widths[i];
            }
            i++;
            text++;
        }
    }
    return widths;
}

static void add_aligned(struct str *out, const struct table *t, size_t i,
                        const char *word, size_t width)
{
    size_t len = strlen(word), shown = characters(word, len);
    size_t pad = width > shown ? width - shown : 0;

    if (t->cols[i].right)
        str_repeat(out, ' ', pad);
    str_addn(out, word, len);
    if (!t->cols[i].right)
        str_repeat(out, ' ', pad);
    str_repeat(out, ' ', BETWEEN);
}

/* Padding is for what follows; nothing does after the last column. */
static void end_line(struct str *out, const struct table *t)
{
    size_t last = t->n_cols;

    while (last && t->hidden[last - 1])
        last--;
    while (last && !t->cols[last - 1].cell && out->len &&
           out->text[out->len - 1] == ' ')
        out->text[--out->len] = '\0';
    str_add(out, "\n");
}

static void print_head(const struct table *t, const size_t *widths,
                       struct str *out)
{
    for (size_t i = 0; i < t->n_cols; i++) {
        if (t->hidden[i])
            continue;
        if (t->cols[i].cell)
            str_add(out, heading(&t->cols[i]));
        else
            add_aligned(out, t, i, heading(&t->cols[i]), widths[i]);
    }
    end_line(out, t);
}

static void print_text(const struct table *t, struct str *out)
{
    AUTO_FREE size_t *widths = measure(t);
    const char **text = t->texts;

    if (!t->no_head)
        print_head(t, widths, out);
    value_each(row, t->rows)
    {
        size_t i = 0;

        value_each(cell, row)
        {
            AUTO_STR struct str word = STR_INIT(STR_MAX);

            if (t->hidden[i]) {
                ;
            } else if (t->cols[i].cell) {
                add_fixed(out, t->cols[i].cell, cell, *text);
            } else {
                add_text(&word, cell, *text);
                add_aligned(out, t, i, str_text(&word), widths[i]);
            }
            i++;
            text++;
        }
        end_line(out, t);
    }
}

/* ---- CSV ----------------------------------------------------------------- */

static void add_quoted(struct str *out, const char *s, size_t len)
{
    bool plain = true;

    for (size_t i = 0; i < len; i++)
        plain = plain && s[i] != '"' && s[i] != ',' && s[i] != '\n' &&
                s[i] != '\r' && s[i];
    if (plain && len && s[0] != ' ' && s[len - 1] != ' ') {
        str_addn(out, s, len);
        return;
    }
    str_addc(out, '"');
    for (size_t i = 0; i < len; i++) {
        if (s[i] == '"')
            str_addc(out, '"');
        str_addc(out, s[i]);
    }
    str_addc(out, '"');
}

static void add_csv(struct str *out, const struct value *v)
{
    AUTO_STR struct str word = STR_INIT(STR_MAX);

    if (v->kind == VALUE_STRING) {
        add_quoted(out, v->s.text, v->s.len);
    } else if (v->kind == VALUE_BOOL) {
        str_add(out, v->b ? "true" : "false");
    } else if (v->kind != VALUE_NIL) {
        add_value(&word, v);
        add_quoted(out, str_text(&word), word.len);
    }
}

static void print_csv(const struct table *t, struct str *out)
{
    for (size_t i = 0; !t->no_head && i < t->n_cols; i++)
        str_addf(out, "%s%s", i ? "," : "", t->cols[i].name);
    if (!t->no_head)
        str_add(out, "\n");
    value_each(row, t->rows)
    {
        value_each(cell, row)
        {
            if (cell != row->kids.first)
                str_addc(out, ',');
            add_csv(out, cell);
        }
        str_add(out, "\n");
    }
}

/* -------------------------------------------------------------------------- */

void table_print(const struct table *t, int format, struct str *out)
{
    assert(t->n_texts == t->rows->kids.n * t->n_cols);
    switch ((enum table_format)format) {
    case TABLE_TEXT:
        print_text(t, out);
        break;
    case TABLE_JSON:
        json_print(t->rows, true, out);
        if (!text_has_suffix(str_text(out), "\n"))
            str_add(out, "\n");
        break;
    case TABLE_CSV:
        print_csv(t, out);
        break;
    }
}

struct err *table_show(const struct table *t, int format)
{
    AUTO_STR struct str out = STR_INIT(STR_MAX);

    table_print(t, format, &out);
    if (str_full(&out))
        return ERR("the table is too large to print");
    fwrite(str_text(&out), 1, out.len, stdout);
    if (fflush(stdout) || ferror(stdout))
        return err_errno(errno, "cannot write to standard output");
    return NULL;
}
