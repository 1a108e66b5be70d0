/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* xs: the functions of <xenstore.h>, with a daemon of our own. */
#include "tests/unit/xenstore/daemon.h"

#include <xenstore.h>

#include "xenstore/making.h"

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

/* ---- transactions -------------------------------------------------------- */

/* What came, in order: "WRITE:TX /path" and so on. */
static char log_text[4096];

static void answer_and_log(struct daemon *d, const struct xsd_sockmsg *head,
                           const char *data)
{
    static const char *const names[] = {
        [XS_READ] = "READ",           [XS_WRITE] = "WRITE",
        [XS_MKDIR] = "MKDIR",         [XS_RM] = "RM",
        [XS_SET_PERMS] = "PERMS",     [XS_TRANSACTION_START] = "START",
        [XS_TRANSACTION_END] = "END",
    };
    size_t len = strlen(log_text);

    snprintf(log_text + len, sizeof(log_text) - len, "%s:%u %s\n",
             names[head->type], head->tx_id, data);
    answer_well(d, head, data);
}

static struct xs_handle *open_logged(struct server *srv)
{
    *log_text = '\0';
    return open_xs(srv, answer_and_log);
}

static bool set_perms(struct xs_handle *h, xs_transaction_t t, const char *path,
                      unsigned owner)
{
    struct xs_permissions perms[] = {{owner, XS_PERM_NONE}, {0, XS_PERM_READ}};

    return xs_set_permissions(h, t, path, perms, 2);
}

/* What is written in a transaction fails at its end. */
static void transactions(void **state)
{
    struct server srv;
    struct xs_handle *h = open_logged(&srv);
    xs_transaction_t t = xs_transaction_start(h);

    (void)state;
    assert_true(xs_write(h, t, "/x", "v1", 2));
    free(xs_read(h, t, "/x", NULL));
    assert_true(xs_write(h, t, "/y", "v1", 2));
    assert_true(xs_transaction_end(h, t, false));
    assert_string_equal(log_text, "START:0 \nWRITE:7 /x\nREAD:7 /x\n"
                                  "WRITE:7 /y\nEND:7 T\n");
    *log_text = '\0';
    t = xs_transaction_start(h);
    assert_true(xs_write(h, t, "/secret", "v1", 2));
    assert_true(xs_write(h, t, "/x", "v1", 2));
    assert_false(xs_transaction_end(h, t, false));
    assert_int_equal(errno, EACCES);
    assert_non_null(strstr(log_text, "END:7 F\n"));
    xs_close(h);
    server_stop(&srv);
}

static void aborted(void **state)
{
    struct server srv;
    struct xs_handle *h = open_logged(&srv);
    xs_transaction_t t = xs_transaction_start(h), second;

    (void)state;
    assert_true(xs_write(h, t, "/x", "v1", 2));
    assert_true(xs_transaction_end(h, t, true));
    t = xs_transaction_start(h);
    assert_true(xs_transaction_end(h, t, false));
    assert_string_equal(log_text, "");
    t = xs_transaction_start(h);
    second = xs_transaction_start(h);
    assert_int_equal(second, 7);
    assert_true(xs_write(h, second, "/x", "v1", 2));
    assert_true(xs_transaction_end(h, second, true));
    assert_string_equal(log_text, "START:0 \nWRITE:7 /x\nEND:7 F\n");
    assert_true(xs_write(h, t, "/left", "v1", 2));
    xs_close(h);
    server_stop(&srv);
}

