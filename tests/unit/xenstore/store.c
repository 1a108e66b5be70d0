/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * store: against a daemon of our own in a thread, which answers as xenstored
 * does, or with nonsense.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

#include <xen/io/xs_wire.h>

#include "lib/str.h"
#include "xenstore/store.h"

struct daemon;
/* Answers one request. */
typedef void answer_fn(struct daemon *d, const struct xsd_sockmsg *head,
                       const char *data);

struct daemon {
    pthread_t thread;
    int fd;
    answer_fn *answer;
    unsigned n_seen;
    unsigned generation, n_conflicts;
    char list[100000]; /* the answer to a list of /long */
    struct xsd_sockmsg held; /* a request whose answer waits for the next */
};

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void put(struct daemon *d, const void *data, size_t len)
{
    if (send(d->fd, data, len, MSG_NOSIGNAL) < 0)
        d->answer = NULL;
}

static void reply(struct daemon *d, const struct xsd_sockmsg *to, uint32_t type,
                  const char *data, size_t len)
{
    struct xsd_sockmsg head = {.type = type, .req_id = to->req_id,
                               .len = (uint32_t)len};

    put(d, &head, sizeof(head));
    put(d, data, len);
}

static bool get(int fd, void *data, size_t len)
{
    return recv(fd, data, len, MSG_WAITALL) == (ssize_t)len;
}

static void *serve(void *arg)
{
    struct daemon *d = arg;
    struct xsd_sockmsg head;
    char data[STORE_PAYLOAD_MAX + 1];

    while (d->answer && get(d->fd, &head, sizeof(head)) &&
           (!head.len || get(d->fd, data, head.len))) {
        data[head.len] = '\0';
        d->n_seen++;
        d->answer(d, &head, data);
    }
    shutdown(d->fd, SHUT_RDWR);
    return NULL;
}

static struct store *start(struct daemon *d, answer_fn *answer)
{
    struct store *s;
    int fds[2];

    memset(d, 0, sizeof(*d));
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds),
                     0);
    d->fd = fds[1];
    d->answer = answer;
    assert_int_equal(pthread_create(&d->thread, NULL, serve, d), 0);
    s = store_new(fds[0]);
    store_set_timeout(s, 0.5);
    return s;
}

static void stop(struct daemon *d, struct store *s)
{
    store_close(s);
    pthread_join(d->thread, NULL);
    close(d->fd);
}

static void assert_ok(struct err *e)
{
    if (e)
        fail_msg("%s", err_text(e));
}

static void assert_err(struct err *e, const char *text)
{
    assert_non_null(e);
    assert_string_equal(err_text(e), text);
    err_free(e);
}

/* ---- a daemon that knows its trade --------------------------------------- */

#define BIG_NAMES 2000 /* of /big, five bytes each: too long for one frame */

static void answer_part(struct daemon *d, const struct xsd_sockmsg *head,
                        const char *data)
{
    size_t offset = strtoul(data + strlen(data) + 1, NULL, 10), len;
    char out[STORE_PAYLOAD_MAX];

    /* Changes once under the reader's hands. */
    if (offset && !d->generation)
        d->generation = 1;
    len = (size_t)snprintf(out, sizeof(out), "%u", d->generation) + 1;
    while (offset < 5 * BIG_NAMES && len + 6 <= sizeof(out)) {
        len += (size_t)snprintf(out + len, 6, "%04zu", offset / 5) + 1;
        offset += 5;
    }
    if (offset == 5 * BIG_NAMES)
        out[len++] = '\0';
    reply(d, head, head->type, out, len);
}

static void error(struct daemon *d, const struct xsd_sockmsg *head,
                  const char *name)
{
    reply(d, head, XS_ERROR, name, strlen(name) + 1);
}

