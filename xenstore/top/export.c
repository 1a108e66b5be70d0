/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* export: a sample as text of metrics, see export.h. The rows are those of
 * fields.h; the lines of a family stand together, as the formats want it. */
#include "xenstore/top/export.h"

#include <inttypes.h>
#include <string.h>
#include <uuid/uuid.h>

#include "lib/str.h"
#include "lib/utf8.h"
#include "xenstore/top/fields.h"

#define LABELS_MAX 65536 /* bytes of one metric's */

/* A struct of a level, and the labels of all its metrics. */
struct thing {
    const void *strct;
    const char *labels; /* `id="1",name="a"` */
};

struct page {
    enum export_format format;
    struct pool *pool;
    struct str *out;
};

/* ---- labels -------------------------------------------------------------- */

/* What is not UTF-8 becomes U+FFFD a byte. */
static void add_escaped(const char *text, struct str *out)
{
    while (*text) {
        size_t len = utf8_len(text, strlen(text));

        if (!len)
            str_add(out, UTF8_BAD);
        else if (*text == '\n')
            str_add(out, "\\n");
        else if (*text == '\\' || *text == '"')
            str_addf(out, "\\%c", *text);
        else
            str_addn(out, text, len);
        text += len ? len : 1;
    }
}

static void add_label(const struct field *f, const void *strct, struct str *out)
{
    char uuid[37];

    str_addf(out, "%s%s=\"", out->len ? "," : "", f->family);
    if (f->type == FIELD_TEXT) {
        add_escaped(field_text(f, strct), out);
    } else if (f->type == FIELD_UUID) {
        uuid_unparse_lower(field_uuid(f, strct), uuid);
        str_add(out, uuid);
    } else {
        str_addf(out, "%" PRIu64, field_number(f, strct));
    }
    str_addc(out, '"');
}

/* ABOVE, and the fields of STRCT that are labels of that type. */
static const char *labels(const struct level *level, const void *strct,
                          const char *above, enum metric_type type,
                          struct pool *p)
{
    AUTO_STR struct str out = STR_INIT(LABELS_MAX);

    str_add(&out, above);
    for (const struct field *f = level->fields; f->name; f++)
        if (f->metric == type)
            add_label(f, strct, &out);
    return pool_str(p, str_text(&out));
}

/* ---- families ------------------------------------------------------------ */

/* In OpenMetrics the ending of a counter or an info is not the family's. */
static void add_head(const struct page *page, const char *family,
                     const char *ending, const char *type, const char *doc)
{
    bool open = page->format == EXPORT_OPENMETRICS;

    str_addf(page->out, "# HELP %s%s %s\n# TYPE %s%s %s\n", family,
             open ? "" : ending, doc, family, open ? "" : ending,
             open || strcmp(type, "info") ? type : "gauge");
}

static void add_name(const struct page *page, const char *family,
                     const char *ending, const char *labels_, const char *label)
{
    str_add(page->out, family);
    str_add(page->out, ending);
    if (*labels_ || *label) {
        str_addc(page->out, '{');
        str_add(page->out, labels_);
        str_add(page->out, *labels_ && *label ? "," : "");
        str_add(page->out, label);
        str_addc(page->out, '}');
    }
    str_addc(page->out, ' ');
}

/* Exact, which a double is not. */
static void add_scaled(uint64_t n, double scale, struct str *out)
{
    uint64_t by = scale > 0 && scale < 1 ? (uint64_t)(1 / scale + 0.5) : 1;

    if (scale > 1) {
        str_addu(out, n / (uint64_t)scale, 1);
        str_addc(out, '.');
        str_addu(out, n % (uint64_t)scale, 9);
    } else {
        str_addu(out, n * by, 1);
    }
    str_addc(out, '\n');
}

