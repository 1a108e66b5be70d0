/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * door: XenAPI's side of HTTP. Calls come in by POST, as XML-RPC on any path
 * and as JSON-RPC on /jsonrpc, are handed to one function, and are answered
 * there and then or later. Knows neither model nor database: what a method
 * means is not known here.
 *
 *     static void serve(struct door_call *c, void *arg)
 *     {
 *         if (strcmp(c->method, "session.get_all"))
 *             door_fail(c, "MESSAGE_METHOD_UNKNOWN", c->method);
 *         else
 *             writer_list_open(door_result(c)), ..., door_send(c);
 *     }
 *
 * What is no call never gets here: it was answered with HTTP's error 500. Nor
 * does a call with text that XenAPI cannot hold (INVALID_VALUE).
 */
#ifndef XAPI_DOOR_H
#define XAPI_DOOR_H

#include "xapi/door/codec.h"
#include "xapi/door/http.h"

struct door;

/* One call until it is answered; then it is gone, with its pool. */
struct door_call {
    struct pool *pool;
    const char *method; /* as sent: "VM.start", "Async.VM.start" */
    struct value *args; /* a list, the session first */
    const struct codec *codec;
    struct http_request *request; /* who: peer, headers, cookies */
};

struct door *door_new(struct event_base *base, const struct limits *limits,
                      void (*serve)(struct door_call *c, void *arg), void *arg);
void door_free(struct door *d); /* NULL is fine */

/* For http_listen_*, http_add_route (what is no call: GET, PUT, CONNECT, and
 * POST to /cli) and http_stop. */
struct http *door_http(struct door *d);

/* ---- answers: one of them, once ------------------------------------------ */

/* For the one value that is the result; door_send sends it. */
struct writer *door_result(struct door_call *c);
void door_send(struct door_call *c);
/* Door_send when a gate opens: see http_post; false: nothing has happened. */
bool door_post(struct door_call *c, uint64_t gate);
/* See http_settle. */
bool door_settle(struct door_call *c, bool opened);
void door_send_value(struct door_call *c, const struct value *v);

/* A failure with a code and its parameters; also after door_result. */
void door_send_failure(struct door_call *c, const char *const *words, size_t n);
#define door_fail(c, ...)                                    \
    door_send_failure(c, (const char *const[]){__VA_ARGS__}, \
                      ARRAY_LEN(((const char *const[]){__VA_ARGS__})))

/* See http_on_gone: behind FN the call is gone. For calls that wait. */
bool door_on_gone(struct door_call *c, void (*fn)(void *arg), void *arg);

#endif