/* A node has the permissions of the one above, if it was made here. */
static void inherited(void **state)
{
    struct server srv;
    struct xs_handle *h = open_logged(&srv);
    xs_transaction_t t = xs_transaction_start(h);

    (void)state;
    assert_true(xs_rm(h, t, "/a/b"));
    assert_true(xs_mkdir(h, t, "/a/b"));
    assert_true(set_perms(h, t, "/a/b", 3));
    assert_true(xs_write(h, t, "/a/b/c/d", "v1", 2));
    assert_true(set_perms(h, t, "/a/b/c/d", 3)); /* has them */
    assert_true(set_perms(h, t, "/a/b", 4));
    assert_true(xs_write(h, t, "/a/b/c/e", "v1", 2));
    assert_true(set_perms(h, t, "/a/b/c/e", 3)); /* c was made before */
    assert_true(xs_write(h, t, "/a/b/f", "v1", 2));
    assert_true(set_perms(h, t, "/a/b/f", 3));
    assert_true(xs_write(h, t, "/a/bb", "v1", 2));
    assert_true(set_perms(h, t, "/a/bb", 4)); /* may have been there */
    assert_true(xs_rm(h, t, "/a/b/c"));
    assert_true(xs_write(h, t, "/a/b/c", "v1", 2));
    assert_true(set_perms(h, t, "/a/b/c", 4)); /* has them */
    assert_true(xs_transaction_end(h, t, false));
    assert_string_equal(
        log_text, "START:0 \nRM:7 /a/b\nMKDIR:7 /a/b\nPERMS:7 /a/b\n"
                  "WRITE:7 /a/b/c/d\nPERMS:7 /a/b\nWRITE:7 /a/b/c/e\n"
                  "WRITE:7 /a/b/f\nPERMS:7 /a/b/f\nWRITE:7 /a/bb\n"
                  "PERMS:7 /a/bb\nRM:7 /a/b/c\nWRITE:7 /a/b/c\nEND:7 T\n");
    xs_close(h);
    server_stop(&srv);
}

/* While a domain is made: plainly, states last; unless it is read in between.
 */
static void plain(void **state)
{
    struct server srv;
    struct xs_handle *h = open_logged(&srv);
    xs_transaction_t t;

    (void)state;
    making_begin();
    t = xs_transaction_start(h);
    free(xs_read(h, t, "/x", NULL));
    assert_true(xs_write(h, t, "/d/state", "v1", 2));
    assert_true(xs_write(h, t, "/d/mode", "v1", 2));
    assert_true(xs_rm(h, t, "/d/missing"));
    assert_true(xs_transaction_end(h, t, false));
    assert_string_equal(log_text, "READ:0 /x\nWRITE:0 /d/mode\n"
                                  "RM:0 /d/missing\nWRITE:0 /d/state\n");
    *log_text = '\0';
    t = xs_transaction_start(h);
    assert_true(xs_write(h, t, "/secret", "v1", 2));
    assert_false(xs_transaction_end(h, t, false));
    assert_int_equal(errno, EACCES);
    *log_text = '\0';
    t = xs_transaction_start(h);
    assert_true(xs_rm(h, t, "/x"));
    free(xs_read(h, t, "/y", NULL));
    assert_true(xs_transaction_end(h, t, false));
    making_end();
    assert_string_equal(log_text, "START:0 \nRM:7 /x\nREAD:7 /y\nEND:7 T\n");
    xs_close(h);
    server_stop(&srv);
}

/* More than there may be answers to come. */
static void many_writes(void **state)
{
    struct server srv;
    struct xs_handle *h = open_xs(&srv, answer_well);
    xs_transaction_t t = xs_transaction_start(h);

    (void)state;
    for (int i = 0; i < 1000; i++)
        assert_true(xs_write(h, t, i == 5 ? "/secret" : "/x", "v1", 2));
    assert_false(xs_transaction_end(h, t, false));
    assert_int_equal(errno, EACCES);
    assert_int_equal(srv.daemons[0].n_seen, 1002);
    xs_close(h);
    server_stop(&srv);
}

/* -------------------------------------------------------------------------- */

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
        cmocka_unit_test(transactions), cmocka_unit_test(aborted),
        cmocka_unit_test(inherited),    cmocka_unit_test(plain),
        cmocka_unit_test(many_writes),  cmocka_unit_test(events),
        cmocka_unit_test(no_daemon),
    };

    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
