/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* xs: the functions of <xenstore.h>, with a daemon of our own. */
#include "tests/unit/xenstore/daemon.h"

#include <xenstore.h>

/* As a watch that fires between a request and its answer. */
static void answer_after_event(struct daemon *d, const struct xsd_sockmsg *head,
                               const char *data)
{
    if (head->type == XS_READ && strstr(data, "noisy"))
        reply(d, head, XS_WATCH_EVENT, "/w/x\0token", 11);
    answer_well(d, head, data);
}

static struct xs_handle *open_xs(struct server *srv, answer_fn *answer)
{
    struct xs_handle *h;

    server_start(srv, answer, answer);
    h = xs_open(0);
    assert_non_null(h);
    return h;
}

static void nodes(void **state)
{
    struct server srv;
    struct xs_handle *h = open_xs(&srv, answer_well);
    struct xs_permissions *perms;
    char *text, **names;
    unsigned n;

    (void)state;
    text = xs_read(h, XBT_NULL, "/x", &n);
    assert_string_equal(text, "value of /x");
    assert_int_equal(n, 11);
    free(text);
    assert_null(xs_read(h, XBT_NULL, "/missing", &n));
    assert_int_equal(errno, ENOENT);
    names = xs_directory(h, XBT_NULL, "/x", &n);
    assert_int_equal(n, 2);
    assert_string_equal(names[1], "bc");
    free(names);
    perms = xs_get_permissions(h, XBT_NULL, "/x", &n);
    assert_int_equal(n, 2);
    assert_int_equal(perms[1].id, 1);
    assert_int_equal(perms[1].perms, XS_PERM_READ);
    free(perms);
    assert_true(xs_write(h, XBT_NULL, "/x", "v1", 2));
    assert_false(xs_write(h, XBT_NULL, "/x", "longer", 6));
    assert_int_equal(errno, EINVAL);
    xs_close(h);
    server_stop(&srv);
}

static void big_directory(void **state)
{
    struct server srv;
    struct xs_handle *h = open_xs(&srv, answer_well);
    char **names;
    unsigned n;

    (void)state;
    names = xs_directory(h, XBT_NULL, "/big", &n);
    assert_non_null(names);
    assert_int_equal(n, BIG_NAMES);
    for (unsigned i = 0; i < n; i++)
        assert_int_equal(strtoul(names[i], NULL, 10), i);
    free(names);
    xs_close(h);
    server_stop(&srv);
}

/* What is written in a transaction fails at its end. */
static void transactions(void **state)
{
    struct server srv;
    struct xs_handle *h = open_xs(&srv, answer_well);
    xs_transaction_t t = xs_transaction_start(h);

    (void)state;
    assert_int_equal(t, 7);
    assert_true(xs_write(h, t, "/x", "v1", 2));
    assert_true(xs_transaction_end(h, t, false));
    t = xs_transaction_start(h);
    assert_true(xs_write(h, t, "/secret", "v1", 2));
    assert_true(xs_write(h, t, "/x", "v1", 2));
    assert_false(xs_transaction_end(h, t, false));
    assert_int_equal(errno, EACCES);
    xs_close(h);
    server_stop(&srv);
}

static void events(void **state)
{
    struct server srv;
    struct xs_handle *h = open_xs(&srv, answer_after_event);
    struct pollfd fd = {.fd = xs_fileno(h), .events = POLLIN};
    char *text, **event;
    unsigned n;

    (void)state;
    assert_null(xs_check_watch(h));
    assert_int_equal(errno, EAGAIN);
    text = xs_read(h, XBT_NULL, "/noisy", &n);
    assert_string_equal(text, "value of /noisy");
    free(text);
    assert_int_equal(poll(&fd, 1, 0), 1);
    event = xs_check_watch(h);
    assert_string_equal(event[XS_WATCH_PATH], "/w/x");
    assert_string_equal(event[XS_WATCH_TOKEN], "token");
    free(event);
    assert_int_equal(poll(&fd, 1, 0), 0);
    xs_close(h);
    server_stop(&srv);
}

static void no_daemon(void **state)
{
    struct server srv;
    struct xs_handle *h = open_xs(&srv, answer_well);
    unsigned n;

    (void)state;
    server_stop(&srv);
    assert_null(xs_open(0));
    assert_int_equal(errno, ENOENT);
    assert_null(xs_read(h, XBT_NULL, "/x", &n));
    assert_null(xs_read(h, XBT_NULL, "/x", &n));
    assert_int_equal(errno, EBADF);
    xs_close(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nodes),        cmocka_unit_test(big_directory),
        cmocka_unit_test(transactions), cmocka_unit_test(events),
        cmocka_unit_test(no_daemon),
    };

    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
