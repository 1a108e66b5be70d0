/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* store: with a daemon that knows its trade; hostile.c has the others. */
#include "tests/unit/xenstore/daemon.h"

static void single(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    struct daemon d;
    struct store *s = start(&d, answer_well);
    char *text, **names;
    size_t n;

    (void)state;
    assert_ok(store_read(s, p, "/x", &text));
    assert_string_equal(text, "value of /x");
    assert_ok(store_read(s, p, "/empty", &text));
    assert_string_equal(text, "");
    assert_ok(store_read(s, p, "/missing", &text));
    assert_null(text);
    assert_err(store_read(s, p, "/secret", &text),
               "cannot read '/secret' in XenStore: Permission denied");
    assert_ok(store_list(s, p, "/x", &names, &n));
    assert_int_equal(n, 2);
    assert_string_equal(names[0], "a");
    assert_string_equal(names[1], "bc");
    assert_null(names[2]);
    assert_ok(store_list(s, p, "/empty", &names, &n));
    assert_int_equal(n, 0);
    assert_non_null(names);
    assert_ok(store_list(s, p, "/missing", &names, &n));
    assert_null(names);
    assert_ok(store_write(s, "/x", "v1"));
    assert_err(store_write(s, "/x", "longer"),
               "cannot write '/x' in XenStore: Invalid argument");
    assert_err(store_mkdir(s, "/missing/x"),
               "there is no '/missing/x' in XenStore");
    assert_ok(store_remove(s, "/missing"));
    assert_err(store_remove(s, "/secret"),
               "cannot remove '/secret' in XenStore: Permission denied");
    stop(&d, s);
}

static void batch(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    struct daemon d;
    struct store *s = start(&d, answer_well);
    struct store_batch b = {.pool = p};

    (void)state;
    for (size_t i = 0; i < 3000; i++) {
        if (i % 3)
            assert_int_equal(store_batch_read(&b, "/local/%zu", i), i);
        else
            store_batch_list(&b, "/%s/%zu", i % 2 ? "x" : "missing", i);
    }
    assert_ok(store_batch_run(s, &b));
    for (size_t i = 0; i < 3000; i++) {
        AUTO_FREE char *want = xprintf("value of /local/%zu", i);

        if (i % 3)
            assert_string_equal(b.reqs[i].text, want);
        else
            assert_int_equal(b.reqs[i].n_names, i % 2 ? 2 : 0);
    }
    assert_int_equal(b.reqs[0].errnum, ENOENT);
    assert_err(store_req_err(&b.reqs[0]), "there is no '/missing/0' in "
                                          "XenStore");
    /* More can be added, and only that is asked. */
    store_batch_read(&b, "/more");
    assert_ok(store_batch_run(s, &b));
    assert_string_equal(b.reqs[3000].text, "value of /more");
    assert_ok(store_batch_run(s, &b));
    assert_int_equal(d.n_seen, 3001);
    stop(&d, s);
}

static void any_order(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    struct daemon d;
    struct store *s = start(&d, hold);
    struct store_batch b = {.pool = p};

    (void)state;
    store_batch_read(&b, "/1");
    store_batch_read(&b, "/2");
    assert_ok(store_batch_run(s, &b));
    assert_string_equal(b.reqs[0].text, "first");
    assert_string_equal(b.reqs[1].text, "second");
    stop(&d, s);
}

static void big_directory(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    struct daemon d;
    struct store *s = start(&d, answer_well);
    char **names;
    size_t n;

    (void)state;
    assert_ok(store_list(s, p, "/big", &names, &n));
    assert_int_equal(n, BIG_NAMES);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(strtoul(names[i], NULL, 10), i);
    assert_int_equal(d.generation, 1);
    stop(&d, s);
}

