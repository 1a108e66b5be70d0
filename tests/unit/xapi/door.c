/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* door: calls come in by either codec and are answered once, whatever was begun
 * before. Over a socket pair, in one loop with the client. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <event2/event.h>
#include <string.h>
#include <sys/socket.h>

#include "xapi/door/door.h"
#include "xapi/door/http_conn.h"

static unsigned n_released;

static void released(void *arg)
{
    (void)arg;
    n_released++;
}

static void serve(struct door_call *c, void *arg)
{
    static const char large[2000];
    struct writer *w;

    (void)arg;
    if (!strcmp(c->method, "echo")) {
        door_send_value(c, c->args);
        return;
    }
    w = door_result(c);
    writer_list_open(w);
    writer_refer(w, large, sizeof(large), released, NULL);
    door_fail(c, "INTERNAL_ERROR", "on second thoughts");
}

/* What the door answers to one request, and that the connection can go on. */
static void assert_answer(const char *path, const char *body, int status,
                          const char *part)
{
    static const struct http_peer peer = {.transport = HTTP_UNIX};
    struct event_base *base = event_base_new();
    struct door *d = door_new(base, &limits_default, serve, NULL);
    char got[4096] = "", line[40];
    int fds[2];

    assert_return_code(
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds),
        errno);
    conn_new(door_http(d), fds[0], &peer, NULL);
    dprintf(fds[1], "POST %s HTTP/1.1\r\nContent-Length: %zu\r\n\r\n%s", path,
            strlen(body), body);
    for (int i = 0; i < 5; i++)
        event_base_loop(base, EVLOOP_NONBLOCK);
    assert_true(read(fds[1], got, sizeof(got) - 1) > 0);
    snprintf(line, sizeof(line), "HTTP/1.1 %d ", status);
    assert_memory_equal(got, line, strlen(line));
    if (!strstr(got, part))
        fail_msg("'%s' is not in '%s'", part, got);
    assert_int_equal(http_n_connections(door_http(d)), 1);
    door_free(d);
    close(fds[1]);
    event_base_free(base);
}

#define XML(method) \
    "<methodCall><methodName>" method "</methodName><params/></methodCall>"

static void codecs(void **state)
{
    (void)state;
    assert_answer("/", XML("echo"), 200,
                  "<name>Value</name><value><array><data></data></array>");
    assert_answer("/anything", XML("echo"), 200, "text/xml");
    assert_answer("/jsonrpc", "{\"method\":\"echo\",\"params\":[1],\"id\":2}",
                  200, "{\"result\":[1],\"error\":null,\"id\":2}");
    assert_answer("/jsonrpc", XML("echo"), 500, "text/html");
    assert_answer("/", "{}", 500, "1:1");
}

static void bad_text(void **state)
{
    (void)state;
    assert_answer("/jsonrpc",
                  "{\"method\":\"echo\",\"params\":[\"\\u0001\"],\"id\":2}",
                  200, "[\"INVALID_VALUE\"");
}

static void failure_after_result(void **state)
{
    (void)state;
    n_released = 0;
    assert_answer("/jsonrpc", "{\"jsonrpc\":\"2.0\",\"method\":\"x\",\"id\":2}",
                  200,
                  "\r\n\r\n{\"jsonrpc\":\"2.0\",\"error\":{\"code\":1,"
                  "\"message\":\"INTERNAL_ERROR\",\"data\":[\"on second "
                  "thoughts\"]},\"id\":2}");
    assert_int_equal(n_released, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codecs),
        cmocka_unit_test(bad_text),
        cmocka_unit_test(failure_after_result),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
