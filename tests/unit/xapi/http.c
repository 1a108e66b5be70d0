/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * http: heads, parameters, routes, and a server over socket pairs, in one loop
 * with its client. What takes real sockets, time or TLS is in tests/xapi.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <event2/event.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>

#include "xapi/door/http_conn.h"

/* ---- heads --------------------------------------------------------------- */

static struct http_request *parse(struct pool *p, const char *text,
                                  struct http_framing *framing)
{
    struct http_request *r = pool_new_of(p, struct http_request);
    const char *detail;

    r->pool = p;
    if (http_head_parse(r, text, strlen(text), framing, &detail))
        fail_msg("%s: %s", text, detail);
    return r;
}

static void heads(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    struct http_framing framing;
    const struct http_request *r =
        parse(p,
              "PUT /a/b?c=d?e HTTP/1.1\r\nX-One:  1 \t\r\nx-two:\r\n"
              "Content-Length: 7\r\ncontent-length: 7\r\n\r\n",
              &framing);

    (void)state;
    assert_string_equal(r->method, "PUT");
    assert_string_equal(r->path, "/a/b");
    assert_string_equal(r->query, "c=d?e");
    assert_int_equal(r->minor, 1);
    assert_string_equal(http_header(r, "x-one"), "1");
    assert_string_equal(http_header(r, "x-two"), "");
    assert_null(http_header(r, "X-One"));
    assert_true(r->has_length && r->length == 7);
    assert_true(framing.keep_alive);
    assert_false(framing.expects_continue || framing.transfer_encoding);
}

static void keep_alive(void **state)
{
    static const struct {
        const char *head;
        bool keep;
    } rows[] = {
        {"GET / HTTP/1.1\n\n", true},
        {"GET / HTTP/1.0\n\n", false},
        {"GET / HTTP/1.1\nConnection: close\n\n", false},
        {"GET / HTTP/1.1\nConnection: a ,\tCLOSE\n\n", false},
        {"GET / HTTP/1.1\nConnection: closed\n\n", true},
        {"GET / HTTP/1.0\nConnection: Keep-Alive\n\n", true},
        {"GET / HTTP/1.0\nConnection: x, keep-alive,\n\n", true},
    };
    struct http_framing framing;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_POOL struct pool *p = pool_new();

        parse(p, rows[i].head, &framing);
        if (framing.keep_alive != rows[i].keep)
            fail_msg("%s", rows[i].head);
    }
}

static void ends_of_heads(void **state)
{
    size_t scanned = 0;

    (void)state;
    assert_int_equal(http_head_length("", 0, &scanned), 0);
    assert_int_equal(http_head_length("a\r\n", 3, &scanned), 0);
    assert_int_equal(http_head_length("a\r\n\r", 4, &scanned), 0);
    assert_int_equal(http_head_length("a\r\n\r\nb", 6, &scanned), 5);
    scanned = 0;
    assert_int_equal(http_head_length("a\n\r\n", 4, &scanned), 4);
    scanned = 0;
    assert_int_equal(http_head_length("a\r\n\n", 4, &scanned), 4);
    scanned = 0;
    assert_int_equal(http_head_length("a\n\n", 3, &scanned), 3);
}

static void params(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    struct http_framing framing;
    struct http_request *r =
        parse(p, "GET /?a=1&&b&c=x%3dy+z&=d&a=2&%61b=%zz%0 HTTP/1.1\r\n\r\n",
              &framing);
    const struct http_pair *all;
    size_t n;

    (void)state;
    all = http_params(r, &n);
    assert_int_equal(n, 6);
    assert_string_equal(all[3].name, "");
    assert_string_equal(all[4].value, "2");
    assert_string_equal(http_param(r, "a"), "1");
    assert_string_equal(http_param(r, "b"), "");
    assert_string_equal(http_param(r, "c"), "x=y z");
    assert_string_equal(http_param(r, "ab"), "%zz%0");
    assert_null(http_param(r, "d"));
    assert_null(http_cookie(r, "a"));
    assert_null(http_param(parse(p, "GET / HTTP/1.1\r\n\r\n", &framing), "a"));
}

static void routes(void **state)
{
    static const struct http_route rows[] = {
        {.method = "GET", .path = "/"},
        {.method = "GET", .path = "/export"},
        {.method = "GET", .path = "/export_metadata"},
        {.method = "PUT", .path = "/import"},
        {.method = "POST", .path = "/"},
    };
    static const struct http_route other = {.method = "GET", .path = "/export"};
    static const struct {
        const char *method, *path;
        int row, status;
    } asked[] = {
        {"GET", "/", 0, 0},
        {"GET", "/exp", 0, 0},
        {"GET", "/export", 1, 0},
        {"GET", "/export/", 1, 0},
        {"GET", "/export_meta", 1, 0},
        {"GET", "/export_metadata?", 2, 0},
        {"GET", "*", -1, 404},
        {"PUT", "/imp", -1, 403},
        {"PUT", "/import_raw_vdi", 3, 0},
        {"POST", "/import", 4, 0},
        {"DELETE", "/", -1, 501},
        {"get", "/", -1, 501},
    };
    struct event_base *base = event_base_new();
    struct http *h = http_new(base, &limits_default);
    int status;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        http_add_route(h, &rows[i]);
    for (size_t i = 0; i < ARRAY_LEN(asked); i++) {
        struct http_request r = {
            .method = asked[i].method,
            .path = asked[i].path,
        };
        const struct http_route *found = http_find_route(h, &r, &status);

        assert_ptr_equal(found, asked[i].row < 0 ? NULL : &rows[asked[i].row]);
        if (!found)
            assert_int_equal(status, asked[i].status);
    }
    http_add_route(h, &other);
    assert_ptr_equal(http_find_route(h,
                                     &(struct http_request){.method = "GET",
                                                            .path = "/export"},
                                     &status),
                     &other);
    http_free(h);
    event_base_free(base);
}

