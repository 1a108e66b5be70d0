/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * http_post: answers that wait for a gate, over a socket pair: who opens it
 * when, and what becomes of answers that cannot be sent, or shall not be. And
 * the post by itself, with a thread that opens gates.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <event2/event.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/thread.h"
#include "xapi/door/http_conn.h"

#define ASK "POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n"
#define GATE 5

struct rig {
    struct event_base *base;
    struct post *post;
    struct http *http;
    struct http_route route;
    struct http_request *asked; /* the last, until it has an answer */
    unsigned n_asked, n_before;
    int client;
    struct str got;
};

static void on_request(struct http_request *r, void *arg)
{
    struct rig *rig = arg;

    rig->asked = r;
    rig->n_asked++;
}

static void before(void *arg)
{
    ((struct rig *)arg)->n_before++;
}

static void pair(int fds[2])
{
    assert_int_equal(
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds),
        0);
}

static int set_up(void **state)
{
    static const struct http_peer peer = {.transport = HTTP_UNIX};
    struct rig *rig = xcalloc(1, sizeof(*rig));
    int fds[2];

    *rig = (struct rig){.base = event_base_new(), .post = post_new()};
    rig->got = (struct str)STR_INIT(STR_MAX);
    rig->http = http_new(rig->base, &limits_default);
    rig->route =
        (struct http_route){"POST", "/", HTTP_WHOLE, 100, on_request, rig};
    http_add_route(rig->http, &rig->route);
    http_use_post(rig->http, rig->post, before, rig);
    pair(fds);
    conn_new(rig->http, fds[0], &peer, NULL);
    rig->client = fds[1];
    *state = rig;
    return 0;
}

static int tear_down(void **state)
{
    struct rig *rig = *state;

    http_free(rig->http);
    if (rig->asked)
        http_page(rig->asked, 500, NULL); /* nobody hears it */
    event_base_free(rig->base);
    post_free(rig->post);
    str_done(&rig->got);
    close(rig->client);
    free(rig);
    return 0;
}

/* Lets the server do what there is to do, and reads what it said. */
static const char *turn(struct rig *rig)
{
    char buffer[4096];
    ssize_t n;

    str_clear(&rig->got);
    for (int i = 0; i < 4; i++)
        event_base_loop(rig->base, EVLOOP_NONBLOCK);
    while ((n = read(rig->client, buffer, sizeof(buffer))) > 0)
        str_addn(&rig->got, buffer, (size_t)n);
    return str_text(&rig->got);
}

static void say(struct rig *rig, const char *text)
{
    assert_int_equal(send(rig->client, text, strlen(text), 0), strlen(text));
}

/* Gives the request. */
static struct http_request *post_text(struct rig *rig, const char *text)
{
    AUTO_BODY struct body body = BODY_INIT;
    struct http_request *r = take_ptr(rig->asked);

    str_add(&body.text, text);
    assert_true(http_may_post(r, &body));
    http_post(r, 200, NULL, &body, GATE);
    return r;
}

/* A request whose answer TEXT is made. */
static struct http_request *ask(struct rig *rig, const char *text)
{
    say(rig, ASK);
    assert_string_equal(turn(rig), "");
    return post_text(rig, text);
}

static bool has_end(const char *text, const char *end)
{
    size_t len = strlen(text), n = strlen(end);

    return len >= n && !strcmp(text + len - n, end);
}

/* ---- what opens ---------------------------------------------------------- */

static void waits_for_its_gate(void **state)
{
    struct rig *rig = *state;
    struct http_request *r = ask(rig, "one");

    assert_string_equal(turn(rig), "");
    assert_int_equal(rig->n_before, 1);
    post_open(rig->post, GATE - 1);
    assert_string_equal(turn(rig), "");
    post_open(rig->post, GATE);
    assert_true(has_end(turn(rig), "\r\n\r\none"));
    assert_true(http_settle(r, true));
    http_collect(rig->http);

    r = ask(rig, "two"); /* its gate is open already */
    assert_true(has_end(turn(rig), "\r\n\r\ntwo"));
    assert_int_equal(rig->n_before, 2);
    assert_true(http_settle(r, true));
    say(rig, ASK);
    turn(rig);
    assert_int_equal(rig->n_asked, 3);
}

/* A client is faster than the loop learns of what was sent. */
static void goes_on_before_it_is_settled(void **state)
{
    struct rig *rig = *state;
    struct http_request *first = ask(rig, "one");

    turn(rig);
    post_open(rig->post, GATE);
    say(rig, ASK);
    assert_true(has_end(turn(rig), "one"));
    assert_int_equal(rig->n_asked, 2);
    assert_ptr_not_equal(rig->asked, first);
    assert_true(http_settle(first, true)); /* and is gone */
}

static void ends_when_that_is_asked(void **state)
{
    struct rig *rig = *state;
    struct http_request *r;

    say(rig, "POST / HTTP/1.1\r\nConnection: close\r\nContent-Length: 0\r\n"
             "\r\n");
    turn(rig);
    r = post_text(rig, "bye");
    turn(rig);
    post_open(rig->post, GATE);
    assert_true(http_settle(r, true));
    http_collect(rig->http);
    assert_non_null(strstr(turn(rig), "connection: close"));
    shutdown(rig->client, SHUT_WR);
    turn(rig);
    assert_int_equal(http_n_connections(rig->http), 0);
}

