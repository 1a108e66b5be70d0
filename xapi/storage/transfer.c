/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* transfer: see transfer.h. */
#include "xapi/storage/transfer.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "lib/clock.h"
#include "lib/file.h"
#include "lib/log.h"
#include "xapi/model/errors_gen.h"
#include "xapi/ops/ops_queue.h"
#include "xapi/call/task.h"

#define DRAIN_BYTES (4u << 20)
#define DRAIN_MS 500
#define LOOK_SECONDS 0.5 /* between looks whether to stop */

struct going {
    struct transfer_all *all;
    struct transfer pub;
    struct http_request *request;
    struct held *held;
    struct job *job;
    char *task, *result;
    void (*done)(struct server *server);
    struct going *next;
};

struct transfer_all {
    struct server *server;
    struct going *first;
};

/* ---- its task ------------------------------------------------------------ */

static struct object *task_of(const struct going *g)
{
    return db_find(g->all->server->db, &model_classes[CLASS_task], g->task);
}

static struct err *make_task(struct txn *txn, const char *title,
                             struct object **ret)
{
    TRY(txn_create(txn, &model_classes[CLASS_task], NULL, NULL, ret));
    TRY(set_task_name_label(txn, *ret, title));
    TRY(set_task_created(txn, *ret, time(NULL)));
    TRY(set_task_type(txn, *ret, "<none/>"));
    return set_task_status(txn, *ret, task_status_pending);
}

/* The client's, or a new one. */
static struct err *find_task(const struct server *server,
                             const struct transfer_start *s,
                             const char **ret_ref)
{
    const char *ref = http_param(s->request, "task_id");
    struct object *task = NULL;
    struct txn *txn;

    if (ref) {
        task = db_find(server->db, &model_classes[CLASS_task], ref);
        if (!task || task_is_done(task))
            return db_no_object(&model_classes[CLASS_task], ref);
    } else {
        txn = txn_begin(server->db);
        TRY(txn_end(txn, make_task(txn, s->title, &task)));
    }
    *ret_ref = object_ref(task);
    return NULL;
}

static void end_task(const struct server *server, const char *ref,
                     const struct err *e, const char *result)
{
    struct object *task = db_find(server->db, &model_classes[CLASS_task], ref);
    AUTO_POOL struct pool *p = pool_new();
    struct txn *txn;

    if (!task || task_is_done(task))
        return;
    txn = txn_begin(server->db);
    err_drop(
        txn_end(txn,
                task_end_of(txn, task, e,
                            result ? pool_printf(p, "<value>%s</value>", result)
                                   : "")),
        "all is of its field's type");
}

/* ---- its end ------------------------------------------------------------- */

static void going_free(struct going *g)
{
    struct going **at = &g->all->first;

    while (*at && *at != g)
        at = &(*at)->next;
    if (*at)
        *at = g->next;
    if (g->pub.fd >= 0)
        close(g->pub.fd);
    if (g->request)
        http_done(g->request);
    free(g->task);
    free(g->result);
    free(g);
}

static void ended(void *arg, struct err *e, bool died)
{
    struct going *g = arg;
    struct server *server = g->all->server;

    (void)died;
    if (e && err_is(e, &err_kind_interrupted)) {
        err_free(e);
        e = err_TASK_CANCELLED(g->task);
    }
    log_info("http", "%s: %s", g->task, e ? err_text(e) : "done");
    if (g->held)
        ops_give(take_ptr(g->held));
    if (!e && g->done)
        g->done(server);
    end_task(server, g->task, e, g->result);
    err_free(e);
    going_free(g);
}

static void said(void *arg, const char *text)
{
    struct going *g = arg;

    free(g->result);
    g->result = xstrdup(text);
}

static void progressed(void *arg, double share)
{
    const struct going *g = arg;
    struct object *task = task_of(g);
    struct txn *txn;

    if (!task)
        return;
    txn = txn_begin(g->all->server->db);
    err_drop(txn_end(txn, set_task_progress(txn, task, share)), "a number");
}

/* ---- its begin ----------------------------------------------------------- */

static struct err *start_work(struct going *g, const struct transfer_start *s)
{
    struct server *server = g->all->server;
    const struct job_start job = {.base = server->base,
                                  .db = server->db,
                                  .title = s->title,
                                  .work = s->work,
                                  .work_arg = &g->pub,
                                  .done = ended,
                                  .progress = progressed,
                                  .said = said,
                                  .arg = g,
                                  .keep_fd = server->lock,
                                  .keep_too = g->pub.fd};

    return job_start(&job, &g->job);
}

static struct err *take(struct going *g, const struct transfer_start *s)
{
    struct http_taken taken;

    http_set_header(g->request, "task-id", g->task);
    TRY(http_take(g->request, &taken));
    g->pub.fd = taken.fd;
    g->pub.bytes = taken.bytes;
    g->pub.len = taken.len;
    if (!s->late_head)
        TRY(transfer_head(&g->pub, 200, -1));
    return start_work(g, s);
}

static struct err *hold(struct going *g, const struct transfer_start *s)
{
    struct err *e = s->objects ? ops_take(g->all->server, s->objects, s->op,
                                          g->task, &g->held)
                               : NULL;

    if (e)
        end_task(g->all->server, g->task, e, NULL);
    return e;
}

