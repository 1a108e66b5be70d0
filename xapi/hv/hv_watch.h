/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hv_watch: the one part of hv_libxl that is the daemon's loop's own: a
 * connection to XenStore that is told when a domain comes, ends or goes. Knows
 * no libxl.
 */
#ifndef XAPI_HV_WATCH_H
#define XAPI_HV_WATCH_H

#include "xapi/hv/hv.h"

struct hv_watch;

struct hv_watch *hv_watch_new(void);
/* The verbs of hv.h, on hv->watching. */
struct err *hv_watch_begin(const struct hv *hv, int *ret_fd) MUST_USE;
struct err *hv_watch_hear(const struct hv *hv, int fd,
                          bool *ret_changed) MUST_USE;

#endif
