/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon: what the tests of the store share: a daemon of our own in a thread,
 * which answers as xenstored does, or as a test wants it.
 */
#ifndef TESTS_UNIT_XENSTORE_DAEMON_H
#define TESTS_UNIT_XENSTORE_DAEMON_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <math.h>
#include <poll.h>
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
    char list[100000];       /* the answer to a list of /long */
    struct xsd_sockmsg held; /* a request whose answer waits for the next */
};

static inline double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static inline void put(struct daemon *d, const void *data, size_t len)
{
    if (send(d->fd, data, len, MSG_NOSIGNAL) < 0)
        d->answer = NULL;
}

static inline void reply(struct daemon *d, const struct xsd_sockmsg *to,
                         uint32_t type, const char *data, size_t len)
{
    struct xsd_sockmsg head = {
        .type = type, .req_id = to->req_id, .len = (uint32_t)len};

    put(d, &head, sizeof(head));
    put(d, data, len);
}

static inline bool get(int fd, void *data, size_t len)
{
    return recv(fd, data, len, MSG_WAITALL) == (ssize_t)len;
}

static inline void *serve(void *arg)
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

static inline struct store *start(struct daemon *d, answer_fn *answer)
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
    store_set_timeout(s, 20); /* of a busy machine */
    return s;
}

static inline void stop(struct daemon *d, struct store *s)
{
    store_close(s);
    pthread_join(d->thread, NULL);
    close(d->fd);
}

static inline void assert_ok(struct err *e)
{
    if (e)
        fail_msg("%s", err_text(e));
}

static inline void assert_err(struct err *e, const char *text)
{
    assert_non_null(e);
    assert_string_equal(err_text(e), text);
    err_free(e);
}

/* ---- a daemon that knows its trade --------------------------------------- */

#define BIG_NAMES 2000 /* of /big, five bytes each: too long for one frame */

static inline void answer_part(struct daemon *d, const struct xsd_sockmsg *head,
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

static inline void error(struct daemon *d, const struct xsd_sockmsg *head,
                         const char *name)
{
    reply(d, head, XS_ERROR, name, strlen(name) + 1);
}

static inline void answer_well(struct daemon *d, const struct xsd_sockmsg *head,
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
    else if (head->type == XS_TRANSACTION_END && *data == 'T' && d->n_conflicts)
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

/* Answers the second of two first. */
static inline void hold(struct daemon *d, const struct xsd_sockmsg *head,
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

static inline void say_nothing(struct daemon *d, const struct xsd_sockmsg *head,
                               const char *data)
{
    (void)d;
    (void)head;
    (void)data;
}

/* As an event loop does; ends after SECONDS or when *FLAG is set. */
static inline struct err *loop(struct store *s, const unsigned *flag,
                               unsigned until, double seconds)
{
    double end = now() + seconds;

    while (*flag < until && now() < end) {
        struct pollfd fd = {.fd = store_fd(s), .events = store_events(s)};
        double left = fmin(store_seconds_left(s), end - now());

        poll(&fd, 1, left > 0 ? (int)ceil(left * 1000) : 0);
        TRY(store_pump(s));
    }
    return NULL;
}

static inline void count(struct store_batch *b)
{
    ++*(unsigned *)b->arg;
}

/* ---- one that listens ---------------------------------------------------- */

/* A daemon at a socket of its own, which XENSTORED_PATH names; each connection
 * has its thread, and the n-th the n-th function (the last from then on). */
struct server {
    pthread_t thread;
    int fd;
    char dir[32];
    struct sockaddr_un at;
    answer_fn *answers[2];
    struct daemon daemons[16];
    size_t n;
};

static inline void *accept_all(void *arg)
{
    struct server *srv = arg;
    int fd;

    while (srv->n < ARRAY_LEN(srv->daemons) &&
           (fd = accept(srv->fd, NULL, NULL)) >= 0) {
        struct daemon *d = &srv->daemons[srv->n];

        d->fd = fd;
        d->answer = srv->answers[srv->n > 0];
        srv->n++;
        pthread_create(&d->thread, NULL, serve, d);
    }
    return NULL;
}

static inline void server_start(struct server *srv, answer_fn *first,
                                answer_fn *others)
{
    memset(srv, 0, sizeof(*srv));
    strcpy(srv->dir, "/tmp/store-test-XXXXXX");
    assert_non_null(mkdtemp(srv->dir));
    srv->at.sun_family = AF_UNIX;
    snprintf(srv->at.sun_path, sizeof(srv->at.sun_path), "%s/socket", srv->dir);
    setenv("XENSTORED_PATH", srv->at.sun_path, 1);
    srv->answers[0] = first;
    srv->answers[1] = others;
    srv->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(
        bind(srv->fd, (struct sockaddr *)&srv->at, sizeof(srv->at)), 0);
    assert_int_equal(listen(srv->fd, 16), 0);
    pthread_create(&srv->thread, NULL, accept_all, srv);
}

/* Ends all connections. */
static inline void server_stop(struct server *srv)
{
    shutdown(srv->fd, SHUT_RDWR);
    pthread_join(srv->thread, NULL);
    for (size_t i = 0; i < srv->n; i++) {
        shutdown(srv->daemons[i].fd, SHUT_RDWR);
        pthread_join(srv->daemons[i].thread, NULL);
        close(srv->daemons[i].fd);
    }
    close(srv->fd);
    unlink(srv->at.sun_path);
    rmdir(srv->dir);
}

#endif
