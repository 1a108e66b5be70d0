/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * xs: the functions of <xenstore.h> for static programs, in the place of
 * libxenstore, whose static build has no reader thread and then takes a watch
 * event that comes before an answer for a failure (EINVAL). libxl and xl's
 * console and keeper use it; one handle is for one thread.
 *
 * What a transaction writes is sent together, without waiting for each answer:
 * they are looked at when it ends, and one that was a failure makes the end
 * fail. That saves libxl most of its round trips while it makes a domain. And
 * transactions of programs of ours take turns: of two that collide the daemon
 * has one done anew, so that many creates at once would mostly undo each other.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <xenstore.h>

#include "lib/file.h"
#include "lib/str.h"
#include "xenstore/connect.h"
#include "xenstore/listing.h"
#include "xenstore/store.h"

#define PARTS_MAX 16
#define DEFERRED_MAX 50 /* answers to come: less than any buffer holds */
#define OUT_MAX 16384
#define TURN_LOCK "/run/dom0kit/transaction.lock"
#define TURN_SECONDS 1.0 /* after which nobody is waited for */

struct event {
    struct event *next;
    size_t len;
    char text[]; /* path and token, each with its NUL */
};

struct xs_handle {
    int fd;         /* to the daemon */
    int queue;      /* an eventfd that is readable while events are queued */
    int poll;       /* an epoll of both, which is what callers poll */
    bool is_device; /* the kernel's, which takes one request at a time */
    int turn; /* the lock of TURN_LOCK, while a transaction is under way */
    size_t n_out;
    char out[OUT_MAX]; /* requests that are still to be sent */
    uint32_t last_id;
    unsigned n_deferred; /* requests whose answers are still to come */
    int deferred_errno;  /* first failure among them */
    struct event *first, **last;
};

/* ---- opening and closing ------------------------------------------------- */

/* Here calls wait for their answers. */
static int open_daemon(void)
{
    int fd = -1;
    struct err *e = connect_any(STORE_TIMEOUT, &fd);

    int errnum = errno;

    err_drop(e, "callers of libxenstore look at errno");
    errno = errnum;
    if (fd < 0)
        return -1;
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
    return fd;
}

static bool add_to_poll(struct xs_handle *h, int fd)
{
    struct epoll_event ev = {.events = EPOLLIN};

    return !epoll_ctl(h->poll, EPOLL_CTL_ADD, fd, &ev);
}

struct xs_handle *xs_open(unsigned long flags)
{
    struct xs_handle *h = xcalloc(1, sizeof(*h));
    struct stat st;

    (void)flags;
    h->last = &h->first;
    h->turn = -1;
    h->queue = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    h->poll = epoll_create1(EPOLL_CLOEXEC);
    h->fd = open_daemon();
    if (h->fd >= 0 && h->queue >= 0 && h->poll >= 0 && add_to_poll(h, h->fd) &&
        add_to_poll(h, h->queue)) {
        h->is_device = !fstat(h->fd, &st) && S_ISCHR(st.st_mode);
        return h;
    }
    xs_close(h);
    return NULL;
}

static void close_keeping_errno(int fd)
{
    int saved = errno;

    if (fd >= 0)
        close(fd);
    errno = saved;
}

void xs_close(struct xs_handle *h)
{
    if (!h)
        return;
    while (h->first) {
        struct event *next = h->first->next;

        free(h->first);
        h->first = next;
    }
    close_keeping_errno(h->poll);
    close_keeping_errno(h->queue);
    close_keeping_errno(h->fd);
    close_keeping_errno(h->turn);
    free(h);
}

void xs_daemon_destroy_postfork(struct xs_handle *h)
{
    xs_close(h);
}

int xs_fileno(struct xs_handle *h)
{
    return h->poll;
}

/* ---- frames -------------------------------------------------------------- */

/* The connection is of no use after a failure in the middle of a frame. */
static bool lose(struct xs_handle *h, int errnum)
{
    close(h->fd);
    h->fd = -1;
    errno = errnum;
    return false;
}