/* As oxenstored tells of a big directory. */
static void long_frame(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    struct daemon d;
    struct store *s = start(&d, answer_well);
    char **names, *text;
    size_t n;

    (void)state;
    for (size_t i = 0; i < sizeof(d.list); i++)
        d.list[i] = i % 10 == 9 ? 0 : 'x';
    assert_ok(store_list(s, p, "/long", &names, &n));
    assert_int_equal(n, sizeof(d.list) / 10);
    assert_string_equal(names[n - 1], "xxxxxxxxx");
    assert_ok(store_read(s, p, "/x", &text));
    assert_string_equal(text, "value of /x");
    stop(&d, s);
}

static void permissions(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    struct daemon d;
    struct store *s = start(&d, answer_well);
    struct store_batch b = {.pool = p};

    (void)state;
    store_batch_add(&b, STORE_GET_PERMS, "/x");
    store_batch_add(&b, STORE_GET_PERMS, "/secret");
    assert_ok(store_batch_run(s, &b));
    assert_int_equal(b.reqs[0].n_names, 2);
    assert_string_equal(b.reqs[0].names[1], "r1");
    assert_err(store_req_err(&b.reqs[1]), "cannot read the permissions of "
                                          "'/secret' in XenStore: "
                                          "Permission denied");
    stop(&d, s);
}

struct seen {
    unsigned n_runs;
    const char *path;
};

static struct err *write_one(struct store *s, uint32_t tx, void *arg)
{
    AUTO_POOL struct pool *p = pool_new();
    struct seen *seen = arg;
    struct store_batch b = {.pool = p, .tx = tx};

    assert_int_equal(tx, 7);
    seen->n_runs++;
    store_batch_write(&b, seen->path, "v1", 2);
    TRY(store_batch_run(s, &b));
    return store_req_err(&b.reqs[0]);
}

static void transactions(void **state)
{
    struct daemon d;
    struct store *s = start(&d, answer_well);
    struct seen seen = {.path = "/x"};

    (void)state;
    assert_ok(store_transaction(s, write_one, &seen));
    assert_int_equal(seen.n_runs, 1);
    d.n_conflicts = 3;
    assert_ok(store_transaction(s, write_one, &seen));
    assert_int_equal(seen.n_runs, 5);
    assert_int_equal(d.n_conflicts, 0);
    seen.path = "/missing/x";
    assert_err(store_transaction(s, write_one, &seen),
               "there is no '/missing/x' in XenStore");
    assert_int_equal(seen.n_runs, 6);
    stop(&d, s);
}

static void limits(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    AUTO_STR struct str path = STR_INIT(STR_MAX);
    struct daemon d;
    struct store *s = start(&d, answer_well);
    char *text;

    (void)state;
    str_repeat(&path, 'x', 3073);
    assert_err(store_read(s, p, str_text(&path), &text),
               "a XenStore path of 3073 characters: 3072 is the most");
    str_repeat(&path, 'x', 2000);
    assert_err(store_write(s, "/x", str_text(&path)),
               "cannot write '/x': 5073 bytes are too many for XenStore");
    assert_ok(store_read(s, p, "/fine", &text));
    assert_int_equal(d.n_seen, 1);
    stop(&d, s);
}

/* ---- watches ------------------------------------------------------------- */

/* A watch fires when set, and on every write below it after that. */
static void answer_watches(struct daemon *d, const struct xsd_sockmsg *head,
                           const char *data)
{
    if (head->type == XS_WATCH) {
        assert_string_equal(data, "/w");
        assert_string_equal(data + 3, "/w");
        reply(d, head, XS_WATCH, "OK", 3);
        reply(d, head, XS_WATCH_EVENT, "/w\0/w", 6);
        return;
    }
    if (head->type == XS_WRITE)
        for (int i = 0; i < 3; i++)
            reply(d, head, XS_WATCH_EVENT, "/w/x\0/w", 8);
    answer_well(d, head, data);
}

