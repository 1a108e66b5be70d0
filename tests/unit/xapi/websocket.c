/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* websocket: the handshake in its forms, and frames in pieces, right and
 * wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <event2/buffer.h>
#include <string.h>

#include "lib/str.h"
#include "xapi/door/http_conn.h"
#include "xapi/door/websocket.h"

/* ---- the handshake ------------------------------------------------------- */

#define KEY "dGhlIHNhbXBsZSBub25jZQ==" /* of RFC 6455, as what it comes to */
#define ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

static const struct http_pair good[] = {
    {"upgrade", "WebSocket"},           {"connection", "keep-alive,  Upgrade"},
    {"sec-websocket-key", KEY},         {"sec-websocket-version", "13"},
    {"sec-websocket-protocol", "a, b"},
};

/* The answer's status and headers to the good request with header NAME (of HTTP
 * 1.MINOR) set to VALUE, or (NULL) left out. */
static const char *ask(struct pool *p, int minor, const char *name,
                       const char *value)
{
    AUTO_STR struct str out = STR_INIT(4096);
    struct http_pair headers[ARRAY_LEN(good)];
    struct request r = {.pub = {.pool = p, .minor = minor, .headers = headers}};
    int status = 101;
    struct err *e;

    r.headers = (struct str)STR_INIT(4096);
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        struct http_pair pair = good[i];

        if (!strcmp(pair.name, name))
            pair.value = value;
        if (pair.value)
            headers[r.pub.n_headers++] = pair;
    }
    e = websocket_check(&r.pub, &status);
    if (e)
        err_drop(e, "it is a test");
    else
        websocket_answer(&r.pub, "b");
    str_addf(&out, "%d %s", e ? status : 101, str_text(&r.headers));
    str_done(&r.headers);
    return pool_str(p, str_text(&out));
}

static void shakes_hands(void **state)
{
    AUTO_POOL struct pool *p = pool_new();

    (void)state;
    assert_string_equal(ask(p, 1, "", NULL),
                        "101 Upgrade: websocket\r\n"
                        "Sec-WebSocket-Accept: " ACCEPT "\r\n"
                        "Sec-WebSocket-Protocol: b\r\n");
    assert_null(strstr(ask(p, 1, "sec-websocket-protocol", "bb, a"), "-Prot"));
    assert_null(strstr(ask(p, 1, "sec-websocket-protocol", NULL), "-Prot"));
}

