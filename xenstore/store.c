/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * store: see store.h. Every request goes through store_run: frames are written
 * as long as fewer than outstanding_max() are unanswered, answers find their
 * request by its id, watch events are put aside. Knows nothing of domains.
 */
#include "xenstore/store.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>

#include <xen/io/xs_wire.h>

#include "lib/file.h"
#include "lib/str.h"
#include "xenstore/path.h"

#define IN_SIZE 65536
#define EVENTS_MAX 4096
/* With that many requests unanswered we do not wait for the next answer but for
 * a while: waking us for each costs the daemon more than the answer. */
#define GATHER_MIN 16
#define GATHER_US 50
#define LIST_TRIES 10 /* a directory that changes all the time */

struct event {
    struct event *next;
    char *path, *watch;
};

struct store {
    int fd;
    bool is_device; /* one frame a write, one request at a time */
    bool keeps_all; /* events, also those that say nothing new */
    double timeout;
    char *broken; /* why nothing more can be asked */
    uint32_t next_id;
    struct str out;
    size_t out_done;
    char *in;
    size_t in_size, in_start, in_end;
    char *turns; /* the lock of store_transaction, NULL: none */
    struct event *first, **last;
    size_t n_events;
};

/* One store_run. */
struct round {
    struct store_req *reqs;
    size_t n, n_sent, n_done;
    bool *done;
    uint32_t first_id;
    struct pool *pool;
};

static const struct {
    uint32_t type;
    const char *verb;
} ops[] = {
    [STORE_READ] = {XS_READ, "read"},
    [STORE_LIST] = {XS_DIRECTORY, "list"},
    [STORE_WRITE] = {XS_WRITE, "write"},
    [STORE_MKDIR] = {XS_MKDIR, "make"},
    [STORE_REMOVE] = {XS_RM, "remove"},
    [STORE_GET_PERMS] = {XS_GET_PERMS, "read the permissions of"},
    [STORE_SET_PERMS] = {XS_SET_PERMS, "set the permissions of"},
    [STORE_WATCH_] = {XS_WATCH, "watch"},
    [STORE_UNWATCH_] = {XS_UNWATCH, "stop watching"},
    [STORE_LIST_PART_] = {XS_DIRECTORY_PART, "list"},
    [STORE_TX_START_] = {XS_TRANSACTION_START, "begin a transaction at"},
    [STORE_TX_END_] = {XS_TRANSACTION_END, "end a transaction at"},
};

/* ---- the connection ------------------------------------------------------ */

struct store *store_new(int fd)
{
    struct store *s = xcalloc(1, sizeof(*s));

    s->fd = fd;
    s->timeout = STORE_TIMEOUT;
    s->in_size = IN_SIZE;
    s->in = xcalloc(1, s->in_size);
    s->out.max = STR_MAX;
    s->last = &s->first;
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    return s;
}

void store_set_timeout(struct store *s, double seconds)
{
    s->timeout = seconds;
}

void store_keep_all_events(struct store *s)
{
    s->keeps_all = true;
}

static void free_event(struct event *e)
{
    free(e->path);
    free(e->watch);
    free(e);
}

void store_close(struct store *s)
{
    struct event *next;

    if (!s)
        return;
    for (struct event *e = s->first; e; e = next) {
        next = e->next;
        free_event(e);
    }
    close(s->fd);
    str_done(&s->out);
    free(s->in);
    free(s->turns);
    free(s->broken);
    free(s);
}

static struct err *open_socket(const char *path, int *ret_fd)
{
    /* The daemons' queue has room for one: who comes second has to wait. */
    const struct timeval limit = {.tv_sec = (time_t)STORE_TIMEOUT};
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    AUTO_FD int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return err_errno(errno, "cannot make a socket");
    if (strlen(path) >= sizeof(to.sun_path))
        return ERR("'%s' is too long for a socket's name", path);
    memcpy(to.sun_path, path, strlen(path));
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    if (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
        return err_errno(errno, "cannot connect to xenstored at '%s'", path);
    *ret_fd = take_fd(&fd);
    return NULL;
}

static struct err *open_any(const char *path, int *ret_fd)
{
    struct stat st;
    int fd;

