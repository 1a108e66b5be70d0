/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* rpc: from the door's calls to the dispatcher and back. Called by main.c. */
#ifndef XAPI_RPC_H
#define XAPI_RPC_H

#include "xapi/call/call.h"

struct door_call;
struct http_request;

/* Who sends R: texts are in its pool. */
struct caller rpc_caller(struct http_request *r);

/* What door_new wants; ARG is the struct server. */
void rpc_serve(struct door_call *d, void *arg);

/* session.login_with_password for who comes by another door; as call_start. */
struct call *rpc_log_in(
    struct server *server, struct pool *p, const struct caller *caller,
    const char *const words[3], /* user, password, program */
    call_done_fn *done, void *arg);

#endif