static void limits_are_rows(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    struct limits limits = {0};
    struct fill fill = {.pool = p, .base = &limits};
    const struct slot *row = slot_find(limits_rows, "body_seconds");
    struct err *e;

    (void)state;
    assert_null(slot_read(row, value_int(p, 7), &fill));
    assert_int_equal(limits.body_seconds, 7);
    e = slot_read(row, value_int(p, 0), &fill);
    assert_non_null(e);
    err_free(e);
}

/* ---- a server ------------------------------------------------------------ */

struct rig {
    struct event_base *base;
    struct http *http;
    struct http_request *held; /* by the handler that waits */
    unsigned n_gone;
    int client;
    struct http_taken taken;
    struct str got;
};

static void hold(struct http_request *r, void *arg)
{
    ((struct rig *)arg)->held = r;
}

static void take(struct http_request *r, void *arg)
{
    struct rig *rig = arg;

    assert_null(http_take(r, &rig->taken));
    rig->held = r;
}

static void on_gone(void *arg)
{
    ((struct rig *)arg)->n_gone++;
}

static void connect_client(struct rig *rig)
{
    static const struct http_peer peer = {.transport = HTTP_UNIX};
    int fds[2];

    assert_return_code(
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds),
        errno);
    conn_new(rig->http, fds[0], &peer, NULL);
    rig->client = fds[1];
}

static void set_up(struct rig *rig, struct http_route *held,
                   struct http_route *taken)
{
    *rig = (struct rig){.base = event_base_new(), .client = -1};
    rig->got = (struct str)STR_INIT(STR_MAX);
    rig->http = http_new(rig->base, &limits_default);
    *held = (struct http_route){"POST", "/", HTTP_WHOLE, 100, hold, rig};
    *taken = (struct http_route){"PUT", "/", HTTP_STREAM, 0, take, rig};
    http_add_route(rig->http, held);
    http_add_route(rig->http, taken);
    connect_client(rig);
}

static void tear_down(struct rig *rig)
{
    http_free(rig->http);
    event_base_free(rig->base);
    str_done(&rig->got);
    if (rig->client >= 0)
        close(rig->client);
}

/* Lets the server do what there is to do, and reads what it said. */
static const char *turn(struct rig *rig)
{
    char buffer[4096];
    ssize_t n;

    str_clear(&rig->got);
    for (int i = 0; i < 5; i++) {
        event_base_loop(rig->base, EVLOOP_NONBLOCK);
        n = read(rig->client, buffer, sizeof(buffer));
        if (n > 0)
            str_addn(&rig->got, buffer, (size_t)n);
    }
    return str_text(&rig->got);
}

static void say(struct rig *rig, const char *text)
{
    assert_int_equal(send(rig->client, text, strlen(text), 0), strlen(text));
}

static void answer(struct http_request *r, const char *text)
{
    AUTO_BODY struct body body = BODY_INIT;

    str_add(&body.text, text);
    http_answer(r, 200, "text/plain", &body);
}

static void answered_later(void **state)
{
    struct http_route a, b;
    struct rig rig;

    (void)state;
    set_up(&rig, &a, &b);
    say(&rig, "POST /x HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcPOST /y HTTP/1.0"
              "\r\nContent-Length: 0\r\n\r\n");
    assert_string_equal(turn(&rig), "");
    assert_string_equal(rig.held->path, "/x");
    assert_string_equal(rig.held->body, "abc");
    http_set_header(rig.held, "x-a", "b\r\nc");
    answer(rig.held, "hello");
    assert_string_equal(turn(&rig),
                        "HTTP/1.1 200 OK\r\nconnection: keep-alive\r\n"
                        "cache-control: no-cache, no-store\r\n"
                        "content-type: text/plain\r\ncontent-length: 5\r\n"
                        "x-a: b  c\r\n\r\nhello");
    assert_string_equal(rig.held->path, "/y");
    http_page(rig.held, 404, "<no> & \"none\"");
    assert_non_null(strstr(turn(&rig), "&lt;no&gt; &amp; &quot;none&quot;"));
    assert_int_equal(http_n_connections(rig.http), 1);
    shutdown(rig.client, SHUT_WR); /* it has seen that this was all */
    turn(&rig);
    assert_int_equal(http_n_connections(rig.http), 0);
    tear_down(&rig);
}

