/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * store: what of store.h waits for its answers, on top of requests.c. (Batches
 * are in batch.c, transactions in transaction.c.)
 */
#include "xenstore/store.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <string.h>

#include "lib/clock.h"
#include "xenstore/connect.h"
#include "xenstore/lanes.h"
#include "xenstore/requests.h"

static struct err *open_within(double seconds, struct store **ret)
{
    const char *path = getenv("XENSTORED_PATH");
    struct store *s;
    int fd;

    TRY(connect_any(seconds, &fd));
    s = store_new(fd);
    s->was_opened = true;
    if (!s->wire.is_device)
        s->turns = xprintf("%s.turns", path ? path : STORE_SOCKET);
    *ret = s;
    return NULL;
}

struct err *store_open(struct store **ret)
{
    return open_within(STORE_TIMEOUT, ret);
}

struct err *store_open_now(struct store **ret)
{
    return open_within(0, ret);
}

/* ---- running ------------------------------------------------------------- */

struct err *store_batch_run(struct store *s, struct store_batch *b)
{
    struct lanes only;

    lanes_init(&only, s);
    TRY(lanes_submit(&only, b));
    while (b->n_done < b->n)
        TRY(lanes_turn(&only));
    return NULL;
}

struct err *store_run(struct store *s, struct store_req *reqs, size_t n,
                      struct pool *p)
{
    struct store_batch b = {.pool = p, .reqs = reqs, .n = n};

    return store_batch_run(s, &b);
}

/* ---- one request at a time ----------------------------------------------- */

static struct err *run_one(struct store *s, struct store_req *req,
                           struct pool *p)
{
    TRY(store_run(s, req, 1, p));
    return req->errnum == ENOENT ? NULL : store_req_err(req);
}

struct err *store_read(struct store *s, struct pool *p, const char *path,
                       char **ret)
{
    struct store_req req = {.op = STORE_READ, .path = path};

    TRY(run_one(s, &req, p));
    *ret = req.text;
    return NULL;
}

struct err *store_list(struct store *s, struct pool *p, const char *path,
                       char ***ret_names, size_t *ret_n)
{
    struct store_req req = {.op = STORE_LIST, .path = path};

    TRY(run_one(s, &req, p));
    *ret_names = req.names;
    *ret_n = req.n_names;
    return NULL;
}

/* A request whose answer is only yes or no. */
static struct err *ask(struct store *s, enum store_op op, const char *path,
                       const char *data, size_t data_len)
{
    AUTO_POOL struct pool *p = pool_new();
    struct store_req req = {
        .op = op, .path = path, .data = data, .data_len = data_len};

    TRY(store_run(s, &req, 1, p));
    return store_req_err(&req);
}

struct err *store_write(struct store *s, const char *path, const char *value)
{
    return ask(s, STORE_WRITE, path, value, strlen(value));
}

struct err *store_mkdir(struct store *s, const char *path)
{
    return ask(s, STORE_MKDIR, path, NULL, 0);
}

struct err *store_remove(struct store *s, const char *path)
{
    struct err *e = ask(s, STORE_REMOVE, path, NULL, 0);

    if (!err_is(e, &err_kind_not_found))
        return e;
    err_drop(e, "gone is what was wanted");
    return NULL;
}

/* ---- waiting ------------------------------------------------------------- */

struct err *store_watch(struct store *s, const char *path)
{
    return ask(s, STORE_WATCH, path, NULL, 0);
}

struct err *store_unwatch(struct store *s, const char *path)
{
    return ask(s, STORE_UNWATCH, path, NULL, 0);
}

/* Waits once; *ret_over says that there is something to return for. */
static struct err *wait_once(struct store *s, int fd, double deadline,
                             bool *ret_over, bool *ret_fd_ready)
{
    double left = fmin(deadline - clock_now(), store_seconds_left(s));
    struct pollfd fds[] = {
        {.fd = s->wire.fd, .events = store_events(s)},
        {.fd = fd, .events = POLLIN},
    };
    int n = poll(fds, 2, clock_poll_ms(left));

    if (n < 0)
        return errno == EINTR ? ERR_AS(interrupted, "interrupted")
                              : err_errno(errno, "cannot wait for XenStore");
    if (fds[0].revents)
        TRY(store_pump(s));
    else
        TRY(requests_check_time(s));
    *ret_fd_ready = fds[1].revents;
    *ret_over = s->events.n || *ret_fd_ready || clock_now() >= deadline;
    return NULL;
}

struct err *store_wait(struct store *s, struct pool *p, int fd, double seconds,
                       struct store_event *ret)
{
    double deadline = seconds < 0 ? INFINITY : clock_now() + seconds;
    bool over = s->events.n, fd_ready = false;

    if (s->broken)
        return ERR("%s", s->broken);
    while (!over)
        TRY(wait_once(s, fd, deadline, &over, &fd_ready));
    store_next_event(s, p, ret);
    ret->fd_ready = fd_ready;
    return NULL;
}
