/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * usage: what can be measured of a guest, and of a host, in one look. Shares of
 * processors are sums that grow (reading.h): two looks make a value.
 */
#ifndef XAPI_USAGE_H
#define XAPI_USAGE_H

#include "xapi/call/reading.h"

struct hv;

/* Of VM, which is up. For workers. */
struct err *usage_of_vm(const struct hv *hv, struct pool *p,
                        const struct object *vm, struct reading **ret,
                        size_t *ret_n) MUST_USE;
struct err *usage_of_host(struct pool *p, const struct object *host,
                          struct reading **ret, size_t *ret_n) MUST_USE;

#endif
