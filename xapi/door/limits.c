/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* limits: see limits.h. */
#include "xapi/door/limits.h"

const struct limits limits_default = {
    .connections = 4096,
    .client_connections = 2048,
    .client_tasks = 1000,
    .client_listeners = 2000,
    .head_bytes = 16 * 1024,
    .rpc_bytes = 300 * 1024,
    .head_seconds = 10,
    .body_seconds = 60,
    .idle_seconds = 3600,
    .send_seconds = 60,
};

/* clang-format off */
#define NUMBER(member, least, most)                                            \
    SLOT_INT(struct limits, member), .min = (least), .max = (most)

const struct slot limits_rows[] = {
    {.name = "connections", NUMBER(connections, 1, 1000000), .unit = "N",
        .doc = "Most connections at a time; past it, the one that has been idle longest is closed."},
    {.name = "client_connections", NUMBER(client_connections, 1, 1000000), .unit = "N",
        .doc = "Most connections of one client (address and user) at a time; past it, its longest idle one is closed, or the new one is told 503."},
    {.name = "client_tasks", NUMBER(client_tasks, 1, 1000000), .unit = "N",
        .doc = "Most calls that take long (tasks) of one client at a time; past it they are told TOO_MANY_PENDING_TASKS."},
    {.name = "client_listeners", NUMBER(client_listeners, 1, 1000000), .unit = "N",
        .doc = "Most calls of one client that wait for events; past it they are told TOO_BUSY."},
    {.name = "head_bytes", NUMBER(head_bytes, 512, 1 << 20), .unit = "BYTES",
        .doc = "Largest request line and headers."},
    {.name = "rpc_bytes", NUMBER(rpc_bytes, 1024, 1 << 30), .unit = "BYTES",
        .doc = "Largest body of a call."},
    {.name = "head_seconds", NUMBER(head_seconds, 1, 3600), .unit = "SECONDS",
        .doc = "For how long a client may take to send a request's headers; also for a TLS handshake."},
    {.name = "body_seconds", NUMBER(body_seconds, 1, 86400), .unit = "SECONDS",
        .doc = "For how long a client may take to send a call's body."},
    {.name = "idle_seconds", NUMBER(idle_seconds, 1, 86400), .unit = "SECONDS",
        .doc = "For how long a connection is kept that sends no request."},
    {.name = "send_seconds", NUMBER(send_seconds, 1, 86400), .unit = "SECONDS",
        .doc = "For how long a client may take nothing of an answer."},
    {.name = NULL},
};
/* clang-format on */
