/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * history: the last figures of each domain, for curves. Domains are told apart
 * by id and uuid; one that is gone is forgotten with the next change.
 */
#ifndef XENSTORE_TOP_HISTORY_H
#define XENSTORE_TOP_HISTORY_H

#include "xenstore/top/columns.h"

#define HISTORY_LENGTH 120 /* readings */
#define HISTORY_DOMAINS_MAX 4096

struct history;

/* Keeps one column's figures. */
struct history *history_new(const struct column *col);
void history_free(struct history *h); /* NULL is fine */
/* What the change says of each domain becomes its newest figure; a change
 * without a reading before it adds none. */
void history_add(struct history *h, const struct change *c);
/* Up to N figures, oldest first, of which the last is the newest; returns how
 * many. Nothing known of a moment is 0. */
size_t history_get(const struct history *h, const struct sample_domain *d,
                   size_t n, double *ret);
/* Of all CPUs: 0 to 1. */
size_t history_get_host(const struct history *h, size_t n, double *ret);

/* The greatest figure of all domains; 0 when there is none. */
double history_top(const struct history *h);

#endif
