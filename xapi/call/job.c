/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* job: the daemon's side; see job.h. job_worker.c is the worker's. */
#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "lib/clock.h"
#include "lib/log.h"
#include "xapi/call/job_impl.h"

/* ---- its end ------------------------------------------------------------- */

static void job_free(struct job *j)
{
    if (j->event)
        event_free(j->event);
    if (j->input)
        evbuffer_free(j->input);
    if (j->fd >= 0)
        close(j->fd);
    if (j->writing)
        j->writing->job = NULL;
    err_free(j->failure);
    free(j->title);
    free(j);
}

static struct err *death(int status)
{
    return WIFSIGNALED(status)
               ? ERR("the worker was killed by signal %d (%s)",
                     WTERMSIG(status), strsignal(WTERMSIG(status)))
               : ERR("the worker ended with status %d", WEXITSTATUS(status));
}

/* The socket is closed: the process is gone, or about to. */
static void end(struct job *j)
{
    bool died = !j->said_end;
    struct err *e = take_ptr(j->failure);
    int status = 0;

    if (died)
        kill(j->pid, SIGKILL);
    while (waitpid(j->pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (died) {
        err_free(e);
        e = err_wrap(death(status), "%s", j->title);
    }
    log_line(died             ? LOG_ERROR_
             : j->often && !e ? LOG_DEBUG_
                              : LOG_INFO_,
             "job", "%s [%d]: %s, %.1f s", j->title, (int)j->pid,
             e ? err_text(e) : "done", clock_now() - j->began);
    if (j->done)
        j->done(j->arg, e, died);
    else
        err_free(e);
    job_free(j);
}

/* ---- what it says -------------------------------------------------------- */

static void tell(const struct job *j, enum frame_kind kind, const char *text)
{
    struct frame head = {kind, (uint32_t)strlen(text)};
    struct err *e = file_write_all(j->fd, &head, sizeof(head));

    if (!e)
        e = file_write_all(j->fd, text, head.len);
    err_drop(e, "a worker that does not listen is seen to die");
}

static void written(void *arg, struct err *e)
{
    struct job_writing *w = arg;
    struct job *j = w->job;

    if (j) {
        j->writing = NULL;
        if (e)
            log_error("job", "%s: %s", j->title, err_text(e));
        tell(j, e ? FRAME_FAILED : FRAME_DONE, e ? err_text(e) : "");
    }
    err_free(e);
    free(w);
}

/* The worker goes on when it is on disk: what it does then, and what it need
 * not take back any more, is as durable as what the database says of it. */
static void apply(struct job *j, const char *bytes, size_t len)
{
    struct err *e =
        j->apply ? j->apply(j->arg, bytes, len) : txn_apply(j->db, bytes, len);

    j->writing = xcalloc(1, sizeof(*j->writing));
    j->writing->job = j;
    if (e)
        written(j->writing, e);
    else
        db_when_durable(j->db, written, j->writing);
}

/* Words of a code as texts with NULs between them, or one sentence. */
static struct err *failure_of(const char *bytes, size_t len, uint32_t kind)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *end = bytes + len, **words = NULL;
    size_t n = 0;

    for (const char *at = bytes; at < end; at += strlen(at) + 1)
        *pool_push(p, words, n) = at;
    if (!n)
        return ERR("no reason is given");
    if (kind == FRAME_CODE)
        return err_code(words[0], words + 1, n - 1);
    return kind == FRAME_CANCELLED ? ERR_AS(interrupted, "%s", words[0])
                                   : ERR("%s", words[0]);
}

static void heard(struct job *j, const struct frame *head, char *bytes)
{
    double share = 0;

    switch (head->kind) {
    case FRAME_ROWS:
        apply(j, bytes, head->len);
        break;
    case FRAME_PROGRESS:
        if (head->len == sizeof(share))
            memcpy(&share, bytes, sizeof(share));
        if (j->progress)
            j->progress(j->arg, share);
        break;
    case FRAME_SAID:
        if (j->said)
            j->said(j->arg, bytes);
        break;
    case FRAME_FAILED:
    case FRAME_CANCELLED:
    case FRAME_CODE:
        err_free(j->failure);
        j->failure = failure_of(bytes, head->len, head->kind);
        j->said_end = true;
        break;
    case FRAME_DONE:
        j->said_end = true;
        break;
    }
}

/* Whole frames of what has come. */
static bool take_frames(struct job *j)
{
    struct frame head;

    while (evbuffer_copyout(j->input, &head, sizeof(head)) == sizeof(head)) {
        AUTO_FREE char *bytes = NULL;

        if (head.len > FRAME_MAX)
            return false;
        if (evbuffer_get_length(j->input) < sizeof(head) + head.len)
            return true;
        bytes = xcalloc(1, head.len + 1);
        evbuffer_drain(j->input, sizeof(head));
        evbuffer_remove(j->input, bytes, head.len);
        heard(j, &head, bytes);
    }
    return true;
}

static void on_read(int fd, short what, void *arg)
{
    struct job *j = arg;
    int n = evbuffer_read(j->input, fd, -1);

    (void)what;
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0 || !take_frames(j))
        end(j);
}

/* ---- its begin ----------------------------------------------------------- */

/* The sanitizer's malloc does not survive a fork while another thread is in it,
 * as the store's is when it writes. */
static void wait_for_threads(struct db *db)
{
#ifdef __SANITIZE_ADDRESS__
    err_drop(db_flush(db), "who waits for it is told");
#else
    (void)db;
#endif
}

/* No signal may find the worker with the daemon's handlers. */
static struct err *fork_worker(struct job *j, const struct job_start *s,
                               int ends[2])
{
    sigset_t all, old;

    wait_for_threads(s->db);
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &old);
    j->daemon = getpid();
    j->pid = fork();
    if (!j->pid)
        job_run_worker(j, s, ends[1]);
    sigprocmask(SIG_SETMASK, &old, NULL);
    return j->pid < 0 ? err_errno(errno, "fork") : NULL;
}

struct err *job_start(const struct job_start *s, struct job **ret)
{
    struct job *j;
    struct err *e;
    int ends[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
        return err_errno(errno, "socketpair");
    j = xcalloc(1, sizeof(*j));
    *j = (struct job){.db = s->db,
                      .done = s->done,
                      .progress = s->progress,
                      .said = s->said,
                      .apply = s->apply,
                      .arg = s->arg,
                      .title = xstrdup(s->title),
                      .often = s->often,
                      .began = clock_now(),
                      .fd = ends[0]};
    e = fork_worker(j, s, ends);
    close(ends[1]);
    if (e) {
        job_free(j);
        return e;
    }
    fcntl(j->fd, F_SETFL, O_NONBLOCK);
    j->input = evbuffer_new();
    j->event = event_new(s->base, j->fd, EV_READ | EV_PERSIST, on_read, j);
    event_add(j->event, NULL);
    *ret = j;
    return NULL;
}

void job_cancel(struct job *j)
{
    if (!j->cancelled)
        kill(j->pid, SIGTERM);
    j->cancelled = true;
}

void job_forget(struct job *j)
{
    job_cancel(j);
    tell(j, FRAME_LEFT, "");
    log_info("job", "%s [%d]: told to end, %.1f s", j->title, (int)j->pid,
             clock_now() - j->began);
    job_free(j);
}
