/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * rrd_archive: what one source was over hours, weeks and a year: for each kind
 * of archive a row each step, of which the average, the least and the most are
 * kept. Rows end at multiples of their step; one of which less than half is
 * known is NAN.
 */
#ifndef XAPI_RRD_ARCHIVE_H
#define XAPI_RRD_ARCHIVE_H

#include <stddef.h>
#include <stdint.h>

#define ARCHIVE_SAMPLE 5 /* seconds that a value stands for */

enum { ARCHIVE_HOURS, ARCHIVE_WEEK, ARCHIVE_YEAR, ARCHIVE_KINDS };
enum { ARCHIVE_AVERAGE, ARCHIVE_MIN, ARCHIVE_MAX, ARCHIVE_FNS };
#define ARCHIVE_ROWS (120 + 168 + 366) /* of all kinds */

struct archive_kind {
    int64_t step; /* seconds */
    size_t rows;
};
extern const struct archive_kind archive_kinds[ARCHIVE_KINDS];
extern const char *const archive_fns[ARCHIVE_FNS]; /* "AVERAGE" ... */

/* As it is on disk. */
struct archive {
    int64_t since; /* the first value, 0: there is none yet */
    struct archive_going {
        int64_t row; /* its end; the others are before it */
        double sum, min, max;
        int64_t n; /* values of it that are known */
    } going[ARCHIVE_KINDS];
    float rows[ARCHIVE_FNS][ARCHIVE_ROWS];
};

void archive_init(struct archive *a);
/* VALUE was that of the ARCHIVE_SAMPLE seconds up to T, a multiple of them,
 * later than all before. Times that are left out are not known. */
void archive_add(struct archive *a, int64_t t, double value);
/* Of the row that ends at T, a multiple of its step that has passed. */
double archive_value(const struct archive *a, unsigned kind, unsigned fn,
                     int64_t t);

#endif