static void turns_away(void **state)
{
    static const struct {
        int minor;
        const char *name, *value, *want;
    } rows[] = {
        {0, "", NULL, "400 "},
        {1, "upgrade", NULL, "400 "},
        {1, "upgrade", "h2c", "400 "},
        {1, "connection", "keep-alive", "400 "},
        {1, "connection", "upgraded", "400 "},
        {1, "sec-websocket-key", NULL, "400 "},
        {1, "sec-websocket-key", "", "400 "},
        {1, "sec-websocket-key", "dGhlIHNhbXBsZSBub25jZ===", "101 "},
        {1, "sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQA=", "400 "},
        {1, "sec-websocket-key", "dGhlIHNh*XBsZSBub25jZQ==", "400 "},
        {1, "sec-websocket-key", KEY KEY, "400 "},
        {1, "sec-websocket-version", NULL, "426 Sec-WebSocket-Version: 13"},
        {1, "sec-websocket-version", "8", "426 Sec-WebSocket-Version: 13"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_POOL struct pool *p = pool_new();
        const char *got = ask(p, rows[i].minor, rows[i].name, rows[i].value);

        if (strncmp(got, rows[i].want, strlen(rows[i].want)))
            fail_msg("row %zu: %s", i, got);
    }
}

/* ---- frames -------------------------------------------------------------- */

struct rig {
    struct websocket *ws;
    struct evbuffer *in, *data, *out;
};

static struct rig rig_new(void)
{
    return (struct rig){websocket_new(), evbuffer_new(), evbuffer_new(),
                        evbuffer_new()};
}

static void rig_end(struct rig *r)
{
    websocket_free(r->ws);
    evbuffer_free(r->in);
    evbuffer_free(r->data);
    evbuffer_free(r->out);
}

static void hear(struct rig *r, const void *bytes, size_t len)
{
    evbuffer_add(r->in, bytes, len);
    websocket_receive(r->ws, r->in, r->data, r->out);
    assert_int_equal(evbuffer_get_length(r->in), 0);
}

static void is(struct evbuffer *got, const char *want, size_t len)
{
    char bytes[256];

    assert_int_equal(evbuffer_remove(got, bytes, sizeof(bytes)), len);
    assert_memory_equal(bytes, want, len);
}

#define HEAR(r, bytes) hear(r, bytes, sizeof(bytes) - 1)
#define IS(got, bytes) is(got, bytes, sizeof(bytes) - 1)
#define NO_MASK "\0\0\0\0"

/* Text and binary, masked, in fragments with others between them, a byte at a
 * time. */
static void hears(void **state)
{
    static const char all[] =
        "\x81\x82\1\2\3\4`\x60"
        "\x02\x81" NO_MASK "c"
        "\x89\x82" NO_MASK "hi"
        "\x8a\x80" NO_MASK "\x00\x80" NO_MASK "\x80\x81" NO_MASK "d"
        "\x82\xfe\0\x7e" NO_MASK;
    struct rig r = rig_new();
    char more[126];

    (void)state;
    for (size_t i = 0; i < sizeof(all) - 1; i++)
        hear(&r, all + i, 1);
    memset(more, 'x', sizeof(more));
    hear(&r, more, sizeof(more));
    IS(r.out, "\x8a\2hi");
    assert_int_equal(evbuffer_get_length(r.data), 4 + sizeof(more));
    evbuffer_remove(r.data, more, 5);
    assert_memory_equal(more, "abcdx", 5);
    assert_false(websocket_is_over(r.ws));
    rig_end(&r);
}

static void says(void **state)
{
    struct rig r = rig_new();
    char big[70000] = "";
    unsigned char head[10];

    (void)state;
    websocket_send(r.ws, "abc", 3, r.out);
    IS(r.out, "\x82\3abc");
    websocket_send(r.ws, big, sizeof(big), r.out);
    assert_int_equal(evbuffer_get_length(r.out), sizeof(big) + 10);
    evbuffer_remove(r.out, head, sizeof(head));
    assert_memory_equal(head, "\x82\x7f\0\0\0\0\0\1\x11\x70", 10);
    evbuffer_drain(r.out, sizeof(big));
    websocket_close(r.ws, WEBSOCKET_GONE, "bye", r.out);
    IS(r.out, "\x88\5\3\xe9"
              "bye");
    websocket_send(r.ws, "abc", 3, r.out); /* nobody is there any more */
    websocket_close(r.ws, WEBSOCKET_GONE, "bye", r.out);
    assert_int_equal(evbuffer_get_length(r.out), 0);
    rig_end(&r);
}

/* What ends it, and what is said to that. */
static void ends(void **state)
{
#define ROW(bytes, answer)                                   \
    {                                                        \
        bytes, sizeof(bytes) - 1, answer, sizeof(answer) - 1 \
    }
    static const struct {
        const char *bytes;
        size_t len;
        const char *answer;
        size_t answer_len;
    } rows[] = {
        ROW("\x88\x80" NO_MASK, "\x88\0"),
        ROW("\x88\x83" NO_MASK "\3\xe8!", "\x88\3\3\xe8!"),
        ROW("\x88\x82" NO_MASK "\3\xe7", "\x88\2\3\xea"), /* no such code */
        ROW("\x82\1a", "\x88\2\3\xea"),                   /* no mask */
        ROW("\xc2\x81" NO_MASK "a", "\x88\2\3\xea"),      /* an extension */
        ROW("\x83\x81" NO_MASK "a", "\x88\2\3\xea"),      /* no such kind */
        ROW("\x80\x81" NO_MASK "a", "\x88\2\3\xea"),      /* of what? */
        ROW("\x02\x80" NO_MASK "\x82\x80" NO_MASK, "\x88\2\3\xea"),
        ROW("\x81\x81" NO_MASK "\xff", "\x88\2\3\xef"), /* no UTF-8 */
        ROW("\x82\xff\0\0\0\0\0\x10\0\1" NO_MASK "a", "\x88\2\3\xf1"),
        ROW("\x82\xff\0\0\0\0\0\0\0\1" NO_MASK, "\x88\0"), /* so long for 1 */
        ROW("\x82\xff\xff\0\0\0\0\0\0\1" NO_MASK, "\x88\0"),
        ROW("\x09\x80" NO_MASK, "\x88\0"),       /* half a ping */
        ROW("\x89\xfe\0\x7e" NO_MASK, "\x88\0"), /* a long one */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct rig r = rig_new();

        hear(&r, rows[i].bytes, rows[i].len);
        is(r.out, rows[i].answer, rows[i].answer_len);
        assert_true(websocket_is_over(r.ws));
        HEAR(&r, "\x82\x81" NO_MASK "a");
        assert_int_equal(evbuffer_get_length(r.out), 0);
        assert_int_equal(evbuffer_get_length(r.data), 0);
        rig_end(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shakes_hands), cmocka_unit_test(turns_away),
        cmocka_unit_test(hears),        cmocka_unit_test(says),
        cmocka_unit_test(ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