    if (stat(path, &st) < 0)
        return err_errno(errno, "cannot connect to xenstored at '%s'", path);
    if (!S_ISCHR(st.st_mode))
        return open_socket(path, ret_fd);
    fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return err_errno(errno, "cannot open '%s'", path);
    *ret_fd = fd;
    return NULL;
}

struct err *store_open(struct store **ret)
{
    const char *path = getenv("XENSTORED_PATH");
    struct err *e, *second;
    struct stat st;
    int fd = -1;

    e = open_any(path ? path : STORE_SOCKET, &fd);
    if (e && !path) {
        second = open_any(STORE_DEVICE, &fd);
        if (second) {
            err_drop(second, "the socket is what a user can do much about");
            return e;
        }
        err_free(take_ptr(e));
    }
    TRY(e);
    *ret = store_new(fd);
    (*ret)->is_device = !fstat(fd, &st) && S_ISCHR(st.st_mode);
    if (!(*ret)->is_device)
        (*ret)->turns = xprintf("%s.turns", path ? path : STORE_SOCKET);
    return NULL;
}

static struct err *breaks(struct store *s, struct err *e)
{
    free(s->broken);
    s->broken = xstrdup(err_text(e));
    return e;
}

static struct err *nonsense(struct store *s, const char *what)
{
    return breaks(s, ERR("xenstored sent nonsense: %s", what));
}

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int poll_ms(double seconds)
{
    return seconds < 0       ? 0
           : seconds > 86400 ? 86400000
                             : (int)ceil(seconds * 1000);
}

/* ---- bytes --------------------------------------------------------------- */

/* Writes what the other side takes. The device wants one frame a write. */
static struct err *send_some(struct store *s)
{
    while (s->out_done < s->out.len) {
        const char *at = s->out.text + s->out_done;
        size_t len = s->out.len - s->out_done;
        struct xsd_sockmsg head;
        ssize_t n;

        if (s->is_device) {
            memcpy(&head, at, sizeof(head));
            n = write(s->fd, at, sizeof(head) + head.len);
        } else {
            n = send(s->fd, at, len, MSG_NOSIGNAL);
        }
        if (n < 0 && errno == EAGAIN)
            return NULL;
        if (n < 0 && errno != EINTR)
            return breaks(s, err_errno(errno, "lost xenstored"));
        s->out_done += n > 0 ? (size_t)n : 0;
    }
    str_clear(&s->out);
    s->out_done = 0;
    return NULL;
}

static struct err *receive_some(struct store *s)
{
    ssize_t n;

    memmove(s->in, s->in + s->in_start, s->in_end - s->in_start);
    s->in_end -= s->in_start;
    s->in_start = 0;
    n = read(s->fd, s->in + s->in_end, s->in_size - s->in_end);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return NULL;
    if (n < 0)
        return breaks(s, err_errno(errno, "lost xenstored"));
    if (!n)
        return breaks(s, ERR("xenstored closed the connection"));
    s->in_end += (size_t)n;
    return NULL;
}

/* Room for the whole of a frame, which may be as long as a directory. */
static struct err *expect_frame(struct store *s,
                                const struct xsd_sockmsg *head)
{
    size_t max = head->type == XS_DIRECTORY ? STORE_LIST_MAX
                                            : STORE_PAYLOAD_MAX;

    if (head->len > max)
        return nonsense(s, "a frame that is too long");
    if (sizeof(*head) + head->len <= s->in_size)
        return NULL;
    s->in_size = sizeof(*head) + head->len;
    s->in = xrealloc(s->in, s->in_size, 1);
    return NULL;
}

/* A whole frame, if one has arrived; DATA is valid until the next receive. */
static struct err *next_frame(struct store *s, struct xsd_sockmsg *ret_head,
                              const char **ret_data, bool *ret_got)
{
    size_t have = s->in_end - s->in_start;

    *ret_got = false;
    if (have < sizeof(*ret_head))
        return NULL;
    memcpy(ret_head, s->in + s->in_start, sizeof(*ret_head));
    TRY(expect_frame(s, ret_head));
    if (have < sizeof(*ret_head) + ret_head->len)
        return NULL;
    *ret_data = s->in + s->in_start + sizeof(*ret_head);
    s->in_start += sizeof(*ret_head) + ret_head->len;
    *ret_got = true;
    return NULL;
}

/* ---- events -------------------------------------------------------------- */

/* Path and watch as two strings; the token of a watch is its path. The same
 * event twice in the queue says no more than once. */
static struct err *keep_event(struct store *s, const char *data, size_t len)
{
    const char *path = data, *watch;
    struct event *e;

