/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fields: the members of a sample, a row each. Samples kept in files
 * (sample_json.c), the exporter's metrics (export.c) and their list in the
 * manual come from these rows.
 */
#ifndef XENSTORE_TOP_FIELDS_H
#define XENSTORE_TOP_FIELDS_H

#include "xenstore/top/sample.h"

enum field_type {
    FIELD_NUMBER,
    FIELD_MAYBE, /* a number or SAMPLE_NONE */
    FIELD_REAL,  /* a double */
    FIELD_TEXT,
    FIELD_UUID,
};

enum metric_type {
    METRIC_NONE,
    METRIC_GAUGE,
    METRIC_COUNTER,
    METRIC_LABEL,  /* of all metrics of its level and the levels below */
    METRIC_INFO,   /* a label of the level's "..._info" metric */
    METRIC_STATES, /* a gauge for each of enum sample_state */
};

struct field {
    const char *name; /* member of JSON; of a label: its name, too */
    enum field_type type;
    size_t offset;
    enum metric_type metric;
    const char *family; /* without the `_total` of counters */
    double scale;       /* the metric is the number divided by it; 0: 1 */
    const char *doc;    /* one sentence */
};

/* A sort of struct: of the host, of a domain, of a disk. */
struct level {
    const char *name; /* member of JSON with the list; NULL: the sample */
    const char *info; /* family of its METRIC_INFO labels, or NULL */
    size_t size;      /* of the struct */
    size_t list, n;   /* where the one above has the array and its length */
    size_t
        counted; /* where a 0 says that counters are not known; 0: they are */
    const struct field *fields;          /* ends with a NULL name */
    const struct level *const *children; /* ends with NULL; may be NULL */
};

extern const struct level level_sample, level_domain;

/* A field of each type in STRCT. */
uint64_t field_number(const struct field *field, const void *strct);
double field_real(const struct field *field, const void *strct);
const char *field_text(const struct field *field, const void *strct);
const unsigned char *field_uuid(const struct field *field, const void *strct);

/* The array of LEVEL's structs in the struct above, and how many they are. */
static inline const char *level_list(const struct level *level,
                                     const void *above, size_t *ret_n)
{
    *ret_n = *(const size_t *)((const char *)above + level->n);
    return *(const char *const *)((const char *)above + level->list);
}

#endif
