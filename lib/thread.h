/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* thread: threads beside the one that all else is in. */
#ifndef LIB_THREAD_H
#define LIB_THREAD_H

#include <pthread.h>

/* No signal is for the thread, but those that it causes itself. Gives an errno,
 * or 0. */
int thread_start(pthread_t *thread, void *(*run)(void *arg), void *arg);

/* As those of pthread, for whoever was started so. (With ASan, whose
 * allocator's locks stay locked in a child that is forked while somebody holds
 * one, a fork waits until all such threads are in here.) UNTIL NULL: however
 * long it takes. */
void thread_lock(pthread_mutex_t *mutex);
int thread_wait(pthread_cond_t *cond, pthread_mutex_t *mutex,
                const struct timespec *until);

#endif
