/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * catalog: names, devices and memory figures follow XenStore by its events; in
 * a steady state nothing is asked; a daemon that stops answering, or goes away
 * and comes back, holds nobody up. The daemon is a small one of the test's own.
 */
#include "tests/unit/xenstore/daemon.h"

#include <stdlib.h>
#include <unistd.h>

#include "xenstore/top/catalog.h"

/* ---- the daemon ---------------------------------------------------------- */

#define NODES_MAX 64
#define WATCHES_MAX 64

struct tree {
    pthread_mutex_t lock;
    char paths[NODES_MAX][120], values[NODES_MAX][60];
    unsigned n_nodes;
    char watches[WATCHES_MAX][120];
    unsigned n_watches, n_asked;
    bool silent;
    struct daemon daemon;
    int listener;
    char at[108];
    pthread_t acceptor;
};

static struct tree tree = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void fire(const char *path)
{
    static const struct xsd_sockmsg to = {0};

    for (unsigned i = 0; i < tree.n_watches; i++) {
        const char *watch = tree.watches[i];
        char text[300];
        int len;

        if (!text_has_prefix(path, watch) && !text_has_prefix(watch, path))
            continue;
        len = snprintf(text, sizeof(text), "%s%c%s",
                       text_has_prefix(path, watch) ? path : watch, 0, watch);
        reply(&tree.daemon, &to, XS_WATCH_EVENT, text, (size_t)len + 1);
    }
}

/* A value (NULL: the node and all below are removed), and events of it. */
static void set(const char *path, const char *value)
{
    unsigned kept = 0;

    pthread_mutex_lock(&tree.lock);
    for (unsigned i = 0; i < tree.n_nodes; i++) {
        size_t len = strlen(path);
        bool below = !strncmp(tree.paths[i], path, len) &&
                     (!tree.paths[i][len] || tree.paths[i][len] == '/');

        if (value ? !strcmp(tree.paths[i], path) : below)
            continue;
        memmove(tree.paths[kept], tree.paths[i], sizeof(tree.paths[0]));
        memmove(tree.values[kept++], tree.values[i], sizeof(tree.values[0]));
    }
    tree.n_nodes = kept;
    if (value) {
        assert_true(kept < NODES_MAX);
        snprintf(tree.paths[kept], sizeof(tree.paths[0]), "%s", path);
        snprintf(tree.values[kept], sizeof(tree.values[0]), "%s", value);
        tree.n_nodes++;
    }
    fire(path);
    pthread_mutex_unlock(&tree.lock);
}

static void refuse(const struct xsd_sockmsg *head)
{
    reply(&tree.daemon, head, XS_ERROR, "ENOENT", 7);
}

static void answer_read(const struct xsd_sockmsg *head, const char *path)
{
    for (unsigned i = 0; i < tree.n_nodes; i++)
        if (!strcmp(tree.paths[i], path)) {
            reply(&tree.daemon, head, XS_READ, tree.values[i],
                  strlen(tree.values[i]));
            return;
        }
    refuse(head);
}

static void answer_list(const struct xsd_sockmsg *head, const char *path)
{
    char names[4000] = "";
    size_t len = 0, below = strlen(path);

    for (unsigned i = 0; i < tree.n_nodes; i++) {
        const char *rest = tree.paths[i] + below + 1;
        size_t n = strcspn(rest, "/");
        bool had = false;

        if (strncmp(tree.paths[i], path, below) || tree.paths[i][below] != '/')
            continue;
        for (size_t at = 0; at < len; at += strlen(names + at) + 1)
            had |= strlen(names + at) == n && !strncmp(names + at, rest, n);
        if (had)
            continue;
        memcpy(names + len, rest, n);
        names[len + n] = '\0';
        len += n + 1;
    }
    if (len)
        reply(&tree.daemon, head, XS_DIRECTORY, names, len);
    else
        refuse(head);
}

static void answer_watch(const struct xsd_sockmsg *head, const char *path)
{
    assert_true(tree.n_watches < WATCHES_MAX);
    snprintf(tree.watches[tree.n_watches++], sizeof(tree.watches[0]), "%s",
             path);
    reply(&tree.daemon, head, XS_WATCH, "OK", 3);
    fire(path);
}

