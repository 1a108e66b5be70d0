/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tree: read over as many connections as there are lanes, from good and bad
 * daemons. */
#include "tests/unit/xenstore/daemon.h"

#include "xenstore/lanes.h"
#include "xenstore/tree.h"

#define KIDS 8 /* of each node of the first three levels */

static unsigned depth_of(const char *path)
{
    unsigned depth = 0;

    for (; *path; path++)
        depth += *path == '/';
    return depth;
}

/* /t with three levels below; what ends in k7 vanishes when it is read, what is
 * below /t/k6 is secret. */
static void answer_tree(struct daemon *d, const struct xsd_sockmsg *head,
                        const char *data)
{
    if (!strcmp(data + strlen(data) - 2, "k7") && head->type == XS_READ)
        error(d, head, "ENOENT");
    else if (text_has_prefix(data, "/t/k6/"))
        error(d, head, "EACCES");
    else if (head->type == XS_DIRECTORY && depth_of(data) < 4)
        reply(d, head, head->type, "k3\0k1\0k2\0k0\0k4\0k5\0k6\0k7", KIDS * 3);
    else if (head->type == XS_DIRECTORY)
        reply(d, head, head->type, "", 0);
    else
        answer_well(d, head, data);
}

struct seen {
    size_t n, n_unread;
};

static void look(const struct tree *node, unsigned depth, void *arg)
{
    AUTO_FREE char *want = xprintf("value of %s", node->path);
    struct seen *seen = arg;

    seen->n++;
    if (!node->value)
        seen->n_unread++;
    else
        assert_string_equal(node->value, want);
    assert_int_equal(depth_of(node->path), depth + 2);
    assert_string_not_equal(node->name, "k7");
}

static void reading(void **state)
{
    static const struct tree_opts orders[] = {{.sorted = true},
                                              {.perms = true}};
    static const char *const first[] = {"k0", "k3"};
    struct server srv;

    (void)state;
    server_start(&srv, answer_tree, answer_tree);
    for (size_t i = 0; i < ARRAY_LEN(orders); i++) {
        AUTO_POOL struct pool *p = pool_new();
        AUTO_STORE struct store *s = NULL;
        struct tree *root = NULL;
        struct seen seen = {0};

        assert_ok(store_open(&s));
        assert_ok(tree_read(s, p, "/t", &orders[i], &root));
        tree_each(root, look, &seen);
        /* Seven of each, but nothing is known of what is below the secret. */
        assert_int_equal(seen.n, 7 + 7 * 7 + 6 * 7 * 7);
        assert_int_equal(seen.n_unread, 7);
        assert_string_equal(root->kids[0]->name, first[i]);
        assert_int_equal(root->kids[0]->n_perms, orders[i].perms ? 2 : 0);
    }
    assert_int_equal(srv.n, 2 * LANES_MAX);
    server_stop(&srv);
}

/* The daemon goes while there is much to answer. */
static void leave(struct daemon *d, const struct xsd_sockmsg *head,
                  const char *data)
{
    if (d->n_seen < 50)
        answer_tree(d, head, data);
    else
        d->answer = NULL;
}

static void say_other(struct daemon *d, const struct xsd_sockmsg *head,
                      const char *data)
{
    (void)data;
    reply(d, head, XS_GET_PERMS, "n0", 3);
}

static const struct bad {
    answer_fn *first, *others;
    const char *text;
} bad[] = {
    {leave, answer_tree, "xenstored closed the connection"},
    {answer_tree, leave, "xenstored closed the connection"},
    {answer_tree, say_other,
     "xenstored sent nonsense: an answer to another question"},
};

static void bad_lanes(void **state)
{
    static const struct tree_opts opts;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        AUTO_STORE struct store *s = NULL;
        AUTO_POOL struct pool *p = pool_new();
        struct tree *root = NULL;
        struct server srv;

        server_start(&srv, bad[i].first, bad[i].others);
        assert_ok(store_open(&s));
        assert_err(tree_read(s, p, "/t", &opts, &root), bad[i].text);
        assert_null(root);
        /* One daemon, one fate. */
        assert_err(store_pump(s), bad[i].text);
        server_stop(&srv);
    }
}

static void no_root(void **state)
{
    AUTO_POOL struct pool *p = pool_new();
    static const struct tree_opts opts;
    struct tree *root = NULL;
    struct daemon d;
    struct store *s = start(&d, answer_well);

    (void)state;
    assert_err(tree_read(s, p, "/missing", &opts, &root),
               "there is no '/missing' in XenStore");
    assert_err(tree_read(s, p, "/secret", &opts, &root),
               "cannot list '/secret' in XenStore: Permission denied");
    assert_null(root);
    stop(&d, s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reading),
        cmocka_unit_test(bad_lanes),
        cmocka_unit_test(no_root),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
