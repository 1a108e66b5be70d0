/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * reading: values that are measured (class data_source), as calls answer with
 * them. The text form is what workers send home.
 */
#ifndef XAPI_READING_H
#define XAPI_READING_H

#include "lib/str.h"
#include "xapi/call/call.h"

struct reading {
    const char *name, *doc, *units; /* without tabs and newlines */
    bool standard, recorded;        /* shall be by itself; is */
    double max;                     /* the least is 0 */
    double value;
    /* VALUE is the sum of what there ever was AT this time (in seconds), or AT
     * so many requests: what is told of it is how fast it grows with that. */
    bool counts;
    double at;
    uint64_t whose; /* another: something else of that name counts anew */
};

/* What NOW tells, when it was BEFORE (NULL: it was not there). NAN: what was
 * counted before is not known, or was begun anew; nothing is wrong. */
double reading_value(const struct reading *before, const struct reading *now);

/* The one called NAME, or INVALID_VALUE. */
struct err *reading_find(const struct reading *list, size_t n, const char *name,
                         const struct reading **ret) MUST_USE;
/* All of LIST, which stays as long as the call, is C's result. */
void reading_return(struct call *c, const struct reading *list, size_t n);

void reading_to_text(const struct reading *list, size_t n, struct str *out);
/* The result is what reading_to_text wrote. */
void reading_return_text(struct call *c, const char *text);

#endif