static void refuse(struct http_request *r, struct err *e)
{
    size_t n;

    log_info("http", "%s: %s", r->path, err_text(e));
    http_page(r, err_words(e, &n) ? 403 : 500, err_text(e));
    err_free(e);
}

/* Some look first whether it is here that they shall send to. */
static bool is_probe(struct http_request *r)
{
    return !strcmp(r->method, "PUT") && r->has_length && !r->length &&
           !http_param(r, "task_id");
}

/* Before it has begun: the task was its client's. */
static bool is_cancelled(const struct going *g)
{
    const struct object *task = task_of(g);

    return task && get_task_status(task) == task_status_cancelling;
}

static void begin(struct transfer_all *all, const struct transfer_start *s)
{
    struct going *g = xcalloc(1, sizeof(*g));
    const char *task = "";
    struct err *e = find_task(all->server, s, &task);

    *g = (struct going){.all = all,
                        .next = all->first,
                        .task = xstrdup(task),
                        .done = s->done,
                        .pub = {.object = s->objects ? s->objects[0] : NULL,
                                .request = s->request,
                                .content_type = s->content_type,
                                .arg = s->arg,
                                .has_length = s->request->has_length,
                                .length = s->request->length,
                                .fd = -1}};
    all->first = g;
    if (!e)
        e = hold(g, s);
    if (e) {
        refuse(s->request, e);
        going_free(g);
        return;
    }
    g->request = s->request;
    e = take(g, s);
    if (e)
        ended(g, e, false);
    else if (is_cancelled(g))
        job_cancel(g->job);
}

void transfer_cancel(struct transfer_all *all, const char *task)
{
    for (struct going *g = all ? all->first : NULL; g; g = g->next)
        if (g->job && !strcmp(g->task, task))
            job_cancel(g->job);
}

void transfer_begin(struct transfer_all *all, const struct transfer_start *s)
{
    AUTO_BODY struct body nothing = BODY_INIT;

    if (is_probe(s->request))
        http_answer(s->request, 200, NULL, &nothing);
    else
        begin(all, s);
}

/* ---- all of them --------------------------------------------------------- */

struct transfer_all *transfer_all_new(struct server *server)
{
    struct transfer_all *all = xcalloc(1, sizeof(*all));

    all->server = server;
    server->transfers = all;
    return all;
}

void transfer_all_free(struct transfer_all *all)
{
    if (!all)
        return;
    all->server->transfers = NULL;
    while (all->first) {
        if (all->first->job)
            job_forget(all->first->job);
        going_free(all->first);
    }
    free(all);
}

/* ---- in a worker --------------------------------------------------------- */

/* Until there is something, or room for it. */
static struct err *wait_for(const struct transfer *t, short what)
{
    double end = clock_now() + TRANSFER_IDLE_SECONDS;
    struct pollfd fd = {.fd = t->fd, .events = what};

    for (;;) {
        TRY(job_sleep(0));
        if (poll(&fd, 1, clock_poll_ms(LOOK_SECONDS)) > 0)
            return NULL;
        if (clock_now() > end)
            return ERR("the client is silent");
    }
}

static struct err *read_some(struct transfer *t, char *into, size_t len,
                             size_t *ret)
{
    ssize_t n;

    if (t->len) {
        *ret = len < t->len ? len : t->len;
        memcpy(into, t->bytes, *ret);
        t->bytes += *ret;
        t->len -= *ret;
        return NULL;
    }
    do {
        TRY(wait_for(t, POLLIN));
        n = read(t->fd, into, len);
    } while (n < 0 && (errno == EAGAIN || errno == EINTR));
    *ret = n > 0 ? (size_t)n : 0;
    return n < 0 ? err_errno(errno, "the client") : NULL;
}

struct err *transfer_read(struct transfer *t, void *into, size_t len,
                          size_t *ret)
{
    size_t done = 0, n = 1;

    if (t->has_length && len > t->length - t->taken)
        len = (size_t)(t->length - t->taken);
    while (done < len && n) {
        TRY(read_some(t, (char *)into + done, len - done, &n));
        done += n;
        t->taken += n;
    }
    *ret = done;
    return NULL;
}

void transfer_drain(struct transfer *t)
{
    AUTO_FREE char *piece = xcalloc(1, DRAIN_BYTES);
    struct pollfd fd = {.fd = t->fd, .events = POLLIN};
    size_t left = DRAIN_BYTES;

    shutdown(t->fd, SHUT_WR);
    while (left && poll(&fd, 1, DRAIN_MS) > 0) {
        ssize_t n = read(t->fd, piece, left);

        if (n <= 0)
            return;
        left -= (size_t)n;
    }
}

struct err *transfer_head(struct transfer *t, int status, int64_t length)
{
    AUTO_STR struct str head = STR_INIT(4096);

    http_format_head(t->request, status, t->content_type, length, &head);
    return file_write_all(t->fd, str_text(&head), head.len);
}

struct err *transfer_write(struct transfer *t, const void *bytes, size_t len)
{
    const char *at = bytes;

    while (len) {
        ssize_t n = write(t->fd, at, len);

        if (n < 0 && errno == EAGAIN)
            TRY(wait_for(t, POLLOUT));
        else if (n < 0 && errno != EINTR)
            return err_errno(errno, "the client");
        at += n > 0 ? n : 0;
        len -= n > 0 ? (size_t)n : 0;
    }
    return NULL;
}
