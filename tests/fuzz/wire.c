/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * wire: whatever a daemon may send. The first byte chooses what is asked, the
 * rest is all that the daemon says before it hangs up.
 */
#include <string.h>
#include <sys/socket.h>

#include "tests/fuzz/fuzz.h"
#include "xenstore/tree.h"

static void check_req(const struct store_req *req)
{
    if (req->errnum)
        return;
    if (req->text)
        fuzz_must(req->text[req->len] == '\0', "a text ends with a NUL");
    if (req->names)
        fuzz_must(!req->names[req->n_names], "names end with NULL");
    for (size_t i = 0; req->names && i < req->n_names; i++)
        fuzz_must(strlen(req->names[i]) < STORE_LIST_MAX, "a name has an end");
}

static struct err *ask_many(struct store *s, struct pool *p)
{
    struct store_batch b = {.pool = p};

    store_batch_read(&b, "/a");
    store_batch_list(&b, "/b");
    store_batch_add(&b, STORE_GET_PERMS, "/c");
    store_batch_write(&b, "/d", "value", 5);
    TRY(store_batch_run(s, &b));
    for (size_t i = 0; i < b.n; i++)
        check_req(&b.reqs[i]);
    return NULL;
}

static struct err *nothing(struct store *s, uint32_t tx, void *p)
{
    (void)tx;
    return ask_many(s, p);
}

static struct err *wait_for_all(struct store *s, struct pool *p)
{
    struct store_event event = {0};

    TRY(store_watch(s, "/a"));
    do {
        TRY(store_wait(s, p, -1, 0, &event));
        fuzz_must(!event.watch == !event.path, "an event has both or none");
    } while (event.watch);
    return store_unwatch(s, "/a");
}

static void count(struct store_batch *b)
{
    fuzz_must(b->n_done == b->n, "a batch that is done has all its answers");
    ++*(unsigned *)b->arg;
}

/* As an event loop does, with a batch that is given up under way. */
static struct err *pump(struct store *s, struct pool *p)
{
    unsigned n_done = 0, n_gone = 0;
    struct store_batch b = {.pool = p, .done = count, .arg = &n_done};
    struct store_batch gone = {.pool = p, .done = count, .arg = &n_gone};
    struct store_event event;
    struct err *e = NULL;

    store_batch_list(&gone, "/gone");
    store_batch_list(&b, "/a");
    store_batch_add(&b, STORE_WATCH, "/a");
    store_batch_add(&b, STORE_TX_START, "");
    TRY(store_submit(s, &gone));
    TRY(store_submit(s, &b));
    e = store_pump(s);
    store_cancel(s, &gone);
    for (int i = 0; i < 3 && !e; i++)
        e = store_pump(s);
    while (store_next_event(s, p, &event))
        fuzz_must(event.watch && event.path, "an event has both");
    fuzz_must(!e || (n_done == 1 && b.n_done == 3),
              "a batch ends with its connection");
    for (size_t i = 0; i < b.n_done; i++)
        check_req(&b.reqs[i]);
    store_cancel(s, &b);
    return e;
}

static struct err *ask(struct store *s, struct pool *p, unsigned what)
{
    static const struct tree_opts opts = {.perms = true, .sorted = true};
    struct tree *tree;
    char **names;
    size_t n;

    switch (what % 6) {
    case 0:
        return ask_many(s, p);
    case 1:
        return store_list(s, p, "/a", &names, &n);
    case 2:
        return wait_for_all(s, p);
    case 3:
        return tree_read(s, p, "/a", &opts, &tree);
    case 4:
        return store_transaction(s, nothing, p);
    default:
        return pump(s, p);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO_POOL struct pool *p = pool_new();
    AUTO_STORE struct store *s = NULL;
    AUTO_FD int daemon = -1;
    int fds[2];

    if (!size || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
        return 0;
    daemon = fds[1];
    s = store_new(fds[0]);
    store_set_timeout(s, 5);
    if (send(daemon, data + 1, size - 1, MSG_DONTWAIT) < 0 && size > 1)
        return 0;
    shutdown(daemon, SHUT_WR);
    for (int i = 0; i < 3; i++)
        err_free(ask(s, p, data[0] + (unsigned)i));
    return 0;
}
