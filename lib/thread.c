/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* thread: see thread.h. */
#include "lib/thread.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>

#include "lib/str.h"

#if defined(__SANITIZE_ADDRESS__)
#define ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ASAN 1
#endif
#endif
#ifndef ASAN
#define ASAN 0
#endif

/* ---- forks --------------------------------------------------------------- */

/* Held by threads that run, and against them by who forks. */
static pthread_rwlock_t running = PTHREAD_RWLOCK_INITIALIZER;
static __thread bool is_beside;

static void pause_(void)
{
    if (ASAN && is_beside)
        pthread_rwlock_unlock(&running);
}

static void go_on(void)
{
    if (ASAN && is_beside)
        pthread_rwlock_rdlock(&running);
}

static void before_fork(void)
{
    pthread_rwlock_wrlock(&running);
}

static void after_fork(void)
{
    pthread_rwlock_unlock(&running);
}

/* It is of another thread's by its number. */
static void in_child(void)
{
    pthread_rwlock_init(&running, NULL);
}

static void watch_forks(void)
{
    pthread_atfork(before_fork, after_fork, in_child);
}

void thread_lock(pthread_mutex_t *mutex)
{
    pause_();
    pthread_mutex_lock(mutex);
    go_on();
}

int thread_wait(pthread_cond_t *cond, pthread_mutex_t *mutex,
                const struct timespec *until)
{
    int errnum;

    pause_();
    errnum = until ? pthread_cond_timedwait(cond, mutex, until)
                   : pthread_cond_wait(cond, mutex);
    go_on();
    return errnum;
}

/* ---- threads ------------------------------------------------------------- */

struct beginning {
    void *(*run)(void *arg);
    void *arg;
};

static void *begin(void *arg)
{
    struct beginning b = *(struct beginning *)arg;
    void *ret;

    is_beside = true;
    go_on();
    free(arg);
    ret = b.run(b.arg);
    pause_();
    return ret;
}

static void block_signals(sigset_t *ret_before)
{
    static const int own[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL,
                              SIGABRT, SIGSYS, SIGTRAP};
    sigset_t mask;

    sigfillset(&mask);
    for (size_t i = 0; i < ARRAY_LEN(own); i++)
        sigdelset(&mask, own[i]);
    pthread_sigmask(SIG_SETMASK, &mask, ret_before);
}

int thread_start(pthread_t *thread, void *(*run)(void *arg), void *arg)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct beginning *b = malloc(sizeof(*b));
    sigset_t before;
    int errnum;

    if (!b)
        return ENOMEM;
    if (ASAN)
        pthread_once(&once, watch_forks);
    *b = (struct beginning){run, arg};
    block_signals(&before);
    errnum = pthread_create(thread, NULL, begin, b);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (errnum)
        free(b);
    return errnum;
}