    if (!len || data[len - 1] || strlen(path) + 1 >= len)
        return nonsense(s, "a watch event without path and token");
    watch = path + strlen(path) + 1;
    for (e = s->keeps_all ? NULL : s->first; e; e = e->next) {
        if (!strcmp(e->path, path) && !strcmp(e->watch, watch))
            return NULL;
    }
    if (s->n_events == EVENTS_MAX)
        return breaks(s, ERR("too many changes in XenStore to follow"));
    e = xcalloc(1, sizeof(*e));
    e->path = xstrdup(path);
    e->watch = xstrdup(watch);
    *s->last = e;
    s->last = &e->next;
    s->n_events++;
    return NULL;
}

static void pop_event(struct store *s, struct pool *p, struct store_event *ret)
{
    struct event *e = s->first;

    s->first = e->next;
    if (!s->first)
        s->last = &s->first;
    s->n_events--;
    ret->path = pool_str(p, e->path);
    ret->watch = pool_str(p, e->watch);
    free_event(e);
}

/* ---- requests ------------------------------------------------------------ */

static size_t payload_len(const struct store_req *req)
{
    return strlen(req->path) + 1 + req->data_len;
}

static struct err *check_lengths(const struct store_req *reqs, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (strlen(reqs[i].path) > STORE_PATH_MAX)
            return ERR("a XenStore path of %zu characters: %d is the most",
                       strlen(reqs[i].path), STORE_PATH_MAX);
        if (payload_len(&reqs[i]) > STORE_PAYLOAD_MAX)
            return ERR("cannot %s '%s': %zu bytes are too many for XenStore",
                       ops[reqs[i].op].verb, reqs[i].path, reqs[i].data_len);
    }
    return NULL;
}

/* The kernel's device keeps one request: a second one written before the answer
 * overwrites the first under way, without any error. */
static size_t outstanding_max(const struct store *s)
{
    return s->is_device ? 1 : STORE_OUTSTANDING_MAX;
}

static void queue_frames(struct store *s, struct round *r)
{
    while (r->n_sent < r->n && r->n_sent - r->n_done < outstanding_max(s)) {
        const struct store_req *req = &r->reqs[r->n_sent++];
        struct xsd_sockmsg head = {
            .type = ops[req->op].type,
            .req_id = s->next_id++,
            .tx_id = req->tx,
            .len = (uint32_t)payload_len(req),
        };

        str_addn(&s->out, (const char *)&head, sizeof(head));
        str_addn(&s->out, req->path, strlen(req->path) + 1);
        str_addn(&s->out, req->data, req->data_len);
    }
}

/* Names that end with a NUL each. */
static struct err *split_names(struct store *s, struct store_req *req,
                               const char *data, size_t len, struct pool *p)
{
    if (len && data[len - 1])
        return nonsense(s, "a list of names without an end");
    for (size_t at = 0; at < len; at += strlen(data + at) + 1)
        *pool_push(p, req->names, req->n_names) = pool_str(p, data + at);
    *pool_push(p, req->names, req->n_names) = NULL;
    req->n_names--;
    return NULL;
}

static int errnum_of(const char *name, size_t len)
{
    for (size_t i = 0; i < ARRAY_LEN(xsd_errors); i++) {
        if (len && !name[len - 1] && !strcmp(xsd_errors[i].errstring, name))
            return xsd_errors[i].errnum;
    }
    return EPROTO;
}

