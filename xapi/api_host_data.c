/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* api_host_data: what can be measured of a host (reading.h). */
#include <math.h>
#include <stdlib.h>

#include "xapi/calls_gen.h"
#include "xapi/errors_gen.h"
#include "xapi/fields_gen.h"
#include "xapi/generic.h"
#include "xapi/reading.h"

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
} rows[] = {
    {"loadavg", "Processes that want to run, on average over a minute", "",
     load},
    {"memory_free_kib", "Memory that no domain has", "KiB", memory_free},
    {"memory_total_kib", "Memory of the machine", "KiB", memory_total},
};

static struct err *measure(const struct call *c, const struct reading **ret)
{
    struct reading *list = pool_alloc(c->pool, ARRAY_LEN(rows) * sizeof(*list));
    const struct object *metrics;
    struct object *host = NULL;

    TRY(call_object(c, 0, &host));
    metrics = get_host_metrics(host);
    if (!metrics)
        return err_HOST_CANNOT_READ_METRICS();
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        list[i] = (struct reading){rows[i].name, rows[i].doc, rows[i].units,
                                   INFINITY, rows[i].value(metrics)};
    *ret = list;
    return NULL;
}

struct err *host_get_data_sources(struct call *c,
                                  const struct host_get_data_sources_args *a)
{
    const struct reading *list = NULL;

    (void)a;
    TRY(measure(c, &list));
    reading_return(c, list, ARRAY_LEN(rows));
    return NULL;
}

struct err *host_query_data_source(struct call *c,
                                   const struct host_query_data_source_args *a)
{
    const struct reading *list = NULL, *one = NULL;

    TRY(measure(c, &list));
    TRY(reading_find(list, ARRAY_LEN(rows), a->data_source, &one));
    call_return_float(c, one->value);
    return NULL;
}