static void watching(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    struct daemon d;
    struct store *s = start(&d, answer_watches);
    struct store_event event;
    double began;
    int fds[2];

    (void)state;
    assert_ok(store_watch(s, "/w"));
    assert_ok(store_wait(s, p, -1, -1, &event));
    assert_string_equal(event.watch, "/w");
    assert_string_equal(event.path, "/w");
    assert_false(event.fd_ready);

    began = now();
    assert_ok(store_wait(s, p, -1, 0.1, &event));
    assert_null(event.watch);
    assert_true(now() - began >= 0.1);

    assert_ok(store_write(s, "/w/x", "v1"));
    assert_ok(store_wait(s, p, -1, -1, &event));
    assert_string_equal(event.path, "/w/x");
    assert_ok(store_wait(s, p, -1, 0, &event));
    assert_null(event.watch); /* the three were one */

    assert_int_equal(pipe(fds), 0);
    assert_int_equal(write(fds[1], "x", 1), 1);
    assert_ok(store_wait(s, p, fds[0], -1, &event));
    assert_true(event.fd_ready);
    assert_null(event.watch);
    close(fds[0]);
    close(fds[1]);

    assert_ok(store_write(s, "/w/x", "v1"));
    assert_ok(store_unwatch(s, "/w"));
    assert_ok(store_wait(s, p, -1, 0, &event));
    assert_null(event.watch);
    stop(&d, s);
}

static void on_alarm(int sig)
{
    (void)sig;
}

static void wait_ends(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    struct sigaction act = {.sa_handler = on_alarm};
    struct daemon d;
    struct store *s = start(&d, say_nothing);
    struct store_event event;

    (void)state;
    sigaction(SIGALRM, &act, NULL);
    ualarm(50000, 50000);
    assert_err(store_wait(s, p, -1, 20, &event), "interrupted");
    ualarm(0, 0);
    shutdown(d.fd, SHUT_RDWR);
    assert_err(store_wait(s, p, -1, 5, &event),
               "xenstored closed the connection");
    stop(&d, s);
}

/* ---- opening ------------------------------------------------------------- */

static void opening(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    AUTO_STORE struct store *s = NULL, *later = NULL;
    AUTO_FREE char *want = NULL;
    struct server srv;
    char *text;

    (void)state;
    server_start(&srv, answer_well, answer_well);
    want = xprintf("cannot connect to xenstored at '%s': No such file or "
                   "directory",
                   srv.at.sun_path);
    assert_ok(store_open(&s));
    assert_ok(store_read(s, p, "/x", &text));
    server_stop(&srv);
    assert_err(store_read(s, p, "/x", &text),
               "xenstored closed the connection");
    assert_err(store_open(&later), want);
    assert_err(store_open_now(&later), want);
    assert_null(later);

    /* A restarted daemon is a new connection; the old one stays broken. */
    server_start(&srv, answer_well, answer_well);
    assert_err(store_read(s, p, "/x", &text),
               "xenstored closed the connection");
    assert_ok(store_open_now(&later));
    assert_ok(store_read(later, p, "/x", &text));
    assert_string_equal(text, "value of /x");
    server_stop(&srv);
}

/* A daemon that is there and takes nobody in. */
static void too_busy(void **state)
{
    struct store *waiting[3] = {NULL, NULL, NULL};
    AUTO_FREE char *want = NULL;
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    AUTO_FD int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char dir[] = "/tmp/store-test-XXXXXX";
    double began = now();

    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(at.sun_path, sizeof(at.sun_path), "%s/socket", dir);
    setenv("XENSTORED_PATH", at.sun_path, 1);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(listen(fd, 1), 0);
    want = xprintf("xenstored at '%s' is too busy to answer", at.sun_path);
    assert_ok(store_open_now(&waiting[0]));
    assert_ok(store_open_now(&waiting[1]));
    assert_err(store_open_now(&waiting[2]), want);
    assert_true(now() - began < 5);
    store_close(waiting[1]);
    store_close(waiting[0]);
    unlink(at.sun_path);
    rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(single),       cmocka_unit_test(batch),
        cmocka_unit_test(any_order),    cmocka_unit_test(big_directory),
        cmocka_unit_test(long_frame),   cmocka_unit_test(permissions),
        cmocka_unit_test(transactions), cmocka_unit_test(limits),
        cmocka_unit_test(watching),     cmocka_unit_test(wait_ends),
        cmocka_unit_test(opening),      cmocka_unit_test(too_busy),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
