/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* rrd_answer: see rrd_answer.h. */
#include "xapi/vm/rrd_answer.h"

#include <string.h>
#include <time.h>

#include "lib/str.h"
#include "xapi/vm/rrd_form.h"
#include "xapi/vm/rrd_past.h"
#include "xapi/vm/rrd_send.h"

/* ---- what is asked ------------------------------------------------------- */

/* A column by one of the archives' functions. */
struct wanted {
    size_t column;
    unsigned fn;
};

struct form;

struct asked {
    struct http_request *request;
    struct past *past;
    const struct form *form;
    int64_t start, interval;
    struct wanted *wanted;
    size_t n_wanted;
    /* what there is of it */
    unsigned kind; /* of archive, or FINEST */
    int64_t step, end;
    size_t n_rows;
    /* how far it is: columns looked at, entries of the legend, cells */
    size_t n_seen, n_entries, row, cell;
    bool has_head;
};

#define FINEST ARCHIVE_KINDS

static struct err *read_int(struct http_request *r, const char *name,
                            int64_t *ret)
{
    const char *text = http_param(r, name);

    return text ? text_to_int(text, 10, INT32_MIN, (int64_t)1 << 40, ret)
                : NULL;
}

/* The parameters of that name have the uuid; there are NONE: then so. */
static bool names(struct http_request *r, const char *name, const char *uuid,
                  bool none)
{
    const struct http_pair *params;
    bool any = false;
    size_t n;

    params = http_params(r, &n);
    for (size_t i = 0; i < n; i++) {
        if (strcmp(params[i].name, name) != 0)
            continue;
        any = true;
        if (text_has_prefix(uuid, params[i].value) &&
            uuid[strlen(params[i].value)] == ':')
            return true;
    }
    return !any && none;
}

/* IS_UP: something was measured of it lately. */
static bool wants(struct http_request *r, const char *column, bool is_up)
{
    if (text_has_prefix(column, "host:"))
        return text_eq(http_param(r, "host"), "true");
    if (text_has_prefix(column, "sr:"))
        return names(r, "sr_uuid", column + strlen("sr:"), false);
    return names(r, "vm_uuid", column + strlen("vm:"), is_up);
}

/* The finest that is not finer than asked, and goes back far enough: clients
 * know these steps. */
static void choose_kind(struct asked *a, int64_t now)
{
    unsigned kind = 0;

    a->kind = FINEST;
    a->step = PAST_STEP;
    if (a->step >= a->interval && now - a->step * PAST_ROWS <= a->start)
        return;
    while (kind + 1 < ARCHIVE_KINDS &&
           (archive_kinds[kind].step < a->interval ||
            now - archive_kinds[kind].step * (int64_t)archive_kinds[kind].rows >
                a->start))
        kind++;
    a->kind = kind;
    a->step = archive_kinds[kind].step;
}

/* Only archives have more than averages. */
static bool has(const struct asked *a, size_t column, unsigned fn)
{
    return fn == ARCHIVE_AVERAGE ||
           (a->kind != FINEST && past_archive(a->past, column));
}

static void look_at_column(struct asked *a, size_t i)
{
    const char *cf = http_param(a->request, "cf");

    if (!wants(a->request, past_name(a->past, i), past_is_seen(a->past, i)))
        return;
    for (unsigned fn = 0; fn < ARCHIVE_FNS; fn++)
        if ((!cf || !*cf || !strcmp(cf, archive_fns[fn])) && has(a, i, fn))
            *pool_push(a->request->pool, a->wanted, a->n_wanted) =
                (struct wanted){i, fn};
}

/* When the oldest of the values begins. */
static int64_t kept_since(const struct asked *a)
{
    int64_t since = past_start(a->past);

    for (size_t i = 0; a->kind != FINEST && i < a->n_wanted; i++) {
        const struct archive *archive =
            past_archive(a->past, a->wanted[i].column);

        if (archive && archive->since && archive->since < since)
            since = archive->since;
    }
    return since - PAST_STEP;
}

/* Rows that are whole, and not older than what is kept. */
static void choose_rows(struct asked *a)
{
    bool any = past_end(a->past);
    int64_t rows =
        a->kind == FINEST ? PAST_ROWS : (int64_t)archive_kinds[a->kind].rows;
    int64_t from = kept_since(a);

    a->end = (any ? past_end(a->past) : time(NULL)) / a->step * a->step;
    if (from < a->start)
        from = a->start;
    if (from < a->end - rows * a->step)
        from = a->end - rows * a->step;
    if (any && a->end > from)
        a->n_rows = (size_t)((a->end - from + a->step - 1) / a->step);
}

static struct err *read_all(struct http_request *r, struct asked *a)
{
    int64_t now = time(NULL);

    if (!http_param(r, "start"))
        return ERR("start is wanted: since when, in seconds.");
    TRY(read_int(r, "start", &a->start));
    TRY(read_int(r, "interval", &a->interval));
    if (a->start < 0)
        a->start += now;
    choose_kind(a, now);
    return NULL;
}