static void answer_unwatch(const struct xsd_sockmsg *head, const char *path)
{
    for (unsigned i = 0; i < tree.n_watches; i++)
        if (!strcmp(tree.watches[i], path)) {
            memmove(tree.watches[i], tree.watches[--tree.n_watches],
                    sizeof(tree.watches[0]));
            reply(&tree.daemon, head, XS_UNWATCH, "OK", 3);
            return;
        }
    refuse(head);
}

static void answer(struct daemon *d, const struct xsd_sockmsg *head,
                   const char *data)
{
    (void)d;
    pthread_mutex_lock(&tree.lock);
    tree.n_asked++;
    if (tree.silent)
        ;
    else if (head->type == XS_READ)
        answer_read(head, data);
    else if (head->type == XS_DIRECTORY)
        answer_list(head, data);
    else if (head->type == XS_WATCH)
        answer_watch(head, data);
    else if (head->type == XS_UNWATCH)
        answer_unwatch(head, data);
    else
        refuse(head);
    pthread_mutex_unlock(&tree.lock);
}

/* One connection after the other. */
static void *accept_each(void *arg)
{
    (void)arg;
    for (;;) {
        int fd = accept(tree.listener, NULL, NULL);

        if (fd < 0)
            return NULL;
        tree.daemon = (struct daemon){.fd = fd, .answer = answer};
        tree.n_watches = 0;
        serve(&tree.daemon);
        close(fd);
    }
}

static int begin(void **state)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};

    (void)state;
    tree.n_nodes = 0;
    tree.silent = false;
    snprintf(at.sun_path, sizeof(at.sun_path), "/tmp/catalog-%d", getpid());
    unlink(at.sun_path);
    setenv("XENSTORED_PATH", at.sun_path, 1);
    tree.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return bind(tree.listener, (struct sockaddr *)&at, sizeof(at)) ||
           listen(tree.listener, 5) ||
           pthread_create(&tree.acceptor, NULL, accept_each, NULL);
}

static int end(void **state)
{
    (void)state;
    unlink(getenv("XENSTORED_PATH"));
    shutdown(tree.listener, SHUT_RDWR);
    pthread_join(tree.acceptor, NULL);
    close(tree.listener);
    return 0;
}

/* ---- tests --------------------------------------------------------------- */

#define ALL (SAMPLE_VIFS | SAMPLE_VBDS | SAMPLE_MEMORY)

static const struct sample_domain two[] = {{.id = 0}, {.id = 5}};
static const struct sample_domain other[] = {{.id = 0},
                                             {.id = 5, .uuid = "other"}};

static void plant(void)
{
    set("/local/domain/0/name", "Domain-0");
    set("/local/domain/5/name", "web");
    set("/local/domain/5/memory/target", "131072");
    set("/local/domain/0/backend/vif/5/0/mac", "00:16:3e:00:00:01");
    set("/local/domain/0/backend/vif/5/0/bridge", "xenbr0");
    set("/local/domain/0/backend/vbd/5/51728/dev", "xvdb");
    set("/local/domain/0/backend/vbd/5/51712/dev", "xvda");
    set("/local/domain/0/backend/qdisk/5/768/params", "qcow2:/a");
    set("/local/domain/0/backend/vif/9/0/mac", "of nobody");
}

static void assert_planted(struct catalog *c)
{
    struct catalog_domain *d = catalog_find(c, 5);

    assert_true(catalog_age(c) == 0);
    assert_string_equal(catalog_find(c, 0)->name, "Domain-0");
    assert_null(catalog_find(c, 9));
    assert_string_equal(d->name, "web");
    assert_int_equal(d->target, 131072 << 10);
    assert_int_equal(d->guest_free, SAMPLE_NONE);
    assert_int_equal(d->lists[BACKEND_VIF].n, 1);
    assert_string_equal(d->lists[BACKEND_VIF].devices[0].texts[0],
                        "00:16:3e:00:00:01");
    assert_string_equal(d->lists[BACKEND_VIF].devices[0].texts[2], "");
    assert_int_equal(d->lists[BACKEND_VBD].n, 2);
    assert_int_equal(d->lists[BACKEND_VBD].devices[0].id, 51712);
    assert_string_equal(d->lists[BACKEND_VBD].devices[1].texts[0], "xvdb");
    assert_string_equal(d->lists[BACKEND_QDISK].devices[0].texts[1],
                        "qcow2:/a");
}

