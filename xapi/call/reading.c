/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* reading: measured values as answers; see reading.h. */
#include "xapi/call/reading.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "xapi/door/codec.h"
#include "xapi/model/errors_gen.h"

double reading_value(const struct reading *before, const struct reading *now)
{
    double rate;

    if (!now->counts)
        return now->value;
    if (!before || before->whose != now->whose || now->at < before->at ||
        now->value < before->value)
        return NAN;
    if (now->at == before->at)
        return 0; /* no requests */
    rate = (now->value - before->value) / (now->at - before->at);
    return rate > now->max ? now->max : rate;
}

struct err *reading_find(const struct reading *list, size_t n, const char *name,
                         const struct reading **ret)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(list[i].name, name) != 0)
            continue;
        *ret = &list[i];
        return NULL;
    }
    return err_INVALID_VALUE("data_source", name);
}

/* ---- answers ------------------------------------------------------------- */

struct readings {
    const struct reading *list;
    size_t n;
};

static void write_double(struct writer *w, const char *name, double d)
{
    writer_name(w, name);
    writer_double(w, d);
}

static void write_string(struct writer *w, const char *name, const char *text)
{
    writer_name(w, name);
    writer_string(w, text);
}

static void write_reading(struct writer *w, const struct reading *s)
{
    writer_struct_open(w);
    write_string(w, "name_label", s->name);
    write_string(w, "name_description", s->doc);
    writer_name(w, "enabled");
    writer_bool(w, s->recorded);
    writer_name(w, "standard");
    writer_bool(w, s->standard);
    write_string(w, "units", s->units);
    write_double(w, "min", 0);
    write_double(w, "max", s->max);
    write_double(w, "value", s->value);
    writer_struct_close(w);
}

static void write_all(struct writer *w, const void *arg)
{
    const struct readings *s = arg;

    writer_list_open(w);
    for (size_t i = 0; i < s->n; i++)
        write_reading(w, &s->list[i]);
    writer_list_close(w);
}

void reading_return(struct call *c, const struct reading *list, size_t n)
{
    struct readings *s = pool_new_of(c->pool, struct readings);

    *s = (struct readings){list, n};
    call_return_by(c, write_all, s);
}

/* ---- text ---------------------------------------------------------------- */

void reading_to_text(const struct reading *list, size_t n, struct str *out)
{
    for (size_t i = 0; i < n; i++)
        str_addf(out, "%s\t%s\t%s\t%d\t%d\t%.17g\t%.17g\n", list[i].name,
                 list[i].doc, list[i].units, list[i].standard, list[i].recorded,
                 list[i].max, list[i].value);
}

void reading_return_text(struct call *c, const char *text)
{
    char **lines = text_split(c->pool, text, '\n', NULL), **words;
    struct reading *list = NULL;
    size_t n = 0, n_words;

    for (; *lines; lines++) {
        words = text_split(c->pool, *lines, '\t', &n_words);
        if (n_words == 7) /* the last line is empty */
            *pool_push(c->pool, list, n) =
                (struct reading){.name = words[0],
                                 .doc = words[1],
                                 .units = words[2],
                                 .standard = *words[3] == '1',
                                 .recorded = *words[4] == '1',
                                 .max = strtod(words[5], NULL),
                                 .value = strtod(words[6], NULL)};
    }
    reading_return(c, list, n);
}