static bool send_all(struct xs_handle *h)
{
    const char *from = h->out;

    while (h->n_out) {
        ssize_t done = write(h->fd, from, h->n_out);

        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return lose(h, errno);
        from += done;
        h->n_out -= (size_t)done;
    }
    return true;
}

static void put(struct xs_handle *h, const void *data, size_t len)
{
    memcpy(h->out + h->n_out, data, len);
    h->n_out += len;
}

static bool receive(struct xs_handle *h, void *into, size_t len)
{
    while (len) {
        ssize_t n = read(h->fd, into, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return lose(h, n ? errno : EIO);
        into = (char *)into + n;
        len -= (size_t)n;
    }
    return true;
}

static void enqueue(struct xs_handle *h, struct event *e)
{
    const uint64_t one = 1;

    if (!h->first && write(h->queue, &one, sizeof(one)) < 0)
        abort(); /* it was empty, so it takes one */
    e->next = NULL;
    *h->last = e;
    h->last = &e->next;
}

static bool receive_event(struct xs_handle *h, size_t len)
{
    struct event *e = xcalloc(1, sizeof(*e) + len + 2);

    e->len = len;
    if (!receive(h, e->text, len)) {
        free(e);
        return false;
    }
    enqueue(h, e);
    return true;
}

static int errno_of(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(xsd_errors); i++) {
        if (!strcmp(xsd_errors[i].errstring, name))
            return xsd_errors[i].errnum;
    }
    return EINVAL;
}

struct answer {
    struct xsd_sockmsg head;
    char *text; /* malloc'd, NUL-terminated */
};

/* The next answer, putting events before it into the queue. */
static bool next_answer(struct xs_handle *h, struct answer *a)
{
    for (;;) {
        if (!receive(h, &a->head, sizeof(a->head)))
            return false;
        if (a->head.len > XENSTORE_PAYLOAD_MAX)
            return lose(h, EIO);
        if (a->head.type != XS_WATCH_EVENT)
            break;
        if (!receive_event(h, a->head.len))
            return false;
    }
    a->text = xcalloc(1, a->head.len + 1);
    if (receive(h, a->text, a->head.len))
        return true;
    free(take_ptr(a->text));
    return false;
}

/* Takes the answers of what was not waited for. Removing what is not there is
 * what its caller wanted. */
static bool collect(struct xs_handle *h)
{
    if (!send_all(h))
        return false;
    while (h->n_deferred) {
        struct answer a;

        if (!next_answer(h, &a))
            return false;
        h->n_deferred--;
        if (a.head.type == XS_ERROR && !h->deferred_errno) {
            int errnum = errno_of(a.text);

            h->deferred_errno = errnum == ENOENT ? 0 : errnum;
        }
        free(a.text);
    }
    return true;
}

struct part {
    const void *data;
    size_t len;
};

/* It is sent when somebody waits for an answer. */
static bool add_request(struct xs_handle *h, uint32_t type, uint32_t tx,
                        const struct part *parts, int n)
{
    struct xsd_sockmsg head = {.type = type, .tx_id = tx};

    if (h->fd < 0) {
        errno = EBADF;
        return false;
    }
    for (int i = 0; i < n; i++)
        head.len += (uint32_t)parts[i].len;
    if (head.len > XENSTORE_PAYLOAD_MAX) {
        errno = E2BIG;
        return false;
    }
    if (h->n_out + sizeof(head) + head.len > OUT_MAX && !send_all(h))
        return false;
    head.req_id = ++h->last_id;
    put(h, &head, sizeof(head));
    for (int i = 0; i < n; i++)
        put(h, parts[i].data, parts[i].len);
    return h->is_device ? send_all(h) : true;
}

