/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* xs_conn: see xs_conn.h. */
#include "xenstore/xs_conn.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "xenstore/connect.h"
#include "xenstore/store.h"

#define DEFERRED_MAX 150 /* answers to come: less than any buffer holds */

/* ---- opening and closing ------------------------------------------------- */

static int open_daemon(void)
{
    int fd = -1;
    struct err *e = connect_any(STORE_TIMEOUT, &fd);
    int errnum = errno;

    err_drop(e, "callers of libxenstore look at errno");
    errno = errnum;
    return fd;
}

static bool add_to_poll(struct xs_handle *h, int fd)
{
    struct epoll_event ev = {.events = EPOLLIN};

    return !epoll_ctl(h->poll, EPOLL_CTL_ADD, fd, &ev);
}

struct xs_handle *xs_conn_open(void)
{
    int fd = open_daemon();
    struct xs_handle *h;

    if (fd < 0)
        return NULL;
    h = xcalloc(1, sizeof(*h));
    h->last = &h->first;
    wire_init(&h->wire, fd);
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
    h->queue = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    h->poll = epoll_create1(EPOLL_CLOEXEC);
    if (h->queue >= 0 && h->poll >= 0 && add_to_poll(h, fd) &&
        add_to_poll(h, h->queue))
        return h;
    xs_conn_close(h);
    return NULL;
}

void xs_conn_close(struct xs_handle *h)
{
    int saved = errno;

    if (!h)
        return;
    while (h->first) {
        struct xs_event *next = h->first->next;

        free(h->first);
        h->first = next;
    }
    close(h->poll);
    close(h->queue);
    wire_done(&h->wire);
    free(h);
    errno = saved;
}

/* ---- frames -------------------------------------------------------------- */

static bool lose(struct xs_handle *h)
{
    epoll_ctl(h->poll, EPOLL_CTL_DEL, h->wire.fd, NULL);
    h->is_lost = true;
    errno = EIO;
    return false;
}

/* The connection is of no use after an error. */
static bool is_well(struct xs_handle *h, struct err *e)
{
    err_drop(e, "callers of libxenstore look at errno");
    return e ? lose(h) : true;
}

static void enqueue(struct xs_handle *h, const struct frame *f)
{
    const uint64_t one = 1;
    struct xs_event *e = xcalloc(1, sizeof(*e) + f->len + 2);

    e->len = f->len;
    memcpy(e->text, f->data, f->len);
    if (!h->first && write(h->queue, &one, sizeof(one)) < 0)
        abort(); /* it was empty, so it takes one */
    *h->last = e;
    h->last = &e->next;
}

/* Removing what is not there is what its caller wanted. */
static void count_deferred(struct xs_handle *h, const struct frame *f)
{
    int errnum = wire_errnum(f);

    h->n_deferred--;
    if (!h->deferred_errno && errnum != ENOENT)
        h->deferred_errno = errnum;
}

/* The next frame that is neither an event nor a deferred answer, if there is
 * one. */
static bool next_frame(struct xs_handle *h, struct frame *ret, bool *ret_got)
{
    for (;;) {
        if (!is_well(h, wire_next(&h->wire, ret, ret_got)))
            return false;
        if (!*ret_got)
            return true;
        if (ret->type == XS_WATCH_EVENT)
            enqueue(h, ret);
        else if (h->n_deferred)
            count_deferred(h, ret);
        else
            return true;
    }
}

/* What has arrived, when no answer is waited for. */
static bool drain(struct xs_handle *h)
{
    struct frame f;
    bool got;

    return next_frame(h, &f, &got) && (!got || lose(h));
}

static bool wait_answer(struct xs_handle *h, struct frame *ret)
{
    bool got = false;

    while (next_frame(h, ret, &got) && !got)
        if (!is_well(h, wire_receive(&h->wire)))
            return false;
    return got;
}

static bool put(struct xs_handle *h, uint32_t tx, const struct xs_request *r)
{
    struct frame f = {.type = r->type, .tx = tx};

    if (h->is_lost) {
        errno = EBADF;
        return false;
    }
    if (strlen(r->word) + 1 + r->len > XENSTORE_PAYLOAD_MAX) {
        errno = E2BIG;
        return false;
    }
    f.id = ++h->last_id;
    wire_put(&h->wire, &f, r->word, r->data, r->len);
    return true;
}

/* ---- requests ------------------------------------------------------------ */

static bool catch_up(struct xs_handle *h)
{
    if (!is_well(h, wire_send(&h->wire)))
        return false;
    while (h->n_deferred) {
        if (!drain(h))
            return false;
        if (h->n_deferred && !is_well(h, wire_receive(&h->wire)))
            return false;
    }
    return true;
}

bool xs_conn_collect(struct xs_handle *h)
{
    int errnum;

    if (!catch_up(h))
        return false;
    errnum = h->deferred_errno;
    h->deferred_errno = 0;
    if (errnum)
        errno = errnum;
    return !errnum;
}

bool xs_conn_defer(struct xs_handle *h, uint32_t tx, const struct xs_request *r)
{
    if ((h->n_deferred == DEFERRED_MAX && !catch_up(h)) || !put(h, tx, r))
        return false;
    h->n_deferred++;
    return true;
}

char *xs_conn_ask(struct xs_handle *h, uint32_t tx, const struct xs_request *r,
                  size_t *ret_len)
{
    struct frame f;
    char *text;

    if (!put(h, tx, r) || !is_well(h, wire_send(&h->wire)) ||
        !wait_answer(h, &f))
        return NULL;
    if (f.type == XS_ERROR) {
        int errnum = wire_errnum(&f);

        if (drain(h))
            errno = errnum;
        return NULL;
    }
    if (f.type != r->type || f.id != h->last_id) {
        lose(h);
        return NULL;
    }
    text = xcalloc(1, f.len + 1);
    memcpy(text, f.data, f.len);
    if (ret_len)
        *ret_len = f.len;
    if (drain(h))
        return text;
    free(text);
    return NULL;
}

/* ---- events -------------------------------------------------------------- */

static bool has_input(const struct xs_handle *h)
{
    struct pollfd p = {.fd = h->wire.fd, .events = POLLIN};

    return poll(&p, 1, 0) > 0;
}

bool xs_conn_listen(struct xs_handle *h, bool wait)
{
    if (h->is_lost) {
        errno = EBADF;
        return false;
    }
    if (!is_well(h, wire_send(&h->wire)))
        return false;
    if (!wait && !has_input(h)) {
        errno = EAGAIN;
        return false;
    }
    return is_well(h, wire_receive(&h->wire)) && drain(h);
}

struct xs_event *xs_conn_event(struct xs_handle *h)
{
    struct xs_event *e = h->first;
    uint64_t count;

    h->first = e->next;
    if (!h->first) {
        h->last = &h->first;
        if (read(h->queue, &count, sizeof(count)) < 0)
            abort(); /* it had something */
    }
    return e;
}
