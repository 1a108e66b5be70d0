/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * http_turn: the order in which requests of several clients are served, over
 * socket pairs in one loop with them, by a clock of the test's own. How much it
 * is worth is measured by tests/bench/api.sh.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <event2/event.h>
#include <string.h>
#include <sys/socket.h>

#include "xapi/door/http_conn.h"

#define CLIENTS_MAX 32

/* In place of lib/clock.c's (see the Makefile): a machine that is busy makes no
 * request long. */
double __wrap_clock_now(void);
static double clock_now_is;

double __wrap_clock_now(void)
{
    return clock_now_is += 10e-6;
}

struct rig {
    struct event_base *base;
    struct http *http;
    struct http_route route, hold;
    int fds[CLIENTS_MAX];
    unsigned n;
    struct http_request *held[CLIENTS_MAX];
    unsigned n_held;
    struct str order; /* a letter for each request served: the address */
};

static void answer(struct http_request *r)
{
    AUTO_BODY struct body body = BODY_INIT;

    str_add(&body.text, "x");
    http_answer(r, 200, NULL, &body);
}

/* "POST /slow" takes 20 ms, "POST /user/NAME" is of that user, "POST /last"
 * ends the loop. */
static void serve(struct http_request *r, void *arg)
{
    struct rig *rig = arg;

    str_addc(&rig->order, *r->peer->address);
    if (!strcmp(r->path, "/slow"))
        clock_now_is += 0.02;
    if (!strncmp(r->path, "/user/", 6)) {
        str_addc(&rig->order, r->path[6]);
        http_name_client(r, r->path + 6);
    }
    if (!strcmp(r->path, "/last"))
        event_base_loopbreak(rig->base);
    answer(r);
}

static void hold(struct http_request *r, void *arg)
{
    struct rig *rig = arg;

    rig->held[rig->n_held++] = r;
}

static int set_up(void **state)
{
    struct rig *rig = xcalloc(1, sizeof(*rig));
    struct limits limits = limits_default;

    limits.client_connections = 12;
    rig->base = event_base_new();
    rig->http = http_new(rig->base, &limits);
    rig->route = (struct http_route){"POST", "/", HTTP_WHOLE, 100, serve, rig};
    rig->hold = (struct http_route){"PUT", "/", HTTP_WHOLE, 100, hold, rig};
    http_add_route(rig->http, &rig->route);
    http_add_route(rig->http, &rig->hold);
    rig->order = (struct str)STR_INIT(STR_MAX);
    *state = rig;
    return 0;
}

static int tear_down(void **state)
{
    struct rig *rig = *state;

    http_free(rig->http);
    event_base_free(rig->base);
    for (unsigned i = 0; i < rig->n; i++)
        close(rig->fds[i]);
    str_done(&rig->order);
    free(rig);
    return 0;
}

/* A connection of the client whose address is LETTER. */
static int connect_as(struct rig *rig, char letter)
{
    struct http_peer peer = {.transport = HTTP_TCP, .address = {letter}};
    int fds[2];

    assert_return_code(
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds),
        0);
    conn_new(rig->http, fds[0], &peer, NULL);
    rig->fds[rig->n++] = fds[1];
    return fds[1];
}

static void ask(int fd, const char *line)
{
    char text[100];
    int len = snprintf(text, sizeof(text),
                       "%s HTTP/1.1\r\ncontent-length: 0\r\n\r\n", line);

    assert_int_equal(send(fd, text, (size_t)len, 0), len);
}

static void loop(struct rig *rig)
{
    for (int i = 0; i < 200; i++)
        event_base_loop(rig->base, EVLOOP_NONBLOCK);
}

static bool told(int fd, const char *what)
{
    char text[1000] = "";
    ssize_t n = recv(fd, text, sizeof(text) - 1, 0);

    return n > 0 && strstr(text, what);
}