/* A request and its answer's text, malloc'd, or NULL and errno. */
static char *ask(struct xs_handle *h, uint32_t type, uint32_t tx,
                 const struct part *parts, int n, size_t *ret_len)
{
    struct answer a;

    if (!add_request(h, type, tx, parts, n) || !collect(h) ||
        !next_answer(h, &a))
        return NULL;
    if (a.head.type == XS_ERROR) {
        errno = errno_of(a.text);
        free(a.text);
        return NULL;
    }
    if (a.head.type != type || a.head.req_id != h->last_id) {
        free(a.text);
        lose(h, EIO);
        return NULL;
    }
    if (ret_len)
        *ret_len = a.head.len;
    return a.text;
}

static bool tell(struct xs_handle *h, uint32_t type, uint32_t tx,
                 const struct part *parts, int n)
{
    char *text;

    if (tx && h->n_deferred < DEFERRED_MAX) {
        if (!add_request(h, type, tx, parts, n))
            return false;
        h->n_deferred++;
        return true;
    }
    text = ask(h, type, tx, parts, n, NULL);
    free(text);
    return text;
}

static struct part word(const char *text)
{
    return (struct part){text, strlen(text) + 1};
}

/* ---- nodes --------------------------------------------------------------- */

void *xs_read(struct xs_handle *h, xs_transaction_t t, const char *path,
              unsigned int *len)
{
    struct part p = word(path);
    size_t n = 0;
    char *text = ask(h, XS_READ, t, &p, 1, &n);

    if (text && len)
        *len = (unsigned)n;
    return text;
}

bool xs_write(struct xs_handle *h, xs_transaction_t t, const char *path,
              const void *data, unsigned int len)
{
    struct part p[] = {word(path), {data, len}};

    return tell(h, XS_WRITE, t, p, 2);
}

bool xs_mkdir(struct xs_handle *h, xs_transaction_t t, const char *path)
{
    struct part p = word(path);

    return tell(h, XS_MKDIR, t, &p, 1);
}

bool xs_rm(struct xs_handle *h, xs_transaction_t t, const char *path)
{
    struct part p = word(path);

    return tell(h, XS_RM, t, &p, 1);
}

/* NUL-ended words as one malloc'd block: pointers, then the words. */
static char **as_list(const char *text, size_t len, unsigned *ret_n)
{
    unsigned n = 0, i = 0;
    char **list, *words;

    for (size_t at = 0; at < len; at++)
        n += !text[at];
    list = xcalloc(1, (n + 1) * sizeof(*list) + len + 1);
    words = (char *)(list + n + 1);
    memcpy(words, text, len);
    for (size_t at = 0; i < n; at += strlen(words + at) + 1)
        list[i++] = words + at;
    *ret_n = n;
    return list;
}

/* A listing of more than one frame. */
static char *list_in_parts(struct xs_handle *h, xs_transaction_t t,
                           const char *path, size_t *ret_len)
{
    struct listing l AUTO(listing_done);
    bool whole = false;

    listing_init(&l);
    while (!whole) {
        char offset[24];
        struct part p[] = {word(path), {offset, 0}};
        struct frame f = {.type = XS_DIRECTORY_PART};
        AUTO_FREE char *piece = NULL;
        struct err *e;

        p[1].len =
            (size_t)snprintf(offset, sizeof(offset), "%zu", l.names.len) + 1;
        f.data = piece = ask(h, XS_DIRECTORY_PART, t, p, 2, &f.len);
        if (!piece)
            return NULL;
        e = listing_take(&l, &f, &whole);
        err_drop(e, "callers of libxenstore look at errno");
        errno = e ? EIO : l.errnum;
        if (errno)
            return NULL;
    }
    *ret_len = l.names.len;
    return str_take(&l.names);
}

char **xs_directory(struct xs_handle *h, xs_transaction_t t, const char *path,
                    unsigned int *num)
{
    struct part p = word(path);
    size_t len = 0;
    AUTO_FREE char *text = ask(h, XS_DIRECTORY, t, &p, 1, &len);

    if (!text && errno == E2BIG)
        text = list_in_parts(h, t, path, &len);
    return text ? as_list(text, len, num) : NULL;
}

static char perm_letter(unsigned perms)
{
    return "nrwb"[perms & (XS_PERM_READ | XS_PERM_WRITE)];
}

