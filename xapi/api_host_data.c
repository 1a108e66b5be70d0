/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* api_host_data: what can be measured of a host. Nothing is recorded over time:
 * a value is what it is when it is asked for. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "xapi/calls_gen.h"
#include "xapi/codec.h"
#include "xapi/errors_gen.h"
#include "xapi/fields_gen.h"
#include "xapi/generic.h"

#define KIB 1024.0

static double memory_total(const struct object *metrics)
{
    return (double)get_host_metrics_memory_total(metrics) / KIB;
}

static double memory_free(const struct object *metrics)
{
    return (double)get_host_metrics_memory_free(metrics) / KIB;
}

static double load(const struct object *metrics)
{
    double average = 0;

    (void)metrics;
    return getloadavg(&average, 1) == 1 ? average : NAN;
}

static const struct source_row {
    const char *name, *doc, *units;
    double (*value)(const struct object *metrics);
} sources[] = {
    {"loadavg", "Processes that want to run, on average over a minute", "",
     load},
    {"memory_free_kib", "Memory that no domain has", "KiB", memory_free},
    {"memory_total_kib", "Memory of the machine", "KiB", memory_total},
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

static void write_source(struct writer *w, const struct source_row *s,
                         double value)
{
    writer_struct_open(w);
    write_string(w, "name_label", s->name);
    write_string(w, "name_description", s->doc);
    writer_name(w, "enabled");
    writer_bool(w, true);
    writer_name(w, "standard");
    writer_bool(w, true);
    write_string(w, "units", s->units);
    write_double(w, "min", 0);
    write_double(w, "max", INFINITY);
    write_double(w, "value", value);
    writer_struct_close(w);
}

struct readings {
    double values[ARRAY_LEN(sources)];
};

static void write_all(struct writer *w, const void *arg)
{
    const struct readings *r = arg;

    writer_list_open(w);
    for (size_t i = 0; i < ARRAY_LEN(sources); i++)
        write_source(w, &sources[i], r->values[i]);
    writer_list_close(w);
}

static struct err *metrics_of(const struct call *c, struct object **ret)
{
    struct object *host;

    TRY(call_object(c, 0, &host));
    *ret = get_host_metrics(host);
    return *ret ? NULL : err_HOST_CANNOT_READ_METRICS();
}

struct err *host_get_data_sources(struct call *c,
                                  const struct host_get_data_sources_args *a)
{
    struct readings *r = pool_new_of(c->pool, struct readings);
    struct object *metrics = NULL;

    (void)a;
    TRY(metrics_of(c, &metrics));
    for (size_t i = 0; i < ARRAY_LEN(sources); i++)
        r->values[i] = sources[i].value(metrics);
    call_return_by(c, write_all, r);
    return NULL;
}

struct err *host_query_data_source(struct call *c,
                                   const struct host_query_data_source_args *a)
{
    struct object *metrics = NULL;

    TRY(metrics_of(c, &metrics));
    for (size_t i = 0; i < ARRAY_LEN(sources); i++) {
        if (strcmp(sources[i].name, a->data_source) != 0)
            continue;
        call_return_float(c, sources[i].value(metrics));
        return NULL;
    }
    return err_INVALID_VALUE("data_source", a->data_source);
}
