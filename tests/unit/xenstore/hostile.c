/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* hostile: daemons that speak nonsense, or not at all. */
#include "tests/unit/xenstore/daemon.h"

static void say_huge(struct daemon *d, const struct xsd_sockmsg *head,
                     const char *data)
{
    struct xsd_sockmsg huge = {
        .type = XS_READ, .req_id = head->req_id, .len = UINT32_MAX - 8};

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

/* The id of a request that would stand in the same place. */
static void say_later_id(struct daemon *d, const struct xsd_sockmsg *head,
                         const char *data)
{
    struct xsd_sockmsg other = *head;

    (void)data;
    other.req_id += STORE_OUTSTANDING_MAX;
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
    struct xsd_sockmsg cut = {
        .type = XS_READ, .req_id = head->req_id, .len = 100};

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

#define SILENT "xenstored gives no answer"

/* A connection to one that says SAYS in the end: silence is waited for shortly,
 * answers as long as a busy machine may take. */
static struct store *begin(struct daemon *d, answer_fn *answer,
                           const char *says)
{
    struct store *s = start(d, answer);

    if (!strcmp(says, SILENT))
        store_set_timeout(s, 0.5);
    return s;
}

static const struct nonsense {
    answer_fn *answer;
    const char *text;
    bool lives; /* the connection goes on */
} nonsense[] = {
    {say_huge, "xenstored sent nonsense: a frame that is too long"},
    {say_too_long, "xenstored sent nonsense: a frame that is too long"},
    {say_wrong_id, "xenstored sent nonsense: an answer to what was not asked"},
    {say_later_id, "xenstored sent nonsense: an answer to what was not asked"},
    {say_wrong_type, "xenstored sent nonsense: an answer to another question"},
    {say_cut, "xenstored closed the connection"},
    {say_goodbye, "xenstored closed the connection"},
    {say_half, SILENT},
    {say_nothing, SILENT},
    {say_bad_event,
     "xenstored sent nonsense: a watch event without path and token"},
    {say_bad_error, "cannot read '/x' in XenStore: Protocol error", true},
};

/* Asked by what blocks. */
static void bad_daemons(void **state)
{
    AUTO_POOL struct pool *p = pool_new();

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(nonsense); i++) {
        struct daemon d;
        struct store *s = begin(&d, nonsense[i].answer, nonsense[i].text);
        double began = now();
        struct store_event event;
        char *text = NULL;

        assert_err(store_read(s, p, "/x", &text), nonsense[i].text);
        assert_null(text);
        /* From then on, the same sentence at once. */
        if (!nonsense[i].lives) {
            assert_err(store_read(s, p, "/y", &text), nonsense[i].text);
            assert_err(store_wait(s, p, -1, -1, &event), nonsense[i].text);
            assert_err(store_pump(s), nonsense[i].text);
        }
        assert_true(now() - began < 15);
        stop(&d, s);
    }
}

/* Asked by an event loop: the same sentences, each batch has its end. */
static void bad_daemons_in_a_loop(void **state)
{
    AUTO_POOL struct pool *p = pool_new();

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(nonsense); i++) {
        unsigned n_calls = 0, never = 0;
        struct store_batch b = {.pool = p, .done = count, .arg = &n_calls};
        struct daemon d;
        struct store *s = begin(&d, nonsense[i].answer, nonsense[i].text);

        store_batch_read(&b, "/x");
        assert_ok(store_submit(s, &b));
        if (nonsense[i].lives) {
            assert_ok(loop(s, &n_calls, 1, 20));
            assert_int_equal(b.reqs[0].errnum, EPROTO);
        } else {
            assert_err(loop(s, &never, 1, 20), nonsense[i].text);
            assert_int_equal(b.reqs[0].errnum, STORE_LOST);
            assert_err(store_submit(s, &b), nonsense[i].text);
        }
        assert_int_equal(n_calls, 1);
        stop(&d, s);
    }
}

/* ---- floods -------------------------------------------------------------- */

/* The same event again and again, and then the answer. */
static void flood_then_answer(struct daemon *d, const struct xsd_sockmsg *head,
                              const char *data)
{
    for (int i = 0; i < 20000; i++)
        reply(d, head, XS_WATCH_EVENT, "/w/x\0/w", 8);
    answer_well(d, head, data);
}