bool xs_set_permissions(struct xs_handle *h, xs_transaction_t t,
                        const char *path, struct xs_permissions *perms,
                        unsigned int num_perms)
{
    char texts[PARTS_MAX][16];
    struct part p[PARTS_MAX] = {word(path)};

    if (num_perms >= PARTS_MAX) {
        errno = EINVAL;
        return false;
    }
    for (unsigned i = 0; i < num_perms; i++) {
        snprintf(texts[i], sizeof(texts[i]), "%c%u",
                 perm_letter(perms[i].perms), perms[i].id);
        p[i + 1] = word(texts[i]);
    }
    return tell(h, XS_SET_PERMS, t, p, (int)num_perms + 1);
}

static unsigned perm_bits(char letter)
{
    const char *letters = "nrwb", *at = strchr(letters, letter);

    return at ? (unsigned)(at - letters) : 0;
}

struct xs_permissions *xs_get_permissions(struct xs_handle *h,
                                          xs_transaction_t t, const char *path,
                                          unsigned int *num)
{
    struct part p = word(path);
    struct xs_permissions *perms;
    size_t len = 0;
    AUTO_FREE char *text = ask(h, XS_GET_PERMS, t, &p, 1, &len);
    AUTO_FREE char **words = NULL;

    if (!text)
        return NULL;
    words = as_list(text, len, num);
    perms = xcalloc(*num + 1, sizeof(*perms));
    for (unsigned i = 0; i < *num; i++) {
        perms[i].perms = perm_bits(words[i][0]);
        perms[i].id = (unsigned)strtoul(words[i] + 1, NULL, 10);
    }
    return perms;
}

/* ---- transactions -------------------------------------------------------- */

static void take_turn(struct xs_handle *h)
{
    if (h->turn < 0)
        err_drop(file_lock(TURN_LOCK, TURN_SECONDS, &h->turn),
                 "then it may be done anew");
}

static void end_turn(struct xs_handle *h)
{
    close_keeping_errno(h->turn);
    h->turn = -1;
}

xs_transaction_t xs_transaction_start(struct xs_handle *h)
{
    struct part p = word("");
    AUTO_FREE char *text = NULL;

    take_turn(h);
    text = ask(h, XS_TRANSACTION_START, XBT_NULL, &p, 1, NULL);
    h->deferred_errno = 0;
    if (!text)
        end_turn(h);
    return text ? (xs_transaction_t)strtoul(text, NULL, 10) : XBT_NULL;
}

static bool end_transaction(struct xs_handle *h, xs_transaction_t t, bool abort)
{
    struct part p;
    char *text;
    int errnum;

    if (!collect(h))
        return false;
    errnum = abort ? 0 : h->deferred_errno;
    h->deferred_errno = 0;
    p = word(abort || errnum ? "F" : "T");
    text = ask(h, XS_TRANSACTION_END, t, &p, 1, NULL);
    free(text);
    if (errnum)
        errno = errnum;
    return text && !errnum;
}

bool xs_transaction_end(struct xs_handle *h, xs_transaction_t t, bool abort)
{
    bool done = end_transaction(h, t, abort);

    end_turn(h);
    return done;
}

/* ---- watches ------------------------------------------------------------- */

bool xs_watch(struct xs_handle *h, const char *path, const char *token)
{
    struct part p[] = {word(path), word(token)};

    return tell(h, XS_WATCH, XBT_NULL, p, 2);
}

bool xs_unwatch(struct xs_handle *h, const char *path, const char *token)
{
    struct part p[] = {word(path), word(token)};

    return tell(h, XS_UNWATCH, XBT_NULL, p, 2);
}

static char **dequeue(struct xs_handle *h, unsigned *num)
{
    struct event *e = h->first;
    uint64_t count;
    char **list;

    h->first = e->next;
    if (!h->first) {
        h->last = &h->first;
        if (read(h->queue, &count, sizeof(count)) < 0)
            abort(); /* it had something */
    }
    list = as_list(e->text, e->len, num);
    free(e);
    return list;
}