/* ---- what does not ------------------------------------------------------- */

static void fail_it(struct rig *rig, struct http_request *r)
{
    assert_false(http_settle(r, false));
    http_page(r, 500, "no disk");
    post_open(rig->post, GATE);
}

static void another_answer_when_it_fails(void **state)
{
    struct rig *rig = *state;
    struct http_request *r = ask(rig, "fine");

    turn(rig);
    fail_it(rig, r);
    assert_non_null(strstr(turn(rig), "no disk"));
    assert_null(strstr(str_text(&rig->got), "fine"));

    r = ask(rig, "fine"); /* held, and not posted yet */
    fail_it(rig, r);
    assert_non_null(strstr(turn(rig), "no disk"));
    assert_null(strstr(str_text(&rig->got), "fine"));
}

/* The disk fails behind it: it has been sent, rightly. */
static void no_other_answer_when_it_was_sent(void **state)
{
    struct rig *rig = *state;
    struct http_request *r = ask(rig, "fine");

    turn(rig);
    post_open(rig->post, GATE);
    assert_true(http_settle(r, false));
    http_collect(rig->http);
    assert_true(has_end(turn(rig), "fine"));
    say(rig, ASK);
    turn(rig);
    assert_int_equal(rig->n_asked, 2);
}

static void nobody_is_there(void **state)
{
    struct rig *rig = *state;
    struct http_request *r = ask(rig, "fine");

    turn(rig);
    http_free(take_ptr(rig->http));
    post_open(rig->post, GATE);
    assert_true(http_settle(r, true));
    assert_string_equal(turn(rig), "");
}

static void half_closed(void **state)
{
    struct rig *rig = *state;
    struct http_request *r = ask(rig, "fine");

    shutdown(rig->client, SHUT_WR);
    turn(rig);
    post_open(rig->post, GATE);
    assert_true(http_settle(r, true));
    http_collect(rig->http);
    assert_true(has_end(turn(rig), "fine"));
    assert_int_equal(http_n_connections(rig->http), 0);
}

/* ---- what the socket does not take --------------------------------------- */

static void fill(const struct rig *rig)
{
    const struct conn *c = TAILQ_FIRST(&rig->http->conns);
    char filler[4096];

    memset(filler, '.', sizeof(filler));
    while (send(bufferevent_getfd(c->bev), filler, sizeof(filler), 0) > 0)
        ;
}

static void the_rest_comes_later(void **state)
{
    struct rig *rig = *state;
    struct http_request *r = ask(rig, "fine");

    turn(rig);
    fill(rig);
    post_open(rig->post, GATE);
    assert_true(http_settle(r, true));
    http_collect(rig->http);
    assert_false(has_end(turn(rig), "fine"));
    assert_true(has_end(turn(rig), "\r\n\r\nfine"));
    say(rig, ASK);
    turn(rig);
    assert_int_equal(rig->n_asked, 2);
}

static void only_small_ones(void **state)
{
    struct rig *rig = *state;
    AUTO_BODY struct body body = BODY_INIT;

    say(rig, ASK);
    turn(rig);
    for (int i = 0; i < 5000; i++)
        str_addc(&body.text, 'x');
    assert_false(http_may_post(rig->asked, &body));
    http_answer(take_ptr(rig->asked), 200, NULL, &body);
    assert_true(has_end(turn(rig), "xxx"));
}

/* ---- the post ------------------------------------------------------------ */

#define LETTERS 3000

static void *open_gates(void *arg)
{
    for (unsigned i = 1; i <= LETTERS; i++)
        post_open(arg, i);
    return NULL;
}

/* Each is done or taken back, never both. (Not all are sent: the socket has its
 * limits.) */
static void two_threads(void **state)
{
    static struct letter letters[LETTERS];
    struct post *post = post_new();
    unsigned n_back = 0, n_done = 0, n_sent = 0;
    pthread_t thread;
    int fds[2];
    char c;

    (void)state;
    pair(fds);
    assert_int_equal(thread_start(&thread, open_gates, post), 0);
    for (unsigned i = 0; i < LETTERS; i++) {
        letters[i] =
            (struct letter){.fd = fds[0], .text = "x", .len = 1, .gate = i + 1};
        post_add(post, &letters[i]);
        if (i % 3 == 0 && post_take_back(post, &letters[i]))
            n_back++;
    }
    pthread_join(thread, NULL);
    for (unsigned i = 0; i < LETTERS; i++) {
        n_done += letters[i].done;
        n_sent += (unsigned)letters[i].sent;
    }
    assert_int_equal(n_done + n_back, LETTERS);
    for (; read(fds[1], &c, 1) == 1; n_sent--)
        ;
    assert_int_equal(n_sent, 0);
    post_free(post);
    close(fds[0]);
    close(fds[1]);
}

int main(void)
{
#define ROW(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    static const struct CMUnitTest tests[] = {
        ROW(waits_for_its_gate),
        ROW(goes_on_before_it_is_settled),
        ROW(ends_when_that_is_asked),
        ROW(another_answer_when_it_fails),
        ROW(no_other_answer_when_it_was_sent),
        ROW(nobody_is_there),
        ROW(half_closed),
        ROW(the_rest_comes_later),
        ROW(only_small_ones),
        cmocka_unit_test(two_threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
