/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * filter: the language of get_all_where and get_all_records_where.
 *
 *   field "is_control_domain" = "false" and (field "power_state" = "Running")
 *
 * Literals have no escapes. `and` and `or` bind alike, from the left; `not`
 * takes all that follows it up to the closing parenthesis. Both sides of = are
 * compared as text forms (datum.h).
 */
#ifndef XAPI_FILTER_H
#define XAPI_FILTER_H

#include "xapi/db/db.h"

#define FILTER_MAX 65536 /* bytes of an expression */
#define FILTER_DEPTH_MAX 100

struct filter;

/* Names of fields are those of filters ("name__label") or of records. The
 * error, INVALID_VALUE's detail, says where and what would be right. The filter
 * is in P and keeps no pointer to TEXT. */
struct err *filter_parse(struct pool *p, const struct model_class *class,
                         const char *text, struct filter **ret) MUST_USE;
bool filter_match(const struct filter *f, const struct object *o);
/* The objects it can match at most, when an index says so: the one object of
 * `field "uuid" = "..."`; tried before all of a class are looked at. */
bool filter_one(const struct filter *f, const struct db *db,
                struct object **ret);

#endif