static void answer_well(struct daemon *d, const struct xsd_sockmsg *head,
                        const char *data)
{
    char out[STORE_PAYLOAD_MAX];

    if (strstr(data, "missing"))
        error(d, head, "ENOENT");
    else if (strstr(data, "secret"))
        error(d, head, "EACCES");
    else if (head->type == XS_READ && strstr(data, "empty"))
        reply(d, head, XS_READ, "", 0);
    else if (head->type == XS_READ)
        reply(d, head, XS_READ, out,
              (size_t)snprintf(out, sizeof(out), "value of %s", data));
    else if (head->type == XS_DIRECTORY && strstr(data, "big"))
        error(d, head, "E2BIG");
    else if (head->type == XS_DIRECTORY && strstr(data, "long"))
        reply(d, head, XS_DIRECTORY, d->list, sizeof(d->list));
    else if (head->type == XS_GET_PERMS)
        reply(d, head, XS_GET_PERMS, "n0\0r1", 6);
    else if (head->type == XS_TRANSACTION_START)
        reply(d, head, XS_TRANSACTION_START, "7", 2);
    else if (head->type == XS_TRANSACTION_END && *data == 'T' &&
             d->n_conflicts)
        d->n_conflicts--, error(d, head, "EAGAIN");
    else if (head->type == XS_DIRECTORY && strstr(data, "empty"))
        reply(d, head, XS_DIRECTORY, "", 0);
    else if (head->type == XS_DIRECTORY)
        reply(d, head, XS_DIRECTORY, "a\0bc", 5);
    else if (head->type == XS_DIRECTORY_PART)
        answer_part(d, head, data);
    else if (head->type == XS_WRITE && head->len != strlen(data) + 1 + 2)
        error(d, head, "EINVAL");
    else
        reply(d, head, head->type, "OK", 3);
}

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

static void hold(struct daemon *d, const struct xsd_sockmsg *head,
                 const char *data)
{
    (void)data;
    if (!d->held.type) {
        d->held = *head;
        return;
    }
    reply(d, head, XS_READ, "second", 6);
    reply(d, &d->held, XS_READ, "first", 5);
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

/* ---- nonsense ------------------------------------------------------------ */

static void say_huge(struct daemon *d, const struct xsd_sockmsg *head,
                     const char *data)
{
    struct xsd_sockmsg huge = {.type = XS_READ, .req_id = head->req_id,
                               .len = UINT32_MAX - 8};

    (void)data;
    put(d, &huge, sizeof(huge));
}

static void say_too_long(struct daemon *d, const struct xsd_sockmsg *head,
                         const char *data)
{
    char out[STORE_PAYLOAD_MAX + 1] = "";

    (void)data;
    reply(d, head, XS_READ, out, sizeof(out));
}

static void say_wrong_id(struct daemon *d, const struct xsd_sockmsg *head,
                         const char *data)
{
    struct xsd_sockmsg other = *head;

    (void)data;
    other.req_id += 1;
    reply(d, &other, XS_READ, "x", 1);
}

static void say_wrong_type(struct daemon *d, const struct xsd_sockmsg *head,
                           const char *data)
{
    (void)data;
    reply(d, head, XS_GET_PERMS, "x", 1);
}

static void say_cut(struct daemon *d, const struct xsd_sockmsg *head,
                    const char *data)
{
    struct xsd_sockmsg cut = {.type = XS_READ, .req_id = head->req_id,
                              .len = 100};

    (void)data;
    put(d, &cut, sizeof(cut));
    put(d, "half of", 7);
    d->answer = NULL;
}

static void say_half(struct daemon *d, const struct xsd_sockmsg *head,
                     const char *data)
{
    (void)data;
    put(d, head, 7);
}

static void say_nothing(struct daemon *d, const struct xsd_sockmsg *head,
                        const char *data)
{
    (void)d;
    (void)head;
    (void)data;
}

static void say_goodbye(struct daemon *d, const struct xsd_sockmsg *head,
                        const char *data)
{
    (void)head;
    (void)data;
    d->answer = NULL;
}

static void say_bad_event(struct daemon *d, const struct xsd_sockmsg *head,
                          const char *data)
{
    (void)data;
    reply(d, head, XS_WATCH_EVENT, "/only-a-path", 13);
}

static void say_bad_error(struct daemon *d, const struct xsd_sockmsg *head,
                          const char *data)
{
    (void)data;
    reply(d, head, XS_ERROR, "ENOENT", 6); /* no NUL */
}

static const struct nonsense {
    answer_fn *answer;
    const char *text;
    bool lives; /* the connection goes on */
} nonsense[] = {
    {say_huge, "xenstored sent nonsense: a frame that is too long"},
    {say_too_long, "xenstored sent nonsense: a frame that is too long"},
    {say_wrong_id, "xenstored sent nonsense: an answer to what was not asked"},
    {say_wrong_type, "xenstored sent nonsense: an answer to another question"},
    {say_cut, "xenstored closed the connection"},
    {say_goodbye, "xenstored closed the connection"},
    {say_half, "xenstored gives no answer"},
    {say_nothing, "xenstored gives no answer"},
    {say_bad_event,
     "xenstored sent nonsense: a watch event without path and token"},
    {say_bad_error, "cannot read '/x' in XenStore: Protocol error", true},
};

static void bad_daemons(void **state)
{
    AUTO_POOL struct pool *p = pool_new();

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(nonsense); i++) {
        struct daemon d;
        struct store *s = start(&d, nonsense[i].answer);
        double began = now();
        struct store_event event;
        char *text = NULL;

        assert_err(store_read(s, p, "/x", &text), nonsense[i].text);
        assert_null(text);
        /* From then on, the same sentence at once. */
        if (!nonsense[i].lives) {
            assert_err(store_read(s, p, "/y", &text), nonsense[i].text);
            assert_err(store_wait(s, p, -1, -1, &event), nonsense[i].text);
        }
        assert_true(now() - began < 2);
        stop(&d, s);
    }
}