static struct err *take_answer(struct store *s, struct round *r,
                               const struct xsd_sockmsg *head, const char *data)
{
    uint32_t i = head->req_id - r->first_id;
    struct store_req *req;

    if (i >= r->n_sent || r->done[i])
        return nonsense(s, "an answer to what was not asked");
    req = &r->reqs[i];
    if (head->type != XS_ERROR && head->type != ops[req->op].type)
        return nonsense(s, "an answer to another question");
    r->done[i] = true;
    r->n_done++;
    if (head->type == XS_ERROR) {
        req->errnum = errnum_of(data, head->len);
        return NULL;
    }
    if (req->op == STORE_LIST || req->op == STORE_GET_PERMS)
        return split_names(s, req, data, head->len, r->pool);
    req->text = pool_strn(r->pool, data, head->len);
    req->len = head->len;
    return NULL;
}

static struct err *take_frames(struct store *s, struct round *r)
{
    struct xsd_sockmsg head;
    const char *data;
    bool got;

    for (;;) {
        TRY(next_frame(s, &head, &data, &got));
        if (!got)
            return NULL;
        if (head.type == XS_WATCH_EVENT)
            TRY(keep_event(s, data, head.len));
        else if (r)
            TRY(take_answer(s, r, &head, data));
        else
            return nonsense(s, "an answer to no question");
    }
}

/* Waits until bytes can move, then moves them. */
static struct err *pump(struct store *s, size_t unanswered, double deadline)
{
    struct pollfd fd = {.fd = s->fd, .events = POLLIN};

    TRY(send_some(s));
    if (s->out.len)
        fd.events |= POLLOUT;
    else if (unanswered >= GATHER_MIN)
        usleep(GATHER_US);
    if (now() >= deadline)
        return breaks(s, ERR_AS(timeout, "xenstored gives no answer"));
    if (poll(&fd, 1, poll_ms(deadline - now())) <= 0)
        return NULL; /* time is up or a signal came: the next turn sees */
    return fd.revents & ~POLLOUT ? receive_some(s) : NULL;
}

static struct err *run_round(struct store *s, struct round *r)
{
    double deadline = now() + s->timeout;

    while (r->n_done < r->n) {
        size_t before = r->n_done;

        queue_frames(s, r);
        TRY(pump(s, r->n_sent - r->n_done, deadline));
        TRY(take_frames(s, r));
        if (r->n_done > before)
            deadline = now() + s->timeout;
    }
    return NULL;
}

static struct err *list_in_parts(struct store *s, struct store_req *req,
                                 struct pool *p);

struct err *store_run(struct store *s, struct store_req *reqs, size_t n,
                      struct pool *p)
{
    AUTO_FREE bool *done = xcalloc(n, sizeof(*done));
    struct round r = {.reqs = reqs, .n = n, .done = done, .pool = p};

    if (s->broken)
        return ERR("%s", s->broken);
    TRY(check_lengths(reqs, n));
    for (size_t i = 0; i < n; i++) {
        reqs[i].errnum = 0;
        reqs[i].text = NULL;
        reqs[i].names = NULL;
        reqs[i].len = reqs[i].n_names = 0;
    }
    r.first_id = s->next_id;
    TRY(run_round(s, &r));
    for (size_t i = 0; i < n; i++) {
        if (reqs[i].op == STORE_LIST && reqs[i].errnum == E2BIG)
            TRY(list_in_parts(s, &reqs[i], p));
    }
    return NULL;
}

/* ---- directories over 4 kB ----------------------------------------------- */

/*
 * The part of a directory's list from OFFSET on: the answer is the directory's
 * generation as a string, then names, and an empty name where the list ends.
 * *ret_more says that it does not end here.
 */
static struct err *list_part(struct store *s, struct store_req *req,
                             struct str *list, char **generation,
                             bool *ret_more, struct pool *p)
{
    char offset[24];
    struct store_req part = {.op = STORE_LIST_PART_, .path = req->path,
                             .tx = req->tx};
    size_t start;

    snprintf(offset, sizeof(offset), "%zu", list->len);
    part.data = offset;
    part.data_len = strlen(offset) + 1;
    TRY(store_run(s, &part, 1, p));
    req->errnum = part.errnum;
    *ret_more = false;
    if (part.errnum)
        return NULL;
    start = strlen(part.text) + 1;
    if (start >= part.len || part.text[part.len - 1])
        return nonsense(s, "a part of a directory without an end");
    if (!*generation)
        *generation = part.text;
    if (strcmp(*generation, part.text)) {
        req->errnum = EAGAIN;
        return NULL;
    }
    *ret_more = part.text[part.len - 2]; /* the name before is not empty */
    str_addn(list, part.text + start, part.len - start - !*ret_more);
    return NULL;
}

