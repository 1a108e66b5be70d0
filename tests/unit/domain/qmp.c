/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* qmp: what qemu may say, and what it had better not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>
#include <sys/socket.h>

#include "lib/str.h"
#include "xl/domain/qmp.h"

#define GREETING "{\"QMP\": {\"version\": {}}}\r\n{\"return\": {}}\r\n"

/* A qemu that has said all it will ever say. */
struct qemu {
    struct pool *pool;
    int fd;
    struct qmp *qmp;
    struct err *e;
};

static void say(struct qemu *q, const char *text)
{
    int fds[2];

    q->pool = pool_new();
    assert_false(socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
    assert_int_equal(write(fds[0], text, strlen(text)), strlen(text));
    assert_false(shutdown(fds[0], SHUT_WR));
    q->fd = fds[0];
    q->e = qmp_new(q->pool, fds[1], &q->qmp);
}

static void done(struct qemu *q)
{
    err_free(q->e);
    close(q->fd);
    pool_free(q->pool);
}

static void asks(void **state)
{
    struct value *ret = NULL, *args;
    struct qemu q = {0};
    char heard[256];
    ssize_t n;

    (void)state;
    say(&q, GREETING "{\"event\": \"RESUME\"}\n{\"return\": [{\"a\": "
                     "\"b\"}]}\n{\"return\": {}}\n");
    assert_null(q.e);
    args = value_struct(q.pool);
    value_set(args, "n", value_nil(q.pool));
    assert_null(qmp_ask(q.qmp, "first", args, &ret));
    assert_int_equal(ret->kind, VALUE_LIST);
    assert_string_equal(qmp_text(ret->kids.first, "a"), "b");
    assert_string_equal(qmp_text(ret->kids.first, "c"), "");
    assert_null(qmp_ask(q.qmp, "second", NULL, NULL));
    n = recv(q.fd, heard, sizeof(heard) - 1, 0);
    assert_true(n > 0);
    heard[n] = 0;
    assert_string_equal(heard,
                        "{\"execute\":\"qmp_capabilities\"}\n"
                        "{\"execute\":\"first\",\"arguments\":{\"n\":null}}\n"
                        "{\"execute\":\"second\"}\n");
    done(&q);
}

static void refuses(void **state)
{
    struct qemu q = {0};
    struct err *e;

    (void)state;
    say(&q, GREETING "{\"error\": {\"class\": \"GenericError\", \"desc\": \"no "
                     "such node\"}}\n");
    assert_null(q.e);
    e = qmp_ask(q.qmp, "blockdev-del", NULL, NULL);
    assert_true(e && err_is(e, &err_kind_input));
    assert_string_equal(err_text(e), "blockdev-del: qemu says: no such node");
    err_free(e);
    /* and then it was gone */
    e = qmp_ask(q.qmp, "query-block", NULL, NULL);
    assert_true(e && !err_is(e, &err_kind_input));
    err_free(e);
    done(&q);
}

static void breaks(void **state)
{
    static const struct {
        const char *said, *error;
    } rows[] = {
        {"", "qemu has hung up"},
        {"{\"QMP\": {}}", "qemu has hung up"}, /* no line */
        {"[]\n", "qemu says no struct"},
        {"{\"QMP\": nonsense}\n", "1:"},
        {"{\"QMP\": {}}\n{\"error\": \"?\"}\n",
         "qmp_capabilities: qemu says: "},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct qemu q = {0};

        say(&q, rows[i].said);
        if (!q.e || !strstr(err_text(q.e), rows[i].error))
            fail_msg("row %zu: %s", i, q.e ? err_text(q.e) : "no error");
        done(&q);
    }
}

static void nobody(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    struct qmp *q;
    struct err *e = qmp_open(p, 4000000000u, &q);

    (void)state;
    assert_true(e && err_is(e, &err_kind_not_found));
    assert_string_equal(err_text(e), "domain 4000000000 has no qemu");
    err_free(e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(asks),
        cmocka_unit_test(refuses),
        cmocka_unit_test(breaks),
        cmocka_unit_test(nobody),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
