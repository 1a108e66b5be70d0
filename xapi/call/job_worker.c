/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* job_worker: the worker's side of a job; see job.h. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

#include "lib/log.h"
#include "xapi/call/job_impl.h"

/* What joins this process to the daemon: one job a process. */
static struct {
    int home, keep;
} ends = {-1, -1};

struct pool *job_pool(struct job *j)
{
    return j->pool;
}

struct db *job_db(struct job *j)
{
    return j->db;
}

/* ---- home ---------------------------------------------------------------- */

static struct err *say(const struct job *j, enum frame_kind kind,
                       const void *bytes, size_t len)
{
    struct frame head = {kind, (uint32_t)len};

    if (len > FRAME_MAX)
        return ERR("a worker wants to say %zu bytes: %u at the most", len,
                   FRAME_MAX);
    TRY(file_write_all(j->fd, &head, sizeof(head)));
    return file_write_all(j->fd, bytes, len);
}

static struct err *read_all(int fd, void *into, size_t len)
{
    char *at = into;

    while (len) {
        ssize_t n = read(fd, at, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return ERR("the daemon has gone");
        at += n;
        len -= (size_t)n;
    }
    return NULL;
}

/* Whether what was sent is on disk, nobody can tell: to go on may be as wrong
 * as to take it back. What is left is settled at the daemon's next start, as
 * that of a worker that was killed; which is an error, E, unless the daemon
 * has said that it ends. */
static void give_up(struct err *e)
{
    if (e)
        log_error("job", "%s: what was done is left as it is", err_text(e));
    err_free(e);
    _exit(EXIT_FAILURE);
}

static struct err *hear_answer(const struct job *j)
{
    struct frame head;
    struct err *e = read_all(j->fd, &head, sizeof(head));
    char *text;

    if (e)
        give_up(e);
    if (head.len > FRAME_MAX)
        return ERR("the daemon's answer is too long");
    text = pool_alloc(j->pool, head.len + 1);
    e = read_all(j->fd, text, head.len);
    if (e)
        give_up(e);
    if (head.kind == FRAME_LEFT)
        give_up(NULL);
    return head.kind == FRAME_DONE ? NULL : ERR("%s", text);
}

static struct err *send_home(const struct job *j, struct txn *txn,
                             job_write_fn *write, void *arg)
{
    AUTO_STR struct str rows = STR_INIT(TXN_PACK_MAX);

    TRY(write(txn, arg));
    txn_pack(txn, &rows);
    if (str_full(&rows))
        return ERR("what a worker writes is over %u bytes", TXN_PACK_MAX);
    TRY(say(j, FRAME_ROWS, str_text(&rows), rows.len));
    return hear_answer(j);
}

struct err *job_commit(struct job *j, job_write_fn *write, void *arg)
{
    struct txn *txn = txn_begin(j->db);

    return txn_end(txn, send_home(j, txn, write, arg));
}

void job_say(struct job *j, const char *text)
{
    err_drop(say(j, FRAME_SAID, text, strlen(text)),
             "the next step finds out that the daemon has gone");
}

void job_progress(struct job *j, double share)
{
    err_drop(say(j, FRAME_PROGRESS, &share, sizeof(share)),
             "the next step finds out that the daemon has gone");
}

/* ---- steps --------------------------------------------------------------- */

void job_undo(struct job *j, job_undo_fn *undo, void *arg)
{
    *pool_push(j->pool, j->steps, j->n_steps) = (struct job_step){undo, arg};
}

void job_after(struct job *j, job_undo_fn *after, void *arg)
{
    *pool_push(j->pool, j->after, j->n_after) = (struct job_step){after, arg};
}

/* What part of a job has said so far. */
struct mark {
    size_t n_steps, n_after;
};

/* All since FROM; nothing of it is cancelled. */
static void finish(struct job *j, struct mark from)
{
    for (size_t i = from.n_after; i < j->n_after; i++) {
        AUTO_ERR struct err *e = j->after[i].undo(j->after[i].arg);

        if (e)
            log_error("job", "%s: %s", j->title, err_text(e));
    }
}

/* Cancelled or not, all of it. */
static struct err *undo(struct job *j, struct mark from, struct err *e)
{
    while (j->n_steps > from.n_steps) {
        struct job_step step = j->steps[--j->n_steps];

        e = err_join(e, step.undo(step.arg));
    }
    return e;
}

/* A cancel is not heard between work and its end, but stays pending. */
static bool deaf;

struct err *job_part(struct job *j, job_work_fn *work, void *arg)
{
    const struct mark from = {j->n_steps, j->n_after};
    struct err *e = work(j, arg);