static struct err *list_whole(struct store *s, struct store_req *req,
                              struct str *list, struct pool *p)
{
    char *generation = NULL;
    bool more;

    do {
        TRY(list_part(s, req, list, &generation, &more, p));
    } while (more && !str_full(list));
    if (str_full(list))
        return nonsense(s, "a directory without an end");
    return NULL;
}

static struct err *list_in_parts(struct store *s, struct store_req *req,
                                 struct pool *p)
{
    AUTO_STR struct str list = STR_INIT(STR_MAX);

    for (int i = 0; i < LIST_TRIES; i++) {
        str_clear(&list);
        TRY(list_whole(s, req, &list, p));
        if (req->errnum != EAGAIN)
            break;
    }
    return req->errnum ? NULL : split_names(s, req, list.text, list.len, p);
}

/* ---- conveniences -------------------------------------------------------- */

static size_t add_req(struct store_batch *b, enum store_op op, const char *path,
                      const char *data, size_t data_len)
{
    struct store_req *req = pool_push(b->pool, b->reqs, b->n);

    req->op = op;
    req->path = path;
    req->data = data;
    req->data_len = data_len;
    req->tx = b->tx;
    return b->n - 1;
}

size_t store_batch_read(struct store_batch *b, const char *fmt, ...)
{
    va_list ap;
    size_t i;

    va_start(ap, fmt);
    i = add_req(b, STORE_READ, pool_vprintf(b->pool, fmt, ap), NULL, 0);
    va_end(ap);
    return i;
}

size_t store_batch_list(struct store_batch *b, const char *fmt, ...)
{
    va_list ap;
    size_t i;

    va_start(ap, fmt);
    i = add_req(b, STORE_LIST, pool_vprintf(b->pool, fmt, ap), NULL, 0);
    va_end(ap);
    return i;
}

size_t store_batch_write(struct store_batch *b, const char *path,
                         const char *value, size_t len)
{
    return add_req(b, STORE_WRITE, pool_str(b->pool, path),
                   pool_strn(b->pool, value, len), len);
}

size_t store_batch_add(struct store_batch *b, enum store_op op,
                       const char *path)
{
    return add_req(b, op, pool_str(b->pool, path), NULL, 0);
}

struct err *store_batch_run(struct store *s, struct store_batch *b)
{
    size_t from = b->n_run;

    b->n_run = b->n;
    return store_run(s, b->reqs + from, b->n - from, b->pool);
}

struct err *store_req_err(const struct store_req *req)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *fault = path_fault(p, req->path);

    if (!req->errnum)
        return NULL;
    if (fault && (req->errnum == EINVAL || req->errnum == ENOENT))
        return ERR_AS(input, "'%s': %s", req->path, fault);
    if (req->errnum == ENOENT)
        return ERR_AS(not_found, "there is no '%s' in XenStore", req->path);
    return err_errno(req->errnum, "cannot %s '%s' in XenStore",
                     ops[req->op].verb, req->path);
}

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
    struct store_req req = {.op = op, .path = path, .data = data,
                            .data_len = data_len};

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

/* ---- transactions -------------------------------------------------------- */

static struct err *begin(struct store *s, uint32_t *ret_tx)
{
    AUTO_POOL struct pool *p = pool_new();
    struct store_req req = {.op = STORE_TX_START_, .path = ""};
    AUTO_ERR struct err *bad = NULL;
    int64_t id;

    TRY(store_run(s, &req, 1, p));
    if (req.errnum)
        return err_errno(req.errnum, "cannot begin a transaction in XenStore");
    bad = text_to_int(req.text, 10, 1, UINT32_MAX, &id);
    if (bad)
        return nonsense(s, "a transaction without a number");
    *ret_tx = (uint32_t)id;
    return NULL;
}

