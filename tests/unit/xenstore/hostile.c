/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* hostile: daemons that speak nonsense, or not at all. */
#include "tests/unit/xenstore/daemon.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_daemons),
        cmocka_unit_test(bad_lists),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