    deaf = true;
    if (e)
        e = undo(j, from, e);
    else
        finish(j, from);
    deaf = false;
    j->n_steps = from.n_steps;
    j->n_after = from.n_after;
    return e;
}

struct err *job_sleep(double seconds)
{
    struct timespec t = {(time_t)seconds,
                         (long)((seconds - (double)(time_t)seconds) * 1e9)};
    sigset_t term;

    sigemptyset(&term);
    if (!deaf)
        sigaddset(&term, SIGTERM);
    return sigtimedwait(&term, NULL, &t) == SIGTERM
               ? ERR_AS(interrupted, "cancelled")
               : NULL;
}

/* ---- the process --------------------------------------------------------- */

/* Connections of clients end when the daemon closes them, and not with us. */
static void close_others(const int *keep, size_t n)
{
    for (int at = 3;;) {
        int next = INT_MAX;

        for (size_t i = 0; i < n; i++)
            if (keep[i] >= at && keep[i] < next)
                next = keep[i];
        if (next > at)
            close_range((unsigned)at, (unsigned)next - 1, 0);
        if (next == INT_MAX)
            return;
        at = next + 1;
    }
}

static void set_signals(void)
{
    static const int ours[] = {SIGINT, SIGHUP, SIGCHLD, SIGTERM};
    sigset_t term;

    for (size_t i = 0; i < ARRAY_LEN(ours); i++)
        signal(ours[i], SIG_DFL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGINT, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    sigprocmask(SIG_SETMASK, &term, NULL);
}

void job_left_worker(void)
{
    static const int ours[] = {SIGINT, SIGHUP, SIGTERM};
    sigset_t none;

    if (ends.home >= 0)
        close(ends.home);
    if (ends.keep >= 0)
        close(ends.keep);
    ends.home = ends.keep = -1; /* such a child may have one of its own */
    for (size_t i = 0; i < ARRAY_LEN(ours); i++)
        signal(ours[i], SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static void say_failure(const struct job *j, const struct err *e)
{
    AUTO_STR struct str text = STR_INIT(FRAME_MAX);
    size_t n = 0;
    const char *const *words = err_words(e, &n);
    const char *sentence = err_text(e);
    enum frame_kind kind = FRAME_CODE;

    if (!words) {
        words = &sentence;
        n = 1;
        kind =
            err_is(e, &err_kind_interrupted) ? FRAME_CANCELLED : FRAME_FAILED;
    }
    for (size_t i = 0; i < n; i++)
        str_addn(&text, words[i], strlen(words[i]) + 1);
    err_drop(say(j, kind, str_text(&text), text.len),
             "there is nobody to tell");
}

void job_run_worker(struct job *j, const struct job_start *s, int fd)
{
    struct err *e;

    /* The daemon's death is a cancel, also one that has been already. */
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != j->daemon)
        raise(SIGTERM);
    prctl(PR_SET_NAME, s->title);
    set_signals();
    err_drop(log_open(LOG_WARNING_, NULL), "standard error is always there");
    close_others((const int[]){fd, s->keep_fd, s->keep_too}, 3);
    ends.home = fd;
    ends.keep = s->keep_fd;
    db_detach(j->db);
    j->fd = fd;
    j->pool = pool_new();
    e = job_part(j, s->work, s->work_arg);
    if (e)
        say_failure(j, e);
    else
        err_drop(say(j, FRAME_DONE, "", 0), "there is nobody to tell");
    _exit(0);
}
