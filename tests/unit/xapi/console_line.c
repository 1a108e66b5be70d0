/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* console_line: a console that two look at; its end; those who do not read; a
 * viewer with a WebSocket. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "xapi/vm/console_line.h"
#include "xapi/door/websocket.h"

/* Requests are nothing but what is done with. */
static int n_done;

void http_done(struct http_request *r)
{
    n_done += r != NULL;
}

struct rig {
    struct event_base *base;
    struct console_lines lines;
    struct console_line *line;
    struct http_request requests[2];
    int console, viewers[2]; /* the other ends */
};

static int pair(int *ret_other)
{
    int ends[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends),
                     0);
    *ret_other = ends[1];
    return ends[0];
}

static void join_by(struct rig *r, int i, const char *early, size_t len,
                    struct websocket *ws)
{
    struct http_taken taken = {.bytes = early, .len = len};

    taken.fd = pair(&r->viewers[i]);
    console_line_join(r->line, &r->requests[i], &taken, ws, 0);
}

static void join(struct rig *r, int i, const char *early)
{
    join_by(r, i, early, strlen(early), NULL);
}

static void turn(struct rig *r)
{
    for (int i = 0; i < 20; i++)
        event_base_loop(r->base, EVLOOP_NONBLOCK);
}

static struct rig rig_new(void)
{
    struct rig r = {.base = event_base_new()};

    n_done = 0;
    r.lines.base = r.base;
    return r;
}

/* (The list's head is where its first line says.) */
static void rig_line(struct rig *r)
{
    r->line = console_line_new(&r->lines, pair(&r->console), "a");
}

static void rig_begin(struct rig *r)
{
    rig_line(r);
    join(r, 0, "early");
    join(r, 1, "");
    turn(r);
}

static void rig_end(struct rig *r)
{
    console_line_end_all(&r->lines);
    assert_true(LIST_EMPTY(&r->lines.lines));
    assert_int_equal(r->lines.n_viewers, 0);
    assert_int_equal(n_done, 2);
    for (int i = 0; i < 2; i++)
        close(r->viewers[i]);
    close(r->console);
    event_base_free(r->base);
}

static void put(struct rig *r, int fd, const char *text)
{
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    turn(r);
}

static void get(int fd, const char *want)
{
    char got[64] = "";

    assert_int_equal(read(fd, got, sizeof(got) - 1), strlen(want));
    assert_string_equal(got, want);
}

static bool is_closed(int fd)
{
    char byte;

    return read(fd, &byte, 1) == 0;
}

static void shares(void **state)
{
    struct rig r = rig_new();

    (void)state;
    rig_begin(&r);
    get(r.console, "early");
    put(&r, r.console, "hello");
    get(r.viewers[0], "hello");
    get(r.viewers[1], "hello");
    put(&r, r.viewers[1], "b");
    put(&r, r.viewers[0], "a");
    get(r.console, "ba");
    assert_int_equal(console_line_viewers(&r.lines, "a"), 2);
    assert_int_equal(console_line_viewers(&r.lines, "b"), 0);
    assert_ptr_equal(console_line_find(&r.lines, "a"), r.line);
    assert_null(console_line_find(&r.lines, "b"));
    rig_end(&r);
}

/* What it said before is still heard. */
static void ends(void **state)
{
    struct rig r = rig_new();

    (void)state;
    rig_begin(&r);
    assert_int_equal(write(r.console, "bye", 3), 3);
    close(r.console);
    r.console = -1;
    turn(&r);
    get(r.viewers[0], "bye");
    assert_true(is_closed(r.viewers[0]));
    get(r.viewers[1], "bye");
    assert_true(LIST_EMPTY(&r.lines.lines));
    assert_int_equal(r.lines.n_viewers, 2); /* until they end, too */
    put(&r, r.viewers[0], "nobody hears that");
    close(r.viewers[0]);
    r.viewers[0] = -1;
    turn(&r);
    assert_int_equal(r.lines.n_viewers, 1);
    rig_end(&r);
}

static void is_left(void **state)
{
    struct rig r = rig_new();

    (void)state;
    rig_begin(&r);
    get(r.console, "early");
    close(r.viewers[0]);
    r.viewers[0] = -1;
    turn(&r);
    assert_int_equal(console_line_viewers(&r.lines, "a"), 1);
    close(r.viewers[1]);
    r.viewers[1] = -1;
    turn(&r);
    assert_true(LIST_EMPTY(&r.lines.lines));
    assert_true(is_closed(r.console));
    rig_end(&r);
}