static void add_states(const struct page *page, const struct field *f,
                       const struct thing *thing)
{
    static const char *const labels_[] = {
        "state=\"dying\"",   "state=\"shutdown\"", "state=\"blocked\"",
        "state=\"crashed\"", "state=\"paused\"",   "state=\"running\""};

    for (unsigned i = 0; i < ARRAY_LEN(labels_); i++) {
        add_name(page, f->family, "", thing->labels, labels_[i]);
        str_add(page->out,
                field_number(f, thing->strct) & 1u << i ? "1\n" : "0\n");
    }
}

static bool is_known(const struct level *level, const struct field *f,
                     const void *strct)
{
    if (f->type == FIELD_MAYBE && field_number(f, strct) == SAMPLE_NONE)
        return false;
    return f->metric != METRIC_COUNTER || !level->counted ||
           *(const uint64_t *)((const char *)strct + level->counted);
}

static void add_metric(const struct page *page, const struct field *f,
                       const char *ending, const struct thing *thing)
{
    if (f->metric == METRIC_STATES) {
        add_states(page, f, thing);
        return;
    }
    add_name(page, f->family, ending, thing->labels, "");
    if (f->type == FIELD_REAL)
        str_addf(page->out, "%.3f\n", field_real(f, thing->strct));
    else
        add_scaled(field_number(f, thing->strct), f->scale, page->out);
}

static void add_family(const struct page *page, const struct level *level,
                       const struct field *f, const struct thing *things,
                       size_t n)
{
    bool counter = f->metric == METRIC_COUNTER, begun = false;
    const char *ending = counter ? "_total" : "";

    for (size_t i = 0; i < n; i++) {
        if (!is_known(level, f, things[i].strct))
            continue;
        if (!begun)
            add_head(page, f->family, ending, counter ? "counter" : "gauge",
                     f->doc);
        begun = true;
        add_metric(page, f, ending, &things[i]);
    }
}

static void add_info(const struct page *page, const struct level *level,
                     const struct thing *things, size_t n)
{
    static const char ending[] = "_info";
    char *family = pool_str(page->pool, level->info);

    family[strlen(family) - strlen(ending)] = '\0';
    add_head(page, family, ending, "info",
             "What does not change, as labels; always 1.");
    for (size_t i = 0; i < n; i++) {
        add_name(page, family, ending,
                 labels(level, things[i].strct, things[i].labels, METRIC_INFO,
                        page->pool),
                 "");
        str_add(page->out, "1\n");
    }
}

/* ---- levels -------------------------------------------------------------- */

/* All structs of a level, below all of ABOVE. */
static struct thing *things_of(const struct level *level,
                               const struct thing *above, size_t n_above,
                               struct pool *p, size_t *ret_n)
{
    struct thing *things;
    size_t n, all = 0;

    for (size_t i = 0; i < n_above; i++) {
        level_list(level, above[i].strct, &n);
        all += n;
    }
    things = pool_alloc(p, all * sizeof(*things));
    *ret_n = all;
    all = 0;
    for (size_t i = 0; i < n_above; i++) {
        const char *strct = level_list(level, above[i].strct, &n);

        for (; n; n--, strct += level->size)
            things[all++] = (struct thing){
                strct, labels(level, strct, above[i].labels, METRIC_LABEL, p)};
    }
    return things;
}

static void add_level(const struct page *page, const struct level *level,
                      const struct thing *things, size_t n)
{
    if (!n)
        return;
    if (level->info)
        add_info(page, level, things, n);
    for (const struct field *f = level->fields; f->name; f++)
        if (f->metric == METRIC_GAUGE || f->metric == METRIC_COUNTER ||
            f->metric == METRIC_STATES)
            add_family(page, level, f, things, n);
    for (const struct level *const *child = level->children; child && *child;
         child++) {
        size_t n_below;
        struct thing *below =
            things_of(*child, things, n, page->pool, &n_below);

        add_level(page, *child, below, n_below);
    }
}

void export_print(const struct sample *s, enum export_format format,
                  struct str *out)
{
    AUTO_POOL struct pool *p = pool_new();
    struct page page = {format, p, out};
    struct thing host = {s, ""};

    add_level(&page, &level_sample, &host, 1);
    if (format == EXPORT_OPENMETRICS)
        str_add(out, "# EOF\n");
}