static void say_endless_list(struct daemon *d, const struct xsd_sockmsg *head,
                             const char *data)
{
    (void)data;
    reply(d, head, head->type, "abc", 3);
}

static void say_empty_part(struct daemon *d, const struct xsd_sockmsg *head,
                           const char *data)
{
    (void)data;
    if (head->type == XS_DIRECTORY)
        error(d, head, "E2BIG");
    else
        reply(d, head, head->type, "7", 2);
}

/* Another generation each time: given up after some tries. */
static void say_restless(struct daemon *d, const struct xsd_sockmsg *head,
                         const char *data)
{
    char out[40];
    int len = snprintf(out, sizeof(out), "%u%cname", d->n_seen, 0);

    (void)data;
    if (head->type == XS_DIRECTORY)
        error(d, head, "E2BIG");
    else
        reply(d, head, head->type, out, (size_t)len + 1);
}

static void bad_lists(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    struct daemon d;
    struct store *s = start(&d, say_endless_list);
    char **names;
    size_t n;

    (void)state;
    assert_err(store_list(s, p, "/x", &names, &n),
               "xenstored sent nonsense: a list of names without an end");
    stop(&d, s);
    s = start(&d, say_empty_part);
    assert_err(store_list(s, p, "/x", &names, &n),
               "xenstored sent nonsense: a part of a directory without an end");
    stop(&d, s);
    s = start(&d, say_restless);
    assert_err(store_list(s, p, "/x", &names, &n),
               "cannot list '/x' in XenStore: Resource temporarily "
               "unavailable");
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
    ualarm(50000, 0);
    assert_err(store_wait(s, p, -1, 5, &event), "interrupted");
    shutdown(d.fd, SHUT_RDWR);
    assert_err(store_wait(s, p, -1, 5, &event),
               "xenstored closed the connection");
    stop(&d, s);
}

/* ---- opening ------------------------------------------------------------- */

static void opening(void **state)
{
    AUTO_STORE struct store *s = NULL;
    char dir[] = "/tmp/store-test-XXXXXX";
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    AUTO_FD int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    AUTO_FREE char *want = NULL;

    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(at.sun_path, sizeof(at.sun_path), "%s/socket", dir);
    setenv("XENSTORED_PATH", at.sun_path, 1);
    want = xprintf("cannot connect to xenstored at '%s': No such file or "
                   "directory",
                   at.sun_path);
    assert_err(store_open(&s), want);
    assert_null(s);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(listen(fd, 1), 0);
    assert_ok(store_open(&s));
    assert_non_null(s);
    unlink(at.sun_path);
    rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(single),      cmocka_unit_test(batch),
        cmocka_unit_test(any_order),   cmocka_unit_test(big_directory), cmocka_unit_test(long_frame),
        cmocka_unit_test(permissions),   cmocka_unit_test(transactions),
        cmocka_unit_test(limits),      cmocka_unit_test(bad_daemons),
        cmocka_unit_test(bad_lists),   cmocka_unit_test(watching),
        cmocka_unit_test(wait_ends),   cmocka_unit_test(opening),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
