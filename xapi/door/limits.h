/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* limits: what one client may use up of the door, as rows for xapi.conf. */
#ifndef XAPI_LIMITS_H
#define XAPI_LIMITS_H

#include "lib/slot.h"

struct limits {
    unsigned connections, client_connections;
    unsigned client_tasks, client_listeners; /* calls that are under way */
    unsigned head_bytes;                     /* request line and headers */
    unsigned rpc_bytes;                      /* body of an RPC call */
    unsigned head_seconds, body_seconds, idle_seconds, send_seconds;
};

extern const struct limits limits_default;
extern const struct slot limits_rows[]; /* of a struct limits */

#endif