static struct err *end(struct store *s, uint32_t tx, bool commit,
                       bool *ret_conflict)
{
    AUTO_POOL struct pool *p = pool_new();
    struct store_req req = {.op = STORE_TX_END_, .path = commit ? "T" : "F",
                            .tx = tx};

    TRY(store_run(s, &req, 1, p));
    *ret_conflict = req.errnum == EAGAIN;
    if (req.errnum && !*ret_conflict)
        return err_errno(req.errnum, "cannot end a transaction in XenStore");
    return NULL;
}

static struct err *try_transaction(struct store *s, store_tx_fn *fn, void *arg,
                                   bool *ret_conflict)
{
    bool ignored;
    uint32_t tx = 0;
    struct err *e;

    TRY(begin(s, &tx));
    e = fn(s, tx, arg);
    if (!e)
        return end(s, tx, true, ret_conflict);
    if (!s->broken)
        err_drop(end(s, tx, false, &ignored), "the first error says more");
    return e;
}

/* A turn ends when FD is closed. Without one we go on after a second: turns
 * save retries, no more. Transactions take a millisecond, so we look often. */
static void take_turn(struct store *s, int *fd)
{
    double deadline = now() + 1;
    bool held = s->turns;

    while (held && now() < deadline) {
        struct err *e = file_lock(s->turns, 0, fd);

        held = err_is(e, &err_kind_timeout);
        err_drop(e, "turns are not needed");
        if (held)
            usleep(300);
    }
}

struct err *store_transaction(struct store *s, store_tx_fn *fn, void *arg)
{
    AUTO_FD int turn = -1;
    double deadline = now() + STORE_TIMEOUT;
    bool conflict = true;

    take_turn(s, &turn);
    for (unsigned wait_us = 100; conflict; wait_us += wait_us / 4) {
        TRY(try_transaction(s, fn, arg, &conflict));
        if (!conflict)
            return NULL;
        if (now() > deadline)
            break;
        usleep(wait_us + s->next_id * 7919 % wait_us);
    }
    return ERR_AS(timeout, "a transaction met others' changes in XenStore for "
                  "%.0f seconds: try again", STORE_TIMEOUT);
}

/* ---- waiting ------------------------------------------------------------- */

struct err *store_watch(struct store *s, const char *path)
{
    return ask(s, STORE_WATCH_, path, path, strlen(path) + 1);
}

/* Events of it that are still in the queue go with it. */
struct err *store_unwatch(struct store *s, const char *path)
{
    struct event **at = &s->first;

    TRY(ask(s, STORE_UNWATCH_, path, path, strlen(path) + 1));
    while (*at) {
        struct event *e = *at;

        if (strcmp(e->watch, path)) {
            at = &e->next;
            continue;
        }
        *at = e->next;
        free_event(e);
        s->n_events--;
    }
    s->last = at;
    return NULL;
}

/* Waits once; *ret_over says that there is something to return for. */
static struct err *wait_once(struct store *s, int fd, double deadline,
                             bool *ret_over, bool *ret_fd_ready)
{
    struct pollfd fds[] = {
        {.fd = s->fd, .events = POLLIN},
        {.fd = fd, .events = POLLIN},
    };
    int n = poll(fds, 2,
                 isfinite(deadline) ? poll_ms(deadline - now()) : -1);

    if (n < 0)
        return errno == EINTR ? ERR_AS(interrupted, "interrupted")
                              : err_errno(errno, "cannot wait for XenStore");
    if (fds[0].revents) {
        TRY(receive_some(s));
        TRY(take_frames(s, NULL));
    }
    *ret_fd_ready = fds[1].revents;
    *ret_over = s->first || *ret_fd_ready || now() >= deadline;
    return NULL;
}

struct err *store_wait(struct store *s, struct pool *p, int fd, double seconds,
                       struct store_event *ret)
{
    double deadline = seconds < 0 ? INFINITY : now() + seconds;
    bool over = s->first, fd_ready = false;

    if (s->broken)
        return ERR("%s", s->broken);
    while (!over)
        TRY(wait_once(s, fd, deadline, &over, &fd_ready));
    *ret = (struct store_event){.fd_ready = fd_ready};
    if (s->first)
        pop_event(s, p, ret);
    return NULL;
}
