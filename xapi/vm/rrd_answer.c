/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* rrd_answer: see rrd_answer.h. */
#include "xapi/vm/rrd_answer.h"

#include <math.h>
#include <string.h>
#include <time.h>

#include "lib/str.h"
#include "xapi/vm/rrd_past.h"

/* ---- what is asked ------------------------------------------------------- */

struct asked {
    int64_t start, interval;
    bool json;
    size_t *columns;
    size_t n_columns;
    /* what there is of it */
    int64_t step, end;
    size_t n_rows;
};

static struct err *read_int(struct http_request *r, const char *name,
                            int64_t *ret)
{
    const char *text = http_param(r, name);

    return text ? text_to_int(text, 10, INT32_MIN, (int64_t)1 << 40, ret)
                : NULL;
}

static bool wants_json(struct http_request *r)
{
    const char *accept = http_header(r, "accept");

    if (accept && (strstr(accept, "json") || strstr(accept, "*/*")))
        return true;
    return !(accept && strstr(accept, "xml")) &&
           text_eq(http_param(r, "json"), "true");
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

static bool wants(struct http_request *r, const char *column)
{
    const char *cf = http_param(r, "cf");

    if (cf && *cf && strcmp(cf, "AVERAGE") != 0)
        return false;
    if (text_has_prefix(column, "host:"))
        return text_eq(http_param(r, "host"), "true");
    if (text_has_prefix(column, "sr:"))
        return names(r, "sr_uuid", column + strlen("sr:"), false);
    return names(r, "vm_uuid", column + strlen("vm:"), true);
}

/* The finest that is not finer than asked, and goes back far enough: clients
 * know these steps. */
static int64_t choose_step(const struct asked *a, int64_t now)
{
    static const struct {
        int64_t step, rows;
    } kinds[] = {{5, 120}, {60, 120}, {3600, 168}, {86400, 366}};
    size_t i = 0;

    while (i + 1 < ARRAY_LEN(kinds) &&
           (kinds[i].step < a->interval ||
            now - kinds[i].step * kinds[i].rows > a->start))
        i++;
    return kinds[i].step;
}

/* Rows that are whole, and not older than what is kept. */
static void choose_rows(struct asked *a, const struct past *h, int64_t now)
{
    int64_t kept = past_start(h) - PAST_STEP;
    int64_t from = a->start > kept ? a->start : kept;
    bool any = past_end(h);

    a->end = (any ? past_end(h) : now) / a->step * a->step;
    if (any && a->end > from)
        a->n_rows = (size_t)((a->end - from + a->step - 1) / a->step);
}

static struct err *read_all(struct http_request *r, const struct past *h,
                            struct asked *a)
{
    int64_t now = time(NULL);

    if (!http_param(r, "start"))
        return ERR("start is wanted: since when, in seconds.");
    TRY(read_int(r, "start", &a->start));
    TRY(read_int(r, "interval", &a->interval));
    if (a->start < 0)
        a->start += now;
    a->json = wants_json(r);
    for (size_t i = 0; i < past_width(h); i++)
        if (wants(r, past_name(h, i)))
            *pool_push(r->pool, a->columns, a->n_columns) = i;
    a->step = choose_step(a, now);
    choose_rows(a, h, now);
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
     .entry = "<entry>AVERAGE:",
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
     .entry = "\"AVERAGE:",
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

static void add_number(struct str *out, double value)
{
    if (isnan(value))
        str_add(out, "NaN");
    else if (value == 0)
        str_add(out, "0.0");
    else
        str_addf(out, "%.15g", value);
}

static void add_row(const struct past *h, const struct asked *a,
                    const struct form *f, int64_t t, struct str *out)
{
    str_addf(out, "%s%lld%s", f->row, (long long)t, f->values);
    for (size_t i = 0; i < a->n_columns; i++) {
        str_addf(out, "%s%s", i ? f->between : "", f->value);
        add_number(out, past_value(h, a->columns[i], t - a->step, t));
        str_add(out, f->value_end);
    }
    str_add(out, f->row_end);
}

static void write_all(const struct past *h, const struct asked *a,
                      const struct form *f, struct str *out)
{
    int64_t start = a->end - a->step * (int64_t)(a->n_rows ? a->n_rows - 1 : 0);

    str_addf(out, "%s%lld%s%lld%s%lld%s%zu%s%zu%s", f->head, (long long)start,
             f->step, (long long)a->step, f->end, (long long)a->end, f->rows,
             a->n_rows, f->columns, a->n_columns, f->legend);
    for (size_t i = 0; i < a->n_columns; i++)
        str_addf(out, "%s%s%s%s", i ? f->between : "", f->entry,
                 past_name(h, a->columns[i]), f->entry_end);
    str_add(out, f->data);
    for (size_t i = 0; i < a->n_rows; i++) {
        str_add(out, i ? f->between : "");
        add_row(h, a, f, a->end - a->step * (int64_t)i, out);
    }
    str_add(out, f->tail);
}

bool rrd_answer(struct http_request *r, const struct past *h)
{
    AUTO_BODY struct body body = BODY_INIT;
    struct asked a = {.interval = 0};
    AUTO_ERR struct err *e = read_all(r, h, &a);
    const struct form *f = &forms[a.json];

    if (e) {
        http_page(r, 400, err_text(e));
        return false;
    }
    write_all(h, &a, f, &body.text);
    http_set_header(r, "Access-Control-Allow-Origin", "*");
    if (body_full(&body))
        http_page(r, 500, "This is too much for one answer.");
    else
        http_answer(r, 200, f->type, &body);
    return true;
}
