/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * http: whatever a client may send, to a server with a route of each kind over
 * a socket pair's other end: nothing is left behind, and each answer is one.
 * First the head's parser by itself, which has to find the same end of a head
 * however it comes in pieces.
 */
#include <event2/event.h>
#include <event2/util.h>
#include <string.h>
#include <sys/socket.h>

#include "tests/fuzz/fuzz.h"
#include "xapi/door/http_conn.h"

static void check_head(const char *text, size_t size)
{
    AUTO_POOL struct pool *p = pool_new();
    struct http_request r = {.pool = p};
    struct http_framing framing;
    const char *detail = NULL;
    size_t scanned = 0, at_once = http_head_length(text, size, &scanned);
    size_t in_pieces = 0, n = 0;

    scanned = 0;
    while (!in_pieces && n < size)
        in_pieces = http_head_length(text, ++n, &scanned);
    fuzz_must(at_once == in_pieces, "a head has one end");
    if (!at_once)
        return;
    if (http_head_parse(&r, text, at_once, &framing, &detail)) {
        fuzz_must(detail, "a refusal has a reason");
        return;
    }
    fuzz_must(*r.method && *r.path && !strpbrk(r.path, " \r\n?"),
              "a request has a method and a path");
    (void)http_param(&r, "a");
    (void)http_cookie(&r, "session_id");
    (void)http_basic(&r, &detail, &detail);
}

/* ---- a server ------------------------------------------------------------ */

static void answer(struct http_request *r, void *arg)
{
    AUTO_BODY struct body body = BODY_INIT;

    (void)arg;
    fuzz_must(!r->body[r->body_len], "a body ends with a NUL");
    http_set_header(r, "x", r->path);
    http_answer(r, 200, NULL, &body);
}

static void take(struct http_request *r, void *arg)
{
    struct http_taken taken;
    struct err *e = http_take(r, &taken);

    (void)arg;
    fuzz_must(!e, "what is there can be taken");
    close(taken.fd);
    http_done(r);
}

static void never(void *arg)
{
    ++*(int *)arg;
}

static void wait(struct http_request *r, void *arg)
{
    http_on_gone(r, never, arg);
}

static void run(const char *text, size_t size)
{
    static int n_gone;
    static const struct http_route routes[] = {
        {"POST", "/", HTTP_WHOLE, 100, answer, NULL},
        {"GET", "/take", HTTP_WHOLE, 0, take, NULL},
        {"PUT", "/", HTTP_STREAM, 0, take, NULL},
        {"GET", "/wait", HTTP_WHOLE, 0, wait, &n_gone},
    };
    static const struct http_peer peer = {.transport = HTTP_UNIX};
    struct limits limits = limits_default;
    struct event_base *base = event_base_new();
    struct http *h;
    int fds[2];

    limits.head_bytes = 512;
    h = http_new(base, &limits);
    for (size_t i = 0; i < ARRAY_LEN(routes); i++)
        http_add_route(h, &routes[i]);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
                   fds) < 0)
        abort();
    conn_new(h, fds[0], &peer, NULL);
    if (send(fds[1], text, size, MSG_DONTWAIT) < 0 && size)
        abort();
    shutdown(fds[1], SHUT_WR);
    for (int i = 0; i < 1000 && http_n_connections(h); i++)
        event_base_loop(base, EVLOOP_NONBLOCK);
    fuzz_must(!http_n_connections(h), "a client that has ended is let go");
    close(fds[1]);
    http_free(h);
    event_base_free(base);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_head((const char *)data, size);
    run((const char *)data, size);
    return 0;
}
