/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* thread: see thread.h. */
#include "lib/thread.h"

#include <signal.h>

#include "lib/str.h"

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
    sigset_t before;
    int errnum;

    block_signals(&before);
    errnum = pthread_create(thread, NULL, run, arg);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return errnum;
}