/* A one in ten has as much as the nine. */
static void many_connections_are_one_client(void **state)
{
    struct rig *rig = *state;
    const char *order;
    int b;

    for (int i = 0; i < 10; i++)
        ask(connect_as(rig, 'a'), "POST /");
    b = connect_as(rig, 'b');
    for (int i = 0; i < 3; i++)
        ask(b, "POST /");
    loop(rig);
    order = str_text(&rig->order);
    assert_int_equal(rig->order.len, 13);
    assert_true(strrchr(order, 'b') - order < 8);
}

/* Who has used up much comes behind who has not. */
static void long_requests_count(void **state)
{
    struct rig *rig = *state;
    const char *order, *first_a;

    for (int i = 0; i < 3; i++)
        ask(connect_as(rig, 'a'), "POST /slow");
    for (int i = 0; i < 5; i++)
        ask(connect_as(rig, 'b'), "POST /");
    loop(rig);
    order = str_text(&rig->order);
    assert_int_equal(rig->order.len, 8);
    first_a = strchr(order, 'a');
    assert_true(strrchr(order, 'b') < strchr(first_a + 1, 'a'));
}

/* Behind one address there are users. */
static void users_are_clients(void **state)
{
    struct rig *rig = *state;
    const char *order;
    int root[10], bob = connect_as(rig, 'a');

    ask(bob, "POST /user/bob");
    for (size_t i = 0; i < ARRAY_LEN(root); i++) {
        root[i] = connect_as(rig, 'a');
        ask(root[i], "POST /user/root");
    }
    loop(rig);
    str_clear(&rig->order);
    for (size_t i = 0; i < ARRAY_LEN(root); i++)
        ask(root[i], "POST /user/root");
    ask(bob, "POST /user/bob");
    loop(rig);
    order = str_text(&rig->order);
    assert_int_equal(rig->order.len, 22);
    assert_true(strchr(order, 'b') - order < 5);
}

/* Past its limit, a client loses its longest idle connection, or is told;
 * others do not notice. */
static void connections_have_a_limit(void **state)
{
    struct rig *rig = *state;
    int first = connect_as(rig, 'a'), last;

    for (int i = 0; i < 11; i++)
        ask(connect_as(rig, 'a'), "PUT /");
    loop(rig);
    assert_int_equal(rig->n_held, 11);
    last = connect_as(rig, 'a');
    ask(last, "PUT /");
    loop(rig);
    assert_int_equal(rig->n_held, 12);
    assert_int_equal(recv(first, &(char){0}, 1, 0), 0);
    last = connect_as(rig, 'a');
    ask(last, "PUT /");
    ask(connect_as(rig, 'b'), "PUT /");
    loop(rig);
    assert_int_equal(rig->n_held, 13);
    assert_true(told(last, "503 "));
    while (rig->n_held)
        answer(rig->held[--rig->n_held]);
    loop(rig);
}

/* Who has too many once it is known who it is, is told to leave. */
static void users_have_the_limit_too(void **state)
{
    struct rig *rig = *state;
    int fd;

    for (int i = 0; i < 12; i++) {
        fd = connect_as(rig, 'a');
        ask(fd, "POST /user/bob");
        loop(rig);
        assert_true(told(fd, "connection: keep-alive"));
        ask(fd, "PUT /");
        loop(rig);
    }
    fd = connect_as(rig, 'a');
    ask(fd, "POST /user/bob");
    loop(rig);
    assert_true(told(fd, "connection: close"));
    while (rig->n_held)
        answer(rig->held[--rig->n_held]);
}

/* The server's end, while requests wait for their turn. */
static void gone_before_its_turn(void **state)
{
    struct rig *rig = *state;

    for (int i = 0; i < 3; i++)
        ask(connect_as(rig, 'a'), "POST /last");
    ask(connect_as(rig, 'b'), "POST /last");
    event_base_loop(rig->base, EVLOOP_NONBLOCK);
    assert_int_equal(rig->order.len, 1);
}

int main(void)
{
#define ROW(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)
    static const struct CMUnitTest tests[] = {
        ROW(many_connections_are_one_client),
        ROW(long_requests_count),
        ROW(users_are_clients),
        ROW(connections_have_a_limit),
        ROW(users_have_the_limit_too),
        ROW(gone_before_its_turn),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