static void once(void **state)
{
    struct catalog *c = catalog_new();

    (void)state;
    plant();
    catalog_update(c, two, 2, ALL, false, 5);
    assert_planted(c);
    assert_int_equal(tree.n_watches, 0);
    catalog_free(c);
}

/* Steps of what changes, with what it becomes. */
static void following(void **state)
{
    struct catalog *c = catalog_new();
    struct catalog_domain *d;
    unsigned asked;

    (void)state;
    plant();
    catalog_update(c, two, 2, ALL, true, 5);
    assert_planted(c);
    asked = tree.n_asked;
    for (unsigned i = 0; i < 5; i++)
        catalog_update(c, two, 2, ALL, true, 5);
    assert_int_equal(tree.n_asked, asked); /* nothing changed */

    set("/local/domain/5/name", "db");
    set("/local/domain/5/data/meminfo_total", "1000");
    set("/local/domain/5/data/meminfo_free", "250");
    set("/local/domain/0/backend/vbd/5/51728", NULL);
    set("/local/domain/0/backend/vif/5/1/mac", "00:16:3e:00:00:02");
    usleep(100000);
    catalog_update(c, two, 2, ALL, true, 5);
    d = catalog_find(c, 5);
    assert_string_equal(d->name, "db");
    assert_int_equal(d->guest_total, 1000 << 10);
    assert_int_equal(d->guest_free, 250 << 10);
    assert_int_equal(d->lists[BACKEND_VBD].n, 1);
    assert_int_equal(d->lists[BACKEND_VIF].n, 2);

    /* guests write what they like */
    set("/local/domain/5/data/meminfo_free", "-1");
    usleep(100000);
    catalog_update(c, two, 2, ALL, true, 5);
    assert_int_equal(catalog_find(c, 5)->guest_free, SAMPLE_NONE);

    /* another domain of the same id */
    set("/local/domain/0/backend/vbd/5", NULL);
    catalog_update(c, other, 2, ALL, true, 5);
    d = catalog_find(c, 5);
    assert_memory_equal(d->uuid, "other", 5);
    assert_int_equal(d->lists[BACKEND_VBD].n, 0);
    assert_string_equal(d->name, "db");

    catalog_update(c, two, 1, ALL, true, 5);
    assert_null(catalog_find(c, 5));
    catalog_update(c, two, 1, ALL, true, 5);
    assert_int_equal(tree.n_watches, 5); /* of Dom0, the backends', libxl's */
    catalog_free(c);
}

/* Backends in other domains are where libxl says, and are not ours twice. */
static void elsewhere(void **state)
{
    struct catalog *c = catalog_new();
    const struct catalog_list *vifs, *vbds;

    (void)state;
    plant();
    set("/libxl/5/device/vif/0/backend", "/local/domain/0/backend/vif/5/0");
    set("/libxl/5/device/vif/1/backend", "/local/domain/3/backend/vif/5/1");
    set("/libxl/5/device/vif/1/mac", "00:16:3e:00:00:09");
    set("/libxl/5/device/vbd/768/backend", "/local/domain/3/backend/qdisk/5/1");
    set("/libxl/5/device/vbd/768/dev", "hda");
    set("/libxl/5/device/vbd/51712/backend", "");
    catalog_update(c, two, 2, ALL, true, 5);
    assert_planted(c);
    vifs = &catalog_find(c, 5)->lists[BACKEND_VIF_ELSEWHERE];
    vbds = &catalog_find(c, 5)->lists[BACKEND_VBD_ELSEWHERE];
    assert_int_equal(vifs->n, 1);
    assert_int_equal(vifs->devices[0].id, 1);
    assert_string_equal(vifs->devices[0].texts[0], "00:16:3e:00:00:09");
    assert_int_equal(vbds->n, 1);
    assert_string_equal(vbds->devices[0].texts[0], "hda");
    assert_string_equal(vbds->devices[0].texts[3],
                        "/local/domain/3/backend/qdisk/5/1");

    set("/libxl/5/device/vif", NULL);
    set("/libxl/5/device/vbd/832/backend", "/local/domain/4/backend/vbd/5/832");
    usleep(100000);
    catalog_update(c, two, 2, ALL, true, 5);
    assert_int_equal(vifs->n, 0);
    assert_int_equal(vbds->n, 2);
    catalog_free(c);
}

