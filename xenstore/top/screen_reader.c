/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* screen_reader: see screen_reader.h. One thread, one lock, one wish and one
 * result at a time. */
#include "xenstore/top/screen_reader.h"

#include <errno.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <time.h>

#include "lib/str.h"
#include "lib/thread.h"

#define STOP_NS 300000000 /* how long the end waits for a reading */

struct reader {
    struct sampler *sampler;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int fd;
    /* under the lock */
    bool wanted, busy, done, stop, ended;
    unsigned parts;
    struct reading result;
};

static void take(struct reader *r, unsigned parts, struct reading *ret)
{
    ret->pool = pool_new();
    ret->sample = NULL;
    sampler_set_parts(r->sampler, parts);
    ret->problem = sampler_take(r->sampler, ret->pool, &ret->sample);
}

static void deliver(struct reader *r, const struct reading *result)
{
    r->result = *result;
    r->busy = false;
    r->done = true;
    eventfd_write(r->fd, 1);
}

static void *run(void *reader)
{
    struct reader *r = reader;

    pthread_mutex_lock(&r->lock);
    while (!r->stop) {
        struct reading result;
        unsigned parts = r->parts;

        if (!r->wanted) {
            pthread_cond_wait(&r->changed, &r->lock);
            continue;
        }
        r->wanted = false;
        pthread_mutex_unlock(&r->lock);
        take(r, parts, &result);
        pthread_mutex_lock(&r->lock);
        deliver(r, &result);
    }
    r->ended = true;
    pthread_cond_signal(&r->changed);
    pthread_mutex_unlock(&r->lock);
    return NULL;
}

static void init_cond(pthread_cond_t *cond)
{
    pthread_condattr_t attr;

    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(cond, &attr);
    pthread_condattr_destroy(&attr);
}

static void free_reader(struct reader *r)
{
    if (r->done) {
        pool_free(r->result.pool);
        err_free(r->result.problem);
    }
    pthread_cond_destroy(&r->changed);
    pthread_mutex_destroy(&r->lock);
    close(r->fd);
    free(r);
}

struct err *reader_start(struct sampler *s, struct reader **ret)
{
    struct reader *r = xcalloc(1, sizeof(*r));
    int error;

    r->sampler = s;
    r->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    pthread_mutex_init(&r->lock, NULL);
    init_cond(&r->changed);
    error = r->fd < 0 ? errno : thread_start(&r->thread, run, r);
    if (error) {
        free_reader(r);
        return err_errno(error, "cannot start a thread for readings");
    }
    *ret = r;
    return NULL;
}

void reader_ask(struct reader *r, unsigned parts)
{
    pthread_mutex_lock(&r->lock);
    if (!r->busy && !r->done) {
        r->wanted = r->busy = true;
        r->parts = parts;
        pthread_cond_signal(&r->changed);
    }
    pthread_mutex_unlock(&r->lock);
}

bool reader_is_busy(struct reader *r)
{
    bool busy;

    pthread_mutex_lock(&r->lock);
    busy = r->busy;
    pthread_mutex_unlock(&r->lock);
    return busy;
}

int reader_fd(const struct reader *r)
{
    return r->fd;
}

bool reader_get(struct reader *r, struct reading *ret)
{
    eventfd_t n;
    bool done;

    pthread_mutex_lock(&r->lock);
    done = r->done;
    if (done) {
        eventfd_read(r->fd, &n);
        *ret = r->result;
        r->done = false;
    }
    pthread_mutex_unlock(&r->lock);
    return done;
}

bool reader_stop(struct reader *r)
{
    struct timespec end;
    bool ended;
    int error = 0;

    clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_nsec += STOP_NS;
    end.tv_sec += end.tv_nsec / 1000000000;
    end.tv_nsec %= 1000000000;
    pthread_mutex_lock(&r->lock);
    r->stop = true;
    pthread_cond_signal(&r->changed);
    while (!r->ended && !error)
        error = pthread_cond_timedwait(&r->changed, &r->lock, &end);
    ended = r->ended;
    pthread_mutex_unlock(&r->lock);
    if (!ended)
        return false;
    pthread_join(r->thread, NULL);
    free_reader(r);
    return true;
}
