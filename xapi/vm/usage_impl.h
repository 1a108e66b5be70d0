/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* usage_impl: what the files usage*.c share. */
#ifndef XAPI_USAGE_IMPL_H
#define XAPI_USAGE_IMPL_H

#include "xapi/model/fields_gen.h"
#include "xapi/vm/usage.h"
#include "xenstore/top/sample.h"

/* What the disks of a repository that domains have did, all together. */
struct usage_sr {
    const struct object *sr;
    struct sample_vbd io;
};

struct usage {
    struct pool *pool;
    const struct db *db;
    const struct net *net;
    const struct sample *sample; /* NULL: no hypervisor */
    struct usage_sr *srs;
    size_t n_srs;
};

struct usage_list {
    struct pool *pool;
    struct reading *list;
    size_t n;
};

/* What a row says of a source. "%s" of the texts is what it is one of. */
struct usage_row {
    const char *name, *doc, *units;
    bool standard;
    double max; /* 0: there is none */
};

/* The texts, where they have a "%s", with OF in its place. */
struct reading *usage_add(struct usage_list *l, const struct usage_row *row,
                          const char *of, double value);
/* The same for what grows with AT, of WHOSE. */
void usage_count(struct usage_list *l, const struct usage_row *row,
                 const char *of, double value, double at, uint64_t whose);

/* Of a counter that is a uint64_t, so far into the struct that has it. */
struct usage_field {
    struct usage_row row;
    size_t offset;
};
void usage_count_fields(struct usage_list *l, const struct usage_field *fields,
                        size_t n, const char *of, const void *counters,
                        double at, uint64_t whose);
/* For OF. */
const char *usage_number(struct pool *p, uint64_t n);

/* ---- usage_io.c ---------------------------------------------------------- */

void usage_sum_srs(struct usage *u);
/* Of IO at the time NOW; names are "PREFIXread" and such; OF is in the texts.
 * STANDARD: those that are recorded unless somebody says otherwise. */
void usage_add_io(struct usage_list *l, const struct sample_vbd *io,
                  uint64_t whose, double now, const char *name_fmt,
                  const char *of);
void usage_of_sr(const struct usage *u, const struct object *sr,
                 struct usage_list *l);

/* ---- usage_host.c -------------------------------------------------------- */

void usage_of_host(const struct usage *u, const struct object *host,
                   struct usage_list *l);

#endif