static void gone_clients(void **state)
{
    struct http_route a, b;
    struct rig rig;

    (void)state;
    set_up(&rig, &a, &b);
    say(&rig, "POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n");
    turn(&rig);
    assert_true(http_on_gone(rig.held, on_gone, &rig));
    close(rig.client);
    turn(&rig);
    assert_int_equal(rig.n_gone, 1);
    assert_int_equal(http_n_connections(rig.http), 0);

    /* one that nobody asked about, and whose answer comes too late */
    connect_client(&rig);
    say(&rig, "POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n");
    turn(&rig);
    http_free(take_ptr(rig.http));
    assert_false(http_on_gone(rig.held, on_gone, &rig));
    answer(rig.held, "nobody hears it");
    assert_int_equal(rig.n_gone, 1);
    tear_down(&rig);
}

static void half_closed_and_told_late(void **state)
{
    struct http_route a, b;
    struct rig rig;

    (void)state;
    set_up(&rig, &a, &b);
    say(&rig, "POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n");
    shutdown(rig.client, SHUT_WR);
    turn(&rig);
    assert_int_equal(http_n_connections(rig.http), 1);
    assert_true(http_on_gone(rig.held, on_gone, &rig));
    assert_int_equal(rig.n_gone, 0);
    turn(&rig);
    assert_int_equal(rig.n_gone, 1);
    assert_int_equal(http_n_connections(rig.http), 0);
    tear_down(&rig);
}

static void taken(void **state)
{
    AUTO_STR struct str head = STR_INIT(STR_MAX);
    struct http_route a, b;
    struct rig rig;

    (void)state;
    set_up(&rig, &a, &b);
    say(&rig, "PUT /x HTTP/1.1\r\nContent-Length: 9\r\n\r\nearly");
    turn(&rig);
    assert_int_equal(http_n_connections(rig.http), 0);
    assert_true(rig.held->has_length && rig.held->length == 9);
    assert_null(rig.held->body);
    assert_int_equal(rig.taken.len, 5);
    assert_memory_equal(rig.taken.bytes, "early", 5);
    http_set_header(rig.held, "task-id", "1");
    http_format_head(rig.held, 200, NULL, -1, &head);
    assert_string_equal(str_text(&head),
                        "HTTP/1.1 200 OK\r\nconnection: close\r\n"
                        "cache-control: no-cache, no-store\r\n"
                        "task-id: 1\r\n\r\n");
    assert_int_equal(send(rig.taken.fd, "x", 1, 0), 1);
    assert_string_equal(turn(&rig), "x");
    close(rig.taken.fd);
    http_done(rig.held);
    tear_down(&rig);
}

static void on_stopped(void *arg)
{
    *(bool *)arg = true;
}

static void stops(void **state)
{
    struct http_route a, b;
    struct rig rig;
    bool stopped = false;

    (void)state;
    set_up(&rig, &a, &b);
    say(&rig, "POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n");
    turn(&rig);
    http_stop(rig.http, 100, on_stopped, &stopped);
    turn(&rig);
    assert_false(stopped);
    answer(rig.held, "done");
    assert_non_null(strstr(turn(&rig), "connection: close"));
    assert_false(stopped);
    shutdown(rig.client, SHUT_WR);
    turn(&rig);
    assert_true(stopped);
    tear_down(&rig);
}

static void bad_addresses(void **state)
{
    static const char *const addresses[] = {
        "",
        "localhost",
        "1.2.3.4:x",
        "1.2.3.4:70000",
        "::1:80",
        "[::1:80",
        "no.such.host.invalid:80",
        "192.0.2.1:0",
    };
    struct http_route a, b;
    struct rig rig;

    (void)state;
    set_up(&rig, &a, &b);
    for (size_t i = 0; i < ARRAY_LEN(addresses); i++) {
        struct err *e = http_listen_tcp(rig.http, addresses[i], NULL, NULL);

        if (!e)
            fail_msg("not refused: '%s'", addresses[i]);
        err_free(e);
    }
    tear_down(&rig);
}

static void addresses(void **state)
{
    static const char *const good[] = {"127.0.0.1:0", ":0", "localhost:0"};
    struct http_route a, b;
    struct rig rig;
    unsigned port;

    (void)state;
    set_up(&rig, &a, &b);
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        port = 0;
        assert_null(http_listen_tcp(rig.http, good[i], NULL, &port));
        assert_true(port > 0);
    }
    tear_down(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heads),
        cmocka_unit_test(keep_alive),
        cmocka_unit_test(ends_of_heads),
        cmocka_unit_test(params),
        cmocka_unit_test(routes),
        cmocka_unit_test(limits_are_rows),
        cmocka_unit_test(answered_later),
        cmocka_unit_test(gone_clients),
        cmocka_unit_test(half_closed_and_told_late),
        cmocka_unit_test(taken),
        cmocka_unit_test(stops),
        cmocka_unit_test(bad_addresses),
        cmocka_unit_test(addresses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