/* A daemon that stops is noticed though there is nothing to ask; one that goes
 * on, too. */
static void stopped(void **state)
{
    struct catalog *c = catalog_new();
    double began = now();

    (void)state;
    plant();
    catalog_update(c, two, 2, ALL, true, 5);
    assert_planted(c);
    tree.silent = true;
    while (catalog_age(c) <= 0 && now() - began < 20) {
        usleep(100000);
        catalog_update(c, two, 2, ALL, true, 0.1);
    }
    assert_true(catalog_age(c) > 0);
    assert_true(now() - began < 15);
    tree.silent = false;
    shutdown(tree.daemon.fd, SHUT_RDWR);
    while (catalog_age(c) > 0 && now() - began < 20) {
        usleep(100000);
        catalog_update(c, two, 2, ALL, true, 0.1);
    }
    assert_planted(c);
    catalog_free(c);
}

static void silence(void **state)
{
    struct catalog *c = catalog_new();
    double began;

    (void)state;
    plant();
    catalog_update(c, two, 2, ALL, true, 5);
    assert_planted(c);
    set("/local/domain/5/name", "db");
    usleep(100000);
    tree.silent = true;
    began = now();
    catalog_update(c, two, 2, ALL, true, 0.2);
    catalog_update(c, two, 2, ALL, true, 0.2);
    assert_true(now() - began < 4);
    assert_true(catalog_age(c) > 0.3);
    assert_string_equal(catalog_find(c, 5)->name, "web"); /* as it was */
    catalog_free(c);
}

static void restart(void **state)
{
    struct catalog *c = catalog_new();

    (void)state;
    plant();
    catalog_update(c, two, 2, ALL, true, 5);
    assert_planted(c);
    shutdown(tree.daemon.fd, SHUT_RDWR);
    usleep(100000);
    set("/local/domain/5/name", "db");
    catalog_update(c, two, 2, ALL, true, 0.2);
    assert_true(catalog_age(c) > 0);
    assert_string_equal(catalog_find(c, 5)->name, "web");
    usleep(1200000);
    catalog_update(c, two, 2, ALL, true, 5);
    assert_string_equal(catalog_find(c, 5)->name, "db");
    assert_true(catalog_age(c) == 0);
    catalog_free(c);
}

static void nobody(void **state)
{
    struct catalog *c = catalog_new();

    (void)state;
    setenv("XENSTORED_PATH", "/nonexistent", 1);
    catalog_update(c, two, 2, ALL, true, 1);
    assert_string_equal(catalog_find(c, 5)->name, "");
    assert_true(catalog_age(c) > 0);
    catalog_free(c);
}

static void pools(void **state)
{
    struct catalog *c = catalog_new();

    (void)state;
    set("/local/pool/0/name", "Pool-0");
    assert_string_equal(catalog_pool_name(c, 0), "");
    catalog_update(c, two, 0, 0, true, 5);
    assert_string_equal(catalog_pool_name(c, 0), "Pool-0");
    set("/local/pool/0/name", "fast");
    usleep(100000);
    catalog_update(c, two, 0, 0, true, 5);
    assert_string_equal(catalog_pool_name(c, 0), "fast");
    catalog_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(once, begin, end),
        cmocka_unit_test_setup_teardown(following, begin, end),
        cmocka_unit_test_setup_teardown(elsewhere, begin, end),
        cmocka_unit_test_setup_teardown(stopped, begin, end),
        cmocka_unit_test_setup_teardown(silence, begin, end),
        cmocka_unit_test_setup_teardown(restart, begin, end),
        cmocka_unit_test(nobody),
        cmocka_unit_test_setup_teardown(pools, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