/* ---- the answer ---------------------------------------------------------- */

/* What stands around what: of XML and JSON, which has its numbers as strings,
 * as clients know it. */
struct form {
    const char *type, *head, *step, *end, *rows, *columns, *legend;
    const char *entry, *entry_end, *data, *row, *values, *value, *value_end;
    const char *row_end, *tail;
    const char *between; /* entries, rows and values */
};

static const struct form forms[] = {
    {.type = "text/xml",
     .head = "<?xml version=\"1.0\"?><xport><meta><start>",
     .step = "</start><step>",
     .end = "</step><end>",
     .rows = "</end><rows>",
     .columns = "</rows><columns>",
     .legend = "</columns><legend>",
     .entry = "<entry>",
     .entry_end = "</entry>",
     .data = "</legend></meta><data>",
     .row = "<row><t>",
     .values = "</t>",
     .value = "<v>",
     .value_end = "</v>",
     .row_end = "</row>",
     .tail = "</data></xport>",
     .between = ""},
    {.type = "application/json",
     .head = "{\"meta\":{\"start\":\"",
     .step = "\",\"step\":\"",
     .end = "\",\"end\":\"",
     .rows = "\",\"rows\":\"",
     .columns = "\",\"columns\":\"",
     .legend = "\",\"legend\":[",
     .entry = "\"",
     .entry_end = "\"",
     .data = "]},\"data\":[",
     .row = "{\"t\":\"",
     .values = "\",\"values\":[",
     .value = "\"",
     .value_end = "\"",
     .row_end = "]}",
     .tail = "]}",
     .between = ","},
};

#define CELLS 64 /* in a piece */

static double value_of(const struct asked *a, const struct wanted *w, int64_t t)
{
    const struct archive *archive =
        a->kind == FINEST ? NULL : past_archive(a->past, w->column);

    return archive ? archive_value(archive, a->kind, w->fn, t)
                   : past_value(a->past, w->column, t - a->step, t);
}

static void add_head(struct asked *a, struct str *out)
{
    const struct form *f = a->form;
    int64_t start;

    choose_rows(a);
    a->has_head = true;
    start = a->end - a->step * (int64_t)(a->n_rows ? a->n_rows - 1 : 0);
    str_addf(out, "%s%lld%s%lld%s%lld%s%zu%s%zu%s", f->head, (long long)start,
             f->step, (long long)a->step, f->end, (long long)a->end, f->rows,
             a->n_rows, f->columns, a->n_wanted, f->legend);
}

static void add_entry(const struct asked *a, size_t i, struct str *out)
{
    const struct form *f = a->form;

    str_addf(out, "%s%s%s:%s%s", i ? f->between : "", f->entry,
             archive_fns[a->wanted[i].fn],
             past_name(a->past, a->wanted[i].column), f->entry_end);
}

/* Some of the cells of the row that is written. */
static void add_cells(struct asked *a, struct str *out)
{
    const struct form *f = a->form;
    int64_t t = a->end - a->step * (int64_t)a->row;
    size_t n = 0;

    if (!a->cell)
        str_addf(out, "%s%s%lld%s", a->row ? f->between : "", f->row,
                 (long long)t, f->values);
    for (; n < CELLS && a->cell < a->n_wanted; n++, a->cell++) {
        str_addf(out, "%s%s", a->cell ? f->between : "", f->value);
        rrd_add_number(out, value_of(a, &a->wanted[a->cell], t));
        str_add(out, f->value_end);
    }
    if (a->cell < a->n_wanted)
        return;
    str_add(out, f->row_end);
    a->row++;
    a->cell = 0;
}

static bool next(void *arg, struct str *out)
{
    struct asked *a = arg;

    if (a->n_seen < past_width(a->past)) {
        look_at_column(a, a->n_seen++);
        return true;
    }
    if (!a->has_head)
        add_head(a, out);
    if (a->n_entries < a->n_wanted) {
        add_entry(a, a->n_entries++, out);
        return true;
    }
    if (!a->row && !a->cell)
        str_add(out, a->form->data);
    if (a->row < a->n_rows)
        add_cells(a, out);
    if (a->row < a->n_rows)
        return true;
    str_add(out, a->form->tail);
    return false;
}

static void done(void *arg)
{
    past_release(((struct asked *)arg)->past);
}

bool rrd_answer(struct http_request *r, struct event_base *base, struct past *h)
{
    struct asked *a = pool_new_of(r->pool, struct asked);
    AUTO_ERR struct err *e = NULL;

    *a = (struct asked){
        .request = r, .past = h, .form = &forms[rrd_wants_json(r)]};
    e = read_all(r, a);
    if (e) {
        http_page(r, 400, err_text(e));
        return false;
    }
    past_hold(h);
    rrd_send(r, base,
             &(const struct rrd_text){
                 .type = a->form->type, .next = next, .done = done, .arg = a});
    return true;
}