/* Reads a frame; outside of requests only events come. */
static bool read_event(struct xs_handle *h)
{
    struct xsd_sockmsg head;

    if (!receive(h, &head, sizeof(head)))
        return false;
    if (head.type != XS_WATCH_EVENT || head.len > XENSTORE_PAYLOAD_MAX)
        return lose(h, EIO);
    return receive_event(h, head.len);
}

static bool has_input(const struct xs_handle *h)
{
    struct pollfd p = {.fd = h->fd, .events = POLLIN};

    return h->fd >= 0 && poll(&p, 1, 0) > 0;
}

char **xs_check_watch(struct xs_handle *h)
{
    unsigned n;

    if (!h->first && (!collect(h) || h->first))
        return h->first ? dequeue(h, &n) : NULL;
    if (!h->first && has_input(h) && !read_event(h))
        return NULL;
    if (h->first)
        return dequeue(h, &n);
    errno = EAGAIN;
    return NULL;
}

char **xs_read_watch(struct xs_handle *h, unsigned int *num)
{
    if (!collect(h))
        return NULL;
    if (!h->first && (h->fd < 0 || !read_event(h)))
        return NULL;
    return dequeue(h, num);
}

/* ---- domains ------------------------------------------------------------- */

static char *ask_numbers(struct xs_handle *h, uint32_t type,
                         const unsigned long *numbers, int n)
{
    char texts[3][24];
    struct part p[3];

    for (int i = 0; i < n; i++) {
        snprintf(texts[i], sizeof(texts[i]), "%lu", numbers[i]);
        p[i] = word(texts[i]);
    }
    return ask(h, type, XBT_NULL, p, n, NULL);
}

static bool tell_numbers(struct xs_handle *h, uint32_t type,
                         const unsigned long *numbers, int n)
{
    char *text = ask_numbers(h, type, numbers, n);

    free(text);
    return text;
}

bool xs_introduce_domain(struct xs_handle *h, unsigned int domid,
                         unsigned long mfn, unsigned int eventchn)
{
    return tell_numbers(h, XS_INTRODUCE,
                        (unsigned long[]){domid, mfn, eventchn}, 3);
}

bool xs_set_target(struct xs_handle *h, unsigned int domid, unsigned int target)
{
    return tell_numbers(h, XS_SET_TARGET, (unsigned long[]){domid, target}, 2);
}

bool xs_resume_domain(struct xs_handle *h, unsigned int domid)
{
    return tell_numbers(h, XS_RESUME, (unsigned long[]){domid}, 1);
}

bool xs_release_domain(struct xs_handle *h, unsigned int domid)
{
    return tell_numbers(h, XS_RELEASE, (unsigned long[]){domid}, 1);
}

/* Both daemons answer that, whether there is such a domain or not; a create
 * asks thirty times. */
char *xs_get_domain_path(struct xs_handle *h, unsigned int domid)
{
    char path[40];

    (void)h;
    snprintf(path, sizeof(path), "/local/domain/%u", domid);
    return xstrdup(path);
}

bool xs_is_domain_introduced(struct xs_handle *h, unsigned int domid)
{
    AUTO_FREE char *text =
        ask_numbers(h, XS_IS_DOMAIN_INTRODUCED, (unsigned long[]){domid}, 1);

    return text && !strcmp(text, "T");
}

bool xs_path_is_subpath(const char *parent, const char *child)
{
    size_t len = strlen(parent);

    return !strncmp(parent, child, len) && (!child[len] || child[len] == '/');
}

int xs_suspend_evtchn_port(int domid)
{
    char path[64];
    struct xs_handle *h = xs_open(0);
    AUTO_FREE char *text = NULL;

    if (!h)
        return -1;
    snprintf(path, sizeof(path),
             "/local/domain/%d/device/suspend/event-channel", domid);
    text = xs_read(h, XBT_NULL, path, NULL);
    xs_close(h);
    /* guests without one leave the node empty */
    return text && *text ? (int)strtol(text, NULL, 10) : -1;
}
