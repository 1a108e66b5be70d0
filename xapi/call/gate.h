/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * gate: who may GET and PUT what is no call. A request that is let in has the
 * role that its row of model_http wants: by the Unix socket (root), by
 * session_id (of the query, or a cookie), or by Basic authorization, with a
 * session that ends once that is settled. Others get 401 or 403.
 */
#ifndef XAPI_GATE_H
#define XAPI_GATE_H

#include "xapi/door/http.h"
#include "xapi/call/server.h"

/* Answers R. */
typedef void gate_fn(struct http_request *r, void *arg);

struct gate {
    const char *action; /* name in model_http: "get_audit_log" */
    gate_fn *fn;
    void *arg;
    /* Anybody may, R being what it is; NULL: never. */
    bool (*is_open)(struct http_request *r, void *arg);
    /* gate.c's */
    struct http_route route;
    struct server *server;
};

#define GATE_STREAM SIZE_MAX /* the handler takes the connection for it */

/* G has to stay as long as HTTP. Bodies are at most BODY_MAX. */
void gate_serve(struct http *http, struct gate *g, struct server *server,
                size_t body_max);

#endif
