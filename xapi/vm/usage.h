/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * usage: what can be measured of guests, of the host and of repositories, in
 * one look at all of them. Most of it is counted (reading.h): two looks make a
 * value. For workers.
 */
#ifndef XAPI_USAGE_H
#define XAPI_USAGE_H

#include "xapi/call/reading.h"

struct hv;
struct net;
struct usage;

/* Of what DB knows, in P. HV and NET may be NULL: then there is less. */
struct err *usage_look(struct pool *p, const struct db *db, const struct hv *hv,
                       const struct net *net,
                       const struct usage **ret) MUST_USE;
/* Of O, a VM, host or SR: none of a VM that is not there, or another host. */
void usage_of(const struct usage *u, const struct object *o,
              struct reading **ret, size_t *ret_n);

#endif