static void same_events(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    struct daemon d;
    struct store *s = start(&d, flood_then_answer);
    struct store_event event;
    char *text;

    (void)state;
    assert_ok(store_read(s, p, "/x", &text));
    assert_string_equal(text, "value of /x");
    assert_true(store_next_event(s, p, &event));
    assert_string_equal(event.path, "/w/x");
    assert_false(store_next_event(s, p, &event));
    stop(&d, s);
}

/* As fast as they are taken, and never the answer. */
static void flood_for_ever(struct daemon *d, const struct xsd_sockmsg *head,
                           const char *data)
{
    (void)data;
    while (d->answer)
        reply(d, head, XS_WATCH_EVENT, "/w/x\0/w", 8);
}

static void endless_events(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    struct daemon d;
    struct store *s = begin(&d, flood_for_ever, SILENT);
    double began = now();
    char *text;

    (void)state;
    assert_err(store_read(s, p, "/x", &text), SILENT);
    assert_true(now() - began < 15);
    stop(&d, s);
}

static void flood_of_different(struct daemon *d, const struct xsd_sockmsg *head,
                               const char *data)
{
    char event[32];

    (void)data;
    for (int i = 0; d->answer; i++) {
        int len = snprintf(event, sizeof(event), "/w/%d%c/w", i, 0);

        reply(d, head, XS_WATCH_EVENT, event, (size_t)len + 1);
    }
}

static void too_many_events(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    struct daemon d;
    struct store *s = start(&d, flood_of_different);
    struct store_event event;
    char *text;

    (void)state;
    assert_err(store_read(s, p, "/x", &text),
               "too many changes in XenStore to follow");
    assert_true(store_next_event(s, p, &event)); /* what came before */
    assert_string_equal(event.path, "/w/0");
    stop(&d, s);
}

/* ---- in the wrong place -------------------------------------------------- */

/* What it was asked for, twice. */
static void say_twice(struct daemon *d, const struct xsd_sockmsg *head,
                      const char *data)
{
    answer_well(d, head, data);
    answer_well(d, head, data);
}

static void twice(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    struct daemon d;
    struct store *s = start(&d, say_twice);
    struct store_event event;
    struct err *e;
    char *text;

    (void)state;
    e = store_read(s, p, "/x", &text);
    if (!e) /* the second comes later */
        e = store_wait(s, p, -1, 5, &event);
    assert_err(e, "xenstored sent nonsense: an answer to what was not asked");
    stop(&d, s);
}

static struct err *do_nothing(struct store *s, uint32_t tx, void *arg)
{
    (void)s;
    (void)tx;
    ++*(unsigned *)arg;
    return NULL;
}

static void say_no_number(struct daemon *d, const struct xsd_sockmsg *head,
                          const char *data)
{
    (void)data;
    reply(d, head, head->type, "seven", 6);
}

static void bad_transaction(void **state)
{
    struct daemon d;
    struct store *s = start(&d, say_no_number);
    unsigned n_runs = 0;

    (void)state;
    assert_err(store_transaction(s, do_nothing, &n_runs),
               "xenstored sent nonsense: a transaction without a number");
    assert_int_equal(n_runs, 0);
    stop(&d, s);
}

/* One that takes nothing in: the kernel's buffer fills, no more than that. */
static void deaf(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    struct store_batch b = {.pool = p};
    char value[3000];
    struct store *s;
    int fds[2];

    (void)state;
    memset(value, 'x', sizeof(value));
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds),
                     0);
    s = store_new(fds[0]);
    store_set_timeout(s, 0.3);
    for (int i = 0; i < 1000; i++)
        store_batch_write(&b, "/x", value, sizeof(value));
    assert_err(store_batch_run(s, &b), SILENT);
    store_close(s);
    close(fds[1]);
}

/* ---- lists --------------------------------------------------------------- */

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_daemons),
        cmocka_unit_test(bad_daemons_in_a_loop),
        cmocka_unit_test(same_events),
        cmocka_unit_test(endless_events),
        cmocka_unit_test(too_many_events),
        cmocka_unit_test(twice),
        cmocka_unit_test(bad_transaction),
        cmocka_unit_test(deaf),
        cmocka_unit_test(bad_lists),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