static size_t fill(struct rig *r, size_t most)
{
    static char bytes[4096];
    size_t total = 0;

    for (int idle = 0; idle < 10 && total < most;) {
        ssize_t n = write(r->console, bytes, sizeof(bytes));

        idle = n > 0 ? 0 : idle + 1;
        total += n > 0 ? (size_t)n : 0;
        turn(r);
    }
    return total;
}

static size_t drain(struct rig *r, int fd, size_t most)
{
    char bytes[65536];
    size_t total = 0;

    for (int idle = 0; idle < 10 && total < most;) {
        ssize_t n = read(fd, bytes, sizeof(bytes));

        idle = n > 0 ? 0 : idle + 1;
        total += n > 0 ? (size_t)n : 0;
        turn(r);
    }
    return total;
}

/* Its backlog is bounded, and when it reads on nothing is missing. */
static void waits(void **state)
{
    struct rig r = rig_new();
    size_t sent, got[2] = {0, 0}, most = 16u << 20;

    (void)state;
    rig_begin(&r);
    sent = fill(&r, most);
    assert_true(sent < most / 4);
    for (int i = 0; i < 20; i++)
        got[i % 2] += drain(&r, r.viewers[i % 2], most);
    assert_int_equal(got[0], sent);
    assert_int_equal(got[1], sent);
    rig_end(&r);
}

/* One that does not read holds nobody up for long. */
static void leaves_behind(void **state)
{
    struct rig r = rig_new();
    size_t sent = 0, got = 0, most = 16u << 20;

    (void)state;
    rig_begin(&r);
    while (sent < most) {
        size_t n = fill(&r, most - sent);

        assert_true(n > 0);
        sent += n;
        got += drain(&r, r.viewers[0], most);
    }
    assert_int_equal(got, most);
    assert_int_equal(console_line_viewers(&r.lines, "a"), 1);
    assert_in_range(drain(&r, r.viewers[1], most), 1, 4 * LINE_BEHIND);
    assert_true(is_closed(r.viewers[1]));
    rig_end(&r);
}

/* "ab" with a mask, in two frames with a ping between them. */
static const char frames[] = "\x01\x81\1\2\3\4\x60"
                             "\x89\x81\0\0\0\0p"
                             "\x80\x81\1\2\3\4\x63";

static void speaks(void **state)
{
    struct rig r = rig_new();

    (void)state;
    rig_line(&r);
    join_by(&r, 0, frames, 9, websocket_new());
    join(&r, 1, "");
    turn(&r);
    get(r.console, "a");
    assert_int_equal(write(r.viewers[0], frames + 9, sizeof(frames) - 10),
                     sizeof(frames) - 10);
    turn(&r);
    get(r.viewers[0], "\x8a\1p");
    get(r.console, "b");
    put(&r, r.console, "hello");
    get(r.viewers[0], "\x82\5hello");
    get(r.viewers[1], "hello");
    close(r.console);
    r.console = -1;
    turn(&r);
    get(r.viewers[0], "\x88\x18\3\xe9The console has ended.");
    assert_true(is_closed(r.viewers[0]));
    rig_end(&r);
}

/* One that closes is answered, and the console is nobody's then. */
static void closes(void **state)
{
    static const char bye[] = "\x88\x80\0\0\0";
    struct rig r = rig_new();

    (void)state;
    rig_line(&r);
    join_by(&r, 0, "", 0, websocket_new());
    assert_int_equal(write(r.viewers[0], bye, sizeof(bye)), sizeof(bye));
    turn(&r);
    assert_int_equal(n_done, 0);
    assert_true(is_closed(r.console));
    close(r.viewers[0]);
    turn(&r);
    assert_int_equal(n_done++, 1);
    r.viewers[0] = r.viewers[1] = -1;
    rig_end(&r);
}

/* Pings without an end, and nobody who reads what they are answered. */
static void floods(void **state)
{
    static const char ping[] = "\x89\x84\0\0\0\0ping";
    struct rig r = rig_new();
    size_t sent = 0, most = 64u << 20;

    (void)state;
    rig_line(&r);
    join_by(&r, 0, "", 0, websocket_new());
    for (int idle = 0; idle < 10 && sent < most;) {
        ssize_t n = send(r.viewers[0], ping, sizeof(ping) - 1, MSG_NOSIGNAL);

        idle = n > 0 ? 0 : idle + 1;
        sent += n > 0 ? (size_t)n : 0;
        if (n <= 0)
            turn(&r);
    }
    assert_int_equal(n_done, 1);
    assert_true(sent < most);
    n_done++;
    r.viewers[1] = -1;
    rig_end(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shares),        cmocka_unit_test(ends),
        cmocka_unit_test(is_left),       cmocka_unit_test(waits),
        cmocka_unit_test(leaves_behind), cmocka_unit_test(speaks),
        cmocka_unit_test(closes),        cmocka_unit_test(floods),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
