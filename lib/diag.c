/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* diag: see diag.h. Lines are cut to what a terminal shows. */
#include "lib/diag.h"

#include <stdlib.h>
#include <string.h>

#define SHOWN_LINE 160

static const char *const level_names[] = {
    [DIAG_NOTE] = "note",
    [DIAG_WARNING] = "warning",
    [DIAG_ERROR] = "error",
};

/* A place in the list for one more; NULL when all are taken by its like. */
static struct diag *make_room(struct diags *d, enum diag_level level)
{
    if (d->n < DIAGS_MAX)
        return pool_push(d->pool, d->list, d->n);
    d->n_dropped++;
    for (size_t i = d->n; i--;) {
        if (d->list[i].level >= level)
            continue;
        memmove(&d->list[i], &d->list[i + 1],
                (d->n - 1 - i) * sizeof(*d->list));
        return &d->list[d->n - 1];
    }
    return NULL;
}

void diag_add(struct diags *d, enum diag_level level, struct place place,
              const char *fmt, ...)
{
    struct diag *diag;
    va_list ap;

    if (level == DIAG_NOTE && d->no_notes)
        return;
    if (level == DIAG_WARNING && d->warnings_are_errors)
        level = DIAG_ERROR;
    d->n_errors += level == DIAG_ERROR;
    d->n_warnings += level == DIAG_WARNING;
    diag = make_room(d, level);
    if (!diag)
        return;
    diag->level = level;
    diag->place = place;
    va_start(ap, fmt);
    diag->text = pool_vprintf(d->pool, fmt, ap);
    va_end(ap);
}

void diag_err(struct diags *d, struct place place, struct err *e)
{
    if (!err_is(e, &err_kind_reported))
        diag_add(d, DIAG_ERROR, place, "%s", err_text(e));
    err_free(e);
}

static bool starts_char(char c)
{
    return ((unsigned char)c & 0xc0) != 0x80;
}

static size_t line_start(struct place place)
{
    size_t at =
        place.start < place.source->len ? place.start : place.source->len;

    while (at && place.source->text[at - 1] != '\n')
        at--;
    return at;
}

void place_line_column(struct place place, size_t *ret_line, size_t *ret_col)
{
    size_t start = line_start(place), line = 1, col = 1;

    for (size_t i = 0; i < start; i++)
        line += place.source->text[i] == '\n';
    for (size_t i = start; i < place.start && i < place.source->len; i++)
        col += starts_char(place.source->text[i]);
    *ret_line = line;
    *ret_col = col;
}

/* TEXT with control characters as '?': it may quote what a file says. */
static void add_shown(struct str *out, const char *text)
{
    for (; *text; text++)
        str_addc(out,
                 (unsigned char)*text < ' ' || *text == 0x7f ? '?' : *text);
}

/* The line as it stands, control characters but tabs shown as '?'. */
static void add_line(struct str *out, struct place place, size_t start,
                     size_t end)
{
    str_add(out, "    ");
    for (size_t i = start; i < end; i++) {
        unsigned char c = (unsigned char)place.source->text[i];

        str_addc(out, (c < ' ' && c != '\t') || c == 0x7f ? '?' : (char)c);
    }
    str_add(out, "\n");
}

static void add_caret(struct str *out, struct place place, size_t start,
                      size_t end)
{
    bool first = true;

    str_add(out, "    ");
    for (size_t i = start; i < place.start; i++) {
        char c = place.source->text[i];

        if (starts_char(c))
            str_addc(out, c == '\t' ? '\t' : ' ');
    }
    for (size_t i = place.start; first || (i < place.end && i < end); i++) {
        if (first || starts_char(place.source->text[i]))
            str_addc(out, first ? '^' : '~');
        first = false;
    }
    str_add(out, "\n");
}

static void add_excerpt(struct str *out, struct place place)
{
    const struct source *source = place.source;
    size_t start = line_start(place), end = start;

    while (end < source->len && source->text[end] != '\n' &&
           source->text[end] != '\r')
        end++;
    if (place.start > start + SHOWN_LINE || place.start > end)
        return;
    if (end > start + SHOWN_LINE + 40)
        end = start + SHOWN_LINE + 40;
    add_line(out, place, start, end);
    add_caret(out, place, start, end);
}

/* A complaint and the index of the first one about the same source. */
struct item {
    const struct diag *diag;
    size_t source_rank;
};

static int by_place(const void *a, const void *b)
{
    const struct item *x = a, *y = b;

    if (x->source_rank != y->source_rank)
        return x->source_rank < y->source_rank ? -1 : 1;
    if (x->diag->place.start != y->diag->place.start)
        return x->diag->place.start < y->diag->place.start ? -1 : 1;
    return x->diag < y->diag ? -1 : x->diag > y->diag;
}

/* In source order; complaints of one source stay where its first one was. */
static struct item *sorted(const struct diags *d)
{
    struct item *list = xcalloc(d->n, sizeof(*list));

    for (size_t i = 0; i < d->n; i++) {
        list[i].diag = &d->list[i];
        while (d->list[list[i].source_rank].place.source !=
               d->list[i].place.source)
            list[i].source_rank++;
    }
    qsort(list, d->n, sizeof(*list), by_place);
    return list;
}

static bool has_line(struct place place)
{
    return place.source && place.start != PLACE_WHOLE;
}

void diags_format(const struct diags *d, struct str *out)
{
    AUTO_FREE struct item *list = sorted(d);
    size_t line, col;

    for (size_t i = 0; i < d->n; i++) {
        const struct diag *diag = list[i].diag;
        struct place place = diag->place;

        if (place.source)
            str_addf(out, "%s:", place.source->name);
        if (has_line(place)) {
            place_line_column(place, &line, &col);
            str_addf(out, "%zu:%zu:", line, col);
        }
        str_addf(out, "%s%s: ", place.source ? " " : "",
                 level_names[diag->level]);
        add_shown(out, diag->text);
        str_add(out, "\n");
        if (has_line(place))
            add_excerpt(out, place);
    }
    if (d->n_dropped)
        str_addf(out, "... %zu more\n", d->n_dropped);
}

struct value *diags_to_value(const struct diags *d, struct pool *p)
{
    AUTO_FREE struct item *list = sorted(d);
    struct value *all = value_list(p);
    size_t line, col;

    for (size_t i = 0; i < d->n; i++) {
        const struct diag *diag = list[i].diag;
        struct value *v = value_struct(p);

        if (diag->place.source)
            value_set(v, "file", value_string(p, diag->place.source->name));
        if (has_line(diag->place)) {
            place_line_column(diag->place, &line, &col);
            value_set(v, "line", value_int(p, (int64_t)line));
            value_set(v, "column", value_int(p, (int64_t)col));
        }
        value_set(v, "level", value_string(p, level_names[diag->level]));
        value_set(v, "message", value_string(p, diag->text));
        value_append(all, v);
    }
    return all;
}
