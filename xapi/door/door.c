/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* door: see door.h. A call is an HTTP request with what its codec made of it.
 */
#include "xapi/door/door.h"

#include "xapi/door/jsonrpc.h"
#include "xapi/door/xmlrpc.h"

#define N_ROUTES 4

struct door {
    struct http *http;
    struct http_route routes[N_ROUTES];
    void (*serve)(struct door_call *c, void *arg);
    void *arg;
};

/* In the request's pool. */
struct call {
    struct door_call pub; /* first: a handler has a pointer to it */
    struct codec_call codec_call;
    struct body body;
    struct writer writer;
};

static struct call *ours(struct door_call *c)
{
    return (struct call *)c;
}

static void done_body(void *arg)
{
    body_done(arg);
}

/* ---- answers ------------------------------------------------------------- */

struct writer *door_result(struct door_call *c)
{
    struct call *call = ours(c);

    call->writer = (struct writer){.codec = c->codec, .body = &call->body};
    c->codec->open(&call->writer, &call->codec_call);
    return &call->writer;
}

static void set_headers(struct http_request *r)
{
    http_set_header(r, "Access-Control-Allow-Origin", "*");
    http_set_header(r, "Access-Control-Allow-Headers", "X-Requested-With");
}

static void send_body(struct call *call)
{
    struct http_request *r = call->pub.request;

    set_headers(r);
    http_answer(r, 200, call->pub.codec->content_type, &call->body);
}

void door_send(struct door_call *c)
{
    struct call *call = ours(c);

    c->codec->close(&call->writer, &call->codec_call);
    if (body_full(&call->body))
        door_fail(c, "INTERNAL_ERROR", "the answer is too large");
    else
        send_body(call);
}

bool door_post(struct door_call *c, uint64_t gate)
{
    struct call *call = ours(c);

    if (!http_may_post(c->request, &call->body))
        return false;
    c->codec->close(&call->writer, &call->codec_call);
    set_headers(c->request);
    http_post(c->request, 200, c->codec->content_type, &call->body, gate);
    return true;
}

bool door_settle(struct door_call *c, bool opened)
{
    return http_settle(c->request, opened);
}

void door_send_value(struct door_call *c, const struct value *v)
{
    writer_value(door_result(c), v);
    door_send(c);
}

void door_send_failure(struct door_call *c, const char *const *words, size_t n)
{
    struct call *call = ours(c);

    body_done(&call->body);
    call->writer = (struct writer){.codec = c->codec, .body = &call->body};
    c->codec->failure(&call->writer, &call->codec_call, words, n);
    send_body(call);
}

bool door_on_gone(struct door_call *c, void (*fn)(void *arg), void *arg)
{
    return http_on_gone(c->request, fn, arg);
}

/* ---- calls --------------------------------------------------------------- */

static void serve(struct door *d, struct http_request *r,
                  const struct codec *codec)
{
    struct call *call = pool_new_of(r->pool, struct call);
    struct codec_call *parsed = &call->codec_call;
    AUTO_ERR struct err *e =
        codec->parse_call(r->pool, r->body, r->body_len, parsed);

    if (e) {
        http_page(r, 500, err_text(e));
        return;
    }
    call->pub = (struct door_call){
        .pool = r->pool,
        .method = parsed->method,
        .args = parsed->args,
        .codec = parsed->codec,
        .request = r,
    };
    call->body = (struct body)BODY_INIT;
    pool_at_free(r->pool, done_body, &call->body);
    if (parsed->bad_text)
        door_fail(&call->pub, "INVALID_VALUE",
                  "a text that is no UTF-8 or has control characters",
                  parsed->bad_text);
    else
        d->serve(&call->pub, d->arg);
}

static void on_xmlrpc(struct http_request *r, void *arg)
{
    serve(arg, r, &codec_xmlrpc);
}

static void on_jsonrpc(struct http_request *r, void *arg)
{
    serve(arg, r, &codec_jsonrpc2);
}

/* A browser asks whether a page of another origin may call. */
static void on_options(struct http_request *r, void *arg)
{
    AUTO_BODY struct body empty = BODY_INIT;
    const char *asked = http_header(r, "access-control-request-headers");

    (void)arg;
    http_set_header(r, "Access-Control-Allow-Origin", "*");
    http_set_header(r, "Access-Control-Allow-Headers",
                    asked ? asked : "X-Requested-With");
    http_set_header(r, "Access-Control-Allow-Methods", "PUT");
    http_answer(r, 200, NULL, &empty);
}

/* ---- beginning and end --------------------------------------------------- */

struct door *door_new(struct event_base *base, const struct limits *limits,
                      void (*fn)(struct door_call *c, void *arg), void *arg)
{
    struct door *d = xcalloc(1, sizeof(*d));
    const struct http_route routes[N_ROUTES] = {
        {"POST", "/", HTTP_WHOLE, limits->rpc_bytes, on_xmlrpc, d},
        {"POST", "/jsonrpc", HTTP_WHOLE, limits->rpc_bytes, on_jsonrpc, d},
        {"OPTIONS", "/", HTTP_WHOLE, limits->rpc_bytes, on_options, d},
        {"OPTIONS", "*", HTTP_WHOLE, limits->rpc_bytes, on_options, d},
    };

    d->http = http_new(base, limits);
    d->serve = fn;
    d->arg = arg;
    for (size_t i = 0; i < N_ROUTES; i++) {
        d->routes[i] = routes[i];
        http_add_route(d->http, &d->routes[i]);
    }
    return d;
}

void door_free(struct door *d)
{
    if (!d)
        return;
    http_free(d->http);
    free(d);
}

struct http *door_http(struct door *d)
{
    return d->http;
}
