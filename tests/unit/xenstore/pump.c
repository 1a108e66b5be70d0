/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pump: the store in an event loop: nothing of it blocks. */
#include "tests/unit/xenstore/daemon.h"

/* Two batches at once, longer than what may be outstanding. */
static void submitting(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    unsigned n_calls = 0;
    struct store_batch a = {.pool = p, .done = count, .arg = &n_calls};
    struct store_batch b = a, empty = a;
    struct daemon d;
    struct store *s = start(&d, answer_well);

    (void)state;
    assert_true(isinf(store_seconds_left(s)));
    assert_int_equal(store_events(s), POLLIN);
    for (size_t i = 0; i < 200; i++)
        store_batch_read(&a, "/a/%zu", i);
    store_batch_list(&b, "/big");
    store_batch_read(&b, "/missing");
    assert_ok(store_submit(s, &a));
    assert_ok(store_submit(s, &empty));
    assert_ok(store_submit(s, &b));
    assert_int_equal(store_events(s), POLLIN | POLLOUT);
    assert_int_equal(n_calls, 0);
    assert_ok(loop(s, &n_calls, 3, 5));
    assert_int_equal(n_calls, 3);
    assert_int_equal(a.n_done, 200);
    assert_string_equal(a.reqs[199].text, "value of /a/199");
    assert_int_equal(b.reqs[0].n_names, BIG_NAMES);
    assert_int_equal(b.reqs[1].errnum, ENOENT);
    assert_true(isinf(store_seconds_left(s)));
    assert_int_equal(store_events(s), POLLIN);
    stop(&d, s);
}

struct chain {
    struct store *store;
    unsigned n;
};

static void ask_more(struct store_batch *b)
{
    struct chain *c = b->arg;

    if (++c->n == 5)
        return;
    store_batch_read(b, "/more/%u", c->n);
    assert_ok(store_submit(c->store, b));
}

/* A batch whose function adds to it. */
static void chaining(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    struct daemon d;
    struct store *s = start(&d, answer_well);
    struct chain c = {.store = s};
    struct store_batch b = {.pool = p, .done = ask_more, .arg = &c};

    (void)state;
    store_batch_read(&b, "/first");
    assert_ok(store_submit(s, &b));
    assert_ok(loop(s, &c.n, 5, 5));
    assert_int_equal(b.n_done, 5);
    assert_string_equal(b.reqs[0].text, "value of /first");
    assert_string_equal(b.reqs[4].text, "value of /more/4");
    assert_int_equal(d.n_seen, 5);
    stop(&d, s);
}

/* What is cancelled is not called, whether it was sent or not; others are. */
static void cancelling(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    unsigned n_wrong = 0, n_calls = 0;
    struct store_batch gone = {
        .pool = pool_new(), .done = count, .arg = &n_wrong};
    struct store_batch b = {.pool = p, .done = count, .arg = &n_calls};
    struct daemon d;
    struct store *s = start(&d, answer_well);

    (void)state;
    for (size_t i = 0; i < 200; i++)
        store_batch_list(&gone, "/big");
    store_batch_read(&b, "/b");
    assert_ok(store_submit(s, &gone));
    assert_ok(store_pump(s)); /* some are sent */
    assert_ok(store_submit(s, &b));
    store_cancel(s, &gone);
    store_cancel(s, &gone);
    pool_free(gone.pool);
    assert_ok(loop(s, &n_calls, 1, 5));
    assert_int_equal(n_wrong, 0);
    assert_string_equal(b.reqs[0].text, "value of /b");
    assert_true(d.n_seen < 201);
    stop(&d, s);
}

/* What blocks works meanwhile, and what was submitted goes on under it. */
static void mixing(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    unsigned n_calls = 0;
    struct store_batch b = {.pool = p, .done = count, .arg = &n_calls};
    struct daemon d;
    struct store *s = start(&d, answer_well);
    char *text;

    (void)state;
    store_batch_read(&b, "/b");
    assert_ok(store_submit(s, &b));
    assert_ok(store_read(s, p, "/x", &text));
    assert_string_equal(text, "value of /x");
    assert_int_equal(n_calls, 1);
    assert_string_equal(b.reqs[0].text, "value of /b");
    stop(&d, s);
}

static void answer_events(struct daemon *d, const struct xsd_sockmsg *head,
                          const char *data)
{
    answer_well(d, head, data);
    if (head->type == XS_WATCH)
        reply(d, head, XS_WATCH_EVENT, "/w/x\0/w", 8);
}

static void watching(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    unsigned n_calls = 0, never = 0;
    struct store_batch b = {.pool = p, .done = count, .arg = &n_calls};
    struct store_event event;
    struct daemon d;
    struct store *s = start(&d, answer_events);

    (void)state;
    store_batch_add(&b, STORE_WATCH, "/w");
    assert_ok(store_submit(s, &b));
    assert_false(store_next_event(s, p, &event));
    assert_ok(loop(s, &n_calls, 1, 5));
    assert_ok(loop(s, &never, 1, 0.1));
    assert_true(store_next_event(s, p, &event));
    assert_string_equal(event.path, "/w/x");
    assert_string_equal(event.watch, "/w");
    assert_false(store_next_event(s, p, &event));
    stop(&d, s);
}

/* Transactions by hand. */
static void transaction(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    unsigned n_calls = 0;
    struct store_batch b = {.pool = p, .done = count, .arg = &n_calls};
    struct daemon d;
    struct store *s = start(&d, answer_well);

    (void)state;
    d.n_conflicts = 1;
    store_batch_add(&b, STORE_TX_START, "");
    assert_ok(store_submit(s, &b));
    assert_ok(loop(s, &n_calls, 1, 5));
    assert_int_equal(b.reqs[0].tx, 7);
    b.tx = b.reqs[0].tx;
    store_batch_write(&b, "/x", "v1", 2);
    store_batch_add(&b, STORE_TX_END, "T");
    assert_ok(store_submit(s, &b));
    assert_ok(loop(s, &n_calls, 2, 5));
    assert_int_equal(b.reqs[1].errnum, 0);
    assert_int_equal(b.reqs[2].errnum, EAGAIN);
    stop(&d, s);
}

/* A connection that ends gives every batch its end, before the error. */
static void losing(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    unsigned n_calls = 0;
    struct store_batch a = {.pool = p, .done = count, .arg = &n_calls};
    struct store_batch b = a, late = a;
    struct daemon d;
    struct store *s = start(&d, hold);

    (void)state;
    for (size_t i = 0; i < 100; i++)
        store_batch_read(&a, "/a");
    store_batch_read(&b, "/b");
    assert_ok(store_submit(s, &a));
    assert_ok(store_submit(s, &b));
    assert_ok(store_pump(s));
    shutdown(d.fd, SHUT_RDWR);
    assert_err(loop(s, &n_calls, 3, 5), "xenstored closed the connection");
    assert_int_equal(n_calls, 2);
    assert_int_equal(a.n_done, 100);
    assert_int_equal(a.reqs[99].errnum, STORE_LOST);
    assert_int_equal(b.reqs[0].errnum, STORE_LOST);
    assert_err(store_submit(s, &late), "xenstored closed the connection");
    assert_err(store_pump(s), "xenstored closed the connection");
    stop(&d, s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(submitting), cmocka_unit_test(chaining),
        cmocka_unit_test(cancelling), cmocka_unit_test(mixing),
        cmocka_unit_test(watching),   cmocka_unit_test(transaction),
        cmocka_unit_test(losing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
