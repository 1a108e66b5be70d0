/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* rrd_dump: all that is recorded of a VM, a host or an SR in one answer, as
 * `rrdtool dump` writes it, or the same as JSON. */
#ifndef XAPI_RRD_DUMP_H
#define XAPI_RRD_DUMP_H

#include "xapi/door/http.h"

struct event_base;
struct past;

/* Of OWNER ("vm:UUID"); of whom nothing is recorded: a page says so. */
void rrd_dump(struct http_request *r, struct event_base *base, struct past *h,
              const char *owner);

#endif
